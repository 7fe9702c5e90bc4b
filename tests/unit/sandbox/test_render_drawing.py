import threading
import time

import cv2
import numpy as np
import pytest

from sandbox.failure import AgentFailure
from sandbox.render.clock import STAGES, Clock
from sandbox.render.drawing import draw
from sandbox.work import Work
from tests.unit.sandbox.render_rows import ArrayProvider, points, shapes, style
from wire.protocol import ErrorCode


def soon() -> Work:
    return Work("test", time.monotonic() + 60)


def decode(picture: bytes) -> np.ndarray:
    bgra = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)
    return cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA)


def test_a_picture_and_its_facts() -> None:
    provider = ArrayProvider([points((0, 0)), points((4, 4), (9, 9))])

    reply, picture = draw(style("pointmap", point_size=1), "select", provider, soon())

    assert provider.seen == ["select"]
    assert (reply.rows, reply.drawn, reply.dropped) == (3, 2, {"outside": 1})
    assert (reply.device, reply.source, reply.cached) == ("cpu", "cache", True)
    assert (reply.content_length, reply.content_type) == (len(picture), "image/png")
    assert tuple(reply.ms) == STAGES
    assert all(value >= 0 for value in reply.ms.values())
    assert np.argwhere(decode(picture)[..., 3]).tolist() == [[0, 4], [4, 0]]


def test_webp_is_a_picture_too() -> None:
    reply, picture = draw(
        style("choropleth", format="webp"),
        "select",
        ArrayProvider([shapes("POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))")]),
        soon(),
    )

    assert reply.content_type == "image/webp"
    assert (decode(picture)[..., 3] == 255).all()


def test_no_rows_are_a_transparent_picture() -> None:
    reply, picture = draw(style("heatmap", map_zoom_level=3), "select", ArrayProvider([]), soon())

    assert (reply.rows, reply.drawn, reply.dropped) == (0, 0, {})
    assert not decode(picture).any()


@pytest.mark.parametrize("chart", ["pointmap", "weighted"])
def test_cancelled_work_stops_between_batches(chart: str) -> None:
    work = Work("test", time.monotonic() + 60, cancelled=threading.Event())
    work.cancelled.set()

    with pytest.raises(AgentFailure) as caught:
        draw(style(chart), "select", ArrayProvider([points((0, 0), weights=[None, None])]), work)

    assert caught.value.code is ErrorCode.CANCELLED


def test_the_clock_adds_up_what_a_stage_takes() -> None:
    clock = Clock()

    assert list(clock.waiting("query", iter([1, 2, 3]))) == [1, 2, 3]
    assert clock.ms["query"] > 0
    assert clock.ms["shade"] == 0
