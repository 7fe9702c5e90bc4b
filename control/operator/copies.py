"""`python -m control backup FILE` and `restore FILE`: the store, not the files of scopes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from control.errors import StartError
from control.operator.place import fail, settings_here
from control.store.copies import NoCopy, back_up
from control.store.copies import restore as put_back
from control.store.glance import Glance

Target = Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")]
Source = Annotated[Path, typer.Argument(metavar="FILE", help="A copy that `backup` made.")]
Overwrite = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]
Force = Annotated[
    bool, typer.Option("--force", help="Also where disks of newer scopes will be deleted.")
]


def backup(file: Target, *, force: Overwrite = False) -> None:
    """Copy the store (accounts, scopes, events) to FILE, while the server runs or not."""
    try:
        held = back_up(settings_here().state_dir, file.absolute(), force=force)
    except (NoCopy, StartError, OSError) as error:
        fail(f"no backup was made: {error}")
    sys.stdout.write(f"{file}: {_words(held)}\n")


def restore(file: Source, *, force: Force = False) -> None:
    """Put FILE in the place of the store, which is kept under another name; no server may run."""
    state_dir = settings_here().state_dir
    try:
        done = put_back(state_dir, file.absolute(), force=force)
    except (NoCopy, StartError, OSError) as error:
        fail(f"nothing was restored: {error}")
    sys.stdout.write(f"{state_dir}: {_words(done.held)}\n")
    if done.kept is not None:
        sys.stdout.write(f"the store that was there is {done.kept}\n")


def _words(held: Glance) -> str:
    owned = sum(not scope.is_pooled for scope in held.scopes)
    return f"{owned} scopes, schema {held.schema_version}, installation {held.installation}"
