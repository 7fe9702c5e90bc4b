"""The operator's commands, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import typer

from control.operator.doctor.command import doctor

COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "doctor": doctor,
}


def add_to(app: typer.Typer) -> None:
    """Let the app have them."""
    for name, command in COMMANDS.items():
        app.command(name)(command)
