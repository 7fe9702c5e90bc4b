"""`python -m control ps`: every scope, whether the server runs or not."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
import typer

from control.errors import GeoscopeError
from control.operator.place import Password, Token, Url, User, fail, proof_here, settings_here
from control.operator.server import Refused, Server
from control.operator.sight import Sight, look
from control.operator.table import console, table

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, with every fact.")]


def ps(
    *,
    url: Url = "",
    user: User = "",
    password: Password = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Every scope: user, state, container, memory, age, idle time.

    The server is asked where it answers and an admin's password or token is known; else the
    engine's labels and the store say it.
    """
    settings = settings_here()
    server = Server.of(settings, proof_here(settings, url, user, password, token))
    try:
        seen = look(settings, server)
    except (Refused, GeoscopeError) as error:
        fail(str(error))
    show(seen, as_json=as_json)


def show(seen: Sight, *, as_json: bool) -> None:
    """Write it."""
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(seen)).decode() + "\n")
        return
    for note in seen.notes:
        sys.stderr.write(f"{note}\n")
    out = console()
    out.print(table(seen.scopes))
    out.print(f"{len(seen.scopes)} scopes, by {seen.source}")
