"""Functions with regular expressions; an optional last argument carries flags."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.checks import integer_argument, mismatch
from sandbox.sqlpp.functions.function import STRING, Function, warning
from sandbox.sqlpp.functions.patterns import java_pattern, java_replacement, like_pattern
from sandbox.sqlpp.values import Value


def _with_flags(name: str, apply: Callable[[str, re.Pattern[str]], Value]) -> Function:
    def call(context: Context, args: list[Value]) -> Value:
        for index, value in enumerate(args):
            if type(value) is not str:
                return mismatch(context, name, index, "string", value)
        return apply(args[0], java_pattern(*args[1:]))

    return Function(name, 2, 3, call)


def _position(offset: int) -> Callable[[str, re.Pattern[str]], int]:
    def apply(text: str, pattern: re.Pattern[str]) -> int:
        found = pattern.search(text)
        return found.start() + offset if found else -1

    return apply


def _replace(context: Context, args: list[Value]) -> Value:
    name, flags, limit = "regexp-replace", "", -1
    for index, value in enumerate(args[:3]):
        if type(value) is not str:
            return mismatch(context, name, index, "string", value)
    if len(args) > 3 and type(args[3]) is str:
        flags = args[3]
    elif len(args) > 3:
        number = integer_argument(context, name, 3, args[3])
        if number is None:
            return None
        limit = number
    if limit == 0:
        return args[0]
    pattern, replacement = java_pattern(args[1], flags), args[2]
    return pattern.sub(
        lambda match: java_replacement(match, replacement), args[0], count=max(limit, 0)
    )


def _split(text: str, expression: str) -> list[str]:
    pieces, start = [], 0
    for match in java_pattern(expression).finditer(text):
        # A match of nothing splits neither before the first nor after the last character.
        if match.end() == 0 or match.start() == match.end() == len(text):
            continue
        pieces.append(text[start : match.start()])
        start = match.end()
    pieces.append(text[start:])
    # Nothing is kept of empty pieces at the end, unless there is but one.
    while start and pieces and not pieces[-1]:
        pieces.pop()
    return pieces


def _matches(text: str, expression: str) -> list[str]:
    return [match[0] for match in java_pattern(expression).finditer(text)]


def _like(text: str, pattern: str) -> bool:
    return like_pattern(pattern).fullmatch(text) is not None


FUNCTIONS: Final = (
    warning("like", (STRING, STRING), _like),
    _with_flags("matches", lambda text, pattern: pattern.search(text) is not None),
    _with_flags("regexp-like", lambda text, pattern: pattern.fullmatch(text) is not None),
    _with_flags("regexp-position", _position(0)),
    _with_flags("regexp-position1", _position(1)),
    Function("regexp-replace", 3, 4, _replace),
    warning("regexp-matches", (STRING, STRING), _matches),
    warning("regexp-split", (STRING, STRING), _split),
)
