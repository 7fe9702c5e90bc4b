"""Can scopes have disks that the kernel bounds, and is anything left of scopes that are gone?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from control.engine.berths import FolderBerths, choose_berths
from control.engine.disk_layout import berth_ids
from control.engine.driver import INSTALLATION_LABEL, SANDBOX_LABEL
from control.engine.trial import TRIAL_LABEL
from control.errors import StoreDamaged
from control.operator.doctor.finding import Finding, Subject, good, warning
from control.store.database import BERTHS_FOLDER
from control.store.glance import Glance, glance, is_in_use

START = "the next start of the server removes them"


def look(subject: Subject) -> Iterator[Finding]:
    """Disks, then leftovers."""
    state_dir = subject.settings.state_dir
    if state_dir.is_dir():
        yield _bound(state_dir / BERTHS_FOLDER)
    try:
        seen = glance(state_dir)
    except StoreDamaged:
        # The look at the store tells of it.
        return
    if seen is not None and is_in_use(state_dir):
        yield good("leftovers", "the server that runs removes them as it finds them")
    elif seen is not None:
        yield from _leftovers(subject, state_dir / BERTHS_FOLDER, seen)


def _bound(root: Path) -> Finding:
    berths = asyncio.run(choose_berths(root))
    if isinstance(berths, FolderBerths):
        remedy = "run as root with loop devices and mkfs.ext4; else a watcher stops who is over"
        return warning("disks", f"their bound is soft: {berths.why}", remedy)
    return good("disks", "each has a file system of its own: bytes and files are bounded")


def _leftovers(subject: Subject, root: Path, seen: Glance) -> Iterator[Finding]:
    known = {scope.sandbox_id for scope in seen.scopes}
    strays = [*_containers(subject, seen, known), *_folders(root, known)]
    if strays:
        yield warning("leftovers", "; ".join(strays), START)
    else:
        yield good("leftovers", "none")


def _containers(subject: Subject, seen: Glance, known: set[str]) -> Iterator[str]:
    if subject.engine is None:
        return
    for status in subject.engine.containers(f"{INSTALLATION_LABEL}={seen.installation}"):
        if status.labels.get(SANDBOX_LABEL) not in known:
            yield f"container {status.name} of no scope"
    for status in subject.engine.containers(TRIAL_LABEL):
        yield f"container {status.name} of a doctor that was cut short"


def _folders(root: Path, known: set[str]) -> Iterator[str]:
    mounts = {line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()}
    for sandbox_id in berth_ids(root):
        if sandbox_id not in known:
            mounted = ", mounted" if str(root / sandbox_id / "disk") in mounts else ""
            yield f"disk {sandbox_id[:12]} of no scope{mounted}"
