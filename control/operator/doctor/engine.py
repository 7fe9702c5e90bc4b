"""Does the engine answer, is it new enough, and can it bound what containers use?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from control.engine.user_mapping import first_host_uid, is_rootless
from control.operator.doctor.finding import Finding, Subject, bad, good, warning

OLDEST_API: Final = (1, 41)
FLAGS: Final = {
    "MemoryLimit": "memory",
    "PidsLimit": "processes",
    "CpuCfsQuota": "cpu time",
}


def look(subject: Subject) -> Iterator[Finding]:
    """The engine by its own words."""
    view = subject.engine
    if view is None:
        yield bad("engine", subject.engine_problem, "start it, or say where it is in DOCKER_HOST")
        return
    version, info = view.version(), view.info()
    yield _version(version)
    yield _limits(info)
    yield _swap(info)
    yield _runtime(info, subject.settings.runtime)
    yield _users(info)


def _version(version: dict[str, Any]) -> Finding:
    api = str(version["ApiVersion"])
    words = f"version {version['Version']}, API {api}"
    if tuple(int(part) for part in api.split(".")) < OLDEST_API:
        oldest = ".".join(map(str, OLDEST_API))
        return bad("engine", words, f"API {oldest} (Docker 20.10) is the oldest that is supported")
    return good("engine", words)


def _limits(info: dict[str, Any]) -> Finding:
    cgroup = f"cgroup version {info.get('CgroupVersion', '1')}, driver {info.get('CgroupDriver')}"
    missing = [what for flag, what in FLAGS.items() if not info.get(flag)]
    if missing:
        remedy = "enable the kernel's cgroup controllers; without them a scope takes the whole host"
        return bad("limits", f"{cgroup}; no limit on {', '.join(missing)}", remedy)
    return good("limits", f"{cgroup}; on {', '.join(FLAGS.values())}")


def _swap(info: dict[str, Any]) -> Finding:
    if info.get("SwapLimit"):
        return good("swap", "its use is accounted: scopes get none")
    remedy = "boot with swapaccount=1, or turn the host's swap off"
    return warning("swap", "its use is not accounted: a scope may swap", remedy)


def _runtime(info: dict[str, Any], runtime: str) -> Finding:
    known = sorted(info.get("Runtimes") or {})
    if runtime not in known:
        remedy = "add it to the engine's daemon.json, or change GEOSCOPE_RUNTIME"
        return bad("runtime", f"{runtime} is none of {', '.join(known)}", remedy)
    return good("runtime", runtime)


def _users(info: dict[str, Any]) -> Finding:
    if is_rootless(info):
        words = "a rootless engine: disks cannot be given to the users of its containers"
        return bad("users", words, "an engine that root runs, with userns-remap if you like")
    try:
        first = first_host_uid(info)
    except ValueError as error:
        return bad("users", str(error), "a data-root where the engine makes that folder itself")
    if first:
        return good("users", f"a container's are mapped to the host's from {first} on")
    return good("users", "a container's are the host's, each scope has its own")
