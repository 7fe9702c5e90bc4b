"""Statements that are compiled before their values are known, and values with their types' tags."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.statements.conftest import Ask

pytestmark = pytest.mark.spark


async def test_a_statement_is_compiled_without_values_and_tells_which_it_wants(sqlpp: Ask) -> None:
    told = await sqlpp(
        "select ? as a, $x as b from [1] t where t > ? limit ?",
        compile_only=True,
        typed_signature=True,
    )
    unbound = await sqlpp("select ? as a")

    assert told.problem is None
    assert told.compiled is not None
    assert told.compiled.statement_parameters == [1, 2, 3, "x"]
    assert told.compiled.signature == {"name": ["a", "b"], "type": ["null", "null"]}
    assert told.rows == {}
    assert unbound.problem == "ASX1086: No value for parameter: $1 (in line 1, at column 8)"


async def test_changes_are_compiled_without_values_too(sqlpp: Ask) -> None:
    await sqlpp("create dataset d(id int) primary key id")
    told = await sqlpp("insert into d ({'id': ?}); delete from d where id = $2", compile_only=True)

    assert told.problem is None
    assert told.compiled is not None
    assert told.compiled.statement_parameters == [1, 2]
    assert told.compiled.statement_category == "update"


async def test_values_have_tags_where_rows_have_them(sqlpp: Ask) -> None:
    text = "select value [$d, get_year($d), ?]"
    named = {"d": "11:18321"}
    told = await sqlpp(text, format="lossless-adm", args=[":a:b"], named_args=named)
    plain = await sqlpp("select value [$d, ?]", format="json", args=[":a:b"], named_args=named)
    refused = await sqlpp("select value ?", format="lossless-adm", args=["plain"])

    assert told.values() == ['[ "11:18321", 2020, ":a:b" ]\n']
    assert plain.values() == [["11:18321", ":a:b"]]
    assert refused.problem == "HYR0124: Parsing error at N/A: ASX3021: Malformed input stream"


async def test_jdbc_finds_the_answer_of_explain_in_the_reply_itself(sqlpp: Ask) -> None:
    told = await sqlpp("explain select 1", typed_signature=True, plan_format="string")

    assert told.finished is not None
    [text] = told.finished.plans["explained"]
    assert text.startswith("Select\n")
    assert told.rows == {}


async def test_sqls_star_are_the_fields_of_what_is_selected_from(sqlpp: Ask) -> None:
    made = (
        "create type T as {a: int}; create dataset d(T) primary key a;"
        " insert into d ({'a': 1, 'b': 'x'});"
    )
    told = await sqlpp(f"{made} select * from d", sql_compat=True, typed_signature=True)
    plain = await sqlpp("select * from d")
    several = await sqlpp("select * from d, [1] x", sql_compat=True)
    columns = await sqlpp("select * from d", sql_compat=True, typed_signature=True)

    assert told.values() == [{"a": 1, "b": "x"}]
    assert plain.values() == [{"d": {"a": 1, "b": "x"}}]
    assert several.problem == (
        "ASX1168: Ambiguous projection in SELECT clause (in line 1, at column 8)"
    )
    assert columns.compiled is not None
    assert columns.compiled.signature == {"name": ["a"], "type": ["int64"]}
