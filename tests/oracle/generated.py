"""Statements made by chance, the same for the same seed: mostly well typed, now and then not."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

_NUMBERS = ("0", "1", "2", "-3", "7", "10", "1.5", "-0.5", "2.0", "1e3", "100", "0.1")
_STRINGS = ('""', '"a"', '"abc"', '"Abc"', '"a b"', '"10"', '"å"', '"b,c"')
_BOOLEANS = ("true", "false")
_ODD = ("null", "missing", "null", "[]", '"x"', "5", "{}", "true")
_OF_NUMBERS = ("abs", "ceil", "floor", "round", "sign", "sqrt", "to_string", "-", "exp")
_TO_STRINGS = ("lower", "upper", "trim", "reverse", "initcap", "to_string", "ltrim")
_TO_ARRAYS = ("array_reverse", "array_sort", "array_distinct")
_AGGREGATES = ("COUNT", "SUM", "MIN", "MAX", "AVG")
_FIELDS = {
    "stations": {
        "number": ("id", "height", "lat", "owner.since"),
        "string": ("name", "country", "owner.name", "tags[0]"),
        "array": ("tags",),
    },
    "readings": {
        "number": ("rid", "station", "temp", "wind"),
        "string": ("day",),
        "array": (),
    },
}


class Maker:
    """Makes expressions and queries from one source of chance."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._sources: dict[str, str] = {}

    def statements(self, count: int) -> Iterator[str]:
        """So many statements."""
        for _ in range(count):
            self._sources = {}
            kind = self._random.choice((self._constant, self._rows, self._rows, self._groups))
            yield kind()

    def _constant(self) -> str:
        kind = self._random.choice(("number", "string", "boolean", "array", "object"))
        return f"SELECT VALUE {self._expression(kind, 3)};"

    def _rows(self) -> str:
        sources = self._from()
        where = f" WHERE {self._expression('boolean', 2)}" if self._one_in(2) else ""
        items = ", ".join(self._expression(self._kind(), 2) for _ in range(2))
        return f"SELECT VALUE [{items}] FROM {sources}{where};"

    def _groups(self) -> str:
        sources = self._from()
        key = self._expression(self._random.choice(("number", "string", "boolean")), 1)
        argument = self._expression("number", 1)
        where = f" WHERE {self._expression('boolean', 1)}" if self._one_in(3) else ""
        having = f" HAVING COUNT(*) > {self._random.choice('012')}" if self._one_in(3) else ""
        aggregate = self._random.choice(_AGGREGATES)
        return (
            f"SELECT VALUE [k, COUNT(*), {aggregate}({argument})] FROM {sources}"
            f" LET c = {key}{where} GROUP BY c AS k{having};"
        )

    def _from(self) -> str:
        name = self._random.choice(tuple(_FIELDS))
        self._sources = {"s": name}
        if self._one_in(4):
            self._sources = {"s": "stations", "r": "readings"}
            kind = self._random.choice(("JOIN", "LEFT JOIN"))
            return f"stations AS s {kind} readings AS r ON s.id = r.station"
        if name == "stations" and self._one_in(4):
            return "stations AS s UNNEST s.tags AS t"
        return f"{name} AS s"

    def _expression(self, kind: str, depth: int) -> str:
        if self._one_in(25):
            return self._random.choice(_ODD)
        if self._sources and self._one_in(3) and (field := self._field(kind)):
            return field
        if depth == 0:
            return self._literal(kind)
        makers = {
            "number": self._number,
            "string": self._string,
            "boolean": self._boolean,
            "array": self._array,
            "object": self._object,
        }
        return makers[kind](depth - 1)

    def _number(self, depth: int) -> str:
        left, right = (self._expression("number", depth) for _ in range(2))
        pick = self._random.randrange(7)
        if pick < 3:
            sign = self._random.choice(("+", "-", "*", "/", "DIV", "%"))
            return f"({left} {sign} {right})"
        if pick == 3:
            return f"{self._random.choice(_OF_NUMBERS[:-3])}({left})"
        if pick == 4:
            return f"length({self._expression('string', depth)})"
        if pick == 5:
            name = self._random.choice(("array_count", "array_sum", "array_max", "len"))
            return f"{name}({self._expression('array', depth)})"
        return self._choice("number", depth)

    def _string(self, depth: int) -> str:
        text = self._expression("string", depth)
        pick = self._random.randrange(5)
        if pick == 0:
            return f"({text} || {self._expression('string', depth)})"
        if pick == 1:
            return f"substr({text}, {self._random.choice(('0', '1', '-1', '2'))})"
        if pick == 2:
            return f"replace({text}, {self._expression('string', 0)}, {self._literal('string')})"
        if pick == 3:
            return self._choice("string", depth)
        return f"{self._random.choice(_TO_STRINGS)}({text})"

    def _boolean(self, depth: int) -> str:
        kind = self._random.choice(("number", "number", "string", "boolean"))
        left, right = (self._expression(kind, depth) for _ in range(2))
        pick = self._random.randrange(9)
        if pick < 3:
            return f"({left} {self._random.choice(('=', '!=', '<', '<=', '>', '>='))} {right})"
        if pick == 3:
            sign = self._random.choice(("AND", "OR"))
            left, right = (self._expression("boolean", depth) for _ in range(2))
            return f"({left} {sign} {right})"
        if pick == 4:
            return f"(NOT {self._expression('boolean', depth)})"
        if pick == 5:
            test = self._random.choice(("NULL", "MISSING", "UNKNOWN", "KNOWN", "NOT NULL"))
            return f"({left} IS {test})"
        if pick == 6:
            return f"({left} IN [{right}, {self._expression(kind, 0)}])"
        if pick == 7:
            return f"({left} BETWEEN {right} AND {self._expression(kind, 0)})"
        quantifier = self._random.choice(("SOME", "EVERY"))
        return f"({quantifier} q IN {self._expression('array', depth)} SATISFIES q = {left})"

    def _array(self, depth: int) -> str:
        pick = self._random.randrange(4)
        if pick == 0:
            return f"{self._random.choice(_TO_ARRAYS)}({self._expression('array', depth)})"
        if pick == 1:
            values = self._expression("array", depth)
            return f"(SELECT VALUE v FROM {values} AS v WHERE v IS KNOWN ORDER BY v)"
        kind = self._random.choice(("number", "string"))
        return f"[{', '.join(self._expression(kind, depth) for _ in range(2))}]"

    def _object(self, depth: int) -> str:
        fields = (f'"{name}": {self._expression(self._kind(), depth)}' for name in "ab")
        return f"{{{', '.join(fields)}}}"

    def _choice(self, kind: str, depth: int) -> str:
        left, right = (self._expression(kind, depth) for _ in range(2))
        if self._one_in(2):
            condition = self._expression("boolean", depth)
            return f"(CASE WHEN {condition} THEN {left} ELSE {right} END)"
        name = self._random.choice(("coalesce", "if_null", "greatest", "null_if"))
        return f"{name}({left}, {right})"

    def _literal(self, kind: str) -> str:
        options = {"number": _NUMBERS, "string": _STRINGS, "boolean": _BOOLEANS}
        if kind in options:
            return self._random.choice(options[kind])
        return "[1, 2, 2]" if kind == "array" else '{"a": 1}'

    def _field(self, kind: str) -> str | None:
        alias, source = self._random.choice(tuple(self._sources.items()))
        names = _FIELDS[source].get(kind, ())
        return f"{alias}.{self._random.choice(names)}" if names else None

    def _kind(self) -> str:
        return self._random.choice(("number", "string", "boolean", "array"))

    def _one_in(self, count: int) -> bool:
        return self._random.randrange(count) == 0
