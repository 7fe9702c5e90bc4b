"""Around the statements: methods, preflights, running requests, cancelling, log-in by password."""

from __future__ import annotations

import asyncio
import base64

import pytest

from tests.fakes.agent import Pieces, ScriptedAgent, not_compiled, ran
from tests.service.client import Reply, Server, User, until
from tests.service.conftest import ServerFactory
from tests.service.statements import PATH, Desk, follow, post, submitted, until_status
from wire import messages as wire

RUNNING = "/admin/requests/running"


class Held:
    """Statements that end when they are cancelled."""

    def __init__(self, agent: ScriptedAgent, category: str = "query") -> None:
        self._category = category
        self._cancelled: dict[str, asyncio.Event] = {}
        agent.on(wire.RunStatements, self._run)
        agent.on(wire.CancelRequest, self._cancel)

    def _run(self, request: wire.RunStatements) -> Pieces:
        work_id = request.statements.work_id
        self._cancelled[work_id] = asyncio.Event()
        text = f"ASX0041: Request has been cancelled {work_id}"
        problem = wire.Problem(text=text, kind="cancelled")
        compiled = wire.CompiledEvent(signature="*", results=1, statement_category=self._category)
        last = wire.FinishedEvent(problem=problem, counts=wire.Counts())
        return Pieces([compiled, self._cancelled[work_id], last])

    def _cancel(self, request: wire.CancelRequest) -> wire.Interrupted:
        found = self._cancelled.pop(request.work_id, None)
        if found is None:
            return wire.Interrupted(work=0)
        found.set()
        return wire.Interrupted(work=1)

    def let_go(self) -> None:
        """End all of them."""
        for each in self._cancelled.values():
            each.set()


async def begun(server: Server, user: User, name: str = "ann", **given: str) -> asyncio.Task[Reply]:
    """A request that is listed."""
    before = len(server.services.under_way.of(name))
    task = asyncio.ensure_future(post(user, statement="select 1;", **given))
    await until(lambda: len(server.services.under_way.of(name)) > before)
    await until(lambda: server.services.under_way.of(name)[-1].category is not None)
    return task


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_told_off(ann: User, method: str) -> None:
    reply = await ann.ask(method, PATH)

    assert reply.status == 405
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.raw == f"Method {method} not allowed for the requested resource.\n".encode()


async def test_head_is_one_of_them(ann: User) -> None:
    assert (await ann.ask("HEAD", PATH)).status == 405


@pytest.mark.parametrize("path", ["/query/servicex", "/query/service/x", "/admin/requests"])
async def test_other_paths_are_empty(ann: User, path: str) -> None:
    reply = await ann.get(path)

    assert (reply.status, reply.raw) == (404, b"")
    assert reply.headers["permanent"] == "true"


async def test_options_needs_no_token_and_names_the_server(server: Server) -> None:
    reply = await server.nobody.ask("OPTIONS", PATH, headers={"Origin": "http://a.b"})

    assert (reply.status, reply.raw) == (200, b"")
    allowed = reply.headers["Access-Control-Allow-Headers"]
    assert allowed.startswith("Origin, X-Requested-With, Content-Type, Accept")
    assert reply.headers["Server"].startswith("Geoscope/")
    assert "Access-Control-Allow-Origin" not in reply.headers


async def test_options_allows_configured_origins_only(make_server: ServerFactory) -> None:
    server = await make_server(cors_origins="http://a.b")

    for origin, allowed in (("http://a.b", "http://a.b"), ("http://c.d", None)):
        reply = await server.nobody.ask("OPTIONS", PATH, headers={"Origin": origin})
        assert reply.headers.get("Access-Control-Allow-Origin") == allowed


async def test_a_browsers_preflight_is_answered_in_full(make_server: ServerFactory) -> None:
    server = await make_server(cors_origins="http://a.b")
    headers = {"Origin": "http://a.b", "Access-Control-Request-Method": "POST"}

    reply = await server.nobody.ask("OPTIONS", PATH, headers=headers)
    elsewhere = await server.nobody.ask("OPTIONS", "/query", headers=headers)

    assert (reply.status, elsewhere.status) == (200, 204)
    assert reply.headers["Access-Control-Allow-Origin"] == "http://a.b"
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    for name in ("Authorization", "X-Scope"):
        assert name in reply.headers["Access-Control-Allow-Headers"]
        assert name in elsewhere.headers["Access-Control-Allow-Headers"]


async def test_a_body_that_is_too_large_is_413(make_server: ServerFactory) -> None:
    server = await make_server(max_body="1KiB")
    ann = await server.user("ann")

    reply = await ann.post(PATH, {"statement": "x" * 2000})

    assert reply.error == (413, 413, "body_too_large")


async def test_posts_are_counted_and_gets_are_not(make_server: ServerFactory) -> None:
    server = await make_server(requests_per_minute="3")
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()

    gets = [(await ann.get(PATH + "?statement=x&scope=taxi")).status for _ in range(10)]
    posts = [(await post(ann, statement="x")).status for _ in range(3)]

    assert gets == [200] * 10
    assert posts == [200, 200, 429]


async def test_the_version_is_text(ann: User) -> None:
    reply = await ann.get("/admin/version")

    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.body["git.build.version"]


async def test_requests_under_way_are_listed_for_their_user_and_for_admins(
    server: Server, ann: User, bob: User, admin: User, agent: ScriptedAgent
) -> None:
    held = Held(agent)
    task = await begun(server, ann, client_context_id="c")

    mine = (await ann.get(RUNNING)).body
    hidden = (await ann.get(RUNNING + "?redact=true")).body

    [entry] = mine
    assert (entry["statement"], entry["clientContextID"]) == ("select 1;", "c")
    assert (entry["state"], entry["cancellable"], entry["user"]) == ("running", True, "ann")
    assert entry["remoteAddr"] == "127.0.0.1"
    assert (hidden[0]["statement"], hidden[0]["uuid"]) == (None, entry["uuid"])
    assert (await bob.get(RUNNING)).body == []
    assert (await admin.get(RUNNING)).body == [{**entry, "elapsedTime": any_time()}]
    held.let_go()
    await task
    assert (await ann.get(RUNNING)).body == []


def any_time() -> object:
    """Equal to whatever time it took."""

    class Anything:
        def __eq__(self, other: object) -> bool:
            return isinstance(other, str)

    return Anything()


@pytest.mark.parametrize("path", [RUNNING, RUNNING + "/ignored", "/api/v1/active_requests"])
@pytest.mark.parametrize("form", [True, False])
async def test_a_request_is_cancelled_by_its_id(
    server: Server, ann: User, agent: ScriptedAgent, path: str, form: bool
) -> None:
    Held(agent)
    task = await begun(server, ann)
    [entry] = server.services.under_way.of("ann")
    given = {"request_id": entry.request_id}

    where = {"data": given} if form else {"params": given}
    reply = await ann.delete(path, **where)

    assert (reply.status, reply.raw) == (200, b"")
    ended = await task
    assert (ended.status, ended.body["status"]) == (500, "failed")
    assert ended.body["errors"][0]["msg"].startswith("ASX0041: Request ")
    assert (await ann.delete(path, **where)).status == 404


async def test_of_equal_context_ids_the_latest_is_cancelled(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    held = Held(agent)
    first = await begun(server, ann, client_context_id="c")
    second = await begun(server, ann, client_context_id="c")

    assert (await ann.delete(RUNNING, params={"client_context_id": "c"})).status == 200

    assert (await second).status == 500
    assert not first.done()
    held.let_go()
    await first


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 400),
        ({"request_id": ""}, 404),
        ({"client_context_id": ""}, 404),
        ({"request_id": "nobody's"}, 404),
        ({"client_context_id": "nobody's"}, 404),
    ],
)
async def test_what_is_not_under_way_cannot_be_cancelled(
    ann: User, given: dict[str, str], status: int
) -> None:
    reply = await ann.delete(RUNNING, params=given)

    assert (reply.status, reply.raw) == (status, b"")


async def test_anothers_request_is_none_but_an_admin_may_cancel_it(
    server: Server, ann: User, bob: User, admin: User, agent: ScriptedAgent
) -> None:
    Held(agent)
    task = await begun(server, ann)
    given = {"request_id": server.services.under_way.of("ann")[0].request_id}

    assert (await bob.delete(RUNNING, params=given)).status == 404
    assert (await admin.delete(RUNNING, params=given)).status == 200
    await task


async def test_definitions_and_what_has_just_ended_are_not_cancellable(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    held = Held(agent, category="ddl")
    task = await begun(server, ann)
    given = {"request_id": server.services.under_way.of("ann")[0].request_id}
    assert (await ann.delete(RUNNING, params=given)).status == 403
    held.let_go()
    await task

    Held(agent)
    agent.on(wire.CancelRequest, wire.Interrupted(work=0))
    task = await begun(server, ann)
    given = {"request_id": server.services.under_way.of("ann")[0].request_id}
    assert (await ann.delete(RUNNING, params=given)).status == 403
    task.cancel()


async def test_a_job_is_listed_and_cancelled(ann: User, agent: ScriptedAgent) -> None:
    Desk(agent)
    handle = await submitted(ann, client_context_id="c")

    [entry] = (await ann.get(RUNNING)).body
    reply = await ann.delete(RUNNING, params={"client_context_id": "c"})

    assert (entry["jobId"], entry["statement"]) == ("1", "select 1;")
    assert reply.status == 200
    document = await until_status(ann, handle, "failed")
    assert document["errors"][0]["msg"] == f"ASX0041: Request has been cancelled {entry['uuid']}"
    assert (await follow(ann, handle.replace("status", "result"))).status == 404
    assert (await ann.get(RUNNING)).body == []


def basic(username: str, password: str) -> dict[str, str]:
    pair = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


async def test_a_password_will_do_on_these_routes_only(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    nobody, headers = server.nobody, basic("ann", "secret1")

    reply = await nobody.post(PATH, {"statement": "x", "scope": "taxi"}, headers=headers)

    assert reply.body["results"] == [{"$1": 1}]
    assert (await nobody.get(f"{PATH}/status/9-9", headers=headers)).status == 404
    assert (await nobody.get("/scope", headers=headers)).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        basic("ann", "wrong"),
        basic("nobody", "secret1"),
        {"Authorization": "Basic"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic " + base64.b64encode(b"ann").decode()},
        {"Authorization": "Bearer x"},
    ],
)
async def test_other_pairs_are_401(server: Server, ann: User, headers: dict[str, str]) -> None:
    reply = await server.nobody.post(PATH, {"statement": "x"}, headers=headers)

    assert reply.error == (401, 401, "unauthorized")
    assert reply.headers["WWW-Authenticate"] == "Token"


async def test_a_changed_password_is_not_remembered(
    server: Server, ann: User, admin: User, agent: ScriptedAgent
) -> None:
    nobody, old = server.nobody, basic("ann", "secret1")
    assert (await nobody.get(f"{PATH}/status/9-9", headers=old)).status == 404

    (await admin.patch("/admin/users/ann", {"password": "secret2"})).good()

    assert (await nobody.get(f"{PATH}/status/9-9", headers=old)).status == 401
    new = basic("ann", "secret2")
    assert (await nobody.get(f"{PATH}/status/9-9", headers=new)).status == 404


async def test_failed_passwords_are_counted(server: Server, ann: User) -> None:
    replies = [
        await server.nobody.get(f"{PATH}/status/9-9", headers=basic("ann", "wrong"))
        for _ in range(11)
    ]

    assert [reply.status for reply in replies] == [401] * 10 + [429]


async def test_two_users_run_side_by_side_in_scopes_of_one_name(
    server: Server, ann: User, bob: User, agent: ScriptedAgent
) -> None:
    (await bob.post("/scope", {"scope": "taxi"})).good()
    server.agent("bob", "taxi").on(wire.RunStatements, ran(b'"bob"\n'))
    agent.on(wire.RunStatements, ran(b'"ann"\n'))

    replies = await asyncio.gather(
        *(post(user, statement="x") for _ in range(20) for user in (ann, bob))
    )

    assert [reply.body["results"] for reply in replies] == [["ann"], ["bob"]] * 20
    assert len({reply.body["requestID"] for reply in replies}) == 40


async def test_an_error_of_the_statement_says_no_more_than_the_agent(
    ann: User, agent: ScriptedAgent
) -> None:
    agent.on(wire.RunStatements, not_compiled("ASX1077: Cannot find dataset x"))

    reply = await post(ann, statement="select * from x")

    assert reply.body["errors"] == [{"code": 1, "msg": "ASX1077: Cannot find dataset x"}]
