from __future__ import annotations

import base64
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sandbox.failure import AgentFailure
from sandbox.render.aggregate.places import Places
from sandbox.render.charts.icon import IconPainter
from sandbox.render.icons import MAX_ICON_BYTES
from tests.unit.sandbox.render_rows import alphas, chart, letters, paint, points
from wire.protocol import ErrorCode

RED, BLUE, HALF = (255, 0, 0, 255), (0, 0, 255, 255), (0, 255, 0, 128)
NAMES = {RED: "r", BLUE: "b", HALF: "h"}


def encoded(*rows: list[tuple[int, int, int, int]], form: str = "PNG") -> str:
    held = io.BytesIO()
    Image.fromarray(np.array(rows, np.uint8), "RGBA").save(held, form, **{"lossless": True})
    return base64.b64encode(held.getvalue()).decode()


CORNER = encoded([BLUE, BLUE], [RED, BLUE])
"""2 x 2, red at the bottom left."""


def drawn(*places: tuple[float, float], **params: Any) -> list[str]:
    return letters(paint(chart("icon_viz", **{"icon": CORNER} | params), points(*places)), NAMES)


def test_the_bottom_left_of_the_icon_is_on_the_point() -> None:
    assert drawn((1.9, 1.1)) == [".....", ".....", ".bb..", ".rb..", "....."]


@pytest.mark.parametrize(
    ("anchor", "rows"),
    [
        ("center", ["rrr", "rrr", "rrr"]),
        ("bottom", ["rrr", "rrr", "..."]),
        ("bottom-left", [".rr", ".rr", "..."]),
    ],
)
def test_the_anchor_pixel_of_an_odd_icon(anchor: str, rows: list[str]) -> None:
    icon = encoded(*[[RED] * 3] * 3)

    found = drawn((2.5, 2.5), icon=icon, anchor=anchor)

    assert [row[1:4] for row in found[1:4]] == rows


def test_icons_are_clipped_and_dropped_when_the_point_is_outside() -> None:
    artist = chart("icon_viz", icon=CORNER)

    pixels = paint(artist, points((4.5, 4.5), (-0.5, 2), (2, 5)))

    assert letters(pixels, NAMES)[0] == "....r"
    assert artist.tally.dropped == {"outside": 2}


def test_rows_are_drawn_in_order_whatever_the_batches() -> None:
    artist = chart("icon_viz", icon=CORNER)

    pixels = paint(
        artist, points((1, 0), order=[1]), points((0, 0), order=[0]), points((2, 0), order=[2])
    )

    assert letters(pixels, NAMES)[4] == "rrrb."


def test_one_icon_keeps_its_levels() -> None:
    icon = [(10, 20, 30, 1), (255, 255, 255, 255), (1, 2, 3, 128), (0, 0, 0, 77)]

    pixels = paint(chart("icon_viz", icon=encoded(icon)), points((0, 0)))

    assert pixels[4, :4].tolist() == [list(pixel) for pixel in icon]


def test_translucent_icons_stack() -> None:
    pixels = paint(chart("icon_viz", icon=encoded([HALF])), points((0, 0), (0, 0)))

    expected = 255 * (1 - (1 - 128 / 255) ** 2)
    assert pixels[4, 0].tolist() == [0, 255, 0, round(expected)]


def test_the_icon_is_resized_without_a_rim() -> None:
    icon = encoded([RED, (0, 0, 0, 0)], [RED, (0, 0, 0, 0)])

    pixels = paint(chart("icon_viz", icon=icon, icon_size=[4, 5]), points((0, 0)))

    seen = pixels[..., 3] > 0
    assert seen.any(axis=0).tolist()[0]
    assert (pixels[seen][:, :3] == (255, 0, 0)).all()
    assert alphas(pixels)[0] == alphas(pixels)[4]


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_a_file_is_read_and_icon_wins_over_it(tmp_path: Path, form: str) -> None:
    path = tmp_path / "icon.img"
    path.write_bytes(base64.b64decode(encoded([RED], form=form)))

    assert drawn((0, 0), icon=None, icon_path=str(path))[4] == "r...."
    assert drawn((0, 0), icon=encoded([BLUE]), icon_path=str(path))[4] == "b...."


def test_a_data_uri_is_base64_too() -> None:
    assert drawn((0, 0), icon=f"data:image/png;base64,{encoded([RED])}")[4] == "r...."


def bomb() -> str:
    held = io.BytesIO()
    Image.new("1", (9000, 9000)).save(held, "PNG")
    return base64.b64encode(held.getvalue()).decode()


def cut() -> str:
    whole = base64.b64decode(encoded(*[[(i, j, 7, 255) for i in range(99)] for j in range(99)]))
    return base64.b64encode(whole[: len(whole) // 2]).decode()


@pytest.mark.parametrize(
    ("icon", "why"),
    [
        ("!!", "is not base64"),
        ("é", "is not base64"),
        (base64.b64encode(b"junk").decode(), "is no picture"),
        ("", "is no picture"),
        (bomb(), "9000 x 9000 are more than"),
        (cut(), "cannot be decoded"),
        (base64.b64encode(bytes(MAX_ICON_BYTES + 1)).decode(), "larger than"),
    ],
)
def test_what_is_no_icon_is_refused(icon: str, why: str) -> None:
    with pytest.raises(AgentFailure, match=f"^icon: .*{why}") as caught:
        chart("icon_viz", icon=icon)

    assert caught.value.code is ErrorCode.BAD_PARAMETER
    assert caught.value.facts == {"parameter": "icon"}


def test_a_path_that_leads_to_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for path in ("missing.png", ".", "pipe"):
        with pytest.raises(AgentFailure, match=r"^icon_path: "):
            chart("icon_viz", icon_path=str(tmp_path / path))
    with pytest.raises(AgentFailure, match=r"^icon_path: "):
        chart("icon_viz", icon_path="a\0b")


def test_beyond_a_number_of_rows_the_marks_of_a_pixel_lie_where_the_last_does() -> None:
    places = Places(max_rows=3)

    places.add(np.array([5, 2, -1, 5], np.int32), np.array([0, 1, 2, 3]))
    assert [part.tolist() for part in places.last_first()] == [[5, 2, 5], [1, 1, 1]]
    places.add(np.array([2, 1], np.int32), np.array([9, 8]))

    assert [part.tolist() for part in places.last_first()] == [[2, 1, 5], [2, 1, 2]]


@pytest.mark.parametrize("max_rows", [1, 7, 50, 1000])
def test_places_merge_in_any_order_with_the_same_result(max_rows: int) -> None:
    random = np.random.default_rng(max_rows)
    pixels = random.integers(-1, 12, 60).astype(np.int32)
    order = random.permutation(60)
    whole = Places(max_rows)
    whole.add(pixels, order)
    merged = Places(max_rows)
    for i in (2, 0, 3, 1):
        part = Places(max_rows)
        for row in range(i, 60, 4):
            part.add(pixels[row : row + 1], order[row : row + 1])
        merged.merge(part)

    assert merged.rows == whole.rows
    for one, two in zip(merged.last_first(), whole.last_first(), strict=True):
        assert one.tolist() == two.tolist()


def test_memory_of_places_is_bounded() -> None:
    places = Places(max_rows=100)
    for start in range(0, 10_000, 50):
        places.add(np.arange(50, dtype=np.int32), np.arange(start, start + 50))
        assert sum(len(part[0]) for part in places._parts) <= 250

    assert places.last_first()[1].tolist() == [200] * 50


def test_an_icon_painter_reads_points_in_their_order() -> None:
    asked = []

    class Columns:
        def points(self, *, in_order: bool = False) -> Any:
            asked.append(in_order)
            return iter([])

    artist = chart("icon_viz", icon=CORNER)
    assert isinstance(artist, IconPainter)
    artist.batches(Columns())  # type: ignore[arg-type]

    assert asked == [True]
