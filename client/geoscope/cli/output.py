"""What the commands print: tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

console: Final = Console()
errors: Final = Console(stderr=True)


def say(text: str) -> None:
    """A line, as it is."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def complain(text: str) -> None:
    """A line on standard error, as it is."""
    errors.print(text, markup=False, highlight=False, soft_wrap=True)


def show(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """Rows as a table; the columns of the first row unless given."""
    listed = list(rows)
    names = list(columns or (listed[0] if listed else ()))
    table = Table(*names, header_style="bold")
    for row in listed:
        table.add_row(*(_text(row.get(name)) for name in names))
    console.print(table)


def _text(value: Any) -> str:
    return "" if value is None else str(value).replace("[", r"\[")
