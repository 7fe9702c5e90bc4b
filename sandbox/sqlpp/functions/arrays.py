"""Functions of one collection: an array gives an array, a multiset a multiset.

What is no collection, or no integer where one is wanted, is null without a word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.sqlpp.compare import equals, group_key, order_key
from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.checks import NUMBER_WORDS, check_size, type_error, whole_number
from sandbox.sqlpp.functions.function import COLLECTION, Call, Function, fixed, quiet, refusing
from sandbox.sqlpp.functions.number_text import clamped
from sandbox.sqlpp.values import COLLECTIONS, FLOATS, MISSING, NUMBERS, Value

_CHECK_EVERY: Final = 4096


def like(collection: list[Value], items: Any) -> list[Value]:
    """The items as a collection of the same kind."""
    return type(collection)(items)


def _with_missing(call: Call) -> Call:
    """MISSING anywhere is the answer; null is for the function to judge."""

    def checked(context: Context, args: list[Value]) -> Value:
        if any(value is MISSING for value in args):
            return MISSING
        return call(context, args)

    return checked


def _append(_: Context, args: list[Value]) -> Value:
    items = args[0]
    return like(items, [*items, *args[1:]]) if type(items) in COLLECTIONS else None


def _prepend(_: Context, args: list[Value]) -> Value:
    items = args[-1]
    return like(items, [*args[:-1], *items]) if type(items) in COLLECTIONS else None


def _insert(_: Context, args: list[Value]) -> Value:
    items, position = args[0], whole_number(args[1])
    if type(items) not in COLLECTIONS or position is None:
        return None
    position += len(items) if position < 0 else 0
    if not 0 <= position <= len(items):
        return None
    return like(items, [*items[:position], *args[2:], *items[position:]])


def _put(_: Context, args: list[Value]) -> Value:
    items = args[0]
    if type(items) not in COLLECTIONS:
        return None
    known = set(map(group_key, items))
    return like(items, [*items, *(value for value in args[1:] if group_key(value) not in known)])


def _remove(_: Context, args: list[Value]) -> Value:
    items = args[0]
    if type(items) not in COLLECTIONS:
        return None
    unwanted = set(map(group_key, args[1:]))
    return like(items, [item for item in items if group_key(item) not in unwanted])


def _position(items: list[Value], value: Value) -> int:
    for index, item in enumerate(items):
        if equals(item, value) is True:
            return index
    return -1


def _contains(items: list[Value], value: Value) -> bool:
    return _position(items, value) >= 0


def _distinct(items: list[Value]) -> Value:
    first: dict[Any, Value] = {}
    for item in items:
        first.setdefault(_unknowns_alike(item), item)
    return like(items, first.values())


def _unknowns_alike(value: Value) -> Any:
    return group_key(None if value is MISSING else value)


def _flatten(items: list[Value], depth: Value) -> Value:
    levels = whole_number(depth)
    if levels is None:
        return None
    out: list[Value] = []
    _flatten_into(out, items, levels)
    return like(items, out)


def _flatten_into(out: list[Value], items: list[Value], levels: int) -> None:
    for item in items:
        if levels != 0 and type(item) in COLLECTIONS:
            _flatten_into(out, item, levels - 1)
        else:
            out.append(item)


def _first_known(items: list[Value]) -> Value:
    return next((item for item in items if item is not None and item is not MISSING), None)


def _range(context: Context, args: list[Value]) -> Value:
    if any(type(value) not in NUMBERS for value in args):
        return None
    start, end, step = (*args, 1)[:3]
    is_double = any(type(value) in FLOATS for value in args)
    make: Callable[[Any], Value] = float if is_double else int
    current, end, step = make(start), make(end), make(step)
    out: list[Value] = []
    if current != current or end != end or step != step:
        return None
    while step and (current < end if step > 0 else current > end):
        out.append(current)
        current += step
        if len(out) % _CHECK_EVERY == 0:
            context.check()
    return out


def _inclusive_range(context: Context, args: list[Value]) -> Value:
    for index, value in enumerate(args):
        if type(value) not in NUMBERS:
            raise type_error(_RANGE, index, NUMBER_WORDS, value)
    first, last = (clamped(value, int) for value in args)
    out: list[Value] = []
    for start in range(first, last + 1, _CHECK_EVERY):
        out.extend(range(start, min(start + _CHECK_EVERY, last + 1)))
        context.check()
    return out


def _repeat(_: Context, args: list[Value]) -> Value:
    count = whole_number(args[1])
    if count is None or count < 0:
        return None
    check_size("array_repeat", count)
    return [args[0]] * count


def _replace(_: Context, args: list[Value]) -> Value:
    items, old, new = args[:3]
    limit = whole_number(args[3]) if len(args) > 3 else -1
    if type(items) not in COLLECTIONS or old is None or limit is None:
        return None
    out = []
    for item in items:
        if limit != 0 and equals(item, old) is True:
            item, limit = new, limit - 1
        out.append(item)
    return like(items, out)


def _sort(items: list[Value]) -> Value:
    return like(items, sorted(items, key=order_key))


def _star(items: Value) -> Value:
    if type(items) is not list:
        return None
    names = sorted({name for item in items if type(item) is dict for name in item})
    if not names:
        return MISSING
    objects = [item if type(item) is dict else {} for item in items]
    return {name: [item.get(name) for item in objects] for name in names}


def _slice(_: Context, args: list[Value]) -> Value:
    items = args[0]
    if type(items) not in COLLECTIONS:
        return None
    ends = [whole_number(value) for value in args[1:]]
    size = len(items)
    start, end = (*ends, size)[:2]
    if start is None or end is None:
        return None
    start += size if start < 0 else 0
    end += size if end < 0 else 0
    if not 0 <= start < size or not start <= end <= size:
        return None
    return like(items, items[start:end])


_RANGE: Final = "range"

FUNCTIONS: Final = (
    Function("array-append", 2, None, _with_missing(_append), propagates=False),
    Function("array-prepend", 2, None, _with_missing(_prepend), propagates=False),
    Function("array-insert", 3, None, _with_missing(_insert), propagates=False),
    Function("array-put", 2, None, _put),
    Function("array-remove", 2, None, _remove),
    quiet("array-position", (COLLECTION, None), _position),
    quiet("array-contains", (COLLECTION, None), _contains),
    quiet("array-distinct", (COLLECTION,), _distinct),
    quiet("array-flatten", (COLLECTION, None), _flatten),
    quiet("array-ifnull", (COLLECTION,), _first_known),
    Function("array-range", 2, 3, _range),
    fixed(_RANGE, 2, _inclusive_range, propagates=False),
    fixed("array-repeat", 2, _repeat),
    Function("array-replace", 3, 4, _with_missing(_replace), propagates=False),
    quiet("array-reverse", (COLLECTION,), lambda items: like(items, items[::-1])),
    quiet("array-sort", (COLLECTION,), _sort),
    quiet("array-star", (None,), _star),
    Function("array-slice", 2, 3, _slice),
    refusing("len", (COLLECTION,), len),
)
