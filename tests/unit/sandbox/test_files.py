from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sandbox.failure import AgentFailure
from sandbox.runtime.files import Files, Upload
from wire.messages import FileListing
from wire.protocol import ErrorCode


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (tmp_path / "secret").write_text("not yours")
    return folder


@pytest.fixture
def files(root: Path) -> Files:
    return Files(root)


def put(files: Files, path: str, body: bytes) -> None:
    with files.receive(path) as upload:
        upload.write(body)
        upload.commit()


def get(files: Files, path: str) -> bytes:
    found = files.open(path)
    assert not isinstance(found, FileListing)
    with found:
        return found.read()


def listed(files: Files, path: str) -> list[tuple[str, int, bool]]:
    found = files.open(path)
    assert isinstance(found, FileListing)
    return [(entry.name, entry.bytes, entry.is_dir) for entry in found.files]


def code_of(error: pytest.ExceptionInfo[AgentFailure]) -> ErrorCode:
    return error.value.code


def test_what_was_put_is_what_is_got(files: Files) -> None:
    put(files, "a.csv", b"x,y\n")

    assert get(files, "a.csv") == b"x,y\n"


def test_missing_folders_are_made(files: Files) -> None:
    put(files, "deep/er/a", b"1")

    assert get(files, "./deep//er/a") == b"1"


def test_a_folder_is_listed_by_name(files: Files) -> None:
    put(files, "b", b"22")
    put(files, "a/x", b"1")

    assert listed(files, "") == [("a", 0, True), ("b", 2, False)]
    assert listed(files, "a/") == [("x", 1, False)]


def test_an_upload_that_is_given_up_leaves_the_old_file(files: Files, root: Path) -> None:
    put(files, "a", b"old")

    with files.receive("a") as upload:
        upload.write(b"half")

    assert get(files, "a") == b"old"
    assert [path.name for path in root.iterdir()] == ["a"]


def test_an_upload_in_flight_is_not_listed(files: Files) -> None:
    with files.receive("a") as upload:
        upload.write(b"half")

        assert listed(files, "") == []


class FullDisk:
    """A stream on a disk without room."""

    def write(self, piece: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_said_so(files: Files) -> None:
    upload = Upload("a", 0, "a", "t", FullDisk())  # type: ignore[arg-type]

    with pytest.raises(AgentFailure) as error:
        upload.write(b"1")

    assert code_of(error) is ErrorCode.DISK_FULL


@pytest.mark.parametrize("path", ["../secret", "a/../../secret", "/etc/passwd", "..", "a\0b"])
def test_a_path_out_of_the_files_is_refused(files: Files, path: str) -> None:
    for call in (files.open, files.delete, lambda p: put(files, p, b"")):
        with pytest.raises(AgentFailure) as error:
            call(path)

        assert code_of(error) is ErrorCode.BAD_PATH


def test_a_link_to_a_file_outside_is_not_followed(files: Files, root: Path) -> None:
    (root / "link").symlink_to(root.parent / "secret")

    with pytest.raises(AgentFailure) as error:
        files.open("link")

    assert code_of(error) is ErrorCode.BAD_PATH


def test_a_link_to_a_folder_outside_is_not_followed(files: Files, root: Path) -> None:
    (root / "up").symlink_to(root.parent)

    for call in (files.open, files.delete, lambda p: put(files, p, b"")):
        with pytest.raises(AgentFailure) as error:
            call("up/secret")

        assert code_of(error) is ErrorCode.BAD_PATH
    assert (root.parent / "secret").read_text() == "not yours"


def test_putting_onto_a_link_replaces_the_link(files: Files, root: Path) -> None:
    (root / "link").symlink_to(root.parent / "secret")

    put(files, "link", b"mine")

    assert not (root / "link").is_symlink()
    assert (root.parent / "secret").read_text() == "not yours"


def test_deleting_a_folder_removes_links_and_not_what_they_lead_to(
    files: Files, root: Path
) -> None:
    put(files, "a/b/c", b"1")
    (root / "a" / "link").symlink_to(root.parent)

    files.delete("a")

    assert listed(files, "") == []
    assert (root.parent / "secret").exists()


def test_a_pipe_is_no_file(files: Files, root: Path) -> None:
    os.mkfifo(root / "pipe")

    with pytest.raises(AgentFailure) as error:
        files.open("pipe")

    assert code_of(error) is ErrorCode.BAD_PATH


@pytest.mark.parametrize("path", ["none", "none/at/all", "file/below"])
def test_what_is_not_there_is_not_found(files: Files, path: str) -> None:
    put(files, "file", b"1")

    with pytest.raises(AgentFailure) as error:
        files.open(path)

    assert code_of(error) is ErrorCode.FILE_NOT_FOUND


def test_a_file_does_not_replace_a_folder(files: Files) -> None:
    put(files, "a/b", b"1")

    with pytest.raises(AgentFailure) as error:
        put(files, "a", b"2")

    assert code_of(error) is ErrorCode.FILE_EXISTS


def test_the_root_itself_stays(files: Files) -> None:
    for call in (files.delete, lambda p: put(files, p, b"")):
        with pytest.raises(AgentFailure) as error:
            call("")

        assert code_of(error) is ErrorCode.BAD_PATH


def test_leftovers_of_an_earlier_life_go_and_nothing_else(files: Files, root: Path) -> None:
    (root / "deep" / "er").mkdir(parents=True)
    outside = root.parent / ".upload-0123456789abcdef"
    outside.write_bytes(b"kept")
    (root / "link").symlink_to(root.parent)
    left = [root / ".upload-0123456789abcdef", root / "deep" / "er" / ".upload-00112233445566ff"]
    own = [root / ".upload-mine", root / "deep" / "upload-0123456789abcdef", root / "a"]
    for path in (*left, *own):
        path.write_bytes(b"x")

    assert files.drop_leftovers() == 2
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in (*own, outside))


def test_an_upload_under_way_is_no_leftover(files: Files, root: Path) -> None:
    with files.receive("a") as upload:
        upload.write(b"whole")

        assert files.drop_leftovers() == 0
        upload.commit()

    assert (root / "a").read_bytes() == b"whole"
    assert [path.name for path in root.iterdir()] == ["a"]
