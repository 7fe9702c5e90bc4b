"""Whether a store can be used, seen without a writing connection: even closing one changes files.

SQLite folds the log of the last writer (`-wal`) into the file when its last connection is closed.
That is right for a sound store; for a damaged one it would destroy what could still be saved.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from control.errors import StoreDamaged, StoreTooNew
from control.store import schema

LOG_SUFFIX: Final = "-wal"
LOG_HEADER_BYTES: Final = 32
LOG_BEGINNINGS: Final = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83", b"\x00\x00\x00\x00")
"""Of SQLite's two byte orders; zeros are a log that nothing was committed to before a power cut."""
LOOK_TIMEOUT_S: Final = 5.0


def check_sound(path: Path) -> None:
    """Whether this version can open the store; raises StoreDamaged or StoreTooNew."""
    if not path.is_file():
        why = "it is no file"
        raise StoreDamaged(path, why)
    # Without a log to read, SQLite need not even make the index of one.
    how = "mode=ro" if _has_log(path) else "immutable=1"
    where = f"{path.absolute().as_uri()}?{how}"
    try:
        with closing(sqlite3.connect(where, uri=True, timeout=LOOK_TIMEOUT_S)) as store:
            damage = str(store.execute("PRAGMA quick_check(1)").fetchone()[0])
            if damage != "ok":
                raise StoreDamaged(path, damage.splitlines()[-1])
            _check_version(path, store)
    except sqlite3.Error as error:
        raise StoreDamaged(path, str(error)) from error


def _has_log(path: Path) -> bool:
    """Whether a writer that was killed left a log; raises StoreDamaged where it is none.

    SQLite takes a log that it cannot read for an empty one, and what was in it is lost.
    """
    log = path.with_name(path.name + LOG_SUFFIX)
    if not log.is_file():
        return False
    with log.open("rb") as file:
        header = file.read(LOG_HEADER_BYTES)
    if header and not header.startswith(LOG_BEGINNINGS):
        why = f"its log {log.name} is damaged"
        raise StoreDamaged(path, why)
    return bool(header)


def _check_version(path: Path, store: sqlite3.Connection) -> None:
    tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master")}
    if "installation" not in tables:
        why = "it has no installation row"
        raise StoreDamaged(path, why)
    found = store.execute("SELECT schema_version FROM installation").fetchall()
    if len(found) != 1:
        why = "it has no installation row"
        raise StoreDamaged(path, why)
    version = found[0][0]
    if not isinstance(version, int) or version < 1:
        why = f"its schema version is {version!r}"
        raise StoreDamaged(path, why)
    if version > schema.SCHEMA_VERSION:
        raise StoreTooNew(path, version, schema.SCHEMA_VERSION)
    missing = set(schema.metadata.tables) - tables if version == schema.SCHEMA_VERSION else set()
    if missing:
        why = f"tables {', '.join(sorted(missing))} are missing"
        raise StoreDamaged(path, why)
