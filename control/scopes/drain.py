"""Drain: no new scopes from now on, while those that are here go on."""

from __future__ import annotations

from control.errors import Draining
from control.scopes.wait import Clock


class Drain:
    """Whether new scopes are refused.

    The mutable state is `since` and `reason`. They are of this process: a server that starts
    again takes scopes, as whoever starts it means it to serve.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.since: float | None = None
        self.reason = ""

    def begin(self, reason: str = "") -> None:
        """Refuse from now on; a second time changes the reason only."""
        self.since = self._clock.now() if self.since is None else self.since
        self.reason = reason

    def end(self) -> None:
        """Take new scopes again; twice is fine."""
        self.since, self.reason = None, ""

    @property
    def is_on(self) -> bool:
        """Whether new scopes are refused."""
        return self.since is not None

    def check(self) -> None:
        """Whether a new scope may be made; raises Draining."""
        if self.is_on:
            raise Draining(self.reason)
