"""Who asked for what is being done: it travels with the work, which outlives the request."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Requester:
    """The request behind some work; all empty: the control plane itself."""

    user: str = ""
    address: str = ""
    request_id: str = ""


NOBODY: Final = Requester()
_current: Final[ContextVar[Requester]] = ContextVar("requester", default=NOBODY)


def requester() -> Requester:
    """Who asked; tasks have it from whoever made them."""
    return _current.get()


def now_asks(requester: Requester) -> None:
    """From now on this task, and what it begins, is for this one."""
    _current.set(requester)


def now_known_as(user: str) -> None:
    """The one who asks has turned out to be this user."""
    _current.set(replace(_current.get(), user=user))
