"""A value as one row of text, in each of the formats: json, lossless-json, adm, lossless-adm, csv.

The rows carry no line end. Rows are written a million at a time, so a printer is a table from type
to function, looked up once per value, and the text before a field's value is remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.printing.csv import csv_row
from sandbox.sqlpp.printing.formats import adm, json, lossless_adm, lossless_json
from sandbox.sqlpp.printing.pretty import indented, is_json
from sandbox.sqlpp.printing.scalars import string_text
from sandbox.sqlpp.values import Multiset, Value

Printer: TypeAlias = Callable[[Any], str]


@lru_cache(maxsize=4096)
def _before_value(name: str) -> str:
    return f"{string_text(name)}: "


def _objects(table: dict[type, Printer]) -> Printer:
    before = _before_value

    def text(value: dict[str, Value]) -> str:
        fields = [before(name) + table[type(item)](item) for name, item in value.items()]
        return f"{{ {', '.join(fields)} }}"

    return text


def _lists(table: dict[type, Printer], start: str, end: str) -> Printer:
    def text(value: list[Value]) -> str:
        return f"{start}{', '.join([table[type(item)](item) for item in value])}{end}"

    return text


def _printer_of(
    scalars: dict[type, Printer], array: tuple[str, str], bag: tuple[str, str]
) -> Printer:
    table = dict(scalars)
    table[dict] = _objects(table)
    table[list] = _lists(table, *array)
    table[Multiset] = _lists(table, *bag)

    def text(value: Value) -> str:
        try:
            return table[type(value)](value)
        except RecursionError:
            raise runtime_error(_ILLEGAL_STATE, _TOO_DEEP) from None

    return text


_ILLEGAL_STATE: Final = "ASX0052"
_TOO_DEEP: Final = "Illegal state. A value is nested too deeply to be printed"
_SQUARE: Final = ("[ ", " ]")
_PLAIN: Final[dict[str, Printer]] = {
    "json": _printer_of(json(), _SQUARE, _SQUARE),
    "lossless-json": _printer_of(
        lossless_json(), ('{ "orderedlist": [ ', " ] }"), ('{ "unorderedlist": [ ', " ] }")
    ),
    "adm": _printer_of(adm(), _SQUARE, ("{{ ", " }}")),
    "lossless-adm": _printer_of(lossless_adm(), _SQUARE, _SQUARE),
    "csv": csv_row,
}
FORMATS: Final = frozenset(_PLAIN)


def printer(form: str, pretty: bool = False) -> Printer:
    """What turns values into rows of this format; pretty changes rows that are JSON only."""
    plain = _PLAIN[form]
    if not pretty or form == "csv":
        return plain
    if form != "adm":
        return lambda value: indented(plain(value))

    def text(value: Value) -> str:
        line = plain(value)
        return indented(line) if is_json(line) else line

    return text


def row(value: Value, form: str, pretty: bool = False) -> str:
    """One value as one row."""
    return printer(form, pretty)(value)
