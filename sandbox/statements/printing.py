"""Rows as they travel: members of an array with a separator in front, or lines of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Final

from sandbox.sqlpp.printing import csv_header, printer
from sandbox.sqlpp.values import Value
from sandbox.statements.sinks import SEPARATOR
from wire.messages import RowFormat, Statements

_AS_TEXT: Final = frozenset({"adm", "lossless-adm", "csv"})
"""Formats whose rows are JSON strings where they are members of an array."""


class RowPrinter:
    """Prints rows in one format, framed for one kind of sink."""

    def __init__(self, fmt: RowFormat, *, pretty: bool, is_array: bool) -> None:
        self.format = fmt
        self.is_array = is_array
        # The original does not indent what it keeps for later.
        self.pretty = pretty and is_array
        self._text = printer(fmt, self.pretty)
        self._end = "\r\n" if fmt == "csv" else "" if self.pretty else "\n"
        self._frame = self._framing()

    @classmethod
    def of(cls, statements: Statements, *, is_array: bool) -> RowPrinter:
        """The printer that a request asks for."""
        return cls(statements.format, pretty=statements.pretty, is_array=is_array)

    def rows(self, values: Iterable[Value]) -> bytes:
        """Rows of text, each with what stands around it."""
        return self.joined([self.text(value) for value in values])

    def text(self, value: Value) -> str:
        """One row with what stands around it."""
        return self._frame(self._text(value))

    def joined(self, texts: list[str]) -> bytes:
        """Rows as bytes."""
        return "".join(texts).encode("utf-8", "surrogatepass")

    def header(self, names: list[str]) -> bytes:
        """The names of the columns as a row of their own, for csv."""
        return self._frame(csv_header(names)).encode()

    def _framing(self) -> Callable[[str], str]:
        end = self._end
        if not self.is_array:
            return lambda text: text + end
        separator = SEPARATOR.decode()
        if self.format not in _AS_TEXT:
            return lambda text: f"{separator}{text}{end}"
        return lambda text: f"{separator}{json.dumps(text + end, ensure_ascii=False)}"
