"""Scopes as a table: what people look for, in words they read at a glance."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from control.operator.sight import Seen

MIB: Final = 1024**2
GIB: Final = 1024**3
UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
NONE: Final = "-"


def console() -> Console:
    """As wide as the terminal; wide enough for a whole line where there is none."""
    # Reasons may quote an agent, whose word must not become colours or links.
    width = None if sys.stdout.isatty() else 200
    return Console(width=width, markup=False, highlight=False)


def table(scopes: Sequence[Seen], cpu: Mapping[str, float] | None = None) -> Table:
    """The scopes; `cpu` is the share of one processor that each took, by sandbox id."""
    columns = ["USER", "SCOPE", "STATE", "CONTAINER", "MEMORY", "AGE", "IDLE"]
    shown = Table(*columns, *(["CPU", "PIDS"] if cpu is not None else []), box=None)
    now = time.time()
    for one in sorted(scopes, key=lambda one: (one.user, one.scope)):
        cells = [
            one.user or NONE,
            one.scope,
            state(one),
            (one.container or NONE)[:12],
            memory(one),
            age(one.created, now),
            NONE if one.in_flight else age(one.last_used, now),
        ]
        if cpu is not None:
            cells += [_share(cpu.get(one.id)), NONE if one.pids is None else str(one.pids)]
        shown.add_row(*cells)
    return shown


def state(one: Seen) -> str:
    """The state, with what is under way or why it came to it."""
    if one.in_flight:
        return f"{one.state} ({one.in_flight})"
    return f"{one.state} ({one.reason})" if one.reason else one.state


def memory(one: Seen) -> str:
    """What is used of what is allowed."""
    if one.memory_bytes is None:
        return NONE
    limit = one.memory_limit_bytes
    allowed = f" / {limit / GIB:.1f} GiB" if limit and limit < 1 << 60 else ""
    return f"{one.memory_bytes / MIB:.0f} MiB{allowed}"


def age(since: float | None, now: float) -> str:
    """The time since then in its two largest units."""
    if since is None:
        return NONE
    left = max(0, int(now - since))
    parts: list[str] = []
    for seconds, unit in UNITS:
        count, left = divmod(left, seconds)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def _share(found: float | None) -> str:
    return NONE if found is None else f"{found * 100:.0f} %"
