"""One server from start to end: store, driver, accounts, app, signals."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ssl import SSLContext

from control.app import Parts, assemble, create_app
from control.drivers import Chosen, choose
from control.logs import configure
from control.priority import go_first
from control.settings import Settings, read_settings
from control.store.database import Database
from control.web.serving import bound_socket, serving
from control.web.tls import tls_context


@dataclass(frozen=True, kw_only=True)
class Started:
    """A server that serves; `made_password` is the admin's where it was just made."""

    url: str
    admin: str
    made_password: str | None
    driver: str
    notices: tuple[str, ...]


@asynccontextmanager
async def started(settings: Settings, environ: Mapping[str, str]) -> AsyncIterator[Started]:
    """Serve within the block; raises a StartError where that cannot be."""
    tls = tls_context(settings)
    database = Database.open(settings.state_dir)
    try:
        chosen = await choose(settings, database.drivers(), dict(environ))
        database.note_driver(chosen.driver.name)
        if chosen.driver.name != "process":
            # Processes of ours would inherit it; containers are the engine's.
            go_first()
        async with _served(settings, database, chosen, tls) as server:
            yield server
        await chosen.driver.close()
    finally:
        database.close()


@asynccontextmanager
async def _served(
    settings: Settings, database: Database, chosen: Chosen, tls: SSLContext | None
) -> AsyncIterator[Started]:
    parts = Parts(
        driver=chosen.driver, berths=chosen.berths, database=database, notices=chosen.notices
    )
    services = assemble(settings, parts)
    services.accounts.check_driver(chosen.driver.name)
    admin = settings.admin_user
    made = await services.accounts.ensure_admin(admin, settings.admin_password)
    listener = bound_socket(settings.host, settings.port)
    async with serving(create_app(services), listener, tls) as port:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        yield Started(
            url=f"{'https' if tls else 'http'}://{host}:{port}",
            admin=admin,
            made_password=made,
            driver=chosen.driver.name,
            notices=tuple(services.readiness.warnings()),
        )


def prepare(environ: Mapping[str, str]) -> Settings:
    """Read the settings and begin to log; raises BadSetting."""
    settings = read_settings(environ)
    os.umask(0o077)
    configure(settings.log_level, settings.log_format)
    return settings


def told_to_stop() -> asyncio.Event:
    """Set at the first SIGTERM or SIGINT from now on."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    return told
