import numpy as np
import pytest

from sandbox.failure import AgentFailure
from sandbox.render.charts.weighted import parts
from sandbox.render.columns import ColumnKind, SourceColumn
from tests.unit.sandbox.render_rows import alphas, chart, letters, nothing, paint, points

RED, BLUE = (255, 0, 0, 255), (0, 0, 255, 255)
NAMES = {RED: "r", BLUE: "b", (128, 0, 128, 255): "m"}
RAMP = {"color_gradient": ["#0000FF", "#FF0000"], "color_bound": [0, 2]}


def columns(*given: tuple[str, ColumnKind]) -> list[SourceColumn]:
    return [SourceColumn(position=i, name=name, kind=kind) for i, (name, kind) in enumerate(given)]


def chosen(given: list[SourceColumn], **params: object) -> tuple[str | None, str | None]:
    colour, size = chart("weighted", **params).choose(given)
    return colour and colour.name, size and size.name


def test_colour_follows_the_weight() -> None:
    artist = chart("weighted", size_bound=[1], **RAMP)

    pixels = paint(artist, points((0, 0), (1, 0), (2, 0), (3, 0), weights=[[-7, 1, 2, 99], None]))

    assert letters(pixels, NAMES)[4] == "bmrr."


def test_size_follows_the_weight_and_is_clamped() -> None:
    artist = chart("weighted", color_gradient=["#f00"], size_bound=[0, 1])

    pixels = paint(artist, points((0, 0), (2, 0), (4, 0), weights=[None, [-3, 0.5, 40]]))

    # Diameter 0 draws nothing; half a pixel covers three quarters of its own by the formula.
    assert alphas(pixels)[4] == [0, 0, 191, 0, 255]
    assert artist.tally.drawn == 3


def test_one_size_for_all() -> None:
    pixels = paint(chart("weighted", size_bound=[3], **RAMP), points((2, 2), weights=[[2.0], None]))

    assert np.count_nonzero(pixels[..., 3] == 255) == 5


def test_the_higher_colour_weight_is_on_top_whatever_the_order() -> None:
    places, weights = [(1.5, 2.5), (2.5, 2.5)], [2.0, 0.0]
    style = RAMP | {"size_bound": [3]}

    one = paint(chart("weighted", **style), points(*places, weights=[weights, None]))
    two = paint(chart("weighted", **style), points(*places[::-1], weights=[weights[::-1], None]))

    assert one.tolist() == two.tolist()
    assert one[2, 1:3].tolist() == [list(RED)] * 2
    assert one[2, 3].tolist() == list(BLUE)


def test_different_colours_over_one_another_mix_by_opacity() -> None:
    artist = chart("weighted", size_bound=[3], opacity=0.5, **RAMP)

    pixels = paint(artist, points((1.5, 2.5), (2.5, 2.5), weights=[[2.0, 0.0], None]))

    # Red over blue, half each: alpha 3/4, of which 2/3 is red.
    assert pixels[2, 2].tolist() == [170, 0, 85, 191]


@pytest.mark.parametrize(
    ("word", "letter"), [("max", "r"), ("min", "b"), ("mean", "m"), ("count", "r"), ("std", "m")]
)
def test_rows_of_one_pixel_aggregate_first(word: str, letter: str) -> None:
    artist = chart("weighted", size_bound=[1], aggregation_type=word, **RAMP)

    pixels = paint(artist, points((2, 2), (2.5, 2.5), weights=[[0.0, 2.0], None]))

    assert letters(pixels, NAMES)[2] == f"..{letter}.."
    assert artist.tally.drawn == 2


def test_without_a_bound_the_drawn_values_span_the_gradient() -> None:
    artist = chart("weighted", size_bound=[1], color_gradient=RAMP["color_gradient"])

    pixels = paint(artist, points((0, 0), (1, 0), (2, 0), (9, 9), weights=[[3, 4, 5, 99], None]))

    assert letters(pixels, NAMES)[4] == "bmr.."


def test_equal_values_are_the_middle() -> None:
    artist = chart("weighted", size_bound=[1], color_gradient=RAMP["color_gradient"])

    assert letters(paint(artist, points((0, 0), weights=[[3], None])), NAMES)[4] == "m...."


def test_a_weight_that_is_none_drops_the_row() -> None:
    artist = chart("weighted", size_bound=[0, 5], **RAMP)

    paint(
        artist,
        points((0, 0), (1, 1), (2, 2), weights=[[np.nan, 1, 1], [1, np.nan, 1]]),
    )

    assert artist.tally.dropped == {"null_weight": 2}
    assert artist.tally.drawn == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([("s", "numeric"), ("id", "numeric"), ("C", "numeric")], ("C", "s")),
        ([("a", "numeric"), ("t", "text"), ("b", "numeric"), ("c2", "numeric")], ("a", "b")),
        ([("id", "numeric"), ("w", "numeric")], ("w", None)),
        ([("a", "numeric")], ("a", None)),
        ([("id", "numeric"), ("s", "text")], (None, "s")),
        ([], (None, None)),
    ],
)
def test_weights_are_found_by_name_then_by_place(
    given: list[tuple[str, ColumnKind]], expected: tuple[str | None, str | None]
) -> None:
    assert chosen(columns(*given), size_bound=[0, 9]) == expected


def test_one_column_alone_is_the_size_when_there_is_one_colour() -> None:
    assert chosen(columns(("a", "numeric")), size_bound=[0, 9], color_gradient=["#f00"]) == (
        None,
        "a",
    )


def test_only_weights_that_decide_something_are_read() -> None:
    both = columns(("c", "numeric"), ("s", "numeric"))

    assert chosen(both, size_bound=[3]) == ("c", None)
    assert chosen(both, size_bound=[0, 3], color_gradient=["#f00"]) == (None, "s")


def test_a_named_weight_must_be_a_number() -> None:
    with pytest.raises(AgentFailure, match="c: a weight must be a number"):
        chosen(columns(("c", "other")))


def test_without_any_weight_rows_weigh_1() -> None:
    artist = chart("weighted", size_bound=[1, 3], aggregation_type="sum", **RAMP)

    pixels = paint(artist, points((0, 0), (4, 4), (4, 4), weights=[None, None]))

    assert pixels[4, 0].tolist() == [128, 0, 128, 255]
    assert pixels[0, 4].tolist() == list(RED)


def test_parts_give_the_same_picture() -> None:
    random = np.random.default_rng(11)
    places = [tuple(place) for place in random.uniform(0, 5, (90, 2))]
    weights = random.uniform(0, 3, (2, 90))
    style = RAMP | {"size_bound": [0, 4], "aggregation_type": "mean", "opacity": 0.4}
    whole = paint(chart("weighted", **style), points(*places, weights=list(weights)))
    merged = chart("weighted", **style)
    for i in (3, 0, 2, 1):
        part = chart("weighted", **style)
        part.add(points(*places[i::4], weights=[weights[0][i::4], weights[1][i::4]]))
        merged.merge(part)

    difference = merged.paint(nothing).astype(int) - whole.astype(int)
    assert abs(difference).max() <= 1


def test_marks_are_cut_into_parts_that_are_all_of_them() -> None:
    cut = parts(np.array([1.0, 5000.0, 5000.0, 2.0, 0.0, -3.0]))

    assert [i for part in cut for i in range(part.start, part.stop)] == list(range(6))
    assert len(cut) > 1
    assert parts(np.zeros(0)) == []
