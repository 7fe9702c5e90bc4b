from typing import Any

import pytest

from sandbox.failure import AgentFailure
from sandbox.render.columns import ColumnKind, SourceColumn
from tests.unit.sandbox.render_rows import chart, letters, paint, shapes

COLOURS = {"unique_value_infos": {"A": "#FF0000", "B": "#0000FF", "7": "#00FF00"}}
NAMES = {(255, 0, 0, 255): "a", (0, 0, 255, 255): "b", (0, 255, 0, 255): "7"}

LEFT = "POLYGON ((0 0, 3 0, 3 5, 0 5, 0 0))"
RIGHT = "POLYGON ((2 0, 5 0, 5 5, 2 5, 2 0))"


def top(*rows: Any, **params: Any) -> str:
    return letters(paint(chart("unique_value_choropleth", **COLOURS | params), *rows), NAMES)[0]


def columns(*given: tuple[str, ColumnKind]) -> list[SourceColumn]:
    return [SourceColumn(position=i, name=name, kind=kind) for i, (name, kind) in enumerate(given)]


def test_a_label_has_its_colour() -> None:
    assert top(shapes(LEFT, labels=["A"])) == "aaa.."
    assert top(shapes(LEFT, labels=["7"])) == "777.."


def test_an_unlisted_label_draws_nothing_and_counts_as_drawn() -> None:
    artist = chart("unique_value_choropleth", **COLOURS)

    pixels = paint(artist, shapes(LEFT, RIGHT, labels=["Z", ""]))

    assert not pixels.any()
    assert (artist.tally.drawn, artist.tally.dropped) == (2, {})


def test_an_unlisted_label_hides_nothing() -> None:
    rows = shapes(LEFT, LEFT, labels=["A", "Z"], order=[0, 1])

    assert top(rows) == "aaa.."


def test_a_null_label_is_a_null_weight() -> None:
    artist = chart("unique_value_choropleth", **COLOURS)

    paint(artist, shapes(LEFT, None, RIGHT, labels=[None, None, "A"]))

    assert artist.tally.dropped == {"null": 1, "null_weight": 1}
    assert artist.tally.drawn == 1


def test_an_asked_order_is_honoured() -> None:
    assert top(shapes(LEFT, RIGHT, labels=["B", "A"], order=[1, 0])) == "bbbaa"
    assert top(shapes(LEFT, RIGHT, labels=["B", "A"], order=[0, 1])) == "bbaaa"


def test_without_an_order_the_greater_text_lies_on_top() -> None:
    for rows in (shapes(LEFT, RIGHT, labels=["A", "B"]), shapes(RIGHT, LEFT, labels=["B", "A"])):
        assert top(rows) == "aabbb"


@pytest.mark.parametrize(("order", "letter"), [([0, 1], "a"), ([1, 0], "b"), (None, "b")])
def test_of_identical_polygons_the_last_one_is_seen(order: list[int] | None, letter: str) -> None:
    assert top(shapes(LEFT, LEFT, labels=["B", "A"], order=order)) == letter * 3 + ".."


def test_opacity_is_the_alpha() -> None:
    pixels = paint(
        chart("unique_value_choropleth", opacity=0.5, **COLOURS), shapes(LEFT, labels=["A"])
    )

    assert pixels[0, 0].tolist() == [255, 0, 0, 128]


def test_no_colours_at_all_is_an_empty_picture() -> None:
    artist = chart("unique_value_choropleth", unique_value_infos={})

    assert not paint(artist, shapes(LEFT, labels=["A"])).any()
    assert artist.tally.drawn == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([("id", "numeric"), ("Label", "text")], "Label"),
        ([("id", "numeric"), ("name", "text")], "id"),
        ([("g2", "geometry"), ("day", "other")], "day"),
    ],
)
def test_the_label_is_found_by_name_then_by_place(
    given: list[tuple[str, ColumnKind]], expected: str
) -> None:
    [column] = chart("unique_value_choropleth", **COLOURS).choose(columns(*given))

    assert column is not None
    assert (column.name, column.as_text) == (expected, True)


def test_a_result_without_a_label_is_refused() -> None:
    with pytest.raises(AgentFailure, match="label: the result has no column"):
        chart("unique_value_choropleth", **COLOURS).choose([])
