"""Python, queries and maps from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from geoscope.cli.output import complain, console, say, show
from geoscope.client import Client
from geoscope.errors import api_error
from geoscope.results import Event
from geoscope.scope import Scope

commands = typer.Typer()

In = Annotated[str, typer.Argument(help="the scope's name")]
Statement = Annotated[str, typer.Argument(help="SQL; - reads it from standard input")]
Session = Annotated[str, typer.Option(help="a session of the scope")]


class Form(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def text_of(argument: str) -> str:
    """The argument, or all of standard input for `-`."""
    return sys.stdin.read() if argument == "-" else argument


@commands.command("run")
def run(
    scope: In, code: Annotated[str, typer.Argument(help="Python; - reads standard input")] = "-"
) -> None:
    """Run Python in a scope; its output appears as it comes."""
    with Client() as client:
        for event in client.scope(scope).stream(text_of(code)):
            PRINTERS.get(event.name, _ignore)(event)


def _done(event: Event) -> None:
    reply = event.members
    if reply.get("code", 200) != 200:
        raise api_error(int(reply["code"]), reply)
    if reply.get("result") is not None:
        say(str(reply["result"]))


def _ignore(event: Event) -> None:
    """States and displays have no text for a terminal."""


def _write(name: str) -> Callable[[Event], None]:
    # Looked up at each event: who runs the command may have put another stream in its place.
    return lambda event: print(event.members.get("text", ""), end="", file=getattr(sys, name))


PRINTERS: dict[str, Callable[[Event], None]] = {
    "stdout": _write("stdout"),
    "stderr": _write("stderr"),
    "done": _done,
}


@commands.command("query")
def query(
    scope: In,
    sql: Statement,
    form: Annotated[Form, typer.Option("--format", "-f")] = Form.TABLE,
    session: Session = "spark",
) -> None:
    """Run SQL and print its rows."""
    with Client() as client:
        FORMS[form](client.scope(scope).in_session(session), text_of(sql))


def _as_table(scope: Scope, sql: str) -> None:
    result = scope.query(sql)
    show(result.rows, [column["name"] for column in result.columns])
    for warning in result.warnings:
        complain(f"warning: {warning}")
    if result.truncated:
        complain(f"truncated at {result.num_rows} rows")


def _as_json(scope: Scope, sql: str) -> None:
    console.out(json.dumps(scope.query(sql).rows, ensure_ascii=False), highlight=False)


def _as_csv(scope: Scope, sql: str) -> None:
    sys.stdout.write(scope.csv(sql))


FORMS: dict[Form, Callable[[Scope, str], None]] = {
    Form.TABLE: _as_table,
    Form.JSON: _as_json,
    Form.CSV: _as_csv,
}


@commands.command("sqlpp")
def sqlpp(
    scope: In,
    statement: Annotated[str, typer.Argument(help="SQL++; - reads it from standard input")] = "-",
    session: Session = "spark",
) -> None:
    """Run SQL++ and print its values, one a line, in JSON."""
    with Client() as client:
        where = client.scope(scope).in_session(session)
        result = where.query_service(text_of(statement), max_warnings=100)
    for rows in result.results:
        for row in rows:
            console.out(json.dumps(row, ensure_ascii=False), highlight=False)
    for warning in result.warnings:
        complain(f"warning: {warning}")


@commands.command("map")
def draw(  # noqa: PLR0913  (options of a command)
    scope: In,
    chart: Annotated[str, typer.Argument(help="pointmap, weighted, heatmap, choropleth")],
    sql: Statement,
    box: Annotated[str, typer.Option(help="min_x,min_y,max_x,max_y")],
    out: Annotated[Path, typer.Option("--out", "-o", help="the picture's file")],
    width: Annotated[int, typer.Option(help="pixels")] = 1024,
    height: Annotated[int, typer.Option(help="pixels")] = 896,
    crs: Annotated[str, typer.Option(help="of the data and the box")] = "EPSG:4326",
    style: Annotated[list[str] | None, typer.Option("--set", help="NAME=JSON")] = None,
    session: Session = "spark",
) -> None:
    """Draw a map to a file.

    For example: geoscope map taxi pointmap 'select …' --box=-74.1,40.6,-73.8,40.9 -o map.png
    """
    frame: dict[str, Any] = {
        "width": width,
        "height": height,
        "bounding_box": [float(number) for number in box.split(",")],
        "coordinate_system": crs,
    }
    with Client() as client:
        where = client.scope(scope).in_session(session)
        picture = where.draw(chart, text_of(sql), **frame, **_styles(style or []))
    dropped = ", ".join(f"{n} {why}" for why, n in picture.dropped.items()) or "none"
    say(f"{picture.save(out)}: {picture.drawn} of {picture.rows} rows drawn, dropped: {dropped}")


def _styles(given: list[str]) -> dict[str, Any]:
    return dict(_style(text) for text in given)


def _style(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
