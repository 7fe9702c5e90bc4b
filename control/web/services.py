"""What every handler may use, in one value made at the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sanic import Request

from control.audit import Audit
from control.auth.accounts import Accounts
from control.auth.basic import BasicLogins
from control.auth.limits import BodyBudget, ConnectionGate, RequestRate, StatementGate
from control.auth.tokens import Tokens
from control.lag import LoopLag
from control.metrics import Metrics
from control.query_service.jobs import JobBoard
from control.query_service.under_way import Directory
from control.scopes.registry import ScopeRegistry
from control.settings import Settings
from control.web.background import Background
from control.web.readiness import Readiness


@dataclass(frozen=True, kw_only=True)
class Services:
    """The parts of the control plane, put together."""

    settings: Settings
    registry: ScopeRegistry
    accounts: Accounts
    tokens: Tokens
    basic: BasicLogins
    rate: RequestRate
    gate: StatementGate
    connections: ConnectionGate
    bodies: BodyBudget
    metrics: Metrics
    audit: Audit
    lag: LoopLag
    readiness: Readiness
    background: Background
    under_way: Directory
    jobs: JobBoard
    version: str


def services_of(request: Request) -> Services:
    """The services of the app that this request came to."""
    return cast("Services", request.app.ctx.services)
