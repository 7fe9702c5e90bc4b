"""What the old server got wrong, one test each."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from typing import Any

from control.app import all_endpoints
from control.web.endpoint import Access
from tests.fakes.agent import ScriptedAgent, drawn, failed
from tests.service.client import ErrorCode, Server, User
from tests.service.conftest import ServerFactory
from wire import messages as wire

MAP: dict[str, Any] = {"width": 1, "height": 1, "bounding_box": [0, 0, 1, 1]}
NASTY = "'; import os; os.abort() #\"\n{}\\"


async def test_user_code_does_not_run_in_the_server_process(
    ann: User, agent: ScriptedAgent
) -> None:
    code = "import sys; sys.modules['geoscope_was_here'] = sys"

    (await ann.post("/command", {"scope": "taxi", "command": code})).good()

    assert "geoscope_was_here" not in sys.modules
    assert agent.asked_for(wire.ExecuteRequest)[0].code == code


async def test_the_server_loads_neither_spark_nor_a_kernel(server: Server) -> None:
    source = "import sys, control.__main__; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", source, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()

    loaded = {name.split(".")[0] for name in out.decode().split()}
    assert not loaded & {"pyspark", "py4j", "sandbox", "ipykernel", "jupyter_client", "numpy"}


async def test_scope_endpoints_have_auth() -> None:
    open_ones = {e.path for e in all_endpoints() if e.access is Access.PUBLIC}

    assert not any(path.startswith("/scope") for path in open_ones)


async def test_sql_names_paths_and_parameters_are_pasted_nowhere(
    ann: User, agent: ScriptedAgent
) -> None:
    item = {"name": NASTY, "format": NASTY, "path": NASTY, "options": {NASTY: NASTY}}
    table = {**item, "schema": [{NASTY: NASTY}]}

    await ann.post("/loadfile", {"scope": "taxi", "session": NASTY, "tables": [table]})
    await ann.post("/query", {"scope": "taxi", "sql": NASTY, "params": {NASTY: NASTY}})
    await ann.post("/pointmap", {"scope": "taxi", "sql": NASTY, "params": {**MAP, "x": NASTY}})

    [load] = agent.asked_for(wire.LoadTables)
    [source] = load.tables
    assert (load.session, source.name, source.path, source.format) == (NASTY,) * 4
    assert source.options == {NASTY: NASTY}
    assert source.schema == [(NASTY, NASTY)]
    [query] = agent.asked_for(wire.QueryRequest)
    assert (query.sql, query.params) == (NASTY, {NASTY: NASTY})
    assert agent.asked_for(wire.RenderRequest)[0].sql == NASTY
    assert agent.asked_for(wire.ExecuteRequest) == []


async def test_each_scope_has_its_own_spark(server: Server, ann: User) -> None:
    for name in ("a", "b"):
        (await ann.post("/scope", {"scope": name})).good()

    (await ann.post("/query", {"scope": "a", "sql": "select 1"})).good()

    assert server.agent("ann", "a").socket != server.agent("ann", "b").socket
    assert server.agent("ann", "b").asked_for(wire.QueryRequest) == []


async def test_sql_with_quotes_and_newlines_works(ann: User, agent: ScriptedAgent) -> None:
    sql = 'select "a",\n\'b\' -- \\"""\n'

    (await ann.post("/query", {"scope": "taxi", "sql": sql})).good()

    assert agent.asked_for(wire.QueryRequest)[0].sql == sql


async def test_login_is_not_open_to_sql_injection(server: Server, ann: User) -> None:
    for username in ("ann' --", "' or '1'='1", "ann'; drop table accounts; --"):
        reply = await server.nobody.post(
            "/token", {"username": username, "password": "' or '1'='1"}
        )
        assert reply.status == 401
    assert (await server.log_in("ann")).token


async def test_passwords_are_hashed(server: Server, ann: User) -> None:
    path = server.services.settings.state_dir / "geoscope.db"
    with sqlite3.connect(path) as connection:
        hashes = [row[0] for row in connection.execute("select password_hash from accounts")]
    connection.close()

    assert len(hashes) == 2
    assert all(text.startswith("$argon2id$") for text in hashes)


async def test_each_installation_has_its_own_signing_key(
    make_server: ServerFactory, tmp_path_factory: Any
) -> None:
    first = await make_server()
    second = await make_server(state_dir=str(tmp_path_factory.mktemp("other")))
    token = (await first.log_in("admin")).token

    reply = await second.nobody.get("/scope", headers={"Authorization": f"Token {token}"})

    assert reply.status == 401


async def test_no_error_is_http_200(server: Server, ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.QueryRequest, failed(ErrorCode.SQL_ERROR))
    agent.on(wire.DescribeTable, failed(ErrorCode.TABLE_NOT_FOUND))
    replies = [
        await server.nobody.post("/login", {"username": "x", "password": "y"}),
        await ann.post("/query", {"scope": "taxi", "sql": "x"}),
        await ann.post("/query", {"scope": "none", "sql": "x"}),
        await ann.post("/scope", {"scope": "taxi"}),
        await ann.get("/table/taxi/spark/none"),
        await ann.post("/load", {}),
        await ann.post("/db/tables", {"id": "x"}),
    ]

    assert all(reply.status >= 400 for reply in replies)
    assert all(reply.body["status"] == "error" for reply in replies)


async def test_missing_optional_fields_do_not_crash(ann: User, agent: ScriptedAgent) -> None:
    (await ann.post("/loadfile", {"scope": "taxi", "tables": [{"name": "a", "path": "b"}]})).good()
    (await ann.post("/session", {"scope": "taxi"})).good()
    (await ann.post("/query", {"scope": "taxi", "sql": "select 1"})).good()
    (await ann.post("/pointmap", {"scope": "taxi", "sql": "x", "params": MAP})).good()


async def test_results_have_limits(ann: User, agent: ScriptedAgent) -> None:
    (await ann.post("/query", {"scope": "taxi", "sql": "select 1"})).good()
    (await ann.post("/command", {"scope": "taxi", "command": "1"})).good()

    assert agent.asked_for(wire.QueryRequest)[0].max_bytes == 1024**3
    assert agent.asked_for(wire.ExecuteRequest)[0].max_output_bytes == 10 * 1024**2


async def test_a_deleted_scope_leaves_nothing(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    (await ann.delete("/scope/taxi")).good()

    assert server.world.containers == {}
    assert server.world.disks == {}
    assert list((server.services.settings.state_dir / "berths").iterdir()) == []


async def test_a_map_on_an_unknown_scope_is_404(ann: User) -> None:
    for path in ("/pointmap", "/choropleth", "/weighted"):
        reply = await ann.post(path, {"scope": "none", "sql": "x", "params": MAP})

        assert reply.error == (404, 404, "scope_not_found")


async def test_collect_result_1_means_1(ann: User, agent: ScriptedAgent) -> None:
    (await ann.post("/query", {"scope": "taxi", "sql": "x", "collect_result": 1})).good()

    assert agent.asked_for(wire.QueryRequest)[0].collect is True


async def test_column_order_is_no_matter_of_the_request(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.RenderRequest, drawn())
    body = {"scope": "taxi", "sql": "select w, s, c, p from t", "params": MAP}

    (await ann.post("/weighted", body)).good()

    assert agent.asked_for(wire.RenderRequest)[0].sql == body["sql"]
