"""Kinds of settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.kinds import parse_size


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("0", 0),
        ("1024", 1024),
        ("2GiB", 2 * 1024**3),
        ("2 gib", 2 * 1024**3),
        ("2g", 2 * 1024**3),
        ("512MB", 512 * 10**6),
        ("1.5K", 1536),
        ("7B", 7),
    ],
)
def test_sizes(written: str, size: int) -> None:
    assert parse_size(written) == size


@pytest.mark.parametrize("written", ["", "GiB", "-1", "1e9", "1 GiBs", "1,5G", "inf", "0x10"])
def test_what_is_no_size(written: str) -> None:
    with pytest.raises(ValueError, match="a size"):
        parse_size(written)


@given(st.integers(min_value=0, max_value=2**60))
def test_plain_numbers_are_bytes(number: int) -> None:
    assert parse_size(str(number)) == number
