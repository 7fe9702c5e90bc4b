"""GROUP BY: keys, and the sets of keys that ROLLUP, CUBE and GROUPING SETS stand for."""

from __future__ import annotations

from itertools import combinations, product
from math import prod

from sandbox.sqlpp.errors import Location, SqlppError, compile_error
from sandbox.sqlpp.parser.sources import Sources
from sandbox.sqlpp.tree.expressions import Variable
from sandbox.sqlpp.tree.queries import GroupBy, GroupKey

MAX_SETS = 128
MAX_KEYS = 128
# A grouping set: the places of its keys. An element of GROUP BY stands for several of them.
KeySet = tuple[int, ...]
Element = list[KeySet]


class Groups(Sources):
    """The rule `group_by`."""

    def group_by(self) -> GroupBy:
        """GROUP BY … GROUP AS …"""
        position = self.expect("group").location
        self.expect("by")
        keys: list[GroupKey] = []
        elements = [self._element(keys)]
        while self.accept(","):
            elements.append(self._element(keys))
        members: Variable | None = None
        fields: tuple[tuple[Variable, str], ...] = ()
        if self.accept("group"):
            self.expect("as")
            members, fields = self.variable(), self.named_fields()
        sets = _product(elements, position)
        plain = len(sets) == 1 and len(set(sets[0])) == len(keys)
        return GroupBy(position, tuple(keys), members, fields, () if plain else sets)

    def _element(self, keys: list[GroupKey]) -> Element:
        """One element of GROUP BY; its keys are added to those that are there."""
        position = self.position
        with self.deeper():
            if self.at_word("grouping") and self.at_word("sets", 1):
                return self._grouping_sets(keys)
            if self.ahead().kind == "(" and self.at_word("rollup"):
                return _rollup(self._key_sets(keys))
            if self.ahead().kind == "(" and self.at_word("cube"):
                return _cube(self._key_sets(keys), position)
            return [self._key_set(keys)]

    def _grouping_sets(self, keys: list[GroupKey]) -> Element:
        self.advance()
        self.advance()
        self.expect("(")
        sets = self._element(keys)
        while self.accept(","):
            sets += self._element(keys)
        self.expect(")")
        return sets

    def _key_sets(self, keys: list[GroupKey]) -> list[KeySet]:
        """`ROLLUP(key, (key, key), …)`: the sets it is made of."""
        self.advance()
        self.expect("(")
        sets = [self._key_set(keys)]
        while self.accept(","):
            sets.append(self._key_set(keys))
        self.expect(")")
        return sets

    def _key_set(self, keys: list[GroupKey]) -> KeySet:
        """`key` or `(key, key, …)`."""
        if not self.accept("("):
            return (self._key(keys),)
        if self.accept(")"):
            return ()
        places = [self._key(keys)]
        while self.accept(","):
            places.append(self._key(keys))
        self.expect(")")
        return tuple(places)

    def _key(self, keys: list[GroupKey]) -> int:
        """The place of a key; one that was there before keeps its place."""
        expression = self.expression()
        variable = self.variable() if self.accept("as") or self.at_identifier() else None
        kind = type(expression)
        for place, known in enumerate(keys):
            same = type(known.expression) is kind and known.expression == expression
            if same and (known.variable == variable or not variable):
                return place
        if len(keys) == MAX_KEYS:
            raise _too_many_keys(expression.position)
        keys.append(GroupKey(expression.position, expression, variable))
        return len(keys) - 1


def _rollup(sets: list[KeySet]) -> Element:
    """All sets together, then one less from the end each time."""
    return [_joined(sets[:size]) for size in range(len(sets), -1, -1)]


def _cube(sets: list[KeySet], position: Location) -> Element:
    """All choices of sets."""
    _check(2 ** len(sets), position)
    sizes = range(len(sets), -1, -1)
    return [_joined(list(chosen)) for size in sizes for chosen in combinations(sets, size)]


def _product(elements: list[Element], position: Location) -> tuple[KeySet, ...]:
    """One set of each element, in all combinations."""
    _check(prod(len(element) for element in elements), position)
    return tuple(_joined(list(chosen)) for chosen in product(*elements))


def _joined(sets: list[KeySet]) -> KeySet:
    return tuple(dict.fromkeys(place for key_set in sets for place in key_set))


def _check(count: int, position: Location) -> None:
    if count > MAX_SETS:
        raise _too_many(count, position)


def _too_many_keys(position: Location) -> SqlppError:
    message = f"Compilation error: GROUP BY has more than {MAX_KEYS} keys"
    return compile_error(position, "ASX1079", message)


def _too_many(count: int, position: Location) -> SqlppError:
    message = f"Too many grouping sets in group by clause: {count}. Maximum allowed: {MAX_SETS}."
    return compile_error(position, "ASX1118", message)
