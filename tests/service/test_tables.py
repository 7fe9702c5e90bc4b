"""POST /loadfile, /createtable, /savefile; GET /table, /tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.agent import ScriptedAgent, failed
from tests.service.client import ErrorCode, User
from wire import messages as wire

COLUMNS = [
    wire.Column(name="column0", type="string"),
    wire.Column(name="g", type="geometry", srid=4326, extent=(0, 1, 2, 3)),
]
FACTS = wire.TableFacts(name="trips", num_rows=500, bytes=9, columns=COLUMNS)


async def test_load_as_in_the_seed(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.LoadTables, wire.TablesReply(tables=[FACTS]))
    item = {
        "name": "trips",
        "format": "csv",
        "path": "/path/to/data.csv",
        "options": {"header": "True", "delimiter": ",", "inferSchema": True},
        "schema": [{"column0": "string"}, {"column1": "double"}],
    }

    body = (await ann.post("/loadfile", {"scope": "taxi", "tables": [item]})).good()

    assert body["message"] == "load table successfully!"
    [table] = body["tables"]
    assert (table["name"], table["num_rows"]) == ("trips", 500)
    assert table["schema"] == [{"column0": "string"}, {"g": "geometry"}]
    [asked] = agent.asked_for(wire.LoadTables)
    assert asked.session == "spark"
    [source] = asked.tables
    assert source.options == {"header": "True", "delimiter": ",", "inferSchema": "true"}
    assert source.schema == [("column0", "string"), ("column1", "double")]
    assert source.mode == "replace"


async def test_load_needs_neither_options_nor_schema(ann: User, agent: ScriptedAgent) -> None:
    items = [{"name": "a", "format": "csv", "path": "x"}, {"name": "b", "sql": "select 1"}]

    (await ann.post("/loadfile", {"scope": "taxi", "tables": items})).good()

    [asked] = agent.asked_for(wire.LoadTables)
    assert [(s.path, s.sql, s.schema) for s in asked.tables] == [
        ("x", None, None),
        (None, "select 1", None),
    ]


async def test_rows_left_out_are_reported(ann: User, agent: ScriptedAgent) -> None:
    table = wire.TableFacts(name="a", num_rows=1, rejected=3)
    agent.on(wire.LoadTables, wire.TablesReply(tables=[table]))
    item = {"name": "a", "path": "x", "options": {"mode": "PERMISSIVE"}}

    body = (await ann.post("/loadfile", {"scope": "taxi", "tables": [item]})).good()

    assert body["tables"][0]["rejected"] == 3


@pytest.mark.parametrize(
    ("code", "status"), [(ErrorCode.LOAD_FAILED, 400), (ErrorCode.TABLE_EXISTS, 409)]
)
async def test_a_load_that_fails_says_why(
    ann: User, agent: ScriptedAgent, code: ErrorCode, status: int
) -> None:
    agent.on(wire.LoadTables, failed(code, "table a: no such file x"))
    item = {"name": "a", "format": "csv", "path": "x", "mode": "error"}

    reply = await ann.post("/loadfile", {"scope": "taxi", "tables": [item]})

    assert reply.error == (status, status, code.value)
    assert reply.body["message"] == "table a: no such file x"


async def test_a_missing_file_is_400_and_says_so(ann: User, agent: ScriptedAgent) -> None:
    error = failed(ErrorCode.FILE_NOT_FOUND, "table a: no such file: x", facts={"table": "a"})
    agent.on(wire.LoadTables, error)

    reply = await ann.post("/loadfile", {"scope": "taxi", "tables": [{"name": "a", "path": "x"}]})

    assert reply.error == (400, 400, "load_failed")
    assert (reply.body["message"], reply.body["table"]) == ("table a: no such file: x", "a")


async def test_create_table_from_sql(ann: User, agent: ScriptedAgent) -> None:
    body = {"scope": "taxi", "session": "s", "tables": [{"name": "n", "sql": 'select "x"\n'}]}

    reply = (await ann.post("/createtable", body)).good()

    assert reply["message"] == "create table successfully!"
    [asked] = agent.asked_for(wire.LoadTables)
    assert (asked.session, asked.tables[0].sql) == ("s", 'select "x"\n')


@pytest.mark.parametrize("path", ["/savefile", "/savetable"])
async def test_save_answers_the_files(ann: User, agent: ScriptedAgent, path: str) -> None:
    item = {"sql": "select 1", "format": "csv", "path": "out.csv"}

    body = (await ann.post(path, {"scope": "taxi", "tables": [item]})).good()

    assert body["message"] == "save table successfully!"
    assert body["tables"][0]["files"] == ["out.csv"]
    [asked] = agent.asked_for(wire.SaveTables)
    assert asked.tables[0].mode == "error"


async def test_a_save_that_fails_says_why(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.SaveTables, failed(ErrorCode.SAVE_FAILED, "out.csv exists"))
    item = {"sql": "select 1", "format": "csv", "path": "out.csv"}

    reply = await ann.post("/savefile", {"scope": "taxi", "tables": [item]})

    assert reply.error == (400, 400, "save_failed")


async def test_a_file_in_the_way_of_a_save_is_400(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.SaveTables, failed(ErrorCode.FILE_EXISTS, "out.csv exists"))
    item = {"sql": "select 1", "format": "csv", "path": "out.csv"}

    reply = await ann.post("/savefile", {"scope": "taxi", "tables": [item]})

    assert reply.error == (400, 400, "save_failed")


async def test_describe_by_path_is_the_seeds_form(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.DescribeTable, FACTS)

    body = (await ann.get("/table/taxi/spark/trips")).good()

    assert body["schema"] == [{"column0": "string"}, {"g": "geometry"}]
    assert (body["table"], body["num_rows"]) == ("trips", 500)
    assert body["columns"][1] == {
        "name": "g",
        "type": "geometry",
        "nullable": True,
        "srid": 4326,
        "extent": [0, 1, 2, 3],
    }


@pytest.mark.parametrize("path", ["/table/schema", "/table"])
async def test_describe_by_query_is_the_shipped_form(
    ann: User, agent: ScriptedAgent, path: str
) -> None:
    agent.on(wire.DescribeTable, FACTS)

    body = (await ann.get(f"{path}?scope=taxi&session=spark&table=trips")).good()

    assert body["schema"][0] == {"col_name": "column0", "data_type": "string"}
    assert body["num_rows"] == 500


async def test_a_missing_table_is_404(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.DescribeTable, failed(ErrorCode.TABLE_NOT_FOUND, "table t not found!"))

    reply = await ann.get("/table/taxi/spark/t")

    assert reply.error == (404, 404, "table_not_found")
    assert reply.body["message"] == "table t not found!"


async def test_names_in_paths_are_unquoted(ann: User, agent: ScriptedAgent) -> None:
    (await ann.get("/table/taxi/spark/a%20b%C3%A4")).good()

    assert agent.asked_for(wire.DescribeTable)[0].table == "a b\u00e4"


async def test_list_has_tables_and_views(ann: User, agent: ScriptedAgent) -> None:
    view = wire.TableFacts(name="v", is_view=True)
    agent.on(wire.ListTables, wire.TablesReply(tables=[FACTS, view]))

    body: dict[str, Any] = (await ann.get("/tables/taxi/spark")).good()

    assert [(t["name"], t["num_rows"], t["is_view"]) for t in body["tables"]] == [
        ("trips", 500, False),
        ("v", None, True),
    ]
