from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import msgspec
import numpy as np
import pytest

from sandbox.failure import AgentFailure
from sandbox.render.maps import Maps
from sandbox.sqlerrors import translate
from sandbox.work import WorkBoard
from wire.messages import RenderReply, RenderRequest
from wire.protocol import ErrorCode
from wire.settings import AgentSettings

if TYPE_CHECKING:
    from sandbox.runtime.spark import SparkRuntime
    from sandbox.work import Work

pytestmark = pytest.mark.spark

BOX = {"width": 5, "height": 5, "bounding_box": [0, 0, 5, 5], "point_size": 1}
POINTS = "select ST_Point(double(id), double(id)) as p"


@pytest.fixture(scope="module")
def maps(runtime: SparkRuntime, agent_settings: AgentSettings) -> Maps:
    result = Maps(runtime, agent_settings)
    result.warm()
    return result


def request(sql: str, chart: str = "pointmap", **params: Any) -> RenderRequest:
    return RenderRequest(
        work_id="test",
        session="spark",
        sql=sql,
        chart=chart,
        params=BOX | params,
        max_pixels=1_000_000,
        timeout_s=60,
    )


@pytest.fixture
def draw(maps: Maps, work: Work) -> Any:
    def render(sql: str, chart: str = "pointmap", **params: Any) -> tuple[RenderReply, np.ndarray]:
        reply, picture = maps.render(request(sql, chart, **params), work)
        assert reply.content_length == len(picture)
        bgra = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)
        return reply, cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA)

    return render


def marks(pixels: np.ndarray) -> list[list[int]]:
    found: list[list[int]] = np.argwhere(pixels[..., 3]).tolist()
    return found


def test_rows_of_sql_become_pixels(draw: Any) -> None:
    reply, pixels = draw(f"{POINTS} from range(7)")

    assert marks(pixels) == [[0, 4], [1, 3], [2, 2], [3, 1], [4, 0]]
    assert (reply.rows, reply.drawn, reply.dropped) == (7, 5, {"outside": 2})
    assert (reply.device, reply.source, reply.cached) == ("cpu", "spark", False)
    assert reply.ms["query"] > 0


def test_every_bad_row_has_its_reason(draw: Any) -> None:
    reply, pixels = draw(
        """
        select * from values
            (1, ST_GeomFromText('POINT (1 1)')),
            (2, null),
            (3, ST_GeomFromText('POINT EMPTY')),
            (4, ST_GeomFromText('LINESTRING (0 0, 1 1)')),
            (5, ST_Point(double('NaN'), 1)),
            (6, ST_Point(1, double('Infinity'))),
            (7, ST_Point(70, 1)) as t(id, anything)
        """
    )

    assert marks(pixels) == [[3, 1]]
    assert reply.dropped == {
        "null": 1, "empty": 1, "wrong_type": 1, "not_finite": 2, "outside": 1
    }  # fmt: skip


def test_many_partitions_and_batches_are_one_picture(draw: Any) -> None:
    reply, pixels = draw(
        "select ST_Point(id % 5, 0) as p, id from range(0, 100000, 1, 13)", opacity=0.0001
    )

    assert reply.drawn == 100_000
    # 1 - (1 - 0.0001)^20000
    assert pixels[4, :, 3].tolist() == [220] * 5


def test_weights_come_by_name_with_null_text_and_decimal(draw: Any) -> None:
    reply, pixels = draw(
        """
        select * from values
            (decimal('0.0'), ST_Point(0, 0), '1'), (decimal('2.0'), ST_Point(1, 0), '3'),
            (null, ST_Point(2, 0), '1'), (decimal('1'), ST_Point(3, 0), 'many') as t(c, p, s)
        """,
        chart="weighted",
        size_bound=[0, 1],
        color_gradient=["#0000FF", "#FF0000"],
        color_bound=[0, 2],
    )

    assert reply.dropped == {"null_weight": 2}
    assert pixels[4].tolist() == [[0, 0, 255, 255], [255, 0, 0, 255], [0] * 4, [0] * 4, [0] * 4]


def test_a_heatmap_counts_rows_without_a_weight(draw: Any) -> None:
    reply, pixels = draw(f"{POINTS} from range(3)", chart="heatmap", map_zoom_level=0)

    assert reply.drawn == 3
    assert pixels[..., 3].max() == 255


LEFT, RIGHT = (
    f"ST_GeomFromText('POLYGON (({a} 0, {b} 0, {b} 5, {a} 5, {a} 0))')" for a, b in ((0, 3), (2, 5))
)


@pytest.mark.parametrize(
    ("order", "middle"),
    [
        ("", "red"),
        ("order by w", "red"),
        ("order by w desc", "blue"),
        ("order by 2 limit 5", "red"),
    ],
)
def test_a_choropleth_honours_the_order(draw: Any, order: str, middle: str) -> None:
    reply, pixels = draw(
        f"select * from values ({LEFT}, 0), ({RIGHT}, 2), ({RIGHT}, 2) as t(g, w) {order}",
        chart="choropleth",
        color_gradient=["#0000FF", "#FF0000"],
        color_bound=[0, 4],
    )

    colours = {"blue": [0, 0, 255, 255], "red": [255, 0, 0, 255]}
    assert pixels[2, 2].tolist() == colours[middle]
    assert pixels[2, 0].tolist() == colours["blue"]
    assert reply.drawn == 3


def test_labels_are_texts_of_any_type(draw: Any) -> None:
    reply, pixels = draw(
        f"select {LEFT} as g, 1 as kind union all select {RIGHT}, 2 union all select {RIGHT}, null",
        chart="unique_value_choropleth",
        unique_value_infos={"1": "#0000FF", "2": "#FF0000"},
    )

    assert pixels[2, [0, 4]].tolist() == [[0, 0, 255, 255], [255, 0, 0, 255]]
    assert (reply.drawn, reply.dropped) == (2, {"null_weight": 1})


@pytest.mark.parametrize(
    ("order", "row"), [("", "rrrrb"), ("order by id", "rrrrb"), ("order by id desc", "rbbbb")]
)
def test_icons_lie_in_the_order_of_rows(
    draw: Any, agent_settings: AgentSettings, order: str, row: str
) -> None:
    path = Path(agent_settings.scope_dir) / "files" / "red and blue.png"
    assert cv2.imwrite(str(path), np.array([[[0, 0, 255, 255], [255, 0, 0, 255]]], np.uint8))

    reply, pixels = draw(
        f"select ST_Point(double(id), 0) as p from range(0, 4, 1, 3) {order}",
        chart="icon_viz",
        icon_path="red and blue.png",
    )

    assert reply.drawn == 4
    assert "".join("r" if pixel[0] else "b" for pixel in pixels[4]) == row


@pytest.mark.parametrize("path", ["../secret.png", "missing.png", "", "."])
def test_an_icon_that_is_not_there_is_refused(draw: Any, path: str) -> None:
    with pytest.raises(AgentFailure, match=r"^icon_path: ") as caught:
        draw(f"{POINTS} from range(1)", chart="icon_viz", icon_path=path)

    assert caught.value.code is ErrorCode.BAD_PARAMETER


def test_a_fishnet_of_sql(draw: Any) -> None:
    reply, pixels = draw(f"{POINTS} from range(7)", chart="fishnetmap", cell_size=4)

    assert (reply.drawn, reply.dropped) == (5, {"outside": 2})
    assert pixels[1:, :4, 3].all()
    assert not pixels[1:, 4, 3].any()


def test_wkt_is_cast_when_there_is_no_geometry(draw: Any) -> None:
    reply, pixels = draw("select 'POINT (2 2)' as place, 1 as w union all select null, 2")

    assert marks(pixels) == [[2, 2]]
    assert reply.dropped == {"null": 1}


def test_wkt_that_is_none_does_not_fail_the_picture(draw: Any) -> None:
    reply, _ = draw("select * from values ('POINT (2 2)'), ('junk'), ('') as t(place)")

    assert (reply.rows, reply.drawn, reply.dropped) == (3, 1, {"null": 2})


def test_columns_may_share_a_name(draw: Any) -> None:
    assert draw("select 1 as a, ST_Point(1, 1) as a, 2 as a")[0].drawn == 1


def test_no_rows_are_a_transparent_picture(draw: Any) -> None:
    reply, pixels = draw(f"{POINTS} from range(0)", chart="heatmap", map_zoom_level=3)

    assert (reply.rows, reply.drawn) == (0, 0)
    assert not pixels.any()


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"sql": "select 1 as one"}, "geometry"),
        ({"coordinate_system": "EPSG:999999"}, "coordinate_system"),
        ({"width": 0}, "width"),
        ({"chart": "piechart"}, "chart"),
        ({"width": 1001, "height": 1000}, "width"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(
    draw: Any, params: dict[str, Any], parameter: str
) -> None:
    with pytest.raises(AgentFailure) as caught:
        draw(**({"sql": f"{POINTS} from range(1)"} | params))

    assert caught.value.code is ErrorCode.BAD_PARAMETER
    assert caught.value.message.startswith(f"{parameter}: ")


def test_an_unknown_session_is_told(maps: Maps, work: Work) -> None:
    elsewhere = msgspec.structs.replace(request("select 1"), session="nobody")
    with pytest.raises(AgentFailure) as caught:
        maps.render(elsewhere, work)

    assert caught.value.code is ErrorCode.SESSION_NOT_FOUND


@pytest.mark.parametrize(
    "sql",
    [
        "select ST_Point(1, 1) from no_such_table",
        f"{POINTS} frm",
        f"{POINTS} from range(9) where 1 / (id - 8) > 0",
    ],
)
def test_the_errors_of_sql_are_spark_s(draw: Any, sql: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        draw(sql)

    failure = translate(caught.value)  # type: ignore[arg-type]
    assert failure.code is ErrorCode.SQL_ERROR
    assert "error_class" in failure.facts


async def test_a_map_stopped_in_the_middle_leaves_spark_well(
    maps: Maps, runtime: SparkRuntime
) -> None:
    board = WorkBoard(runtime.sc)
    endless = f"{POINTS} from range(0, 4000000000, 1, 2000)"

    with pytest.raises(AgentFailure) as caught:
        await board.run("endless", 0.5, partial(maps.render, request(endless)))
    reply, _ = await board.run(
        "short", 60, partial(maps.render, request(f"{POINTS} from range(3)"))
    )
    board.close()

    assert caught.value.code is ErrorCode.TIMEOUT
    assert reply.drawn == 3


def test_absurd_points_of_real_data_are_dropped_and_counted(
    draw: Any, runtime: SparkRuntime, shared_data: Path
) -> None:
    path = shared_data / "nyc_uber_fares_10k.csv"
    frame = runtime.spark.read.csv(str(path), header=True, inferSchema=True)
    frame.createOrReplaceTempView("uber_to_draw")

    reply, pixels = draw(
        "select ST_Point(pickup_longitude, pickup_latitude) as p from uber_to_draw",
        coordinate_system="EPSG:4326", bounding_box=[-74.1, 40.6, -73.7, 40.9],
        width=300, height=300,
    )  # fmt: skip

    assert reply.rows == frame.count()
    assert reply.drawn + sum(reply.dropped.values()) == reply.rows
    assert reply.dropped["outside"] > 100
    assert pixels.any()
