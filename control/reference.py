"""The reference pages of docs/, made from the tables that the code itself uses."""

from __future__ import annotations

from control.app import all_endpoints
from control.errors import GeoscopeError, StartError, all_errors
from control.errors.agent import AGENT_MEANING, AGENT_STATUS, AgentFailed
from control.settings import CLIENT_PREFIX, CONFIG_VARIABLE, table
from control.web.endpoint import Endpoint
from wire.protocol import ErrorCode

Rows = list[tuple[str, ...]]


def settings_table() -> Rows:
    """Every setting, a head row first."""
    head = ("setting", "type", "unit", "default", "meaning")
    rows = [(s.variable, s.kind, s.unit, s.default, s.meaning) for s in table()]
    return [head, *rows]


def settings_page() -> str:
    """docs/settings.md."""
    return (
        "# Settings\n\n"
        "<!-- made by `python -m control settings --markdown` -->\n\n"
        "Each is an environment variable, or a key in lower case without `GEOSCOPE_` in the TOML\n"
        f"file that `{CONFIG_VARIABLE}` names; the environment wins. An unknown or ill-typed one\n"
        f"stops the start with its name. `{CLIENT_PREFIX}*` are the client's own and never looked\n"
        "at. Sizes are bytes or take a unit (`512MiB`, `2GB`).\n\n" + _markdown(settings_table())
    )


def errors_table() -> Rows:
    """Every error's type, status and meaning, a head row first."""
    head = ("type", "HTTP status", "meaning")
    ours = {kind.type: _row(kind) for kind in all_errors() if _is_answered(kind)}
    agents = {code.value: _agent_row(code) for code in AGENT_STATUS}
    rows = {**agents, **ours}
    return [head, *(rows[name] for name in sorted(rows))]


def errors_page() -> str:
    """docs/errors.md."""
    return (
        "# Errors\n\n"
        "<!-- made by `python -m control errors --markdown` -->\n\n"
        "An error's HTTP status is also `code` in its body; `type` is stable, `message` is for\n"
        "people. Errors of user code and SQL add `ename`, `evalue` and `traceback`.\n\n"
        + _markdown(errors_table())
    )


def endpoints_table() -> Rows:
    """Every endpoint, a head row first."""
    head = ("method", "path", "other paths", "for", "what it does")
    return [head, *(_endpoint(endpoint) for endpoint in all_endpoints())]


def endpoints_page() -> str:
    """docs/endpoints.md."""
    return (
        "# Endpoints\n\n"
        "<!-- made by `python -m control endpoints --markdown` -->\n\n"
        "What each takes is at `/docs` of a running server, and as OpenAPI at\n"
        "`/docs/openapi.json`; both are made from the types that validate the requests.\n\n"
        + _markdown([_quoted(row) for row in endpoints_table()])
    )


def _endpoint(endpoint: Endpoint) -> tuple[str, ...]:
    others = ", ".join(endpoint.aliases)
    return endpoint.method, endpoint.path, others, endpoint.access.value, endpoint.summary


def _quoted(row: tuple[str, ...]) -> tuple[str, ...]:
    """Paths as code, else a renderer takes `<scope>` for a tag of HTML."""
    return tuple(f"`{cell}`" if cell.startswith("/") else cell for cell in row)


def _is_answered(kind: type[GeoscopeError]) -> bool:
    return not issubclass(kind, StartError | AgentFailed)


def _row(kind: type[GeoscopeError]) -> tuple[str, ...]:
    return kind.type, str(kind.status), (kind.__doc__ or "").strip()


def _agent_row(code: ErrorCode) -> tuple[str, ...]:
    return code.value, str(AGENT_STATUS[code]), AGENT_MEANING[code]


def _markdown(rows: Rows) -> str:
    lines = [rows[0], tuple("---" for _ in rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
