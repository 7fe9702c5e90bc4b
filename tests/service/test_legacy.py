"""The old db API, with its own texts and codes."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.fakes.agent import ScriptedAgent, drawn, failed, queried
from tests.service.client import ErrorCode, Reply, Server, User
from wire import messages as wire

TABLE = {"name": "trips", "format": "csv", "path": "/samples/nyc_taxi.csv"}
LOAD: dict[str, Any] = {"db_name": "nyc", "type": "spark", "tables": [TABLE]}
BOX = {"bounding_box": [0, 0, 1, 1], "coordinate_system": "EPSG:4326"}


def old_error(reply: Reply) -> tuple[int, int, str]:
    assert reply.body["status"] == "error"
    return reply.status, reply.body["code"], reply.body["message"]


async def loaded(server: Server, user: User) -> tuple[str, ScriptedAgent]:
    (await user.post("/load", LOAD)).good()
    [db] = (await user.get("/dbs")).good()["data"]
    return db["id"], server.agent("ann", "db.nyc")


async def test_load_makes_a_db_and_its_tables(server: Server, ann: User) -> None:
    body = (await ann.post("/load", LOAD)).good()

    assert body["message"] == "load data succeed!"
    [db] = (await ann.get("/dbs")).good()["data"]
    assert (db["name"], db["type"]) == ("nyc", "spark")
    [asked] = server.agent("ann", "db.nyc").asked_for(wire.LoadTables)
    assert asked.tables[0].name == "trips"


async def test_loading_again_adds(server: Server, ann: User) -> None:
    _, agent = await loaded(server, ann)

    (await ann.post("/load", {**LOAD, "tables": [{**TABLE, "name": "more"}]})).good()

    assert len((await ann.get("/dbs")).good()["data"]) == 1
    assert [a.tables[0].name for a in agent.asked_for(wire.LoadTables)] == ["trips", "more"]


async def test_dbs_are_in_order_of_making_and_scopes_are_none(ann: User) -> None:
    for name in ("z", "a"):
        (await ann.post("/load", {"db_name": name, "type": "spark"})).good()
    (await ann.post("/scope", {"scope": "plain"})).good()

    assert [db["name"] for db in (await ann.get("/dbs")).good()["data"]] == ["z", "a"]


@pytest.mark.parametrize("body", [None, {}, {"db_name": "x"}, {"type": "spark"}])
async def test_load_needs_name_and_type(ann: User, body: Any) -> None:
    assert old_error(await ann.post("/load", body)) == (400, -1, "no db_name or type field!")


async def test_load_knows_spark_only(ann: User) -> None:
    reply = await ann.post("/load", {"db_name": "x", "type": "mysql"})

    assert old_error(reply) == (400, -1, "sorry, but unsupported db type!")


async def test_a_load_that_fails_is_400(server: Server, ann: User) -> None:
    _, agent = await loaded(server, ann)
    agent.on(wire.LoadTables, failed(ErrorCode.LOAD_FAILED, "no such file"))

    assert old_error(await ann.post("/load", LOAD)) == (400, -1, "no such file")


async def test_another_master_is_refused_as_by_session(server: Server, ann: User) -> None:
    _, agent = await loaded(server, ann)
    agent.on(wire.CreateSession, failed(ErrorCode.SESSION_NEEDS_OWN_CONTEXT, "another master"))

    reply = await ann.post("/load", {**LOAD, "spark": {"master-addr": "spark://x:7077"}})

    assert old_error(reply) == (400, -1, "another master")
    assert agent.asked_for(wire.CreateSession)[0].master == "spark://x:7077"


async def test_tables_are_listed_but_hidden_ones(server: Server, ann: User) -> None:
    db, agent = await loaded(server, ann)
    hidden = {**TABLE, "name": "secret", "visibility": "False"}
    (await ann.post("/load", {**LOAD, "tables": [hidden]})).good()
    facts = [wire.TableFacts(name="trips"), wire.TableFacts(name="secret")]
    agent.on(wire.ListTables, wire.TablesReply(tables=facts))

    assert (await ann.post("/db/tables", {"id": db})).good()["data"] == ["trips"]
    (await ann.post("/load", {**LOAD, "tables": [{**hidden, "visibility": "True"}]})).good()
    assert (await ann.post("/db/tables", {"id": db})).good()["data"] == ["trips", "secret"]


async def test_table_info(server: Server, ann: User) -> None:
    db, agent = await loaded(server, ann)
    columns = [wire.Column(name="fare", type="double")]
    agent.on(wire.DescribeTable, wire.TableFacts(name="trips", columns=columns))

    body = (await ann.post("/db/table/info", {"id": db, "table": "trips"})).good()

    assert body["data"] == [{"col_name": "fare", "data_type": "double"}]


async def test_a_missing_table_is_404(server: Server, ann: User) -> None:
    db, agent = await loaded(server, ann)
    agent.on(wire.DescribeTable, failed(ErrorCode.TABLE_NOT_FOUND, "table t not found!"))

    reply = await ann.post("/db/table/info", {"id": db, "table": "t"})

    assert old_error(reply) == (404, -1, "the table t is not in this db!")


@pytest.mark.parametrize("path", ["/db/tables", "/db/table/info", "/db/query"])
async def test_a_missing_id_is_told(ann: User, path: str) -> None:
    for body in (None, {}):
        assert old_error(await ann.post(path, body)) == (
            400,
            -1,
            "json error: id is not exist",
        )
    assert old_error(await ann.post(path, {"id": "7"})) == (
        404,
        -1,
        "there is no database whose id equal to 7",
    )


async def test_anothers_db_is_missing(server: Server, ann: User, bob: User) -> None:
    db, _ = await loaded(server, ann)

    assert (await bob.post("/db/tables", {"id": db})).status == 404
    assert (await bob.get("/dbs")).good()["data"] == []


@pytest.mark.parametrize("query", [None, {}, "x", {"type": "sql"}, {"sql": "select 1"}])
async def test_a_malformed_query_is_told(server: Server, ann: User, query: Any) -> None:
    db, _ = await loaded(server, ann)

    reply = await ann.post("/db/query", {"id": db, "query": query})

    assert old_error(reply) == (400, -1, "query format error")


async def test_an_unknown_type_is_told(server: Server, ann: User) -> None:
    db, _ = await loaded(server, ann)

    reply = await ann.post("/db/query", {"id": db, "query": {"type": "pie", "sql": "x"}})

    assert old_error(reply) == (400, -1, "pie not support")


async def test_rows_of_sql(server: Server, ann: User) -> None:
    db, agent = await loaded(server, ann)
    agent.on(wire.QueryRequest, queried([{"a": 1}]))
    sql = 'select "a"'

    body = (await ann.post("/db/query", {"id": db, "query": {"type": "sql", "sql": sql}})).good()

    assert body["data"] == {"sql": sql, "err": False, "result": [{"a": 1}]}


@pytest.mark.parametrize(
    ("kind", "chart", "more"),
    [
        ("point", "pointmap", {"point_size": 3}),
        ("heat", "heatmap", {"map_zoom_level": 10.5}),
        ("choropleth", "choropleth", {}),
        ("weighted", "weighted", {}),
        ("icon", "icon_viz", {"icon_path": "icon.png"}),
        ("fishnet", "fishnetmap", {"cell_size": 4}),
    ],
)
async def test_pictures(
    server: Server, ann: User, kind: str, chart: str, more: dict[str, Any]
) -> None:
    db, agent = await loaded(server, ann)
    agent.on(wire.RenderRequest, drawn(b"png"))
    params = {"width": 8, "height": 4, kind: {**BOX, **more}}
    query = {"type": kind, "sql": "select p", "params": params}

    body = (await ann.post("/db/query", {"id": db, "query": query})).good()

    assert base64.b64decode(body["data"]["result"]) == b"png"
    assert body["data"]["err"] is False
    [asked] = agent.asked_for(wire.RenderRequest)
    assert (asked.chart, asked.params["width"]) == (chart, 8)
    assert asked.params["bounding_box"] == [0, 0, 1, 1]


async def test_a_bad_parameter_is_400(server: Server, ann: User) -> None:
    db, _ = await loaded(server, ann)
    query = {"type": "point", "sql": "x", "params": {"width": 8}}

    reply = await ann.post("/db/query", {"id": db, "query": query})

    assert (reply.status, reply.body["code"]) == (400, -1)
