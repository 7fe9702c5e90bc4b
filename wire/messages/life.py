"""Is it there, what does it hold, end it."""

from __future__ import annotations

from typing import ClassVar

from wire.messages.base import Message, Request
from wire.messages.tables import TableFacts
from wire.protocol import PROTOCOL


class Ok(Message, frozen=True, kw_only=True):
    """Done, nothing to add."""


class Health(Message, frozen=True, kw_only=True):
    """`ready` means: commands, queries and loads are served."""

    protocol: int = PROTOCOL
    version: str = ""
    ready: bool = False
    stage: str = ""
    """What is going on while not ready: `jvm`, `spark`, `session`, `catalog`, `ready`."""
    kernel_alive: bool = False


class HealthRequest(Request, frozen=True, kw_only=True):
    """Are you there, and ready?"""

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/v1/health"
    reply: ClassVar[type[Health]] = Health


class ShutdownRequest(Request, frozen=True, kw_only=True):
    """Flush what is to be kept and end."""

    path: ClassVar[str] = "/v1/shutdown"
    reply: ClassVar[type[Ok]] = Ok


class Variable(Message, frozen=True, kw_only=True):
    """One name of the namespace, as of the last finished statement."""

    name: str
    type: str
    size_bytes: int | None = None


class Facts(Message, frozen=True, kw_only=True):
    """What a scope holds now."""

    sessions: list[str] = []
    tables: list[TableFacts] = []
    variables: list[Variable] = []
    disk_used_bytes: int | None = None
    disk_total_bytes: int | None = None


class FactsRequest(Request, frozen=True, kw_only=True):
    """What do you hold?"""

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/v1/facts"
    reply: ClassVar[type[Facts]] = Facts
