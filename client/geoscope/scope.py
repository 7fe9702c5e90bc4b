"""One scope: Python, tables, queries, maps and files in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from geoscope.errors import StatementFailed
from geoscope.files import Files
from geoscope.results import (
    ArrowResult,
    CommandResult,
    Event,
    Picture,
    QueryResult,
    StatementResult,
    events_of,
)
from geoscope.transport import Transport

Params = Mapping[str, Any] | Sequence[Any]
"""Values bound to `:name` or `?` in SQL."""

ARROW: Final = "application/vnd.apache.arrow.stream"


@dataclass(frozen=True)
class Scope:
    """A named workspace on the server; SQL and maps run in `session` of it."""

    transport: Transport
    name: str
    session: str = "spark"

    @property
    def files(self) -> Files:
        """The scope's own folder."""
        return Files(self.transport, self.name)

    def facts(self) -> dict[str, Any]:
        """State, sessions, tables, variables, memory, CPU and disk."""
        return self.transport.ask("GET", self._path())

    def close(self) -> None:
        """Close the scope: everything in it is gone."""
        self.transport.ask("DELETE", self._path())

    def restart(self) -> None:
        """A new namespace and container; files and tables stay."""
        self.transport.ask("POST", self._path("/restart"))

    def interrupt(self, *, everything: bool = False) -> dict[str, Any]:
        """Stop the running command; `everything`: queries and maps too."""
        return self.transport.ask("POST", self._path("/interrupt"), {"all": everything})

    def logs(self, tail: int = 1000) -> str:
        """The last lines that the container wrote."""
        return self.transport.send("GET", self._path("/logs"), params={"tail": tail}).text

    # ------------------------------------------------------------ Python

    def run(self, code: str, timeout_s: float | None = None) -> CommandResult:
        """Run Python; raises CodeFailed with its traceback, TimedOut."""
        return CommandResult.of(self.transport.ask("POST", "/command", self._code(code, timeout_s)))

    def stream(self, code: str, timeout_s: float | None = None) -> Iterator[Event]:
        """Run Python and give its events as they come; the last is `done` with the whole reply."""
        body = {**self._code(code, timeout_s), "stream": True}
        with self.transport.stream("POST", "/command", json=body) as reply:
            reply.encoding = "utf-8"
            yield from events_of(reply.iter_lines(decode_unicode=True))

    # ------------------------------------------------------------ sessions and tables

    def in_session(self, session: str) -> Scope:
        """The same scope, with SQL and maps in another session of it."""
        return replace(self, session=session)

    def create_session(self, session: str, **wishes: Any) -> Scope:
        """Make a session (`app_name`, `configs`, `envs`) and give the scope with it."""
        self.transport.ask("POST", "/session", {**wishes, "scope": self.name, "session": session})
        return self.in_session(session)

    def delete_session(self, session: str) -> None:
        """End a session; its temporary views go with it."""
        path = f"/session/{quote(self.name, safe='')}/{quote(session, safe='')}"
        self.transport.ask("DELETE", path)

    def load(self, *tables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Make tables from files, all or none: `name`, `format`, `path`, `schema`, `options`."""
        return self._tables("/loadfile", tables)

    def create(self, name: str, sql: str) -> dict[str, Any]:
        """Make a table from SQL: name, num_rows, schema."""
        return self._tables("/createtable", [{"name": name, "sql": sql}])[0]

    def save(self, *targets: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Write results to files: `sql`, `format`, `path`, `options`, `mode`."""
        return self._tables("/savefile", targets)

    def tables(self) -> list[dict[str, Any]]:
        """Tables of the scope and views of the session."""
        path = f"/tables/{quote(self.name, safe='')}/{quote(self.session, safe='')}"
        found: list[dict[str, Any]] = self.transport.ask("GET", path)["tables"]
        return found

    def table(self, name: str) -> dict[str, Any]:
        """Schema, columns and rows of a table; raises NotFound."""
        query = {"scope": self.name, "session": self.session, "table": name}
        return self.transport.ask("GET", "/table/schema", params=query)

    # ------------------------------------------------------------ queries and maps

    def query(self, sql: str, params: Params | None = None, **options: Any) -> QueryResult:
        """Run SQL and give its rows; `options`: `limit`, `timeout` (seconds)."""
        body = self._sql(sql, params, {**options, "format": "records"})
        return QueryResult.of(self.transport.ask("POST", "/query", body))

    def arrow(self, sql: str, params: Params | None = None, **options: Any) -> ArrowResult:
        """Run SQL and give an Arrow stream: for many rows, or for pandas."""
        body = self._sql(sql, params, options)
        reply = self.transport.send("POST", "/query", json=body, headers={"Accept": ARROW})
        truncated = reply.headers.get("X-Truncated") == "true"
        return ArrowResult(content=reply.content, truncated=truncated)

    def csv(self, sql: str, params: Params | None = None, **options: Any) -> str:
        """Run SQL and give its rows as CSV with a header."""
        body = self._sql(sql, params, {**options, "format": "csv"})
        reply = self.transport.send("POST", "/query", json=body)
        return reply.content.decode("utf-8")

    def query_service(
        self, statement: str, params: Params | None = None, **options: Any
    ) -> StatementResult:
        """Run SQL++; `params` for `$name` or `?`. Raises StatementFailed.

        `options` as on the wire with `_` for `-`: `readonly`, `timeout` ("10s"), `max_warnings`.
        """
        body: dict[str, Any] = {name.replace("_", "-"): value for name, value in options.items()}
        if isinstance(params, Mapping):
            body |= {f"${name}": value for name, value in params.items()}
        elif params is not None:
            body["args"] = list(params)
        where = {"scope": self.name, "session": self.session, "statement": statement}
        reply = self.transport.ask("POST", "/query/service", {**body, **where})
        if "errors" in reply:
            raise StatementFailed(200, reply)
        return StatementResult.of(reply)

    def draw(self, chart: str, sql: str, **style: Any) -> Picture:
        """A map of the rows of `sql`: pointmap, weighted, heatmap, choropleth.

        `style` needs `width`, `height` (pixels) and `bounding_box`; the rest depends on the chart.
        """
        kind = f"image/{style.get('format', 'png')}"
        body = {**self._sql(sql, None, {}), "params": style}
        reply = self.transport.send("POST", f"/{chart}", json=body, headers={"Accept": kind})
        return Picture.of(reply.content, reply.headers)

    def _path(self, below: str = "") -> str:
        return f"/scope/{quote(self.name, safe='')}{below}"

    def _code(self, code: str, timeout_s: float | None) -> dict[str, Any]:
        body: dict[str, Any] = {"scope": self.name, "command": code}
        return body if timeout_s is None else {**body, "timeout": timeout_s}

    def _sql(self, sql: str, params: Params | None, options: Mapping[str, Any]) -> dict[str, Any]:
        body = {**options, "scope": self.name, "session": self.session, "sql": sql}
        return body if params is None else {**body, "params": params}

    def _tables(self, path: str, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        body = {"scope": self.name, "session": self.session, "tables": [dict(i) for i in items]}
        found: list[dict[str, Any]] = self.transport.ask("POST", path, body)["tables"]
        return found
