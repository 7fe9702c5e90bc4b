"""`python -m control` serves; its commands look after a server, or list what there is."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from control import reference
from control.attacks.page import attacks_page, attacks_table
from control.errors import StartError
from control.logs import get_logger
from control.operator import commands
from control.server import prepare, started, told_to_stop
from control.welcome import welcome

log = get_logger(__name__)
app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)
Markdown = Annotated[bool, typer.Option("--markdown", help="As the page in docs/.")]
EXIT_CANNOT_START = 78
commands.add_to(app)


@app.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Serve until told to stop."""
    if context.invoked_subcommand is not None:
        return
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve())
    except (StartError, OSError) as error:
        sys.stderr.write(f"geoscope does not start: {error}\n")
        raise SystemExit(EXIT_CANNOT_START) from error


@app.command()
def settings(*, markdown: Markdown = False) -> None:
    """Every setting with type, unit, default and meaning."""
    _show(reference.settings_table(), reference.settings_page(), markdown)


@app.command()
def errors(*, markdown: Markdown = False) -> None:
    """Every error's type, HTTP status and meaning."""
    _show(reference.errors_table(), reference.errors_page(), markdown)


@app.command()
def endpoints(*, markdown: Markdown = False) -> None:
    """Every endpoint, who may use it, and what it does."""
    _show(reference.endpoints_table(), reference.endpoints_page(), markdown)


@app.command()
def attacks(*, markdown: Markdown = False) -> None:
    """Every attack that `doctor --attack` plays, and what stops it."""
    _show(attacks_table(), attacks_page(), markdown)


async def _serve() -> None:
    # Read here: a bad setting is told the same way as everything else that stops a start.
    read = prepare(os.environ)
    told = told_to_stop()
    async with started(read, os.environ) as server:
        sys.stdout.write(welcome(server))
        sys.stdout.flush()
        await told.wait()
        log.info("stopping; containers keep running")


def _show(rows: reference.Rows, page: str, markdown: bool) -> None:
    if markdown:
        sys.stdout.write(page)
        return
    table = Table(*rows[0], show_lines=False)
    for row in rows[1:]:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 200).print(table)


if __name__ == "__main__":
    app()
