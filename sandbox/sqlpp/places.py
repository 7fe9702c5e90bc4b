"""Where an offset of a text is, by line and column as the original counts them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import Final

from sandbox.sqlpp.errors import Location

_LAST_OF_ONE_UNIT: Final = "\uffff"
_NEWLINE: Final = re.compile("\n")
_TWO_UNITS: Final = re.compile("[\U00010000-\U0010ffff]")


class Places:
    """The lines of a text, and its characters that are two UTF-16 units: the original's columns."""

    def __init__(self, text: str) -> None:
        self._lines = [0, *(match.end() for match in _NEWLINE.finditer(text))]
        self._wide: list[int] = []
        if not text.isascii() and max(text) > _LAST_OF_ONE_UNIT:
            self._wide = [match.start() for match in _TWO_UNITS.finditer(text)]

    def at(self, offset: int) -> Location:
        """The place of a character."""
        line = bisect_right(self._lines, offset)
        start = self._lines[line - 1]
        wide = 0
        if self._wide:
            wide = bisect_left(self._wide, offset) - bisect_left(self._wide, start)
        return Location(line, offset - start + wide + 1)
