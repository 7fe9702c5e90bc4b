"""Log in and out; accounts."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from geoscope.cli.output import say, show
from geoscope.client import Client
from geoscope.settings import ClientSettings, SavedTokens

commands = typer.Typer()
users = typer.Typer(help="Accounts (role admin).", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="user name")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="read the password from standard input")
]


def ask_password(who: str, *, stdin: bool = False, twice: bool = False) -> str:
    """A password typed in, or one line of standard input."""
    if stdin or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt(
        f"password of {who}", hide_input=True, confirmation_prompt=twice, err=True
    )
    return typed


@commands.command("login")
def log_in(
    username: Annotated[str, typer.Option("--username", "-u")] = "",
    password_stdin: FromStdin = False,
) -> None:
    """Log in and keep the token for later commands."""
    found = ClientSettings.from_env(os.environ)
    user = username or found.username or "admin"
    password = found.password or ask_password(user, stdin=password_stdin)
    with Client(username=user, password=password) as client:
        SavedTokens.of_user(os.environ).put(client.url, client.log_in())
        say(f"logged in to {client.url} as {user}")


@commands.command("logout")
def log_out(
    everywhere: Annotated[bool, typer.Option("--all", help="end all of the user's tokens")] = False,
) -> None:
    """End the token and forget it."""
    with Client() as client:
        client.log_out(everywhere=everywhere)
        SavedTokens.of_user(os.environ).put(client.url, None)


@users.command("list")
def list_users() -> None:
    """All accounts."""
    with Client() as client:
        show(client.admin.users(), ["username", "role", "created"])


@users.command("add")
def add_user(
    username: Name,
    role: Annotated[str, typer.Option(help="user or admin")] = "user",
    password_stdin: FromStdin = False,
) -> None:
    """Make an account."""
    password = ask_password(username, stdin=password_stdin, twice=True)
    with Client() as client:
        client.admin.add_user(username, password, role)
        say(f"made {role} {username}")


@users.command("passwd")
def change_password(username: Name, password_stdin: FromStdin = False) -> None:
    """Another password; the user's tokens end."""
    password = ask_password(username, stdin=password_stdin, twice=True)
    with Client() as client:
        client.admin.change_user(username, password=password)
        say(f"changed the password of {username}")


@users.command("remove")
def remove_user(username: Name) -> None:
    """Remove an account, its tokens and its scopes."""
    with Client() as client:
        client.admin.remove_user(username)
        say(f"removed {username}")
