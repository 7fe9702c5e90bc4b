"""Where attacks are played: a running server, a victim's scope, an attacker's scope, an admin.

Everything in here is made for the attacks and removed after them.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from control.attacks.hijacking import hijack
from control.attacks.people import Answer, NotPlayed, Person, Tenant
from control.attacks.trap import Trap
from control.engine.driver import INSTALLATION_LABEL, SCOPE_LABEL, USER_LABEL, ContainerStatus
from control.engine.view import EngineView

__all__ = ["Answer", "Lab", "NotPlayed", "Person", "Place", "Tenant", "Trap", "opened"]

MIB: Final = 1024**2
MEMORY: Final = 1536 * MIB
DISK: Final = 512 * MIB
USER_PREFIX: Final = "attack-"
VALUE: Final = re.compile(r"^(?P<name>[a-z_]+) (?P<value>[0-9.e+]+)$", re.MULTILINE)
HIDE: Final = """
import multiprocessing.shared_memory, os, socket, threading
canary = {secret!r}
with open("/scope/files/canary.txt", "w") as file:
    file.write(canary)
spark.sql("create or replace temp view canary_view as select '" + canary + "' as word")
spark.sql("create table canary as select '" + canary + "' as word")
spark.range(1).selectExpr("'" + canary + "' as word").createOrReplaceGlobalTempView("canary_all")
shared = multiprocessing.shared_memory.SharedMemory("canary", create=True, size=64)
shared.buf[: len(canary)] = canary.encode()
listener = socket.create_server(("127.0.0.1", {port}))
hidden = socket.socket(socket.AF_UNIX)
hidden.bind("\\0canary")
hidden.listen()
def serve(where):
    while True:
        peer, _ = where.accept()
        peer.sendall(canary.encode())
        peer.close()
for where in (listener, hidden):
    threading.Thread(target=serve, args=(where,), daemon=True).start()
os.getuid()
"""
LOOK: Final = """
[canary, open("/scope/files/canary.txt").read(), spark.table("canary").first()[0]]
"""
PEAK: Final = "geoscope_memory_peak_bytes"
VICTIM_PORT: Final = 45_454


@dataclass(frozen=True, kw_only=True)
class Place:
    """The installation: where it is, who its admin is, what is known of its host."""

    url: str
    admin: str
    password: str
    engine: EngineView | None = None
    state_dir: Path | None = None
    """Of a server on this very host."""


@dataclass
class Growth:
    """Bytes, once the block of `Lab.growth` has ended."""

    size: float = 0.0


@dataclass(kw_only=True)
class Lab:
    """The people and scopes; the mutable state is what was made, and must be removed."""

    place: Place
    http: aiohttp.ClientSession
    admin: Person
    victim: Tenant
    attacker: Tenant
    trap: Trap
    secret: str
    """What the victim holds in its variable, file, table, views, memory and sockets."""
    victim_uid: int
    made: AsyncExitStack
    patience: float = 1.0
    """How much of the usual time is waited; less where nothing will come."""
    _hijacked: Tenant | None = field(default=None)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def nobody(self) -> Person:
        """A stranger."""
        return Person(http=self.http, url=self.place.url)

    @property
    def engine(self) -> EngineView:
        """The engine as its operator sees it; raises NotPlayed where it is not to be seen."""
        if self.place.engine is None:
            raise NotPlayed("the engine cannot be looked at from here")  # noqa: EM101
        return self.place.engine

    def knows(self, answer: Answer) -> bool:
        """Whether a reply holds what only the victim has."""
        return self.secret.encode() in answer.body

    async def harm(self) -> str | None:
        """What the victim or the server came to; None: nothing."""
        health = await self.nobody.ask("GET", "/health", timeout_s=30)
        if health.status != 200:
            return f"the server: {health.brief()}"
        seen = await self.victim.python(LOOK, 30)
        if seen.members.get("result") != [self.secret] * 3:
            return f"the victim: {seen.brief()} {seen.members.get('result')}"
        return None

    async def revive(self) -> None:
        """Start the attacker's scope anew where an attack has felled it; raises NotPlayed."""
        person, name = self.attacker.person, self.attacker.scope
        scopes = (await person.must("GET", "/scope"))["scopes"]
        if any((each["scope"], each["state"]) == (name, "dead") for each in scopes):
            await self.renew()

    async def renew(self) -> None:
        """Start the attacker's scope anew, whatever became of it; raises NotPlayed."""
        await self.attacker.person.must("POST", f"/scope/{self.attacker.scope}/restart")

    async def user(self, label: str, role: str = "user", **quota: Any) -> Person:
        """A new user, removed with the lab."""
        name = f"{USER_PREFIX}{label}-{secrets.token_hex(3)}"
        password = secrets.token_urlsafe(12)
        new = {"username": name, "password": password, "role": role}
        await self.admin.must("POST", "/admin/users", new)
        self.made.push_async_callback(self.admin.ask, "DELETE", f"/admin/users/{name}")
        if quota:
            await self.admin.must("PATCH", f"/admin/users/{name}", {"quota": quota})
        person = Person(http=self.http, url=self.place.url, name=name, password=password)
        return await person.logged_in()

    async def open(self, person: Person, label: str, **wish: Any) -> Tenant:
        """A scope of this person's; it goes with its owner."""
        name = f"{label}-{secrets.token_hex(2)}"
        await person.must("POST", "/scope", {"scope": name, "memory": MEMORY, "disk": DISK, **wish})
        return Tenant(person=person, scope=name)

    @asynccontextmanager
    async def spare(self, label: str, **wish: Any) -> AsyncIterator[Tenant]:
        """A scope of the attacker's that may come to any end."""
        tenant = await self.open(self.attacker.person, label, **wish)
        try:
            yield tenant
        finally:
            await tenant.person.ask("DELETE", f"/scope/{tenant.scope}")

    async def hijacked(self) -> Tenant:
        """A scope of the attacker's whose agent is the attacker's own."""
        async with self._turn:
            if self._hijacked is None:
                tenant = await self.open(self.attacker.person, "hijacked")
                self._hijacked = await hijack(tenant)
            return self._hijacked

    async def settled(self, hijacked: Tenant) -> None:
        """The hijacker is back in its agent's place; raises NotPlayed."""

        async def answers() -> bool:
            return b"hijacked" in (await hijacked.sql("select 1")).body

        if not await self.until(answers):
            raise NotPlayed("the hijacker did not come back")  # noqa: EM101

    async def measure(self, name: str) -> float:
        """One of the server's own figures; raises NotPlayed where it does not tell."""
        answer = await self.nobody.ask("GET", "/metrics")
        found = {line["name"]: line["value"] for line in VALUE.finditer(answer.text)}
        if name not in found:
            raise NotPlayed(f"/metrics does not tell {name}: {answer.status}")  # noqa: EM102
        return float(found[name])

    async def memory(self) -> float:
        """What the control plane has in memory, in bytes."""
        return await self.measure("process_resident_memory_bytes")

    @asynccontextmanager
    async def growth(self) -> AsyncIterator[Growth]:
        """By how much the control plane's memory grows within the block, at its highest."""
        growth = Growth()
        before, peak = await self.memory(), await self.measure(PEAK)
        yield growth
        after = await self.measure(PEAK)
        # Where its highest is an old one, it was no higher now: what it has must do.
        growth.size = (after if after > peak else await self.memory()) - before

    def containers(self, tenant: Tenant) -> list[ContainerStatus]:
        """The engine's containers of this scope."""
        owner, name = tenant.person.name, tenant.scope
        return [
            each
            for each in self.engine.containers(INSTALLATION_LABEL)
            if (each.labels.get(USER_LABEL), each.labels.get(SCOPE_LABEL)) == (owner, name)
            or each.name == f"gs-{owner}-{name}"
        ]

    async def until(self, seen: Callable[[], Any], timeout_s: float = 30.0) -> Any:
        """What `seen` gives once it is something; its last answer where it never is."""
        deadline = asyncio.get_running_loop().time() + timeout_s * self.patience
        while True:
            found = await seen()
            if found or asyncio.get_running_loop().time() > deadline:
                return found
            await asyncio.sleep(0.1)


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[Lab]:
    """A lab at this installation; all that was made there is gone afterwards."""
    async with AsyncExitStack() as made:
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        http = await made.enter_async_context(
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_line_size=65_536,
                max_field_size=65_536,
            )
        )
        trap = await made.enter_async_context(Trap.set())
        admin = await Person(
            http=http, url=place.url, name=place.admin, password=place.password
        ).logged_in()
        yield await _furnished(place, admin, trap, made)


async def _furnished(place: Place, admin: Person, trap: Trap, made: AsyncExitStack) -> Lab:
    nobody = Tenant(person=admin, scope="")
    lab = Lab(
        place=place,
        http=admin.http,
        admin=admin,
        victim=nobody,
        attacker=nobody,
        trap=trap,
        secret=f"canary-{secrets.token_hex(12)}",
        victim_uid=0,
        made=made,
    )
    victim, attacker = await asyncio.gather(lab.user("victim"), lab.user("tenant"))
    lab.victim, lab.attacker = await asyncio.gather(
        lab.open(victim, "victim"), lab.open(attacker, "attacker")
    )
    hide = HIDE.format(secret=lab.secret, port=VICTIM_PORT)
    lab.victim_uid = int(await lab.victim.value(hide))
    harm = await lab.harm()
    if harm:
        raise NotPlayed(f"before any attack: {harm}")  # noqa: EM102
    return lab
