"""The SQL++ cases as files: `<chapter>/<name>.sqlpp` and, beside it, `<name>.expected`.

A `.sqlpp` file may open with header lines, which are not part of the statement:

    -- unordered             rows come in any order
    -- unordered fields      fields in any order: the original begins with those of known type
    -- parameters: {…}       request parameters ("$x", "args", "multi-statement", …) as JSON
    -- store                 needs what only a store enforces or keeps: types, views, metadata
    -- differs: reason       we answer otherwise than the original, on purpose; the answer is ours

An `.expected` file holds the rows as ADM text, one a line, the results of several statements apart
by a line `---`, then `error: …`, then the warnings, each once, as lines `warning: …`. Warnings
about the original's plan (cross products) are none of ours.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle.adm import fields_sorted

FOLDER = Path(__file__).parents[1] / "cases" / "sqlpp"
SETUP = FOLDER / "setup.sqlpp"
DATAVERSE = "cases"
_BETWEEN = "---"
_OF_THE_PLAN = "HYR10007"
_HEADERS = {"unordered", "unordered fields", "parameters", "store", "differs"}
_NOT_A_ROW = (_BETWEEN, "error: ", "warning: ")


@dataclass(frozen=True)
class Answer:
    """What a request came back with, as far as a case looks at it."""

    results: tuple[tuple[str, ...], ...] = ()
    error: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As an `.expected` file has it."""
        lines: list[str] = []
        for number, rows in enumerate(self.results):
            lines += [_BETWEEN] * (number > 0) + list(rows)
        if self.error is not None:
            lines.append(f"error: {_one_line(self.error)}")
        ours = {text for text in self.warnings if not text.startswith(_OF_THE_PLAN)}
        lines += [f"warning: {_one_line(text)}" for text in sorted(ours)]
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Case:
    """One request and what it must answer."""

    path: Path
    statement: str
    unordered: bool = False
    unordered_fields: bool = False
    needs_store: bool = False
    differs: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Chapter and name, as in `joins/left_outer`."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def expected_path(self) -> Path:
        """Where its answer is."""
        return self.path.with_suffix(".expected")

    @property
    def expected(self) -> str:
        """Its answer as text, in an order of its own where order does not count."""
        return self.comparable(self.expected_path.read_text())

    def comparable(self, text: str) -> str:
        """The text of an answer, in an order of its own where order does not count."""
        if self.unordered_fields:
            lines = text.splitlines()
            rows = (x if x.startswith(_NOT_A_ROW) else fields_sorted(x) for x in lines)
            text = "".join(f"{row}\n" for row in rows)
        if not self.unordered:
            return text
        blocks = text.split(f"{_BETWEEN}\n")
        return f"{_BETWEEN}\n".join("".join(sorted(b.splitlines(keepends=True))) for b in blocks)


def all_cases(folder: Path = FOLDER) -> list[Case]:
    """Every case, by chapter and name."""
    return [read_case(path) for path in sorted(folder.glob("*/*.sqlpp"))]


def read_case(path: Path) -> Case:
    """The case of a `.sqlpp` file."""
    header: dict[str, str] = {}
    lines = path.read_text().splitlines(keepends=True)
    while lines and (found := _header_line(lines[0])):
        header[found[0]] = found[1]
        del lines[0]
    return Case(
        path,
        "".join(lines).rstrip("\n"),
        unordered="unordered" in header,
        unordered_fields="unordered fields" in header,
        needs_store="store" in header,
        differs=header.get("differs"),
        parameters=json.loads(header.get("parameters", "{}")),
    )


def _header_line(line: str) -> tuple[str, str] | None:
    if not line.startswith("-- "):
        return None
    key, _, value = line[3:].strip().partition(":")
    return (key, value.strip()) if key in _HEADERS else None


def _one_line(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
