"""What JDBC is told of columns before it reads a row; the original's words for the same queries."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.statements.conftest import Ask

pytestmark = pytest.mark.spark

MAKE = """
create dataverse s; use s;
create type Visit as {
  id: int, place: string, tip: double?, at_: datetime?, tags: [string]?, p: point?, n: int8?,
  in_: { a: date }
};
create dataset visits(Visit) primary key id;
"""
TYPES = {
    "select v.id, v.place, v.tip, v.tags, v.n from visits v": (
        "id place tip tags n",
        "int64 string double? array? int8?",
    ),
    "select id, place || '!' as loud from visits": ("id loud", "int64 string"),
    "select * from visits v": ("v", "object"),
    "select v.*, 1 as one from visits v": (
        "id place tip at_ tags p n in_ one",
        "int64 string double? datetime? array? any int8? object int64",
    ),
    "select value {'a': v.id, 'b': v.in_.a} from visits v": ("a b", "int64 date"),
    "select v.nothing, v.tags[0] as t, v.p from visits v": ("nothing t p", "any string? any"),
    "select count(*) as n, sum(v.tip) as s, max(v.place) as p, array_agg(v.id) as ids"
    " from visits v": ("n s p ids", "int64? double? string? array"),
    "select v.place, avg(v.id) as a from visits v group by v.place": ("place a", "string double?"),
    "select v.id, w.place from visits v left join visits w on v.id = w.id": (
        "id place",
        "int64 string?",
    ),
    "select v.id + 1 as i, v.tip * 2 as d, v.id / 2 as q, v.id > 1 as g from visits v": (
        "i d q g",
        "int64 double? double? boolean?",
    ),
    "select row_number() over (order by v.id) as r from visits v": ("r", "int64"),
    "select t.a from (select v.id as a from visits v) t": ("a", "int64"),
    "select 1 as a union all select 2 as a": ("a", "int64"),
    "select 1 as a union all select 'x' as a": ("*", "*"),
    "select y from visits v unnest v.tags y": ("y", "string?"),
    "select case when v.id = 1 then 1 else 'x' end as c, if_missing_or_null(v.tip, 1.0) as u,"
    " lower(v.place) as l, len(v.tags) as n from visits v": (
        "c u l n",
        "any double string? int64?",
    ),
    "select ? as a, $x as b": ("a b", "int64 string"),
    "declare function twice(x) { x * 2 }; select twice(v.id) as t from visits v": ("t", "int64"),
    "select d.DatasetName from Metadata.`Dataset` d": ("DatasetName", "string"),
    "select 1; select 'x' as b": ("b", "string"),
    "select p.a, p.b from plain p": ("a b", "int32? string?"),
    "explain select 1": ("*", "*"),
    "select value v.id from visits v": ("*", "*"),
}


async def test_columns_have_the_types_that_their_datasets_have(sqlpp: Ask, spark_sql: Ask) -> None:
    await sqlpp(MAKE)
    await spark_sql("create table s.plain as select 1 as a, 'x' as b")

    for text, (names, types) in TYPES.items():
        told = await sqlpp(
            f"use s; {text}",
            typed_signature=True,
            compile_only=True,
            args=[1],
            named_args={"x": "y"},
        )

        assert told.problem is None, text
        assert told.compiled is not None
        columns = {"name": names.split(), "type": types.split()}
        assert told.compiled.signature == ({"*": "*"} if names == "*" else columns), text


async def test_a_function_of_functions_is_looked_at_for_a_while_only(sqlpp: Ask) -> None:
    calls = "".join(f"declare function f{n + 1}(x) {{ f{n}(x) + f{n}(x) }};" for n in range(40))
    told = await sqlpp(
        f"declare function f0(x) {{ x }}; {calls} select f40(1) as a",
        typed_signature=True,
        compile_only=True,
    )

    assert told.compiled is not None
    assert told.compiled.signature == {"name": ["a"], "type": ["any"]}
