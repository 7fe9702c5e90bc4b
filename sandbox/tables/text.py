"""Readers of text: CSV and JSON, with the file looked at first where Spark would guess wrong."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import DataFrame

from sandbox.tables.quoting import COMPRESSED, look
from sandbox.tables.sources import Reading, read_text, reads

HEAD_BYTES = 64 * 1024
_PLAIN_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1"})


@reads("csv")
def read_csv(reading: Reading) -> DataFrame:
    """Rows of a CSV; without a schema the first line names the columns."""
    options = reading.options
    if reading.source.schema is None and "inferschema" not in options:
        options.setdefault("header", "true")
    return read_text(reading, "csv", _quoting(reading.found.files, options) | options)


@reads("json")
def read_json(reading: Reading) -> DataFrame:
    """One object a line, or one array of objects, or objects over several lines."""
    spans = any(map(_is_document, reading.found.files))
    return read_text(reading, "json", {"multiline": str(spans).lower()} | reading.options)


def _quoting(files: tuple[str, ...], options: dict[str, str]) -> dict[str, str]:
    """What Spark is told about quotes where the request does not say it."""
    encoding = options.get("encoding", options.get("charset", "utf-8")).lower()
    if "linesep" in options or encoding not in _PLAIN_ENCODINGS:
        return {"multiline": str("linesep" not in options).lower()}
    quote, delimiter = options.get("quote", '"'), _delimiter(options)
    if len(quote) != 1 or len(delimiter) != 1:
        return {}
    seen = look(files, quote, delimiter)
    return {"multiline": str(seen.spans_lines).lower(), "escape": seen.escape}


def _delimiter(options: dict[str, str]) -> str:
    given = options.get("delimiter", options.get("sep", ","))
    return "\t" if given == "\\t" else given


def _is_document(name: str) -> bool:
    """Whether a JSON file is not one object a line: it begins with `[`, or with an open `{`."""
    if name.endswith(COMPRESSED):
        return False
    with Path(name).open("rb") as file:
        head = file.read(HEAD_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n")
    first = head.split(b"\n", 1)[0].strip()
    return head.startswith(b"[") or first == b"{"
