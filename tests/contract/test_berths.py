"""One suite over both kinds of disk; what only the hard bound gives is at the end."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from control.engine import berths as module
from control.engine.berths import FolderBerths, LoopBerths, choose_berths
from control.engine.disk_layout import FOLDERS
from control.engine.driver import Berths
from control.errors import EngineError

UID = 20_001 if os.geteuid() == 0 else os.getuid()
DISK_BYTES = 32 * 1024**2

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts disks")


async def emptied(berths: Berths) -> None:
    for sandbox_id in await berths.list():
        await berths.remove(sandbox_id)


@pytest.fixture(params=[pytest.param(LoopBerths, marks=needs_root), FolderBerths])
async def berths(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Berths]:
    berths = request.param(tmp_path / "berths")
    yield berths
    await emptied(berths)


@pytest.fixture
async def loop(tmp_path: Path) -> AsyncIterator[LoopBerths]:
    berths = LoopBerths(tmp_path / "berths")
    yield berths
    await emptied(berths)


async def test_a_disk_is_laid_out(berths: Berths) -> None:
    disk = await berths.make("s1", UID, DISK_BYTES)

    assert sorted(FOLDERS) == sorted(entry.name for entry in disk.iterdir())
    assert stat.S_IMODE(disk.stat().st_mode) == 0o755
    assert disk.stat().st_uid == os.geteuid()
    for name in FOLDERS:
        seen = (disk / name).stat()
        assert (seen.st_uid, seen.st_gid, stat.S_IMODE(seen.st_mode)) == (UID, UID, 0o700)


async def test_the_folder_above_is_ours_alone(berths: Berths) -> None:
    disk = await berths.make("s1", UID, DISK_BYTES)

    assert stat.S_IMODE(disk.parent.stat().st_mode) == 0o700


async def test_making_it_twice_keeps_what_is_in_it(berths: Berths) -> None:
    disk = await berths.make("s1", UID, DISK_BYTES)
    (disk / "files" / "a.csv").write_text("1")

    assert await berths.make("s1", UID, DISK_BYTES) == disk
    assert (disk / "files" / "a.csv").read_text() == "1"


async def test_attaching_finds_it_again(berths: Berths) -> None:
    disk = await berths.make("s1", UID, DISK_BYTES)

    assert await berths.attach("s1") == disk


async def test_what_was_never_made_cannot_be_attached(berths: Berths) -> None:
    with pytest.raises(EngineError, match="s1"):
        await berths.attach("s1")


async def test_a_removed_disk_is_gone(berths: Berths) -> None:
    disk = await berths.make("s1", UID, DISK_BYTES)
    (disk / "files" / "a.csv").write_text("1")
    await berths.remove("s1")

    assert not disk.parent.exists()
    assert await berths.list() == []


async def test_removing_twice_is_fine(berths: Berths) -> None:
    await berths.make("s1", UID, DISK_BYTES)
    await berths.remove("s1")
    await berths.remove("s1")


async def test_removal_follows_no_link(berths: Berths, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    disk = await berths.make("s1", UID, DISK_BYTES)
    (disk / "files" / "link").symlink_to(outside)
    await berths.remove("s1")

    assert (outside / "kept").exists()


async def test_every_disk_is_listed(berths: Berths) -> None:
    assert await berths.list() == []
    await berths.make("s2", UID, DISK_BYTES)
    await berths.make("s1", UID, DISK_BYTES)

    assert await berths.list() == ["s1", "s2"]


async def test_use_is_measured(berths: Berths) -> None:
    disk = await berths.make("s1", UID, DISK_BYTES)
    before = await berths.used_bytes("s1")
    with (disk / "files" / "a").open("wb") as file:
        file.write(b"x" * 1024**2)
        os.fsync(file.fileno())
    after = await berths.used_bytes("s1")

    assert before is not None
    assert after is not None
    assert 1024**2 <= after - before < 1.2 * 1024**2


async def test_the_use_of_nothing_is_unknown(berths: Berths) -> None:
    assert await berths.used_bytes("s1") is None


@pytest.mark.parametrize("sandbox_id", ["", "..", "a/b", "../x", ".hidden", "a\n"])
async def test_an_id_leads_nowhere_else(berths: Berths, sandbox_id: str) -> None:
    with pytest.raises(EngineError):
        await berths.make(sandbox_id, UID, DISK_BYTES)


@needs_root
async def test_a_full_disk_says_so_and_recovers(loop: LoopBerths) -> None:
    disk = await loop.make("s1", UID, DISK_BYTES)
    big = disk / "files" / "big"
    with pytest.raises(OSError, match="No space left") as caught:
        big.write_bytes(b"x" * 2 * DISK_BYTES)
    big.unlink()
    (disk / "files" / "small").write_text("1")

    assert caught.value.errno == errno.ENOSPC


@needs_root
async def test_an_unmounted_disk_is_attached_with_its_files(loop: LoopBerths) -> None:
    disk = await loop.make("s1", UID, DISK_BYTES)
    (disk / "files" / "a.csv").write_text("1")
    module.run_command(["umount", str(disk)])

    assert await loop.used_bytes("s1") is None
    assert await loop.attach("s1") == disk
    assert (disk / "files" / "a.csv").read_text() == "1"


@needs_root
async def test_the_mount_allows_no_device_and_no_setuid(loop: LoopBerths) -> None:
    disk = await loop.make("s1", UID, DISK_BYTES)
    flags = os.statvfs(disk).f_flag

    assert flags & os.ST_NOSUID
    assert flags & os.ST_NODEV


@needs_root
async def test_a_new_disk_costs_next_to_nothing(loop: LoopBerths) -> None:
    disk = await loop.make("s1", UID, 20 * 1024**3)

    assert (disk.parent / "disk.img").stat().st_blocks * 512 < 64 * 1024**2


@needs_root
async def test_a_used_disk_is_removed_all_the_same(
    loop: LoopBerths, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The wait for its users is the constant that keeps this test short.
    monkeypatch.setattr(module, "UNMOUNT_TIMEOUT_S", 0.1)
    disk = await loop.make("s1", UID, DISK_BYTES)
    with (disk / "files" / "held").open("w"):
        await loop.remove("s1")

    assert not disk.parent.exists()


@needs_root
async def test_more_disks_than_the_machine_began_with(loop: LoopBerths) -> None:
    for number in range(12):
        await loop.make(f"s{number}", UID, DISK_BYTES)

    assert len(await loop.list()) == 12


@needs_root
async def test_root_chooses_hard_disks(tmp_path: Path) -> None:
    chosen = await choose_berths(tmp_path / "berths")

    assert chosen.is_hard
    assert await chosen.list() == []


async def test_folders_do_not_hide_an_image(tmp_path: Path) -> None:
    berths = FolderBerths(tmp_path)
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / "disk.img").touch()

    with pytest.raises(EngineError, match="only be mounted by root"):
        await berths.make("s1", UID, DISK_BYTES)


@needs_root
async def test_an_image_does_not_hide_a_folder(tmp_path: Path, loop: LoopBerths) -> None:
    folders = FolderBerths(tmp_path / "berths")
    disk = await folders.make("s1", UID, DISK_BYTES)
    with pytest.raises(EngineError, match="is a plain folder"):
        await loop.make("s1", UID, DISK_BYTES)
    with pytest.raises(EngineError, match="is a plain folder"):
        await loop.attach("s1")

    assert disk.is_dir()
