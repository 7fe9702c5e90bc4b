"""Datasets that SQL++ makes: DDL and DML as the original answers them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.runtime.spark import SparkRuntime
from sandbox.statements import open_statements
from sandbox.tables import Tables
from tests.unit.sandbox.statements.conftest import Ask, statements
from tests.unit.sandbox.statements.told import told_by
from wire.messages import RunStatements
from wire.settings import AgentSettings

pytestmark = pytest.mark.spark

TYPES = """
create dataverse q; use q;
create type inn as {a: int};
create type o as open {id: int, name: string?, d: double?, i32: int32?, dt: date?, bag: {{int}}?,
  inn: inn?};
create type c as closed {id: int, name: string?};
create dataset o(o) primary key id;
create dataset c(c) primary key id;
"""


@pytest.fixture
async def q(sqlpp: Ask) -> Ask:
    """Ask in a dataverse with two datasets."""
    assert (await sqlpp(TYPES)).problem is None

    async def ask(text: str, **more: Any) -> Any:
        return await sqlpp(f"use q; {text}", **more)

    return ask


async def test_declared_fields_come_first(q: Ask) -> None:
    told = await q('insert into o {"zz": 1, "id": 1, "aa": 2, "name": null}; select value o from o')

    assert told.rows[0] == b'{ "id": 1, "name": null, "zz": 1, "aa": 2 }\n'
    assert told.finished is not None
    assert told.finished.counts.processed_objects == 1


@pytest.mark.parametrize(
    ("text", "problem", "kind"),
    [
        (
            'insert into c {"id":1,"x":2}',
            'type mismatch: including an extra field "x":bigint',
            "runtime",
        ),
        (
            'insert into c {"idx":1}',
            "type mismatch: missing a required closed field id: int64",
            "runtime",
        ),
        (
            'insert into c {"id":null}',
            "ASX0001: Field type null cannot be promoted to type bigint",
            "runtime",
        ),
        (
            "insert into c 5",
            "ASX1079: Compilation error: The input type bigint is not a valid record type!"
            " (in line 1, at column 8)",
            "compile",
        ),
        (
            'insert into o {"id":2,"bag":[1,2]}',
            "ASX0001: Field type array cannot be promoted to type multiset",
            "runtime",
        ),
        (
            'insert into o {"id":3,"i32":70000000000}',
            "ASX0021: Source value 70000000000 is out of range that integer can hold - "
            "integer.MAX_VALUE: 2147483647, integer.MIN_VALUE: -2147483648",
            "runtime",
        ),
        (
            'insert into o {"id":4,"name":5}',
            "ASX0001: Field type bigint cannot be promoted to type string",
            "runtime",
        ),
        (
            'insert into o {"id":4,"dt":"2020-01-01"}',
            "ASX0001: Field type string cannot be promoted to type date",
            "runtime",
        ),
        (
            'insert into o {"id":4,"inn":{"b":1}}',
            "type mismatch: missing a required closed field a: int64",
            "runtime",
        ),
        (
            'insert into o [{"id": 5}, {"id": 5}]',
            "HYR0033: Inserting duplicate keys into the primary storage",
            "runtime",
        ),
        (
            'insert into nosuch {"id":1}',
            "ASX1050: Cannot find dataset with name nosuch in dataverse q"
            " (in line 1, at column 27)",
            "compile",
        ),
        (
            "delete from nosuch n",
            "ASX1050: Cannot find dataset with name nosuch in dataverse q (in line 1, at column 8)",
            "compile",
        ),
        (
            "create dataset o(o) primary key id",
            "ASX1072: A dataset with name o already exists in dataverse q (in line 1, at column 8)",
            "compile",
        ),
        (
            "create type o as {id: int}",
            "ASX1085: A datatype with this name o already exists (in line 1, at column 8)",
            "compile",
        ),
        (
            "create dataverse q",
            "ASX1071: A dataverse with this name q already exists. (in line 1, at column 8)",
            "compile",
        ),
        (
            "create dataverse Default",
            "ASX1071: A dataverse with this name Default already exists. (in line 1, at column 8)",
            "compile",
        ),
        (
            "drop dataverse Default",
            "ASX1079: Compilation error: Default dataverse can't be dropped"
            " (in line 1, at column 8)",
            "compile",
        ),
        (
            "drop dataverse nosuch",
            "ASX1063: Cannot find dataverse with name nosuch (in line 1, at column 8)",
            "compile",
        ),
        (
            "drop dataset nosuch",
            "ASX1050: Cannot find dataset with name nosuch in dataverse q (in line 1, at column 8)",
            "compile",
        ),
        (
            "drop type nosuch",
            "ASX1082: Cannot find datatype with name nosuch (in line 1, at column 8)",
            "compile",
        ),
        ("drop type c", "ASX1148: Cannot drop type q.c being used by dataset q.c", "compile"),
        (
            "create dataset x(o) primary key nosuch",
            "ASX1014: Field 'nosuch' is not found (in line 1, at column 8)",
            "compile",
        ),
        (
            "create dataset x(o) primary key name",
            "ASX1021: The primary key field 'name' cannot be nullable (in line 1, at column 8)",
            "compile",
        ),
        (
            "create dataset x(o) primary key id autogenerated",
            "ASX1020: Cannot autogenerate a primary key for primary key of type BIGINT. "
            "Autogenerated primary keys must be of type UUID (in line 1, at column 8)",
            "compile",
        ),
        (
            "create type x as {id: nosuch}",
            "ASX1082: Cannot find datatype with name nosuch (in line 1, at column 25)",
            "compile",
        ),
        (
            "create index i on nosuch(a)",
            "ASX1050: Cannot find dataset with name nosuch in dataverse q (in line 1, at column 8)",
            "compile",
        ),
        (
            "drop index o.nosuch",
            "ASX1083: Cannot find index with name nosuch (in line 1, at column 8)",
            "compile",
        ),
        (
            "drop view nosuch",
            "ASX1159: Cannot find view with name q.nosuch (in line 1, at column 8)",
            "compile",
        ),
        (
            "drop function nosuch@1",
            "ASX1081: Cannot find function with signature q.nosuch(1) (in line 1, at column 8)",
            "compile",
        ),
    ],
)
async def test_refusals_in_the_originals_words(q: Ask, text: str, problem: str, kind: str) -> None:
    told = await q(text)

    assert (told.problem, told.kind) == (problem, kind)


async def test_an_insert_that_fails_adds_nothing(q: Ask) -> None:
    await q('insert into o {"id": 1}')
    failed = await q('insert into o [{"id": 7}, {"id": 1}]')
    told = await q("select value o.id from o")

    assert failed.problem == "HYR0033: Inserting duplicate keys into the primary storage"
    assert failed.kind == "runtime"
    assert told.values() == [1]


async def test_numbers_become_what_is_declared(q: Ask) -> None:
    told = await q(
        'insert into o [{"id": 3.5, "d": 3}, {"id": int8("4"), "i32": 7}];'
        " select value o from o order by o.id",
        format="lossless-json",
    )

    assert told.values() == [
        {"id": {"int64": 3}, "d": 3.0},
        {"id": {"int64": 4}, "i32": {"int32": 7}},
    ]


async def test_upserts_replace(q: Ask) -> None:
    told = await q(
        'insert into c [{"id": 1, "name": "n"}, {"id": 2}];'
        ' upsert into c [{"id": 1}, {"id": 3}, {"id": 3, "name": "second"}];'
        " select value c from c order by c.id"
    )

    assert told.values() == [{"id": 1}, {"id": 2}, {"id": 3, "name": "second"}]


async def test_changes_return_what_they_are_asked_for(q: Ask) -> None:
    told = await q(
        'insert into o as z [{"id": 100}, {"id": 101}] returning {"k": z.id};'
        ' upsert into c (select value {"id": x} from [1, 2] x) returning c.id'
    )

    assert told.problem is None
    assert told.values(0) == [{"k": 100}, {"k": 101}]
    assert told.values(1) == [1, 2]
    assert told.compiled is not None
    assert (told.compiled.results, told.compiled.signature) == (2, None)


async def test_deletes_remove_what_fits(q: Ask) -> None:
    told = await q(
        'insert into o (select value {"id": x} from [1, 2, 3, 4] x);'
        " delete from o where o.id > 3; delete from o as z where z.id = 1;"
        " delete from o where nosuch = 1;"
        " select value o.id from o order by o.id; delete from o; select value o from o"
    )

    assert told.problem is None
    assert told.values(0) == [2, 3]
    assert told.values(1) == []


async def test_generated_keys(sqlpp: Ask) -> None:
    told = await sqlpp(
        "create type u as {id: uuid}; create dataset au(u) primary key id autogenerated;"
        ' insert into au {"x": 1}; insert into au [{"x": 2}, {"x": 3}];'
        " select value a.x from au a order by a.x; select distinct value is_uuid(a.id) from au a"
    )

    assert told.problem is None
    assert told.values(0) == [1, 2, 3]


async def test_every_kind_of_value_comes_back(sqlpp: Ask) -> None:
    value = (
        '{ "id": 1, "b": true, "n": null, "i": 1, "i8": tinyint("1"), "f": float("1.5"), "d": 2.0,'
        ' "nan": double("NaN"), "s": "a\\"b", "l": [ 1, {{ "x" }} ], "o": { "$date": 5 },'
        ' "dt": date("2020-01-01"), "t": time("10:11:12.345"),'
        ' "ts": datetime("2020-01-01T10:11:12.345"), "u": duration("P1Y2DT3H"),'
        ' "by": hex("ABCD"), "p": point("1.0,2.0"), "c": circle("1.0,2.0 3.0"),'
        ' "li": line("1.0,2.0 3.0,4.0"), "po": polygon("1.0,2.0 3.0,4.0 5.0,7.0"),'
        ' "id2": uuid("5c848e5c-6b6a-498f-8452-8847a2957421") }'
    )
    told = await sqlpp(
        f"create type k as {{id: int}}; create dataset kinds(k) primary key id;"
        f" insert into kinds {value}; select value e from kinds e; select value {value}",
        format="adm",
    )

    assert told.problem is None
    assert told.rows[0] == told.rows[1]


async def test_datasets_are_tables_of_the_scope(q: Ask, spark_sql: Ask) -> None:
    await q(
        'insert into o [{"id": 1, "name": "a", "dt": date("2020-01-01"), "x": {"y": [1]}},'
        ' {"id": 2}]'
    )
    told = await spark_sql(
        "select id, name, dt, get_json_object(_open, '$.x.y') as y from q.o order by id"
    )

    assert told.values() == [
        {"id": 1, "name": "a", "dt": "2020-01-01", "y": "[1]"},
        {"id": 2, "name": None, "dt": None, "y": None},
    ]


async def test_what_was_made_survives_a_restart(
    q: Ask, runtime: SparkRuntime, own_settings: AgentSettings
) -> None:
    made = await q(
        'insert into o {"id": 1}; create function f(x) { x + 1 }; create index i on o(name);'
        " create view v as select value o.id from o; create function g(...) { args[1] }"
    )
    runtime.spark.sql("DROP DATABASE q CASCADE")
    tables = Tables(runtime, own_settings)
    tables.restore()
    again = open_statements(runtime, own_settings, tables)
    text = "use q; select value f(id) from v id; select value g(1, 2); select value o from o"
    told = await told_by(again.run(RunStatements(statements=statements(text))))
    again.close()

    assert made.problem is None
    assert told.problem is None
    assert [told.values(i) for i in range(3)] == [[2], [2], [{"id": 1}]]


async def test_dropping_leaves_nothing(q: Ask, own_settings: AgentSettings) -> None:
    await q("create view v as select 1")
    told = await q("drop view v; drop dataset o; select value o from o")
    gone = await q("drop dataverse q; create dataverse q; use q; create type o as {id: int};")

    assert told.problem is not None
    assert told.problem.startswith("ASX1077: Cannot find dataset o in dataverse q")
    assert gone.problem is None
    assert list((Path(own_settings.scope_dir) / "tables").glob("q.*/*")) == []


async def test_many_small_changes_become_few_files(q: Ask, own_settings: AgentSettings) -> None:
    for number in range(40):
        await q(f'insert into c {{"id": {number}}}')
    told = await q("select value c.id from c order by c.id")

    newest = max((Path(own_settings.scope_dir) / "tables" / "q.c").iterdir())
    assert told.values() == list(range(40))
    assert len(list(newest.glob("*.parquet"))) <= 33


async def test_nothing_is_dropped_under_what_reads_it(q: Ask) -> None:
    made = await q(
        "create function f() { (select value count(*) from o)[0] };"
        " create view v as select value c.id from c"
    )
    wrong = await q("create function g(x) { nosuch(x) }")
    by_function, by_view = await q("drop dataset o"), await q("drop dataset c")
    other = await q("create dataverse p; use p; create view w as select value o.id from q.o")
    dataverse = await q("drop dataverse q")
    fine = await q("drop view p.w; drop function f@0; drop dataset o; drop dataverse q")

    assert made.problem is None
    assert wrong.problem is not None
    assert wrong.problem.startswith("ASX1081: Cannot find function with signature q.nosuch(1)")
    assert by_function.problem == "ASX1148: Cannot drop dataset q.o being used by function q.f()"
    assert by_view.problem == "ASX1148: Cannot drop dataset q.c being used by view q.v"
    assert other.problem is None
    assert dataverse.problem == "ASX1147: Cannot drop dataverse: dataset q.o being used by view p.w"
    assert fine.problem is None


async def test_the_scope_is_described_by_metadata(q: Ask, spark_sql: Ask) -> None:
    await spark_sql("create table plain as select 1 as a")
    await q("create function f(x) { x }; create index i on o(name)")
    told = await q(
        "select value d.DatasetName from Metadata.`Dataset` d where d.DataverseName = 'q'"
        " order by d.DatasetName;"
        " select value d.DatasetName from Metadata.`Dataset` d where d.DataverseName = 'Default';"
        " select value v.DataverseName from Metadata.`Dataverse` v order by v.DataverseName;"
        " select value t.DatatypeName from Metadata.`Datatype` t order by t.DatatypeName;"
        " select value f.Name from Metadata.`Function` f;"
        " select value i.IndexName from Metadata.`Index` i"
    )

    assert told.problem is None
    assert [told.values(i) for i in range(6)] == [
        ["c", "o"],
        ["plain"],
        ["Default", "Metadata", "q"],
        ["$d$t$i$plain", "AnyObject", "c", "inn", "o", "o_bag", "o_inn"],
        ["f"],
        ["i"],
    ]


async def test_a_type_may_be_written_out_and_its_key_is_never_missing(sqlpp: Ask) -> None:
    told = await sqlpp(
        "create dataset d(id int, name string) primary key id;"
        ' insert into d [{"id": 1}, {"id": 2, "name": null}]; select value d from d order by d.id'
    )
    refused = await sqlpp('insert into d {"name": "x"}')

    assert told.problem is None
    assert told.values() == [{"id": 1}, {"id": 2, "name": None}]
    assert refused.problem == "type mismatch: missing a required closed field id: int64"


async def test_names_of_datasets_have_a_case(q: Ask) -> None:
    told = await q("select value x from O x")
    changed = await q('insert into O {"id": 1}')

    assert told.problem is not None
    assert told.problem.startswith("ASX1077: Cannot find dataset O in dataverse q")
    assert changed.problem is not None
    assert changed.problem.startswith("ASX1050: Cannot find dataset with name O in dataverse q")


async def test_a_function_that_another_calls_stays(q: Ask) -> None:
    told = await q(
        "create function one() { 1 }; create function two() { one() + one() }; drop function one@0"
    )
    fine = await q("drop function two@0; drop function one@0")

    assert told.problem == "ASX1148: Cannot drop function q.one() being used by function q.two()"
    assert fine.problem is None
