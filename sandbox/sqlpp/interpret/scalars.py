"""Constants, variables, paths and constructors."""

from __future__ import annotations

from operator import itemgetter
from typing import Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import Location, compile_error, data_error
from sandbox.sqlpp.functions.registry import find
from sandbox.sqlpp.interpret.compiler import Compiler, Evaluator, Frame, Rule
from sandbox.sqlpp.interpret.mismatch import wrong_type
from sandbox.sqlpp.interpret.static import check_indexed
from sandbox.sqlpp.tree.expressions import (
    ArrayOf,
    Field,
    Index,
    Literal,
    MultisetOf,
    ObjectOf,
    Parameter,
    Slice,
    Spread,
    Variable,
)
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.values import COLLECTIONS, MISSING, NUMBERS, Multiset, Value, is_unknown

_NUMBER_WORDS: Final = "tinyint, smallint, integer, bigint, float or double"


def _literal(_: Compiler, node: Literal) -> Evaluator:
    value = node.value
    return lambda frame: value


def _variable(_: Compiler, node: Variable) -> Evaluator:
    return itemgetter(node.slot)


def _parameter(compiler: Compiler, node: Parameter) -> Evaluator:
    value = compiler.parameters[node.name]
    return lambda frame: value


def _field(compiler: Compiler, node: Field) -> Evaluator:
    base, name = compiler.expression(node.base), node.name
    context, position = compiler.context, node.position

    def of_no_object(value: Value) -> Value:
        if is_unknown(value):
            return value
        message = wrong_type("field-access-by-name", 1, "object", value)
        context.warn("ASX0002", message, position)
        return MISSING

    def field(frame: Frame) -> Value:
        value = base(frame)
        return value.get(name, MISSING) if type(value) is dict else of_no_object(value)

    if isinstance(node.base, Variable):
        slot = node.base.slot

        def field_of_variable(frame: Frame) -> Value:
            value = frame[slot]
            return value.get(name, MISSING) if type(value) is dict else of_no_object(value)

        return field_of_variable
    return field


def _index(compiler: Compiler, node: Index) -> Evaluator:
    check_indexed(node.base, node.position)
    base, index = compiler.expression(node.base), compiler.expression(node.index)
    position = node.position

    def item(frame: Frame) -> Value:
        items, place = base(frame), index(frame)
        if items is MISSING or place is MISSING:
            return MISSING
        if items is None or place is None:
            return None
        if type(items) not in COLLECTIONS:
            message = wrong_type("get-item", 1, "array or multiset", items)
            raise data_error(position, "ASX0002", message)
        if type(place) not in NUMBERS:
            raise data_error(None, "ASX0002", wrong_type("get-item", 1, _NUMBER_WORDS, place))
        return _at(items, place)

    return item


def _at(items: list[Value], place: float) -> Value:
    """The item at a place, counted from the end if negative; a fraction is cut off."""
    if place != place or abs(place) > len(items):
        return MISSING
    found = int(place)
    return items[found] if -len(items) <= found < len(items) else MISSING


def _slice(compiler: Compiler, node: Slice) -> Evaluator:
    base, start = compiler.expression(node.base), compiler.expression(node.start)
    end = compiler.expression(node.end) if node.end else None

    def part(frame: Frame) -> Value:
        items, first = base(frame), start(frame)
        last = end(frame) if end else None
        if items is MISSING or first is MISSING or last is MISSING:
            return MISSING
        if type(items) not in COLLECTIONS:
            return None
        return _part(items, first, len(items) if end is None else last)

    return part


def _part(items: list[Value], first: Value, last: Value) -> Value:
    """The items from first to before last; null where the two are no places in order."""
    start, stop = _place(first, len(items)), _place(last, len(items))
    if start is None or stop is None or start > stop or stop > len(items):
        return None
    return type(items)(items[start:stop]) if 0 <= start < len(items) else None


def _place(value: Value, size: int) -> int | None:
    if type(value) not in NUMBERS or value != value or value in (float("inf"), float("-inf")):
        return None
    if int(value) != value:
        return None
    return int(value) + size if value < 0 else int(value)


def _spread(compiler: Compiler, node: Spread) -> Evaluator:
    base, context = compiler.expression(node.base), compiler.context
    star = find("array_star")

    def spread(frame: Frame) -> Value:
        value = base(frame)
        return value if is_unknown(value) or star is None else star.call(context, [value])

    return spread


def _array(compiler: Compiler, node: ArrayOf) -> Evaluator:
    items = compiler.expressions(node.items)
    return lambda frame: [item(frame) for item in items]


def _multiset(compiler: Compiler, node: MultisetOf) -> Evaluator:
    items = compiler.expressions(node.items)
    return lambda frame: Multiset(item(frame) for item in items)


def _object(compiler: Compiler, node: ObjectOf) -> Evaluator:
    if all(isinstance(name, Literal) for name, _ in node.fields):
        return _object_of_known_names(compiler, node)
    known = {
        name.value: compiler.expression(value)
        for name, value in node.fields
        if isinstance(name, Literal) and isinstance(name.value, str)
    }
    fields = [
        (compiler.expression(name), compiler.expression(value), name.position)
        for name, value in node.fields
        if not isinstance(name, Literal)
    ]
    start = record(known)

    def build(frame: Frame) -> Value:
        """Constant names win over computed ones, and of these the first one."""
        made: dict[str, Value] = start(frame)
        for name_of, value_of, position in fields:
            name = name_of(frame)
            if type(name) is not str:
                raise _bad_name(name, position)
            value = MISSING if name in made else value_of(frame)
            if value is not MISSING:
                made[name] = value
        return made

    return build


def _object_of_known_names(compiler: Compiler, node: ObjectOf) -> Evaluator:
    fields: dict[str, Evaluator] = {}
    for name, value in node.fields:
        known = name.value if isinstance(name, Literal) else None
        if not isinstance(known, str):
            raise _illegal_name(node, name)
        if known in fields:
            _warn_duplicate(compiler.context, known, name.position)
        else:
            fields[known] = compiler.expression(value)
    return record(fields)


def record(fields: dict[str, Evaluator]) -> Evaluator:
    """The closure that builds an object; a field that is MISSING is left out."""
    pairs = list(fields.items())
    if len(pairs) == 1:
        only, value_of = pairs[0]

        def build_one(frame: Frame) -> Value:
            value = value_of(frame)
            return {} if value is MISSING else {only: value}

        return build_one

    def build(frame: Frame) -> Value:
        made: dict[str, Value] = {}
        for name, evaluate in pairs:
            value = evaluate(frame)
            if value is not MISSING:
                made[name] = value
        return made

    return build


def _warn_duplicate(context: Context, name: str, position: Location) -> None:
    context.warn("ASX1006", f"Duplicate field name '{name}'", position)


def _illegal_name(node: ObjectOf, name: Expression) -> Exception:
    shown = str(name.value).lower() if isinstance(name, Literal) else ""
    if isinstance(name, Literal) and name.value is None:
        shown = "null"
    message = (
        "Invalid expression: function closed-object-constructor expects its 1st input parameter "
        f"to be a {shown} expression, but the actual expression is CONSTANT"
    )
    return compile_error(node.position, "ASX1007", message)


def _bad_name(name: Value, position: Location) -> Exception:
    return data_error(position, "ASX0002", wrong_type("object-constructor", 1, "string", name))


RULES: Final[dict[type, Rule]] = {
    Literal: _literal,
    Variable: _variable,
    Parameter: _parameter,
    Field: _field,
    Index: _index,
    Slice: _slice,
    Spread: _spread,
    ArrayOf: _array,
    MultisetOf: _multiset,
    ObjectOf: _object,
}
