"""A first session on sample trips, from log-in to seven maps."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from geoscope import trips
from geoscope.cli.accounts import ask_password
from geoscope.cli.output import say, show
from geoscope.client import Client
from geoscope.errors import NoCredentials, NotFound
from geoscope.results import Picture
from geoscope.scope import Scope
from geoscope.settings import ClientSettings, SavedTokens

commands = typer.Typer()

SCOPE = "geoscope-demo"


@dataclass
class Walk:
    """Steps taken, each with its result and how long it took."""

    steps: list[dict[str, Any]] = field(default_factory=list)

    def take(self, name: str, step: Callable[[], Any], tell: Callable[[Any], str] = str) -> Any:
        """Take a step and note what came of it."""
        began = time.perf_counter()
        result = step()
        took = (time.perf_counter() - began) * 1000
        self.steps.append({"step": name, "result": tell(result), "ms": f"{took:,.0f}"})
        return result


@commands.command("demo")
def demo(
    folder: Annotated[Path, typer.Option(help="where the pictures go")] = Path("demo"),
) -> None:
    """Load sample trips, query them, draw seven maps: the server must be up."""
    folder.mkdir(parents=True, exist_ok=True)
    walk = Walk()
    try:
        with _client() as client:
            _walk(walk, client, folder)
    finally:
        if walk.steps:
            show(walk.steps, ["step", "result", "ms"])
    say(f"the scope {SCOPE} stays open; `geoscope scope close {SCOPE}` ends it")


def _client() -> Client:
    """Who the environment or `geoscope login` says; else the admin, who is asked for a password."""
    found = ClientSettings.from_env(os.environ, SavedTokens.of_user(os.environ))
    if found.token or found.password:
        known = found if found.token or found.username else replace(found, username="admin")
        return Client(
            known.url, token=known.token, username=known.username, password=known.password
        )
    if not sys.stdin.isatty():
        raise NoCredentials
    user = found.username or "admin"
    return Client(found.url, username=user, password=ask_password(user))


def _walk(walk: Walk, client: Client, folder: Path) -> None:
    if client.transport.token is None:
        walk.take("POST /token", client.log_in, lambda _: "a token")
    _close_earlier(client)
    scope = walk.take("POST /scope", lambda: client.open(SCOPE), lambda made: made.name)
    walk.take("POST /loadfile", lambda: scope.load(trips.LOAD)[0], _rows)
    walk.take("POST /createtable", lambda: scope.create(trips.TABLE, trips.CREATE), _rows)
    walk.take("POST /query", lambda: scope.query(trips.QUERY).rows[0])
    for chart in trips.MAPS:
        _draw(walk, scope, chart, folder)


def _draw(walk: Walk, scope: Scope, chart: str, folder: Path) -> None:
    sql, style = trips.MAPS[chart]
    target = folder / f"{chart}.png"

    def tell(picture: Picture) -> str:
        return f"{target}: {picture.drawn} of {picture.rows} rows drawn"

    picture = walk.take(
        f"POST /{chart}", lambda: scope.draw(chart, sql, **trips.FRAME, **style), tell
    )
    picture.save(target)


def _close_earlier(client: Client) -> None:
    """A scope of an earlier walk is in the way; none is fine."""
    try:
        client.scope(SCOPE).close()
    except NotFound:
        return


def _rows(table: dict[str, Any]) -> str:
    return f"{table['name']}: {table['num_rows']:,} rows"
