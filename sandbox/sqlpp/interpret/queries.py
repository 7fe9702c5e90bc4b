"""Queries: blocks in order, without duplicates, no more than asked for, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Final

from sandbox.sqlpp.compare import Key, group_key
from sandbox.sqlpp.errors import SqlppError, compile_error, data_error
from sandbox.sqlpp.interpret.blocks import output, stages
from sandbox.sqlpp.interpret.compiler import (
    Compiler,
    Evaluator,
    Frame,
    Rows,
    Rule,
    Stage,
    putting,
    taking,
)
from sandbox.sqlpp.interpret.ordering import Ordering
from sandbox.sqlpp.tree.expressions import Literal
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Block, OrderItem, Select
from sandbox.sqlpp.values import NUMBERS, Value, is_unknown, type_name

Count = Callable[[Frame], int]


def rows(compiler: Compiler, node: Select) -> Rows:
    """The closure that gives a query's rows."""
    definitions = [(let.variable.slot, compiler.expression(let.expression)) for let in node.lets]
    limit = None if node.limit is None else _count(compiler, node.limit)
    offset = _none if node.offset is None else _count(compiler, node.offset)
    parts = [_block(compiler, node.first, node.order, _last(limit, offset))]
    for other in node.others:
        parts.append(
            rows(compiler, other) if isinstance(other, Select) else _block(compiler, other)
        )

    def run(frame: Frame) -> Iterator[Value]:
        for slot, evaluate in definitions:
            frame[slot] = evaluate(frame)
        found = parts[0](frame) if len(parts) == 1 else _all(parts, frame)
        if limit is None and offset is _none:
            return found
        start = offset(frame)
        return islice(found, start, None if limit is None else start + limit(frame))

    return run


def _none(_: Frame) -> int:
    return 0


def _last(limit: Count | None, offset: Count) -> Count | None:
    """The closure that says how many rows are needed at all, if LIMIT says it."""
    if limit is None:
        return None
    return lambda frame: offset(frame) + limit(frame)


def _all(parts: list[Rows], frame: Frame) -> Iterator[Value]:
    return chain.from_iterable(part(frame) for part in parts)


def _block(
    compiler: Compiler,
    node: Block,
    order: tuple[OrderItem, ...] = (),
    needed: Count | None = None,
) -> Rows:
    stage, bound = stages(compiler, node)
    row = output(compiler, node.select)
    if order:
        ordering = Ordering(compiler, order)
        stage = _ordered(ordering, stage, bound, None if node.select.distinct else needed)

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
    ordering: Ordering, stage: Stage, bound: tuple[int, ...], needed: Count | None
) -> Stage:
    """The combinations of a stage in order; where few are needed, only those are kept."""
    take, put = taking(bound), putting(bound)

    def ordered(frame: Frame) -> Iterator[None]:
        found = ((ordering.keys(frame), take(frame)) for _ in stage(frame))
        count = None if needed is None else needed(frame)
        for _, row in ordering.sorted(found, count):
            put(frame, row)
            yield

    return ordered


def _count(compiler: Compiler, node: Expression) -> Count:
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
    return compile_error(node.position, "ASX1091", _expected_integer(value))


def _expected_integer(value: Value) -> str:
    kind = type_name(value)
    return f"Type mismatch: expected value of type integer, but got the value of type {kind}"


def _select(compiler: Compiler, node: Select) -> Evaluator:
    """A query as a value: the array of its rows."""
    run = rows(compiler, node)
    return lambda frame: list(run(frame))


RULES: Final[dict[type, Rule]] = {Select: _select}
