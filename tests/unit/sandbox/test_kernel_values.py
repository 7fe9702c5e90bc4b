from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandbox.runtime.kernel_values import as_json, describe_variables

LIMIT = 10_000


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        -1.5,
        "text é",
        [],
        [1, "a", None],
        {"a": {"b": [1, 2]}},
        2**63 - 1,
    ],
)
def test_what_is_json_is_json(value: Any) -> None:
    text = as_json(value, LIMIT)

    assert text is not None
    assert json.loads(text) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (float("inf"), None),
        ((1, 2), [1, 2]),
        (np.int64(5), 5),
        (np.float64(0.5), 0.5),
        (np.array(3), 3),
    ],
)
def test_what_has_a_json_twin_becomes_it(value: Any, expected: Any) -> None:
    text = as_json(value, LIMIT)

    assert text is not None
    assert json.loads(text) == expected


class Loud(dict):  # type: ignore[type-arg]
    pass


@pytest.mark.parametrize(
    "value",
    [object(), {1: 2}, {"a": object()}, {1, 2}, b"x", np.arange(3), Loud(), 1j, pd.DataFrame()],
)
def test_what_is_not_json_is_left_to_its_repr(value: Any) -> None:
    assert as_json(value, LIMIT) is None


def test_a_value_that_holds_itself_is_no_json() -> None:
    value: list[Any] = []
    value.append(value)

    assert as_json(value, LIMIT) is None


def test_a_value_larger_than_allowed_is_no_json() -> None:
    assert as_json("x" * LIMIT, LIMIT) is None


def test_variables_are_what_the_tenant_made() -> None:
    given = {"spark": object(), "sc": 1}
    namespace = {
        **given,
        "sc": 2,
        "_hidden": 1,
        "frame": pd.DataFrame({"a": np.zeros(10)}),
        "array": np.zeros(4),
        "thing": object(),
        "text": "abc",
    }

    found = {name: (kind, size) for name, kind, size in describe_variables(namespace, given)}

    assert set(found) == {"sc", "frame", "array", "thing", "text"}
    assert found["array"] == ("ndarray", 32)
    assert found["thing"] == ("object", None)
    assert found["frame"][0] == "DataFrame"
    assert found["frame"][1] is not None and found["frame"][1] >= 80  # noqa: PT018


class Hostile:
    def __sizeof__(self) -> int:
        raise AssertionError


def test_sizes_never_run_the_tenants_code() -> None:
    assert describe_variables({"x": Hostile()}, {}) == [("x", "Hostile", None)]
