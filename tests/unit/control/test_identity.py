from __future__ import annotations

import stat
from pathlib import Path

from control.engine.hardening import group_text, passwd_text
from control.engine.identity import write_identity


def test_the_files_are_those_of_the_uid(tmp_path: Path) -> None:
    identity = write_identity(tmp_path / "identity", 20_001, 20_002)

    assert identity.passwd.read_text() == passwd_text(20_001, 20_002)
    assert identity.group.read_text() == group_text(20_002)


def test_everyone_may_read_and_nobody_write(tmp_path: Path) -> None:
    identity = write_identity(tmp_path, 20_001, 20_001)

    assert stat.S_IMODE(identity.passwd.stat().st_mode) == 0o644


def test_a_mounted_file_stays_the_same_inode(tmp_path: Path) -> None:
    before = write_identity(tmp_path, 20_001, 20_001).passwd.stat().st_ino

    assert write_identity(tmp_path, 20_001, 20_001).passwd.stat().st_ino == before


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    identity = write_identity(tmp_path, 20_001, 20_001)
    identity.passwd.write_text("root::0:0::/:/bin/sh\n")
    write_identity(tmp_path, 20_001, 20_001)

    assert identity.passwd.read_text() == passwd_text(20_001, 20_001)


def test_users_do_not_share_files(tmp_path: Path) -> None:
    assert write_identity(tmp_path, 20_001, 1000) != write_identity(tmp_path, 20_002, 1000)
