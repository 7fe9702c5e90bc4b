"""The closed list: every node of a plan that is understood, and what it means.

A node that is not here, or comes with an argument that is not here, leaves the plan to Spark. One
node more is one entry more, and its name in the property test that holds it to Spark's own answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from sandbox.parquet.give_up import NotTaken
from sandbox.parquet.words import ATTRIBUTE, CATALYST, TEXT, TYPES, Node
from sandbox.render.direct import values as v
from sandbox.render.direct.area import Area, area_of
from sandbox.render.direct.located import EDGE, INSIDE, OUTSIDE

Build = Callable[[Node], v.Evaluate]

_SEDONA: Final = "org.apache.spark.sql.sedona_sql.expressions"

LITERAL: Final = f"{CATALYST}.Literal"
AND: Final = f"{CATALYST}.And"
POINT: Final = f"{_SEDONA}.ST_Point"
CALL: Final = "geoscope.spatial.Call"
FROM_TEXT: Final = ["ST_GeomFromText/si"]
"""The arguments of the call that reads WKT; its children are the text, and an SRID if given."""
IN_AREA: Final = "geoscope.spatial.PointInArea"
"""What predicates of ST_Point(x, y) and a constant polygon are after optimisation."""

NUMBERS: Final = ("tinyint", "smallint", "int", "bigint", "float", "double")
COMPARED: Final = frozenset(TYPES) - {"boolean"}

_WIDER: Final[dict[str, frozenset[str]]] = {
    "tinyint": frozenset({"smallint", "int", "bigint", "double"}),
    "smallint": frozenset({"int", "bigint", "double"}),
    "int": frozenset({"bigint", "double"}),
    "bigint": frozenset({"double"}),
    "float": frozenset({"double"}),
}
"""Casts that cannot fail; of a bigint to the nearest double, as Java and numpy do it alike."""


def _answers(*places: int) -> v.Mask:
    return np.isin(np.arange(3), places)


_ANSWERS: Final[dict[str, v.Mask]] = {
    "ST_Within": _answers(INSIDE),
    "ST_Contains": _answers(INSIDE),
    "ST_CoveredBy": _answers(INSIDE, EDGE),
    "ST_Covers": _answers(INSIDE, EDGE),
    "ST_Intersects": _answers(INSIDE, EDGE),
    "ST_Touches": _answers(EDGE),
    "ST_Disjoint": _answers(OUTSIDE),
}
"""Predicates of a point and an area, whichever was written first, by the place of the point."""
_FALSE_FOR_NAN: Final = frozenset({"ST_Within", "ST_Contains"})


def compile_expression(node: Node) -> v.Evaluate:
    """An expression, ready to run; raises NotTaken."""
    build = EXPRESSIONS.get(node["op"])
    if build is None:
        raise NotTaken(reason=node["op"])
    return build(node)


def column_of(node: Node) -> Callable[[v.Rows], v.Column]:
    """An expression that gives plain values; raises NotTaken."""
    if node.get("type") not in TYPES:
        raise NotTaken(reason=f"type {node.get('type')}")
    evaluate = compile_expression(node)

    def column(rows: v.Rows) -> v.Column:
        value = evaluate(rows)
        assert isinstance(value, v.Column)  # noqa: S101  (types are checked when plans are read)
        return value

    return column


def text_of(node: Node) -> Node | None:
    """The column of text that an expression reads as geometries; None if it is another one."""
    is_read = node["op"] == CALL and node["arguments"] == FROM_TEXT
    if is_read and len(node["children"]) == 1:
        node = node["children"][0]
    return node if node["op"] == ATTRIBUTE and node["type"] == TEXT else None


def points_of(node: Node) -> Callable[[v.Rows], v.Points]:
    """An expression that gives points; raises NotTaken."""
    if node["op"] != POINT:
        raise NotTaken(reason=f"{node['op']} where a point is needed")
    evaluate = _point(node)

    def points(rows: v.Rows) -> v.Points:
        value = evaluate(rows)
        assert isinstance(value, v.Points)  # noqa: S101
        return value

    return points


def _attribute(node: Node) -> v.Evaluate:
    number = node["id"]
    return lambda rows: rows[number]


def literal_value(node: Node) -> Any:
    """What a literal of one of TYPES is, as its type lies in memory; None for null."""
    kind, text = node["type"], node["value"]
    if kind not in TYPES:
        raise NotTaken(reason=f"literal of type {kind}")
    if text is None:
        return None
    if kind == "boolean":
        return np.bool_(text == "true")
    if kind in ("float", "double"):
        return TYPES[kind](np.int64(int(text)).view(np.float64))
    return TYPES[kind](int(text))


def _literal(node: Node) -> v.Evaluate:
    value = literal_value(node)
    if value is None:
        nothing = v.Column(np.zeros(1, TYPES[node["type"]]), np.zeros(1, np.bool_))
        return lambda rows: nothing
    constant = v.Column(np.array([value]))
    return lambda rows: constant


def _children(node: Node, count: int) -> list[Node]:
    children: list[Node] = node["children"]
    if len(children) != count or node.get("arguments"):
        raise NotTaken(
            reason=f"{node['op']} with {len(children)} children, {node.get('arguments')}"
        )
    return children


def _alike(children: list[Node], allowed: frozenset[str] | tuple[str, ...]) -> None:
    kinds = {child.get("type") for child in children}
    if len(kinds) != 1 or not kinds <= set(allowed):
        raise NotTaken(reason=f"types {sorted(map(str, kinds))}")


def _compared(test: Callable[[v.Array, v.Array], v.Mask]) -> Build:
    def build(node: Node) -> v.Evaluate:
        children = _children(node, 2)
        _alike(children, COMPARED)
        left, right = map(column_of, children)

        def compare(rows: v.Rows) -> v.Column:
            a, b = left(rows), right(rows)
            return v.Column(test(a.values, b.values), v.both(a.valid, b.valid))

        return compare

    return build


def _combined(combine: Callable[..., v.Column], allowed: frozenset[str], count: int) -> Build:
    def build(node: Node) -> v.Evaluate:
        children = _children(node, count)
        _alike(children, allowed)
        operands = [column_of(child) for child in children]
        return lambda rows: combine(*(operand(rows) for operand in operands))

    return build


def _arithmetic(compute: Callable[[v.Array, v.Array], v.Array]) -> Build:
    """On doubles, which know no error; of whole numbers it would have to find overflows."""

    def build(node: Node) -> v.Evaluate:
        # The mode says what an overflow does: doubles have none.
        children = _children({**node, "arguments": []}, 2)
        _alike(children, ("double",))
        left, right = map(column_of, children)

        def calculate(rows: v.Rows) -> v.Column:
            a, b = left(rows), right(rows)
            valid = v.both(a.valid, b.valid)
            return v.Column(compute(a.values, b.values), valid)

        return calculate

    return build


def _quotient(node: Node) -> v.Evaluate:
    """By a constant that is not zero: what zero does depends on a setting, and on the row."""
    divisor = node["children"][1]
    if divisor["op"] != LITERAL or divisor["type"] != "double" or not literal_value(divisor):
        raise NotTaken(reason="a division by what may be zero")
    return _arithmetic(np.divide)(node)


def _minus(node: Node) -> v.Evaluate:
    children = _children({**node, "arguments": []}, 1)
    _alike(children, ("double",))
    operand = column_of(children[0])

    def negate(rows: v.Rows) -> v.Column:
        value = operand(rows)
        return v.Column(-value.values, value.valid)

    return negate


def _cast(node: Node) -> v.Evaluate:
    child = node["children"][0]
    if node["type"] not in _WIDER.get(child.get("type"), ()):
        raise NotTaken(reason=f"a cast of {child.get('type')} to {node['type']}")
    operand, wanted = column_of(child), TYPES[node["type"]]

    def cast(rows: v.Rows) -> v.Column:
        value = operand(rows)
        return v.Column(value.values.astype(wanted), value.valid)

    return cast


def _null_test(*, wanted: bool) -> Build:
    def build(node: Node) -> v.Evaluate:
        child = _children(node, 1)[0]
        operand = points_of(child) if child["op"] == POINT else column_of(child)

        def test(rows: v.Rows) -> v.Column:
            present = operand(rows).not_null
            return v.Column(~present if wanted else present)

        return test

    return build


def _if(node: Node) -> v.Evaluate:
    condition, *branches = _children(node, 3)
    _alike(branches, tuple(TYPES))
    test, (then, otherwise) = column_of(condition), map(column_of, branches)

    def choose(rows: v.Rows) -> v.Column:
        return v.either(test(rows).is_true, then(rows), otherwise(rows))

    return choose


def _in(node: Node) -> v.Evaluate:
    children: list[Node] = node["children"]
    _alike(children, COMPARED)
    if any(child["op"] != LITERAL for child in children[1:]):
        raise NotTaken(reason="IN a list that is not constant")
    operand, members = column_of(children[0]), [literal_value(child) for child in children[1:]]
    known = [np.array([member]) for member in members if member is not None]

    def test(rows: v.Rows) -> v.Column:
        value = operand(rows)
        found = np.zeros(len(value.values), np.bool_)
        for member in known:
            found |= v.equal(value.values, member)
        # Not found, but it might equal the null.
        valid = value.valid if len(known) == len(members) else v.both(value.valid, found)
        return v.Column(found, valid)

    return test


def _point(node: Node) -> v.Evaluate:
    children = _children(node, 2)
    _alike(children, ("double",))
    left, right = map(column_of, children)

    def make(rows: v.Rows) -> v.Points:
        x, y = left(rows), right(rows)
        return v.Points(x.values, y.values, v.both(x.valid, y.valid))

    return make


def _coordinate(axis: str) -> Build:
    def build(node: Node) -> v.Evaluate:
        points = points_of(_children(node, 1)[0])

        def take(rows: v.Rows) -> v.Column:
            value = points(rows)
            return v.Column(getattr(value, axis), value.valid)

        return take

    return build


def constant_area(node: Node) -> Area:
    """The area of a predicate; raises NotTaken."""
    return area_of(bytes.fromhex(node["area"]))


def _in_area(node: Node) -> v.Evaluate:
    """A predicate of a point and a constant area: its answer inside, on the edge and outside."""
    answers = _ANSWERS.get(node["function"])
    if answers is None:
        raise NotTaken(reason=node["function"])
    children = node["children"]
    _alike(children, ("double",))
    left, right = map(column_of, children)
    area, careless = constant_area(node), node["function"] in _FALSE_FOR_NAN

    def test(rows: v.Rows) -> v.Column:
        x, y = left(rows), right(rows)
        if not careless:
            _refuse_nan(x.values, y.values)
        xs, ys = np.broadcast_arrays(x.values, y.values)
        places = area.locate(np.ascontiguousarray(xs), np.ascontiguousarray(ys))
        return v.Column(answers[places], v.both(x.valid, y.valid))

    return test


def _refuse_nan(x: v.Array, y: v.Array) -> None:
    """JTS finds places without coordinates inside some areas and not in others."""
    # A sum is NaN if one of its terms is.
    if np.isnan(x.sum() + y.sum()):
        raise NotTaken(
            reason="a point that is not finite, in a predicate that JTS answers by chance"
        )


_BOOLEAN: Final = frozenset({"boolean"})

EXPRESSIONS: Final[dict[str, Build]] = {
    ATTRIBUTE: _attribute,
    LITERAL: _literal,
    AND: _combined(v.conjunction, _BOOLEAN, 2),
    f"{CATALYST}.Or": _combined(v.disjunction, _BOOLEAN, 2),
    f"{CATALYST}.Not": _combined(v.negation, _BOOLEAN, 1),
    f"{CATALYST}.EqualTo": _compared(v.equal),
    f"{CATALYST}.EqualNullSafe": _combined(v.null_safe_equal, COMPARED, 2),
    f"{CATALYST}.LessThan": _compared(v.less),
    f"{CATALYST}.LessThanOrEqual": _compared(v.at_most),
    f"{CATALYST}.GreaterThan": _compared(lambda a, b: v.less(b, a)),
    f"{CATALYST}.GreaterThanOrEqual": _compared(lambda a, b: v.at_most(b, a)),
    f"{CATALYST}.IsNull": _null_test(wanted=True),
    f"{CATALYST}.IsNotNull": _null_test(wanted=False),
    f"{CATALYST}.In": _in,
    f"{CATALYST}.Add": _arithmetic(np.add),
    f"{CATALYST}.Subtract": _arithmetic(np.subtract),
    f"{CATALYST}.Multiply": _arithmetic(np.multiply),
    f"{CATALYST}.Divide": _quotient,
    f"{CATALYST}.UnaryMinus": _minus,
    f"{CATALYST}.Cast": _cast,
    f"{CATALYST}.If": _if,
    POINT: _point,
    f"{_SEDONA}.ST_X": _coordinate("x"),
    f"{_SEDONA}.ST_Y": _coordinate("y"),
    IN_AREA: _in_area,
}
