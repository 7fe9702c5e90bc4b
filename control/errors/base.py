"""The base of the tree."""

from __future__ import annotations

from typing import Any


class GeoscopeError(Exception):
    """The base of all errors that the server answers by itself."""

    status: int = 500
    type: str = "internal_error"
    retry_after_s: int | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def facts(self) -> dict[str, Any]:
        """What the body says beyond status, code, message and type."""
        return {}

    def headers(self) -> dict[str, str]:
        """The headers that belong to this error."""
        if self.retry_after_s is None:
            return {}
        return {"Retry-After": str(self.retry_after_s)}
