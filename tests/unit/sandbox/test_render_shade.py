import math

import numpy as np
import pytest

from sandbox.render import shade


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        ((0.0, 10.0), [0.0, 0.0, 0.25, 1.0, 1.0]),
        ((4.0, 4.0), [0.5] * 5),
        (None, [0.0, 5 / 25, 7.5 / 25, 15 / 25, 1.0]),
    ],
)
def test_ratios_are_clamped_to_the_bound(
    bound: tuple[float, float] | None, expected: list[float]
) -> None:
    values = np.array([-5.0, 0.0, 2.5, 10.0, 20.0])

    assert shade.ratios(values, bound) == pytest.approx(expected)


def test_no_values_have_no_ratios() -> None:
    assert len(shade.ratios(np.zeros(0), None)) == 0


def test_a_gradient_is_linear_between_equal_steps() -> None:
    steps = shade.gradient(["#000000", "#ff0000", "#ffffff"])

    levels = shade.levels(shade.interpolate(np.array([0, 0.25, 0.5, 0.75, 1.0]), steps))

    assert levels.tolist() == [
        [0, 0, 0, 255],
        [128, 0, 0, 255],
        [255, 0, 0, 255],
        [255, 128, 128, 255],
        [255, 255, 255, 255],
    ]


def test_one_colour_is_a_gradient_too_and_no_number_is_its_middle() -> None:
    one = shade.interpolate(np.array([0.0, 0.7, 1.0]), shade.gradient(["#102030"]))
    two = shade.interpolate(np.array([math.nan]), shade.gradient(["#000000", "#ffffff"]))

    assert shade.levels(one).tolist() == [[16, 32, 48, 255]] * 3
    assert shade.levels(two).tolist() == [[128, 128, 128, 255]]


def test_opacity_multiplies_the_alpha_of_a_colour() -> None:
    assert shade.levels(shade.colour("#ff000080", 0.5)).tolist() == [[255, 0, 0, 64]]


def test_alpha_is_straight_and_no_alpha_is_transparent_black() -> None:
    pixels = shade.one_colour(np.array([[0.0, 0.5, 1.0, 0.001]]), shade.colour("#2DEF4A"))

    assert pixels[0].tolist() == [[0, 0, 0, 0], [45, 239, 74, 128], [45, 239, 74, 255], [0] * 4]


def test_the_heat_ramp_and_its_veil() -> None:
    grid = np.array([[4.0, 3.0, 2.0], [1.0, 0.0, -1.0]])

    pixels = shade.heat(grid)

    assert pixels[0].tolist() == [[255, 0, 0, 255], [255, 255, 0, 255], [0, 255, 0, 255]]
    # A quarter of the peak: cyan, alpha (3 / 4) squared.
    assert pixels[1].tolist() == [[0, 255, 255, 143], [0] * 4, [0] * 4]


def test_no_heat_is_transparent() -> None:
    assert not shade.heat(np.zeros((2, 3))).any()
    assert not shade.heat(np.full((2, 3), -1.0)).any()


def test_layers_become_straight_colours() -> None:
    # Half red under half blue: premultiplied sum, and a quarter shines through.
    through = np.array([[0.25, 1.0]], np.float32)
    seen = np.array([[[0.25, 0.0, 0.5], [0.0, 0.0, 0.0]]], np.float32)

    assert shade.straight(through, seen).tolist() == [[[85, 0, 170, 191], [0, 0, 0, 0]]]
