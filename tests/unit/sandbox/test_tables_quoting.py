"""What a look at a CSV finds out about its quotes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.tables import quoting
from sandbox.tables.quoting import Quoting, look


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 1024])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", Quoting()),
        ('a\n"x,y"\n', Quoting()),
        ('a\n"x\ny"\n', Quoting(spans_lines=True)),
        ('a\n"say ""hi"""\n', Quoting(doubles=True)),
        ('a,b\n"",""\n', Quoting()),
        ('a\n"""\n', Quoting(spans_lines=True, doubles=True)),
    ],
)
def test_quotes_are_seen_whatever_the_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: Quoting, chunk_bytes: int
) -> None:
    # Chunks of production size would need files of many megabytes.
    monkeypatch.setattr(quoting, "CHUNK_BYTES", chunk_bytes)
    (tmp_path / "a.csv").write_text(text)

    assert expected == look([str(tmp_path / "a.csv")])


def test_backslashes_escape_only_where_nothing_is_doubled(tmp_path: Path) -> None:
    (tmp_path / "slash.csv").write_text('a\n"say \\"hi\\""\n')
    (tmp_path / "both.csv").write_text('a\n"say ""hi"""\n"C:\\"\n')

    assert look([str(tmp_path / "slash.csv")]).escape == "\\"
    assert look([str(tmp_path / "both.csv")]).escape == '"'


def test_a_compressed_file_may_hold_anything(tmp_path: Path) -> None:
    assert look([str(tmp_path / "a.csv.gz")]).spans_lines
