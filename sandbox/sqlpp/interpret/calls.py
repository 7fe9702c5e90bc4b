"""Functions, operators and aggregates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sandbox.sqlpp.compare import group_key
from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import Location, SqlppError
from sandbox.sqlpp.functions.function import Function
from sandbox.sqlpp.functions.registry import find
from sandbox.sqlpp.interpret.compiler import (
    Compiler,
    Evaluator,
    Frame,
    Rule,
    putting,
    taking,
)
from sandbox.sqlpp.interpret.logic import condition
from sandbox.sqlpp.tree.expressions import Aggregate, Apply, Call, Chain, Grouping, Literal, Negate
from sandbox.sqlpp.values import INT64_MAX, INT64_MIN, MISSING, Value

Binary = Callable[[Value, Value], Value]

_OPERATORS: Final = {
    "+": "numeric-add",
    "-": "numeric-subtract",
    "*": "numeric-multiply",
    "/": "numeric-divide",
    "div": "numeric-div",
    "mod": "numeric-mod",
    "%": "numeric-mod",
    "^": "power",
}


def builtin(name: str) -> Function:
    """A function the language itself needs."""
    found = find(name)
    if found is None:
        raise LookupError(name)
    return found


def invoke(
    function: Function, context: Context, position: Location
) -> Callable[[list[Value]], Value]:
    """The function as the language calls it: unknown arguments decide before it is asked."""
    call, propagates = function.call, function.propagates

    def invoked(arguments: list[Value]) -> Value:
        if propagates:
            for argument in arguments:
                if argument is MISSING:
                    return MISSING
            if None in arguments and any(argument is None for argument in arguments):
                return None
        context.location = position
        try:
            return call(context, arguments)
        except SqlppError as error:
            raise _placed(error, position) from None

    return invoked


def _placed(error: SqlppError, position: Location) -> SqlppError:
    """The error with the call's place; those of the platform under the original have none."""
    return error.at(position) if error.code.startswith("ASX") else error


def _call(compiler: Compiler, node: Call) -> Evaluator:
    invoked = invoke(builtin(node.name), compiler.context, node.position)
    arguments = compiler.expressions(node.arguments)
    if len(arguments) == 1:
        only = arguments[0]
        return lambda frame: invoked([only(frame)])
    return lambda frame: invoked([argument(frame) for argument in arguments])


def _chain(compiler: Compiler, node: Chain) -> Evaluator:
    if node.operators[0] == "||":
        return _concatenation(compiler, node)
    first, *operands = compiler.expressions(node.operands)
    steps = [
        (_binary(compiler, operator, node.position), operand)
        for operator, operand in zip(node.operators, operands, strict=True)
    ]
    if len(steps) == 1:
        apply, second = steps[0]
        return lambda frame: apply(first(frame), second(frame))

    def chain(frame: Frame) -> Value:
        value = first(frame)
        for operate, operand in steps:
            value = operate(value, operand(frame))
        return value

    return chain


def _negate(compiler: Compiler, node: Negate) -> Evaluator:
    operand = compiler.expression(node.operand)
    invoked = invoke(builtin("numeric-unary-minus"), compiler.context, node.position)
    return lambda frame: invoked([operand(frame)])


def _concatenation(compiler: Compiler, node: Chain) -> Evaluator:
    """All operands of `||` at once."""
    operands = compiler.expressions(node.operands)
    invoked = invoke(builtin("string-concat"), compiler.context, node.position)
    return lambda frame: invoked([[operand(frame) for operand in operands]])


def _binary(compiler: Compiler, operator: str, position: Location) -> Binary:
    invoked = invoke(builtin(_OPERATORS[operator]), compiler.context, position)
    quick = _QUICK.get(operator)

    def general(left: Value, right: Value) -> Value:
        return invoked([left, right])

    if quick is None:
        return general

    def of_integers(left: Value, right: Value) -> Value:
        if type(left) is int and type(right) is int:
            result: int = quick(left, right)
            if INT64_MIN <= result <= INT64_MAX:
                return result
        return general(left, right)

    return of_integers


_QUICK: Final[dict[str, Callable[[int, int], int]]] = {
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
}


def _apply(compiler: Compiler, node: Apply) -> Evaluator:
    """A user's function: its parameters have places of their own in the frame."""
    arguments = compiler.expressions(node.arguments)
    slots = [parameter.slot for parameter in node.parameters]
    body, check = compiler.shared(node.body), compiler.context.check

    def apply(frame: Frame) -> Value:
        check()
        values = [argument(frame) for argument in arguments]
        for slot, value in zip(slots, values, strict=True):
            frame[slot] = value
        return body(frame)

    return apply


def _aggregate(compiler: Compiler, node: Aggregate) -> Evaluator:
    """The function over the values that the argument has in each row of the group."""
    rows = node.group.slot
    take, put = taking(compiler.held(rows)), putting(compiler.held(rows))
    argument = compiler.expression(node.argument)
    kept = None if node.where is None else condition(compiler, node.where)
    finish = _finish(compiler, node)
    check = compiler.context.check
    if isinstance(node.argument, Literal) and node.where is None and not node.distinct:
        constant = node.argument.value
        return lambda frame: finish([constant] * len(frame[rows]))

    def aggregate(frame: Frame) -> Value:
        values: list[Value] = []
        # An aggregate may stand inside of another one's argument.
        current = take(frame)
        for row in frame[rows]:
            check()
            put(frame, row)
            if kept is None or kept(frame):
                values.append(argument(frame))
        put(frame, current)
        return finish(values)

    return aggregate


def _grouping(_: Compiler, node: Grouping) -> Evaluator:
    slot, masks = node.current.slot, node.masks
    return lambda frame: masks[frame[slot]]


def _finish(compiler: Compiler, node: Aggregate) -> Callable[[list[Value]], Value]:
    if node.function == "array_agg":
        return distinct_values if node.distinct else lambda values: values
    invoked = invoke(builtin(node.function), compiler.context, node.argument.position)
    if not node.distinct:
        return lambda values: invoked([values])
    return lambda values: invoked([distinct_values(values)])


def distinct_values(values: list[Value]) -> list[Value]:
    """The values without those that are equal to another one."""
    return list({group_key(value): value for value in values}.values())


RULES: Final[dict[type, Rule]] = {
    Call: _call,
    Chain: _chain,
    Negate: _negate,
    Apply: _apply,
    Aggregate: _aggregate,
    Grouping: _grouping,
}
