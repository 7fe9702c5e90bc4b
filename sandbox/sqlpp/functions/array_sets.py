"""Functions of several collections: all arrays or all multisets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from sandbox.sqlpp.compare import group_key
from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.functions.arrays import like
from sandbox.sqlpp.functions.checks import MIXED_LISTS, mismatch
from sandbox.sqlpp.functions.function import Function, fixed
from sandbox.sqlpp.values import COLLECTIONS, MISSING, Value

_EXCEPT: Final = "array-except"


def _of_collections(name: str, apply: Callable[[list[list[Value]]], list[Value]]) -> Function:
    """Null without a word if one is no collection, an error if arrays and multisets mix."""

    def call(_: Context, args: list[Value]) -> Value:
        kinds = {type(value) for value in args}
        if not kinds <= COLLECTIONS:
            return None
        if len(kinds) > 1:
            raise runtime_error(MIXED_LISTS, _MIXED)
        return like(args[0], apply(args))

    return Function(name, 2, None, call)


_MIXED: Final = "Input contains different list types"


def _concat(lists: list[list[Value]]) -> list[Value]:
    return [item for items in lists for item in items]


def _union(lists: list[list[Value]]) -> list[Value]:
    first: dict[object, Value] = {}
    for item in _concat(lists):
        first.setdefault(group_key(item), item)
    return list(first.values())


def _intersection(lists: list[list[Value]]) -> list[Value]:
    """In the order of the last list; an unknown is in none."""
    others = [set(map(group_key, items)) for items in lists[:-1]]
    found: dict[object, Value] = {}
    for item in lists[-1]:
        key = group_key(item)
        if item is not None and item is not MISSING and all(key in keys for keys in others):
            found.setdefault(key, item)
    return list(found.values())


def _in_so_many(wanted: Callable[[int], bool]) -> Callable[[list[list[Value]]], list[Value]]:
    """What stands in a wanted number of the lists, in the order of first appearance."""

    def apply(lists: list[list[Value]]) -> list[Value]:
        counts = Counter(key for items in lists for key in set(map(group_key, items)))
        return [item for item in _union(lists) if wanted(counts[group_key(item)])]

    return apply


def _except(context: Context, args: list[Value]) -> Value:
    for index, value in enumerate(args):
        if type(value) not in COLLECTIONS:
            return mismatch(context, _EXCEPT, index, "array", value)
    items, unwanted = args[0], set(map(group_key, args[1]))
    return like(items, [item for item in items if group_key(item) not in unwanted])


FUNCTIONS: Final = (
    _of_collections("array-concat", _concat),
    _of_collections("array-union", _union),
    _of_collections("array-intersect", _intersection),
    _of_collections("array-symdiff", _in_so_many(lambda count: count == 1)),
    _of_collections("array-symdiffn", _in_so_many(lambda count: count % 2 == 1)),
    fixed(_EXCEPT, 2, _except),
)
