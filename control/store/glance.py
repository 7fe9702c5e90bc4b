"""The store as an operator's command sees it: read only, whether or not a server has it open."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from control.errors import StoreDamaged
from control.store.database import LOCK_NAME, STORE_NAME


@dataclass(frozen=True, kw_only=True)
class ScopeRow:
    """A scope as the store has it; times in seconds since the epoch."""

    sandbox_id: str
    owner: str
    name: str
    state: str
    reason: str | None
    container_id: str | None
    created: float
    last_used: float

    @property
    def is_pooled(self) -> bool:
        """Whether it waits in the pool for an owner."""
        return not self.owner


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What the store holds."""

    installation: str
    schema_version: int
    damage: str | None
    """None: every page is sound."""
    scopes: list[ScopeRow]
    newest_event: float | None


def glance(state_dir: Path) -> Glance | None:
    """What is in the store; None where there is none. Raises StoreDamaged."""
    path = state_dir / STORE_NAME
    return read(path) if path.exists() else None


def read(path: Path) -> Glance:
    """What is in this file; raises StoreDamaged where it is no store."""
    try:
        with opened(path) as store:
            return _read(store)
    except (sqlite3.Error, IndexError, TypeError) as error:
        raise StoreDamaged(path, str(error)) from error


def is_in_use(state_dir: Path) -> bool:
    """Whether a control plane holds this state directory."""
    try:
        descriptor = os.open(state_dir / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, read only; raises sqlite3.Error."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)) as store:
        yield store


def sound_copy(source: Path, target: Path) -> None:
    """Copy the store as it is at one moment; raises sqlite3.Error."""
    with opened(source) as store, closing(sqlite3.connect(target)) as copy:
        # All pages in one read: piece by piece it would begin anew with every write in between, and
        # a journal of its own kind (WAL) lets the server write on.
        store.backup(copy)
        # One file: a journal beside it would be forgotten when the copy is carried away.
        copy.execute("PRAGMA journal_mode=DELETE")


def damage_of(store: sqlite3.Connection) -> str | None:
    """What is wrong with its pages; None where nothing is."""
    found = str(store.execute("PRAGMA integrity_check(1)").fetchone()[0])
    return None if found == "ok" else found


def _read(store: sqlite3.Connection) -> Glance:
    id, version = store.execute("SELECT id, schema_version FROM installation").fetchone()
    rows = store.execute(
        "SELECT sandbox_id, owner, name, state, reason, container_id, created, last_used"
        " FROM scopes ORDER BY created"
    ).fetchall()
    [newest] = store.execute("SELECT max(at) FROM events").fetchone()
    return Glance(
        installation=str(id),
        schema_version=int(version),
        damage=damage_of(store),
        scopes=[_scope(*row) for row in rows],
        newest_event=newest,
    )


def _scope(*row: str | float | None) -> ScopeRow:
    sandbox_id, owner, name, state, reason, container_id, created, last_used = row
    return ScopeRow(
        sandbox_id=str(sandbox_id),
        owner=str(owner or ""),
        name=str(name or ""),
        state=str(state),
        reason=None if reason is None else str(reason),
        container_id=None if container_id is None else str(container_id),
        created=float(created or 0),
        last_used=float(last_used or 0),
    )
