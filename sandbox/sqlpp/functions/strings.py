"""String functions: positions count characters (code points), from 0 unless the name ends in 1."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, NoReturn

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.functions.checks import (
    ILLEGAL_ARGUMENT,
    check_size,
    count_argument,
    integer_argument,
    mismatch,
    unsupported,
)
from sandbox.sqlpp.functions.function import STRING, Function, fixed, warning
from sandbox.sqlpp.values import (
    COLLECTIONS,
    INT64_MAX,
    INT64_MIN,
    INTEGERS,
    MISSING,
    Value,
    type_name,
)

_MALFORMED: Final = "ASX3021"
_LAST_CODE_POINT: Final = 0x10FFFF


def of_strings(name: str, count: int, apply: Callable[..., Value]) -> Function:
    """A function whose arguments are all strings."""
    return warning(name, (STRING,) * count, apply)


def _each(text: str, change: Callable[[str], str]) -> str:
    """Change character by character; one that would become several stays, as in Java."""
    if text.isascii():
        return change(text)
    return "".join(changed if len(changed := change(c)) == 1 else c for c in text)


def _lower(text: str) -> str:
    # The dot that Python puts after the i of a dotted capital is left out.
    return _each(text.replace("İ", "i"), str.lower)


def _upper(text: str) -> str:
    return _each(text, str.upper)


def _initcap(text: str) -> str:
    if text.isascii():
        return text.title()
    out, after_letter = [], False
    for character in text:
        out.append(_lower(character) if after_letter else _each(character, str.title))
        after_letter = character.isalpha()
    return "".join(out)


def _trimmer(name: str, strip: Callable[[str, str], str]) -> Function:
    def call(context: Context, args: list[Value]) -> Value:
        for index, value in enumerate(args):
            if type(value) is not str:
                return mismatch(context, name, index, "string", value)
        return strip(args[0], args[1] if len(args) > 1 else " ")

    return Function(name, 1, 2, call)


def _position(text: str, part: str) -> int:
    return text.find(part)


def _position1(text: str, part: str) -> int:
    found = text.find(part)
    return found + 1 if found >= 0 else -1


def _repeat(context: Context, args: list[Value]) -> Value:
    count = count_argument(context, "repeat", 1, args[1])
    if count is None:
        return None
    if type(args[0]) is not str:
        return mismatch(context, "repeat", 0, "string", args[0])
    check_size("repeat", count * len(args[0]))
    return args[0] * count


def _replace(context: Context, args: list[Value]) -> Value:
    for index, value in enumerate(args[:3]):
        if type(value) is not str:
            return mismatch(context, "replace", index, "string", value)
    limit: int | None = -1
    if len(args) > 3:
        limit = integer_argument(context, "replace", 3, args[3])
    if limit is None:
        return None
    text, old, new = args[:3]
    # Nothing is found once, at the beginning.
    return text.replace(old, new, limit if old or limit == 0 else 1)


def _split(text: str, separator: str) -> list[str]:
    if separator:
        return text.split(separator)
    return list(text)


def _substring(name: str, first: int) -> Function:
    def call(context: Context, args: list[Value]) -> Value:
        text, numbers = args[0], []
        for index, value in enumerate(args[1:], 1):
            number = integer_argument(context, name, index, value)
            if number is None:
                return None
            numbers.append(number)
        if type(text) is not str:
            return mismatch(context, name, 0, "string", text)
        return _part(text, numbers[0], first, numbers[1] if len(numbers) > 1 else len(text))

    return Function(name, 2, 3, call)


def _part(text: str, start: int, first: int, length: int) -> str | None:
    if start < 0:
        start += len(text)
    elif start:
        start -= first
    if not 0 <= start < len(text) or length < 0:
        return None
    return text[start : start + length]


def _before(text: str, part: str) -> str:
    found = text.find(part)
    return text[:found] if found > 0 else ""


def _after(text: str, part: str) -> str:
    return text.partition(part)[2] if part else text


def _concat(context: Context, args: list[Value]) -> Value:
    return _joined(context, "string-concat", args, "", "string")


def _concat_list(context: Context, args: list[Value]) -> Value:
    if type(args[0]) not in COLLECTIONS:
        return mismatch(context, "string-concat", 0, "string", args[0])
    return _joined(context, "string-concat", args[0], "", "string")


def _join(context: Context, args: list[Value]) -> Value:
    parts, separator = args
    if type(separator) is not str:
        return mismatch(context, "string-join", 1, "string", separator)
    if type(parts) not in COLLECTIONS:
        return mismatch(context, "string-join", 0, "array", parts)
    return _joined(context, "string-join", parts, separator, "array")


def _joined(
    context: Context, name: str, parts: list[Value], separator: str, expected: str
) -> Value:
    if any(part is MISSING for part in parts):
        return MISSING
    if any(part is None for part in parts):
        return None
    for index, part in enumerate(parts):
        if type(part) is not str:
            return mismatch(context, name, index if expected == "string" else 0, expected, part)
    return separator.join(parts)


def _to_string(context: Context, args: list[Value]) -> Value:
    name, points = "codepoint-to-string", args[0]
    if type(points) is not list:
        return mismatch(context, name, 0, "array", points)
    for point in points:
        if point is None or point is MISSING:
            return point
        if type(point) not in INTEGERS:
            return unsupported(context, name, type_name(point))
        if not 0 <= point <= _LAST_CODE_POINT:
            words = f"Not a valid Unicode code point: 0x{point & 0xFFFFFFFF:X}"
            raise runtime_error(ILLEGAL_ARGUMENT, words)
    return "".join(map(chr, points))


def _parse_json(context: Context, args: list[Value]) -> Value:
    if type(args[0]) is not str:
        return mismatch(context, "parse-json", 0, "string", args[0])
    try:
        return json.loads(args[0], parse_int=_json_integer, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        context.warn(_MALFORMED, "Malformed input stream")
        return None


def _json_integer(text: str) -> Any:
    value = int(text)
    return value if INT64_MIN <= value <= INT64_MAX else float(text)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


FUNCTIONS: Final = (
    Function("concat", 0, None, _concat),
    fixed("string-concat", 1, _concat_list),
    fixed("string-join", 2, _join),
    of_strings("string-length", 1, len),
    of_strings("lowercase", 1, _lower),
    of_strings("uppercase", 1, _upper),
    of_strings("initcap", 1, _initcap),
    _trimmer("trim", str.strip),
    _trimmer("ltrim", str.lstrip),
    _trimmer("rtrim", str.rstrip),
    of_strings("contains", 2, lambda text, part: part in text),
    of_strings("starts-with", 2, str.startswith),
    of_strings("ends-with", 2, str.endswith),
    of_strings("position", 2, _position),
    of_strings("position1", 2, _position1),
    fixed("repeat", 2, _repeat),
    Function("replace", 3, 4, _replace),
    of_strings("reverse", 1, lambda text: text[::-1]),
    of_strings("split", 2, _split),
    _substring("substring", 0),
    _substring("substring1", 1),
    of_strings("substring-before", 2, _before),
    of_strings("substring-after", 2, _after),
    of_strings("string-to-codepoint", 1, lambda text: list(map(ord, text))),
    fixed("codepoint-to-string", 1, _to_string),
    fixed("parse-json", 1, _parse_json),
)
