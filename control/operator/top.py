"""`python -m control top`: the same table, kept up to date, with what each scope takes now."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from control.errors import GeoscopeError
from control.operator.place import Password, Token, Url, User, fail, proof_here, settings_here
from control.operator.server import Refused, Server
from control.operator.sight import Sight, look
from control.operator.table import console, table
from control.settings import Settings

Once = Annotated[bool, typer.Option("--once", help="Show it once, and end.")]
Interval = Annotated[float, typer.Option("--interval", min=0.2, help="Seconds between two looks.")]


def top(  # noqa: PLR0913 - the options of a command
    *,
    url: Url = "",
    user: User = "",
    password: Password = "",
    token: Token = "",
    once: Once = False,
    interval: Interval = 2.0,
) -> None:
    """What every scope takes of memory and processors, until Ctrl-C."""
    settings = settings_here()
    server = Server.of(settings, proof_here(settings, url, user, password, token))
    try:
        _run(settings, server, interval, once=once)
    except (Refused, GeoscopeError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        return


def _run(settings: Settings, server: Server, interval: float, *, once: bool) -> None:
    before, began = look(settings, server), time.monotonic()
    out = console()
    with Live(console=out, auto_refresh=False, transient=once) as live:
        while True:
            time.sleep(interval)
            now, at = look(settings, server), time.monotonic()
            shown = Group(_head(now), table(now.scopes, shares(before, now, at - began)))
            if once:
                break
            live.update(shown, refresh=True)
            before, began = now, at
    out.print(shown)


def shares(before: Sight, now: Sight, seconds: float) -> Mapping[str, float]:
    """The share of one processor that each scope took in between, by sandbox id."""
    earlier = {(one.id, one.container): one.cpu_seconds for one in before.scopes}
    found = {}
    for one in now.scopes:
        then = earlier.get((one.id, one.container))
        if then is not None and one.cpu_seconds is not None:
            found[one.id] = max(0.0, one.cpu_seconds - then) / seconds
    return found


def _head(now: Sight) -> Table | Text:
    states = Counter(one.state for one in now.scopes)
    memory = sum(one.memory_bytes or 0 for one in now.scopes) / 1024**3
    counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"
    return Text(f"{counts}; {memory:.1f} GiB in use; by {now.source}", style="bold")
