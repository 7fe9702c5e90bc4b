"""What types the values of a resolved query have, as far as its text and its datasets tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from sandbox.sqlpp.source import Datasets
from sandbox.sqlpp.tree import expressions as tree
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Block, FromTerm, Join, Projection, Select, Unnest
from sandbox.sqlpp.values import MISSING, Value
from sandbox.statements.datasets.types import (
    ANY,
    Collection,
    FieldSpec,
    ItemType,
    Record,
    Scalar,
    kind_of,
)
from sandbox.statements.sqlpp.function_types import (
    CHECKS,
    FALLBACKS,
    INTEGER,
    NUMERIC,
    RESULTS,
    SAME,
)
from sandbox.statements.sqlpp.reading import Given, Objects, SparkRows


@dataclass(frozen=True)
class Typed:
    """The type of an expression; an optional one may be null or missing."""

    kind: ItemType
    is_optional: bool = True


UNKNOWN: Final = Typed(ANY)
MAX_STEPS: Final = 10_000
"""The bodies of functions are looked at for each call, so that few words can mean many steps."""
_INT64: Final = Scalar("int64")
_DOUBLE: Final = Scalar("double")
_BOOLEAN: Final = Typed(Scalar("boolean"))
_ROW_NUMBERS: Final = frozenset({"row_number", "rank", "dense_rank", "ntile"})


class Inference:
    """Types of expressions. The mutable state are those of variables by slot, and the steps."""

    def __init__(self, datasets: Datasets, parameters: Mapping[str, Value]) -> None:
        self._datasets = datasets
        self._parameters = parameters
        self._variables: dict[int, Typed] = {}
        self._steps = 0

    def of(self, expression: Expression | None) -> Typed:
        """The type of an expression."""
        self._steps += 1
        rule = _rules().get(type(expression))
        return UNKNOWN if rule is None or self._steps > MAX_STEPS else rule(self, expression)

    def rows(self, select: Select) -> ItemType:
        """The type of a query's rows; those of a UNION ALL may have none in common."""
        for let in select.lets:
            self._bind(let.variable, self.of(let.expression))
        kinds = [self._block_rows(select.first)]
        for other in select.others:
            kinds.append(self.rows(other) if isinstance(other, Select) else self._block_rows(other))
        return kinds[0] if _are_one(kinds) else ANY

    def _block_rows(self, block: Block) -> ItemType:
        self._enter(block)
        clause = block.select
        if clause.element is not None:
            return self.of(clause.element).kind
        found: list[FieldSpec] = []
        for projection in clause.projections:
            fields = self._projected(projection)
            if fields is None:
                return ANY
            found += fields
        return Record(found, is_open=False)

    def _projected(self, projection: Projection) -> list[FieldSpec] | None:
        typed = self.of(projection.expression)
        if projection.kind == "spread":
            return typed.kind.fields if isinstance(typed.kind, Record) else None
        return [FieldSpec(projection.name or "", typed.kind, optional=typed.is_optional)]

    def _enter(self, block: Block) -> None:
        for term in block.terms:
            self._enter_term(term)
        for let in block.lets:
            self._bind(let.variable, self.of(let.expression))
        if block.group is not None:
            for key in block.group.keys:
                typed = self.of(key.expression)
                # Grouping sets leave keys out.
                optional = typed.is_optional or bool(block.group.sets)
                self._bind(key.variable, replace(typed, is_optional=optional))
        for let in (*block.late_lets, *block.windows):
            self._bind(let.variable, self.of(let.expression))

    def _enter_term(self, term: FromTerm) -> None:
        self._bind(term.variable, self._item(term.source))
        self._bind(term.at, Typed(_INT64, is_optional=False))
        before = [term.variable]
        for link in term.links:
            self._bind(link.variable, self._linked(link))
            self._bind(link.at, Typed(_INT64))
            if isinstance(link, Join) and link.kind == "right":
                for variable in before:
                    self._bind(variable, replace(self.of(variable), is_optional=True))
            before.append(link.variable)

    def _linked(self, link: Join | Unnest) -> Typed:
        item = self._item(link.source)
        is_outer = link.outer if isinstance(link, Unnest) else link.kind == "left"
        return replace(item, is_optional=item.is_optional or is_outer)

    def _item(self, source: Expression) -> Typed:
        typed = self.of(source)
        if not isinstance(typed.kind, Collection):
            return UNKNOWN
        # What is in a dataset is never null; items of other collections may be.
        is_dataset = isinstance(source, tree.DatasetScan | Select)
        return Typed(typed.kind.item, is_optional=not is_dataset)

    def _bind(self, variable: tree.Variable | None, typed: Typed) -> None:
        if variable is not None:
            self._variables[variable.slot] = typed

    def variable(self, node: tree.Variable) -> Typed:
        """As it was bound."""
        return self._variables.get(node.slot, UNKNOWN)

    def parameter(self, node: tree.Parameter) -> Typed:
        """The value is at hand."""
        return _literal(self._parameters.get(node.name))

    def scan(self, node: tree.DatasetScan) -> Typed:
        """The objects of a dataset."""
        found = self._datasets.find(node.dataverse, node.name)
        kind = found.type() if isinstance(found, Objects | SparkRows | Given) else ANY
        return Typed(Collection("array", kind), is_optional=False)

    def apply(self, node: tree.Apply) -> Typed:
        """A user's function: what its body is."""
        for parameter, argument in zip(node.parameters, node.arguments, strict=True):
            self._bind(parameter, self.of(argument))
        return self.of(node.body)


def _literal(value: Value) -> Typed:
    if value is None:
        return Typed(Scalar("null"), is_optional=False)
    if value is MISSING or isinstance(value, dict | list):
        return UNKNOWN
    return Typed(Scalar(kind_of(value)), is_optional=False)


def _field(inference: Inference, node: tree.Field) -> Typed:
    base = inference.of(node.base)
    spec = base.kind.field(node.name) if isinstance(base.kind, Record) else None
    return UNKNOWN if spec is None else Typed(spec.type, spec.optional or base.is_optional)


def _index(inference: Inference, node: tree.Index) -> Typed:
    kind = inference.of(node.base).kind
    return Typed(kind.item) if isinstance(kind, Collection) else UNKNOWN


def _object(inference: Inference, node: tree.ObjectOf) -> Typed:
    fields = []
    for name, value in node.fields:
        if isinstance(name, tree.Literal) and isinstance(name.value, str):
            typed = inference.of(value)
            fields.append(FieldSpec(name.value, typed.kind, optional=typed.is_optional))
    return Typed(Record(fields, is_open=len(fields) < len(node.fields)), is_optional=False)


def _array(inference: Inference, node: tree.ArrayOf | tree.MultisetOf) -> Typed:
    kinds = [inference.of(item).kind for item in node.items]
    item = kinds[0] if _are_one(kinds) else ANY
    is_array = isinstance(node, tree.ArrayOf)
    return Typed(Collection("array" if is_array else "multiset", item), is_optional=False)


def _chain(inference: Inference, node: tree.Chain) -> Typed:
    """Concatenation, or arithmetic of numbers whose kinds are known."""
    operands = [inference.of(operand) for operand in node.operands]
    optional = any(operand.is_optional for operand in operands)
    if set(node.operators) == {"||"}:
        is_text = all(operand.kind == Scalar("string") for operand in operands)
        return Typed(Scalar("string"), optional or not is_text)
    kinds = {operand.kind for operand in operands if isinstance(operand.kind, Scalar)}
    if len(kinds) < len({repr(o.kind) for o in operands}) or not kinds <= {_INT64, _DOUBLE}:
        return UNKNOWN
    if "/" in node.operators:
        return Typed(_DOUBLE)
    optional = optional or not set(node.operators) <= {"+", "-", "*"}
    return Typed(_DOUBLE if _DOUBLE in kinds else _INT64, optional)


def _case(inference: Inference, node: tree.Case) -> Typed:
    found = [inference.of(value) for _, value in node.branches]
    found.append(_literal(None) if node.otherwise is None else inference.of(node.otherwise))
    return common(found)


def common(found: list[Typed]) -> Typed:
    """What is any of these, of which those that are null tell nothing."""
    kinds = [typed.kind for typed in found if typed.kind != Scalar("null")]
    optional = len(kinds) < len(found) or any(typed.is_optional for typed in found)
    return Typed(kinds[0], optional) if _are_one(kinds) else UNKNOWN


def _are_one(kinds: list[ItemType]) -> bool:
    return bool(kinds) and all(kind == kinds[0] for kind in kinds)


def _call(inference: Inference, node: tree.Call) -> Typed:
    name = node.name.replace("-", "_")
    if name in SAME and node.arguments:
        kind = inference.of(node.arguments[0]).kind
        return Typed(kind) if kind in (_INT64, _DOUBLE) else UNKNOWN
    if name in CHECKS:
        return _BOOLEAN
    if name in FALLBACKS and node.arguments:
        found = [inference.of(argument) for argument in node.arguments]
        return replace(common(found), is_optional=found[-1].is_optional)
    if name == "range":
        return Typed(Collection("array", _INT64))
    return Typed(Scalar(RESULTS[name])) if name in RESULTS else UNKNOWN


def _aggregated(name: str, argument: Typed) -> Typed:
    """The result of an aggregate, `sum` or `array_sum` or `strict_sum`."""
    name = name.rpartition("_")[2] if name.startswith(("array_", "strict_")) else name
    if name in INTEGER:
        return Typed(_INT64)
    if name in NUMERIC:
        return Typed(_DOUBLE)
    if name == "agg":
        return Typed(Collection("array", argument.kind), is_optional=False)
    is_sum = name == "sum" and argument.kind in (_INT64, _DOUBLE)
    return Typed(argument.kind) if is_sum or name in ("min", "max") else UNKNOWN


def _aggregate(inference: Inference, node: tree.Aggregate) -> Typed:
    return _aggregated(node.function, inference.of(node.argument))


def _window(inference: Inference, node: tree.Window) -> Typed:
    call = node.call
    if call.name in _ROW_NUMBERS:
        return Typed(_INT64, is_optional=False)
    return _aggregated(call.name, inference.of(call.arguments[0] if call.arguments else None))


def _select(inference: Inference, node: Select) -> Typed:
    return Typed(Collection("array", inference.rows(node)), is_optional=False)


Rule = Callable[[Inference, Any], Typed]


@cache
def _rules() -> Mapping[type, Rule]:
    truths = (
        *(tree.Comparison, tree.Logic, tree.Not, tree.Membership, tree.Between),
        *(tree.Exists, tree.Quantified),
    )
    return {
        **dict.fromkeys(truths, lambda inference, node: _BOOLEAN),
        tree.Literal: lambda inference, node: _literal(node.value),
        tree.Parameter: Inference.parameter,
        tree.Variable: Inference.variable,
        tree.DatasetScan: Inference.scan,
        tree.Apply: Inference.apply,
        tree.Negate: lambda inference, node: _call(
            inference, tree.Call(node.position, "abs", (node.operand,))
        ),
        tree.Field: _field,
        tree.Index: _index,
        tree.ObjectOf: _object,
        tree.ArrayOf: _array,
        tree.MultisetOf: _array,
        tree.Chain: _chain,
        tree.Case: _case,
        tree.Call: _call,
        tree.Aggregate: _aggregate,
        tree.Window: _window,
        Select: _select,
    }
