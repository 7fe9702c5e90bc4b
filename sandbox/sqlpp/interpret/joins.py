"""FROM: terms one inside of the other, and joins that look partners up by their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.sqlpp.compare import group_key
from sandbox.sqlpp.interpret.collections import Iterate, iterate
from sandbox.sqlpp.interpret.compiler import Compiler, Evaluator, Frame, Stage
from sandbox.sqlpp.interpret.logic import condition
from sandbox.sqlpp.tree.expressions import Comparison, Logic, Variable
from sandbox.sqlpp.tree.nodes import Expression, Node
from sandbox.sqlpp.tree.queries import FromTerm, Join, Unnest
from sandbox.sqlpp.tree.walk import variables
from sandbox.sqlpp.values import MISSING, Value, is_unknown

Pair = tuple[Value, int]


def once(_: Frame) -> Iterator[None]:
    """The beginning of every query: one combination of no variables."""
    yield


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item and its position go in the frame."""

    item: int
    position: int | None

    @property
    def slots(self) -> set[int]:
        """All places it fills."""
        return {self.item} if self.position is None else {self.item, self.position}

    def put(self, frame: Frame, pair: Pair) -> None:
        """Put an item and its position there."""
        frame[self.item] = pair[0]
        if self.position is not None:
            frame[self.position] = pair[1]

    def clear(self, frame: Frame) -> None:
        """Put MISSING there: the row of an outer join that has no partner."""
        for slot in self.slots:
            frame[slot] = MISSING


def place(variable: Variable, at: Variable | None) -> Place:
    """The place of a term's variables."""
    return Place(variable.slot, at.slot if at else None)


class From:
    """Builds the stage of FROM; knows which slots its terms have filled so far."""

    def __init__(self, compiler: Compiler, where: Expression | None) -> None:
        self._compiler = compiler
        self._conjuncts = conjuncts(where)
        self._filled: set[int] = set()

    def stage(self, terms: tuple[FromTerm, ...]) -> Stage:
        """The stage of all terms."""
        stage: Stage = once
        for term in terms:
            stage = self._term(term, stage)
        return stage

    def _term(self, term: FromTerm, stage: Stage) -> Stage:
        where = place(term.variable, term.at)
        items = iterate(self._compiler, term.source)
        if self._filled and not variables(term.source) & self._filled:
            # A term that does not depend on those before it is a join; WHERE has its condition.
            keys = self._keys(self._conjuncts, where.slots)
            stage = _Joined(stage, items, where, keys, None).inner
        else:
            stage = nested(stage, items, where)
        self._filled |= where.slots
        own = set(where.slots)
        for link in term.links:
            stage = self._link(link, stage, own)
        return stage

    def _link(self, link: Join | Unnest, stage: Stage, own: set[int]) -> Stage:
        where = place(link.variable, link.at)
        items = iterate(self._compiler, link.source)
        if isinstance(link, Unnest):
            stage = (outer_nested if link.outer else nested)(stage, items, where)
        else:
            keys = self._keys(conjuncts(link.condition), where.slots)
            test = condition(self._compiler, link.condition)
            joined = _Joined(stage, items, where, keys, test)
            stage = joined.right(tuple(own)) if link.kind == "right" else getattr(joined, link.kind)
        self._filled |= where.slots
        own |= where.slots
        return stage

    def _keys(self, tests: list[Expression], right: set[int]) -> Keys | None:
        """The equalities between the terms so far and a new one, as keys to look up by."""
        left_keys: list[Evaluator] = []
        right_keys: list[Evaluator] = []
        for test in tests:
            sides = _sides(test, right)
            if sides and variables(sides[0]) & self._filled:
                left_keys.append(self._compiler.expression(sides[0]))
                right_keys.append(self._compiler.expression(sides[1]))
        return Keys(left_keys, right_keys) if left_keys else None


def conjuncts(node: Expression | None) -> list[Expression]:
    """The conditions that must all hold."""
    if node is None:
        return []
    if isinstance(node, Logic) and node.operator == "and":
        return [part for operand in node.operands for part in conjuncts(operand)]
    return [node]


def _sides(test: Node, right: set[int]) -> tuple[Expression, Expression] | None:
    """`left = right` where one side speaks only of the new term, the other not of it."""
    if not isinstance(test, Comparison) or test.operator != "=":
        return None
    first, second = variables(test.left), variables(test.right)
    if second and second <= right and not first & right:
        return test.left, test.right
    if first and first <= right and not second & right:
        return test.right, test.left
    return None


def nested(stage: Stage, items: Iterate, where: Place) -> Stage:
    """For each combination so far, each item."""
    if where.position is None:
        slot = where.item

        def items_only(frame: Frame) -> Iterator[None]:
            for _ in stage(frame):
                for item in items(frame):
                    frame[slot] = item
                    yield

        return items_only

    def with_position(frame: Frame) -> Iterator[None]:
        for _ in stage(frame):
            for number, item in enumerate(items(frame), 1):
                where.put(frame, (item, number))
                yield

    return with_position


def outer_nested(stage: Stage, items: Iterate, where: Place) -> Stage:
    """The same, but a combination without items stays, with MISSING."""

    def outer(frame: Frame) -> Iterator[None]:
        for _ in stage(frame):
            empty = True
            for number, item in enumerate(items(frame), 1):
                where.put(frame, (item, number))
                empty = False
                yield
            if empty:
                where.clear(frame)
                yield

    return outer


@dataclass(frozen=True, slots=True)
class Keys:
    """What must be equal on both sides of a join."""

    left: list[Evaluator]
    right: list[Evaluator]


class _Joined:
    """A join: the right side is read once, and found by its keys where there are any."""

    def __init__(
        self,
        stage: Stage,
        items: Iterate,
        where: Place,
        keys: Keys | None,
        test: Callable[[Frame], bool] | None,
    ) -> None:
        self._stage = stage
        self._items = items
        self._where = where
        self._keys = keys
        self._test = test

    def inner(self, frame: Frame) -> Iterator[None]:
        """Pairs that match."""
        partners = self._partners(frame)
        for _ in self._stage(frame):
            for pair in partners(frame):
                self._where.put(frame, pair)
                if self._test is None or self._test(frame):
                    yield

    def left(self, frame: Frame) -> Iterator[None]:
        """Pairs that match, and what is on the left without one."""
        partners = self._partners(frame)
        for _ in self._stage(frame):
            alone = True
            for pair in partners(frame):
                self._where.put(frame, pair)
                if self._test is None or self._test(frame):
                    alone = False
                    yield
            if alone:
                self._where.clear(frame)
                yield

    def right(self, left_slots: tuple[int, ...]) -> Stage:
        """Pairs that match, and what is on the right without one."""

        def stage(frame: Frame) -> Iterator[None]:
            matched: set[int] = set()
            pairs = list(self._pairs(frame))
            partners = self._lookup(pairs, frame)
            for _ in self._stage(frame):
                for pair in partners(frame):
                    self._where.put(frame, pair)
                    if self._test is None or self._test(frame):
                        matched.add(pair[1])
                        yield
            for slot in left_slots:
                frame[slot] = MISSING
            for pair in pairs:
                if pair[1] not in matched:
                    self._where.put(frame, pair)
                    yield

        return stage

    def _pairs(self, frame: Frame) -> Iterator[Pair]:
        return ((item, number) for number, item in enumerate(self._items(frame), 1))

    def _partners(self, frame: Frame) -> Callable[[Frame], list[Pair]]:
        return self._lookup(list(self._pairs(frame)), frame)

    def _lookup(self, pairs: list[Pair], frame: Frame) -> Callable[[Frame], list[Pair]]:
        keys = self._keys
        if keys is None:
            return lambda frame: pairs
        index: dict[object, list[Pair]] = {}
        for pair in pairs:
            self._where.put(frame, pair)
            key = _key(keys.right, frame)
            if key is not None:
                index.setdefault(key, []).append(pair)
        nothing: list[Pair] = []

        def partners(frame: Frame) -> list[Pair]:
            key = _key(keys.left, frame)
            return nothing if key is None else index.get(key, nothing)

        return partners


def _key(evaluators: list[Evaluator], frame: Frame) -> object:
    """What to look up by; None if a part is unknown, which is equal to nothing."""
    values = [evaluate(frame) for evaluate in evaluators]
    if any(is_unknown(value) for value in values):
        return None
    return tuple(map(group_key, values))
