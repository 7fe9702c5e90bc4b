"""Fields that many requests have."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from control.errors import BadParameter
from control.kinds import parse_size

Timeout = Annotated[float, Meta(gt=0, description="seconds")]
Size = int | float | str
Flag = bool | int | str

DEFAULT_SESSION = "spark"
TRUE = frozenset({"1", "true", "yes"})
FALSE = frozenset({"0", "false", "no"})


class InScope(msgspec.Struct, frozen=True, kw_only=True):
    """A request that goes to a scope."""

    scope: str


class InSession(InScope, frozen=True, kw_only=True):
    """A request that goes to one SparkSession of a scope."""

    session: str = DEFAULT_SESSION


def size_of(name: str, given: Size | None) -> int | None:
    """Bytes from a number or a text such as `2GiB`; raises BadParameter."""
    if given is None:
        return None
    try:
        return parse_size(str(given))
    except ValueError as error:
        raise BadParameter(name, f"must be {error}") from error


def flag_of(name: str, given: Flag) -> bool:
    """Yes or no from what old clients send for it; raises BadParameter."""
    word = str(given).lower()
    if word not in TRUE | FALSE:
        raise BadParameter(name, "must be 1, 0, true or false")
    return word in TRUE
