"""How much a statement of SQL++ may hold, beside what its agent holds already."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from sandbox.failure import AgentFailure
from sandbox.statements.sqlpp.memory import MemoryBounds, resident_bytes
from wire.protocol import ErrorCode

MIB = 1024**2
BOUNDS = MemoryBounds(2400 * MIB)


def ticks() -> Callable[[], float]:
    """A clock that is a second later at each look."""
    return count(0.0).__next__


@pytest.mark.parametrize(
    ("held", "most"),
    [
        (200, 600),  # a sixth more
        (1000, 1200),  # half of the scope is for the agent
        (1190, 1290),  # but small statements run
        (2000, 2100),
    ],
)
def test_a_statement_has_its_share_and_never_less_than_the_least(held: int, most: int) -> None:
    assert most * MIB == BOUNDS.most(held * MIB)


def test_a_small_statement_runs_where_the_agent_is_large_already() -> None:
    check = MemoryBounds(resident_bytes(), ticks()).watch()

    check()


def test_a_statement_that_takes_more_is_told() -> None:
    check = MemoryBounds(64 * MIB, ticks()).watch()
    held = bytearray(b"x" * (32 * MIB))

    with pytest.raises(AgentFailure) as raised:
        check()
    assert raised.value.code is ErrorCode.MEMORY_FULL
    assert len(held) == 32 * MIB
