"""The store's file: opened once, by one control plane, and never overwritten when it is damaged.

Statements run inline on the event loop, not in a thread: each is one short transaction on a local
file (tens of microseconds to read; one fsync, about a millisecond, to write), and only logins and
lifecycle moves write. In return no two of them ever interleave, which makes write-ahead plain.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, Update, create_engine, event, inspect, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool

from control.errors import StoreDamaged, StoreLocked, StoreNotWritable, StoreUnavailable
from control.store import schema
from control.store.migrations import migrate
from control.store.soundness import LOG_SUFFIX, check_sound

STORE_NAME: Final = "geoscope.db"
LOCK_NAME: Final = "geoscope.lock"
BERTHS_FOLDER: Final = "berths"
BUSY_TIMEOUT_S: Final = 1.0
"""How long another program's lock is waited for. Everybody waits with us, so it is short."""
LEAST_FREE_BYTES: Final = 16 * 1024**2
"""With less on its disk the store may fail at any write."""


class Database:
    """The open store. `installation` is the uuid that our containers carry as a label."""

    def __init__(self, engine: Engine, lock: int, path: Path, installation: str) -> None:
        self._engine = engine
        self._quick = _connect(path, "NORMAL")
        self._lock = lock
        self.path = path
        self.installation = installation

    @classmethod
    def open(cls, state_dir: Path, *, durable: bool = True) -> Self:
        """Open or make the store of `state_dir`; `durable`: every commit outlives a power cut.

        Raises StoreLocked (another control plane has it), StoreDamaged, StoreTooNew or
        StoreNotWritable.
        """
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = lock_state_dir(state_dir / LOCK_NAME)
        path = state_dir / STORE_NAME
        try:
            engine, installation = _open_file(path, durable)
        except BaseException:
            os.close(lock)
            raise
        return cls(engine, lock, path, installation)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing; raises StoreUnavailable."""
        with _available(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def begin_quick(self) -> Iterator[Connection]:
        """One transaction that a power cut may lose, but no crash of ours: no wait for the disk."""
        with _available(), self._quick.begin() as connection:
            yield connection

    def check_writable(self) -> None:
        """Write nothing of meaning; raises StoreUnavailable, with why, where that fails."""
        with self.begin() as connection:
            connection.execute(_touch())
        # A write that takes no new block succeeds on a full disk too.
        seen = os.statvfs(self.path.parent)
        left = seen.f_bavail * seen.f_frsize
        if left < LEAST_FREE_BYTES:
            why = f"its disk is full, {left} bytes are left"
            raise StoreUnavailable(why)

    def drivers(self) -> set[str]:
        """The drivers that ever held scopes in this state directory."""
        with self.begin() as connection:
            names: str = connection.execute(select(schema.installation.c.drivers)).scalar_one()
        return set(names.split(",")) - {""}

    def note_driver(self, name: str) -> None:
        """Remember that this driver holds scopes here."""
        names = ",".join(sorted(self.drivers() | {name}))
        with self.begin() as connection:
            connection.execute(update(schema.installation).values(drivers=names))

    def close(self) -> None:
        """Let go of the file and of the lock; closing twice is fine."""
        self._quick.dispose()
        self._engine.dispose()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


@contextmanager
def _available() -> Iterator[None]:
    """Within it SQLite's refusals (a full disk, a lock of another program) become ours.

    A row that must not be there twice is the caller's to word.
    """
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise StoreUnavailable(str(error.orig)) from error


def lock_state_dir(path: Path) -> int:
    """The lock of a state directory, held as long as the descriptor is open; or StoreLocked."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StoreLocked(path.parent) from error
    return descriptor


def _open_file(path: Path, durable: bool) -> tuple[Engine, str]:
    if not path.exists():
        _refuse_lost_store(path)
        with _writing(path):
            _create(path, durable)
    elif path.stat().st_size == 0:
        # SQLite would take it for a new store and fill it.
        why = "it is empty"
        raise StoreDamaged(path, why)
    check_sound(path)
    with _writing(path):
        engine = _connect(path, _synchronous(durable))
        try:
            with engine.begin() as connection:
                return engine, _read_installation(connection, path)
        except BaseException:
            engine.dispose()
            raise


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Within it SQLite's refusals say that the store cannot be written, and why."""
    try:
        yield
    except DBAPIError as error:
        raise StoreNotWritable(path, str(error.orig)) from error


def _refuse_lost_store(path: Path) -> None:
    """Disks without a store mean a lost store; to go on would be to delete them as orphans."""
    berths = path.parent / BERTHS_FOLDER
    if berths.is_dir() and any(not p.name.startswith(".") for p in berths.iterdir()):
        why = f"it is missing, but {berths} holds disks of scopes"
        raise StoreDamaged(path, why)
    log = path.with_name(path.name + LOG_SUFFIX)
    if log.exists() and log.stat().st_size:
        # SQLite would play it into the new one.
        why = f"it is missing, but its log {log.name} is there"
        raise StoreDamaged(path, why)


def _connect(path: Path, synchronous: str) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_S},
    )

    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")

    event.listen(engine, "connect", configure)
    return engine


def _synchronous(durable: bool) -> str:
    # An answered open must be in the store after a power cut too, or its disk is an orphan.
    return "FULL" if durable else "OFF"


def _create(path: Path, durable: bool) -> None:
    """A new store, complete before it has its name: a crash here leaves none."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    engine = _connect(draft, _synchronous(durable))
    row = {
        "id": str(uuid.uuid4()),
        "schema_version": schema.SCHEMA_VERSION,
        "created": time.time(),
    }
    with engine.begin() as connection:
        schema.metadata.create_all(connection)
        connection.execute(schema.installation.insert(), row)
    engine.dispose()
    draft.chmod(0o600)
    draft.replace(path)


def _read_installation(connection: Connection, path: Path) -> str:
    """Its id, once the store is of this version and was written to."""
    row = connection.execute(select(schema.installation)).one()
    migrate(connection, row.schema_version)
    missing = set(schema.metadata.tables) - set(inspect(connection).get_table_names())
    if missing:
        why = f"tables {', '.join(sorted(missing))} are missing"
        raise StoreDamaged(path, why)
    connection.execute(_touch())
    return str(row.id)


def _touch() -> Update:
    """A write of nothing: it tells whether there can be any."""
    column = schema.installation.c.schema_version
    return update(schema.installation).values(schema_version=column)
