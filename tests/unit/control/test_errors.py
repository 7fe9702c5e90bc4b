"""Errors: every class has a status, a word and words."""

from __future__ import annotations

import re

import pytest

from control.errors import (
    AGENT_STATUS,
    AgentFailed,
    BadLogin,
    BadParameter,
    EngineUnavailable,
    GeoscopeError,
    LegacyError,
    NotReady,
    ScopeDead,
    ScopeExists,
    ScopeNotFound,
    StartError,
    TooManyRequests,
    Unauthorized,
    all_errors,
)
from control.errors.agent import AGENT_MEANING
from wire.messages import AgentError
from wire.protocol import ErrorCode


@pytest.mark.parametrize("kind", all_errors())
def test_every_class_says_what_it_is(kind: type[GeoscopeError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.type)
    assert 400 <= kind.status < 600
    assert kind.__doc__
    assert kind.__doc__ != GeoscopeError.__doc__


def test_types_are_unique() -> None:
    types = [kind.type for kind in all_errors() if not issubclass(kind, StartError)]

    assert len(types) == len(set(types))


def test_the_tables_of_agent_codes_are_complete() -> None:
    assert set(AGENT_STATUS) == set(ErrorCode)
    assert set(AGENT_MEANING) == set(ErrorCode)
    assert all(400 <= status < 600 for status in AGENT_STATUS.values())


def test_wordings_of_the_contract() -> None:
    assert ScopeNotFound("taxi").message == "scope taxi not found!"
    assert ScopeExists("taxi").message == "sorry, scope taxi already exists!"
    assert Unauthorized().message == "Authorization Failed"
    assert BadLogin().message == "username/password error"


def test_headers_belong_to_errors() -> None:
    assert Unauthorized().headers() == {"WWW-Authenticate": "Token"}
    assert TooManyRequests(10, 7).headers() == {"Retry-After": "7"}
    assert EngineUnavailable("gone").headers() == {"Retry-After": "5"}
    assert ScopeNotFound("x").headers() == {}


def test_facts_are_what_a_client_can_act_on() -> None:
    assert BadParameter("width", "is required").facts() == {"parameter": "width"}
    assert ScopeDead("taxi", "out of memory").facts() == {"reason": "out of memory"}
    assert LegacyError("x", 404).facts() == {"code": -1}
    assert BadLogin(legacy=True).facts() == {"code": -1}
    assert NotReady("x", {"a": 1}).facts() == {"a": 1}


@pytest.mark.parametrize("code", ErrorCode)
def test_what_an_agent_says_keeps_its_code(code: ErrorCode) -> None:
    error = AgentFailed(AgentError(code=code, message="why"))

    assert (error.type, error.status, error.message) == (code.value, AGENT_STATUS[code], "why")
    assert error.facts() == {}


def test_exceptions_of_user_code_carry_three_facts() -> None:
    told = AgentError(code=ErrorCode.PYTHON_ERROR, message="m", ename="E", facts={"line": "1"})

    facts = AgentFailed(told, {"stdout": "x"}).facts()

    assert facts == {"ename": "E", "evalue": "", "traceback": [], "line": "1", "stdout": "x"}
