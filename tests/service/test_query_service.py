"""POST and GET /query/service, immediate: the text of replies, where parameters come from."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.fakes.agent import Pieces, ScriptedAgent, failed, not_compiled, ran
from tests.service.client import ErrorCode, Server, User
from tests.service.conftest import ServerFactory
from tests.service.statements import COUNTS, PATH, masked, post, told
from wire import messages as wire

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SEED = """{
	"requestID": "ID",
	"clientContextID": "xyz",
	"signature": "*",
	"results": [ {
		"$1" : 1
	} ]
	,
	"status": "success",
	"metrics": {
		"elapsedTime": "TIME",
		"executionTime": "TIME",
		"resultCount": 1,
		"resultSize": 15
	}
}
"""


async def test_the_seeds_sample_byte_for_byte(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.RunStatements, told(b'{\n\t\t"$1" : 1\n\t}'))

    reply = await post(ann, statement="select 1;", pretty="true", client_context_id="xyz")

    assert masked(reply.raw) == SEED
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert reply.headers["Transfer-Encoding"] == "chunked"
    [asked] = agent.asked_for(wire.RunStatements)
    assert asked.statements.statement == "select 1;"
    assert (asked.statements.pretty, asked.spool) == (True, False)
    assert asked.statements.work_id == reply.body["requestID"]


async def test_without_a_scope_the_users_default_is_made_once(server: Server, ann: User) -> None:
    replies = await asyncio.gather(*(ann.post(PATH, {"statement": "select 1"}) for _ in range(5)))

    assert [reply.body["results"] for reply in replies] == [[{"$1": 1}]] * 5
    assert [scope.name for scope in server.services.registry.list("ann")] == ["default"]


async def test_the_scope_may_be_a_header(ann: User, agent: ScriptedAgent) -> None:
    reply = await ann.post(PATH, {"statement": "x"}, headers={"X-Scope": "taxi"})

    assert reply.status == 200
    assert len(agent.asked_for(wire.RunStatements)) == 1


async def test_another_users_scope_is_none(bob: User, agent: ScriptedAgent) -> None:
    reply = await post(bob, statement="select 1")

    assert reply.error == (404, 404, "scope_not_found")
    assert agent.asked_for(wire.RunStatements) == []


@pytest.mark.parametrize("path", [PATH, "/analytics/service", "/api/v1/request"])
async def test_it_is_there_under_each_path(ann: User, agent: ScriptedAgent, path: str) -> None:
    reply = await ann.post(path, {"statement": "select 1", "scope": "taxi"})

    assert reply.body["results"] == [{"$1": 1}]


async def test_a_json_body_ignores_the_uri(ann: User, agent: ScriptedAgent) -> None:
    body = {"statement": "one", "scope": "taxi", "pretty": "TRUE", "client_context_id": 12}

    reply = await ann.post(PATH + "?statement=two&readonly=true", body)

    [asked] = agent.asked_for(wire.RunStatements)
    assert (asked.statements.statement, asked.statements.readonly) == ("one\n;", False)
    assert asked.statements.pretty
    assert reply.body["clientContextID"] == "12"


async def test_a_forms_pairs_come_before_those_of_the_uri(ann: User, agent: ScriptedAgent) -> None:
    body = "statement=one&scope=taxi&statement=three"

    await ann.post(PATH + "?statement=two&readonly=true", data=body, headers=FORM)

    [asked] = agent.asked_for(wire.RunStatements)
    assert (asked.statements.statement, asked.statements.readonly) == ("one\n;", True)


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "Application/json", ""])
async def test_other_bodies_are_not_looked_at(ann: User, agent: ScriptedAgent, kind: str) -> None:
    body = '{"statement": "select 1"}'

    reply = await ann.post(PATH, data=body, headers={"Content-Type": kind})
    with_uri = await ann.post(
        PATH + "?statement=x&scope=taxi", data=body, headers={"Content-Type": kind}
    )

    assert reply.status == 400
    assert reply.body["errors"] == [{"code": 1, "msg": "ASX0040: No statement provided"}]
    assert reply.body["requestID"]
    assert with_uri.status == 200


async def test_get_only_reads(ann: User, agent: ScriptedAgent) -> None:
    reply = await ann.get(PATH + "?statement=select+1&scope=taxi&readonly=false")

    assert reply.body["results"] == [{"$1": 1}]
    [asked] = agent.asked_for(wire.RunStatements)
    assert asked.statements.readonly


@pytest.mark.parametrize(
    ("given", "asked"),
    [("", ";"), ("a;", "a;"), ("a; \n", "a; \n"), ("a -- b", "a -- b\n;")],
)
async def test_a_missing_semicolon_is_added_on_its_own_line(
    ann: User, agent: ScriptedAgent, given: str, asked: str
) -> None:
    await post(ann, statement=given)

    [request] = agent.asked_for(wire.RunStatements)
    assert request.statements.statement == asked


async def test_sparks_dialect_gets_the_statement_as_it_is(ann: User, agent: ScriptedAgent) -> None:
    await post(ann, statement="select 1", dialect="spark", session="mine")

    [request] = agent.asked_for(wire.RunStatements)
    assert request.statements.statement == "select 1"
    assert (request.statements.dialect, request.statements.session) == ("spark", "mine")


async def test_statements_without_a_result_have_neither_signature_nor_results(
    ann: User, agent: ScriptedAgent
) -> None:
    compiled = wire.CompiledEvent(statement_category="ddl")
    agent.on(wire.RunStatements, Pieces([compiled, wire.FinishedEvent(counts=wire.Counts())]))

    reply = await post(ann, statement="create dataverse d;")

    assert list(reply.body) == ["requestID", "status", "metrics"]


async def test_more_results_are_numbered_and_the_signature_comes_once(
    ann: User, agent: ScriptedAgent
) -> None:
    pieces: list[Any] = [wire.CompiledEvent(signature="*", results=3)]
    for index in range(3):
        pieces += [
            wire.ResultEvent(index=index, edge="begin"),
            b'{ "$1": %d }\n' % index,
            wire.ResultEvent(index=index, edge="end"),
        ]
    agent.on(wire.RunStatements, Pieces([*pieces, wire.FinishedEvent(counts=COUNTS)]))

    reply = await post(ann, statement="select 0; select 1; select 2;")

    assert reply.raw.count(b"signature") == 1
    members = ["requestID", "signature", "results", "results-0", "results-1", "status", "metrics"]
    assert list(reply.body) == members
    assert reply.body["results-1"] == [{"$1": 2}]


async def test_no_rows_are_an_empty_array(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.RunStatements, told())

    assert b'"results": [  ]\n\t,\n' in (await post(ann, statement="x")).raw


async def test_everything_that_may_be_in_a_reply_has_its_place(
    ann: User, agent: ScriptedAgent
) -> None:
    warning = wire.Problem(text='ASX1: "odd"', kind="runtime")
    counts = wire.Counts(compile_ns=1_000, queue_ns=5, processed_objects=7, result_count=1)
    agent.on(
        wire.RunStatements,
        told(
            b'"1\\r\\n"',
            warnings=[warning],
            warning_count=3,
            plans={"job": {"a": 1}},
            profile={"counters": []},
            counts=counts,
        ),
    )

    reply = await post(
        ann,
        statement="x",
        format="csv",
        **{"max-warnings": "1", "job": "true", "profile": "timings"},
    )

    assert list(reply.body) == [
        *("requestID", "type", "signature", "results", "plans", "warnings"),
        *("status", "metrics", "profile"),
    ]
    assert reply.body["type"] == "text/csv; header=absent"
    assert reply.body["warnings"] == [{"code": 1, "msg": 'ASX1: "odd"'}]
    assert list(reply.body["metrics"]) == [
        *("elapsedTime", "executionTime", "resultCount", "resultSize"),
        *("compileTime", "queueWaitTime", "processedObjects", "warningCount"),
    ]
    assert reply.body["metrics"]["compileTime"] == "1µs"
    [asked] = agent.asked_for(wire.RunStatements)
    assert asked.statements.plans == ["job"]
    assert (asked.statements.max_warnings, asked.statements.profile) == (1, "timings")


async def test_jdbc_gets_types_and_facts_of_the_statement(ann: User, agent: ScriptedAgent) -> None:
    signature = {"name": ["a"], "type": ["int64"]}
    agent.on(wire.RunStatements, told(b'{ "a": 1 }\n', signature=signature))

    reply = await post(ann, statement="x", **{"client-type": "jdbc"})

    assert reply.body["signature"] == signature
    assert reply.body["plans"] == {"statementCategory": "query"}
    [asked] = agent.asked_for(wire.RunStatements)
    assert asked.statements.typed_signature


async def test_signature_may_be_left_out(ann: User, agent: ScriptedAgent) -> None:
    assert "signature" not in (await post(ann, statement="x", signature="false")).body


async def test_only_parsed_statements_tell_their_parameters(
    ann: User, agent: ScriptedAgent
) -> None:
    compiled = wire.CompiledEvent(statement_parameters=[1, 2, "name"])
    agent.on(wire.RunStatements, Pieces([compiled, wire.FinishedEvent(counts=wire.Counts())]))

    reply = await post(ann, statement="x", **{"parse-only": "true"})

    assert reply.body["results"] == {"statement-parameters": [1, 2, "name"]}


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        ("compile", 400, "fatal"),
        ("parameter", 400, "fatal"),
        ("runtime", 500, "fatal"),
        ("timeout", 200, "timeout"),
        ("cancelled", 500, "failed"),
        ("agent", 500, "fatal"),
    ],
)
async def test_a_failure_before_any_row_has_the_status_of_its_kind(
    ann: User, agent: ScriptedAgent, kind: wire.ProblemKind, status: int, word: str
) -> None:
    agent.on(wire.RunStatements, not_compiled("ASX1001: Syntax error: so", kind))

    reply = await post(ann, statement="x", client_context_id='a"\n')

    assert (reply.status, reply.body["status"]) == (status, word)
    assert list(reply.body) == ["requestID", "clientContextID", "errors", "status", "metrics"]
    assert reply.body["errors"] == [{"code": 1, "msg": "ASX1001: Syntax error: so"}]
    assert reply.body["clientContextID"] == 'a"\n'
    assert reply.body["metrics"]["errorCount"] == 1
    assert b'"errors": [{ \n\t\t"code": 1,\t\t"msg": "ASX1001: Syntax error: so"\t} \n\t],\n' in (
        reply.raw
    )


async def test_through_api_v1_a_failure_at_run_time_is_200(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.RunStatements, not_compiled("ASX0007: Overflow", "runtime"))
    body = {"statement": "x", "scope": "taxi"}

    assert (await ann.post("/api/v1/request", body)).status == 200
    agent.on(wire.RunStatements, not_compiled("ASX1001: Syntax error", "compile"))
    assert (await ann.post("/api/v1/request", body)).status == 400


async def test_a_failure_after_a_whole_result_follows_it(ann: User, agent: ScriptedAgent) -> None:
    answer = ran()
    problem = wire.Problem(text="ASX0007: Overflow", kind="runtime")
    last = wire.FinishedEvent(problem=problem, counts=COUNTS)
    agent.on(wire.RunStatements, Pieces([*answer.pieces[:-1], last]))

    reply = await post(ann, statement="select 1; select too_much;")

    assert reply.status == 200
    assert list(reply.body) == ["requestID", "signature", "results", "errors", "status", "metrics"]
    assert (reply.body["results"], reply.body["status"]) == ([{"$1": 1}], "fatal")


async def test_a_missing_session_is_404(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.RunStatements, failed(ErrorCode.SESSION_NOT_FOUND, "session s not found!"))

    assert (await post(ann, statement="x")).error == (404, 404, "session_not_found")


async def test_limits_reach_the_agent(make_server: ServerFactory) -> None:
    server = await make_server(query_timeout_s="7", max_result_bytes="1KiB")
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()

    for timeout in ("1h", "0", "1.5s"):
        await post(ann, statement="x", timeout=timeout)

    asked = server.agent("ann", "taxi").asked_for(wire.RunStatements)
    assert [each.statements.timeout_s for each in asked] == [7, 7, 1.5]
    assert asked[0].statements.max_bytes == 1024


@pytest.mark.parametrize(
    ("charset", "name", "micro"),
    [
        ("iso-8859-1", "iso-8859-1", "µs"),
        ("US-ASCII", "us-ascii", "us"),
        ("x, utf-16le;q=0.3, utf-8;q=0.2", "utf-16le", "µs"),
        ("klingon", "utf-8", "µs"),
    ],
)
async def test_the_charset_is_the_one_that_is_accepted(
    ann: User, agent: ScriptedAgent, charset: str, name: str, micro: str
) -> None:
    row = '{ "s": "é€" }\n'.encode()
    agent.on(
        wire.RunStatements,
        told(row[:9], row[9:], counts=wire.Counts(execution_ns=1_500, result_count=1)),
    )

    reply = await post(ann, statement="x", headers={"Accept-Charset": charset})

    assert reply.headers["Content-Type"] == f"application/json; charset={name}"
    text = reply.raw.decode(name)
    assert f'"executionTime": "1.5{micro}"' in text
    assert '"s": "é€"'.encode(name, "replace").decode(name) in text
