"""The command `geoscope`: every group of commands, and errors as one line."""

from __future__ import annotations

import sys

import typer

from geoscope.cli import accounts, demo, files, scopes, work
from geoscope.cli.output import complain
from geoscope.errors import CodeFailed, GeoscopeError

commands = typer.Typer(
    help="Geospatial analytics on a Geoscope server (GEOSCOPE_CLIENT_URL).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
commands.add_typer(scopes.commands, name="scope")
commands.add_typer(accounts.users, name="user")
for group in (accounts.commands, work.commands, files.commands, demo.commands):
    commands.registered_commands.extend(group.registered_commands)


def app() -> None:
    """Run the command; what goes wrong is a line on standard error and exit status 1."""
    try:
        commands()
    except CodeFailed as error:
        for line in error.traceback or [error.message]:
            complain(line)
        sys.exit(1)
    except (GeoscopeError, OSError) as error:
        complain(f"geoscope: {error}")
        sys.exit(1)
