"""What can go wrong, as a client sees it.

GeoscopeError
├── NoCredentials        nothing to log in with
├── Unreachable          no server answers, or the connection broke
├── NotUnderstood        what answered is no Geoscope server
└── ApiError             the server said no; `status`, `type`, `message`
    ├── StatementFailed  a statement of the query service went wrong; `texts`
    ├── BadRequest       400
    │   └── CodeFailed   400 from user code or SQL; `ename`, `evalue`, `traceback`
    ├── Unauthorized     401
    ├── Forbidden        403
    ├── NotFound         404
    ├── Conflict         409
    ├── TooLarge         413
    ├── TooMany          429; `retry_after_s`
    ├── Unavailable      502, 503
    └── TimedOut         504
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


class GeoscopeError(Exception):
    """Anything that this library raises."""


class NoCredentials(GeoscopeError):
    """Neither a token nor a username and a password is known."""

    def __init__(self) -> None:
        super().__init__(
            "no credentials: `geoscope login`, or set GEOSCOPE_CLIENT_TOKEN, or "
            "GEOSCOPE_CLIENT_USERNAME and GEOSCOPE_CLIENT_PASSWORD"
        )


class Unreachable(GeoscopeError):
    """No server answers at that address, or not to the end."""

    def __init__(self, url: str, why: object) -> None:
        super().__init__(f"no answer from {url}: {why}")
        self.url = url


class NotUnderstood(GeoscopeError):
    """The answer is not what a Geoscope server says."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status} with a body that is no reply of Geoscope: {text[:200]}")
        self.status = status


class ApiError(GeoscopeError):
    """The server's own error; `type` is a stable word, `message` is for people."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.type = str(body.get("type", ""))
        self.message = str(body.get("message", ""))
        self.body = dict(body)
        super().__init__(self.message or f"HTTP {status}")


class StatementFailed(ApiError):
    """A statement of the query service went wrong; `texts` say how, each with its ASX code."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.texts = [str(error.get("msg", "")) for error in body["errors"]]
        word = str(body.get("status", "failed"))
        super().__init__(status, {**body, "type": word, "message": "; ".join(self.texts)})


class BadRequest(ApiError):
    """Something about the request is wrong."""


class CodeFailed(BadRequest):
    """User code or SQL raised; `traceback` is a list of lines."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(status, body)
        self.ename = str(body.get("ename", ""))
        self.evalue = str(body.get("evalue", ""))
        self.traceback = [str(line) for line in body.get("traceback") or []]


class Unauthorized(ApiError):
    """The token is missing, expired or revoked, or the password is wrong."""


class Forbidden(ApiError):
    """This needs another role."""


class NotFound(ApiError):
    """There is none of that name, for this user."""


class Conflict(ApiError):
    """It exists already, or is not in a state for this."""


class TooLarge(ApiError):
    """A body or a result is larger than the server allows."""


class TooMany(ApiError):
    """Too many requests, scopes or log-ins; `retry_after_s` where the server says when."""

    retry_after_s: float | None = None


class Unavailable(ApiError):
    """The server cannot do it now: no engine, no capacity, or a scope that is dead."""


class TimedOut(ApiError):
    """It took longer than allowed and was stopped."""


_BY_STATUS: Final[dict[int, type[ApiError]]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    429: TooMany,
    502: Unavailable,
    503: Unavailable,
    504: TimedOut,
}


def api_error(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> ApiError:
    """The error of an answer."""
    if isinstance(body.get("errors"), list):
        return StatementFailed(status, body)
    if status == 400 and body.get("ename"):
        return CodeFailed(status, body)
    error = _BY_STATUS.get(status, ApiError)(status, body)
    if isinstance(error, TooMany):
        error.retry_after_s = _seconds((headers or {}).get("Retry-After"))
    return error


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdigit() else None
