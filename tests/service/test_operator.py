"""What an operator's commands ask of a running server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from control.operator.place import Proof
from control.operator.server import NoServer, Refused
from control.operator.server import Server as Asked
from control.operator.sight import from_server
from tests.fakes.agent import ScriptedAgent
from tests.service.client import Server, User


def asked(server: Server, **proof: str) -> Asked:
    return Asked(server.url, Proof(**{"user": "admin", "password": "secret1", **proof}))


async def test_usage_is_asked_of_the_engine(admin: User, agent: ScriptedAgent) -> None:
    [plain] = (await admin.get("/admin/scopes")).good()["scopes"]
    [scope] = (await admin.get("/admin/scopes?usage=true")).good()["scopes"]

    assert "memory_used" not in plain
    assert scope["memory_allowed"] == 2 * 1024**3
    assert (scope["memory_used"], scope["pids"]) == (512 * 1024**2, 3)
    assert scope["in_flight"] == 0


async def test_usage_is_not_known_while_no_engine_answers(
    server: Server, admin: User, agent: ScriptedAgent
) -> None:
    server.world.go_down()
    [scope] = (await admin.get("/admin/scopes?usage=true")).good()["scopes"]

    assert (scope["scope"], scope["memory_used"]) == ("taxi", None)


async def test_scopes_are_seen_with_a_password_or_a_token(
    server: Server, admin: User, agent: ScriptedAgent
) -> None:
    by_password = await asyncio.to_thread(from_server, asked(server))
    by_token = await asyncio.to_thread(from_server, asked(server, token=str(admin.token)))

    assert by_password == by_token
    [seen] = by_token.scopes
    assert (seen.user, seen.scope, seen.state) == ("ann", "taxi", "idle")
    assert seen.memory_bytes == 512 * 1024**2
    assert seen.created is not None
    assert seen.last_used is not None


async def test_who_is_no_admin_is_refused(server: Server, ann: User) -> None:
    for proof in ({"token": str(ann.token)}, {"user": "ann"}, {"password": "wrong-secret"}):
        with pytest.raises(Refused, match=r"role admin|username/password"):
            await asyncio.to_thread(from_server, asked(server, **proof))


async def test_nobody_there_is_said(tmp_path: Path) -> None:
    nobody = Asked("http://127.0.0.1:9", Proof(token="x"))
    with pytest.raises(NoServer, match="nobody answers"):
        await asyncio.to_thread(from_server, nobody)
    with pytest.raises(NoServer, match="no password"):
        await asyncio.to_thread(from_server, Asked("http://127.0.0.1:9", Proof()))
