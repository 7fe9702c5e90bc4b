"""POST, GET, DELETE /scope and what is below it."""

from __future__ import annotations

import asyncio
import re

from tests.fakes.agent import ScriptedAgent, failed
from tests.service.client import ErrorCode, Server, User, until
from tests.service.conftest import ServerFactory
from wire import messages as wire


async def test_open_answers_name_and_message(ann: User) -> None:
    body = (await ann.post("/scope", {"scope": "taxi"})).good()

    assert (body["message"], body["scope"]) == ("create scope successfully!", "taxi")
    assert body["from_pool"] is False


async def test_open_without_body_makes_up_a_uuid(ann: User) -> None:
    body = (await ann.post("/scope")).good()

    assert re.fullmatch("[0-9a-f]{32}", body["scope"])


async def test_open_twice_is_refused(ann: User, agent: ScriptedAgent) -> None:
    reply = await ann.post("/scope", {"scope": "taxi"})

    assert reply.error == (409, 409, "scope_exists")
    assert reply.body["message"] == "sorry, scope taxi already exists!"


async def test_of_two_opens_at_once_one_wins(ann: User) -> None:
    replies = await asyncio.gather(*(ann.post("/scope", {"scope": "x"}) for _ in range(2)))

    assert sorted(reply.status for reply in replies) == [200, 409]


async def test_bad_names_are_refused(ann: User) -> None:
    for name in ("", "a/b", "-x", "a" * 64, "x\n", "ä"):
        reply = await ann.post("/scope", {"scope": name})

        assert reply.error == (400, 400, "bad_name"), name


async def test_wishes_beyond_the_quota_are_refused(ann: User) -> None:
    reply = await ann.post("/scope", {"memory": "64GiB"})

    assert reply.status == 400
    assert reply.body["parameter"] == "memory"


async def test_wishes_within_the_quota_are_kept(server: Server, ann: User) -> None:
    wish = {"scope": "s", "memory": "1GiB", "cpus": 1, "idle_timeout": 60, "ttl": 600}
    (await ann.post("/scope", wish)).good()

    body = (await ann.get("/scope/s")).good()
    assert body["memory"]["allowed"] == 1024**3
    assert body["cpu"]["allowed"] == 1
    assert body["ends"] is not None


async def test_more_scopes_than_allowed_are_refused(make_server: ServerFactory) -> None:
    server = await make_server(scopes_per_user="1")
    ann = await server.user("ann")
    (await ann.post("/scope")).good()

    reply = await ann.post("/scope")

    assert reply.error == (429, 429, "quota_exceeded")
    assert int(reply.headers["Retry-After"]) > 0


async def test_list_has_what_clients_rely_on(ann: User, agent: ScriptedAgent) -> None:
    [scope] = (await ann.get("/scope")).good()["scopes"]

    assert {"scope", "state", "reason", "created", "last_used", "ends"} <= set(scope)
    assert (scope["scope"], scope["state"], scope["ends"]) == ("taxi", "idle", None)
    assert scope["created"].endswith("+00:00")


async def test_look_tells_what_a_scope_holds_and_uses(ann: User, agent: ScriptedAgent) -> None:
    agent.on(
        wire.FactsRequest,
        wire.Facts(
            sessions=["spark", "mine"],
            tables=[wire.TableFacts(name="trips", num_rows=3, bytes=70)],
            variables=[wire.Variable(name="x", type="int", size_bytes=28)],
        ),
    )

    body = (await ann.get("/scope/taxi")).good()

    assert body["sessions"] == ["spark", "mine"]
    assert body["tables"] == [{"name": "trips", "rows": 3, "bytes": 70}]
    assert body["variables"] == [{"name": "x", "type": "int", "size": 28}]
    assert body["memory"]["used"] == body["memory"]["allowed"] // 4


async def test_close_says_so_and_the_container_is_gone(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    body = (await ann.delete("/scope/taxi")).good()

    assert body["message"] == "remove scope taxi successfully!"
    assert server.world.containers == {}
    assert (await ann.delete("/scope/taxi")).error == (404, 404, "scope_not_found")


async def test_interrupt_reaches_the_agent(ann: User, agent: ScriptedAgent) -> None:
    body = (await ann.post("/scope/taxi/interrupt", {"all": True})).good()

    assert body["command"] is True
    assert agent.asked_for(wire.InterruptRequest) == [wire.InterruptRequest(all=True)]


async def test_restart_gives_a_new_container(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    before = server.container("ann", "taxi").id

    (await ann.post("/scope/taxi/restart")).good()

    assert server.container("ann", "taxi").id != before
    assert (await ann.post("/command", {"scope": "taxi", "command": "1"})).status == 200


async def test_logs_are_text(ann: User, agent: ScriptedAgent) -> None:
    reply = await ann.get("/scope/taxi/logs?tail=5")

    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.raw == b"agent started\n"
    assert (await ann.get("/scope/taxi/logs?tail=many")).body["parameter"] == "tail"


async def test_dead_scope_says_why_and_restart_revives_it(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    await server.world.end(server.container("ann", "taxi"), 70)

    reply = await ann.post("/command", {"scope": "taxi", "command": "1"})

    assert reply.error == (409, 409, "scope_dead")
    assert "JVM" in reply.body["reason"]
    (await ann.post("/scope/taxi/restart")).good()
    assert (await ann.post("/command", {"scope": "taxi", "command": "1"})).status == 200


async def test_paused_scope_says_so(server: Server, ann: User, agent: ScriptedAgent) -> None:
    server.world.pause(server.container("ann", "taxi"))

    await until(lambda: server.services.registry.get("ann", "taxi").state == "paused")
    reply = await ann.post("/query", {"scope": "taxi", "sql": "select 1"})

    assert reply.error == (409, 409, "scope_paused")


async def test_engine_down_is_503_with_retry(server: Server, ann: User) -> None:
    server.world.go_down()

    reply = await ann.post("/scope", {"scope": "x"})

    assert reply.error == (503, 503, "engine_unavailable")
    assert "Retry-After" in reply.headers


async def test_facts_that_fail_leave_the_rest(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.FactsRequest, failed(ErrorCode.INTERNAL))

    body = (await ann.get("/scope/taxi")).good()

    assert body["tables"] is None
    assert body["state"] == "idle"
