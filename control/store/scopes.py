"""Scopes, their intents, and what happened to them: statements only, no rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from control.scopes.limits import Limits
from control.scopes.scope import Intent, Scope, ScopeState
from control.store.database import Database
from control.store.schema import events, scopes

KEEP_EVENTS: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class LifecycleEvent:
    """Something that happened to a scope; `at` in seconds since the epoch."""

    at: float
    sandbox_id: str
    owner: str
    name: str
    event: str
    reason: str | None


class ScopeStore:
    """The scopes as they are to be: what the engine's containers are reconciled with."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def installation(self) -> str:
        """The uuid that our containers carry."""
        return self._database.installation

    def save(self, scope: Scope, event: str | None = None, at: float = 0.0) -> None:
        """Write the scope as it is now, and the event that made it so, in one transaction."""
        row = _to_row(scope)
        with self._database.begin() as connection:
            where = scopes.c.sandbox_id == scope.sandbox_id
            if connection.execute(update(scopes).where(where).values(row)).rowcount == 0:
                connection.execute(insert(scopes), row)
            if event is not None:
                _note(connection, scope, event, at)

    def forget(self, scope: Scope, event: str | None = None, at: float = 0.0) -> None:
        """Remove the scope: its name and uid are free from now on."""
        with self._database.begin() as connection:
            connection.execute(delete(scopes).where(scopes.c.sandbox_id == scope.sandbox_id))
            if event is not None:
                _note(connection, scope, event, at)

    def touch(self, used: dict[str, float]) -> None:
        """Write when scopes were last used, by sandbox id."""
        with self._database.begin() as connection:
            for sandbox_id, last_used in used.items():
                where = scopes.c.sandbox_id == sandbox_id
                connection.execute(update(scopes).where(where).values(last_used=last_used))

    def load(self) -> list[Scope]:
        """Every scope and every sandbox of the pool, oldest first."""
        with self._database.begin() as connection:
            rows = connection.execute(select(scopes).order_by(scopes.c.created)).all()
        return [_from_row(row) for row in rows]

    def events(self, limit: int) -> list[LifecycleEvent]:
        """The newest events, newest first."""
        statement = select(events).order_by(events.c.id.desc()).limit(limit)
        with self._database.begin() as connection:
            rows = connection.execute(statement).all()
        return [_event(row) for row in rows]

    def trim_events(self) -> None:
        """Forget all but the newest events."""
        with self._database.begin() as connection:
            newest = connection.execute(select(func.max(events.c.id))).scalar() or 0
            connection.execute(delete(events).where(events.c.id <= newest - KEEP_EVENTS))


def _note(connection: Connection, scope: Scope, event: str, at: float) -> None:
    row = {
        "at": at,
        "sandbox_id": scope.sandbox_id,
        "owner": scope.owner,
        "name": scope.name,
        "event": event,
        "reason": scope.reason,
    }
    connection.execute(insert(events), row)


def _to_row(scope: Scope) -> dict[str, Any]:
    # Work in flight ends with this process, so that `busy` would be untrue after a restart.
    state = ScopeState.IDLE if scope.state is ScopeState.BUSY else scope.state
    return {
        "sandbox_id": scope.sandbox_id,
        "uid": scope.uid,
        "owner": scope.owner or None,
        "name": scope.name or None,
        "state": state.value,
        "reason": scope.reason,
        "intent": None if scope.intent is None else scope.intent.value,
        "container_id": scope.container_id,
        "limits": msgspec.json.encode(scope.limits).decode(),
        "created": scope.created,
        "last_used": scope.last_used,
        "since": scope.since,
        "ends": scope.ends,
        "from_pool": scope.from_pool,
    }


def _from_row(row: Row[Any]) -> Scope:
    values = row._asdict()
    intent = values["intent"]
    return Scope(
        **{
            **values,
            "owner": values["owner"] or "",
            "name": values["name"] or "",
            "state": ScopeState(values["state"]),
            "intent": None if intent is None else Intent(intent),
            "limits": msgspec.json.decode(values["limits"], type=Limits),
        }
    )


def _event(row: Row[Any]) -> LifecycleEvent:
    values = row._asdict()
    del values["id"]
    return LifecycleEvent(**values)
