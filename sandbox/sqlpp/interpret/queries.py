"""Queries: blocks in order, without duplicates, no more than asked for, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Final

from sandbox.sqlpp.compare import Key, group_key
from sandbox.sqlpp.errors import SqlppError, compile_error, data_error
from sandbox.sqlpp.interpret.blocks import output, stages
from sandbox.sqlpp.interpret.compiler import Compiler, Evaluator, Frame, Rows, Rule, Stage
from sandbox.sqlpp.interpret.ordering import Ordering
from sandbox.sqlpp.tree.expressions import Literal
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Block, OrderItem, Select
from sandbox.sqlpp.values import NUMBERS, Value, is_unknown, type_name


def rows(compiler: Compiler, node: Select) -> Rows:
    """The closure that gives a query's rows."""
    definitions = [(let.variable.slot, compiler.expression(let.expression)) for let in node.lets]
    parts = [_block(compiler, node.first, node.order)]
    for other in node.others:
        parts.append(
            rows(compiler, other) if isinstance(other, Select) else _block(compiler, other, ())
        )
    cut = _cut(compiler, node)

    def run(frame: Frame) -> Iterator[Value]:
        for slot, evaluate in definitions:
            frame[slot] = evaluate(frame)
        found = parts[0](frame) if len(parts) == 1 else _all(parts, frame)
        return cut(found, frame) if cut else found

    return run


def _all(parts: list[Rows], frame: Frame) -> Iterator[Value]:
    return chain.from_iterable(part(frame) for part in parts)


def _block(compiler: Compiler, node: Block, order: tuple[OrderItem, ...]) -> Rows:
    stage = stages(compiler, node)
    row = output(compiler, node.select)
    if order:
        found = _ordered(compiler, order, stage, row)
    else:

        def found(frame: Frame) -> Iterator[Value]:
            for _ in stage(frame):
                yield row(frame)

    return _distinct(found) if node.select.distinct else found


def _distinct(found: Rows) -> Rows:
    def distinct(frame: Frame) -> Iterator[Value]:
        seen: set[Key] = set()
        for value in found(frame):
            key = group_key(value)
            if key not in seen:
                seen.add(key)
                yield value

    return distinct


def _ordered(
    compiler: Compiler, order: tuple[OrderItem, ...], stage: Stage, row: Evaluator
) -> Rows:
    ordering = Ordering(compiler, order)

    def ordered(frame: Frame) -> Iterator[Value]:
        found = [(ordering.keys(frame), row(frame)) for _ in stage(frame)]
        ordering.sort(found)
        return (value for _, value in found)

    return ordered


def _cut(
    compiler: Compiler, node: Select
) -> Callable[[Iterator[Value], Frame], Iterator[Value]] | None:
    if node.limit is None and node.offset is None:
        return None
    limit = None if node.limit is None else _count(compiler, node.limit)
    offset = None if node.offset is None else _count(compiler, node.offset)

    def cut(found: Iterator[Value], frame: Frame) -> Iterator[Value]:
        start = offset(frame) if offset else 0
        stop = start + limit(frame) if limit else None
        return islice(found, start, stop)

    return cut


def _count(compiler: Compiler, node: Expression) -> Callable[[Frame], int]:
    """The closure that gives a number of rows: null is none, and so is what is negative."""
    if isinstance(node, Literal) and not is_unknown(node.value) and type(node.value) not in NUMBERS:
        raise _no_integer(node)
    evaluate = compiler.expression(node)

    def count(frame: Frame) -> int:
        value = evaluate(frame)
        if is_unknown(value):
            return 0
        if type(value) not in NUMBERS:
            raise _no_count(node, value)
        if value != value or value in (float("inf"), float("-inf")) or int(value) != value:
            raise data_error(node.position, "ASX0039", f"Expected integer value, got {value}")
        return max(int(value), 0)

    return count


def _no_integer(node: Literal) -> SqlppError:
    return compile_error(node.position, "ASX1091", _expected_integer(node.value))


def _no_count(node: Expression, value: Value) -> SqlppError:
    return data_error(node.position, "ASX1091", _expected_integer(value))


def _expected_integer(value: Value) -> str:
    kind = type_name(value)
    return f"Type mismatch: expected value of type integer, but got the value of type {kind}"


def _select(compiler: Compiler, node: Select) -> Evaluator:
    """A query as a value: the array of its rows."""
    run = rows(compiler, node)
    return lambda frame: list(run(frame))


RULES: Final[dict[type, Rule]] = {Select: _select}
