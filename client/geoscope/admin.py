"""What only an admin may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from geoscope.transport import Transport


@dataclass(frozen=True)
class Admin:
    """Accounts, everybody's scopes, what happened; others get Forbidden."""

    transport: Transport

    def users(self) -> list[dict[str, Any]]:
        """All accounts: username, role, created, quota."""
        return self._list("/admin/users", "users")

    def add_user(self, username: str, password: str, role: str = "user") -> dict[str, Any]:
        """Make an account; raises Conflict if it exists."""
        body = {"username": username, "password": password, "role": role}
        return self.transport.ask("POST", "/admin/users", body)

    def change_user(self, username: str, **changes: Any) -> dict[str, Any]:
        """Another `password` (ends the user's tokens), `role` or `quota`."""
        return self.transport.ask("PATCH", f"/admin/users/{quote(username, safe='')}", changes)

    def remove_user(self, username: str) -> None:
        """Remove an account with its tokens and scopes."""
        self.transport.ask("DELETE", f"/admin/users/{quote(username, safe='')}")

    def scopes(self) -> list[dict[str, Any]]:
        """Everybody's scopes."""
        return self._list("/admin/scopes", "scopes")

    def close_scope(self, sandbox_id: str) -> None:
        """Close a scope by its id, whoever owns it."""
        self.transport.ask("DELETE", f"/admin/scopes/{quote(sandbox_id, safe='')}")

    def events(self, limit: int = 100, **wanted: Any) -> list[dict[str, Any]]:
        """What happened and who asked for it, the latest first; `before`, `user`, `event`."""
        return self._list("/admin/events", "events", limit=limit, **wanted)

    def _list(self, path: str, member: str, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.transport.ask("GET", path, params=query)[member]
        return found
