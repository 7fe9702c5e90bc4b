"""Is the scopes' image here, does it speak our protocol, and do limits hold around it?"""

from __future__ import annotations

from collections.abc import Iterator

from control.engine.trial import MEMORY_BYTES, PIDS, Trial, try_limits
from control.engine.view import EngineView
from control.errors import EngineError
from control.operator.doctor.finding import Finding, Subject, bad, good
from wire.protocol import SUPPORTED_PROTOCOLS

MIB = 1024**2


def look(subject: Subject) -> Iterator[Finding]:
    """The image, and a container of it that tries to use more than it may."""
    view, settings = subject.engine, subject.settings
    if view is None:
        return
    found = view.image(settings.image)
    if found is None:
        yield bad("image", f"{settings.image} is not here", "make image builds it")
        return
    yield good("image", f"{settings.image}, {found['Size'] / 1e9:.2f} GB, {found['Created'][:10]}")
    yield from _trial(view, subject)


def _trial(view: EngineView, subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    try:
        trial = try_limits(view, settings.image, settings.uid_range[1], settings.runtime)
    except EngineError as error:
        yield bad("trial", error.message, "build the image anew: make image")
        return
    yield _protocol(trial)
    yield _memory(trial, settings.runtime)
    yield _pids(trial)


def _protocol(trial: Trial) -> Finding:
    ours = ", ".join(map(str, sorted(SUPPORTED_PROTOCOLS)))
    words = f"the image speaks {trial.protocol}, this control plane {ours}"
    if trial.protocol not in SUPPORTED_PROTOCOLS:
        return bad("protocol", words, "build the image of this version: make image")
    return good("protocol", words)


def _memory(trial: Trial, runtime: str) -> Finding:
    words = f"a container of {MEMORY_BYTES // MIB} MiB that wanted more"
    if not trial.memory_holds:
        remedy = "a tenant can take the host's memory: see docs/operations/hardening.md"
        return bad("memory limit", f"{words} got it (runtime {runtime})", remedy)
    return good("memory limit", f"{words} was ended")


def _pids(trial: Trial) -> Finding:
    words = f"a container of {PIDS} processes that wanted more"
    if not trial.pids_hold:
        remedy = "a fork bomb reaches the host: see docs/operations/hardening.md"
        return bad("process limit", f"{words} got them", remedy)
    return good("process limit", f"{words} was refused")
