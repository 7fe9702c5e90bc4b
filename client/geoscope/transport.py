"""HTTP to the server: the token, the deadlines, errors as exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import requests

from geoscope.errors import GeoscopeError, NoCredentials, NotUnderstood, Unreachable, api_error
from geoscope.settings import ClientSettings

CONNECT_TIMEOUT_S: Final = 10.0
ANSWER_TIMEOUT_S: Final = 3700.0
"""A little more than what a server allows a command by default."""


class Transport:
    """One server and one user. The mutable state is the token, which a new log-in replaces."""

    def __init__(self, settings: ClientSettings) -> None:
        self.settings = settings
        self.token = settings.token
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def log_in(self) -> str:
        """A new token for the username and password; raises NoCredentials, Unauthorized."""
        settings = self.settings
        if not (settings.username and settings.password):
            raise NoCredentials
        body = {"username": settings.username, "password": settings.password}
        reply = self._send("POST", "/token", json=body)
        self.token = str(members_of(reply)["data"]["token"])
        return self.token

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """The members of a JSON reply; raises GeoscopeError."""
        return members_of(self.send(method, path, json=body, **options))

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """The answer, read whole; raises GeoscopeError. `options` are those of requests."""
        reply = self._authorized(method, path, options)
        if reply.status_code == 401 and self._can_log_in and not options.get("data"):
            self.log_in()
            reply = self._authorized(method, path, options)
        return checked(reply)

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[requests.Response]:
        """The answer as it comes; raises GeoscopeError, also while it is read."""
        reply = self.send(method, path, stream=True, **options)
        try:
            yield reply
        except requests.RequestException as error:
            raise Unreachable(self.settings.url, error) from error
        finally:
            reply.close()

    @property
    def _can_log_in(self) -> bool:
        return bool(self.settings.username and self.settings.password)

    def _authorized(self, method: str, path: str, options: dict[str, Any]) -> requests.Response:
        headers = {"Authorization": f"Token {self.token or self.log_in()}"}
        given = options.get("headers") or {}
        return self._send(method, path, **{**options, "headers": {**headers, **given}})

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", (CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S))
        try:
            return self._http.request(method, self.settings.url + path, **options)
        except requests.RequestException as error:
            raise Unreachable(self.settings.url, error) from error


def checked(reply: requests.Response) -> requests.Response:
    """The answer itself if it is a success; raises ApiError or NotUnderstood."""
    if reply.ok:
        return reply
    raise error_of(reply)


def error_of(reply: requests.Response) -> GeoscopeError:
    """Why the server said no."""
    try:
        body = reply.json()
    except requests.RequestException:
        return NotUnderstood(reply.status_code, reply.text)
    if not isinstance(body, dict):
        return NotUnderstood(reply.status_code, reply.text)
    return api_error(reply.status_code, body, reply.headers)


def members_of(reply: requests.Response) -> dict[str, Any]:
    """The JSON object of an answer; raises ApiError or NotUnderstood."""
    checked(reply)
    try:
        body = reply.json()
    except requests.RequestException:
        body = None
    if not isinstance(body, dict):
        raise NotUnderstood(reply.status_code, reply.text)
    return body
