"""Names of tables: which are allowed, and what is said of one that is not there."""

from __future__ import annotations

import re

from sandbox.failure import AgentFailure
from wire.protocol import ErrorCode

# What Spark's catalog itself allows; anything else would only fail later and less clearly.
_TABLE = re.compile(r"[A-Za-z0-9_]{1,128}")


def table_key(name: str) -> str:
    """The name as the catalog keeps it; raises AgentFailure(BAD_PARAMETER) for a bad one."""
    if not _TABLE.fullmatch(name):
        raise AgentFailure(
            ErrorCode.BAD_PARAMETER,
            f"table {name!r}: a name has 1 to 128 of the characters A-Z a-z 0-9 _",
        )
    return name.lower()


def missing(name: str) -> AgentFailure:
    """The failure of a table that is not there."""
    return AgentFailure(ErrorCode.TABLE_NOT_FOUND, f"table {name} not found!")
