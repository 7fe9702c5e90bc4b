"""Where a command looks, and who asks: settings as the server here would read them, options."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Annotated, NoReturn

import typer

from control.errors import BadSetting
from control.settings import Settings, read_settings

EXIT_BAD_SETTING = 78

Url = Annotated[
    str,
    typer.Option("--url", envvar="GEOSCOPE_CLIENT_URL", help="The server; else that of here."),
]
User = Annotated[
    str, typer.Option("--user", envvar="GEOSCOPE_CLIENT_USERNAME", help="An admin's name.")
]
Password = Annotated[
    str, typer.Option("--password", envvar="GEOSCOPE_CLIENT_PASSWORD", help="The admin's password.")
]
Token = Annotated[
    str, typer.Option("--token", envvar="GEOSCOPE_CLIENT_TOKEN", help="An admin's token.")
]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What options and environment say of the server, and of who asks."""

    url: str = ""
    user: str = ""
    password: str = ""
    token: str = ""


def settings_here() -> Settings:
    """The settings; ends the command where one is wrong."""
    try:
        return read_settings(os.environ)
    except BadSetting as error:
        fail(str(error), EXIT_BAD_SETTING)


def proof_here(
    settings: Settings, url: str = "", user: str = "", password: str = "", token: str = ""
) -> Proof:
    """What was given; else the admin of these settings, for the server of these settings."""
    ours = "" if url else settings.admin_password or ""
    return Proof(
        url=url,
        user=user or settings.admin_user,
        password=password or ours,
        token=token,
    )


def fail(why: str, code: int = 1) -> NoReturn:
    """End the command, and say why."""
    sys.stderr.write(f"geoscope: {why}\n")
    raise typer.Exit(code)
