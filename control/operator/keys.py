"""`python -m control keys`: the keys that sign tokens, seen and renewed while the server runs."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from control.auth import keys as files
from control.auth.keys import FILE_NAME, Keys
from control.auth.tokens import TOKEN_LIFE_S
from control.errors import KeysUnusable
from control.operator.place import fail, settings_here

DAY_S = 86_400


class Action(StrEnum):
    """What is done with them."""

    LIST = "list"
    ROTATE = "rotate"
    REPLACE = "replace"


What = Annotated[
    Action,
    typer.Argument(
        help="list: ids and ages. rotate: a new key signs, the last one is still believed. "
        "replace: one new key; every token of everybody ends."
    ),
]
Now = Annotated[bool, typer.Option("--now", help="Rotate even where it ends tokens.")]


def keys(action: What = Action.LIST, *, now: Now = False) -> None:
    """The keys that sign tokens; a running server has new ones within a second."""
    path = settings_here().state_dir / FILE_NAME
    try:
        found = _done(path, action, now)
    except (KeysUnusable, OSError) as error:
        fail(str(error))
    for index, key in enumerate(found):
        use = "signs" if index == 0 else "is believed"
        made = datetime.fromtimestamp(key.created, UTC).isoformat(timespec="seconds")
        sys.stdout.write(f"{key.id}  made {made}  {use}\n")


def _done(path: Path, action: Action, now: bool) -> Keys:
    if action is Action.REPLACE:
        return files.replace(path)
    found = files.read_keys(path)
    if action is Action.LIST:
        return found
    if len(found) == files.MAX_KEYS and not now:
        _check_age(found[0].created)
    return files.rotate(path)


def _check_age(created: float) -> None:
    """The older key goes: tokens that it signed must have expired."""
    age_s = time.time() - created
    if age_s < TOKEN_LIFE_S:
        wait = f"{(TOKEN_LIFE_S - age_s) / DAY_S:.1f} days"
        fail(f"this would log out who logged in before the last rotation: wait {wait}, or --now")
