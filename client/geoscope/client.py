"""A server and a user: scopes to open and to come back to, accounts for admins."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any

from geoscope.admin import Admin
from geoscope.opening import OnStage, opened
from geoscope.scope import Scope
from geoscope.settings import ClientSettings, SavedTokens
from geoscope.transport import Transport


class Client:
    """One user of one server; what is not given comes from GEOSCOPE_CLIENT_* or `geoscope login`.

    >>> with Client("http://127.0.0.1:8080", username="admin", password="…") as client:
    ...     scope = client.open("taxi")
    ...     scope.query("select 1 as one").rows
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        given = {"url": url, "token": token, "username": username, "password": password}
        found = _found({name: value for name, value in given.items() if value})
        self.transport = Transport(found)

    def __enter__(self) -> Client:
        """The client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections; scopes stay open."""
        self.close()

    def close(self) -> None:
        """Close the connections; scopes stay open."""
        self.transport.close()

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.transport.settings.url

    @property
    def admin(self) -> Admin:
        """Everybody's scopes and accounts; for role admin."""
        return Admin(self.transport)

    def log_in(self) -> str:
        """A new token, which later calls carry."""
        return self.transport.log_in()

    def log_out(self, *, everywhere: bool = False) -> None:
        """End this token, or all of the user's."""
        query = {"all": "true"} if everywhere else {}
        self.transport.ask("DELETE", "/token", params=query)
        self.transport.token = None

    def open(
        self, name: str | None = None, *, on_stage: OnStage | None = None, **limits: Any
    ) -> Scope:
        """Open a scope; `limits`: memory, cpus, disk, gpu, idle_timeout, ttl. Raises Conflict.

        `on_stage` is called with the name of each stage of its start as that begins, and the
        seconds until then.
        """
        body = {**limits, **({"scope": name} if name else {})}
        if on_stage is None:
            made = self.transport.ask("POST", "/scope", body)
        else:
            made = opened(self.transport, body, on_stage)
        return Scope(self.transport, made["scope"])

    def scope(self, name: str) -> Scope:
        """A scope that is open already; nothing is asked of the server yet."""
        return Scope(self.transport, name)

    def scopes(self) -> list[dict[str, Any]]:
        """The user's own scopes: name, state, reason, created, last_used, ends."""
        found: list[dict[str, Any]] = self.transport.ask("GET", "/scope")["scopes"]
        return found


def _found(given: dict[str, str]) -> ClientSettings:
    """Given wins; whoever gives who they are gets nothing of it from elsewhere."""
    env = dict(os.environ)
    if "url" in given:
        env["GEOSCOPE_CLIENT_URL"] = given["url"]
    if given.keys() & {"token", "username", "password"}:
        url = ClientSettings.from_env(env).url
        return ClientSettings(**{**given, "url": url})
    return ClientSettings.from_env(env, SavedTokens.of_user(env))
