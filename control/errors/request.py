"""What the caller can change."""

from __future__ import annotations

from typing import Any

from control.errors.base import GeoscopeError


class RequestError(GeoscopeError):
    """The caller can change it."""

    status = 400
    type = "bad_request"


class BadBody(RequestError):
    """The body is not a JSON object, or not the one that the endpoint takes."""

    type = "bad_body"

    def __init__(self, why: str) -> None:
        super().__init__(f"bad request body: {why}")


class BadParameter(RequestError):
    """One field, query argument or map parameter is missing, ill-typed or out of range."""

    type = "bad_parameter"

    def __init__(self, parameter: str, why: str) -> None:
        super().__init__(f"bad parameter {parameter}: {why}")
        self.parameter = parameter
        self.why = why

    def facts(self) -> dict[str, Any]:
        """The parameter's name."""
        return {"parameter": self.parameter}


class BadName(RequestError):
    """A scope's or user's name has other characters than it may have."""

    type = "bad_name"

    def __init__(self, name: str) -> None:
        super().__init__(f"bad name {name!r}: it must match [A-Za-z0-9][A-Za-z0-9_.-]{{0,62}}")


class BadPath(RequestError):
    """A file's path leaves the scope's own folder."""

    type = "bad_path"

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"bad path {path!r}: {why}")


class LegacyError(RequestError):
    """The old db API's way to say no: `code: -1` in the body."""

    type = "legacy_error"

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status

    def facts(self) -> dict[str, Any]:
        """The code that old clients look at."""
        return {"code": -1}


class Unauthorized(RequestError):
    """No token, or one that is malformed, expired, revoked or not ours."""

    status = 401
    type = "unauthorized"

    def __init__(self) -> None:
        super().__init__("Authorization Failed")

    def headers(self) -> dict[str, str]:
        """How to authenticate."""
        return {"WWW-Authenticate": "Token"}


class BadLogin(RequestError):
    """Unknown user or wrong password; the reply does not say which."""

    status = 401
    type = "bad_login"

    def __init__(self, *, legacy: bool = False) -> None:
        super().__init__("username/password error")
        self._legacy = legacy

    def facts(self) -> dict[str, Any]:
        """The code that `/login`'s old clients look at."""
        return {"code": -1} if self._legacy else {}

    def headers(self) -> dict[str, str]:
        """How to authenticate."""
        return {"WWW-Authenticate": "Token"}


class Forbidden(RequestError):
    """The caller's role does not allow it."""

    status = 403
    type = "forbidden"

    def __init__(self, role: str = "admin") -> None:
        super().__init__(f"this needs the role {role}")


class ScopeNotFound(RequestError):
    """The caller has no scope of that name."""

    status = 404
    type = "scope_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"scope {name} not found!")


class UserNotFound(RequestError):
    """No account of that name."""

    status = 404
    type = "user_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"user {name} not found!")


class SandboxNotFound(RequestError):
    """No scope with that sandbox id."""

    status = 404
    type = "sandbox_not_found"

    def __init__(self, sandbox_id: str) -> None:
        super().__init__(f"sandbox {sandbox_id} not found!")


class PageNotFound(RequestError):
    """No endpoint has this path."""

    status = 404
    type = "not_found"

    def __init__(self, path: str) -> None:
        super().__init__(f"no endpoint {path}")


class MethodNotAllowed(RequestError):
    """The endpoint does not take this method."""

    status = 405
    type = "method_not_allowed"

    def __init__(self, method: str, path: str) -> None:
        super().__init__(f"{path} does not take {method}")


class ScopeExists(RequestError):
    """The caller has a scope of that name already."""

    status = 409
    type = "scope_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"sorry, scope {name} already exists!")


class UserExists(RequestError):
    """An account of that name is there already."""

    status = 409
    type = "user_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"user {name} already exists!")


class LastAdmin(RequestError):
    """The last account of role admin cannot be removed or demoted."""

    status = 409
    type = "last_admin"

    def __init__(self, name: str) -> None:
        super().__init__(f"user {name} is the last admin")


class SingleUser(RequestError):
    """The process driver isolates nobody from nobody: it serves one account."""

    status = 409
    type = "single_user"

    def __init__(self) -> None:
        super().__init__("the process driver serves one user; more need a container engine")


class ScopeDead(RequestError):
    """The scope's container is gone against its will; `restart` brings it back."""

    status = 409
    type = "scope_dead"

    def __init__(self, name: str, reason: str) -> None:
        how = f"POST /scope/{name}/restart brings it back"
        super().__init__(f"scope {name} is dead ({reason}); {how}")
        self.reason = reason

    def facts(self) -> dict[str, Any]:
        """Why it died."""
        return {"reason": self.reason}


class ScopePaused(RequestError):
    """An operator paused the scope's container."""

    status = 409
    type = "scope_paused"

    def __init__(self, name: str) -> None:
        super().__init__(f"scope {name} is paused by an operator")


class BodyTooLarge(RequestError):
    """The body exceeds `GEOSCOPE_MAX_BODY` (before logging in 64 KiB), or has too many parts."""

    status = 413
    type = "body_too_large"

    def __init__(self, most: int, unit: str = "bytes") -> None:
        super().__init__(f"the request body has more than {most} {unit}")


class HeaderTooLarge(RequestError):
    """The request's header has more bytes or lines than it may have."""

    status = 431
    type = "header_too_large"

    def __init__(self, why: str) -> None:
        super().__init__(f"the request's header has {why}")


class ClientTooSlow(RequestError):
    """The request's header or body came slower than it may (`GEOSCOPE_SLOW_CLIENT_S`)."""

    status = 408
    type = "client_too_slow"

    def __init__(self, slow_s: float) -> None:
        super().__init__(
            f"the request came too slowly: {slow_s:g} s for its header, and again for its body, "
            "which may take longer from 1 KiB a second on"
        )


class QuotaExceeded(RequestError):
    """More scopes, or more bytes of request bodies at a time, than the user may have."""

    status = 429
    type = "quota_exceeded"
    retry_after_s = 60

    def __init__(self, what: str, wanted: float, allowed: float) -> None:
        super().__init__(f"quota exceeded: {what} {wanted:g} wanted, {allowed:g} allowed")


class TooManyCommands(RequestError):
    """As many commands wait for this scope as may."""

    status = 429
    type = "too_many_commands"
    retry_after_s = 1

    def __init__(self, name: str, waiting: int) -> None:
        super().__init__(f"{waiting} commands wait for scope {name} already")


class TooManyStatements(RequestError):
    """More commands, queries, maps, loads and saves at a time than the user's scopes may have."""

    status = 429
    type = "too_many_statements"
    retry_after_s = 1

    def __init__(self, name: str, most: int) -> None:
        super().__init__(f"{most} statements of scope {name} are under way already")


class TooManyRequests(RequestError):
    """More requests a minute than the user may make (`GEOSCOPE_REQUESTS_PER_MINUTE`)."""

    status = 429
    type = "too_many_requests"

    def __init__(self, per_minute: int, retry_after_s: int) -> None:
        super().__init__(f"more than {per_minute} requests a minute; again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class TooManyLogins(RequestError):
    """Too many failed log-ins for this user name from this address."""

    status = 429
    type = "too_many_logins"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many failed log-ins; again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class HttpMisused(RequestError):
    """HTTP itself was used wrongly: a timeout while sending, an expectation, a range."""

    type = "http_error"

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
