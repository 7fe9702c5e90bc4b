"""Sessions of a scope."""

from __future__ import annotations

from typing import ClassVar

from wire.messages.base import Message, Request
from wire.messages.life import Ok


class Session(Message, frozen=True, kw_only=True):
    """One SparkSession of the scope; also a variable of that name in the namespace."""

    name: str
    app_name: str
    master: str


class CreateSession(Request, frozen=True, kw_only=True):
    """Make a session with its own configuration and temporary views."""

    path: ClassVar[str] = "/v1/sessions/create"
    reply: ClassVar[type[Session]] = Session
    name: str
    app_name: str | None = None
    master: str | None = None
    configs: dict[str, str] = {}
    envs: dict[str, str] = {}


class DeleteSession(Request, frozen=True, kw_only=True):
    """End a session (not `spark`, the default one)."""

    path: ClassVar[str] = "/v1/sessions/delete"
    reply: ClassVar[type[Ok]] = Ok
    name: str
