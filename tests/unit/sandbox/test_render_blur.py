import math
from typing import Any

import numpy as np
import pytest

from sandbox.render import blur


def nothing() -> None:
    """Nobody cancels."""


def point(height: int, width: int, row: int, column: int) -> np.ndarray:
    grid = np.zeros((height, width))
    grid[row, column] = 1.0
    return grid


@pytest.mark.parametrize(
    ("zoom", "width", "radii"),
    # d = floor(2^(0.4 z)); m = floor(ln d / 0.4); m // 2 + 1 and m + 1, at most 10.
    [(0, 1, (1, 1)), (5, 4, (2, 4)), (10, 16, (4, 7)), (12, 27, (5, 9)), (20, 256, (7, 10))],
)
def test_the_kernel_grows_with_zoom(zoom: float, width: int, radii: tuple[int, int]) -> None:
    assert blur.width_of(zoom) == width
    assert blur.box_radii(zoom) == radii


def test_the_gaussian_has_2d_plus_3_taps_of_that_sigma() -> None:
    # d = 1: 5 taps, sigma 5.
    expected = np.exp(-np.array([4.0, 1.0, 0.0, 1.0, 4.0]) / 50.0)

    assert blur.gaussian(2, 5.0, 99) == pytest.approx(expected[2:] / expected.sum())


def test_taps_beyond_the_picture_are_left_out() -> None:
    assert len(blur.gaussian(2**40, 2.0**40, 4)) == 5


def passed(kernel: Any, grid: np.ndarray, kind: Any, *first: int) -> list[list[float]]:
    result = np.empty_like(grid)
    kernel(grid, kind, *first, result)
    found: list[list[float]] = result.tolist()
    return found


def test_outside_is_zero_for_the_gaussian_and_nothing_wraps() -> None:
    taps = np.array([2.0, 3.0])

    assert passed(blur.blur_rows, point(1, 5, 0, 4), taps) == [[0, 0, 0, 3, 2]]
    assert passed(blur.blur_columns, point(4, 1, 0, 0), taps, 0) == [[2], [3], [0], [0]]


def test_box_means_divide_by_the_pixels_inside() -> None:
    row = np.array([[6.0, 0.0, 3.0, 3.0]])

    assert passed(blur.box_mean_rows, row, 1) == [[3, 3, 2, 3]]
    assert passed(blur.box_mean_columns, row.T.copy(), 1, 0) == [[3], [3], [2], [3]]


def test_a_pass_over_some_rows_is_that_part_of_the_whole() -> None:
    grid, taps = np.random.default_rng(2).random((9, 3)), np.array([3.0, 2.0, 1.0, 0.5])
    for kernel, kind in ((blur.blur_columns, taps), (blur.box_mean_columns, 2)):
        part = np.empty((4, 3))
        kernel(grid, kind, 3, part)  # type: ignore[operator]

        assert part.tolist() == passed(kernel, grid, kind, 0)[3:7]


def test_the_whole_is_the_gaussian_and_two_boxes() -> None:
    grid = np.random.default_rng(3).random((9, 11))
    taps = np.exp(-(np.arange(-2, 3.0) ** 2) / 50.0)
    padded = np.pad(grid, 2)
    blurred = sum(
        taps[i] * taps[j] * padded[i : i + 9, j : j + 11] for i in range(5) for j in range(5)
    ) / (taps.sum() ** 2)
    for radius in (1, 1):
        blurred = np.array(
            [
                [
                    blurred[
                        max(r - radius, 0) : r + radius + 1, max(c - radius, 0) : c + radius + 1
                    ].mean()
                    for c in range(11)
                ]
                for r in range(9)
            ]
        )

    assert blur.box_blur(grid, 0.0, nothing) == pytest.approx(blurred, rel=1e-12)


def test_the_plain_gaussian_is_cut_at_four_sigma() -> None:
    blurred = blur.gaussian_blur(point(1, 41, 0, 20), 0.0, nothing)[0]

    assert np.flatnonzero(blurred).tolist() == list(range(16, 25))
    assert blurred[21] / blurred[20] == pytest.approx(math.exp(-0.5))
