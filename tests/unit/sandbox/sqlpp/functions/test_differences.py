"""Where we do not answer as AsterixDB 0.9.8, because its answer is a slip."""

import pytest

from tests.unit.sandbox.sqlpp.functions.golden import answer


@pytest.mark.parametrize(
    ("expression", "expected", "why"),
    [
        ('parse_time("12:00:00 AM","hh:mm:ss a")', 'time("00:00:00.000")', "there: noon"),
        ('parse_time("12:00:00 PM","hh:mm:ss a")', 'time("12:00:00.000")', "there: midnight"),
        ('parse_time("10:11:12.5","hh:mm:ss.n")', 'time("10:11:12.500")', "the same"),
        ("object_values(1)", "null", "there: IllegalStateException"),
        ("object_merge({},null)", "null", "there: a compile error, if null is a literal"),
        ("deep_equal({{1,1,2}},{{1,2,2}})", "false", "there: true"),
        (
            "similarity_jaccard_check([1,5,8,9],[1,5,9,10],0.5)",
            "[ true, 0.6 ]",
            "there: a double is never reached",
        ),
        ("time(1)", "null", "the same"),
    ],
)
def test_the_right_answer_instead(expression, expected, why):
    assert answer(expression)[0] == expected, why


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('st_geom_from_text("bad")', "IllegalArgumentException"),
        ('st_geom_from_wkb(hex("00"))', "IllegalArgumentException"),
        ("st_geom_from_geojson(1)", "ASX0002"),
        ('st_geometry_n(st_geom_from_text("MULTIPOINT((0 0))"),5)', "IndexOutOfBoundsException"),
        ('st_point_n(st_geom_from_text("LINESTRING(0 0,1 1)"),-1)', "IndexOutOfBoundsException"),
    ],
)
def test_a_geometry_that_is_none_is_an_error(expression, expected):
    assert answer(expression)[0].startswith(f"raises {expected}: ")


@pytest.mark.parametrize(
    ("operation", "area"),
    [("union", 24.0), ("intersection", 8.0), ("difference", 8.0), ("sym_difference", 16.0)],
)
def test_areas_together(operation, area):
    one = 'st_geom_from_text("POLYGON((0 0,4 0,4 4,0 4,0 0))")'
    other = 'st_geom_from_text("POLYGON((2 0,6 0,6 4,2 4,2 0))")'

    assert answer(f"st_area(st_{operation}({one},{other}))")[0] == str(area)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [('int8("")', "tinyint"), ('to_bigint("")', "bigint"), ('bigint("-")', "bigint")],
)
def test_no_text_is_no_number(expression, kind):
    assert answer(expression)[1][0].startswith(f"ASX0006: Invalid format for {kind} in ")


@pytest.mark.parametrize(
    "expression",
    [
        'parse_time("10:11:12.5","hh:mm:ss.SSS")',
        'parse_date("2020-01-01","YYYY-MM-DD hh")',
        'interval(date("2020-01-01"),date("2020-01-01"))',
        'interval_start_from_date("x","P1D")',
        'get_year("x")',
        'adjust_time_for_timezone(time("10:00:00"),"x")',
        'print_date(date("2020-01-05"),"hh")',
        'print_date(date("2020-01-05"),"YYYYY")',
        'print_time(time("10:00:00"),"W")',
    ],
)
def test_a_failure_without_a_code_has_one(expression):
    assert answer(expression)[0].startswith("raises ASX0006: Invalid format for ")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "Unclosed group near index 1\n("),
        ("[", "Unclosed character class near index 0\n[\n^"),
        ("x(y[z", "Unclosed character class near index 4\nx(y[z\n    ^"),
        ("a**", "Dangling meta character '*' near index 2\na**\n  ^"),
        ("+", "Dangling meta character '+' near index 0\n+\n^"),
        (")", "Unmatched closing ')'\n)"),
        ("a)", "Unmatched closing ')' near index 0\na)\n^"),
    ],
)
def test_a_bad_pattern_is_told_as_in_java(pattern, words):
    assert (
        answer(f'contains_regex("mnop","{pattern}")')[0]
        == f"raises PatternSyntaxException: {words}"
    )


def test_a_replacement_without_its_group_is_an_error():
    assert (
        answer('regexp_replace("a","a","$2")')[0] == "raises IndexOutOfBoundsException: No group 2"
    )
