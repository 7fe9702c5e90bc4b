"""Logic of four values: true, false, null and MISSING; comparisons, CASE and quantifiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sandbox.sqlpp.compare import Incomparable, Verdict, order, same
from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import Location, compile_error
from sandbox.sqlpp.interpret.compiler import Compiler, Condition, Evaluator, Frame, Rule
from sandbox.sqlpp.interpret.mismatch import no_boolean, no_condition
from sandbox.sqlpp.tree.expressions import Between, Case, Comparison, Literal, Logic, Not
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.values import MISSING, Value, is_unknown, type_name

Compare = Callable[[Value, Value], Value]

_TESTS: Final[dict[str, Callable[[int], bool]]] = {
    "=": lambda verdict: verdict == 0,
    "!=": lambda verdict: verdict != 0,
    "<": lambda verdict: verdict < 0,
    "<=": lambda verdict: verdict <= 0,
    ">": lambda verdict: verdict > 0,
    ">=": lambda verdict: verdict >= 0,
}
_SIMPLE: Final = frozenset({int, float, str})
_EQUALITIES: Final = frozenset({"=", "!="})


def comparison(operator: str, context: Context, position: Location) -> Compare:
    """The function that compares two values; a pair that cannot be is null with a warning."""
    test = _TESTS[operator]
    judge: Callable[[Value, Value], Verdict] = same if operator in _EQUALITIES else order

    def compared(left: Value, right: Value) -> Value:
        if left is MISSING or right is MISSING:
            return MISSING
        if left is None or right is None:
            return None
        verdict = judge(left, right)
        if isinstance(verdict, Incomparable):
            warn_incomparable(context, left, right, position)
            return None
        return test(verdict)

    return compared


def warn_incomparable(context: Context, left: Value, right: Value, position: Location) -> None:
    """Say that two values have no order."""
    kinds = f"{type_name(left)} and {type_name(right)}"
    context.warn("ASX0051", f"Incomparable input types: {kinds}", position)


def _comparison(compiler: Compiler, node: Comparison) -> Evaluator:
    left, right = compiler.expression(node.left), compiler.expression(node.right)
    if node.operator == "is distinct from":
        return _distinct(compiler.context, left, right, node.position)
    compared = comparison(node.operator, compiler.context, node.position)
    less, equal, more = (_TESTS[node.operator](verdict) for verdict in (-1, 0, 1))

    def compare(frame: Frame) -> Value:
        """Most are of one simple type; a float may be NaN, or one of two zeros."""
        mine, yours = left(frame), right(frame)
        kind = type(mine)
        if kind is type(yours) and kind in _SIMPLE:
            if mine < yours:
                return less
            if mine > yours:
                return more
            if kind is not float:
                return equal
        return compared(mine, yours)

    return compare


def _distinct(context: Context, left: Evaluator, right: Evaluator, place: Location) -> Evaluator:
    def distinct(frame: Frame) -> Value:
        mine, yours = left(frame), right(frame)
        if is_unknown(mine) or is_unknown(yours):
            return mine is not yours
        verdict = same(mine, yours)
        if isinstance(verdict, Incomparable):
            warn_incomparable(context, mine, yours, place)
            return True
        return verdict != 0

    return distinct


def _between(compiler: Compiler, node: Between) -> Evaluator:
    operand = compiler.expression(node.operand)
    low, high = compiler.expression(node.low), compiler.expression(node.high)
    at_least = comparison(">=", compiler.context, node.position)
    at_most = comparison("<=", compiler.context, node.position)

    def between(frame: Frame) -> Value:
        value = operand(frame)
        above = at_least(value, low(frame))
        return False if above is False else _both(above, at_most(value, high(frame)))

    return between


def _both(left: Value, right: Value) -> Value:
    if left is False or right is False:
        return False
    if left is MISSING or right is MISSING:
        return MISSING
    return None if left is None or right is None else True


def _logic(compiler: Compiler, node: Logic) -> Evaluator:
    operands = compiler.expressions(node.operands)
    return (_all if node.operator == "and" else _any)(operands, node.position)


def _all(operands: list[Evaluator], position: Location) -> Evaluator:
    """AND: false decides, MISSING is stronger than null."""

    def conjunction(frame: Frame) -> Value:
        result: Value = True
        for place, operand in enumerate(operands, 1):
            value = operand(frame)
            if value is False:
                return False
            if value is not True:
                result = _weaker(result, value, MISSING)
                if not is_unknown(value):
                    raise no_boolean(position, "and", place, value)
        return result

    return conjunction


def _any(operands: list[Evaluator], position: Location) -> Evaluator:
    """OR: true decides, null is stronger than MISSING."""

    def disjunction(frame: Frame) -> Value:
        result: Value = False
        for place, operand in enumerate(operands, 1):
            value = operand(frame)
            if value is True:
                return True
            if value is not False:
                result = _weaker(result, value, None)
                if not is_unknown(value):
                    raise no_boolean(position, "or", place, value)
        return result

    return disjunction


def _weaker(result: Value, value: Value, stronger: Value) -> Value:
    """What two unknowns make together, or the only one of them."""
    return result if result is stronger else value


def _not(compiler: Compiler, node: Not) -> Evaluator:
    operand, position = compiler.expression(node.operand), node.position

    def negation(frame: Frame) -> Value:
        value = operand(frame)
        if value is True or value is False:
            return not value
        if is_unknown(value):
            return value
        raise no_boolean(position, "not", 1, value)

    return negation


def condition(compiler: Compiler, node: Expression) -> Condition:
    """The closure that says whether a condition holds: null and MISSING do not."""
    if isinstance(node, Literal) and type(node.value) is not bool:
        raise _constant_condition(node)
    evaluate = compiler.expression(node)

    def holds(frame: Frame) -> bool:
        value = evaluate(frame)
        if value is True:
            return True
        if value is False or is_unknown(value):
            return False
        raise no_condition(value)

    return holds


def _constant_condition(node: Literal) -> Exception:
    value = node.value
    shown = {None: "null", MISSING: "missing"}.get(value) if is_unknown(value) else None
    shown = shown or (f'"{value}"' if isinstance(value, str) else str(value))
    message = f"Compilation error: The select condition {shown} should be of the boolean type."
    return compile_error(node.position, "ASX1079", message)


def _case(compiler: Compiler, node: Case) -> Evaluator:
    otherwise = compiler.expression(node.otherwise or Literal(node.position, None))
    if node.subject is None:
        branches = [(compiler.expression(c), compiler.expression(r)) for c, r in node.branches]
        return _searched(branches, otherwise)
    subject = compiler.expression(node.subject)
    cases = [
        (
            compiler.expression(operand),
            comparison("=", compiler.context, operand.position),
            compiler.expression(result),
        )
        for operand, result in node.branches
    ]

    def simple(frame: Frame) -> Value:
        value = subject(frame)
        for operand, equal, result in cases:
            if equal(operand(frame), value) is True:
                return result(frame)
        return otherwise(frame)

    return simple


def _searched(branches: list[tuple[Evaluator, Evaluator]], otherwise: Evaluator) -> Evaluator:
    def searched(frame: Frame) -> Value:
        for test, result in branches:
            if test(frame) is True:
                return result(frame)
        return otherwise(frame)

    return searched


RULES: Final[dict[type, Rule]] = {
    Comparison: _comparison,
    Between: _between,
    Logic: _logic,
    Not: _not,
    Case: _case,
}
