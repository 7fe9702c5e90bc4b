"""POST /query."""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec
import pytest

from tests.fakes.agent import Frame, Raw, ScriptedAgent, failed, queried
from tests.service.client import ErrorCode, User
from tests.service.conftest import ServerFactory
from wire import messages as wire

BODY: dict[str, Any] = {"scope": "taxi", "sql": "select 1"}


async def test_rows_counts_and_columns_come_back(ann: User, agent: ScriptedAgent) -> None:
    columns = [wire.Column(name="fare", type="double")]
    agent.on(wire.QueryRequest, queried([2.5], columns))

    body = (await ann.post("/query", BODY)).good()

    assert body["message"] == "execute sql successfully!"
    assert (body["result"], body["num_rows"], body["truncated"]) == ([2.5], 1, False)
    assert body["columns"][0]["name"] == "fare"


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, ("auto", True)),
        ({"collect_result": None}, ("auto", True)),
        ({"collect_result": "1"}, ("records", True)),
        ({"collect_result": 1}, ("records", True)),
        ({"collect_result": True}, ("records", True)),
        ({"collect_result": "0"}, ("records", False)),
        ({"collect_result": 0}, ("records", False)),
        ({"collect_result": False}, ("records", False)),
        ({"format": "values"}, ("values", True)),
        ({"format": "values", "collect_result": "1"}, ("values", True)),
    ],
)
async def test_the_shape_follows_collect_result_and_format(
    ann: User, agent: ScriptedAgent, given: dict[str, Any], asked: tuple[str, bool]
) -> None:
    (await ann.post("/query", {**BODY, **given})).good()

    [request] = agent.asked_for(wire.QueryRequest)
    assert (request.format, request.collect) == asked


async def test_without_collecting_there_is_no_result(ann: User, agent: ScriptedAgent) -> None:
    head = wire.QueryReply(num_rows=None, columns=[], content_length=0)
    agent.on(wire.QueryRequest, Frame(head))

    body = (await ann.post("/query", {**BODY, "collect_result": "0"})).good()

    assert "result" not in body
    assert body["num_rows"] is None


async def test_sql_params_limit_and_timeout_travel_as_they_are(
    ann: User, agent: ScriptedAgent
) -> None:
    sql = 'select "a\n" -- \'; drop table x'
    given = {"sql": sql, "params": {"x": [1, "'"]}, "limit": 5, "timeout": 9, "session": "s"}

    (await ann.post("/query", {**BODY, **given})).good()

    [request] = agent.asked_for(wire.QueryRequest)
    assert (request.sql, request.params) == (sql, {"x": [1, "'"]})
    assert (request.limit, request.timeout_s, request.session) == (5, 9, "s")


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("arrow", "application/vnd.apache.arrow.stream"),
        ("geojson", "application/geo+json"),
    ],
)
async def test_other_formats_are_the_body_itself(
    ann: User, agent: ScriptedAgent, form: str, kind: str
) -> None:
    payload = bytes(range(256))
    head = wire.QueryReply(num_rows=4, columns=[], content_length=256, truncated=True)
    agent.on(wire.QueryRequest, Frame(head, payload))

    by_name = await ann.post("/query", {**BODY, "format": form})
    by_accept = await ann.post("/query", BODY, headers={"Accept": kind.split(";")[0]})

    for reply in (by_name, by_accept):
        assert reply.raw == payload
        assert reply.headers["Content-Type"] == kind
        assert (reply.headers["X-Num-Rows"], reply.headers["X-Truncated"]) == ("4", "true")
        assert reply.headers["Content-Length"] == "256"


async def test_large_results_are_relayed_whole(ann: User, agent: ScriptedAgent) -> None:
    rows = [{"n": number, "t": "x" * 100} for number in range(50_000)]
    agent.on(wire.QueryRequest, queried(rows))

    assert (await ann.post("/query", BODY)).good()["result"] == rows


async def test_integers_stay_exact_and_nothing_is_read(ann: User, agent: ScriptedAgent) -> None:
    payload = b"[9007199254740993,123456789012345678901234567890]"
    head = wire.QueryReply(num_rows=2, columns=[], content_length=len(payload))
    agent.on(wire.QueryRequest, Frame(head, payload))

    assert payload in (await ann.post("/query", BODY)).raw


async def test_bad_sql_is_400_with_sparks_class(ann: User, agent: ScriptedAgent) -> None:
    agent.on(
        wire.QueryRequest,
        failed(
            ErrorCode.SQL_ERROR,
            "no such table",
            ename="AnalysisException",
            evalue="TABLE_OR_VIEW_NOT_FOUND",
            traceback=[],
            facts={"error_class": "TABLE_OR_VIEW_NOT_FOUND", "line": "1"},
        ),
    )

    reply = await ann.post("/query", BODY)

    assert reply.error == (400, 400, "sql_error")
    assert reply.body["ename"] == "AnalysisException"
    assert reply.body["error_class"] == "TABLE_OR_VIEW_NOT_FOUND"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ErrorCode.SESSION_NOT_FOUND, 404),
        (ErrorCode.DUPLICATE_COLUMNS, 400),
        (ErrorCode.RESULT_TOO_LARGE, 413),
        (ErrorCode.TIMEOUT, 504),
        (ErrorCode.DISK_FULL, 507),
        (ErrorCode.MEMORY_FULL, 507),
        (ErrorCode.NOT_READY, 503),
        (ErrorCode.CANCELLED, 400),
    ],
)
async def test_what_the_agent_says_keeps_its_code(
    ann: User, agent: ScriptedAgent, code: ErrorCode, status: int
) -> None:
    agent.on(wire.QueryRequest, failed(code))

    assert (await ann.post("/query", BODY)).error == (status, status, code.value)


async def test_an_internal_error_of_the_agent_shows_nothing(
    ann: User, agent: ScriptedAgent
) -> None:
    agent.on(wire.QueryRequest, failed(ErrorCode.INTERNAL, "secret path /opt"))

    reply = await ann.post("/query", BODY)

    assert reply.error == (500, 500, "internal_error")
    assert "/opt" not in reply.raw.decode()


async def test_limits_of_results_reach_the_agent(make_server: ServerFactory) -> None:
    server = await make_server(max_result_rows="7", max_result_bytes="1KiB")
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()

    (await ann.post("/query", BODY)).good()

    [request] = server.agent("ann", "taxi").asked_for(wire.QueryRequest)
    assert (request.max_rows, request.max_bytes) == (7, 1024)


async def test_an_agent_that_sends_more_than_allowed_is_cut_off(
    make_server: ServerFactory,
) -> None:
    server = await make_server(max_result_bytes="1KiB")
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()
    server.agent("ann", "taxi").on(wire.QueryRequest, queried(["x" * 2000]))

    assert (await ann.post("/query", BODY)).error == (502, 502, "agent_misbehaved")


async def test_a_result_cut_short_is_seen_as_such(ann: User, agent: ScriptedAgent) -> None:
    head = wire.QueryReply(num_rows=1, columns=[], content_length=1_000_000)
    agent.on(wire.QueryRequest, Frame(head, b"[1"))

    with pytest.raises(aiohttp.ClientPayloadError):
        await ann.post("/query", BODY)
    (await ann.get("/scope")).good()


@pytest.mark.parametrize("body", [b"", b"\xff" * 10, msgspec.json.encode({"num_rows": "many"})])
async def test_frames_that_are_none_are_502(ann: User, agent: ScriptedAgent, body: bytes) -> None:
    agent.on(wire.QueryRequest, Raw(body))

    assert (await ann.post("/query", BODY)).error == (502, 502, "agent_misbehaved")


async def test_an_agent_cannot_call_its_error_a_success(ann: User, agent: ScriptedAgent) -> None:
    lies = {"status": "success", "code": "200", "type": "none", "message": "well", "line": "1"}
    agent.on(wire.QueryRequest, failed(ErrorCode.SQL_ERROR, "bad", facts=lies))

    reply = await ann.post("/query", BODY)

    assert reply.error == (400, 400, "sql_error")
    assert (reply.body["message"], reply.body["line"]) == ("bad", "1")


async def test_a_limit_beyond_what_spark_counts_is_none(ann: User, agent: ScriptedAgent) -> None:
    for limit in (2**31 - 2, 2**31 - 1, 2**60):
        (await ann.post("/query", {**BODY, "limit": limit})).good()

    asked = [request.limit for request in agent.asked_for(wire.QueryRequest)]
    assert asked == [2**31 - 2, None, None]
