"""Is the store sound, of a version that we read, and is somebody using it?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from control.errors import StoreDamaged
from control.operator.doctor.finding import Finding, Subject, bad, good
from control.store.glance import Glance, glance, is_in_use
from control.store.schema import SCHEMA_VERSION

RESTORE: Final = "restore a backup: docs/operations/backup.md"
AHEAD_S: Final = 60.0


def look(subject: Subject) -> Iterator[Finding]:
    """The store, read only."""
    state_dir = subject.settings.state_dir
    try:
        seen = glance(state_dir)
    except StoreDamaged as error:
        yield bad("store", error.message, RESTORE)
        return
    if seen is None:
        yield good("store", "not there yet: the first start makes it")
        return
    yield _soundness(seen)
    yield _version(seen)
    yield from _future(seen)
    running = "runs" if is_in_use(state_dir) else "does not run"
    yield good("server", f"a control plane of this state directory {running}")


def _soundness(seen: Glance) -> Finding:
    if seen.damage is not None:
        return bad("store", seen.damage, RESTORE)
    owned = sum(not scope.is_pooled for scope in seen.scopes)
    return good("store", f"sound; {owned} scopes, installation {seen.installation}")


def _version(seen: Glance) -> Finding:
    words = f"{seen.schema_version}, this version knows {SCHEMA_VERSION}"
    if seen.schema_version > SCHEMA_VERSION:
        return bad("store's schema", words, "start the version that wrote it, or a newer one")
    if seen.schema_version < SCHEMA_VERSION:
        return good("store's schema", f"{words}: the next start brings it up to date")
    return good("store's schema", words)


def _future(seen: Glance) -> Iterator[Finding]:
    if seen.newest_event is not None and seen.newest_event > time.time() + AHEAD_S:
        ahead_s = seen.newest_event - time.time()
        yield bad(
            "clock",
            f"the newest event is {ahead_s:.0f} s in the future",
            "the clock was set back: idle times and time-outs are late by as much",
        )
