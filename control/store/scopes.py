"""Scopes and their intents: statements only, no rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from control.scopes.limits import Limits
from control.scopes.scope import Intent, Scope, ScopeState
from control.store.database import Database
from control.store.events import Event, add_event
from control.store.schema import scopes


class ScopeStore:
    """The scopes as they are to be: what the engine's containers are reconciled with."""

    def __init__(self, database: Database, told: Callable[[str], None] | None = None) -> None:
        """`told` hears of each event that is written with a scope."""
        self._database = database
        self._told = told or (lambda _: None)

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
        if event is not None:
            self._told(event)

    def forget(self, scope: Scope, event: str | None = None, at: float = 0.0) -> None:
        """Remove the scope: its name and uid are free from now on."""
        with self._database.begin() as connection:
            connection.execute(delete(scopes).where(scopes.c.sandbox_id == scope.sandbox_id))
            if event is not None:
                _note(connection, scope, event, at)
        if event is not None:
            self._told(event)

    def touch(self, used: dict[str, float]) -> None:
        """Write when scopes were last used, by sandbox id."""
        with self._database.begin() as connection:
            for sandbox_id, last_used in used.items():
                where = scopes.c.sandbox_id == sandbox_id
                connection.execute(update(scopes).where(where).values(last_used=last_used))

    def retime(self, moved: list[Scope]) -> None:
        """Write the times of scopes after the host's clock was set."""
        with self._database.begin() as connection:
            for scope in moved:
                where = scopes.c.sandbox_id == scope.sandbox_id
                times = {
                    "created": scope.created,
                    "last_used": scope.last_used,
                    "since": scope.since,
                    "ends": scope.ends,
                }
                connection.execute(update(scopes).where(where).values(times))

    def load(self) -> list[Scope]:
        """Every scope and every sandbox of the pool, oldest first."""
        with self._database.begin() as connection:
            rows = connection.execute(select(scopes).order_by(scopes.c.created)).all()
        return [_from_row(row) for row in rows]


def _note(connection: Connection, scope: Scope, event: str, at: float) -> None:
    told = Event(
        at=at,
        event=event,
        owner=scope.owner,
        name=scope.name,
        sandbox_id=scope.sandbox_id,
        reason=scope.reason,
    )
    add_event(connection, told)


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
