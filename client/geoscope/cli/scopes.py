"""Scopes from the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from geoscope.cli.output import complain, console, errors, say, show
from geoscope.client import Client

commands = typer.Typer(help="Open, look at and close scopes.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="the scope's name")]


@commands.command("list")
def list_scopes() -> None:
    """The user's own scopes."""
    with Client() as client:
        show(client.scopes(), ["scope", "state", "reason", "created", "last_used"])


@commands.command("open")
def open_scope(
    name: Annotated[str, typer.Argument(help="made up where there is none")] = "",
    memory: Annotated[str, typer.Option(help="for example 2GiB")] = "",
    cpus: Annotated[float, typer.Option(help="0: as usual")] = 0,
    progress: Annotated[
        bool | None, typer.Option(help="tell each stage of its start; usual at a terminal")
    ] = None,
) -> None:
    """Open a scope and print its name."""
    wishes = {"memory": memory or None, "cpus": cpus or None}
    limits = {key: wish for key, wish in wishes.items() if wish is not None}
    is_told = errors.is_terminal if progress is None else progress
    with Client() as client:
        scope = client.open(name or None, on_stage=_tell if is_told else None, **limits)
        say(scope.name)


def _tell(stage: str, seconds: float) -> None:
    """On standard error: the name alone is the output."""
    complain(f"{seconds:6.2f} s  {stage}")


@commands.command("show")
def show_scope(name: Name) -> None:
    """State, tables, variables and use of a scope."""
    with Client() as client:
        facts = client.scope(name).facts()
    shown = {k: v for k, v in facts.items() if k not in ("status", "code", "message")}
    console.print_json(data=shown)


@commands.command("close")
def close_scope(name: Name) -> None:
    """Close a scope; everything in it is gone."""
    with Client() as client:
        client.scope(name).close()


@commands.command("restart")
def restart_scope(name: Name) -> None:
    """A new namespace and container; files and tables stay."""
    with Client() as client:
        client.scope(name).restart()


@commands.command("interrupt")
def interrupt_scope(
    name: Name,
    everything: Annotated[bool, typer.Option("--all", help="queries and maps too")] = False,
) -> None:
    """Stop the running command."""
    with Client() as client:
        client.scope(name).interrupt(everything=everything)


@commands.command("logs")
def scope_logs(name: Name, tail: Annotated[int, typer.Option(help="lines")] = 100) -> None:
    """The last lines of a scope's container."""
    with Client() as client:
        say(client.scope(name).logs(tail))
