"""Files and tables from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geoscope.cli.output import say, show
from geoscope.client import Client

commands = typer.Typer()

In = Annotated[str, typer.Argument(help="the scope's name")]


@commands.command("files")
def list_files(scope: In, folder: Annotated[str, typer.Argument()] = "") -> None:
    """What is in the scope's folder."""
    with Client() as client:
        show(client.scope(scope).files.list(folder), ["name", "bytes", "modified", "is_dir"])


@commands.command("put")
def put_file(
    scope: In, source: Path, target: Annotated[str, typer.Argument(help="its own name")] = ""
) -> None:
    """Copy a file into the scope."""
    with Client() as client:
        say(f"{client.scope(scope).files.put(target or source.name, source)} bytes")


@commands.command("get")
def get_file(
    scope: In,
    source: str,
    target: Annotated[Path | None, typer.Argument(help="its own name")] = None,
) -> None:
    """Copy a file out of the scope."""
    with Client() as client:
        where = target or Path(Path(source).name)
        say(f"{client.scope(scope).files.save(source, where)} bytes to {where}")


@commands.command("load")
def load_table(
    scope: In,
    table: str,
    path: Annotated[str, typer.Argument(help="in the scope: /samples/…, or below /scope/files")],
    form: Annotated[str, typer.Option("--format", "-f")] = "csv",
) -> None:
    """Make a table from a file of the scope (CSV: with a header, types inferred)."""
    options = {"header": "true"} if form == "csv" else {}
    item = {"name": table, "format": form, "path": path, "options": options}
    with Client() as client:
        show(client.scope(scope).load(item), ["name", "num_rows"])


@commands.command("tables")
def list_tables(scope: In) -> None:
    """The scope's tables."""
    with Client() as client:
        show(client.scope(scope).tables(), ["name", "num_rows", "bytes", "is_view"])
