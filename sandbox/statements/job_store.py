"""Jobs on the scope's disk: `<spool>/jobs/<work id>/`, rows in files, a manifest once it ended."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from sandbox.failure import AgentFailure
from wire.messages import Job, RowFormat
from wire.protocol import ErrorCode

MANIFEST: Final = "manifest.json"
_WORK_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

log = logging.getLogger(__name__)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A job that has ended, as its manifest has it; `until` is seconds of the epoch."""

    job: Job
    format: RowFormat
    until: float


class JobStore:
    """The folder of a scope's jobs; every method blocks.

    A job without a manifest has not ended, and is nothing after a restart.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def restore(self) -> list[Kept]:
        """What ended before the agent began anew, oldest first; the rest is removed."""
        self._root.mkdir(parents=True, exist_ok=True)
        manifests = {folder: folder / MANIFEST for folder in self._root.iterdir()}
        found = {
            folder: path.stat().st_mtime_ns for folder, path in manifests.items() if path.exists()
        }
        for folder in manifests.keys() - found.keys():
            shutil.rmtree(folder, ignore_errors=True)
        return list(self._read(sorted(found, key=lambda folder: found[folder])))

    def begin(self, work_id: str) -> Path:
        """An empty folder for the rows of a job."""
        folder = self._folder(work_id)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def commit(self, kept: Kept) -> None:
        """From now on the job outlives the agent."""
        folder = self._folder(kept.job.work_id)
        folder.mkdir(parents=True, exist_ok=True)
        if kept.job.state != "success":
            for rows in folder.glob("*.rows"):
                rows.unlink()
        aside = folder / f".{MANIFEST}"
        # Not synced: what a power cut leaves half written is not read again, and a result can be
        # asked for again; a small one would take three times as long.
        aside.write_bytes(msgspec.json.encode(kept))
        aside.replace(folder / MANIFEST)

    def open(self, work_id: str, index: int) -> BinaryIO:
        """The rows of one result; raises AgentFailure(FILE_NOT_FOUND)."""
        try:
            return (self._folder(work_id) / f"{index}.rows").open("rb")
        except FileNotFoundError as error:
            message = f"job {work_id} has no result {index}"
            raise AgentFailure(ErrorCode.FILE_NOT_FOUND, message) from error

    def remove(self, work_id: str) -> None:
        """Forget a job; one that is not there is fine."""
        shutil.rmtree(self._folder(work_id), ignore_errors=True)

    def _read(self, folders: list[Path]) -> Iterator[Kept]:
        for folder in folders:
            try:
                yield msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Kept)
            except (OSError, msgspec.DecodeError) as error:
                log.error("manifest unreadable job=%s reason=%s", folder.name, error)
                shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, work_id: str) -> Path:
        check_work_id(work_id)
        return self._root / work_id


def check_work_id(work_id: str) -> None:
    """Raise AgentFailure(BAD_REQUEST) for an id that could not be the name of a folder."""
    if not _WORK_ID.fullmatch(work_id):
        message = f"work_id {work_id[:100]!r} has other characters than A-Z a-z 0-9 . _ -"
        raise AgentFailure(ErrorCode.BAD_REQUEST, message)
