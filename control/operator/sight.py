"""Every scope at one moment: as the server tells it, else as engine and store show it."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from control.engine.driver import (
    INSTALLATION_LABEL,
    SANDBOX_LABEL,
    SCOPE_LABEL,
    USER_LABEL,
    ContainerStatus,
    Usage,
)
from control.engine.view import EngineView
from control.errors import StoreDamaged
from control.operator.server import NoServer, Server
from control.settings import Settings
from control.store.glance import Glance, ScopeRow, glance


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One scope; times in seconds since the epoch, None where it is not known."""

    user: str
    scope: str
    id: str
    state: str
    reason: str | None = None
    container: str | None = None
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    cpu_seconds: float | None = None
    pids: int | None = None
    created: float | None = None
    last_used: float | None = None
    in_flight: int | None = None


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What was seen, and by whose word."""

    source: str
    scopes: list[Seen]
    notes: list[str] = field(default_factory=list)


def look(settings: Settings, server: Server) -> Sight:
    """The server's word where it answers; raises Refused, or why there is nothing to see."""
    try:
        return from_server(server)
    except NoServer as error:
        return from_engine(settings, notes=[f"the server was not asked: {error}"])


def from_server(server: Server) -> Sight:
    """As the server tells it; raises NoServer or Refused."""
    found = server.get("/admin/scopes", usage="true")["scopes"]
    return Sight(source=f"the server at {server.url}", scopes=[_told(one) for one in found])


def from_engine(settings: Settings, notes: Iterable[str] = ()) -> Sight:
    """As the labels of containers show it, with what the store knows beside them."""
    problems = list(notes)
    seen = _glanced(settings, problems)
    view = EngineView()
    try:
        label = INSTALLATION_LABEL if seen is None else f"{INSTALLATION_LABEL}={seen.installation}"
        found = view.containers(label)
        with ThreadPoolExecutor(8) as threads:
            usages = list(threads.map(lambda status: view.usage(status.id), found))
    finally:
        view.close()
    rows = {} if seen is None else {row.sandbox_id: row for row in seen.scopes}
    shown = [_shown(*pair, rows) for pair in zip(found, usages, strict=True)]
    with_container = {one.id for one in shown}
    asleep = [_asleep(row) for row in rows.values() if row.sandbox_id not in with_container]
    return Sight(source="the engine and the store", scopes=[*shown, *asleep], notes=problems)


def _glanced(settings: Settings, problems: list[str]) -> Glance | None:
    try:
        seen = glance(settings.state_dir)
    except StoreDamaged as error:
        problems.append(error.message)
        return None
    if seen is None:
        problems.append(f"no store in {settings.state_dir}: containers of every installation")
    return seen


def _shown(status: ContainerStatus, usage: Usage, rows: dict[str, ScopeRow]) -> Seen:
    sandbox_id = status.labels.get(SANDBOX_LABEL, "")
    row = rows.get(sandbox_id)
    # Labels are of the container's first day: one that was made for the pool names nobody.
    user = row.owner if row else status.labels.get(USER_LABEL, "")
    scope = row.name if row else status.labels.get(SCOPE_LABEL, "")
    return Seen(
        user=user,
        scope=scope or status.name,
        id=sandbox_id,
        state=status.state.value,
        reason=row.reason if row else None,
        container=status.id,
        memory_bytes=usage.memory_bytes,
        memory_limit_bytes=usage.memory_limit_bytes,
        cpu_seconds=usage.cpu_seconds,
        pids=usage.pids,
        created=row.created if row else status.started_at,
        last_used=row.last_used if row else None,
    )


def _asleep(row: ScopeRow) -> Seen:
    return Seen(
        user=row.owner,
        scope=row.name or "(pool)",
        id=row.sandbox_id,
        state=row.state,
        reason=row.reason,
        created=row.created,
        last_used=row.last_used,
    )


def _told(one: dict[str, Any]) -> Seen:
    return Seen(
        user=one["user"],
        scope=one["scope"],
        id=one["id"],
        state=one["state"],
        reason=one["reason"],
        container=one["container"],
        memory_bytes=one["memory_used"],
        memory_limit_bytes=one["memory_allowed"],
        cpu_seconds=one["cpu_seconds"],
        pids=one["pids"],
        created=_seconds(one["created"]),
        last_used=_seconds(one["last_used"]),
        in_flight=one["in_flight"],
    )


def _seconds(moment: str | None) -> float | None:
    return None if moment is None else datetime.fromisoformat(moment).timestamp()
