"""LOAD: objects out of the scope's files, in ADM, JSON or delimited text."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from sandbox.failure import AgentFailure
from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import SqlppError, runtime_error
from sandbox.sqlpp.functions import registry
from sandbox.sqlpp.interpret.evaluate import Environment, evaluate
from sandbox.sqlpp.program import compile_program
from sandbox.sqlpp.tree.statements import Load, Query
from sandbox.sqlpp.values import Value
from sandbox.statements.datasets.declaration import Declaration
from sandbox.statements.datasets.types import FieldSpec, Scalar
from sandbox.statements.sqlpp.request import Request
from wire.protocol import ErrorCode

_SCHEMES: Final = ("file://", "localhost:///", "localhost://", "127.0.0.1:///", "127.0.0.1://")
_PARSERS: Final = {"json": "json", "adm": "adm", "delimited-text": "csv", "csv": "csv"}


def loaded(request: Request, statement: Load, declared: Declaration) -> Iterator[dict[str, Any]]:
    """The objects of the files that a statement names."""
    given = {name.lower(): value for name, value in statement.properties}
    form = _PARSERS.get(given.get("format", "").lower())
    if statement.adapter.lower() not in ("localfs", "file") or form is None or "path" not in given:
        code = "ASX1079"
        message = (
            "Compilation error: LOAD takes localfs with a path and format adm, json or "
            "delimited-text"
        )
        raise SqlppError(code, message, statement.position)
    for path in _paths(request, given["path"]):
        with path.open(encoding="utf-8", newline="") as lines:
            if form == "csv":
                yield from _delimited(lines, given, declared)
            else:
                yield from _values("".join(lines), _from_json if form == "json" else _from_adm)


def _paths(request: Request, listed: str) -> list[Path]:
    found: list[Path] = []
    for written in listed.split(","):
        path = written.strip()
        for scheme in _SCHEMES:
            path = path.removeprefix(scheme)
        files = request.scope.paths.find("", path).files
        found += [Path(name) for name in files]
    return found


def _values(text: str, parse: Callable[[str], Value]) -> Iterator[dict[str, Any]]:
    """One object a line, or over several: a line that is no whole object goes on."""
    pending = ""
    for line in text.splitlines():
        pending += line + "\n"
        if not pending.strip():
            pending = ""
        elif line.rstrip().endswith(("}", "},")):
            try:
                value = parse(pending.strip().removesuffix(","))
            except (ValueError, SqlppError):
                continue
            pending = ""
            yield value
    if pending.strip():
        code, words = "ASX3054", f"the text is no object: {pending.strip()[:100]}"
        raise runtime_error(code, words)


def _from_json(text: str) -> Value:
    return json.loads(text)


def _from_adm(text: str) -> Value:
    (query,) = compile_program(f"({text});").statements
    assert isinstance(query, Query)  # noqa: S101
    (value,) = evaluate(query, Environment())
    return value


def _delimited(
    lines: Iterator[str], given: dict[str, str], declared: Declaration
) -> Iterator[dict[str, Any]]:
    fields = declared.type.fields
    reader = csv.reader(
        lines, delimiter=given.get("delimiter", ","), quotechar=given.get("quote", '"')
    )
    if given.get("header", "false").lower() == "true":
        next(reader, None)
    for row in reader:
        if row:
            yield {
                field.name: _typed(field, text)
                for field, text in zip(fields, row, strict=False)
                if text or not field.optional
            }


def _typed(field: FieldSpec, text: str) -> Value:
    name = field.type.name if isinstance(field.type, Scalar) else "string"
    if name in ("string", "any"):
        return text
    construct = registry.find(name)
    value = None if construct is None else construct.call(Context(), [text])
    if value is None:
        raise AgentFailure(
            ErrorCode.SQL_ERROR, f"field {field.name}: {text[:100]!r} is no {field.type.word}"
        )
    return value
