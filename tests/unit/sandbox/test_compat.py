"""What Arctern's users wrote keeps working: import names, styles, maps and aggregates."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from sandbox.compat.namespace import FOLDER, names
from wire.charts import CHARTS, parse

BOX = (-73.998427, 40.730309, -73.954348, 40.780816)
CASES = Path(__file__).parents[2] / "cases"
ICON = CASES / "maps" / "icons" / "pin.png"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def ns():
    return names()


def size_of(picture: bytes) -> tuple[int, int]:
    return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")


def test_the_import_lines_of_a_notebook_work():
    code = (
        "from arctern_pyspark import register_funcs, pointmap, weighted_pointmap, heatmap,"
        " choroplethmap, icon_viz, fishnetmap, union_aggr, envelope_aggr\n"
        "from arctern.util.vega import vega_pointmap, vega_weighted_pointmap, vega_heatmap,"
        " vega_choroplethmap, vega_icon, vega_fishnetmap\n"
        "import arctern\n"
        "from arctern.util import save_png\n"
        "assert arctern.util.save_png is save_png\n"
    )
    root = str(Path(FOLDER).parents[1])

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{root}:{FOLDER}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_the_namespace_has_the_functions_and_the_styles(ns):
    expected = {"register_funcs", "pointmap", "heatmap", "union_aggr", "vega_pointmap", "arctern"}

    assert expected <= ns.keys()
    assert not any(name.startswith("_") for name in ns)


def test_arguments_go_by_place_as_they_did(ns):
    vega = ns["vega_pointmap"](1024, 896, list(BOX), 10, "#FF0000", 0.5, "EPSG:4326")

    style = parse(vega.chart, vega.params)

    assert (style.width, style.height, style.bounding_box) == (1024, 896, BOX)
    assert (style.point_size, style.point_color, style.opacity) == (10.0, "#FF0000", 0.5)
    assert vega.coor() == "EPSG:4326"
    assert json.loads(vega.build())["chart"] == "pointmap"


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("vega_pointmap", ()),
        ("vega_weighted_pointmap", (["#0000FF", "#FF0000"],)),
        ("vega_heatmap", (10.0,)),
        ("vega_choroplethmap", (["#0000FF", "#FF0000"],)),
        ("vega_unique_value_choroplethmap", ()),
        ("vega_icon", ("icon.png",)),
        ("vega_icon", ("icon.png", [-1, -1])),
        ("vega_fishnetmap", ()),
    ],
)
def test_styles_need_no_more_than_they_did(ns, name, rest):
    vega = ns[name](200, 100, BOX, *rest)

    assert parse(vega.chart, vega.params).coordinate_system == "EPSG:3857"


def test_every_chart_has_its_function_and_its_style(ns):
    styles = [ns[name] for name in ns if name.startswith("vega_")]

    assert len(styles) == 7
    assert {kind.chart for kind in CHARTS.values()} == {
        "pointmap",
        "weighted",
        "heatmap",
        "choropleth",
        "unique_value_choropleth",
        "icon_viz",
        "fishnetmap",
    }
    for name in styles:
        assert name.__name__.removeprefix("vega_").replace("icon", "icon_viz") in ns


def test_a_picture_becomes_a_file(ns, tmp_path):
    ns["save_png"](base64.b64encode(PNG).decode(), tmp_path / "map.png")

    assert (tmp_path / "map.png").read_bytes() == PNG


@pytest.fixture(scope="module")
def trips(runtime):
    return runtime.spark.sql(
        "SELECT ST_Point(x, y) AS point, c, s, ST_PolygonFromEnvelope(x, y, x + 0.01, y + 0.01)"
        " AS cell, ST_AsText(ST_Point(x, y)) AS wkt, ST_AsBinary(ST_Point(x, y)) AS wkb"
        " FROM VALUES (-73.98D, 40.75D, 1.0D, 5.0D), (-73.97D, 40.76D, 2.0D, 8.0D) AS t(x, y, c, s)"
    )


@pytest.mark.spark
@pytest.mark.parametrize(
    ("chart", "style", "rest", "columns"),
    [
        ("pointmap", "vega_pointmap", {}, ["point"]),
        (
            "weighted_pointmap",
            "vega_weighted_pointmap",
            {"color_gradient": ["#0000FF", "#FF0000"], "color_bound": [0, 2]},
            ["point", "c", "s"],
        ),
        ("heatmap", "vega_heatmap", {"map_zoom_level": 10}, ["point", "c"]),
        ("choroplethmap", "vega_choroplethmap", {"color_gradient": ["#0000FF"]}, ["cell", "c"]),
        (
            "unique_value_choroplethmap",
            "vega_unique_value_choroplethmap",
            {"unique_value_infos": {"1.0": "#f00"}},
            ["cell", "c"],
        ),
        ("icon_viz", "vega_icon", {"icon_path": str(ICON), "icon_size": [8, 12]}, ["point"]),
        ("fishnetmap", "vega_fishnetmap", {"cell_size": 8}, ["point", "c"]),
    ],
)
def test_a_map_of_a_data_frame_is_base64_text(ns, trips, chart, style, rest, columns):
    vega = ns[style](200, 100, BOX, coordinate_system="EPSG:4326", **rest)

    picture = base64.b64decode(ns[chart](vega, trips.select(*columns)), validate=True)

    assert picture.startswith(PNG)
    assert size_of(picture) == (200, 100)


@pytest.mark.spark
@pytest.mark.parametrize("column", ["point", "wkt", "wkb"])
def test_aggregates_of_a_column_are_wkb(ns, trips, column):
    from shapely import wkb

    whole = wkb.loads(ns["union_aggr"](trips, column))
    box = wkb.loads(ns["envelope_aggr"](trips, column))

    assert whole.geom_type == "MultiPoint"
    assert box.bounds == (-73.98, 40.75, -73.97, 40.76)


@pytest.mark.spark
def test_of_nothing_an_aggregate_is_none(ns, trips):
    assert ns["union_aggr"](trips.where("c > 5"), "point") is None


@pytest.mark.spark
def test_functions_can_be_registered_again(ns, runtime):
    ns["register_funcs"](runtime.spark)

    assert runtime.spark.sql("SELECT ST_AsText('POINT (1 2)')").collect()[0][0] == "POINT (1 2)"


@pytest.mark.spark
@pytest.mark.slow
def test_a_notebook_of_arctern_s_users_runs_as_they_wrote_it(ns, runtime, tmp_path, monkeypatch):
    from shapely import wkb

    script = CASES / "notebooks" / "arctern_spark.py"
    trips_csv = Path(__file__).parents[3] / "samples" / "nyc_taxi.csv"
    monkeypatch.chdir(tmp_path)
    namespace = {**ns, "spark": runtime.spark, "TRIPS": f"file://{trips_csv}", "ICON": str(ICON)}

    exec(compile(script.read_text(), str(script), "exec"), namespace)

    sizes = {path.name: size_of(path.read_bytes()) for path in tmp_path.glob("*.png")}
    assert sizes == {
        "pointmap.png": (1024, 896),
        "weighted_pointmap.png": (1024, 896),
        "heatmap.png": (1024, 896),
        "choroplethmap.png": (1922, 1663),
        "icon_viz.png": (1024, 896),
        "fishnetmap.png": (1024, 896),
    }
    for path in tmp_path.glob("*.png"):
        assert Image.open(path).getchannel("A").getextrema()[1] == 255, path
    assert wkb.loads(namespace["union"]).area > 0
    assert wkb.loads(namespace["envelope"]).contains(wkb.loads(namespace["union"]))
