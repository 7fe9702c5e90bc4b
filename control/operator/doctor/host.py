"""The host around it: state directory, room, user ids, open files, the clock."""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from control.operator.doctor.finding import Finding, Subject, bad, good, warning

GIB: Final = 1024**3
LEAST_FREE_BYTES: Final = GIB
LEAST_OPEN_FILES: Final = 4096
MOST_SKEW_S: Final = 5.0
OLDEST: Final = datetime(2025, 1, 1).astimezone().timestamp()
OTHERS: Final = 0o077


def look(subject: Subject) -> Iterator[Finding]:
    """All of it."""
    state_dir = subject.settings.state_dir
    yield from _state_dir(state_dir)
    yield _room(_nearest(state_dir), subject.settings.scope_disk)
    yield _user_ids(*subject.settings.uid_range)
    yield _open_files()
    yield _clock(subject)


def _state_dir(path: Path) -> Iterator[Finding]:
    if not path.exists():
        yield _to_be_made(path)
        return
    seen = path.stat()
    if seen.st_uid != os.geteuid():
        yield bad(
            "state directory",
            f"{path} belongs to user {seen.st_uid}, this is {os.geteuid()}",
            "run as the user that the server runs as",
        )
    elif seen.st_mode & OTHERS:
        yield bad(
            "state directory",
            f"{path} is open to other users (mode {seen.st_mode & 0o777:o})",
            f"chmod 700 {path}",
        )
    elif not os.access(path, os.W_OK | os.X_OK):
        yield bad("state directory", f"{path} cannot be written", "mount it writable")
    else:
        yield good("state directory", f"{path}, for its owner only")


def _to_be_made(path: Path) -> Finding:
    within = _nearest(path)
    if within.is_dir() and os.access(within, os.W_OK | os.X_OK):
        return good("state directory", f"{path} is not there yet: the first start makes it")
    remedy = "make it for the user of the server, or set GEOSCOPE_STATE_DIR"
    return bad("state directory", f"{path} cannot be made in {within}", remedy)


def _nearest(path: Path) -> Path:
    """The folder itself, or the one that it will be made in."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _room(path: Path, scope_disk: int) -> Finding:
    free = shutil.disk_usage(path).free
    inodes = os.statvfs(path).f_favail
    words = f"{free / GIB:.1f} GiB and {inodes} files free at {path}"
    if free < LEAST_FREE_BYTES or inodes < 10_000:
        return bad("room", words, "make room: the store cannot be written on a full disk")
    if free < scope_disk:
        remedy = f"less than one scope may use (GEOSCOPE_SCOPE_DISK, {scope_disk / GIB:.1f} GiB)"
        return warning("room", words, remedy)
    return good("room", words)


def _user_ids(first: int, last: int) -> Finding:
    words = f"{first} to {last}"
    taken = [user.pw_name for user in pwd.getpwall() if first <= user.pw_uid <= last]
    if taken:
        remedy = "another GEOSCOPE_UID_RANGE: a scope must share its user id with nobody"
        return bad("user ids", f"{words}, of which {', '.join(taken[:5])} have some", remedy)
    return good("user ids", f"{words} belong to no user of this host")


def _open_files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < LEAST_OPEN_FILES:
        remedy = f"LimitNOFILE={LEAST_OPEN_FILES * 16} in its unit, or ulimit -n, before the start"
        return warning("open files", f"at most {soft} here", remedy)
    return good("open files", f"at most {soft} here")


def _clock(subject: Subject) -> Finding:
    now = time.time()
    if now < OLDEST:
        return bad("clock", "it is far in the past", "set it: tokens and time-outs go by it")
    if subject.engine is None:
        return good("clock", datetime.fromtimestamp(now).astimezone().isoformat(timespec="seconds"))
    engines = datetime.fromisoformat(subject.engine.info()["SystemTime"]).timestamp()
    skew_s = abs(engines - time.time())
    if skew_s > MOST_SKEW_S:
        return bad("clock", f"{skew_s:.0f} s from the engine's", "keep both by the same NTP server")
    return good("clock", f"{skew_s:.1f} s from the engine's")
