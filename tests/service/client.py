"""A user of a server in this process: real HTTP, small replies read whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from control.scopes.wait import Deadline, wait_until
from control.web.services import Services
from tests.fakes.agent import ScriptedAgent
from tests.fakes.engine import FakeContainer, World
from wire.protocol import ErrorCode

__all__ = ["ErrorCode", "Reply", "Server", "User", "until"]


async def until(claim: Callable[[], bool], what: str = "the claim") -> None:
    """Wait until it holds; fails after five seconds."""

    async def probe() -> str | None:
        return None if claim() else "not yet"

    await wait_until(probe, Deadline.after(5.0), what)


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The body, which must be JSON."""
        found: dict[str, Any] = json.loads(self.raw)
        return found

    @property
    def error(self) -> tuple[int, int, str]:
        """Status, `code` and `type` of an error."""
        assert self.body["status"] == "error", self.body
        return self.status, self.body["code"], self.body["type"]

    def good(self) -> dict[str, Any]:
        """The body of a success."""
        assert self.status == 200, (self.status, self.raw[:1000])
        assert (self.body["status"], self.body["code"]) == ("success", 200)
        return self.body


@dataclass
class User:
    """Somebody with a token (or without)."""

    session: aiohttp.ClientSession
    url: str
    token: str | None = None

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        """Send a request; `body` is sent as JSON, `data` as it is."""
        headers = dict(more.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Token {self.token}")
        if body is not None:
            more["json"] = body
        async with self.session.request(
            method, self.url + path, headers=headers, **more
        ) as response:
            return Reply(response.status, response.headers, await response.read())

    async def get(self, path: str, **more: Any) -> Reply:
        """GET."""
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> Reply:
        """POST."""
        return await self.ask("POST", path, body, **more)

    async def put(self, path: str, **more: Any) -> Reply:
        """PUT."""
        return await self.ask("PUT", path, **more)

    async def patch(self, path: str, body: Any = None, **more: Any) -> Reply:
        """PATCH."""
        return await self.ask("PATCH", path, body, **more)

    async def delete(self, path: str, **more: Any) -> Reply:
        """DELETE."""
        return await self.ask("DELETE", path, **more)


@dataclass
class Server:
    """A server under test, its engine's world, and its users."""

    url: str
    session: aiohttp.ClientSession
    services: Services
    world: World
    users: dict[str, User] = field(default_factory=dict)

    @property
    def nobody(self) -> User:
        """Somebody without a token."""
        return User(self.session, self.url)

    async def log_in(self, username: str, password: str = "secret1") -> User:
        """A user with a token."""
        body = {"username": username, "password": password}
        token = (await self.nobody.post("/token", body)).good()["data"]["token"]
        return User(self.session, self.url, token)

    async def user(self, username: str, role: str = "user") -> User:
        """A user of that name, made at first use."""
        if username not in self.users:
            await self.services.accounts.add(username, "secret1", role)  # type: ignore[arg-type]
            self.users[username] = await self.log_in(username)
        return self.users[username]

    def container(self, owner: str, scope: str) -> FakeContainer:
        """The container of a scope."""
        found = self.services.registry.get(owner, scope)
        assert found.container_id is not None
        return self.world.containers[found.container_id]

    def agent(self, owner: str, scope: str) -> ScriptedAgent:
        """The agent of a scope."""
        agent = self.container(owner, scope).agent
        assert isinstance(agent, ScriptedAgent)
        return agent
