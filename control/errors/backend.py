"""What we rest on, and our own bugs."""

from __future__ import annotations

from typing import Any

from control.errors.base import GeoscopeError


class BackendError(GeoscopeError):
    """Something that the control plane rests on did not do its part."""

    status = 502
    type = "backend_error"


class EngineError(BackendError):
    """The engine refused a call."""

    type = "engine_error"

    def __init__(self, action: str, why: str) -> None:
        super().__init__(f"the engine could not {action}: {why}")


class NameTaken(BackendError):
    """Another container has this name."""

    type = "container_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"a container named {name} exists already")
        self.name = name


class AgentUnreachable(BackendError):
    """The scope's agent does not answer on its socket."""

    type = "agent_unreachable"

    def __init__(self, why: str) -> None:
        super().__init__(f"the scope's agent cannot be reached: {why}")


class AgentMisbehaved(BackendError):
    """The scope's agent answered something that is no message of ours."""

    type = "agent_misbehaved"

    def __init__(self, why: str) -> None:
        super().__init__(f"the scope's agent did not answer as it must: {why}")


class EngineUnavailable(BackendError):
    """No engine answers."""

    status = 503
    type = "engine_unavailable"
    retry_after_s = 5

    def __init__(self, why: str) -> None:
        super().__init__(f"the container engine does not answer: {why}")


class NoCapacity(BackendError):
    """The host has no room for another scope."""

    status = 503
    type = "no_capacity"
    retry_after_s = 30

    def __init__(self, why: str) -> None:
        super().__init__(f"no capacity for another scope: {why}")


class ImageMissing(BackendError):
    """The image of the scopes' containers is not on this host."""

    status = 503
    type = "image_missing"

    def __init__(self, image: str) -> None:
        super().__init__(f"the image {image} is not here: `make image` builds it")


class StoreUnavailable(BackendError):
    """The store cannot be used now: its disk is full, or another program has locked it."""

    status = 503
    type = "store_unavailable"
    retry_after_s = 10

    def __init__(self, why: str) -> None:
        super().__init__(f"the store cannot be used: {why}")


class NotReady(BackendError):
    """The server is alive and cannot serve."""

    status = 503
    type = "not_ready"
    retry_after_s = 5

    def __init__(self, why: str, found: dict[str, Any]) -> None:
        super().__init__(f"not ready ({why})")
        self._found = found

    def facts(self) -> dict[str, Any]:
        """Everything that was looked at, and what was found."""
        return self._found


class TooManyConnections(BackendError):
    """As many connections are open, all in all or from this address, as may be."""

    status = 503
    type = "too_many_connections"
    retry_after_s = 1

    def __init__(self, whose: str, most: int) -> None:
        super().__init__(f"{most} connections {whose} are open already")


class Draining(BackendError):
    """An admin lets the server run empty."""

    status = 503
    type = "draining"
    retry_after_s = 60

    def __init__(self, reason: str = "") -> None:
        why = f" ({reason})" if reason else ""
        super().__init__(f"no new scopes are opened here now{why}; those that are open go on")


class ShuttingDown(BackendError):
    """The server is going down."""

    status = 503
    type = "shutting_down"
    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__("the server is shutting down")


class DeadlineExceeded(BackendError):
    """It took longer than it may."""

    status = 504
    type = "timeout"

    def __init__(self, what: str, timeout_s: float) -> None:
        super().__init__(f"{what} took longer than {timeout_s:g} s")


class InternalError(GeoscopeError):
    """A bug of ours; the log has the rest under the request id."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"internal error, request {request_id}")
