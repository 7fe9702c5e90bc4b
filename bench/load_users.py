"""The users of the load: each does one thing after the other, and thinks in between."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

THINK_S: Final = 0.2
REQUEST_TIMEOUT_S: Final = 120.0
POLL_S: Final = 0.05
WEIGHTS: Final = {"command": 40, "query": 25, "map": 20, "async": 15}
COMMANDS: Final = (
    "n = globals().get('n', 0) + 1\nn",
    "sum(x * x for x in range(20_000))",
    "print('line ' * 500)",
    "rows = [dict(a=i, b=str(i)) for i in range(5_000)]\nlen(rows)",
    "spark.sql('select count(*) from trips').collect()[0][0]",
)
QUERIES: Final = (
    "select count(*) as n, avg(fare_amount) as fare from trips",
    "select passenger_count, count(*) as n from trips group by passenger_count order by n desc",
    "select * from trips where fare_amount > {fare} limit 100",
)
STATEMENTS: Final = (
    "select passenger_count, count(*) as n from trips group by passenger_count",
    "select value t.fare_amount from trips t where t.fare_amount > {fare} limit 50",
)
MAP_SQL: Final = "select ST_Point(pickup_longitude, pickup_latitude) as point from trips"


@dataclass(frozen=True)
class Done:
    """One piece of work: how long it took, and the error's type where it failed."""

    kind: str
    ms: float
    error: str | None = None


class Failed(Exception):
    """The server's answer was an error of this type."""


@dataclass
class User:
    """One user, one thing at a time."""

    http: aiohttp.ClientSession
    url: str
    token: str
    scopes: list[str]
    random: random.Random
    done: list[Done] = field(default_factory=list)

    async def run(self, ends: float) -> None:
        """Work until then."""
        kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
        doings: dict[str, Callable[[str], Awaitable[None]]] = {
            "command": self._command,
            "query": self._query,
            "map": self._map,
            "async": self._async,
        }
        while time.monotonic() < ends:
            [kind] = self.random.choices(kinds, weights)
            await self._timed(kind, doings[kind](self.random.choice(self.scopes)))
            await asyncio.sleep(self.random.expovariate(1 / THINK_S))

    async def _timed(self, kind: str, doing: Awaitable[None]) -> None:
        began = time.perf_counter()
        error = None
        try:
            await doing
        except Failed as failed:
            error = str(failed)
        except (aiohttp.ClientError, TimeoutError) as failed:
            error = type(failed).__name__
        self.done.append(Done(kind, (time.perf_counter() - began) * 1000, error))

    async def _command(self, scope: str) -> None:
        body = {"scope": scope, "command": self.random.choice(COMMANDS)}
        await self._ask("POST", "/command", json=body)

    async def _query(self, scope: str) -> None:
        sql = self.random.choice(QUERIES).format(fare=self.random.randint(0, 60))
        await self._ask("POST", "/query", json={"scope": scope, "sql": sql})

    async def _map(self, scope: str) -> None:
        west, south = -74.05 + self.random.random() / 10, 40.65 + self.random.random() / 10
        params = {
            "width": 512,
            "height": 448,
            "coordinate_system": "EPSG:4326",
            "bounding_box": [west, south, west + 0.2, south + 0.15],
            "point_size": self.random.randint(1, 5),
            "opacity": 0.5,
        }
        body = {"scope": scope, "sql": MAP_SQL, "params": params}
        await self._ask("POST", "/pointmap", json=body, headers={"Accept": "image/png"})

    async def _async(self, scope: str) -> None:
        statement = self.random.choice(STATEMENTS).format(fare=self.random.randint(0, 60))
        form = {"statement": statement, "scope": scope, "mode": "async"}
        reply = await self._ask("POST", "/query/service", data=form)
        handle = urlsplit(reply["handle"]).path
        reply = await self._ask("GET", handle)
        while reply["status"] in ("running", "queued"):
            await asyncio.sleep(POLL_S)
            reply = await self._ask("GET", handle)
        if reply["status"] != "success":
            raise Failed(_problem(reply))
        await self._ask("GET", urlsplit(reply["handle"]).path)

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Token {self.token}", **more.pop("headers", {})}
        async with self.http.request(method, self.url + path, headers=headers, **more) as answer:
            content = await answer.read()
            if answer.content_type != "application/json":
                return content if answer.status == 200 else _fail(str(answer.status))
            members = await answer.json()
            return members if answer.status == 200 else _fail(_problem(members))


def _fail(why: str) -> None:
    raise Failed(why)


def _problem(members: dict[str, Any]) -> str:
    """The error's type; of the query service, its code and words."""
    if "type" in members:
        return str(members["type"])
    problems = members.get("errors") or [{"code": "?", "msg": members.get("status", "?")}]
    return f"{problems[0].get('code')} {str(problems[0].get('msg'))[:60]}"


async def work(url: str, places: dict[tuple[str, str], list[str]], ends: float) -> list[Done]:
    """All users at once until then; everything that they did."""
    timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        users = [
            User(http, url, token, scopes, random.Random(name))
            for (name, token), scopes in places.items()
            if scopes
        ]
        await asyncio.gather(*(user.run(ends) for user in users))
    return [done for user in users for done in user.done]
