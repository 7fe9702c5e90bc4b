"""Formats of rows: by name, or by what a client accepts."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from wire.messages import RowFormat

NAMES: Final[dict[str, RowFormat]] = {
    "json": "json",
    "csv": "csv",
    "adm": "adm",
    "lossless-adm": "lossless-adm",
    "lossless-json": "lossless-json",
}
CHARSETS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "us-ascii",
    "iso-8859-1": "iso-8859-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "windows-1252",
    "utf-16": "utf-16",
    "utf-16be": "utf-16be",
    "utf-16le": "utf-16le",
}
"""The charsets that a reply may have, by the names that they are asked for."""
UTF_8: Final = "utf-8"
NEEDS_QUOTING: Final = frozenset({"adm", "csv"})


@dataclass(frozen=True, kw_only=True)
class Format:
    """How rows are printed."""

    rows: RowFormat = "json"
    csv_header: bool = False

    @property
    def type_member(self) -> str | None:
        """What the member `type` says; there is none where rows are JSON."""
        return self.content_type if self.rows in NEEDS_QUOTING else None

    @property
    def content_type(self) -> str:
        """The content type of a result by itself."""
        if self.rows == "csv":
            return f"text/csv; header={'present' if self.csv_header else 'absent'}"
        return "application/x-adm" if self.rows == "adm" else "application/json"


def accepted(header: str) -> Format:
    """The first type of an Accept header that is known; JSON where there is none."""
    for part in header.lower().split(","):
        kind, *attributes = (piece.strip() for piece in part.split(";"))
        facts = {name.strip(): value.strip() for name, _, value in _split(attributes)}
        if kind == "application/json":
            return Format(rows=_json_rows(facts))
        if kind == "text/csv":
            return Format(rows="csv", csv_header=facts.get("header") == "present")
        if kind == "application/x-adm":
            return Format(rows="adm")
    return Format()


def accepted_charset(header: str) -> str:
    """The known charset that is wanted most; UTF-8 where there is none."""
    best, most = UTF_8, 0.0
    for part in header.lower().split(","):
        name, _, quality = part.partition(";")
        weight = _weight(quality)
        found = CHARSETS.get(name.strip())
        if found is not None and weight > most:
            best, most = found, weight
    return best


class Recoder:
    """UTF-8 into another charset as it comes; what that charset lacks becomes `?`."""

    def __init__(self, charset: str) -> None:
        self._decoder = codecs.getincrementaldecoder(UTF_8)("replace")
        self._encoder = codecs.getincrementalencoder(charset)("replace")

    def __call__(self, piece: bytes) -> bytes:
        """What is known of the text so far, beyond what was given before."""
        return self._encoder.encode(self._decoder.decode(piece))


def _json_rows(facts: dict[str, str]) -> RowFormat:
    if facts.get("lossless") == "true":
        return "lossless-json"
    return "lossless-adm" if facts.get("lossless-adm") == "true" else "json"


def _split(attributes: list[str]) -> list[tuple[str, str, str]]:
    return [attribute.partition("=") for attribute in attributes]


def _weight(quality: str) -> float:
    name, _, value = quality.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0
