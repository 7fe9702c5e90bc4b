"""Every parameter of a statement request: its name, what it may be, and what it is when absent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec

from control.query_service.durations import S, parse_ns
from control.query_service.formats import NAMES, Format, accepted
from control.query_service.given import Given
from control.query_service.problems import bad_value

Mode = Literal["immediate", "deferred", "async"]
Reader = Callable[[str], Any]
INT64: Final = range(-(2**63), 2**63)
NUMBER: Final = re.compile(r"[+-]?[0-9]{1,19}")
AS_USUAL: Final = "-1"
MAX_TTL_S: Final = 7 * 86_400.0
"""A result is kept so long at most, whatever `result-ttl` asks for."""


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks for. Times are seconds; None: as the settings say."""

    statement: str | None = None
    scope: str | None = None
    session: str = "spark"
    dialect: Literal["sqlpp", "spark"] = "sqlpp"
    client_context_id: str = ""
    dataverse: str | None = None
    mode: Mode = "immediate"
    format: Format = Format()
    timeout_s: float | None = None
    result_ttl_s: float | None = None
    max_result_reads: int = 1
    max_warnings: int = 0
    profile: Literal["counts", "timings", "off"] = "counts"
    plan_format: Literal["json", "string", "dot"] | None = None
    plans: list[str] = []
    pretty: bool = False
    readonly: bool = False
    multi_statement: bool = True
    signature: bool = True
    parse_only: bool = False
    compile_only: bool = False
    sql_compat: bool = False
    include_host: bool = True
    is_jdbc: bool = False
    args: list[Any] = []
    named_args: dict[str, Any] = {}

    @property
    def shows_plans(self) -> bool:
        """Whether the reply has a member `plans`."""
        return self.is_jdbc or bool(self.plans) or self.plan_format is not None


def read(given: Given, accept: str) -> Parameters:
    """The parameters of a request; raises Refused for the first that is wrong."""
    values: dict[str, Any] = {}
    for name, member, reader in TABLE:
        text = given.text(name)
        if text is not None:
            values[member] = _read(name, text, reader)
    if "format" not in values and accept:
        values["format"] = accepted(accept)
    plans = [member for name, member in PLANS if _is_asked(given, name)]
    return Parameters(**values, plans=plans, args=given.args(), named_args=given.named())


def _read(name: str, text: str, reader: Reader) -> Any:
    try:
        return reader(text)
    except (ValueError, KeyError) as error:
        raise bad_value(name, text) from error


def _is_asked(given: Given, name: str) -> bool:
    text = given.text(name)
    return text is not None and bool(_read(name, text, _flag))


def _choice(choices: Mapping[str, Any]) -> Reader:
    return lambda text: choices[text.lower()]


def _one_of(*words: str) -> Reader:
    return _choice({word: word for word in words})


def _whole(text: str) -> int:
    if NUMBER.fullmatch(text) is None or int(text) not in INT64:
        raise ValueError(text)
    return int(text)


def _reads(text: str) -> int:
    number = _whole(text)
    if number < 1:
        raise ValueError(text)
    return number


def _warnings(text: str) -> int:
    return max(0, _whole(text))


def _timeout(text: str) -> float | None:
    ns = parse_ns(text)
    if ns < 0:
        raise ValueError(text)
    # Without a limit of its own it still has the server's.
    return ns / S if ns else None


def _ttl(text: str) -> float | None:
    if text == AS_USUAL:
        return None
    ns = parse_ns(text)
    if ns <= 0:
        raise ValueError(text)
    return min(ns / S, MAX_TTL_S)


def _filled(text: str) -> str | None:
    return text or None


_flag: Final = _choice({"true": True, "false": False})

TABLE: Final[tuple[tuple[str, str, Reader], ...]] = (
    ("statement", "statement", str),
    ("client_context_id", "client_context_id", str),
    ("dataverse", "dataverse", _filled),
    ("format", "format", lambda text: Format(rows=NAMES[text.lower()])),
    ("mode", "mode", _one_of("immediate", "deferred", "async")),
    (
        "plan-format",
        "plan_format",
        _choice({"json": "json", "clean_json": "json", "string": "string", "dot": "dot"}),
    ),
    ("profile", "profile", _one_of("counts", "timings", "off")),
    ("timeout", "timeout_s", _timeout),
    ("result-ttl", "result_ttl_s", _ttl),
    ("max-result-reads", "max_result_reads", _reads),
    ("max-warnings", "max_warnings", _warnings),
    ("client-type", "is_jdbc", _choice({"asterix": False, "jdbc": True})),
    ("dialect", "dialect", _one_of("sqlpp", "spark")),
    ("pretty", "pretty", _flag),
    ("readonly", "readonly", _flag),
    ("multi-statement", "multi_statement", _flag),
    ("signature", "signature", _flag),
    ("parse-only", "parse_only", _flag),
    ("compile-only", "compile_only", _flag),
    ("sql-compat", "sql_compat", _flag),
    ("include-host", "include_host", _flag),
    ("scope", "scope", _filled),
    ("session", "session", lambda text: text or "spark"),
)
"""Name on the wire, member of Parameters, reader; in the order in which they are looked at."""

PLANS: Final = (
    ("expression-tree", "expressionTree"),
    ("rewritten-expression-tree", "rewrittenExpressionTree"),
    ("logical-plan", "logicalPlan"),
    ("optimized-logical-plan", "optimizedLogicalPlan"),
    ("job", "job"),
)
"""Parameter, and the member of `plans` that it asks for."""
