"""GET /admin/events: who did what, from where, in which request; never code, rows or secrets."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.fakes.agent import ScriptedAgent
from tests.service.client import Server, User
from tests.service.conftest import ServerFactory

CODE = "print('a-line-of-annes-code')"
SQL = "select 'a-row-of-annes-table' as n"


async def events(admin: User, **query: Any) -> list[dict[str, Any]]:
    """The events of one page."""
    found = (await admin.get("/admin/events", params=query)).good()["events"]
    assert isinstance(found, list)
    return found


async def test_a_scopes_life_says_who_asked(server: Server, admin: User, ann: User) -> None:
    (await ann.post("/scope", {"scope": "taxi"}, headers={"X-Request-Id": "open-1"})).good()
    [scope] = (await admin.get("/admin/scopes")).good()["scopes"]
    gone = await admin.delete(f"/admin/scopes/{scope['id']}", headers={"X-Request-Id": "close-1"})

    closed, opened = [e for e in await events(admin) if e["event"] in ("opened", "closed")]

    gone.good()
    assert (opened["user"], opened["scope"], opened["id"]) == ("ann", "taxi", scope["id"])
    assert (opened["by"], opened["request_id"], opened["address"]) == ("ann", "open-1", "127.0.0.1")
    assert (closed["user"], closed["by"], closed["request_id"]) == ("ann", "admin", "close-1")


async def test_what_ends_by_itself_was_asked_for_by_nobody(
    server: Server, admin: User, ann: User, agent: ScriptedAgent
) -> None:
    await server.world.end(server.container("ann", "taxi"), 70)
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        while not found:
            found = await events(admin, event="died")

    [died] = found

    assert (died["user"], died["by"], died["request_id"], died["address"]) == ("ann", "", "", "")
    assert died["reason"]


async def test_failed_log_ins_are_told_and_name_only_who_exists(
    server: Server, admin: User, ann: User
) -> None:
    for name in ("ann", "my-password-in-the-wrong-field"):
        await server.nobody.post("/token", {"username": name, "password": "wrong-secret"})

    unknown, known = await events(admin, event="login_failed")

    assert (known["user"], known["reason"], known["by"]) == ("ann", "bad_login", "")
    assert known["address"] == "127.0.0.1"
    assert unknown["user"] == ""


async def test_refusals_are_told(make_server: ServerFactory) -> None:
    server = await make_server(scopes_per_user="1", requests_per_minute="3")
    admin, ann = await server.log_in("admin"), await server.user("ann")
    (await ann.post("/scope")).good()
    over = await ann.post("/scope")
    await ann.post("/scope")
    rate = await ann.post("/scope")
    role = await ann.get("/admin/users")
    forged = await User(server.session, server.url, "forged").get("/scope")

    reasons = [(e["user"], e["reason"]) for e in await events(admin, event="refused")]

    assert [r.status for r in (over, rate, role, forged)] == [429, 429, 403, 401]
    assert reasons == [
        ("", "unauthorized: GET /scope"),
        ("ann", "forbidden: GET /admin/users"),
        ("ann", "too_many_requests: POST /scope"),
        ("ann", "quota_exceeded: POST /scope"),
    ]


async def test_accounts_are_told_of(admin: User) -> None:
    body = {"username": "eve", "password": "secret-of-eve"}
    (await admin.post("/admin/users", body)).good()
    (await admin.patch("/admin/users/eve", {"password": "another-of-eve", "role": "admin"})).good()
    (await admin.delete("/admin/users/eve")).good()

    found = [(e["event"], e["by"], e["reason"]) for e in await events(admin, user="eve")]

    assert found == [
        ("user_removed", "admin", None),
        ("user_changed", "admin", "password, role"),
        ("user_added", "admin", "role user"),
    ]


async def test_pages_lead_to_the_first_event(server: Server, admin: User, ann: User) -> None:
    for name in ("a", "b", "c"):
        (await ann.post("/scope", {"scope": name})).good()
    whole = (await admin.get("/admin/events")).good()["events"]
    seen: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    while before is not None:
        page = (await admin.get("/admin/events", params={"limit": 2, **before})).good()
        seen += page["events"]
        before = None if page["next"] is None else {"before": page["next"]}

    assert seen == whole
    assert {"opened", "login"} <= {event["event"] for event in seen}


async def test_a_page_is_bounded_and_only_an_admins(admin: User, ann: User) -> None:
    assert (await admin.get("/admin/events?limit=10001")).error == (400, 400, "bad_parameter")
    assert (await admin.get("/admin/events?before=0")).error == (400, 400, "bad_parameter")
    assert (await ann.get("/admin/events")).error == (403, 403, "forbidden")


async def test_neither_code_nor_rows_nor_secrets_are_in_the_store(
    server: Server, admin: User, ann: User, agent: ScriptedAgent
) -> None:
    await ann.post("/command", {"scope": "taxi", "command": CODE})
    await ann.post("/query", {"scope": "taxi", "sql": SQL})
    await ann.post("/query/service", {"statement": SQL, "scope": "taxi"})
    await server.nobody.post("/token", {"username": "ann", "password": "a-wrong-secret"})
    await server.nobody.get("/scope", headers={"Authorization": "Token a.stolen.token"})
    await ann.get("/no/such/page?token=in-the-address")
    await admin.patch("/admin/users/ann", {"password": "a-new-secret"})
    text = repr(await events(admin))

    never = [CODE, "a-line-of", "a-row-of", "a-wrong-secret", "a.stolen", "in-the-address"]
    never += ["a-new-secret", "secret1", str(ann.token), str(admin.token)]

    assert [word for word in never if word in text] == []
    assert "user_changed" in text
