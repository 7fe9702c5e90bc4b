"""Polygons from the plainest WKT to WKB, but for their numbers, which are cut out as text."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import I4, I8, IN_F8, IN_I8, IN_U1, INT, NOTHING, U1, inline, kernel
from sandbox.render.wkb import MULTIPOLYGON, POLYGON

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]

OTHER: Final = -1
"""In place of a count: some text is no polygon of that form, or one that needs a second look."""

_SPACE: Final = ord(" ")
_COMMA: Final = ord(",")
_OPEN: Final = ord("(")
_CLOSE: Final = ord(")")
_NUMBER: Final = np.zeros(256, np.uint8)
_NUMBER[[*b"0123456789+-.eE"]] = 1
_POLYGON: Final = np.frombuffer(b"POLYGON", np.uint8)
_MULTI: Final = np.frombuffer(b"MULTI", np.uint8)
_LEAST_CORNERS: Final = 4


@inline
def put(wkb: Bytes, at: int, value: int) -> None:
    """Four bytes, the lowest first."""
    for i in range(4):
        wkb[at + i] = np.uint8((value >> (8 * i)) & 255)


@inline
def header(wkb: Bytes, at: int, kind: int) -> int:
    """Byte order and type; where the count stands that follows."""
    wkb[at] = np.uint8(1)
    put(wkb, at + 1, kind)
    return at + 5


@inline
def skip(text: Bytes, at: int, stop: int) -> int:
    """The next place that is no blank."""
    while at < stop and text[at] == _SPACE:
        at += 1
    return at


@inline
def past(text: Bytes, at: int, stop: int, wanted: int) -> int:
    """Behind that byte, if it comes next but for blanks; else OTHER."""
    at = skip(text, at, stop) if at >= 0 else stop
    return at + 1 if at < stop and text[at] == wanted else OTHER


@inline
def after_part(text: Bytes, at: int, stop: int) -> tuple[int, bool]:
    """Behind the comma or the `)` that follows a part, or OTHER; whether another part follows."""
    at = skip(text, at, stop)
    if at < stop and text[at] == _COMMA:
        return at + 1, True
    return past(text, at, stop, _CLOSE), False


@inline
def begins(text: Bytes, at: int, stop: int, word: Bytes) -> bool:
    """Whether a word stands there."""
    if at + word.size > stop:
        return False
    for i in range(word.size):  # noqa: SIM110  (kernels know no generators)
        if text[at + i] != word[i]:
            return False
    return True


@inline
def is_same(tokens: Bytes, ends: NDArray[np.int32], one: int, two: int) -> bool:
    """Whether two numbers are written alike."""
    first, second = ends[one], ends[two]
    length = ends[one + 1] - first
    if ends[two + 1] - second != length:
        return False
    for i in range(length):  # noqa: SIM110
        if tokens[first + i] != tokens[second + i]:
            return False
    return True


@inline
def cut_number(  # noqa: PLR0913  (a kernel takes plain arrays)
    text: Bytes, at: int, stop: int, tokens: Bytes, ends: NDArray[np.int32], count: int
) -> int:
    """Copy the number that comes next; where it ends, or OTHER."""
    start = skip(text, at, stop) if at >= 0 else stop
    at, length = start, ends[count]
    while at < stop and _NUMBER[text[at]]:
        tokens[length + at - start] = text[at]
        at += 1
    ends[count + 1] = length + at - start
    return at if at > start else OTHER


@inline
def read_ring(  # noqa: PLR0913
    text: Bytes,
    at: int,
    stop: int,
    tokens: Bytes,
    ends: NDArray[np.int32],
    places: Offsets,
    count: int,
    wkb: Bytes,
    out: int,
) -> tuple[int, int, int]:
    """One ring from its `(` on: where its text ends (or OTHER), numbers so far, where WKB ends."""
    first, corners, head = count, 0, out
    out += 4
    at = past(text, at, stop, _OPEN)
    while at >= 0:
        for _ in range(2):
            places[count] = out
            at = cut_number(text, at, stop, tokens, ends, count)
            count += 1
            out += 8
        if at < 0:
            return OTHER, count, out
        corners += 1
        at, more = after_part(text, at, stop)
        if not more:
            break
    if at < 0 or corners < _LEAST_CORNERS:
        return OTHER, count, out
    if not is_same(tokens, ends, first, count - 2):
        return OTHER, count, out
    if not is_same(tokens, ends, first + 1, count - 1):
        return OTHER, count, out
    put(wkb, head, corners)
    return at, count, out


@inline
def read_polygon(  # noqa: PLR0913
    text: Bytes,
    at: int,
    stop: int,
    tokens: Bytes,
    ends: NDArray[np.int32],
    places: Offsets,
    count: int,
    wkb: Bytes,
    out: int,
) -> tuple[int, int, int]:
    """One polygon from its `(` on, as `read_ring`."""
    head, rings = header(wkb, out, POLYGON), 0
    out = head + 4
    at = past(text, at, stop, _OPEN)
    while at >= 0:
        at, count, out = read_ring(text, at, stop, tokens, ends, places, count, wkb, out)
        if at < 0:
            break
        rings += 1
        at, more = after_part(text, at, stop)
        if not more:
            break
    put(wkb, head, rings)
    return at, count, out


@inline
def read_shape(  # noqa: PLR0913
    text: Bytes,
    at: int,
    stop: int,
    tokens: Bytes,
    ends: NDArray[np.int32],
    places: Offsets,
    count: int,
    wkb: Bytes,
    out: int,
) -> tuple[int, int, int]:
    """One text, as `read_ring`."""
    at = skip(text, at, stop)
    is_multi = begins(text, at, stop, _MULTI)
    at += _MULTI.size if is_multi else 0
    if not begins(text, at, stop, _POLYGON):
        return OTHER, count, out
    at += _POLYGON.size
    if not is_multi:
        at, count, out = read_polygon(text, at, stop, tokens, ends, places, count, wkb, out)
        return (at if at < 0 else skip(text, at, stop)), count, out
    head, members = header(wkb, out, MULTIPOLYGON), 0
    out = head + 4
    at = past(text, at, stop, _OPEN)
    while at >= 0:
        at, count, out = read_polygon(text, at, stop, tokens, ends, places, count, wkb, out)
        if at < 0:
            break
        members += 1
        at, more = after_part(text, at, stop)
        if not more:
            break
    put(wkb, head, members)
    return (at if at < 0 else skip(text, at, stop)), count, out


@kernel(INT, IN_U1, IN_I8, U1, I4, I8, U1, I8)
def read_shapes(  # noqa: PLR0913
    text: Bytes,
    offsets: Offsets,
    tokens: Bytes,
    ends: NDArray[np.int32],
    places: Offsets,
    wkb: Bytes,
    bounds: Offsets,
) -> int:
    """How many numbers all texts have, or OTHER; each text lies from one offset to the next.

    Number k is written in `tokens` from `ends[k]` on, and belongs at `places[k]` of `wkb`, which
    is complete but for numbers; WKB i ends at `bounds[i + 1]`.
    """
    count, out = 0, 0
    for i in range(offsets.size - 1):
        stop = offsets[i + 1]
        at, count, out = read_shape(text, offsets[i], stop, tokens, ends, places, count, wkb, out)
        if at != stop:
            return OTHER
        bounds[i + 1] = out
    return count


@kernel(NOTHING, IN_F8, IN_I8, U1)
def put_numbers(numbers: NDArray[np.float64], places: Offsets, wkb: Bytes) -> None:
    """Write each number where it belongs, the lowest byte first."""
    bits = numbers.view(np.int64)
    for k in range(bits.size):
        for i in range(8):
            wkb[places[k] + i] = np.uint8((bits[k] >> (8 * i)) & 255)
