"""Several statements of Spark SQL apart, and their parameter markers, by Spark's lexical rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

# In the order in which Spark's lexer tries them; a string may be raw (r'…', no escapes).
_TOKEN: Final = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<line>--(?:\\\n|[^\r\n])*)
    | (?P<block>/\*)
    | (?P<raw>\b[rR](?:'[^']*'|"[^"]*"))
    | (?P<text>'(?:\\.|''|[^'\\])*'|"(?:\\.|""|[^"\\])*")
    | (?P<name>`(?:``|[^`])*`)
    | (?P<end>;)
    | (?P<place>\?)
    | (?P<cast>::)
    | (?P<named>:[A-Za-z_]\w*)
    | (?P<word>\w+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE: Final = re.compile(r"/\*|\*/")
_BLANK: Final = frozenset({"space", "line", "block"})
_ENDS_OPERAND: Final = frozenset({"word", "name", "text"})


@dataclass
class Piece:
    """One statement; `parameters` are its markers: a number for each `?`, or names."""

    text: str
    parameters: list[int | str] = field(default_factory=list)


def split(text: str) -> list[Piece]:
    """The statements in the text, blank ones left out."""
    pieces: list[Piece] = []
    start = at = 0
    is_blank = True
    before = ""
    parameters: list[int | str] = []
    while at < len(text):
        kind, stop = _token(text, at)
        if kind == "end":
            if not is_blank:
                pieces.append(Piece(text[start:at], parameters))
            start, is_blank, parameters = stop, True, []
        elif kind not in _BLANK:
            is_blank = False
            parameters += _marker(kind, before, text[at:stop], len(parameters))
            before = kind if kind != "other" else text[at:stop]
        else:
            before = ""
        at = stop
    if not is_blank:
        pieces.append(Piece(text[start:], parameters))
    return pieces


def _token(text: str, at: int) -> tuple[str, int]:
    found = _TOKEN.match(text, at)
    assert found is not None  # noqa: S101  (the last alternative takes anything)
    kind = found.lastgroup or "other"
    return kind, _block_end(text, found.end()) if kind == "block" else found.end()


def _block_end(text: str, at: int) -> int:
    """Where a comment ends: comments nest; one without an end goes to the end of the text."""
    depth = 1
    while depth:
        edge = _BLOCK_EDGE.search(text, at)
        if edge is None:
            return len(text)
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at


def _marker(kind: str, before: str, token: str, known: int) -> list[int | str]:
    if kind == "place":
        return [known + 1]
    # `a:b`, with nothing between, takes a field out of a variant.
    if kind == "named" and before not in _ENDS_OPERAND and before not in (")", "]"):
        return [token[1:]]
    return []
