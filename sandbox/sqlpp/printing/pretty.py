"""JSON text again, one member a line: what `pretty=true` asks for.

Like the original it works on the plain text: tabs, a space before the colon, lists down the page.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")
_OPEN, _CLOSE = {"{": "}", "[": "]"}, frozenset("}]")


def indented(text: str, depth: int = 1) -> str:
    """The JSON text with each member on its own line; `depth` tabs before the outermost close."""
    out: list[str] = []
    previous = ""
    for token in _TOKEN.findall(text):
        if token in _CLOSE:
            depth -= 1
            # An empty collection stays on its line.
            out.append(" " if previous in _OPEN else "\n" + "\t" * depth)
        elif previous in _OPEN or previous == ",":
            out.append("\n" + "\t" * depth)
        if token in _OPEN:
            depth += 1
        out.append(_token_text(token))
        previous = token
    return "".join(out)


def is_json(text: str) -> bool:
    """Whether a strict JSON reader takes it (an ADM row may well be JSON)."""
    try:
        json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _token_text(piece: str) -> str:
    if piece == ":":
        return " : "
    return _ESCAPED.sub(_rewritten, piece) if "\\u" in piece else piece


def _rewritten(match: re.Match[str]) -> str:
    """Only the controls below space stay escaped, with upper-case digits."""
    code = int(match[1], 16)
    return f"\\u{code:04X}" if code < 0x20 else chr(code)
