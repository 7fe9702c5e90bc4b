"""Why a container ended, in words, and what that makes of its scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from control.scopes.scope import ScopeState
from wire.protocol import EXIT_REASONS, ExitCode

IDLE: Final = "idle"
TOO_OLD: Final = "protocol_too_old"
BY_OPERATOR: Final = "stopped by an operator"
KILLED: Final = "killed by an operator"
REMOVED: Final = "its container was removed by an operator"
PAUSED: Final = "paused by an operator"
OUT_OF_MEMORY: Final = "out of memory: the container was killed at its memory limit"
NOT_BY_ENGINE: Final = (
    "its agent was killed (SIGKILL), not through the engine: by its own code, or on the host"
)
ENGINE_WENT: Final = "its container ended with the engine or the host"
SIGKILL_CODE: Final = 137
ASKED_CODES: Final = frozenset({int(ExitCode.OK), 143, 255})
"""How containers end when the engine or the host goes down (255: the engine lost sight of it)."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen around a container's end.

    The engine's own `OOMKilled` is not among it: it is set by any process that was killed in the
    container, sticks, and says nothing about the last one.
    """

    live: bool = True
    """Whether we were watching when it ended."""
    engine_went: bool = False
    """Whether the engine itself was away when it ended."""
    oom: bool = False
    """The engine told of memory running out just before."""
    signals: int = 0
    """How many signals were sent through the engine just before: a stop that has to insist
    sends two, a kill one."""


def ending(exit_code: int | None, seen: Seen) -> tuple[ScopeState, str]:
    """The state and reason of a scope whose container ended with `exit_code`."""
    if seen.oom and exit_code == SIGKILL_CODE:
        return ScopeState.DEAD, OUT_OF_MEMORY
    if seen.signals == 1 and exit_code == SIGKILL_CODE:
        return ScopeState.DEAD, KILLED
    if seen.signals:
        return ScopeState.STOPPED, BY_OPERATOR
    if seen.engine_went and exit_code == SIGKILL_CODE:
        # One that comes back without `live-restore` kills what it left running.
        return ScopeState.STOPPED, ENGINE_WENT
    if seen.live and exit_code == SIGKILL_CODE:
        return ScopeState.DEAD, NOT_BY_ENGINE
    if not seen.live and exit_code in ASKED_CODES:
        return ScopeState.STOPPED, ENGINE_WENT
    return ScopeState.DEAD, exit_words(exit_code)


def exit_words(exit_code: int | None) -> str:
    """An exit code in words."""
    if exit_code is None:
        return "the container ended"
    return EXIT_REASONS.get(exit_code, f"the agent ended with exit code {exit_code}")
