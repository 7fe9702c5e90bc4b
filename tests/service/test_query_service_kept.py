"""Deferred and async requests: handles, status documents, results, reads, ends."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.agent import Frame, Pieces, Raw, ScriptedAgent, failed, not_compiled, read_result
from tests.service.client import ErrorCode, Server, User, until
from tests.service.conftest import ServerFactory
from tests.service.statements import (
    PATH,
    ROWS,
    Desk,
    deferred,
    follow,
    masked,
    post,
    spooled,
    submitted,
    until_status,
)
from wire import messages as wire

DEFERRED = """{
	"requestID": "ID",
	"signature": "*",
	"handle": "http://localhost:19002/query/service/result/1-0",
	"status": "success",
	"metrics": {
		"elapsedTime": "TIME",
		"executionTime": "TIME",
		"resultCount": 0,
		"resultSize": 0
	}
}
"""
ASYNC = """{
	"requestID": "ID",
	"signature": "*",
	"status": "running",
	"handle": "http://localhost:19002/query/service/status/1-0",
	"metrics": {
		"elapsedTime": "TIME",
		"executionTime": "TIME",
		"resultCount": 0,
		"resultSize": 0
	}
}
"""
SEED_HOST = {"Host": "localhost:19002"}


@pytest.fixture
def desk(agent: ScriptedAgent) -> Desk:
    return Desk(agent)


async def test_the_seeds_deferred_sample_byte_for_byte(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.RunStatements, spooled())
    agent.on(wire.ReadResult, read_result(ROWS))

    reply = await post(ann, statement="select 1;", mode="deferred", headers=SEED_HOST)
    result = await follow(ann, reply.body["handle"])

    assert masked(reply.raw) == DEFERRED
    assert result.raw == ROWS
    assert result.headers["Content-Type"] == "application/json"
    [run] = agent.asked_for(wire.RunStatements)
    [read] = agent.asked_for(wire.ReadResult)
    assert (run.spool, run.ttl_s) == (True, 3600.0)
    assert (read.work_id, read.index, read.wrap_array) == (reply.body["requestID"], 0, None)


async def test_the_seeds_async_sample_byte_for_byte(
    ann: User, agent: ScriptedAgent, desk: Desk
) -> None:
    agent.on(wire.ReadResult, read_result(ROWS))

    reply = await post(ann, statement="select 1;", mode="async", headers=SEED_HOST)
    handle = reply.body["handle"]
    running_document = await follow(ann, handle)
    desk.end(reply.body["requestID"])
    await until_status(ann, handle, "success")
    document = await follow(ann, handle, headers=SEED_HOST)
    result = await follow(ann, document.body["handle"])

    assert masked(reply.raw) == ASYNC
    assert running_document.raw == b'{\n\t"status": "running"\n}\n'
    assert document.raw == (
        b'{\n\t"status": "success",\n'
        b'\t"handle": "http://localhost:19002/query/service/result/1-0"\n}\n'
    )
    assert document.headers["Content-Type"] == "application/json; charset=utf-8"
    assert result.raw == ROWS


async def test_a_status_asks_no_agent(
    server: Server, ann: User, agent: ScriptedAgent, desk: Desk
) -> None:
    handle = await submitted(ann)
    desk.end(desk.open[0])
    await until_status(ann, handle, "success")
    await agent.stop()

    assert (await follow(ann, handle)).body["status"] == "success"


async def test_a_result_is_gone_after_its_last_read(ann: User, agent: ScriptedAgent) -> None:
    desk = Desk(agent)
    once = await deferred(ann, agent)
    twice = await deferred(ann, agent, **{"max-result-reads": "2"})

    assert [(await follow(ann, once)).status for _ in range(3)] == [200, 404, 404]
    assert [(await follow(ann, twice)).status for _ in range(3)] == [200, 200, 404]
    assert (await follow(ann, once)).raw == b""
    asked = agent.asked_for(wire.RunStatements)
    await until(lambda: desk.dropped == [each.statements.work_id for each in asked])


async def test_of_two_readers_at_once_one_gets_it(ann: User, agent: ScriptedAgent) -> None:
    handle = await deferred(ann, agent)

    replies = await asyncio.gather(*(follow(ann, handle) for _ in range(5)))

    assert sorted(reply.status for reply in replies) == [200, 404, 404, 404, 404]


async def test_a_read_that_sent_nothing_does_not_count(ann: User, agent: ScriptedAgent) -> None:
    handle = await deferred(ann, agent)
    agent.on(wire.ReadResult, Raw(b"\xff" * 8))
    assert (await follow(ann, handle)).error == (502, 502, "agent_misbehaved")
    agent.on(wire.ReadResult, failed(ErrorCode.NOT_READY))
    assert (await follow(ann, handle)).status == 503
    agent.on(wire.ReadResult, read_result(ROWS))

    assert (await follow(ann, handle)).raw == ROWS


async def test_a_result_that_the_agent_has_lost_is_404(ann: User, agent: ScriptedAgent) -> None:
    handle = await deferred(ann, agent)
    agent.on(wire.ReadResult, failed(ErrorCode.FILE_NOT_FOUND))

    replies = [await follow(ann, handle) for _ in range(2)]

    assert [(reply.status, reply.raw) for reply in replies] == [(404, b"")] * 2


async def test_statements_with_several_results_have_a_handle_each(
    ann: User, agent: ScriptedAgent
) -> None:
    agent.on(wire.RunStatements, spooled(3))

    reply = await post(ann, statement="1; 2; 3;", mode="deferred")

    names = ["handle", "handle-0", "handle-1"]
    assert [reply.body[name].rpartition("/")[2] for name in names] == ["1-0", "1-1", "1-2"]
    assert list(reply.body) == ["requestID", "signature", *names, "status", "metrics"]
    await follow(ann, reply.body["handle-0"])
    assert [each.index for each in agent.asked_for(wire.ReadResult)] == [1]
    assert (await follow(ann, reply.body["handle-0"])).status == 404
    assert (await follow(ann, reply.body["handle-1"])).status == 200


async def test_jdbc_gets_the_handle_of_the_last_result(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.RunStatements, spooled(3))

    reply = await post(ann, statement="1; 2; 3;", mode="deferred", **{"client-type": "jdbc"})

    assert reply.body["handle"].endswith("/1-2")
    assert "handle-0" not in reply.body
    assert (await follow(ann, reply.body["handle"])).status == 200


async def test_jdbc_gets_an_explanation_in_the_reply(ann: User, agent: ScriptedAgent) -> None:
    finished = wire.FinishedEvent(counts=wire.Counts(), plans={"explained": ["Select"]})
    compiled = wire.CompiledEvent(signature={"*": "*"}, results=1)
    agent.on(wire.RunStatements, Pieces([compiled, finished]))

    for mode in ("deferred", "immediate"):
        reply = await post(ann, statement="explain 1", mode=mode, **{"client-type": "jdbc"})

        assert reply.body["results"] == ["Select"]
        assert reply.body["plans"] == {"statementCategory": "query", "explainOnly": True}
        assert "handle" not in reply.body


async def test_a_failed_deferred_request_has_no_handle(ann: User, agent: ScriptedAgent) -> None:
    problem = wire.Problem(text="ASX0007: Overflow", kind="runtime")
    agent.on(wire.RunStatements, spooled(1, problem=problem))

    reply = await post(ann, statement="x", mode="deferred")

    assert reply.status == 500
    assert list(reply.body) == ["requestID", "signature", "errors", "status", "metrics"]


async def test_statements_without_results_have_no_handle(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.RunStatements, spooled(0))

    reply = await post(ann, statement="use d;", mode="deferred")

    assert list(reply.body) == ["requestID", "signature", "status", "metrics"]


async def test_a_job_that_is_refused_leaves_nothing(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    problem = wire.Problem(
        text="ASX1253: Async mode not supported for the statement CREATE COLLECTION",
        kind="compile",
    )
    agent.on(wire.SubmitStatements, wire.Submitted(problem=problem))

    reply = await post(ann, statement="create collection c;", mode="async")

    assert (reply.status, reply.body["status"]) == (400, "fatal")
    assert reply.body["errors"][0]["msg"] == problem.text
    assert "handle" not in reply.body
    assert agent.asked_for(wire.WatchJobs) == []


@pytest.mark.parametrize(
    ("state", "kind", "text", "word"),
    [
        ("failed", "runtime", "ASX0007: Overflow", "failed"),
        ("timeout", "timeout", "ASX0030: Request timed out and will be cancelled", "timeout"),
        ("cancelled", "cancelled", "ASX0041: Request x has been cancelled", "failed"),
    ],
)
async def test_jobs_that_went_wrong_say_why(
    ann: User, desk: Desk, state: str, kind: wire.ProblemKind, text: str, word: str
) -> None:
    handle = await submitted(ann)
    desk.end(desk.open[0], state, problem=wire.Problem(text=text, kind=kind))

    document = await until_status(ann, handle, word)
    raw = (await follow(ann, handle)).raw

    assert document == {"status": word, "errors": [{"code": 1, "msg": text}]}
    assert (
        raw
        == (
            f'{{\n\t"status": "{word}",\n\t"errors": [{{ \n\t\t"code": 1,\t\t"msg": "{text}"\t}} \n'
            "\t]\n}\n"
        ).encode()
    )
    assert (await follow(ann, handle.replace("status", "result"))).status == 404


@pytest.mark.parametrize(
    "handle",
    ["18_0", "", "1", "1-", "-1-0", "1-2-3", "1-2-3-4", "a-b", "1-0/0/0/0", "\u0661-\u0660"],
)
async def test_malformed_handles_are_400(ann: User, handle: str) -> None:
    replies = [
        await ann.get(f"{PATH}/status/{handle}"),
        await ann.get(f"{PATH}/result/{handle}"),
        await ann.delete(f"{PATH}/result/{handle or 'x'}"),
    ]

    assert [(reply.status, reply.raw) for reply in replies] == [(400, b"")] * 3


async def test_unknown_and_foreign_handles_are_404(
    ann: User, bob: User, agent: ScriptedAgent, desk: Desk
) -> None:
    status = await submitted(ann)
    result = await deferred(ann, agent)

    for handle in (status, result, f"{PATH}/status/999-0", f"{PATH}/result/999-0"):
        reply = await follow(bob, handle)
        assert (reply.status, reply.raw) == (404, b"")
    assert (await follow(bob, result, "DELETE")).status == 202
    assert (await follow(ann, result)).raw == ROWS
    assert (await follow(ann, status + "1")).status == 404


async def test_without_a_token_there_is_no_status(server: Server, ann: User, desk: Desk) -> None:
    handle = await submitted(ann)

    assert (await follow(server.nobody, handle)).error == (401, 401, "unauthorized")


async def test_results_that_nobody_fetches_are_swept(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    jobs = server.services.jobs
    short = await deferred(ann, agent, **{"result-ttl": "50ms"})
    usual = await deferred(ann, agent)
    for record in jobs._by_number.values():
        assert record.ended is not None
        record.ended -= 1.0

    runs = agent.asked_for(wire.RunStatements)
    assert [run.ttl_s for run in runs] == [0.05, 3600]
    assert (await follow(ann, short)).status == 404
    jobs.sweep()
    assert list(jobs._by_number) == [2]
    assert (await follow(ann, usual)).status == 200


async def test_a_result_can_be_removed(ann: User, agent: ScriptedAgent) -> None:
    desk = Desk(agent)
    handle = await deferred(ann, agent)

    assert [(await follow(ann, handle, "DELETE")).status for _ in range(2)] == [202, 202]
    assert (await follow(ann, handle)).status == 404
    assert len(desk.dropped) == 1


async def test_removing_the_result_of_a_running_job_does_nothing(ann: User, desk: Desk) -> None:
    handle = await submitted(ann)

    assert (await follow(ann, handle.replace("status", "result"), "DELETE")).status == 202
    assert (await follow(ann, handle)).body["status"] == "running"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"format": "adm"}, "application/x-adm"),
        ({"format": "csv"}, "text/csv; header=absent"),
        ({"format": "lossless-adm"}, "application/json"),
    ],
)
async def test_a_result_has_the_content_type_of_its_format(
    ann: User, agent: ScriptedAgent, given: dict[str, str], kind: str
) -> None:
    handle = await deferred(ann, agent, **given)

    assert (await follow(ann, handle)).headers["Content-Type"] == kind


@pytest.mark.parametrize(
    ("query", "accept", "asked"),
    [
        ("", "", None),
        ("?wrapper-array=true", "", True),
        ("?wrapper-array=FALSE", "application/json; wrap-array=true", False),
        ("", "application/json; wrap-array=false", False),
        ("?wrapper-array=x", "", None),
    ],
)
async def test_the_array_around_a_result_can_be_chosen(
    ann: User, agent: ScriptedAgent, query: str, accept: str, asked: bool | None
) -> None:
    handle = await deferred(ann, agent)

    await follow(ann, handle + query, headers={"Accept": accept})

    [read] = agent.asked_for(wire.ReadResult)
    assert read.wrap_array is asked


@pytest.mark.parametrize("given", [{"client-type": "jdbc"}, {"include-host": "false"}])
async def test_newer_clients_get_a_document_around_the_rows(
    ann: User, agent: ScriptedAgent, given: dict[str, str]
) -> None:
    handle = await deferred(ann, agent, **given)

    reply = await follow(ann, handle)

    assert reply.body["results"] == [{"$1": 1}]
    assert reply.body["metrics"]["resultCount"] == 1
    assert reply.raw.startswith(b'{\n\t"results": [ { "$1": 1 }\n ]\n\t,\n\t"metrics": {\n')


async def test_handles_without_a_host_name_the_request_and_its_partitions(
    ann: User, agent: ScriptedAgent, desk: Desk
) -> None:
    agent.on(wire.ReadResult, read_result(ROWS))
    handle = await submitted(ann, **{"include-host": "false"})
    request_id = desk.open[0]
    desk.end(request_id)

    document = await until_status(ann, handle, "success")

    assert handle == f"{PATH}/status/{request_id}/1-0"
    assert document["handle"] == f"{PATH}/result/{request_id}/1-0"
    assert document["partitions"] == [{"handle": document["handle"] + "/0", "resultCount": 1}]
    assert document["createdAt"].endswith("+00:00")
    for url in (document["handle"], document["partitions"][0]["handle"]):
        assert (await follow(ann, url)).body["results"] == [{"$1": 1}]
    assert (await follow(ann, document["handle"] + "/1")).status == 404
    assert (await ann.get(f"{PATH}/status/other/1-0")).status == 404
    assert (await ann.delete(f"{PATH}/result/other/1-0")).status == 404
    assert (await ann.delete(document["handle"] + "/0")).status == 400
    assert (await ann.delete(document["handle"])).status == 202


async def test_the_way_of_couchbases_client(ann: User, agent: ScriptedAgent, desk: Desk) -> None:
    agent.on(wire.ReadResult, read_result(ROWS))
    body = {"statement": "select 1;", "mode": "async", "scope": "taxi", "timeout": "605000.0ms"}

    reply = await ann.post("/api/v1/request", body)
    desk.end(reply.body["requestID"])
    document = await until_status(ann, reply.body["handle"], "success")
    results = [await follow(ann, document["handle"]) for _ in range(2)]

    assert "/api/v1/request/status/" in reply.body["handle"]
    assert "/api/v1/request/result/" in document["handle"]
    assert [result.body["results"] for result in results] == [[{"$1": 1}]] * 2


@pytest.mark.parametrize("host", ["a b", "a/b", "x:99999999", "ä", "a:b"])
async def test_a_malformed_host_is_400(ann: User, agent: ScriptedAgent, host: str) -> None:
    agent.on(wire.RunStatements, spooled())
    headers = {"Host": host.encode().decode("latin-1")}

    reply = await post(ann, statement="x", mode="deferred", headers=headers)

    assert reply.status == 400


@pytest.mark.parametrize(("trusted", "scheme"), [("127.0.0.1", "https"), ("10.0.0.0/8", "http")])
async def test_only_proxies_of_ours_tell_the_scheme(
    make_server: ServerFactory, trusted: str, scheme: str
) -> None:
    server = await make_server(trusted_proxies=trusted)
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()
    server.agent("ann", "taxi").on(wire.RunStatements, spooled())
    headers = {"X-Forwarded-Proto": "https, http", "Host": "[::1]:8080"}

    reply = await post(ann, statement="x", mode="deferred", headers=headers)

    assert reply.body["handle"] == f"{scheme}://[::1]:8080{PATH}/result/1-0"


async def test_an_agent_that_is_gone_at_submission_is_told_as_a_lost_node(
    ann: User, agent: ScriptedAgent
) -> None:
    await agent.stop()

    reply = await post(ann, statement="x", mode="async")

    assert (reply.status, reply.body["status"]) == (503, "failed")
    assert reply.body["metrics"]["errorCount"] == 1


async def test_a_deferred_request_that_does_not_compile(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.RunStatements, not_compiled("ASX1001: Syntax error"))

    assert (await post(ann, statement="x", mode="deferred")).status == 400


async def test_rows_of_a_deferred_request_are_refused(ann: User, agent: ScriptedAgent) -> None:
    reply = await post(ann, statement="x", mode="deferred")

    assert reply.status == 500
    assert "rows outside of a result" in reply.body["errors"][0]["msg"]


async def test_a_result_longer_than_may_be_is_refused(make_server: ServerFactory) -> None:
    server = await make_server(max_result_bytes="1KiB")
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()
    agent = server.agent("ann", "taxi")
    handle = await deferred(ann, agent)
    agent.on(wire.ReadResult, Frame(wire.ResultHead(content_length=4096), b"x" * 4096))

    assert (await follow(ann, handle)).error == (502, 502, "agent_misbehaved")
