"""Signing keys: their file, its rotation under a running server, and what is refused."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from control.auth import keys as files
from control.auth.keys import FILE_NAME, LOOK_EVERY_S, KeyRing, SigningKey, read_keys
from control.auth.tokens import TOKEN_LIFE_S, Tokens
from control.errors import KeysUnusable, Unauthorized
from control.store.accounts import AccountStore
from control.store.database import Database
from tests.conftest import ROOT


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE_NAME


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AccountStore]:
    database = Database.open(tmp_path)
    yield AccountStore(database)
    database.close()


def test_the_first_start_makes_a_file_that_only_we_may_read(path: Path) -> None:
    before = os.umask(0)
    try:
        ring = KeyRing.open(path)
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(ring.keys) == 1
    assert KeyRing.open(path).keys == ring.keys


def test_two_keys_are_in_the_file_and_the_newest_signs(path: Path) -> None:
    first = KeyRing.open(path).keys[0]
    second = files.rotate(path)[0]
    third = files.rotate(path)[0]

    assert [key.id for key in read_keys(path)] == [third.id, second.id]
    assert first.secret not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [FILE_NAME]


def test_keys_of_an_older_version_are_believed_still(path: Path, store: AccountStore) -> None:
    old = SigningKey.new()
    ring = KeyRing.open(path, [old.secret])

    assert ring.keys[1].secret == old.secret
    assert ring.keys[0].secret != old.secret


def test_a_rotation_logs_nobody_out_and_the_next_one_does(path: Path, store: AccountStore) -> None:
    clock = Clock()
    tokens = Tokens(store, KeyRing(_made(path), clock), "here")
    account = store.add("ann", "hash", "user")
    before = f"Token {tokens.issue(account)}"

    files.rotate(path)
    clock.now += LOOK_EVERY_S
    after = f"Token {tokens.issue(account)}"
    seen = [tokens.identify(header).username for header in (before, after)]
    files.rotate(path)
    clock.now += LOOK_EVERY_S

    assert seen == ["ann", "ann"]
    assert tokens.identify(after).username == "ann"
    with pytest.raises(Unauthorized):
        tokens.identify(before)


def test_a_replaced_key_ends_every_token_that_was_seen_before(
    path: Path, store: AccountStore
) -> None:
    clock = Clock()
    tokens = Tokens(store, KeyRing(_made(path), clock), "here")
    header = f"Token {tokens.issue(store.add('ann', 'hash', 'user'))}"
    tokens.identify(header)

    files.replace(path)
    clock.now += LOOK_EVERY_S

    with pytest.raises(Unauthorized):
        tokens.identify(header)


def test_a_file_that_breaks_under_a_running_server_changes_nothing(path: Path) -> None:
    clock = Clock()
    ring = KeyRing(_made(path), clock)
    keys = ring.keys

    path.write_text("[]")
    clock.now += LOOK_EVERY_S

    assert (ring.look(), ring.keys) == (0, keys)


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("[]", 0o600, "no key"),
        ("{}", 0o600, "no list of keys"),
        ('[{"id":"a","secret":"short","created":0}]', 0o600, "too short"),
        ("[]", 0o644, "chmod 600"),
        ("[]", 0o640, "chmod 600"),
    ],
)
def test_a_file_that_is_no_good_is_refused(path: Path, text: str, mode: int, why: str) -> None:
    path.write_text(text)
    path.chmod(mode)

    with pytest.raises(KeysUnusable, match=why) as raised:
        KeyRing.open(path)
    assert str(path) in raised.value.message
    assert path.read_text() == text


def test_a_link_in_its_place_is_refused(path: Path, tmp_path: Path) -> None:
    _made(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(KeysUnusable):
        KeyRing.open(path)


def command(folder: Path, *words: str) -> tuple[int, str]:
    """What the operator's command ends with, and says."""
    env = {**os.environ, "GEOSCOPE_STATE_DIR": str(folder)}
    line = [sys.executable, "-m", "control", "keys", *words]
    done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_the_command_rotates_once_a_week_unless_told_otherwise(path: Path) -> None:
    first = KeyRing.open(path).keys[0]
    rotated = command(path.parent, "rotate")
    refused = command(path.parent, "rotate")
    kept = read_keys(path)
    forced = command(path.parent, "rotate", "--now")
    listed = command(path.parent)

    assert rotated[0] == 0
    assert refused[0] == 1
    assert "log out" in refused[1]
    assert kept[1] == first
    assert forced[0] == 0
    assert first.id not in listed[1]
    assert "signs" in listed[1]
    assert not any(key.secret in rotated[1] + forced[1] + listed[1] for key in (*kept, first))


def test_an_old_enough_key_is_rotated_without_a_word(path: Path) -> None:
    old = SigningKey(id="aaaa", secret="s" * 64, created=0.0)
    week_old = SigningKey(id="bbbb", secret="t" * 64, created=1.0)
    files.write_keys(path, (week_old, old))

    assert command(path.parent, "rotate")[0] == 0
    assert [key.id for key in read_keys(path)][1] == "bbbb"
    assert TOKEN_LIFE_S == 7 * 86_400


def test_the_command_says_where_there_are_no_keys(tmp_path: Path) -> None:
    code, said = command(tmp_path, "list")

    assert code == 1
    assert "No such file" in said


def _made(path: Path) -> Path:
    KeyRing.open(path)
    return path
