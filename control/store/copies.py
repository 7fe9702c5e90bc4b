"""Copies of the store: made while a server writes, checked, and put back only where none runs."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from control.engine.disk_layout import berth_ids
from control.errors import StoreDamaged, StoreTooNew
from control.store.database import BERTHS_FOLDER, LOCK_NAME, STORE_NAME, lock_state_dir
from control.store.glance import Glance, glance, read, sound_copy
from control.store.schema import SCHEMA_VERSION

JOURNALS: Final = ("-wal", "-shm")


class NoCopy(Exception):
    """It is not done, and why; nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was put back, and where what was there before is now."""

    held: Glance
    kept: Path | None


def back_up(state_dir: Path, target: Path, *, force: bool = False) -> Glance:
    """Copy the store as it is at one moment; raises NoCopy, StoreDamaged."""
    source = state_dir / STORE_NAME
    if not source.exists():
        raise NoCopy(f"there is no store in {state_dir}")  # noqa: EM102
    if target.exists() and not force:
        raise NoCopy(f"{target} exists already")  # noqa: EM102
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        held = _copied(source, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return held


def restore(state_dir: Path, source: Path, *, force: bool = False) -> Restored:
    """Put a copy in the place of the store; raises NoCopy, StoreLocked, StoreDamaged, StoreTooNew.

    `force`: also where scopes would lose their disks, or another installation its store.
    """
    held = _examined(source)
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(state_dir):
        if not force:
            _check_harmless(state_dir, held)
        draft = state_dir / f"{STORE_NAME}.restored"
        draft.unlink(missing_ok=True)
        _copied(source, draft)
        kept = _put_aside(state_dir)
        draft.replace(state_dir / STORE_NAME)
    return Restored(held=held, kept=kept)


def _copied(source: Path, draft: Path) -> Glance:
    """The copy, on the disk and looked at."""
    # It holds the hashes of passwords.
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        sound_copy(source, draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        return _examined(draft)
    except sqlite3.Error as error:
        raise StoreDamaged(source, str(error)) from error


def _examined(path: Path) -> Glance:
    if not path.is_file():
        raise NoCopy(f"there is no file {path}")  # noqa: EM102
    held = read(path)
    if held.damage is not None:
        raise StoreDamaged(path, held.damage)
    if held.schema_version > SCHEMA_VERSION:
        raise StoreTooNew(path, held.schema_version, SCHEMA_VERSION)
    return held


def _check_harmless(state_dir: Path, held: Glance) -> None:
    known = {scope.sandbox_id for scope in held.scopes}
    lost = [id for id in berth_ids(state_dir / BERTHS_FOLDER) if id not in known]
    if lost:
        shown = ", ".join(id[:12] for id in lost[:5])
        why = f"it knows nothing of {len(lost)} disks, which the next start would delete: {shown}"
        raise NoCopy(why)
    try:
        present = glance(state_dir)
    except StoreDamaged:
        return
    if present is not None and present.installation != held.installation:
        why = f"it is of installation {held.installation}, here is {present.installation}"
        raise NoCopy(why)


def _put_aside(state_dir: Path) -> Path | None:
    """The store that was there, whole or damaged, under another name."""
    store = state_dir / STORE_NAME
    if not store.exists():
        return None
    kept = state_dir / f"{STORE_NAME}.before-{time.strftime('%Y%m%dT%H%M%S')}"
    for suffix in ("", *JOURNALS):
        part = Path(f"{store}{suffix}")
        if part.exists():
            part.replace(f"{kept}{suffix}")
    return kept


@contextmanager
def _locked(state_dir: Path) -> Iterator[None]:
    descriptor = lock_state_dir(state_dir / LOCK_NAME)
    try:
        yield
    finally:
        os.close(descriptor)
