"""Administration: everybody's scopes, accounts, what happened."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sanic import HTTPResponse

from control.auth.accounts import Accounts, Role
from control.engine.driver import Usage
from control.errors import GeoscopeError
from control.routes.fields import Size, Timeout, size_of
from control.routes.scopes import scope_members
from control.scopes.limits import Quota
from control.scopes.quotas import check_quota, quota_members
from control.scopes.scope import Scope
from control.store.accounts import Account
from control.store.events import Event, Wanted
from control.web.answers import iso_time, success
from control.web.call import Call
from control.web.endpoint import Access, Routes

routes = Routes("admin")


class NewUser(msgspec.Struct, frozen=True, kw_only=True):
    """An account to make."""

    username: str
    password: str
    role: Role = "user"


class QuotaChange(msgspec.Struct, frozen=True, kw_only=True):
    """What the user may have, other than usual; null: as usual. Sizes as in settings, seconds."""

    scopes: Annotated[int, Meta(ge=0)] | None = None
    memory: Size | None = None
    cpus: Annotated[float, Meta(gt=0)] | None = None
    disk: Size | None = None
    requests_per_minute: Annotated[int, Meta(ge=1)] | None = None
    statements: Annotated[int, Meta(ge=1)] | None = None
    idle_timeout: Timeout | None = None
    ttl: Timeout | None = None

    def quota(self) -> Quota:
        """The same as the store keeps it."""
        return Quota(
            scopes=self.scopes,
            memory_bytes=size_of("quota.memory", self.memory),
            cpus=self.cpus,
            disk_bytes=size_of("quota.disk", self.disk),
            requests_per_minute=self.requests_per_minute,
            statements=self.statements,
            idle_timeout_s=self.idle_timeout,
            ttl_s=self.ttl,
        )


class UserChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes different about an account; what is absent stays."""

    password: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    quota: QuotaChange | UnsetType = UNSET
    end_tokens: bool | UnsetType = UNSET
    """Whether every token that the user has now ends; the password stays."""

    def check(self, accounts: Accounts) -> None:
        """Whether all of it may be, before any of it is; raises BadParameter naming the field."""
        if self.quota is not UNSET:
            check_quota(self.quota.quota())
        if self.password is not UNSET:
            accounts.check_password(self.password)


class EventsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events: how many of the latest, before which number, about or by whom, which kind."""

    limit: Annotated[int, Meta(ge=1, le=10_000)] = 100
    before: Annotated[int, Meta(ge=1)] | None = None
    user: str | None = None
    event: str | None = None

    def wanted(self) -> Wanted:
        """What the store is asked."""
        return Wanted(limit=self.limit, before=self.before, user=self.user, event=self.event)


class ScopesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the engine is asked what each of them uses."""

    usage: bool = False


@routes.get("/admin/scopes", query=ScopesWanted, access=Access.ADMIN)
async def all_scopes(call: Call, wanted: ScopesWanted) -> HTTPResponse:
    """Every user's scopes, the pool, the room; `?usage=true` with what each scope uses."""
    found: list[Scope] = call.services.registry.list_all()
    scopes = [_scope_members(scope) for scope in found]
    if wanted.usage:
        used = await asyncio.gather(*(_usage(call, scope) for scope in found))
        scopes = [{**members, **uses} for members, uses in zip(scopes, used, strict=True)]
    return success("", scopes=scopes, **_room(call))


@routes.delete("/admin/scopes/<sandbox_id>", access=Access.ADMIN)
async def close_any_scope(call: Call, sandbox_id: str) -> HTTPResponse:
    """Close a scope, whoever owns it."""
    await call.services.background.shield(call.services.registry.close_by_id(sandbox_id))
    return success(f"remove scope {sandbox_id} successfully!")


@routes.get("/admin/users", access=Access.ADMIN)
async def list_users(call: Call) -> HTTPResponse:
    """All accounts."""
    users = [_members(call, account) for account in call.services.accounts.list()]
    return success("", users=users)


@routes.post("/admin/users", body=NewUser, access=Access.ADMIN)
async def add_user(call: Call, wanted: NewUser) -> HTTPResponse:
    """Make an account."""
    account = await call.services.accounts.add(wanted.username, wanted.password, wanted.role)
    call.services.audit.note("user_added", owner=account.username, reason=f"role {account.role}")
    return success("create user successfully!", user=_members(call, account))


@routes.patch("/admin/users/<name>", body=UserChange, access=Access.ADMIN)
async def change_user(call: Call, wanted: UserChange, name: str) -> HTTPResponse:
    """Another password (which ends the user's tokens), role or quota."""
    accounts = call.services.accounts
    accounts.get(name)
    wanted.check(accounts)
    if wanted.role is not UNSET:
        accounts.set_role(name, wanted.role)
    if wanted.quota is not UNSET:
        accounts.set_quota(name, wanted.quota.quota())
    if wanted.password is not UNSET:
        await accounts.set_password(name, wanted.password)
    if wanted.end_tokens is True:
        accounts.end_tokens(name)
    changed = [field for field in wanted.__struct_fields__ if getattr(wanted, field) is not UNSET]
    call.services.audit.note("user_changed", owner=name, reason=", ".join(changed))
    return success("change user successfully!", user=_members(call, accounts.get(name)))


@routes.delete("/admin/users/<name>", access=Access.ADMIN)
async def remove_user(call: Call, name: str) -> HTTPResponse:
    """Remove an account, its tokens and its scopes."""
    call.services.accounts.remove(name)
    call.services.audit.note("user_removed", owner=name)
    await call.services.background.shield(call.services.registry.close_all_of(name))
    return success(f"remove user {name} successfully!")


@routes.get("/admin/events", query=EventsWanted, access=Access.ADMIN)
async def latest_events(call: Call, wanted: EventsWanted) -> HTTPResponse:
    """What happened and who asked for it, the latest first; `next` is the next page's `before`."""
    found = call.services.audit.page(wanted.wanted())
    is_full = len(found) == wanted.limit
    return success(
        "",
        events=[_event_members(event) for event in found],
        next=found[-1].number if is_full else None,
    )


def _scope_members(scope: Scope) -> dict[str, Any]:
    return {
        "id": scope.sandbox_id,
        "user": scope.owner,
        **scope_members(scope),
        "container": scope.container_id,
        "in_flight": scope.in_flight,
        "memory_allowed": scope.limits.memory_bytes,
    }


def _room(call: Call) -> dict[str, Any]:
    """What scopes were promised of the host's memory, and how the pool stands."""
    registry = call.services.registry
    occupancy = registry.occupancy()
    return {
        "memory": {
            "promised": occupancy and occupancy.promised,
            "promisable": occupancy and occupancy.promisable,
        },
        "pool": {
            "ready": registry.pool_size(),
            "wanted": call.services.settings.pool_size,
            "held_back": registry.pool_held_back(),
        },
    }


async def _usage(call: Call, scope: Scope) -> dict[str, Any]:
    try:
        usage = await call.services.registry.usage(scope.owner, scope.name)
    except GeoscopeError:
        # Closed meanwhile, or no engine answers: the list is still true.
        usage = Usage()
    return {
        "memory_used": usage.memory_bytes,
        "cpu_seconds": usage.cpu_seconds,
        "pids": usage.pids,
    }


def _event_members(event: Event) -> dict[str, Any]:
    return {
        "number": event.number,
        "at": iso_time(event.at),
        "event": event.event,
        "user": event.owner,
        "scope": event.name,
        "id": event.sandbox_id,
        "reason": event.reason,
        "times": event.times,
        "by": event.actor,
        "address": event.address,
        "request_id": event.request_id,
    }


def _members(call: Call, account: Account) -> dict[str, Any]:
    return {
        "username": account.username,
        "role": account.role,
        "created": iso_time(account.created),
        "quota": quota_members(account.quota),
        "allowed": quota_members(call.services.accounts.allowed(account.username)),
    }
