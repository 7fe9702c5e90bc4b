import pytest

from sandbox.sqlpp.functions.registry import FUNCTIONS, find


@pytest.mark.parametrize("name", ["string_length", "STRING-LENGTH", "String_Length", "length"])
def test_case_and_dashes_do_not_matter(name):
    assert find(name) is FUNCTIONS["string-length"]


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("coalesce", "if-missing-or-null"),
        ("is_obj", "is-object"),
        ("contains_regexp", "matches"),
        ("int", "int32"),
        ("array_length", "len"),
        ("substr1", "substring1"),
        ("record-merge", "object-merge"),
        ("COLL_SUM", "coll-sum"),
        ("array_stddev_samp", "array-stddev-samp"),
    ],
)
def test_an_alias_is_its_function(alias, name):
    assert find(alias) is FUNCTIONS[name]


@pytest.mark.parametrize("name", ["", "nothing", "record_merge", "is-obj", "stddev", "count"])
def test_what_is_no_function_is_none(name):
    assert find(name) is None


def test_every_function_is_filed_under_its_name():
    for name, function in FUNCTIONS.items():
        assert (name, name) == (function.name, name.lower().replace("_", "-"))
        assert function.max_args is None or 0 <= function.min_args <= function.max_args
