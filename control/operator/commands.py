"""The operator's commands, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import typer

from control.operator.copies import backup, restore
from control.operator.doctor.command import doctor
from control.operator.drain import drain
from control.operator.keys import keys
from control.operator.logs import logs
from control.operator.ps import ps
from control.operator.top import top

COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "ps": ps,
    "top": top,
    "logs": logs,
    "drain": drain,
    "doctor": doctor,
    "keys": keys,
    "backup": backup,
    "restore": restore,
}


def add_to(app: typer.Typer) -> None:
    """Let the app have them."""
    for name, command in COMMANDS.items():
        app.command(name)(command)
