import uuid

import pytest

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.registry import find
from sandbox.sqlpp.values import Date, DateTime, Time

NOON = DateTime(1577880000000)


class Stopped(Exception):
    """The statement was stopped."""


def stop():
    raise Stopped


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("current_date", Date(18262)),
        ("current_time", Time(43200000)),
        ("current_datetime", NOON),
    ],
)
def test_the_clock_stands_still_in_a_statement(name, expected):
    assert expected == find(name).call(Context(now=NOON), [])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("current_date_immediate", Date),
        ("current_time_immediate", Time),
        ("current_datetime_immediate", DateTime),
    ],
)
def test_the_immediate_clock_goes_on(name, kind):
    now = find(name).call(Context(now=DateTime(0)), [])

    assert type(now) is kind
    assert now != DateTime(0)


def test_sleep_gives_its_value_and_can_be_stopped():
    assert find("sleep").call(Context(), ["x", 0]) == "x"
    with pytest.raises(Stopped):
        find("sleep").call(Context(check=stop), ["x", 60_000])


@pytest.mark.parametrize(
    ("name", "args"),
    [("range", [1, 10]), ("array_range", [0, 5000]), ("edit_distance", ["abc", "abd"])],
)
def test_long_work_asks_whether_to_go_on(name, args):
    with pytest.raises(Stopped):
        find(name).call(Context(check=stop), args)


def test_uuids_are_new_each_time():
    made = {find("uuid").call(Context(), []) for _ in range(3)}

    assert len(made) == 3
    assert all(type(value) is uuid.UUID and value.version == 4 for value in made)


def test_a_seed_gives_the_original_numbers():
    context = Context()
    drawn = [find("random").call(context, [seed]) for seed in (1, 1, 2, 1)]

    assert drawn == [
        0.5499285515203002,
        0.13548707427773543,
        0.4739739739125459,
        0.09972246325197132,
    ]
    assert drawn[0] == find("random").call(Context(), [1.0])


def test_random_is_from_zero_to_one():
    assert 0 <= find("random").call(Context(), []) < 1
