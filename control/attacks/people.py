"""Who takes part: people with tokens, and tenants with a scope, over the public HTTP API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from yarl import URL

PATIENCE_S: Final = 90.0
PREAMBLE: Final = """
import ctypes, glob, json, os, pathlib, signal, socket, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
loot, refusals = None, []
def attempt(act, *arguments):
    try:
        return act(*arguments)
    except (OSError, subprocess.SubprocessError, MemoryError) as error:
        refusals.append(f"{type(error).__name__}: {error}")
def called(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return True
def system(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"system call {number}: {os.strerror(error)}")
    return f"{number} gave {result}"
def read(path, size=4000):
    with open(path, "rb") as file:
        return file.read(size).decode(errors="replace")
def write(path, text):
    with open(path, "w") as file:
        file.write(text)
    return f"wrote {path}"
def kernels_log():
    text = ctypes.create_string_buffer(4096)
    if attempt(system, 103, 3, text, 4096):
        return text.value.decode(errors="replace") or "an empty log"
def is_gvisors(log):
    # It makes one up; an ordinary kernel's cannot be read at all.
    return log is not None and "Starting gVisor..." in log
def shell(command):
    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=20).stdout
"""
LAST: Final = """
refusals = [str(each)[:200] for each in dict.fromkeys(refusals)]
json.dumps([repr(loot)[:2000] if loot else None, refusals[-4:]])
"""


class NotPlayed(Exception):
    """An attack could not be tried: its set-up is not what it needs."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A reply; status 0 where the server closed the connection instead, and `body` says so."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    @property
    def members(self) -> dict[str, Any]:
        """The members of a JSON object; none where it is another thing."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def kind(self) -> str:
        """The `type` of an error."""
        return str(self.members.get("type", ""))

    def brief(self) -> str:
        """For the report."""
        said = str(self.members.get("message") or self.text)
        return f"{self.status} {self.kind} {said[:160]}".strip()


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user, logged in or not, who sends requests."""

    http: aiohttp.ClientSession
    url: str
    name: str = ""
    password: str = ""
    token: str = ""

    async def ask(  # noqa: PLR0913 - all that a request may have
        self,
        method: str,
        path: str,
        members: Any = None,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> Answer:
        """One request, whatever its answer."""
        own = {"Authorization": f"Token {self.token}"} if self.token else {}
        try:
            async with self.http.request(
                method,
                # Paths of attacks go out as they are written.
                URL(self.url + path, encoded=True),
                json=members,
                data=body,
                headers={**own, **(headers or {})},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as response:
                read = await response.read()
                return Answer(status=response.status, body=read, headers=response.headers)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            return Answer(status=0, body=str(error).encode(), headers={})
        except aiohttp.ClientPayloadError as error:
            return Answer(status=0, body=f"cut short: {error}".encode(), headers={})

    async def must(self, method: str, path: str, members: Any = None) -> dict[str, Any]:
        """The members of a reply that must be a success; raises NotPlayed."""
        answer = await self.ask(method, path, members)
        if answer.status != 200:
            raise NotPlayed(f"{method} {path}: {answer.brief()}")  # noqa: EM102
        return answer.members

    async def logged_in(self) -> Person:
        """The same with a token; raises NotPlayed."""
        given = {"username": self.name, "password": self.password}
        found = await self.must("POST", "/token", given)
        return Person(**{**vars(self), "token": found["data"]["token"]})


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A person's scope."""

    person: Person
    scope: str

    async def python(self, code: str, timeout_s: float = 60.0) -> Answer:
        """Run Python in the scope."""
        wanted = {"scope": self.scope, "command": code, "timeout": timeout_s}
        return await self.person.ask("POST", "/command", wanted, timeout_s=timeout_s + 60)

    async def value(self, code: str, timeout_s: float = 60.0) -> Any:
        """The value of an expression; raises NotPlayed where there is none."""
        answer = await self.python(code, timeout_s)
        if answer.status != 200:
            raise NotPlayed(f"{self.scope}: {answer.brief()}")  # noqa: EM102
        return answer.members.get("result")

    async def loot(self, code: str, timeout_s: float = 60.0) -> tuple[str | None, list[str]]:
        """What `code` left in `loot`, and who refused what; raises NotPlayed where it broke."""
        said = await self.value(PREAMBLE + code + LAST, timeout_s)
        try:
            loot, refusals = json.loads(said) if isinstance(said, str) else said
        except (TypeError, ValueError) as error:
            raise NotPlayed(f"the attack said {said!r}") from error  # noqa: EM102
        return loot, refusals

    async def sql(self, sql: str) -> Answer:
        """Run SQL in the scope."""
        return await self.person.ask("POST", "/query", {"scope": self.scope, "sql": sql})

    async def files(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """One request to the scope's files; the path goes out as it is written."""
        return await self.person.ask(method, f"/scope/{self.scope}/files/{path}", body=body)
