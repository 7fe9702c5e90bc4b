import numpy as np
import pytest
from pyproj import Transformer

from sandbox.failure import AgentFailure
from sandbox.spatial.crs import check_crs, to_web_mercator
from wire.protocol import ErrorCode


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


def test_web_mercator_stays_as_it_is():
    x, y = column(1.0, np.inf), column(2.0, 3.0)

    east, north = to_web_mercator(x, y, "epsg:3857")

    assert x is east
    assert y is north


def test_closed_form_agrees_with_proj():
    lon = np.linspace(-180, 180, 1001)
    lat = np.linspace(-89.9, 89.9, 1001)
    expected = Transformer.from_crs(4326, 3857, always_xy=True).transform(lon, lat)

    east, north = to_web_mercator(lon, lat, "EPSG:4326")

    np.testing.assert_allclose(east, expected[0], rtol=1e-14, atol=1e-8)
    np.testing.assert_allclose(north, expected[1], rtol=1e-12, atol=1e-7)


def test_latitudes_beyond_the_poles_are_not_finite():
    _, north = to_web_mercator(column(0, 0, 0), column(90.001, -91, np.nan), "EPSG:4326")

    assert not np.isfinite(north).any()


def test_longitudes_beyond_the_date_line_go_on_east():
    east, _ = to_web_mercator(column(179.0, 181.0), column(0, 0), "EPSG:4326")

    assert 0 < east[0] < east[1]


def test_feet_of_new_york_become_metres():
    east, north = to_web_mercator(column(1000000.0), column(200000.0), "epsg:2263")

    assert east[0] == pytest.approx(-8231042, abs=1000)
    assert north[0] == pytest.approx(4970241, abs=5000)


def test_names_in_any_case_and_proj_text_and_wkt_are_known():
    assert check_crs(" epsg:4326 ") == "EPSG:4326"
    text = "+proj=utm +zone=18 +datum=WGS84"

    east, _ = to_web_mercator(column(500000.0), column(4500000.0), text)

    assert east[0] == pytest.approx(-75 * 111319.49, abs=1)


def test_a_point_that_cannot_be_transformed_is_not_finite():
    east, _ = to_web_mercator(column(1e30, 500000.0), column(1e30, 4e6), "EPSG:32618")

    assert list(np.isfinite(east)) == [False, True]


@pytest.mark.parametrize("crs", ["EPSG:999999", "", "nonsense", "+proj=nope", "EPSG:3857:1"])
def test_unknown_crs_is_a_bad_parameter(crs):
    with pytest.raises(AgentFailure) as caught:
        to_web_mercator(column(0), column(0), crs)

    assert caught.value.code == ErrorCode.BAD_PARAMETER
    assert "coordinate system" in caught.value.message
