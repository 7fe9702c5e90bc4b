"""`python -m control logs <user>/<scope>`: what a scope's container wrote."""

from __future__ import annotations

import re
import sys
from typing import Annotated, Final

import typer

from control.engine.view import EngineView
from control.errors import GeoscopeError
from control.operator.place import fail, settings_here
from control.operator.sight import Seen, from_engine
from control.settings import Settings

CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
Which = Annotated[str, typer.Argument(metavar="USER/SCOPE", help="As `ps` shows them.")]
Tail = Annotated[int, typer.Option("--tail", min=0, max=100_000, help="How many lines.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="And what is written from now on.")]


def logs(which: Which, *, tail: Tail = 200, follow: Follow = False) -> None:
    """The lines of a scope's container, from the engine (DOCKER_HOST), server or not."""
    user, slash, scope = which.partition("/")
    if not slash:
        fail(f"{which!r} is not USER/SCOPE")
    try:
        _write(_container(settings_here(), user, scope), tail, follow=follow)
    except GeoscopeError as error:
        fail(str(error))
    except KeyboardInterrupt:
        return


def _container(settings: Settings, user: str, scope: str) -> str:
    found = [one for one in from_engine(settings).scopes if (one.user, one.scope) == (user, scope)]
    if not found:
        fail(f"there is no scope {scope} of {user}")
    if found[0].container is None:
        fail(f"scope {scope} of {user} has no container: it is {_words(found[0])}")
    return found[0].container


def _words(one: Seen) -> str:
    return f"{one.state}, {one.reason}" if one.reason else one.state


def harmless(piece: bytes) -> bytes:
    """What a tenant wrote, without what would move the cursor or recolour the terminal."""
    return CONTROL.sub(b"?", piece)


def _write(id: str, tail: int, *, follow: bool) -> None:
    view = EngineView()
    out = sys.stdout.buffer
    is_terminal = sys.stdout.isatty()
    try:
        for piece in view.follow(id, tail) if follow else [view.logs(id, tail)]:
            out.write(harmless(piece) if is_terminal else piece)
            out.flush()
    finally:
        view.close()
