"""Where scopes' disks are: an image of their own size where we are root, else plain folders."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from control.engine.disk_layout import berth_folder, berth_ids, delete_tree, lay_out, tree_bytes
from control.engine.driver import Berths
from control.errors import EngineError

T = TypeVar("T")

COMMAND_TIMEOUT_S: Final = 60.0
UNMOUNT_TIMEOUT_S: Final = 20.0
MOUNT_OPTIONS: Final = "loop,nosuid,nodev,noatime,discard"
FILE_SYSTEM: Final = ["-q", "-F", "-m", "0"]
LAZY: Final = "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0"
PROBE_ID: Final = "probe"
PROBE_BYTES: Final = 8 * 1024**2


async def choose_berths(root: Path) -> Berths:
    """Disks with a hard bound where this machine lets us mount them, else folders."""
    if os.geteuid() != 0:
        return FolderBerths(root, why="the control plane is not root")
    # Below the root, so that the file system that will hold the images is what is tried.
    probe = LoopBerths(root / ".probe")
    try:
        await probe.make(PROBE_ID, os.getuid(), PROBE_BYTES)
    except EngineError as error:
        return FolderBerths(root, why=error.message)
    finally:
        with suppress(EngineError):
            await probe.remove(PROBE_ID)
    return LoopBerths(root)


class LoopBerths:
    """One sparse ext4 image a scope, loop-mounted: full is `No space left`, for that scope only."""

    is_hard = True

    def __init__(self, root: Path) -> None:
        self._root = root

    async def make(self, sandbox_id: str, uid: int, disk_bytes: int) -> Path:
        """The scope's folder, made and mounted; making it twice is fine."""

        def work(berth: _Image) -> Path:
            berth.make(disk_bytes)
            berth.mount()
            lay_out(berth.disk, uid)
            return berth.disk

        return await self._do(f"make the disk of {sandbox_id}", sandbox_id, work)

    async def attach(self, sandbox_id: str) -> Path:
        """The scope's folder, mounted again where a restart of the host undid it."""

        def work(berth: _Image) -> Path:
            berth.mount()
            return berth.disk

        return await self._do(f"mount the disk of {sandbox_id}", sandbox_id, work)

    async def remove(self, sandbox_id: str) -> None:
        """Unmount and delete it; absent is success."""
        await self._do(f"delete the disk of {sandbox_id}", sandbox_id, _Image.remove)

    async def list(self) -> list[str]:
        """The sandbox ids that have a disk."""
        with _translated("list the disks"):
            return await asyncio.to_thread(berth_ids, self._root)

    async def used_bytes(self, sandbox_id: str) -> int | None:
        """How much of it is used; None while it is not mounted."""
        action = f"measure the disk of {sandbox_id}"
        return await self._do(action, sandbox_id, _Image.used_bytes)

    async def _do(self, action: str, sandbox_id: str, work: Callable[[_Image], T]) -> T:
        with _translated(action):
            berth = _Image(berth_folder(self._root, sandbox_id))
            return await asyncio.to_thread(work, berth)


class _Image:
    """One berth: `disk.img`, and `disk`, where it is mounted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._image = folder / "disk.img"
        self.disk = folder / "disk"

    def make(self, disk_bytes: int) -> None:
        if self._image.exists():
            return
        self._check_not_plain()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Half-made images never bear the name of a disk.
        made = self._folder / "disk.new"
        with made.open("wb") as file:
            file.truncate(disk_bytes)
        run_command(["mkfs.ext4", *FILE_SYSTEM, "-E", LAZY, str(made)])
        made.replace(self._image)

    def mount(self) -> None:
        if os.path.ismount(self.disk):
            return
        if not self._image.exists():
            self._check_not_plain()
            raise FileNotFoundError(f"{self._image} is gone")  # noqa: EM102
        self.disk.mkdir(exist_ok=True)
        self._mount_repaired()
        with suppress(OSError):
            (self.disk / "lost+found").rmdir()

    def _check_not_plain(self) -> None:
        """An image mounted over a folder would hide the files in it."""
        if self.disk.is_dir() and any(self.disk.iterdir()):
            why = f"{self.disk} is a plain folder of the process driver or of a user without root"
            raise OSError(why)

    def _mount_repaired(self) -> None:
        command = ["mount", "-t", "ext4", "-o", MOUNT_OPTIONS, str(self._image), str(self.disk)]
        try:
            run_command(command)
        except OSError:
            # What a crash of the host can leave behind; codes 0 and 1 mean that it is sound now.
            run_command(["e2fsck", "-p", str(self._image)], good_codes=(0, 1))
            run_command(command)

    def remove(self) -> None:
        self._unmount()
        delete_tree(self._folder)

    def _unmount(self) -> None:
        deadline = time.monotonic() + UNMOUNT_TIMEOUT_S
        pause_s = 0.01
        while os.path.ismount(self.disk):
            try:
                run_command(["umount", str(self.disk)])
            except OSError:
                if time.monotonic() > deadline:
                    # Gone from the tree now, and from the kernel when its last user goes.
                    run_command(["umount", "--lazy", str(self.disk)])
                time.sleep(pause_s)
                pause_s = min(pause_s * 2, 1.0)

    def used_bytes(self) -> int | None:
        if not os.path.ismount(self.disk):
            return None
        seen = os.statvfs(self.disk)
        return (seen.f_blocks - seen.f_bfree) * seen.f_frsize


class FolderBerths:
    """Plain folders: how much is in them is only watched, and `why` says why."""

    is_hard = False

    def __init__(self, root: Path, why: str = "disks are folders") -> None:
        self._root = root
        self.why = why

    async def make(self, sandbox_id: str, uid: int, disk_bytes: int) -> Path:
        """The scope's folder; making it twice is fine."""

        def work(folder: Path) -> Path:
            disk = _plain_disk(folder)
            disk.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            lay_out(disk, uid)
            return disk

        return await self._do(f"make the disk of {sandbox_id}", sandbox_id, work)

    async def attach(self, sandbox_id: str) -> Path:
        """The scope's folder."""

        def work(folder: Path) -> Path:
            disk = _plain_disk(folder)
            if not disk.is_dir():
                raise FileNotFoundError(f"{disk} is gone")  # noqa: EM102
            return disk

        return await self._do(f"find the disk of {sandbox_id}", sandbox_id, work)

    async def remove(self, sandbox_id: str) -> None:
        """Delete it; absent is success."""
        await self._do(f"delete the disk of {sandbox_id}", sandbox_id, delete_tree)

    async def list(self) -> list[str]:
        """The sandbox ids that have a disk."""
        with _translated("list the disks"):
            return await asyncio.to_thread(berth_ids, self._root)

    async def used_bytes(self, sandbox_id: str) -> int | None:
        """How much is in it; None where there is none."""

        def work(folder: Path) -> int | None:
            disk = folder / "disk"
            return tree_bytes(disk) if disk.is_dir() else None

        return await self._do(f"measure the disk of {sandbox_id}", sandbox_id, work)

    async def _do(self, action: str, sandbox_id: str, work: Callable[[Path], T]) -> T:
        with _translated(action):
            return await asyncio.to_thread(work, berth_folder(self._root, sandbox_id))


def _plain_disk(folder: Path) -> Path:
    if (folder / "disk.img").exists():
        # An empty folder in its place would look like lost files.
        raise OSError(f"{folder / 'disk.img'} can only be mounted by root")  # noqa: EM102
    return folder / "disk"


def run_command(command: list[str], good_codes: tuple[int, ...] = (0,)) -> None:
    """Run one of the system's tools; raises OSError with what it said."""
    try:
        done = subprocess.run(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"{command[0]} did not end") from error  # noqa: EM102
    if done.returncode not in good_codes:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise OSError(said or f"{command[0]} ended with {done.returncode}")


@contextmanager
def _translated(action: str) -> Iterator[None]:
    """Within it the system's errors become ours."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise EngineError(action, str(error)) from error
