"""A request for statements as one value: who asks, what for, and what the agent is to be told."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from sanic import Request

from control.errors import BadParameter
from control.query_service.formats import CHARSETS, UTF_8
from control.query_service.given import FORM, JSON, Given, content_kind, from_json, from_pairs
from control.query_service.outlet import Outlet
from control.query_service.parameters import Parameters
from control.query_service.reply import Facts
from control.web.agents import query_timeout
from control.web.call import Call
from control.web.proxies import is_trusted
from wire.messages import RunStatements, Statements

ALIAS: Final = "/api/v1/request"
SCOPE_HEADER: Final = "x-scope"
HOST: Final = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
SCHEMES: Final = frozenset({"http", "https"})


@dataclass(frozen=True, kw_only=True)
class Order:
    """One request; `base` is the path that it came to, under which its handles are."""

    call: Call
    base: str
    origin: str
    """Scheme and host as the client sees us: `http://localhost:8080`."""
    parameters: Parameters
    scope: str | None
    outlet: Outlet
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def is_alias(self) -> bool:
        """Whether it came the way that Couchbase's clients take."""
        return self.base == ALIAS

    @property
    def is_wrapped(self) -> bool:
        """Whether the result is to be a document, not a bare array."""
        return self.is_alias or self.is_modern or self.parameters.is_jdbc

    @property
    def is_modern(self) -> bool:
        """Whether handles are relative, and name the request too."""
        return not self.parameters.include_host

    @property
    def timeout_s(self) -> float:
        """How long the statements may take."""
        return query_timeout(self.call, self.parameters.timeout_s)

    @property
    def ttl_s(self) -> float:
        """How long results are kept."""
        return self.parameters.result_ttl_s or self.call.services.settings.result_ttl_s

    def elapsed_ns(self) -> int:
        """For how long the client has waited."""
        return int((time.monotonic() - self.call.began) * 1e9)

    def url(self, kind: str, number: int, index: int) -> str:
        """The handle of a result, or of its status."""
        if self.is_modern:
            return f"{self.base}/{kind}/{self.request_id}/{number}-{index}"
        return f"{self.origin}{self.base}/{kind}/{number}-{index}"

    def facts(self) -> Facts:
        """What the reply says about the request."""
        wanted = self.parameters
        return Facts(
            request_id=self.request_id,
            client_context_id=wanted.client_context_id,
            type=wanted.format.type_member,
            shows_signature=wanted.signature,
            shows_plans=wanted.shows_plans,
            shows_times=wanted.profile == "timings",
            is_jdbc=wanted.is_jdbc,
            micro=self.outlet.micro,
        )

    def statements(self) -> Statements:
        """What the agent is to run."""
        wanted = self.parameters
        return Statements(
            work_id=self.request_id,
            session=wanted.session,
            statement=terminated(wanted.statement or "", wanted.dialect),
            timeout_s=self.timeout_s,
            dialect=wanted.dialect,
            dataverse=wanted.dataverse,
            args=wanted.args,
            named_args=wanted.named_args,
            format=wanted.format.rows,
            csv_header=wanted.format.csv_header,
            pretty=wanted.pretty,
            readonly=wanted.readonly,
            multi_statement=wanted.multi_statement,
            parse_only=wanted.parse_only,
            compile_only=wanted.compile_only,
            plans=wanted.plans,
            plan_format=wanted.plan_format or "json",
            profile=wanted.profile,
            sql_compat=wanted.sql_compat,
            typed_signature=wanted.is_jdbc,
            max_warnings=wanted.max_warnings,
            max_bytes=self.call.services.settings.max_result_bytes,
        )

    def run(self) -> RunStatements:
        """The request to the agent, for what is run while the client waits."""
        spool = self.parameters.mode == "deferred"
        return RunStatements(statements=self.statements(), spool=spool, ttl_s=self.ttl_s)


async def given(call: Call) -> Given:
    """What the request gives, read from where its method and content type say; raises Refused."""
    request = call.request
    if request.method == "GET":
        await call.body()
        return from_pairs(request.query_string)
    kind, _ = content_kind(request.headers.get("content-type", ""))
    return from_json(await call.body()) if kind == JSON else await pairs(call)


async def pairs(call: Call) -> Given:
    """The pairs of a form, where the body is one, and of the URI."""
    request = call.request
    kind, charset = content_kind(request.headers.get("content-type", ""))
    body = await call.body()
    if kind.lower() == FORM:
        return from_pairs(_text(body, charset), request.query_string)
    return from_pairs(request.query_string)


def origin(call: Call) -> str:
    """Scheme and host of our URLs as this client sees them; raises BadParameter."""
    request = call.request
    host: str = request.headers.get("host", "")
    if HOST.fullmatch(host) is None:
        parameter, why = "Host", "it is no host name with an optional port"
        raise BadParameter(parameter, why)
    return f"{_scheme(call, request)}://{host}"


def terminated(statement: str, dialect: str) -> str:
    """The statement with a `;`, on a line of its own lest a trailing comment swallow it."""
    if dialect != "sqlpp" or statement.rstrip().endswith(";"):
        return statement
    return f"{statement}\n;" if statement else ";"


def _scheme(call: Call, request: Request) -> str:
    forwarded = request.headers.get("x-forwarded-proto")
    if forwarded and is_trusted(request.ip, call.services.settings.trusted_proxies):
        first = str(forwarded).split(",")[0].strip().lower()
        if first in SCHEMES:
            return first
    transport: Any = request.transport
    is_tls = transport is not None and transport.get_extra_info("sslcontext") is not None
    return "https" if is_tls else "http"


def _text(body: bytes, charset: str) -> str:
    return body.decode(CHARSETS.get(charset.lower(), UTF_8), "replace")
