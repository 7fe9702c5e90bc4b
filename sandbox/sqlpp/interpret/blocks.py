"""One SELECT block as stages, each over the one before, and the rows they end in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from sandbox.sqlpp.compare import Key, group_key
from sandbox.sqlpp.interpret.compiler import (
    Compiler,
    Condition,
    Evaluator,
    Frame,
    Row,
    Stage,
    putting,
    taking,
)
from sandbox.sqlpp.interpret.joins import From
from sandbox.sqlpp.interpret.logic import condition
from sandbox.sqlpp.interpret.scalars import record
from sandbox.sqlpp.interpret.windows import windowed
from sandbox.sqlpp.tree.expressions import Variable, Window
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Block, FromTerm, GroupBy, Let, SelectClause
from sandbox.sqlpp.values import MISSING, Value

# The groups of one grouping set: what makes a group one, its keys' values, its rows.
Groups = dict[Key, tuple[list[Value], list[Row]]]


def stages(compiler: Compiler, node: Block) -> tuple[Stage, tuple[int, ...]]:
    """FROM, LET, WHERE, GROUP BY, LET and HAVING, and the variables that are bound then."""
    stage = From(compiler, node.where).stage(node.terms)
    bound = _terms(node.terms)
    stage, bound = _lets(compiler, node.lets, bound, stage)
    stage = _filtered(compiler, node.where, stage)
    if node.group is not None:
        stage = _grouped(compiler, node.group, bound, stage)
        bound = _keys(node.group)
    stage, bound = _lets(compiler, node.late_lets, bound, stage)
    stage = _filtered(compiler, node.having, stage)
    return _lets(compiler, node.windows, bound, stage)


def _lets(
    compiler: Compiler, lets: tuple[Let, ...], bound: tuple[int, ...], stage: Stage
) -> tuple[Stage, tuple[int, ...]]:
    """Definitions on top of a stage, and the variables that are bound then."""
    for windows, group in groupby(lets, _is_window):
        for let in group if windows else ():
            stage = windowed(compiler, let, bound, stage)
            bound = (*bound, let.variable.slot)
        if not windows:
            definitions = [
                (let.variable.slot, compiler.expression(let.expression)) for let in group
            ]
            stage = _defined(definitions, stage)
            bound = (*bound, *(slot for slot, _ in definitions))
    return stage, bound


def _is_window(let: Let) -> bool:
    return isinstance(let.expression, Window)


def _defined(definitions: list[tuple[int, Evaluator]], stage: Stage) -> Stage:
    def defined(frame: Frame) -> Iterator[None]:
        for _ in stage(frame):
            for slot, evaluate in definitions:
                frame[slot] = evaluate(frame)
            yield

    return defined


def _filtered(compiler: Compiler, node: Expression | None, stage: Stage) -> Stage:
    if node is None:
        return stage
    return _where(condition(compiler, node), stage)


def _where(holds: Condition, stage: Stage) -> Stage:
    def filtered(frame: Frame) -> Iterator[None]:
        for _ in stage(frame):
            if holds(frame):
                yield

    return filtered


def _terms(terms: tuple[FromTerm, ...]) -> tuple[int, ...]:
    """The places that FROM fills."""
    variables: list[Variable | None] = []
    for term in terms:
        variables += [term.variable, term.at]
        for link in term.links:
            variables += [link.variable, link.at]
    return tuple(variable.slot for variable in variables if variable is not None)


def _keys(node: GroupBy) -> tuple[int, ...]:
    """The places that GROUP BY fills."""
    variables = [key.variable for key in node.keys] + [node.members, node.rows, node.current]
    return tuple(variable.slot for variable in variables if variable is not None)


def _grouped(compiler: Compiler, node: GroupBy, bound: tuple[int, ...], stage: Stage) -> Stage:
    """The rows of each group, under the keys they have in common."""
    compiler.group(node.rows_slot, bound)
    take = taking(bound)
    keys = [compiler.expression(key.expression) for key in node.keys]
    sets = node.sets or (tuple(range(len(keys))),)
    publish = _publisher(compiler, node)

    def grouped(frame: Frame) -> Iterator[None]:
        groups: list[Groups] = [{} for _ in sets]
        if node.is_implicit:
            groups[0][()] = ([], [])
        for _ in stage(frame):
            values = [key(frame) for key in keys]
            row = take(frame)
            for found, key_set in zip(groups, sets, strict=True):
                _add(found, key_set, values, row)
        for number, found in enumerate(groups):
            for values, rows in found.values():
                publish(frame, number, values, rows)
                yield

    return grouped


def _add(groups: Groups, key_set: tuple[int, ...], values: list[Value], row: Row) -> None:
    """Put a row into its group of one grouping set; the keys it leaves out are null."""
    identity = tuple([group_key(values[place]) for place in key_set])
    found = groups.get(identity)
    if found is None:
        if len(key_set) < len(values):
            values = [v if place in key_set else None for place, v in enumerate(values)]
        found = groups[identity] = (values, [])
    found[1].append(row)


def _publisher(
    compiler: Compiler, node: GroupBy
) -> Callable[[Frame, int, list[Value], list[Row]], None]:
    """The closure that puts a group's keys, rows and members into the frame."""
    key_slots = [key.variable.slot for key in node.keys if key.variable is not None]
    rows_slot, current = node.rows_slot, node.current.slot if node.current else node.rows_slot
    members = _members(compiler, node)

    def publish(frame: Frame, number: int, values: list[Value], rows: list[Row]) -> None:
        for slot, value in zip(key_slots, values, strict=True):
            frame[slot] = value
        frame[current] = number
        frame[rows_slot] = rows
        if members is not None:
            members(frame)

    return publish


def _members(compiler: Compiler, node: GroupBy) -> Evaluator | None:
    """The closure that makes the group a collection of objects, for GROUP AS."""
    if node.members is None:
        return None
    slot, rows = node.members.slot, node.rows_slot
    put = putting(compiler.held(rows))
    build = record({name: compiler.expression(variable) for variable, name in node.fields})

    def members(frame: Frame) -> None:
        objects: list[Value] = []
        for row in frame[rows]:
            put(frame, row)
            objects.append(build(frame))
        frame[slot] = objects

    return members


def output(compiler: Compiler, node: SelectClause) -> Evaluator:
    """The closure that makes a row of the columns, or of the one element."""
    if node.element is not None:
        return compiler.expression(node.element)
    columns = [
        (column.name, compiler.expression(column.expression))
        for column in node.projections
        if column.expression is not None
    ]
    if columns and all(column.kind == "named" for column in node.projections):
        return record({name or "": evaluate for name, evaluate in columns})
    if not columns:
        return lambda frame: MISSING
    spread = [column.kind == "spread" for column in node.projections]

    def row(frame: Frame) -> Value:
        made: dict[str, Value] = {}
        for (name, evaluate), is_spread in zip(columns, spread, strict=True):
            value = evaluate(frame)
            if is_spread:
                made.update(value if type(value) is dict else {})
            elif value is not MISSING:
                made[name or ""] = value
        return made

    return row
