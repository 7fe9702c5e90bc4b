"""/admin/drain: no new scopes, while those that are here go on."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.agent import ScriptedAgent
from tests.fakes.engine import World
from tests.service.client import Server, User
from tests.service.conftest import running


async def test_new_scopes_are_refused_and_old_ones_go_on(
    ann: User, admin: User, agent: ScriptedAgent
) -> None:
    begun = (await admin.post("/admin/drain", {"reason": "maintenance at 5"})).good()

    reply = await ann.post("/scope", {"scope": "bus"})
    assert reply.error == (503, 503, "draining")
    assert "(maintenance at 5); those that are open go on" in reply.body["message"]
    assert reply.headers["Retry-After"] == "60"
    assert (begun["draining"], begun["scopes"], begun["running"]) == (True, 1, 1)
    (await ann.post("/command", {"scope": "taxi", "command": "1 + 1"})).good()
    (await ann.post("/scope/taxi/restart")).good()


async def test_the_old_api_opens_none_either(admin: User, ann: User) -> None:
    (await admin.post("/admin/drain")).good()

    reply = await ann.post("/load", {"db_name": "d", "type": "spark", "tables": []})

    assert reply.error == (503, 503, "draining")


async def test_ready_says_so_until_it_ends(server: Server, admin: User, ann: User) -> None:
    (await admin.post("/admin/drain")).good()
    since = (await admin.post("/admin/drain", {"reason": "again"})).good()["since"]

    reply = await server.nobody.get("/ready")
    assert reply.error == (503, 503, "not_ready")
    assert "again" in reply.body["checks"]["drain"]["detail"]
    (await server.nobody.get("/health")).good()
    assert "geoscope_draining 1.0" in (await server.nobody.get("/metrics")).raw.decode()
    assert (await admin.get("/admin/drain")).good()["since"] == since

    ended = (await admin.delete("/admin/drain")).good()
    assert (ended["draining"], ended["since"]) == (False, None)
    (await server.nobody.get("/ready")).good()
    (await ann.post("/scope")).good()


async def test_it_is_for_admins_and_in_the_audit(admin: User, ann: User) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert (await ann.ask(method, "/admin/drain")).status == 403
    (await admin.post("/admin/drain", {"reason": "why"})).good()
    (await admin.delete("/admin/drain")).good()

    found = (await admin.get("/admin/events")).good()["events"]
    assert [e["reason"] for e in found if e["event"] == "drain_began"] == ["why"]
    assert [e["by"] for e in found if e["event"] == "drain_ended"] == ["admin"]


async def test_a_new_start_takes_scopes(tmp_path: Path) -> None:
    async with running(tmp_path, World()) as server:
        (await (await server.log_in("admin")).post("/admin/drain")).good()
    async with running(tmp_path, World()) as server:
        (await (await server.log_in("admin")).post("/scope")).good()
