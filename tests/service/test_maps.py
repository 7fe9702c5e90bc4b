"""The seven maps, under all of their names."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.fakes.agent import ScriptedAgent, drawn, failed
from tests.service.client import ErrorCode, User
from tests.service.conftest import ServerFactory
from wire import messages as wire

PARAMS: dict[str, Any] = {"width": 10, "height": 10, "bounding_box": [0, 0, 1, 1]}
PATHS = {
    "/pointmap": ("pointmap", PARAMS),
    "/heatmap": ("heatmap", {**PARAMS, "map_zoom_level": 10}),
    "/choropleth": ("choropleth", PARAMS),
    "/choroplethmap": ("choropleth", PARAMS),
    "/weighted": ("weighted", PARAMS),
    "/weighted_pointmap": ("weighted", PARAMS),
    "/icon_viz": ("icon_viz", {**PARAMS, "icon_path": "icon.png"}),
    "/fishnetmap": ("fishnetmap", PARAMS),
    "/fishnet": ("fishnetmap", PARAMS),
    "/unique_value_choropleth": (
        "unique_value_choropleth",
        {**PARAMS, "unique_value_infos": {"A": "#f00"}},
    ),
}


def asking(params: dict[str, Any] = PARAMS) -> dict[str, Any]:
    return {"scope": "taxi", "sql": "select p from t", "params": params}


@pytest.mark.parametrize("path", PATHS)
async def test_every_name_draws_its_chart(ann: User, agent: ScriptedAgent, path: str) -> None:
    chart, params = PATHS[path]

    (await ann.post(path, asking(params))).good()

    [asked] = agent.asked_for(wire.RenderRequest)
    assert (asked.chart, asked.sql, asked.session) == (chart, "select p from t", "spark")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 1_000_001])
async def test_json_has_base64_and_the_facts(ann: User, agent: ScriptedAgent, size: int) -> None:
    picture = bytes(n % 251 for n in range(size))
    agent.on(wire.RenderRequest, drawn(picture))

    body = (await ann.post("/pointmap", asking())).good()

    assert base64.b64decode(body["result"], validate=True) == picture
    assert body["render"] == {
        "rows": 2,
        "drawn": 1,
        "dropped": {"outside": 1},
        "device": "cpu",
        "source": "spark",
        "cached": False,
        "ms": {"query": 1.0},
    }


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("kind", "form"), [("image/png", "png"), ("image/webp", "webp")])
async def test_accept_gives_the_picture_itself(
    ann: User, agent: ScriptedAgent, kind: str, form: str, path: str
) -> None:
    agent.on(wire.RenderRequest, drawn(b"picture"))

    reply = await ann.post(path, asking(PATHS[path][1]), headers={"Accept": kind})

    assert (reply.raw, reply.headers["Content-Type"]) == (b"picture", kind)
    assert (reply.headers["X-Render-Rows"], reply.headers["X-Render-Drawn"]) == ("2", "1")
    assert json.loads(reply.headers["X-Render-Dropped"]) == {"outside": 1}
    assert json.loads(reply.headers["X-Render-Ms"]) == {"query": 1.0}
    assert reply.headers["X-Render-Device"] == "cpu"
    assert reply.headers["X-Render-Cached"] == "false"
    assert agent.asked_for(wire.RenderRequest)[0].params["format"] == form


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/png;q=0", "application/json"),
        ("image/png;q=0.5, image/webp", "image/webp"),
        ("application/json, image/png;q=0.9", "application/json"),
        ("application/json;q=0.1, image/PNG", "image/png"),
        ("image/avif,image/webp,image/apng,*/*;q=0.8", "image/webp"),
        ("*/*", "application/json"),
        ("image/png;q=high", "application/json"),
    ],
)
async def test_the_client_s_preference_is_followed(
    ann: User, agent: ScriptedAgent, accept: str, kind: str
) -> None:
    agent.on(wire.RenderRequest, drawn(b"picture"))

    reply = await ann.post("/pointmap", asking(), headers={"Accept": accept})

    assert reply.headers["Content-Type"].split(";")[0] == kind


async def test_what_an_agent_says_never_ends_a_header(ann: User, agent: ScriptedAgent) -> None:
    frame = drawn(b"x")
    head = wire.RenderReply(
        rows=1,
        drawn=1,
        dropped={"a\r\nX-Evil: 1": 1},
        device="cpu\r\nX-Evil: 1",
        source="spark",
        cached=False,
        ms={},
        content_length=1,
    )
    agent.on(wire.RenderRequest, type(frame)(head, b"x"))

    reply = await ann.post("/pointmap", asking(), headers={"Accept": "image/png"})

    assert reply.status == 200
    assert "X-Evil" not in reply.headers


@pytest.mark.parametrize(
    ("path", "change", "parameter"),
    [
        ("/pointmap", {"width": None}, "width"),
        ("/pointmap", {"width": "wide"}, "width"),
        ("/pointmap", {"height": 0}, "height"),
        ("/pointmap", {"bounding_box": [1, 0, 0, 1]}, "bounding_box"),
        ("/pointmap", {"opacity": 2}, "opacity"),
        ("/pointmap", {"point_color": "red"}, "point_color"),
        ("/heatmap", {}, "map_zoom_level"),
        ("/choropleth", {"color_bound": [2, 1]}, "color_bound"),
        ("/weighted", {"aggregation_type": "median"}, "aggregation_type"),
        ("/icon_viz", {}, "icon_path"),
        ("/icon_viz", {"icon_path": "i.png", "icon_size": [0, 5]}, "icon_size"),
        ("/icon_viz", {"icon_path": "i.png", "anchor": "top"}, "anchor"),
        ("/fishnet", {"cell_size": 0.5}, "cell_size"),
        ("/fishnetmap", {"cell_spacing": -1}, "cell_spacing"),
        ("/unique_value_choropleth", {}, "unique_value_infos"),
        ("/unique_value_choropleth", {"unique_value_infos": {"A": "red"}}, "unique_value_infos"),
    ],
)
async def test_a_bad_parameter_is_named_before_anything_runs(
    ann: User, agent: ScriptedAgent, path: str, change: dict[str, Any], parameter: str
) -> None:
    reply = await ann.post(path, asking({**PARAMS, **change}))

    assert reply.error == (400, 400, "bad_parameter")
    assert reply.body["parameter"] == parameter
    assert agent.asked_for(wire.RenderRequest) == []


async def test_too_many_pixels_are_400(make_server: ServerFactory) -> None:
    server = await make_server(max_pixels="99")
    ann = await server.user("ann")

    reply = await ann.post("/pointmap", asking())

    assert (reply.status, reply.body["parameter"]) == (400, "width")


async def test_parameters_the_agent_refuses_are_400(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.RenderRequest, failed(ErrorCode.BAD_PARAMETER, "geometry: no such column"))

    reply = await ann.post("/pointmap", asking())

    assert reply.error == (400, 400, "bad_parameter")


async def test_a_picture_without_rows_is_no_error(ann: User, agent: ScriptedAgent) -> None:
    head = wire.RenderReply(
        rows=0,
        drawn=0,
        dropped={},
        device="cpu",
        source="spark",
        cached=False,
        ms={},
        content_length=1,
    )
    agent.on(wire.RenderRequest, type(drawn())(head, b"x"))

    assert (await ann.post("/pointmap", asking())).good()["render"]["drawn"] == 0
