import math

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.failure import AgentFailure
from sandbox.render.aggregate import cpu
from sandbox.render.canvas import Canvas, project
from sandbox.render.tally import Fault
from wire.charts import parse
from wire.protocol import ErrorCode

SEED_BOX = [-73.984092, 40.753893, -73.977588, 40.756342]


def canvas(box: list[float], width: int = 3, height: int = 3, crs: str = "EPSG:3857") -> Canvas:
    params = {"width": width, "height": height, "bounding_box": box, "coordinate_system": crs}
    return Canvas.of(parse("pointmap", params))


def places(on: Canvas, *points: tuple[float, float]) -> tuple[list[tuple[int, int]], list[int]]:
    """(column, row from the top) of each point, and its fault."""
    x, y = np.array(points, np.float64).T
    faults = np.zeros(len(points), np.uint8)
    pixels = on.locate(np.ascontiguousarray(x), np.ascontiguousarray(y), faults)
    return [(int(p) % on.width, int(p) // on.width) for p in pixels], faults.tolist()


def test_anchors_of_the_specification() -> None:
    found, faults = places(
        canvas(SEED_BOX, 300, 200, "EPSG:4326"),
        (-73.978003, 40.754594),
        (-73.978185, 40.755587),
    )

    assert [(column, 199 - row) for column, row in found] == [(280, 57), (272, 138)]
    assert faults == [Fault.NONE, Fault.NONE]


def test_pixels_are_half_open_and_north_is_up() -> None:
    found, faults = places(
        canvas([0, 0, 3, 3]), (0, 0), (2.999, 2.999), (1, 1), (3, 1), (1, 3), (-1e-9, 1)
    )

    assert found[:3] == [(0, 2), (2, 0), (1, 1)]
    assert faults == [0, 0, 0, Fault.OUTSIDE, Fault.OUTSIDE, Fault.OUTSIDE]


def test_the_right_edge_is_outside_for_every_box() -> None:
    random = np.random.default_rng(7)
    for low, span in zip(
        random.uniform(-1e7, 1e7, 300), random.uniform(1e-3, 1e7, 300), strict=True
    ):
        high = low + span
        _, faults = places(
            canvas([float(low), 0, float(high), 1], 1021, 1), (high, 0.5), (low, 0.5)
        )
        assert faults == [Fault.OUTSIDE, Fault.NONE]


def test_axes_scale_independently() -> None:
    found, _ = places(canvas([0, 0, 100, 1], 10, 2), (55, 0.6))

    assert found == [(5, 0)]


def test_faults_before_the_place_are_kept_and_others_found() -> None:
    on = canvas([-10, -10, 10, 10], 4, 4, "EPSG:4326")
    x = np.array([0.0, math.nan, 0.0, 0.0, 50.0])
    y = np.array([0.0, 0.0, math.inf, 91.0, 0.0])
    faults = np.array([Fault.EMPTY, 0, 0, 0, 0], np.uint8)

    pixels = on.locate(x, y, faults)

    expected = [Fault.EMPTY, Fault.NOT_FINITE, Fault.NOT_FINITE, Fault.UNTRANSFORMABLE]
    assert faults.tolist() == [*expected, Fault.OUTSIDE]
    assert pixels.tolist() == [-1] * 5


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
)
def test_mercator_is_what_proj_says(lon: float, lat: float) -> None:
    proj = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)

    x, y = project(np.array([lon]), np.array([lat]), "epsg:4326")

    assert (x[0], y[0]) == pytest.approx(proj.transform(lon, lat), rel=1e-14, abs=1e-8)


def test_other_systems_are_transformed() -> None:
    feet = canvas([980_000, 190_000, 1_000_000, 210_000], 100, 100, "EPSG:2263")

    found, faults = places(feet, (990_000, 200_000), (1e12, 1e12))

    assert faults[0] == Fault.NONE
    assert abs(found[0][0] - 50) <= 1
    assert abs(found[0][1] - 50) <= 1
    assert faults[1] in (Fault.OUTSIDE, Fault.UNTRANSFORMABLE)


@pytest.mark.parametrize(
    ("box", "crs", "parameter"),
    [
        ([0, 0, 1, 1], "EPSG:999999", "coordinate_system"),
        ([0, 0, 1, 1], "nonsense", "coordinate_system"),
        ([0, 95, 1, 96], "EPSG:4326", "bounding_box"),
        ([-100, -91, 100, 91], "EPSG:4326", "bounding_box"),
    ],
)
def test_an_area_that_is_none_is_refused_by_name(
    box: list[float], crs: str, parameter: str
) -> None:
    with pytest.raises(AgentFailure) as caught:
        canvas(box, crs=crs)

    assert caught.value.code is ErrorCode.BAD_PARAMETER
    assert caught.value.facts["parameter"] == parameter
    assert parameter in caught.value.message


def test_many_places_are_projected_on_threads_to_the_same_bits() -> None:
    random = np.random.default_rng(0)
    lon, lat = random.uniform(-200, 200, 200_001), random.uniform(-95, 95, 200_001)

    x, y = project(lon, lat, "EPSG:4326")

    assert x.tobytes() == cpu.mercator_x(lon).tobytes()
    assert y.tobytes() == cpu.mercator_y(lat).tobytes()
