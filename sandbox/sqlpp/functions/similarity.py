"""How alike texts and collections are, whatever the case of letters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sandbox.sqlpp.compare import group_key
from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.functions.checks import (
    INCOMPATIBLE,
    NEGATIVE,
    NUMBER_WORDS,
    incompatible_words,
    type_error,
)
from sandbox.sqlpp.functions.function import COLLECTION, fixed, refusing
from sandbox.sqlpp.functions.number_text import clamped
from sandbox.sqlpp.values import INTEGERS, NUMBERS, Float32, Int32, Value, to_float32

_EDIT, _CHECK, _CONTAINS = "edit-distance", "edit-distance-check", "edit-distance-contains"
_JACCARD_CHECK: Final = "similarity-jaccard-check"
_WORD: Final = re.compile(r"[^\W_]+")
# What the original answers for "too far".
_FAR: Final = 2**31 - 1


def _symbols(value: Value) -> Sequence[Any]:
    """What is compared: the halves of UTF-16 of a text, the items of an array."""
    if type(value) is str:
        data = value.lower().encode("utf-16-le", "surrogatepass")
        return memoryview(data).cast("H").tolist()
    return list(map(_symbol, value))


def _symbol(item: Value) -> Any:
    return group_key(item.lower() if type(item) is str else item)


def _pair(name: str, left: Value, right: Value) -> tuple[Sequence[Any], Sequence[Any]]:
    if type(left) is not type(right):
        raise runtime_error(INCOMPATIBLE, incompatible_words(_EDIT, left, right))
    if type(left) not in (str, list):
        raise type_error(name, 0, "string or array", left)
    return _symbols(left), _symbols(right)


def _distance(
    context: Context, text: Sequence[Any], pattern: Sequence[Any], *, within: bool
) -> int:
    """Levenshtein's distance; `within`: from the part of the text that is nearest."""
    row = list(range(len(pattern) + 1))
    nearest = row[-1]
    for number, symbol in enumerate(text, 1):
        context.check()
        diagonal, row[0] = row[0], 0 if within else number
        for index, other in enumerate(pattern, 1):
            changed = diagonal + (symbol != other)
            diagonal = row[index]
            row[index] = min(changed, diagonal + 1, row[index - 1] + 1)
        nearest = min(nearest, row[-1])
    return nearest if within else row[-1]


def _edit_distance(context: Context, args: list[Value]) -> Value:
    left, right = _pair(_EDIT, *args)
    return _distance(context, left, right, within=False)


def _limit(name: str, value: Value) -> int:
    if type(value) not in NUMBERS:
        raise type_error(name, 2, NUMBER_WORDS, value)
    limit = clamped(value, Int32)
    if limit < 0:
        message = (
            f"Invalid value: function {name} expects its 3 input parameter to be a non-negative "
            f"value, got {limit}"
        )
        raise runtime_error(NEGATIVE, message)
    return limit


def _edit_distance_check(context: Context, args: list[Value]) -> Value:
    left, right = _pair(_CHECK, *args[:2])
    limit = _limit(_CHECK, args[2])
    return _verdict(_distance(context, left, right, within=False), limit)


def _edit_distance_contains(context: Context, args: list[Value]) -> Value:
    text, pattern = _pair(_CONTAINS, *args[:2])
    limit = _limit(_CONTAINS, args[2])
    if not text or not pattern:
        return [False, _FAR]
    return _verdict(_distance(context, text, pattern, within=True), limit)


def _verdict(distance: int, limit: int) -> list[Value]:
    return [True, distance] if distance <= limit else [False, _FAR]


def _jaccard(left: list[Value], right: list[Value]) -> Float32:
    """What the bags have in common, of all they have; nothing at all has nothing in common."""
    mine, yours = Counter(map(_typed, left)), Counter(map(_typed, right))
    total = (mine | yours).total()
    return to_float32((mine & yours).total() / total if total else 0.0)


def _typed(item: Value) -> Any:
    # 1 and 1.0 are two things here.
    return (type(item) in INTEGERS, _symbol(item))


def _jaccard_check(context: Context, args: list[Value]) -> list[Value]:
    threshold = args[2]
    likeness = _JACCARD.call(context, args[:2])
    if type(threshold) not in NUMBERS:
        raise type_error(_JACCARD_CHECK, 2, NUMBER_WORDS, threshold)
    if likeness >= to_float32(float(threshold)):
        return [True, likeness]
    return [False, Float32(0.0)]


def _word_tokens(_: Context, args: list[Value]) -> Value:
    return _WORD.findall(args[0].lower()) if type(args[0]) is str else []


_JACCARD: Final = refusing("similarity-jaccard", (COLLECTION, COLLECTION), _jaccard)

FUNCTIONS: Final = (
    fixed(_EDIT, 2, _edit_distance),
    fixed(_CHECK, 3, _edit_distance_check),
    fixed(_CONTAINS, 3, _edit_distance_contains),
    _JACCARD,
    fixed(_JACCARD_CHECK, 3, _jaccard_check),
    fixed("word-tokens", 1, _word_tokens),
)
