"""Where a command looks: the settings of this environment, as the server here would read them."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import typer

from control.errors import BadSetting
from control.settings import Settings, read_settings

EXIT_BAD_SETTING = 78


def settings_here() -> Settings:
    """The settings; ends the command where one is wrong."""
    try:
        return read_settings(os.environ)
    except BadSetting as error:
        fail(str(error), EXIT_BAD_SETTING)


def fail(why: str, code: int = 1) -> NoReturn:
    """End the command, and say why."""
    sys.stderr.write(f"geoscope: {why}\n")
    raise typer.Exit(code)
