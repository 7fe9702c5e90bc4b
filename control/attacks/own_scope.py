"""Exhaust the host from inside of a scope: processes, memory, processors, disk, files, log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import DISK, MEMORY, MIB, Answer, Lab, NotPlayed, Tenant

attacks = Attacks(Goal.OWN_SCOPE)
MOST_LOG: Final = 16 * MIB


async def _limits(lab: Lab, tenant: Tenant) -> dict[str, Any]:
    """What the engine was told, of which 0 or nothing would be no limit."""
    found = await asyncio.to_thread(lab.containers, tenant)
    if not found:
        raise NotPlayed("its container is not to be seen")  # noqa: EM101
    limits: dict[str, Any] = (await asyncio.to_thread(lab.engine.describe, found[0].id))[
        "HostConfig"
    ]
    return limits


async def _usage(lab: Lab, tenant: Tenant, figure: str) -> float:
    """What it uses by the engine's word."""
    found = await tenant.person.must("GET", f"/scope/{tenant.scope}")
    return float(found[figure]["used"] or 0)


async def _highest(lab: Lab, tenant: Tenant, figure: str, running: asyncio.Task[Answer]) -> float:
    """The most that it used while a command was running, and just after."""
    most = 0.0
    while not running.done():
        most = max(most, await _usage(lab, tenant, figure))
        await asyncio.wait([running], timeout=0.1)
    return max(most, await _usage(lab, tenant, figure))


async def _while_others_work(
    lab: Lab, tenant: Tenant, code: str, figure: str, timeout_s: float = 4.0
) -> tuple[Answer, float]:
    """The answer to a greedy command, and the most it used; the victim works meanwhile."""
    running = asyncio.create_task(tenant.python(code, timeout_s))
    watching = asyncio.create_task(_highest(lab, tenant, figure, running))
    await asyncio.sleep(0.5)
    harm = await lab.harm()
    answer, most = await running, await watching
    if harm:
        return Answer(status=0, body=f"meanwhile {harm}".encode(), headers={}), float("inf")
    return answer, most


def _within(limit: float, most: float, answer: Answer, what: str) -> Outcome:
    return judged(most > limit and most, f"at most {most:g} of {limit:g} {what}; {answer.brief()}")


@attacks.add("fork without end", "PidsLimit of the container, RLIMIT_NPROC below it")
async def _(lab: Lab) -> Outcome:
    code = (
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass\n"
    )
    async with lab.spare("forks") as tenant:
        limit = (await _limits(lab, tenant))["PidsLimit"]
        answer, most = await _while_others_work(lab, tenant, code, "pids")
        if not limit:
            return judged("no PidsLimit", answer.brief())
        return _within(limit, most, answer, "processes")


@attacks.add("start threads without end", "PidsLimit of the container counts threads")
async def _(lab: Lab) -> Outcome:
    code = (
        "import threading, time\nn = 0\n"
        "try:\n    while True:\n"
        "        threading.Thread(target=time.sleep, args=(4,), daemon=True).start()\n"
        "        n += 1\n"
        "except RuntimeError as error:\n    pass\n"
        "n\n"
    )
    limit = (await _limits(lab, lab.attacker))["PidsLimit"]
    answer, most = await _while_others_work(lab, lab.attacker, code, "pids", 20)
    return _within(limit, most, answer, "threads")


MEMORY_HOGS: Final[dict[str, str]] = {
    "in Python": "held = []\nwhile True:\n    held.append(b'x' * 10**7)\n",
    "in many processes": (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        held = []\n"
        "        try:\n            while True:\n                held.append(b'x' * 10**7)\n"
        "        except MemoryError:\n            time.sleep(3)\n"
        "        finally:\n            os._exit(0)\n"
        "time.sleep(4)\n"
    ),
    "in shared memory": (
        "import os\nfd = os.open('/dev/shm/attack', os.O_CREAT | os.O_RDWR)\n"
        "try:\n    while True:\n        os.write(fd, b'x' * 2**20)\n"
        "except OSError as error:\n    print(error)\n"
        "finally:\n    os.unlink('/dev/shm/attack')\n"
    ),
    "in /tmp": (
        "import os\nfd = os.open('/tmp/attack', os.O_CREAT | os.O_RDWR)\n"
        "try:\n    while True:\n        os.write(fd, b'x' * 2**20)\n"
        "except OSError as error:\n    print(error)\n"
        "finally:\n    os.unlink('/tmp/attack')\n"
    ),
    "in files of memory": (
        "import os\nfd = os.memfd_create('attack')\nwhile True:\n    os.write(fd, b'x' * 2**20)\n"
    ),
    "in pipes and sockets": (
        "import os, socket\nheld = []\n"
        "try:\n    while True:\n        pair = socket.socketpair()\n        held.append(pair)\n"
        "        pair[0].setblocking(False)\n"
        "        try:\n            while True:\n                pair[0].send(b'x' * 65536)\n"
        "        except BlockingIOError:\n            pass\n"
        "except OSError as error:\n    print(error)\n"
    ),
}


def _by_memory(name: str, code: str) -> None:
    @attacks.add(f"fill the memory {name}", "the container's memory limit, without swap")
    async def run(lab: Lab) -> Outcome:
        limits = await _limits(lab, lab.attacker)
        if not 0 < limits["Memory"] == limits["MemorySwap"] <= 2 * MEMORY:
            return judged({each: limits[each] for each in ("Memory", "MemorySwap")}, "no limit")
        answer, most = await _while_others_work(lab, lab.attacker, code, "memory", 12)
        # What it still holds must not be what stops the next one.
        await lab.attacker.person.ask("POST", f"/scope/{lab.attacker.scope}/restart")
        return _within(limits["Memory"] / MIB, most / MIB, answer, "MiB")


for _name, _code in MEMORY_HOGS.items():
    _by_memory(_name, _code)


@attacks.add("fill the memory of its JVM", "the JVM's own heap limit, in the container's")
async def _(lab: Lab) -> Outcome:
    code = (
        "held = []\nwhile True:\n    held.append(spark._jvm.java.nio.ByteBuffer.allocate(2**25))\n"
    )
    async with lab.spare("heap") as tenant:
        limit = (await _limits(lab, tenant))["Memory"]
        answer, most = await _while_others_work(lab, tenant, code, "memory", 25)
    return _within(limit / MIB, most / MIB, answer, "MiB")


@attacks.add("take every processor", "the container's processor quota")
async def _(lab: Lab) -> Outcome:
    code = (
        "import os, time\nend = time.time() + 3\n"
        "for _ in range(15):\n    if os.fork() == 0:\n"
        "        while time.time() < end: pass\n        os._exit(0)\n"
        "time.sleep(3)\n"
    )
    limit = (await _limits(lab, lab.attacker))["NanoCpus"] / 10**9
    answer, _ = await _while_others_work(lab, lab.attacker, code, "memory", 20)
    harmed = answer.status == 0 and answer.brief()
    return judged(harmed or not limit, f"{limit:g} processors; the victim answered meanwhile")


FILL: Final = """
import os
written, why = 0, ""
try:
    with open("/scope/files/fill", "wb", 0) as file:
        while written < 2**31:
            written += file.write(bytes(2**22))
except OSError as error:
    why = error.strerror
os.unlink("/scope/files/fill")
[written, why]
"""
MANY: Final = """
import os
made, why = 0, ""
os.makedirs("/scope/files/many", exist_ok=True)
try:
    while made < 2_000_000:
        open(f"/scope/files/many/{made}", "w").close()
        made += 1
except OSError as error:
    why = error.strerror
import shutil
shutil.rmtree("/scope/files/many")
[made, why]
"""


@attacks.add("fill the disk", "a file system of its own size for each scope")
async def _(lab: Lab) -> Outcome:
    written, why = await lab.attacker.value(FILL, 120)
    return judged(written > DISK and written, f"{written / MIB:.0f} MiB written, then {why!r}")


@attacks.add("make files without end", "a file system of its own has so many and no more")
async def _(lab: Lab) -> Outcome:
    made, why = await lab.attacker.value(MANY, 120)
    return judged(made >= 2_000_000 and made, f"{made} files made, then {why!r}")


@attacks.add("upload more than its disk", "the disk's own size; the upload is answered with 507")
async def _(lab: Lab) -> Outcome:
    async def body() -> Any:
        for _ in range(2 * DISK // MIB):
            yield bytes(MIB)

    path = f"/scope/{lab.attacker.scope}/files/upload"
    answer = await lab.attacker.person.ask("PUT", path, body=body())
    listing = await lab.attacker.person.must("GET", f"/scope/{lab.attacker.scope}/files")
    left = [each for each in listing["files"] if each["name"] == "upload"]
    return judged(answer.status == 200 or left, answer.brief())


@attacks.add("open files without end", "RLIMIT_NOFILE of every process in the container")
async def _(lab: Lab) -> Outcome:
    code = (
        "import os\nheld, why = [], ''\n"
        "try:\n    while len(held) < 2_000_000:\n"
        "        held.append(os.open('/dev/null', os.O_RDONLY))\n"
        "except OSError as error:\n    why = error.strerror\n"
        "count = len(held)\nfor file in held:\n    os.close(file)\nheld = None\n[count, why]\n"
    )
    count, why = await lab.attacker.value(code)
    return judged(count >= 1_000_000 and count, f"{count} files opened, then {why!r}")


@attacks.add("write its container's log without end", "the engine keeps so many bytes of a log")
async def _(lab: Lab) -> Outcome:
    code = (
        "import os\nfd = os.open(f'/proc/{os.getppid()}/fd/2', os.O_WRONLY)\n"
        "line = b'x' * 1000 + b'\\n'\n"
        "for _ in range(60):\n    os.write(fd, line * 1000)\n"
        "os.close(fd)\n"
    )
    answer = await lab.attacker.python(code, 60)
    path = f"/scope/{lab.attacker.scope}/logs?tail=100000"
    shown = await lab.attacker.person.ask("GET", path)
    kept = await _log_bytes(lab)
    breach = (len(shown.body) > 2 * MIB or kept > MOST_LOG) and (len(shown.body), kept)
    if answer.status != 200 or len(shown.body) < 1000:
        raise NotPlayed(f"nothing was written: {answer.brief()}")  # noqa: EM102
    return judged(breach, f"of 60 MB {kept / MIB:.1f} MiB kept, {len(shown.body)} bytes shown")


async def _log_bytes(lab: Lab) -> int:
    """How large the files of the attacker's log are, or may be where they are not to be seen."""
    found = await asyncio.to_thread(lab.containers, lab.attacker)
    seen = await asyncio.to_thread(lab.engine.describe, found[0].id)
    path = Path(seen["LogPath"])
    if path.parent.is_dir():
        return sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*"))
    options = seen["HostConfig"]["LogConfig"]["Config"]
    size = int(options.get("max-size") or 2**62)
    return size * int(options.get("max-file") or 1)


ENDLESS: Final[dict[str, tuple[str, Callable[[Lab], dict[str, Any]], frozenset[int]]]] = {
    "run Python for ever": (
        "/command",
        lambda lab: {"scope": lab.attacker.scope, "command": "while True: pass", "timeout": 1},
        frozenset({504}),
    ),
    "run SQL for ever": (
        "/query",
        lambda lab: {
            "scope": lab.attacker.scope,
            "sql": "select sum(id % 7) from range(1000000000000)",
            "timeout": 1,
        },
        frozenset({504}),
    ),
    "ask for a result without end": (
        "/query",
        lambda lab: {
            "scope": lab.attacker.scope,
            "sql": "select id, repeat('x', 100) from range(0, 20000000, 1, 400)",
            "timeout": 100,
        },
        frozenset({413, 507}),
    ),
    "ask for a picture without end": (
        "/pointmap",
        lambda lab: {
            "scope": lab.attacker.scope,
            "sql": "select ST_Point(1, 1)",
            "params": {"width": 10**6, "height": 10**6, "bounding_box": [0, 0, 2, 2]},
        },
        frozenset({400}),
    ),
    "nest SQL++ ten thousand deep": (
        "/query/service",
        lambda lab: {"scope": lab.attacker.scope, "statement": "[" * 10_000 + "]" * 10_000},
        frozenset({400, 500}),
    ),
}


def _by_endless(
    name: str, path: str, wanted: Callable[[Lab], dict[str, Any]], good: frozenset[int]
) -> None:
    @attacks.add(name, "limits of time, of size and of depth, each with its answer")
    async def run(lab: Lab) -> Outcome:
        answer = await lab.attacker.person.ask("POST", path, wanted(lab))
        return judged(answer.status not in good and answer.brief(), answer.brief())


for _name, (_path, _wanted, _good) in ENDLESS.items():
    _by_endless(_name, _path, _wanted, _good)


@attacks.add("print without end", "output is cut at its limit while it comes")
async def _(lab: Lab) -> Outcome:
    answer = await lab.attacker.python("for _ in range(300): print('x' * 10**5, flush=True)\n7", 60)
    size = len(answer.body)
    cut = answer.members.get("truncated")
    seen = f"30 MB printed, {size / MIB:.1f} MiB told, cut: {cut}; {answer.brief()}"
    if answer.status != 200:
        raise NotPlayed(seen)
    return judged(size > 64 * MIB or not cut, seen)


@attacks.add("nest SQL ten thousand deep", "a time limit; what still parses has no more processors")
async def _(lab: Lab) -> Outcome:
    async with lab.spare("deep") as tenant:
        sql = "select " + "(" * 10_000 + ")" * 10_000
        wanted = {"scope": tenant.scope, "sql": sql, "timeout": 2}
        answer = await tenant.person.ask("POST", "/query", wanted)
        harm = await lab.harm()
    return judged(harm or (answer.status not in (400, 504) and answer.brief()), answer.brief())
