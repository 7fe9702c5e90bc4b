"""How a scope's disk is laid out, whatever holds it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any, Final

FOLDERS: Final = ("files", "catalog", "tables", "spool", "spark", "run", "home", "cache")
BLOCK_BYTES: Final = 512
PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def berth_folder(root: Path, sandbox_id: str) -> Path:
    """The folder of one berth; raises ValueError for what could lead elsewhere."""
    if not PLAIN_NAME.fullmatch(sandbox_id):
        raise ValueError(f"{sandbox_id!r} is no sandbox id")  # noqa: EM102
    return root / sandbox_id


def berth_ids(root: Path) -> list[str]:
    """The sandbox ids that have a folder."""
    if not root.is_dir():
        return []
    return sorted(entry.name for entry in root.iterdir() if PLAIN_NAME.fullmatch(entry.name))


def lay_out(disk: Path, uid: int) -> None:
    """The folders that the tenant owns, below a root that it cannot change.

    Who is not root cannot give them away: then the agent is of the same user, or cannot start.
    """
    disk.chmod(0o755)
    for name in FOLDERS:
        folder = disk / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(folder, uid, uid, follow_symlinks=False)


def tree_bytes(folder: Path) -> int:
    """What the files below it take on the disk; links are not followed."""
    total = 0
    for place, _, names in os.walk(folder, onerror=lambda _: None):
        total += sum(_blocks(Path(place) / name) for name in names)
    return total * BLOCK_BYTES


def _blocks(path: Path) -> int:
    try:
        return path.lstat().st_blocks
    except FileNotFoundError:
        # The tenant deletes while we look.
        return 0


def delete_tree(folder: Path) -> None:
    """Delete it whatever its modes say; absent is success. Links are deleted, not followed."""
    if folder.exists():
        shutil.rmtree(folder, onerror=_open_up)


def _open_up(function: Any, path: str, _: Any) -> None:
    """A folder that its owner closed to itself: open it, then do again what failed."""
    blocked = Path(path)
    parent = blocked.parent
    if not blocked.is_symlink() and blocked.is_dir():
        blocked.chmod(0o700)
    parent.chmod(0o700)
    if function in (os.unlink, os.rmdir):
        function(path)
    else:
        shutil.rmtree(path)
