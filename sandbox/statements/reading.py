"""The rows that a job left, as they are read: lines, or an array around them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, Final

from sandbox.statements.sinks import SEPARATOR
from wire.messages import JobResult, ResultHead, RowFormat

BLOCK_BYTES: Final = 256 * 1024
_OPEN, _CLOSE = b"[ ", b" ]\n"
_ARRAYS: Final = frozenset({"json", "lossless-json"})
"""Formats that have an array around their rows unless told otherwise."""


class KeptRows:
    """A payload over one file of lines; a line is a row, for no row holds a line end."""

    def __init__(self, file: BinaryIO, result: JobResult, fmt: RowFormat, wrap: bool | None):
        self._file = file
        self._is_wrapped = fmt != "csv" and (fmt in _ARRAYS if wrap is None else wrap)
        size = os.fstat(file.fileno()).st_size
        if self._is_wrapped:
            size += len(_OPEN) + len(_CLOSE) + len(SEPARATOR) * max(0, result.rows - 1)
        self.head = ResultHead(content_length=size)

    def chunks(self) -> Iterator[bytes]:
        """The rows, and what stands around them."""
        if not self._is_wrapped:
            yield from self._blocks()
            return
        yield _OPEN
        is_after_row = False
        for block in self._blocks():
            # The separator goes in front of a row, so what ends here gets it with the next block.
            start = SEPARATOR if is_after_row else b""
            is_after_row = block.endswith(b"\n")
            body = block[:-1] if is_after_row else block
            yield start + body.replace(b"\n", b"\n" + SEPARATOR) + (b"\n" if is_after_row else b"")
        yield _CLOSE

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _blocks(self) -> Iterator[bytes]:
        while block := self._file.read(BLOCK_BYTES):
            yield block
