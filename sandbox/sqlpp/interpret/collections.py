"""What asks about the items of a collection: IN, EXISTS, SOME and EVERY."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from sandbox.sqlpp.errors import Location
from sandbox.sqlpp.interpret.compiler import Compiler, Evaluator, Frame, Rule
from sandbox.sqlpp.interpret.logic import comparison, condition
from sandbox.sqlpp.interpret.mismatch import no_collection
from sandbox.sqlpp.interpret.static import check_iterated
from sandbox.sqlpp.tree.expressions import (
    ArrayOf,
    Binding,
    Call,
    Comparison,
    DatasetScan,
    Exists,
    Literal,
    Membership,
    MultisetOf,
    Quantified,
)
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.walk import variables
from sandbox.sqlpp.values import COLLECTIONS, MISSING, Value, is_unknown

Iterate = Callable[[Frame], Iterator[Value]]


def iterate(compiler: Compiler, node: Expression) -> Iterate:
    """The closure that gives the items of a collection; null and MISSING have none."""
    if isinstance(node, DatasetScan):
        return _scan(compiler, node)
    check_iterated(node)
    if isinstance(node, Call) and node.name == "range" and node.dataverse is None:
        return _numbers(compiler, node)
    return _items(compiler, node)


def _numbers(compiler: Compiler, node: Call) -> Iterate:
    """The numbers of a `range(first, last)`, which need not all be held at once."""
    first, last = (compiler.expression(argument) for argument in node.arguments)
    others, check = _items(compiler, node), compiler.context.check

    def numbers(frame: Frame) -> Iterator[Value]:
        low, high = first(frame), last(frame)
        if type(low) is not int or type(high) is not int:
            yield from others(frame)
            return
        for number in range(low, high + 1):
            check()
            yield number

    return numbers


def _items(compiler: Compiler, node: Expression) -> Iterate:
    evaluate, position = compiler.expression(node), node.position
    check = compiler.context.check

    def items(frame: Frame) -> Iterator[Value]:
        value = evaluate(frame)
        if type(value) not in COLLECTIONS:
            if is_unknown(value):
                return
            raise no_collection(value, position)
        for item in value:
            check()
            yield item

    return items


def _scan(compiler: Compiler, node: DatasetScan) -> Iterate:
    dataset = compiler.datasets.find(node.dataverse, node.name)
    check = compiler.context.check

    def items(_: Frame) -> Iterator[Value]:
        for item in dataset.scan() if dataset else ():
            check()
            yield item

    return items


def _dataset(compiler: Compiler, node: DatasetScan) -> Evaluator:
    """A dataset as a value: all its objects."""
    items = _scan(compiler, node)
    return lambda frame: list(items(frame))


def _exists(compiler: Compiler, node: Exists) -> Evaluator:
    operand, position = compiler.expression(node.operand), node.position

    def exists(frame: Frame) -> Value:
        value = operand(frame)
        if type(value) in COLLECTIONS:
            return bool(value)
        if is_unknown(value):
            return False
        raise no_collection(value, position)

    return exists


def _membership(compiler: Compiler, node: Membership) -> Evaluator:
    if node.negated:
        return _absence(compiler, node)
    constants = _constants(node.right)
    if constants is not None:
        return _equal_to_one(compiler, node.left, constants, node.position)
    left, items = compiler.expression(node.left), iterate(compiler, node.right)
    equal = comparison("=", compiler.context, node.position)

    def is_in(frame: Frame) -> Value:
        value = left(frame)
        return any(equal(value, item) is True for item in items(frame))

    return is_in


def _absence(compiler: Compiler, node: Membership) -> Evaluator:
    """NOT IN: every item is known to differ."""
    left, items = compiler.expression(node.left), iterate(compiler, node.right)
    differ = comparison("!=", compiler.context, node.position)

    def is_not_in(frame: Frame) -> Value:
        value = left(frame)
        return all(differ(value, item) is True for item in items(frame))

    return is_not_in


def _constants(node: Expression) -> list[Value] | None:
    """The items of a collection that is written out in constants.

    The original makes an OR of comparisons of such a collection, which can be null; of any other
    it asks whether one item is equal, which is true or false.
    """
    if isinstance(node, Literal) and type(node.value) in COLLECTIONS:
        return list(node.value)
    if not isinstance(node, ArrayOf | MultisetOf):
        return None
    items = [item.value for item in node.items if isinstance(item, Literal)]
    return items if len(items) == len(node.items) else None


def _equal_to_one(
    compiler: Compiler, node: Expression, constants: list[Value], position: Location
) -> Evaluator:
    value_of = compiler.expression(node)
    equal = comparison("=", compiler.context, position)

    def is_in(frame: Frame) -> Value:
        value = value_of(frame)
        result: Value = False
        for constant in constants:
            found = equal(value, constant)
            if found is True:
                return True
            if found is None or (found is MISSING and result is False):
                result = found
        return result

    return is_in


def _quantified(compiler: Compiler, node: Quantified) -> Evaluator:
    if node.kind == "some":
        equality = _as_membership(node)
        if equality is not None:
            return _equal_to_one(compiler, *equality)
    bindings = [_bound(compiler, binding) for binding in node.bindings]
    holds = condition(compiler, node.condition)
    if node.kind == "some":
        return lambda frame: any(holds(frame) for _ in _combinations(bindings, frame))
    empty = node.kind == "every"

    def every(frame: Frame) -> Value:
        met = empty
        for _ in _combinations(bindings, frame):
            if not holds(frame):
                return False
            met = True
        return met

    return every


def _as_membership(node: Quantified) -> tuple[Expression, list[Value], Location] | None:
    """`SOME x IN [constants] SATISFIES x = e` is `e IN [constants]`, in the original as well."""
    test, constants = node.condition, _constants(node.bindings[0].source)
    if len(node.bindings) != 1 or constants is None or not isinstance(test, Comparison):
        return None
    if test.operator != "=":
        return None
    for mine, other in ((test.left, test.right), (test.right, test.left)):
        if mine == node.bindings[0].variable and node.bindings[0].variable.slot not in variables(
            other
        ):
            return other, constants, test.position
    return None


def _bound(compiler: Compiler, node: Binding) -> tuple[int, Iterate]:
    return node.variable.slot, iterate(compiler, node.source)


def _combinations(bindings: list[tuple[int, Iterate]], frame: Frame) -> Iterator[None]:
    """All combinations of items, each put into the frame."""
    (slot, items), rest = bindings[0], bindings[1:]
    for item in items(frame):
        frame[slot] = item
        if rest:
            yield from _combinations(rest, frame)
        else:
            yield


RULES: Final[dict[type, Rule]] = {
    DatasetScan: _dataset,
    Exists: _exists,
    Membership: _membership,
    Quantified: _quantified,
}
