"""Binary values: parts, places and texts of them, positions from 0."""

from __future__ import annotations

import base64
from typing import Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.functions.checks import TYPE_MISMATCH, item_error, mismatch_words, type_error
from sandbox.sqlpp.functions.constructors import base64_of, hex_of
from sandbox.sqlpp.functions.function import BINARY, INTEGER, STRING, Function, fixed, refusing
from sandbox.sqlpp.values import COLLECTIONS, Value

_PARSE, _PRINT, _CONCAT = "parse-binary", "print-binary", "binary-concat"
_LENGTH: Final = "binary-length"
_COMPILED_MISMATCH: Final = TYPE_MISMATCH.replace("ASX0", "ASX1")


def _parse(text: str, form: str) -> Value:
    parse = {"hex": hex_of, "base64": base64_of}.get(form.lower())
    if parse is None:
        raise item_error(_PARSE, form)
    return parse(text)


def _print(value: bytes, form: str) -> str:
    if form.lower() == "hex":
        return value.hex().upper()
    if form.lower() == "base64":
        return base64.b64encode(value).decode()
    raise item_error(_PRINT, form)


def _length(_: Context, args: list[Value]) -> Value:
    if type(args[0]) is not bytes:
        raise SqlppError(_COMPILED_MISMATCH, mismatch_words(_LENGTH, 0, "binary", args[0]))
    return len(args[0])


def _concat(_: Context, args: list[Value]) -> Value:
    parts = args[0]
    if type(parts) not in COLLECTIONS:
        raise type_error(_CONCAT, 0, "multiset or array", parts)
    for part in parts:
        if type(part) is not bytes:
            raise item_error(_CONCAT, part)
    return b"".join(parts)


def _sub(value: bytes, start: int, length: int) -> bytes:
    start = max(start, 0)
    return value[start : start + max(length, 0)]


def _sub_rest(value: bytes, start: int) -> bytes:
    return value[max(start, 0) :]


def _find(value: bytes, part: bytes, start: int = 0) -> int:
    return value.find(part, max(start, 0))


def _either(name: str, short: Function, long: Function) -> Function:
    """One name for two functions, the longer one with an argument more."""

    def call(context: Context, args: list[Value]) -> Value:
        chosen = short if len(args) == short.max_args else long
        return chosen.call(context, args)

    return Function(name, short.min_args, long.max_args, call)


def _sub_binary() -> Function:
    name = "sub-binary"
    short = refusing(name, (BINARY, INTEGER), _sub_rest)
    return _either(name, short, refusing(name, (BINARY, INTEGER, INTEGER), _sub))


def _find_binary() -> Function:
    name = "find-binary"
    short = refusing(name, (BINARY, BINARY), _find)
    return _either(name, short, refusing(name, (BINARY, BINARY, INTEGER), _find))


FUNCTIONS: Final = (
    refusing(_PARSE, (STRING, STRING), _parse),
    refusing(_PRINT, (BINARY, STRING), _print),
    fixed(_LENGTH, 1, _length),
    fixed(_CONCAT, 1, _concat),
    _sub_binary(),
    _find_binary(),
)
