"""The composition root: every part made once, and put together here and nowhere else."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final
from uuid import UUID

from sanic import Sanic

from control.agent_client import AgentClient
from control.audit import Audit
from control.auth.accounts import AccountRules, Accounts
from control.auth.basic import BasicLogins
from control.auth.keys import FILE_NAME, KeyRing
from control.auth.limits import (
    BodyBudget,
    ConnectionGate,
    LoginThrottle,
    RequestRate,
    StatementGate,
)
from control.auth.passwords import Passwords
from control.auth.tokens import Tokens
from control.engine.driver import Berths, EngineDriver
from control.engine.host import Host, LocalHost
from control.engine.metered import MeteredDriver
from control.gauges import Gauges
from control.lag import LoopLag
from control.metrics import Metrics
from control.query_service.jobs import JobBoard
from control.query_service.under_way import Directory
from control.routes import (
    admin,
    commands,
    docs,
    drain,
    files,
    health,
    legacy,
    maps,
    queries,
    query_service,
    scopes,
    sessions,
    tables,
    tokens,
)
from control.scopes.backing import Connect, connect_agent
from control.scopes.capacity import Rules
from control.scopes.limits import Limits, Quota, ScopeLimits
from control.scopes.quotas import over
from control.scopes.registry import ScopeRegistry
from control.settings import Settings
from control.store.accounts import AccountStore
from control.store.database import Database
from control.store.events import EventStore
from control.store.query_jobs import JobStore
from control.store.scopes import ScopeStore
from control.web import failures, middleware
from control.web.background import Background
from control.web.endpoint import Endpoint, mount
from control.web.protocol import MAX_HEADER_BYTES
from control.web.proxies import is_trusted
from control.web.readiness import Readiness
from control.web.services import Services
from control.web.serving import room_for_connections

REQUEST_TIMEOUT_S: Final = 60
KEEP_ALIVE_S: Final = 75
RESPONSE_GRACE_S: Final = 120
"""Beyond the longest command: Sanic's own deadline must never be the first to pass."""
BACKGROUND_GRACE_S: Final = 5.0
BODIES_EACH: Final = 2
BODIES_ALL: Final = 8
"""How many bodies of the largest size are in our memory at a time: of one user, of all."""

RESOURCES: Final = (
    tokens,
    scopes,
    commands,
    sessions,
    tables,
    files,
    queries,
    query_service,
    maps,
    legacy,
    health,
    docs,
    admin,
    drain,
)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What differs between a server and a test of one."""

    driver: EngineDriver
    berths: Berths
    database: Database
    connect: Connect = connect_agent
    passwords: Passwords | None = None
    host: Host | None = None
    labels: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()


def all_endpoints() -> list[Endpoint]:
    """Every endpoint of the API."""
    return [endpoint for module in RESOURCES for endpoint in module.routes.endpoints]


def assemble(settings: Settings, parts: Parts) -> Services:
    """Every service, from settings and parts."""
    metrics = Metrics()
    store = AccountStore(parts.database)
    accounts = _accounts(settings, parts, store)
    registry = ScopeRegistry(
        MeteredDriver(parts.driver, metrics.engine_call),
        parts.berths,
        ScopeStore(parts.database, metrics.count_event),
        scope_limits(
            settings,
            dict(parts.labels),
            parts.database.installation,
            isolated=parts.driver.name != "process",
        ),
        connect=lambda socket, uid: _observed(parts.connect(socket, uid), metrics),
        quotas=accounts.allowed,
        host=parts.host or LocalHost(settings.state_dir),
        rules=_rules(settings),
    )
    directory = Directory()
    services = Services(
        settings=settings,
        registry=registry,
        accounts=accounts,
        tokens=Tokens(store, _keys(settings, store), parts.database.installation),
        basic=BasicLogins(accounts, store),
        rate=RequestRate(settings.requests_per_minute),
        gate=StatementGate(settings.statements_per_scope),
        bodies=BodyBudget(BODIES_EACH * settings.max_body, BODIES_ALL * settings.max_body),
        connections=ConnectionGate(
            room_for_connections(settings.max_connections),
            settings.connections_per_address,
            lambda address: is_trusted(address, settings.trusted_proxies),
        ),
        metrics=metrics,
        audit=_audit(settings, parts, metrics),
        lag=LoopLag(metrics.late),
        readiness=_readiness(settings, parts, registry),
        background=Background(),
        under_way=directory,
        jobs=JobBoard(JobStore(parts.database), registry, directory),
        version=version("geoscope"),
    )
    metrics.watch(Gauges(services, parts.driver.name))
    return services


def create_app(services: Services, endpoints: Sequence[Endpoint] | None = None) -> Sanic[Any, Any]:
    """The app that serves these services; its start and stop are theirs."""
    app: Sanic[Any, Any] = Sanic(f"geoscope-{secrets.token_hex(4)}", configure_logging=False)
    app.config.update(_sanic_config(services.settings))
    app.ctx.services = services
    app.ctx.endpoints = list(endpoints or all_endpoints())
    middleware.install(app)
    failures.install(app)
    mount(app, app.ctx.endpoints)
    app.register_listener(_start, "before_server_start")
    app.register_listener(_stop, "after_server_stop")
    return app


def scope_limits(
    settings: Settings, labels: dict[str, str], installation: str, *, isolated: bool
) -> ScopeLimits:
    """What the settings give to the scopes of an installation."""
    uid_first, uid_last = settings.uid_range
    return ScopeLimits(
        image=settings.image,
        version=version("geoscope"),
        each=Limits(
            memory_bytes=settings.scope_memory,
            cpus=settings.scope_cpus,
            pids=settings.scope_pids,
            disk_bytes=settings.scope_disk,
            idle_timeout_s=settings.scope_idle_timeout_s,
            ttl_s=settings.scope_ttl_s,
        ),
        scopes_per_user=settings.scopes_per_user,
        pool_size=settings.pool_size,
        uid_first=uid_first,
        uid_last=uid_last,
        uid_start=UUID(installation).int % (uid_last - uid_first + 1),
        peer_uid_checked=settings.peer_uid == "scope" and isolated,
        data=settings.data,
        labels=labels,
        cache_bytes_of=settings.cache_bytes_of,
        render_direct=settings.render_direct == "1",
        max_output_bytes=settings.max_output,
    )


def _rules(settings: Settings) -> Rules:
    return Rules(
        reserve_bytes=settings.host_memory_reserve,
        overcommit=settings.memory_overcommit,
        disk_reserve_bytes=settings.host_disk_reserve,
    )


def _keys(settings: Settings, store: AccountStore) -> KeyRing:
    inherited = store.old_signing_keys()
    ring = KeyRing.open(settings.state_dir / FILE_NAME, inherited)
    if inherited:
        store.forget_signing_keys()
    return ring


def role_quotas(settings: Settings) -> dict[str, Quota]:
    """What users may have by their role: by its own setting, else by those of scopes."""
    usual = Quota(
        scopes=settings.scopes_per_user,
        memory_bytes=settings.scope_memory,
        cpus=settings.scope_cpus,
        disk_bytes=settings.scope_disk,
        requests_per_minute=settings.requests_per_minute,
        statements=settings.statements_per_scope,
        idle_timeout_s=settings.scope_idle_timeout_s,
        ttl_s=settings.scope_ttl_s,
    )
    return {"user": over(settings.user_quota, usual), "admin": over(settings.admin_quota, usual)}


def _observed(agent: AgentClient, metrics: Metrics) -> AgentClient:
    agent.observe = metrics.agent_answered
    return agent


def _accounts(settings: Settings, parts: Parts, store: AccountStore) -> Accounts:
    rules = AccountRules(
        min_password_length=settings.min_password_length,
        single_user=parts.driver.name == "process",
        roles=role_quotas(settings),
    )
    return Accounts(store, parts.passwords or Passwords(), LoginThrottle(), rules)


def _audit(settings: Settings, parts: Parts, metrics: Metrics) -> Audit:
    store = EventStore(parts.database, metrics.count_event)
    return Audit(store, most=settings.events_kept, ttl_s=settings.events_ttl_s)


def _readiness(settings: Settings, parts: Parts, registry: ScopeRegistry) -> Readiness:
    return Readiness(
        driver=parts.driver,
        berths=parts.berths,
        image=settings.image,
        check_store=parts.database.check_writable,
        check_drain=registry.drain.check,
        notices=parts.notices,
    )


def _sanic_config(settings: Settings) -> dict[str, Any]:
    longest_s = max(settings.command_timeout_s, settings.query_timeout_s)
    return {
        "REQUEST_MAX_SIZE": settings.max_body,
        "REQUEST_MAX_HEADER_SIZE": MAX_HEADER_BYTES,
        "REQUEST_TIMEOUT": REQUEST_TIMEOUT_S,
        "RESPONSE_TIMEOUT": longest_s + RESPONSE_GRACE_S,
        "KEEP_ALIVE_TIMEOUT": KEEP_ALIVE_S,
        "ACCESS_LOG": False,
        "AUTO_EXTEND": False,
        # Sanic's own events, which nobody here listens to, cost a seventh of a request. It cuts
        # them out of its classes, which can be done once in a process.
        "TOUCHUP": not getattr(Sanic, "__touched__", False),
        "MOTD": False,
        "FALLBACK_ERROR_FORMAT": "json",
    }


async def _start(app: Sanic[Any, Any]) -> None:
    services: Services = app.ctx.services
    services.audit.start()
    services.lag.start()
    await services.registry.start()
    await services.jobs.start()


async def _stop(app: Sanic[Any, Any]) -> None:
    services: Services = app.ctx.services
    await services.background.stop(BACKGROUND_GRACE_S)
    await services.jobs.stop()
    await services.registry.stop()
    await services.audit.stop()
    await services.lag.stop()
