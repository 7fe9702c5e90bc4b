"""`python -m control drain`: no new scopes; wait for what is under way; open the doors again."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from control.operator.place import Password, Token, Url, User, fail, proof_here, settings_here
from control.operator.server import NoServer, Refused, Server
from control.operator.sight import Seen, from_server
from control.operator.table import console

LOOK_S: Final = 0.5

Wait = Annotated[bool, typer.Option("--wait", help="Until no scope has anything under way.")]
Reason = Annotated[str, typer.Option("--reason", help="What who is refused is told.")]
End = Annotated[bool, typer.Option("--end", help="Take new scopes again.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="Seconds that --wait may take.")]


def drain(  # noqa: PLR0913 - the options of a command
    *,
    url: Url = "",
    user: User = "",
    password: Password = "",
    token: Token = "",
    wait: Wait = False,
    end: End = False,
    reason: Reason = "",
    timeout: Timeout = 3600.0,
) -> None:
    """No new scopes from now on; what is open goes on. Before an upgrade, or to empty a host."""
    settings = settings_here()
    server = Server.of(settings, proof_here(settings, url, user, password, token))
    try:
        members = _told(server, reason, end=end)
        console().print(members["message"])
        if wait and not end:
            _wait(server, timeout)
    except (NoServer, Refused) as error:
        fail(str(error))


def _told(server: Server, reason: str, *, end: bool) -> dict[str, Any]:
    if end:
        return server.ask("DELETE", "/admin/drain")
    return server.ask("POST", "/admin/drain", json={"reason": reason})


def _wait(server: Server, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    busy = under_way(from_server(server).scopes)
    most = len(busy)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console()) as progress:
        shown = progress.add_task("", total=most or 1)
        while busy:
            most = max(most, len(busy))
            words = f"{len(busy)} busy: {', '.join(names(busy)[:3])}"
            progress.update(shown, description=words, total=most, completed=most - len(busy))
            if time.monotonic() > deadline:
                fail(f"after {timeout_s:g} s still under way: {', '.join(names(busy))}")
            time.sleep(LOOK_S)
            busy = under_way(from_server(server).scopes)
        progress.update(shown, description="nothing is under way", completed=most or 1)


def under_way(scopes: list[Seen]) -> list[Seen]:
    """The scopes that have work, or are on their way to a state."""
    return [one for one in scopes if one.in_flight or one.state in ("busy", "starting", "stopping")]


def names(scopes: list[Seen]) -> list[str]:
    """As `ps` shows them."""
    return [f"{one.user}/{one.scope}" for one in scopes]
