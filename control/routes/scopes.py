"""Scopes: open, look at, interrupt, restart, close."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sanic import HTTPResponse

from control.engine.driver import Usage
from control.errors import EngineUnavailable, GeoscopeError
from control.logs import bind, get_logger
from control.routes.fields import Size, Timeout, size_of
from control.scopes.limits import ScopeWish
from control.scopes.scope import Scope
from control.web.agents import CONTROL_TIMEOUT_S
from control.web.answers import JSON, encode, iso_time, success, success_members
from control.web.call import Call
from control.web.endpoint import Routes
from control.web.events import EventStream, wants_events
from control.web.opening import Opening
from wire.messages import Facts, FactsRequest, Interrupted, InterruptRequest

routes = Routes("scopes")
log = get_logger(__name__)


class OpenScope(msgspec.Struct, frozen=True, kw_only=True):
    """The scope to open; what is not said is as usual. Times are seconds."""

    scope: str | None = None
    memory: Size | None = None
    cpus: Annotated[float, Meta(gt=0)] | None = None
    disk: Size | None = None
    gpu: bool = False
    idle_timeout: Timeout | None = None
    ttl: Timeout | None = None

    def wish(self) -> ScopeWish:
        """What the registry is asked."""
        return ScopeWish(
            name=self.scope,
            memory_bytes=size_of("memory", self.memory),
            cpus=self.cpus,
            gpu=self.gpu,
            idle_timeout_s=self.idle_timeout,
            ttl_s=self.ttl,
            disk_bytes=size_of("disk", self.disk),
        )


class Interrupt(msgspec.Struct, frozen=True, kw_only=True):
    """What to stop: the running command, or everything."""

    all: bool = False


class Tail(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the last lines."""

    tail: Annotated[int, Meta(ge=1, le=100_000)] = 1000


@routes.post("/scope", body=OpenScope)
async def open_scope(call: Call, wanted: OpenScope) -> HTTPResponse | None:
    """Open a scope; it is ready when this answers. As events: each stage of its start, too."""
    opening = Opening(call, wanted.wish())
    if wants_events(call.request):
        await _follow(call, opening)
        return None
    members = _opened(call, await opening.scope())
    return HTTPResponse(encode(members), content_type=JSON)


@routes.get("/scope")
async def list_scopes(call: Call) -> HTTPResponse:
    """The caller's own scopes."""
    scopes = call.services.registry.list(call.user)
    now = call.services.registry.now()
    return success("", scopes=[{**scope_members(s), **_times(s, now)} for s in scopes])


@routes.get("/scope/<scope>")
async def look_at_scope(call: Call, scope: str) -> HTTPResponse:
    """A scope's state, what it holds, and what it uses."""
    bind(scope=scope)
    found = call.services.registry.get(call.user, scope)
    facts = await _facts(call, found)
    usage = await _usage(call, scope)
    disk = await call.services.registry.disk_used_bytes(call.user, scope)
    members = {**scope_members(found), **_times(found, call.services.registry.now())}
    more = {"opened": _start(found), **_holds(facts), **_uses(found, usage, disk)}
    return success("", **members, **more)


@routes.delete("/scope/<scope>")
async def close_scope(call: Call, scope: str) -> HTTPResponse:
    """Close a scope: its container and disk are gone when this answers."""
    bind(scope=scope)
    await call.services.background.shield(call.services.registry.close(call.user, scope))
    return success(f"remove scope {scope} successfully!")


@routes.post("/scope/<scope>/interrupt", body=Interrupt)
async def interrupt_scope(call: Call, wanted: Interrupt, scope: str) -> HTTPResponse:
    """Stop the running command, its Python and its Spark jobs; `all`: queries too."""
    bind(scope=scope)
    stopped = await _interrupt(call, scope, wanted)
    return success("interrupted", command=stopped.command, work=stopped.work)


@routes.post("/scope/<scope>/restart")
async def restart_scope(call: Call, scope: str) -> HTTPResponse:
    """Give the scope a new container; its files and tables stay."""
    bind(scope=scope)
    await call.services.background.shield(call.services.registry.restart(call.user, scope))
    return success(f"restart scope {scope} successfully!", scope=scope)


@routes.get("/scope/<scope>/logs", query=Tail)
async def scope_logs(call: Call, wanted: Tail, scope: str) -> HTTPResponse:
    """The last lines that the scope's container wrote."""
    text = await call.services.registry.logs(call.user, scope, wanted.tail)
    return HTTPResponse(text, content_type="text/plain; charset=utf-8")


def scope_members(scope: Scope) -> dict[str, Any]:
    """A scope in a list."""
    return {
        "scope": scope.name,
        "state": scope.state.value,
        "reason": scope.reason,
        "created": iso_time(scope.created),
        "last_used": iso_time(scope.last_used),
        "ends": iso_time(scope.ends),
    }


async def _follow(call: Call, opening: Opening) -> None:
    stream = EventStream(call.request)
    last = ""
    async with aclosing(opening.events()) as events:
        async for last, members in events:
            await stream.send(last, members)
    if last != "error":
        await stream.send("scope", _opened(call, await opening.scope()))
    await stream.end()


def _opened(call: Call, scope: Scope) -> dict[str, Any]:
    """The reply to who opened it."""
    bind(scope=scope.name)
    call.services.metrics.opened(time.monotonic() - call.began, from_pool=scope.from_pool)
    now = call.services.registry.now()
    return success_members(
        "create scope successfully!",
        scope=scope.name,
        from_pool=scope.from_pool,
        opened=_start(scope),
        **_times(scope, now),
    )


def _start(scope: Scope) -> dict[str, Any]:
    """How its last start went; nothing of it is known where another server started it."""
    return {"from_pool": scope.from_pool, "stages_ms": scope.stages_ms}


def _times(scope: Scope, now: float) -> dict[str, Any]:
    """When it will be stopped where nothing is asked of it, and when it will be deleted."""
    return {
        "stops": iso_time(scope.idle_until()),
        "stops_in_s": _left(scope.idle_until(), now),
        "ends": iso_time(scope.ends),
        "ends_in_s": _left(scope.ends, now),
        "idle_timeout_s": scope.limits.idle_timeout_s,
        "ttl_s": scope.limits.ttl_s,
    }


def _left(moment: float | None, now: float) -> float | None:
    return None if moment is None else round(max(0.0, moment - now), 3)


async def _interrupt(call: Call, scope: str, wanted: Interrupt) -> Interrupted:
    if not call.services.registry.get(call.user, scope).is_running:
        return Interrupted()
    async with call.services.registry.use(call.user, scope) as client:
        request = InterruptRequest(all=wanted.all)
        return await client.call(request, CONTROL_TIMEOUT_S, call.request_id)


async def _facts(call: Call, scope: Scope) -> Facts | None:
    """What the agent says; nothing where there is none to ask. A look is no use of it."""
    client = call.services.registry.peek(call.user, scope.name)
    if client is None:
        return None
    try:
        return await client.call(FactsRequest(), CONTROL_TIMEOUT_S, call.request_id)
    except GeoscopeError as error:
        log.warning("no facts", type=error.type)
        return None


async def _usage(call: Call, scope: str) -> Usage:
    """What the engine says; nothing where it is away: the state is ours to tell."""
    try:
        return await call.services.registry.usage(call.user, scope)
    except EngineUnavailable as error:
        log.warning("no usage", type=error.type)
        return Usage()


def _holds(facts: Facts | None) -> dict[str, Any]:
    if facts is None:
        return {"sessions": None, "tables": None, "variables": None}
    tables = [{"name": t.name, "rows": t.num_rows, "bytes": t.bytes} for t in facts.tables]
    variables = [{"name": v.name, "type": v.type, "size": v.size_bytes} for v in facts.variables]
    return {"sessions": facts.sessions, "tables": tables, "variables": variables}


def _uses(scope: Scope, usage: Usage, disk: int | None) -> dict[str, Any]:
    limits = scope.limits
    return {
        "memory": {"used": usage.memory_bytes, "allowed": limits.memory_bytes},
        "cpu": {"used_seconds": usage.cpu_seconds, "allowed": limits.cpus},
        "pids": {"used": usage.pids, "allowed": limits.pids},
        "disk": {"used": disk, "allowed": limits.disk_bytes},
    }
