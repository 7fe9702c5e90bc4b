"""The requests that are under way now: to list them, and to cancel one."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from control.query_service.durations import S, show
from control.web.answers import iso_time

Cancel = Callable[[], Coroutine[Any, Any, bool]]
"""Gives whether there was anything to cancel."""


@dataclass(kw_only=True, eq=False)
class UnderWay:
    """One request; `category` is None until it is compiled."""

    request_id: str
    user: str
    client_context_id: str
    statement: str
    cancel: Cancel
    address: str = ""
    user_agent: str = ""
    began: float = field(default_factory=time.time)
    category: str | None = None
    job: int | None = None
    is_cancelled: bool = False

    @property
    def is_cancellable(self) -> bool:
        """Definitions run to their end."""
        return self.category != "ddl"

    def members(self, *, redact: bool) -> dict[str, Any]:
        """As it is shown in a list."""
        return {
            "uuid": self.request_id,
            "requestTime": iso_time(self.began),
            "elapsedTime": show(max(0, int((time.time() - self.began) * S))),
            "node": "",
            "state": "cancelled" if self.is_cancelled else "running",
            "userAgent": self.user_agent,
            "remoteAddr": self.address,
            "cancellable": self.is_cancellable,
            "jobId": None if self.job is None else str(self.job),
            "statement": None if redact else self.statement,
            "clientContextID": None if redact else self.client_context_id or None,
            "user": self.user,
        }


class Directory:
    """Who is under way. The mutable state is the dict, by request id, oldest first."""

    def __init__(self) -> None:
        self._entries: dict[str, UnderWay] = {}

    @contextmanager
    def holding(self, entry: UnderWay) -> Iterator[UnderWay]:
        """It is here within the block."""
        self.add(entry)
        try:
            yield entry
        finally:
            self.drop(entry.request_id)

    def add(self, entry: UnderWay) -> None:
        """It is here until it is dropped."""
        self._entries[entry.request_id] = entry

    def drop(self, request_id: str) -> None:
        """It has ended; twice is fine."""
        self._entries.pop(request_id, None)

    def of(self, user: str | None) -> list[UnderWay]:
        """The user's, or everybody's, oldest first."""
        return [entry for entry in self._entries.values() if user in (None, entry.user)]

    def find(
        self, user: str | None, request_id: str | None, client_context_id: str | None
    ) -> UnderWay | None:
        """By its id, else the latest with that client context id."""
        for entry in reversed(self.of(user)):
            if request_id is not None:
                if entry.request_id == request_id:
                    return entry
            elif client_context_id and entry.client_context_id == client_context_id:
                return entry
        return None
