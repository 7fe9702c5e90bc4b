"""LIKE patterns and Java's regular expressions, as Python's."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.functions.checks import (
    BAD_LIKE,
    BAD_PATTERN,
    ILLEGAL_ARGUMENT,
    NO_GROUP,
    PlacelessError,
)

_FLAGS: Final = {"s": re.DOTALL, "m": re.MULTILINE, "i": re.IGNORECASE, "x": re.VERBOSE}
_TOKEN: Final = re.compile(r"\\Q.*?(?:\\E|$)|\\[pP]\{\w+\}|\\.|\(\?<(?=[A-Za-z])|.", re.DOTALL)
_GROUP: Final = re.compile(r"\\(.)|\$(?:(\d)|\{(\w+)\})|[\\$]", re.DOTALL)
# Java's named classes, which are of ASCII only.
_CLASSES: Final = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r" \t\n\x0b\f\r",
    "ASCII": r"\x00-\x7f",
    "XDigit": "0-9a-fA-F",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
}


@lru_cache(maxsize=512)
def like_pattern(pattern: str) -> re.Pattern[str]:
    """What LIKE means: % any text, _ any character, a backslash before these takes them as is.

    Between two % the first match will do: it is never tried again, so that no pattern takes long.
    """
    first, *rest = _like_parts(pattern)
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    once = "".join(f"(?>.*?{part})" for part in middle if part)
    return re.compile(f"{first}{once}.*{last}", re.DOTALL)


def _like_parts(pattern: str) -> list[str]:
    """What stands before, between and after the %, as expressions."""
    parts = [""]
    characters = iter(pattern)
    for character in characters:
        if character == "%":
            parts.append("")
            continue
        if character == "_":
            parts[-1] += "."
            continue
        if character == "\\":
            character = next(characters, "")
            if character not in ("%", "_", "\\"):
                message = f"Invalid pattern '{pattern}' for LIKE"
                raise runtime_error(BAD_LIKE, message)
        parts[-1] += re.escape(character)
    return parts


@lru_cache(maxsize=512)
def java_pattern(pattern: str, flags: str = "") -> re.Pattern[str]:
    """Java's pattern with the flags s, m, i and x; other letters say nothing."""
    bits = re.ASCII
    for letter in flags:
        bits |= _FLAGS.get(letter, re.RegexFlag(0))
    try:
        return re.compile("".join(map(_python, _TOKEN.findall(pattern))), bits)
    except re.error as error:
        raise PlacelessError(BAD_PATTERN, _java_words(pattern, error)) from error


def _java_words(pattern: str, error: re.error) -> str:
    """What Java says of the usual slips, and where; of others what Python says."""
    at = error.pos or 0
    words, index = error.msg, at
    if words.startswith("missing )"):
        words, index = "Unclosed group", len(pattern)
    elif words == "unterminated character set":
        words, index = "Unclosed character class", len(pattern) - 1
    elif words.endswith(" repeat") and at < len(pattern):
        words = f"Dangling meta character '{pattern[at]}'"
    elif words == "unbalanced parenthesis":
        words, index = "Unmatched closing ')'", at - 1
    place = f" near index {index}" if index >= 0 else ""
    caret = f"\n{' ' * index}^" if 0 <= index < len(pattern) else ""
    return f"{words}{place}\n{pattern}{caret}"


def java_replacement(match: re.Match[str], replacement: str) -> str:
    """The replacement with $1 and ${name} filled in; \\ takes the next character as it is."""
    return _GROUP.sub(lambda part: _filled(part, match), replacement)


def _filled(part: re.Match[str], match: re.Match[str]) -> str:
    escaped, number, name = part.groups()
    if escaped is not None:
        return str(escaped)
    if number is None and name is None:
        words = "Illegal group reference: group index is missing"
        raise runtime_error(ILLEGAL_ARGUMENT, words)
    try:
        return match[int(number) if number is not None else name] or ""
    except IndexError as error:
        words = f"No group {number if number is not None else name}"
        raise runtime_error(NO_GROUP, words) from error


def _python(piece: str) -> str:
    if piece == "(?<":
        return "(?P<"
    if piece.startswith("\\Q"):
        return re.escape(piece[2:].removesuffix("\\E"))
    if piece.startswith(("\\p{", "\\P{")):
        members = _CLASSES.get(piece[3:-1])
        if members is None:
            words = f"Unknown character property name {{{piece[3:-1]}}}"
            raise runtime_error(BAD_PATTERN, words)
        return f"[{'^' if piece[1] == 'P' else ''}{members}]"
    return {"\\z": "\\Z", "\\Z": "(?=\\n?\\Z)", "\\h": "[ \\t]", "\\R": "(?:\\r\\n|[\\n-\\r])"}.get(
        piece, piece
    )
