"""Random numbers; with a seed the same ones each time, as the original draws them."""

from __future__ import annotations

import hashlib
import random
import struct
from typing import Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.checks import NUMBER_WORDS, mismatch
from sandbox.sqlpp.functions.function import Function
from sandbox.sqlpp.values import NUMBERS, Value

_NAME: Final = "random"
_UNIT: Final = 2.0**-53


class Seeded:
    """The sequence of one call in the text of a statement: Java's SHA1PRNG, bit by bit."""

    __slots__ = ("_left", "_seed", "_state")

    def __init__(self) -> None:
        self._seed: float | None = None
        self._state = b""
        self._left = b""

    def next(self, seed: float) -> float:
        """The next number from 0 to 1; another seed than before is stirred in first."""
        if seed != self._seed:
            self._seed = seed
            stirred = self._state + struct.pack("<d", seed)
            self._state = hashlib.sha1(stirred, usedforsecurity=False).digest()
            self._left = b""
        return ((self._bits(26) << 27) + self._bits(27)) * _UNIT

    def _bits(self, count: int) -> int:
        size = (count + 7) // 8
        return int.from_bytes(self._bytes(size)) >> (size * 8 - count)

    def _bytes(self, size: int) -> bytes:
        while len(self._left) < size:
            output = hashlib.sha1(self._state, usedforsecurity=False).digest()
            self._state = _advanced(self._state, output)
            self._left += output
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def _advanced(state: bytes, output: bytes) -> bytes:
    """The state, the output and 1 added up, byte after byte as signed numbers."""
    carry, result = 1, bytearray()
    for pair in zip(state, output, strict=True):
        total = sum(byte - 256 if byte > 127 else byte for byte in pair) + carry
        result.append(total & 0xFF)
        carry = total >> 8
    if bytes(result) == state:
        result[0] = (result[0] + 1) & 0xFF
    return bytes(result)


def _random(context: Context, args: list[Value]) -> Value:
    if not args:
        return random.random()  # noqa: S311 - numbers for samples, not for secrets
    if type(args[0]) not in NUMBERS:
        return mismatch(context, _NAME, 0, NUMBER_WORDS, args[0])
    sequence = context.sequences.setdefault(context.location, Seeded())
    return sequence.next(float(args[0]))


FUNCTIONS: Final = (Function(_NAME, 0, 1, _random),)
