import math

import pytest

from wire.charts import (
    CHARTS,
    MAX_PIXELS,
    ChartError,
    Choropleth,
    Fishnetmap,
    Heatmap,
    IconViz,
    Pointmap,
    Style,
    UniqueValueChoropleth,
    Weighted,
    parse,
    rgba,
)

NEEDED = {
    "heatmap": {"map_zoom_level": 10},
    "icon_viz": {"icon_path": "icon.png"},
    "unique_value_choropleth": {"unique_value_infos": {"A": "#fff"}},
}
CANVAS = {"width": 300, "height": 200, "bounding_box": [-74, 40, -73, 41]}


def style(chart: str, **given: object) -> Style:
    return parse(chart, CANVAS | given, MAX_PIXELS)


def refusal(chart: str, **given: object) -> ChartError:
    with pytest.raises(ChartError) as caught:
        style(chart, **given)
    return caught.value


def test_defaults_are_those_of_the_specification() -> None:
    pointmap = style("pointmap")
    weighted = style("weighted")
    heatmap = style("heatmap", map_zoom_level=10)
    choropleth = style("choropleth")

    assert pointmap == Pointmap(width=300, height=200, bounding_box=(-74.0, 40.0, -73.0, 41.0))
    assert isinstance(pointmap, Pointmap)
    assert (pointmap.point_size, pointmap.point_color, pointmap.opacity) == (3, "#115f9a", 1)
    assert (pointmap.coordinate_system, pointmap.format) == ("EPSG:3857", "png")
    assert isinstance(weighted, Weighted)
    assert (weighted.aggregate, weighted.size_bound, weighted.color_bound) == ("max", (3,), None)
    assert weighted.color_gradient == ("#115f9a", "#d0f400")
    assert isinstance(heatmap, Heatmap)
    assert (heatmap.aggregate, heatmap.kernel) == ("sum", "box")
    assert isinstance(choropleth, Choropleth)
    assert (choropleth.aggregate, choropleth.opacity) == ("sum", 1)


def test_defaults_of_cells_icons_and_labels() -> None:
    fishnet = style("fishnetmap")
    icons = style("icon_viz", icon_path="icon.png")
    unique = style("unique_value_choropleth", unique_value_infos={"A": "#fff"})

    assert isinstance(fishnet, Fishnetmap)
    assert (fishnet.cell_size, fishnet.cell_spacing, fishnet.opacity) == (4, 1, 1)
    assert (fishnet.aggregate, len(fishnet.color_gradient)) == ("sum", 5)
    assert isinstance(icons, IconViz)
    assert (icons.icon, icons.icon_size, icons.anchor) == (None, None, "bottom-left")
    assert isinstance(unique, UniqueValueChoropleth)
    assert (unique.unique_value_infos, unique.opacity) == ({"A": "#fff"}, 1)


@pytest.mark.parametrize("parameter", ["width", "height", "bounding_box"])
@pytest.mark.parametrize("chart", ["pointmap", "weighted", "choropleth"])
def test_a_missing_parameter_is_named(chart: str, parameter: str) -> None:
    given = {name: value for name, value in CANVAS.items() if name != parameter}

    with pytest.raises(ChartError, match=f"^{parameter}: is required$") as caught:
        parse(chart, given)

    assert caught.value.parameter == parameter


def test_a_heatmap_needs_its_zoom_level() -> None:
    assert refusal("heatmap").parameter == "map_zoom_level"


@pytest.mark.parametrize(
    ("chart", "parameter", "value"),
    [
        ("pointmap", "width", 0),
        ("pointmap", "width", 16_385),
        ("pointmap", "width", "300"),
        ("pointmap", "width", 300.5),
        ("pointmap", "width", True),
        ("pointmap", "height", -1),
        ("pointmap", "bounding_box", [1, 2, 3]),
        ("pointmap", "bounding_box", [1, 2, 3, "4"]),
        ("pointmap", "bounding_box", [1, 2, 1, 4]),
        ("pointmap", "bounding_box", [1, 5, 2, 4]),
        ("pointmap", "bounding_box", [1, 2, math.inf, 4]),
        ("pointmap", "bounding_box", [1, 2, math.nan, 4]),
        ("pointmap", "bounding_box", "1,2,3,4"),
        ("pointmap", "coordinate_system", 4326),
        ("pointmap", "format", "gif"),
        ("pointmap", "point_size", -1),
        ("pointmap", "point_size", "3"),
        ("pointmap", "point_size", math.nan),
        ("pointmap", "point_color", "blue"),
        ("pointmap", "point_color", "#12345"),
        ("pointmap", "point_color", "#115f9a\n"),
        ("pointmap", "point_color", 17),
        ("pointmap", "opacity", 1.01),
        ("pointmap", "opacity", -0.01),
        ("pointmap", "opacity", "0.5"),
        ("weighted", "color_gradient", []),
        ("weighted", "color_gradient", ["#000000"] * 17),
        ("weighted", "color_gradient", ["#000000", "green"]),
        ("weighted", "color_gradient", "#000000"),
        ("weighted", "color_bound", [2]),
        ("weighted", "color_bound", [2, 1]),
        ("weighted", "color_bound", [2, math.inf]),
        ("weighted", "size_bound", []),
        ("weighted", "size_bound", [5, 4]),
        ("weighted", "size_bound", [1, 2, 3]),
        ("weighted", "aggregation_type", "median"),
        ("heatmap", "map_zoom_level", "ten"),
        ("heatmap", "map_zoom_level", -1),
        ("heatmap", "kernel", "round"),
        ("choropleth", "opacity", 2),
        ("choropleth", "color_bound", "2.5,5"),
        ("fishnetmap", "cell_size", 0),
        ("fishnetmap", "cell_size", "4"),
        ("fishnetmap", "cell_size", math.inf),
        ("fishnetmap", "cell_spacing", -0.5),
        ("fishnetmap", "color_gradient", []),
        ("fishnetmap", "opacity", 1.5),
        ("icon_viz", "icon_path", 7),
        ("icon_viz", "icon", ["a"]),
        ("icon_viz", "icon_size", [0, 1]),
        ("icon_viz", "icon_size", [5]),
        ("icon_viz", "icon_size", [9000, 9000]),
        ("icon_viz", "anchor", "top"),
        ("unique_value_choropleth", "unique_value_infos", []),
        ("unique_value_choropleth", "unique_value_infos", {"A": "green"}),
        ("unique_value_choropleth", "unique_value_infos", {"A": None}),
        ("unique_value_choropleth", "opacity", -1),
    ],
)
def test_a_bad_value_is_refused_by_name(chart: str, parameter: str, value: object) -> None:
    error = refusal(chart, **(NEEDED.get(chart, {}) | {parameter: value}))

    assert error.parameter == parameter
    assert str(error).startswith(f"{parameter}: ")


def test_an_unknown_aggregation_lists_the_known_ones() -> None:
    message = str(refusal("weighted", aggregation_type="median"))

    for word in ("sum", "min", "max", "mean", "count", "std", "avg", "stddev"):
        assert word in message


@pytest.mark.parametrize(("word", "meaning"), [("avg", "mean"), ("stddev", "std"), ("min", "min")])
def test_aggregations_have_aliases(word: str, meaning: str) -> None:
    chosen = style("choropleth", aggregation_type=word)

    assert isinstance(chosen, Choropleth)
    assert chosen.aggregate == meaning


def test_an_icon_is_required_one_way_or_the_other() -> None:
    assert refusal("icon_viz").parameter == "icon_path"
    assert style("icon_viz", icon="aWNvbg==") == style("icon_viz", icon="aWNvbg==", icon_path=None)


def test_labels_with_a_colour_are_required() -> None:
    assert refusal("unique_value_choropleth").parameter == "unique_value_infos"


def test_too_many_pixels_name_the_width() -> None:
    assert refusal("pointmap", width=16_384, height=16_384).parameter == "width"
    assert style("pointmap", width=16_384, height=4_096).width == 16_384
    with pytest.raises(ChartError, match="more than 100 "):
        parse("pointmap", CANVAS, 100)


def test_webp_has_shorter_sides() -> None:
    assert refusal("pointmap", width=16_384, format="webp").parameter == "format"


def test_whole_numbers_and_floats_are_one() -> None:
    chosen = style("pointmap", width=300.0, opacity=1, point_size=2)

    assert isinstance(chosen, Pointmap)
    assert (chosen.width, chosen.opacity, chosen.point_size) == (300, 1.0, 2.0)


def test_null_is_not_given_and_unknown_members_are_ignored() -> None:
    assert style("pointmap", opacity=None, icon_path="x") == style("pointmap")


def test_both_names_of_a_chart_are_one_chart() -> None:
    assert style("weighted_pointmap") == style("weighted")
    assert style("choroplethmap") == style("choropleth")
    assert style("fishnet") == style("fishnetmap")
    assert {kind.chart for kind in CHARTS.values()} <= set(CHARTS)


def test_an_unknown_chart_is_refused() -> None:
    assert refusal("piechart").parameter == "chart"


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#115f9a", (0x11, 0x5F, 0x9A, 255)),
        ("115F9A", (0x11, 0x5F, 0x9A, 255)),
        ("#1af", (0x11, 0xAA, 0xFF, 255)),
        ("#01020380", (1, 2, 3, 128)),
        ("000", (0, 0, 0, 255)),
    ],
)
def test_colours_are_read(text: str, colour: tuple[int, int, int, int]) -> None:
    chosen = style("pointmap", point_color=text)

    assert isinstance(chosen, Pointmap)
    assert rgba(chosen.point_color) == colour
