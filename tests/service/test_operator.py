"""What an operator's commands ask of a running server."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from control.operator.place import Proof
from control.operator.server import NoServer, Refused
from control.operator.server import Server as Asked
from control.operator.sight import from_server
from tests.conftest import ROOT
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


async def drain(server: Server, *options: str) -> Process:
    """`python -m control drain`, under way."""
    plain = {name: value for name, value in os.environ.items() if "GEOSCOPE" not in name}
    who = ["--url", server.url, "--password", "secret1"]
    command = [sys.executable, "-m", "control", "drain", *who, *options]
    return await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=plain, stdout=PIPE, stderr=PIPE
    )


async def ended(process: Process) -> tuple[int | None, str]:
    """Its exit code, and all that it wrote."""
    async with asyncio.timeout(60):
        out, errors = await process.communicate()
    return process.returncode, (out + errors).decode()


async def test_drain_waits_until_nothing_is_under_way(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    async with server.services.registry.use("ann", "taxi"):
        process = await drain(server, "--wait", "--reason", "an upgrade")
        async with asyncio.timeout(30):
            while (refused := await ann.post("/scope")).status != 503:
                (await ann.delete(f"/scope/{refused.good()['scope']}")).good()
        still = await ended(await drain(server, "--wait", "--timeout", "1"))
        waits = process.returncode is None
    done = await ended(process)
    opened = await ended(await drain(server, "--end"))
    (await ann.post("/scope")).good()

    assert "an upgrade" in refused.body["message"]
    assert still[0] == 1
    assert "ann/taxi" in still[1]
    assert waits
    assert done[0] == opened[0] == 0
    assert "nothing is under way" in done[1]


async def test_drain_without_a_server_says_so(server: Server, ann: User) -> None:
    nobody = await ended(await drain(server, "--url", "http://127.0.0.1:9"))
    no_admin = await ended(await drain(server, "--token", str(ann.token)))

    assert (nobody[0], no_admin[0]) == (1, 1)
    assert "nobody answers" in nobody[1]
    assert "role admin" in no_admin[1]
