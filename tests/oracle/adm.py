"""Rows of ADM text as Python values, as far as comparing them needs."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\{\{|\}\}|[{}\[\],:()]|[^\s{}\[\],:()"]+)')
_CLOSING = {"{": "}", "{{": "}}", "[": "]", "(": ")"}


def fields_sorted(row: str) -> str:
    """The row with the fields of every object in the order of their names."""
    tokens = _TOKEN.findall(row)
    text, position = _value(tokens, 0)
    assert position == len(tokens), row
    return text


def _value(tokens: list[str], position: int) -> tuple[str, int]:
    token = tokens[position]
    if token not in _CLOSING:
        if tokens[position + 1 : position + 2] == ["("]:  # A constructor: date("…").
            inner, position = _items(tokens, position + 1)
            return f"{token}({', '.join(inner)})", position
        return token, position + 1
    items, position = _items(tokens, position)
    ordered = sorted(items) if token == "{" else items
    return f"{token} {', '.join(ordered)} {_CLOSING[token]}", position


def _items(tokens: list[str], position: int) -> tuple[list[str], int]:
    closing = _CLOSING[tokens[position]]
    items: list[Any] = []
    position += 1
    while tokens[position] != closing:
        if tokens[position] == ",":
            position += 1
        item, position = _value(tokens, position)
        if tokens[position] == ":":
            value, position = _value(tokens, position + 1)
            item = f"{item}: {value}"
        items.append(item)
    return items, position + 1
