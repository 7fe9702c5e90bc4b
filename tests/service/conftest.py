"""Real Sanic on a real socket, over a fake engine and scripted agents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest_asyncio
from argon2 import PasswordHasher

from control.app import Parts, assemble, create_app
from control.auth.passwords import Passwords
from control.engine.host import Host
from control.settings import read_settings
from control.store.database import Database
from control.web.serving import bound_socket, serving
from tests.fakes.agent import ScriptedAgent
from tests.fakes.engine import AgentFactory, FakeBerths, FakeEngine, World, scripted
from tests.fakes.scopes import FakeHost
from tests.service.client import Server, User

ServerFactory = Callable[..., Awaitable[Server]]


ROOMY = FakeHost(2**40)


@asynccontextmanager
async def running(
    state_dir: Path,
    world: World,
    host: Host = ROOMY,
    agents: AgentFactory = scripted,
    /,
    **settings: str,
) -> AsyncIterator[Server]:
    """A server with these settings (lower case, without prefix)."""
    usual = {"pool_size": "0", "admin_password": "secret1", "peer_uid": "any"}
    given = {"state_dir": str(state_dir), **usual, **settings}
    read = read_settings({f"GEOSCOPE_{name.upper()}": value for name, value in given.items()})
    database = Database.open(state_dir)
    parts = Parts(
        driver=FakeEngine(world, agent_factory=agents),
        berths=FakeBerths(state_dir / "berths", world),
        database=database,
        passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
        host=host,
    )
    services = assemble(read, parts)
    await services.accounts.ensure_admin("admin", read.admin_password)
    app = create_app(services)
    try:
        async with (
            serving(app, bound_socket("127.0.0.1", 0)) as port,
            aiohttp.ClientSession() as session,
        ):
            yield Server(f"http://127.0.0.1:{port}", session, services, world)
    finally:
        database.close()
        for container in list(world.containers.values()):
            await world.remove(container)


@pytest_asyncio.fixture
async def make_server(tmp_path: Path) -> AsyncIterator[ServerFactory]:
    """Starts servers with settings of the test's own."""
    async with AsyncExitStack() as stack:

        async def make(**settings: str) -> Server:
            return await stack.enter_async_context(
                running(Path(settings.pop("state_dir", tmp_path)), World(), **settings)
            )

        yield make


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server with the usual settings."""
    async with running(tmp_path, World()) as made:
        yield made


@pytest_asyncio.fixture
async def ann(server: Server) -> User:
    """A user."""
    return await server.user("ann")


@pytest_asyncio.fixture
async def bob(server: Server) -> User:
    """Another user."""
    return await server.user("bob")


@pytest_asyncio.fixture
async def admin(server: Server) -> User:
    """The admin that the first start made."""
    return await server.log_in("admin")


@pytest_asyncio.fixture
async def agent(server: Server, ann: User) -> ScriptedAgent:
    """The agent of ann's scope `taxi`."""
    (await ann.post("/scope", {"scope": "taxi"})).good()
    return server.agent("ann", "taxi")
