"""Rows in every format, as AsterixDB 0.9.8 printed them; where it breaks, a test says so."""

import math
from uuid import UUID

import pytest

from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.printing import FORMATS, csv_header, printer, row
from sandbox.sqlpp.shapes import Circle, Geometry, Line, Point, Polygon, Rectangle
from sandbox.sqlpp.values import (
    MISSING,
    Date,
    DateTime,
    DayTimeDuration,
    Duration,
    Float32,
    Int8,
    Int16,
    Int32,
    Interval,
    Multiset,
    Time,
    YearMonthDuration,
)

UID = UUID("5c848e5c-6b6a-498f-8452-8847a2957421")
NESTED = {"a": 1, "b": [1, 2, {"c": []}], "d": {}, "e": Multiset([1, 2]), "f": Multiset()}
MIXED = {
    "a": 1,
    "b": [1.5, Float32(2), Int8(3)],
    "s": "x",
    "e": Multiset([1]),
    "n": None,
    "t": True,
}
TEMPORAL = [
    Date(18262),
    Time(36672500),
    DateTime(1577873472000),
    Duration(14, 273906007),
    YearMonthDuration(14),
    DayTimeDuration(93600000),
]
SPECIAL = [UID, b"\xab\xcd", True, None, MISSING, math.nan, "", math.inf]
SHAPES = [
    Point(1.5, 2.5),
    Line(Point(0.0, 0.0), Point(1.0, 1.0)),
    Rectangle(Point(0.0, 0.0), Point(2.0, 2.0)),
    Circle(Point(1.0, 1.0), 0.5),
    Polygon((Point(0.0, 0.0), Point(1.0, 0.0), Point(1.0, 1.0))),
]
JANUARY = Interval(Date(18262), Date(18293))


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (
            "json",
            NESTED,
            '{ "a": 1, "b": [ 1, 2, { "c": [  ] } ], "d": {  }, "e": [ 1, 2 ], "f": [  ] }',
        ),
        (
            "adm",
            NESTED,
            '{ "a": 1, "b": [ 1, 2, { "c": [  ] } ], "d": {  }, "e": {{ 1, 2 }}, "f": {{  }} }',
        ),
        (
            "lossless-json",
            MIXED,
            '{ "a": { "int64": 1 }, "b": { "orderedlist": [ 1.5, 2.0, { "int8": 3 } ] }, "s": "x", '
            '"e": { "unorderedlist": [ { "int64": 1 } ] }, "n": null, "t": true }',
        ),
        (
            "lossless-adm",
            MIXED,
            '{ "a": 1, "b": [ "0C:4609434218613702656", "0B:1073741824", "01:3" ], "s": ":x", '
            '"e": [ 1 ], "n": null, "t": true }',
        ),
        (
            "adm",
            TEMPORAL,
            '[ date("2020-01-01"), time("10:11:12.500"), datetime("2020-01-01T10:11:12.000"), '
            'duration("P1Y2M3DT4H5M6.7S"), year-month-duration("P1Y2M"), '
            'day-time-duration("P1DT2H") ]',
        ),
        (
            "lossless-adm",
            TEMPORAL,
            '[ "11:18262", "12:36672500", "10:1577873472000", "13:14:273906007", "24:14", '
            '"25:93600000" ]',
        ),
        (
            "json",
            TEMPORAL[:-1],
            '[ "2020-01-01", "10:11:12.500", "2020-01-01T10:11:12.000", "P1Y2M3DT4H5M6.7S", '
            '{ "year-month-duration": 14} ]',
        ),
        (
            "lossless-json",
            TEMPORAL[:-1],
            '{ "orderedlist": [ { "date": "2020-01-01" }, { "time": "10:11:12.500" }, '
            '{ "datetime": "2020-01-01T10:11:12.000" }, { "duration": "P1Y2M3DT4H5M6.7S" }, '
            '{ "year-month-duration": 14} ] }',
        ),
        (
            "lossless-json",
            [UID, b"\xab\xcd", Int16(1), Int32(2), math.nan, "", math.inf, -math.inf],
            '{ "orderedlist": [ "5c848e5c-6b6a-498f-8452-8847a2957421", "ABCD", { "int16": 1 }, '
            '{ "int32": 2 }, "NaN", "", "INF", "-INF" ] }',
        ),
        (
            "lossless-adm",
            SPECIAL,
            '[ "26:5c848e5c-6b6a-498f-8452-8847a2957421", "09:q80=", true, null, "0E", '
            '"0C:9221120237041090560", "", "0C:9218868437227405312" ]',
        ),
        (
            "adm",
            SPECIAL,
            '[ uuid("5c848e5c-6b6a-498f-8452-8847a2957421"), hex("ABCD"), true, null, null, NaN, '
            '"", INF ]',
        ),
        (
            "lossless-json",
            [JANUARY],
            '{ "orderedlist": [ { "interval": { "start": { "date": "2020-01-01" }, '
            '"end": { "date": "2020-02-01" }}} ] }',
        ),
        ("json", JANUARY, '{ "interval": { "start": "2020-01-01", "end": "2020-02-01"}}'),
        ("adm", JANUARY, 'interval(date("2020-01-01"), date("2020-02-01"))'),
        (
            "json",
            SHAPES,
            "[ [1.5, 2.5], [ [0.0, 0.0], [1.0, 1.0] ], [ [0.0, 0.0], [2.0, 2.0] ], "
            "[ [1.0, 1.0], 0.5 ], [ [0.0, 0.0], [1.0, 0.0], [1.0, 1.0] ] ]",
        ),
        (
            "adm",
            SHAPES,
            '[ point("1.5,2.5"), line("0.0,0.0 1.0,1.0"), rectangle("0.0,0.0 2.0,2.0"), '
            'circle("1.0,1.0 0.5"), polygon("0.0,0.0 1.0,0.0 1.0,1.0") ]',
        ),
        (
            "lossless-json",
            SHAPES,
            '{ "orderedlist": [ { "point": [1.5, 2.5] }, '
            '{ "line":  [ { "point": [0.0, 0.0] }, { "point": [1.0, 1.0] } ] }, '
            '{ "rectangle": [{ "point": [0.0, 0.0] }, { "point": [2.0, 2.0] } ] }, '
            '{ "circle": [ { "point": [1.0, 1.0] }, 0.5 ] }, { "polygon": '
            '[{ "point": [0.0, 0.0] },{ "point": [1.0, 0.0] },{ "point": [1.0, 1.0] }] } ] }',
        ),
        (
            "lossless-adm",
            SHAPES,
            '[ "14:4609434218613702656:4612811918334230528", '
            '"1E:0:0:4607182418800017408:4607182418800017408", '
            '"21:0:0:4611686018427387904:4611686018427387904", '
            '"20:4607182418800017408:4607182418800017408:4602678819172646912", '
            '"1F:3:0:0:4607182418800017408:0:4607182418800017408:4607182418800017408" ]',
        ),
        (
            "csv",
            {"a": SHAPES[0], "b": SHAPES[1], "d": SHAPES[3]},
            '"[1.5, 2.5]","[ [0.0, 0.0], [1.0, 1.0] ]","[ [1.0, 1.0], 0.5 ]"',
        ),
        ("json", MISSING, "null"),
        ("json", [MISSING], "[ null ]"),
        ("adm", Date(-734868), 'date("-0042-01-01")'),
        ("json", {'q"x': 1}, '{ "q\\"x": 1 }'),
        ("adm", Duration(-14, 0), 'duration("-P1Y2M")'),
        ("adm", Duration(0, 0), 'duration("P")'),
        ("adm", DayTimeDuration(-5), 'day-time-duration("-PT0.5S")'),
        ("csv", {"a": 1, "b": "x"}, '1,"x"'),
        (
            "csv",
            {"a": 1.5, "b": Date(18262), "c": b"\xab", "d": True},
            '1.5,"2020-01-01",AB,true',
        ),
        ("csv", {"a": "", "b": '"x', "n": None}, '"","""x",null'),
        ("csv", {"a": 1, "b": {"c": 1, "d": 2}}, "1,1,2"),
        ("csv", UID, '"5c848e5c-6b6a-498f-8452-8847a2957421"'),
    ],
)
def test_row(form, value, expected):
    assert expected == row(value, form)


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        ("json", DayTimeDuration(93600000), '"P1DT2H"'),
        ("lossless-json", DayTimeDuration(93600000), '{ "day-time-duration": "P1DT2H"}'),
        ("csv", [YearMonthDuration(12), DayTimeDuration(1000)], None),
        ("csv", {"a": YearMonthDuration(12), "b": DayTimeDuration(1000)}, '"P1Y","PT1S"'),
        ("csv", "abc", '"abc"'),
        ("csv", JANUARY, None),
        ("lossless-adm", JANUARY, None),
    ],
)
def test_rows_that_the_original_breaks_are_whole_here(form, value, expected):
    if expected is not None:
        assert expected == row(value, form)
        return
    with pytest.raises(SqlppError, match="ASX0004: Unsupported type") as caught:
        row(value, form)
    assert caught.value.kind == "runtime"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, "1.0"),
        (1e7, "1.0E7"),
        (12345678.9, "1.23456789E7"),
        (1e16, "1.0E16"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (-0.0, "-0.0"),
        (0.0, "0.0"),
        (1e-7, "1.0E-7"),
        (-9999999.5, "-9999999.5"),
        (-1.5e300, "-1.5E300"),
        (5e-324, "4.9E-324"),
        (1e21, "1.0E21"),
        (2.0**62, "4.6116860184273879E18"),
        (-(2.0**57), "-1.44115188075855872E17"),
        (2.0**63, "9.223372036854776E18"),
        (1e18, "1.0E18"),
        (Float32(1.100000023841858), "1.1"),
        (Float32(16777216), "1.6777216E7"),
        (Float32(0.0), "0.0"),
    ],
)
def test_floating_numbers_are_written_as_in_java(value, expected):
    assert expected == row(value, "json") == row(value, "adm")


@pytest.mark.parametrize(("value", "bare"), [(math.nan, "NaN"), (-math.inf, "-INF")])
def test_what_is_no_number_is_a_string_in_json_only(value, bare):
    assert (f'"{bare}"', bare) == (row(value, "json"), row(value, "adm"))
    assert (f'"{bare}"', bare) == (row(Float32(value), "json"), row(Float32(value), "adm"))


STRING = 'a"b\\c/d\x01\x7f\x80\xa0é\n\t😀'


def test_strings_escape_controls():
    expected = '"a\\"b\\\\c/d\\u0001\\u007f\\u0080\xa0é\\n\\t😀"'

    assert expected == row(STRING, "json") == row(STRING, "adm")
    assert row("\x7f", "json") == '"\\u007f"'


def test_a_pretty_string_escapes_less():
    assert row(STRING, "json", True) == '"a\\"b\\\\c/d\\u0001\x7f\x80\xa0é\\n\\t😀"'
    assert row("\x1f", "json", True) == '"\\u001F"'


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        ("json", {"r": 1}, '{\n\t\t"r" : 1\n\t}'),
        (
            "json",
            NESTED,
            '{\n\t\t"a" : 1,\n\t\t"b" : [\n\t\t\t1,\n\t\t\t2,\n\t\t\t{\n\t\t\t\t"c" : [ ]\n\t\t\t}'
            '\n\t\t],\n\t\t"d" : { },\n\t\t"e" : [\n\t\t\t1,\n\t\t\t2\n\t\t],\n\t\t"f" : [ ]\n\t}',
        ),
        ("lossless-json", 1, '{\n\t\t"int64" : 1\n\t}'),
        ("lossless-adm", [1.5], '[\n\t\t"0C:4609434218613702656"\n\t]'),
        ("adm", {"b": None}, '{\n\t\t"b" : null\n\t}'),
        ("adm", [Date(18262)], '[ date("2020-01-01") ]'),
        ("adm", [1.5, math.nan], "[ 1.5, NaN ]"),
        ("json", [1e7, -0.0], "[\n\t\t1.0E7,\n\t\t-0.0\n\t]"),
        ("csv", {"a": 1}, "1"),
    ],
)
def test_pretty_row(form, value, expected):
    assert expected == row(value, form, True)


def test_what_is_nested_too_deeply_is_an_error():
    deep = []
    for _ in range(5000):
        deep = [deep]

    for form in FORMATS - {"csv"}:
        with pytest.raises(SqlppError, match=r"ASX0052: .* nested too deeply"):
            row(deep, form)


def test_a_geometry_is_geojson():
    point = Geometry(bytes.fromhex("0101000000000000000000f83f0000000000000040"))
    system = '"crs":{"type":"name","properties":{"name":"EPSG:4326"}}'
    expected = f'{{"type":"Point","coordinates":[1.5,2],{system}}}'

    assert expected == row(point, "json") == row(point, "adm") == row(point, "lossless-json")
    assert row({"p": point}, "csv") == '"' + expected.replace('"', '""') + '"'
    with pytest.raises(SqlppError, match="cannot process input type geometry"):
        row(point, "lossless-adm")


def test_a_header_quotes_its_names():
    assert csv_header(["a", 'b"c']) == '"a","b""c"'


def test_every_format_prints_a_plain_row():
    assert {"json", "lossless-json", "adm", "lossless-adm", "csv"} == FORMATS
    for form in FORMATS:
        assert printer(form)({"a": True, "b": None}).count("true") == 1
