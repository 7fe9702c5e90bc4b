from __future__ import annotations

import json
from typing import Any

import docker.errors
import pytest
import requests
import urllib3

from control.engine.driver import ContainerState, EngineEvent, Usage
from control.engine.translation import (
    is_absent,
    is_removing,
    to_event,
    to_seconds,
    to_status,
    to_usage,
    translate,
)
from control.errors import BackendError, EngineError, EngineUnavailable, NameTaken


def refusal(status: int, explanation: str) -> docker.errors.APIError:
    response = requests.Response()
    response.status_code = status
    return docker.errors.APIError("no", response=response, explanation=explanation)


def subclasses(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(below for child in kind.__subclasses__() for below in subclasses(child))]


FOREIGN = [
    *subclasses(docker.errors.DockerException),
    *subclasses(requests.exceptions.RequestException),
    *subclasses(urllib3.exceptions.HTTPError),
    docker.errors.StreamParseError,
    json.JSONDecodeError,
    OSError,
    KeyError,
    RuntimeError,
]


def without_init(kind: type[Exception]) -> Exception:
    """An error as it would be caught, whatever its constructor wants."""
    bare = {"__init__": lambda self: None, "__str__": lambda self: "no"}
    error = type(kind.__name__, (kind,), bare)()
    error.__dict__.update(response=None, explanation=None)
    return error


@pytest.mark.parametrize("kind", dict.fromkeys(FOREIGN), ids=lambda kind: kind.__qualname__)
def test_no_foreign_error_escapes(kind: type[Exception]) -> None:
    assert isinstance(translate("do it", without_init(kind)), BackendError)


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.ConnectionError("refused"),
        requests.exceptions.ReadTimeout("slow"),
        docker.errors.DockerException("Error while fetching server API version"),
        urllib3.exceptions.ProtocolError("broken"),
        ConnectionRefusedError("refused"),
    ],
)
def test_an_engine_that_is_not_there_is_unavailable(error: Exception) -> None:
    assert isinstance(translate("start", error), EngineUnavailable)


def test_a_name_conflict_names_the_name() -> None:
    error = translate("create", refusal(409, 'The name "/gs-a" is already in use by x'), "gs-a")

    assert isinstance(error, NameTaken)
    assert error.name == "gs-a"


def test_another_conflict_is_a_refusal() -> None:
    error = translate("start", refusal(409, "container is marked for removal"))

    assert isinstance(error, EngineError)
    assert "marked for removal" in error.message


def test_our_own_errors_pass() -> None:
    ours = EngineUnavailable("gone")

    assert translate("start", ours) is ours


def test_only_404_is_absent() -> None:
    assert is_absent(refusal(404, "No such container"))
    assert not is_absent(refusal(500, "No such container"))
    assert not is_absent(requests.exceptions.ConnectionError())


def test_removal_in_progress_is_seen() -> None:
    assert is_removing(refusal(409, "removal of container x is already in progress"))
    assert not is_removing(refusal(409, "in use"))


def inspected(**state: Any) -> dict[str, Any]:
    return {
        "Id": "c1",
        "Name": "/gs-a",
        "Config": {"Labels": {"k": "v"}},
        "State": {"Status": "running", "ExitCode": 0, **state},
    }


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("created", ContainerState.CREATED),
        ("running", ContainerState.RUNNING),
        ("restarting", ContainerState.RUNNING),
        ("paused", ContainerState.PAUSED),
        ("exited", ContainerState.EXITED),
        ("dead", ContainerState.EXITED),
        ("removing", ContainerState.EXITED),
    ],
)
def test_each_word_of_the_engine_is_a_state(word: str, state: ContainerState) -> None:
    assert to_status(inspected(Status=word)).state is state


def test_a_running_container_has_no_exit_code() -> None:
    assert to_status(inspected()).exit_code is None


def test_an_ended_container_has_code_and_times() -> None:
    status = to_status(
        inspected(
            Status="exited",
            ExitCode=137,
            OOMKilled=True,
            StartedAt="1970-01-01T00:00:01.500000000Z",
            FinishedAt="1970-01-01T00:00:02Z",
        )
    )

    assert (status.name, status.exit_code, status.oom_killed) == ("gs-a", 137, True)
    assert (status.started_at, status.finished_at) == (1.5, 2.0)


def test_year_one_means_never() -> None:
    assert to_seconds("0001-01-01T00:00:00Z") is None
    assert to_seconds("") is None


def test_droppable_cache_is_not_use() -> None:
    stats = {
        "memory_stats": {"usage": 100, "limit": 500, "stats": {"total_inactive_file": 30}},
        "cpu_stats": {"cpu_usage": {"total_usage": 2_000_000_000}},
        "pids_stats": {"current": 4},
    }

    expected = Usage(memory_bytes=70, memory_limit_bytes=500, cpu_seconds=2.0, pids=4)

    assert to_usage(stats) == expected


def test_a_stopped_container_uses_nothing_known() -> None:
    assert to_usage({"memory_stats": {}, "cpu_stats": {}}) == Usage()


def test_an_event_carries_our_id() -> None:
    raw = {"Action": "die", "Actor": {"ID": "c1", "Attributes": {"geoscope.sandbox": "s1"}}}

    assert to_event(raw) == EngineEvent(container_id="c1", sandbox_id="s1", action="die")
