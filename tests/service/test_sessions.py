"""POST /session, DELETE /session/<scope>/<session>."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.agent import ScriptedAgent, failed
from tests.service.client import ErrorCode, User
from wire import messages as wire


async def test_create_answers_name_app_and_master(ann: User, agent: ScriptedAgent) -> None:
    body = (await ann.post("/session", {"scope": "taxi", "session": "mine"})).good()

    assert body["message"] == "create session successfully!"
    assert (body["session"], body["app_name"], body["master"]) == ("mine", "mine", "local[*]")


@pytest.mark.parametrize(
    ("app", "master"), [("app_name", "master-addr"), ("app-name", "master_addr")]
)
async def test_both_spellings_work(ann: User, agent: ScriptedAgent, app: str, master: str) -> None:
    body = {"scope": "taxi", "session": "s", app: "mine", master: "local[2]"}

    (await ann.post("/session", body)).good()

    [asked] = agent.asked_for(wire.CreateSession)
    assert (asked.app_name, asked.master) == ("mine", "local[2]")


async def test_configs_and_envs_travel_as_text(ann: User, agent: ScriptedAgent) -> None:
    body: dict[str, Any] = {
        "scope": "taxi",
        "session": "s",
        "configs": {"spark.sql.ansi.enabled": False, "spark.sql.shuffle.partitions": 4},
        "envs": {"PROJ_LIB": "/x"},
    }

    (await ann.post("/session", body)).good()

    [asked] = agent.asked_for(wire.CreateSession)
    assert asked.configs == {
        "spark.sql.ansi.enabled": "false",
        "spark.sql.shuffle.partitions": "4",
    }
    assert asked.envs == {"PROJ_LIB": "/x"}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ErrorCode.SESSION_EXISTS, 409),
        (ErrorCode.SESSION_NEEDS_OWN_CONTEXT, 409),
        (ErrorCode.SESSION_FAILED, 400),
    ],
)
async def test_refusals_keep_their_code(
    ann: User, agent: ScriptedAgent, code: ErrorCode, status: int
) -> None:
    agent.on(wire.CreateSession, failed(code, "why"))

    reply = await ann.post("/session", {"scope": "taxi", "session": "s"})

    assert reply.error == (status, status, code.value)
    assert reply.body["message"] == "why"


async def test_delete_reaches_the_agent(ann: User, agent: ScriptedAgent) -> None:
    (await ann.delete("/session/taxi/mine")).good()

    assert agent.asked_for(wire.DeleteSession) == [wire.DeleteSession(name="mine")]
