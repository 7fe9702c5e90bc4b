"""Pieces in the order of their coming, read in another; on disk only when large."""

from __future__ import annotations

from pathlib import Path

from sandbox.query.spool import Spool


def test_pieces_are_read_in_the_order_asked_for(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for piece in (b",one", b"", b",two", b",three"):
        spool.append(piece)

    assert spool.size == 14
    assert b"".join(spool.read([1, 3, 0, 2], skip=1)) == b"three,one,two"
    assert not spool.is_on_disk
    spool.close()
    spool.close()


def test_what_is_large_goes_to_disk_under_no_name(tmp_path: Path) -> None:
    spool = Spool(tmp_path, memory_bytes=10)
    spool.append(b"x" * 11)

    assert spool.is_on_disk
    assert list(tmp_path.iterdir()) == []
    assert b"".join(spool.read([0])) == b"x" * 11
    spool.close()


def test_a_piece_that_comes_after_a_reading_is_the_last(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(b"one,")
    spool.append(b"two,")
    assert b"".join(spool.read([0])) == b"one,"
    spool.append(b"three")

    assert b"".join(spool.read([0, 1, 2])) == b"one,two,three"
    spool.close()
