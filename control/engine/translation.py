"""The border to the docker SDK: its errors and its JSON become ours, here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import requests
import urllib3
from docker.errors import APIError, DockerException

from control.engine.driver import (
    SANDBOX_LABEL,
    ContainerState,
    ContainerStatus,
    EngineEvent,
    Usage,
)
from control.errors import EngineError, EngineUnavailable, GeoscopeError, NameTaken

UNREACHABLE: Final = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,
    OSError,
    TimeoutError,
)

STATES: Final[dict[str, ContainerState]] = {
    "created": ContainerState.CREATED,
    "running": ContainerState.RUNNING,
    "restarting": ContainerState.RUNNING,
    "paused": ContainerState.PAUSED,
    "removing": ContainerState.EXITED,
    "exited": ContainerState.EXITED,
    "dead": ContainerState.EXITED,
}


def translate(action: str, error: Exception, name: str = "") -> GeoscopeError:
    """Our error for one of the SDK's; `name` is the container's name that was asked for."""
    if isinstance(error, GeoscopeError):
        return error
    if isinstance(error, APIError):
        return _refusal(action, error, name)
    if isinstance(error, requests.exceptions.JSONDecodeError):
        return EngineError(action, "its answer is not JSON")
    if isinstance(error, UNREACHABLE) or type(error) is DockerException:
        # A bare DockerException is how the SDK says that it never got a connection.
        return EngineUnavailable(_first_line(error))
    return EngineError(action, _first_line(error))


def is_absent(error: Exception) -> bool:
    """Whether the engine said, in so many words, that there is no such container."""
    return isinstance(error, APIError) and error.status_code == HTTPStatus.NOT_FOUND


def is_removing(error: Exception) -> bool:
    """Whether somebody else is removing that container already."""
    return (
        isinstance(error, APIError)
        and error.status_code == HTTPStatus.CONFLICT
        and "already in progress" in str(error.explanation)
    )


def _refusal(action: str, error: APIError, name: str) -> GeoscopeError:
    explanation = str(error.explanation or error)
    conflict = error.status_code == HTTPStatus.CONFLICT
    if conflict and name and "already in use" in explanation:
        return NameTaken(name)
    return EngineError(action, explanation.strip()[:500])


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:500]


def to_status(inspected: Mapping[str, Any]) -> ContainerStatus:
    """One inspected container."""
    state = inspected["State"]
    seen = STATES.get(state["Status"], ContainerState.EXITED)
    return ContainerStatus(
        id=inspected["Id"],
        name=inspected["Name"].removeprefix("/"),
        state=seen,
        labels=dict(inspected["Config"].get("Labels") or {}),
        exit_code=state.get("ExitCode") if seen is ContainerState.EXITED else None,
        oom_killed=bool(state.get("OOMKilled")),
        started_at=to_seconds(state.get("StartedAt")),
        finished_at=to_seconds(state.get("FinishedAt")),
    )


def to_seconds(moment: str | None) -> float | None:
    """Seconds since the epoch; the engine says year 1 for what never happened."""
    if not moment or moment.startswith("0001-"):
        return None
    return datetime.fromisoformat(moment).timestamp()


def to_usage(stats: Mapping[str, Any]) -> Usage:
    """One sample of the engine's statistics; page cache that can be dropped is not counted."""
    memory = stats.get("memory_stats") or {}
    if "usage" not in memory:
        return Usage()
    detail = memory.get("stats") or {}
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    cpu_ns = stats.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage")
    return Usage(
        memory_bytes=max(0, memory["usage"] - cache),
        memory_limit_bytes=memory.get("limit"),
        cpu_seconds=None if cpu_ns is None else cpu_ns / 1e9,
        pids=stats.get("pids_stats", {}).get("current"),
    )


def to_event(event: Mapping[str, Any]) -> EngineEvent:
    """One line of the engine's stream of events."""
    actor = event["Actor"]
    return EngineEvent(
        container_id=actor["ID"],
        sandbox_id=actor["Attributes"].get(SANDBOX_LABEL, ""),
        action=event["Action"],
    )
