"""What a user's wish for a scope must pass before the host is asked: drain, name, quota, limits."""

from __future__ import annotations

from collections.abc import Callable

from control.scopes.drain import Drain
from control.scopes.limits import Limits, Quota, ScopeLimits, ScopeWish, check_count, resolve
from control.scopes.naming import scope_name
from control.scopes.roster import Roster

Quotas = Callable[[str], Quota]


def usual_quota(_: str) -> Quota:
    """Nobody has more or less than usual."""
    return Quota()


class Entry:
    """Turns a wish into a name and limits, or says why not."""

    def __init__(self, roster: Roster, limits: ScopeLimits, quotas: Quotas, drain: Drain) -> None:
        self._roster = roster
        self._limits = limits
        self._quotas = quotas
        self._drain = drain

    def check(self, owner: str, wish: ScopeWish) -> tuple[str, Limits]:
        """Raises Draining, BadName, BadParameter, ScopeExists, QuotaExceeded."""
        self._drain.check()
        name = scope_name(wish.name)
        quota = self._quotas(owner)
        limits = resolve(wish, quota, self._limits.each)
        self._roster.check_free(owner, name)
        check_count(len(self._roster.of(owner)), quota, self._limits.scopes_per_user)
        return name, limits
