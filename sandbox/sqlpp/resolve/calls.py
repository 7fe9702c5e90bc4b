"""Calls: built-in functions, users' functions, and the aggregates of SQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sandbox.sqlpp.errors import Location, SqlppError, compile_error
from sandbox.sqlpp.functions.function import Function as Builtin
from sandbox.sqlpp.functions.registry import find
from sandbox.sqlpp.resolve.catalog import DEFAULT_DATAVERSE, Catalog
from sandbox.sqlpp.resolve.names import Names, recursion, without_value
from sandbox.sqlpp.resolve.scopes import Scope
from sandbox.sqlpp.tree.expressions import (
    UNBOUND,
    Aggregate,
    Apply,
    ArrayOf,
    Call,
    Grouping,
    Name,
    Parameter,
    Variable,
    Window,
)
from sandbox.sqlpp.tree.nodes import Expression, Node
from sandbox.sqlpp.tree.queries import Select
from sandbox.sqlpp.tree.statements import ANY_NUMBER, Function
from sandbox.sqlpp.tree.walk import children

# A SQL aggregate and the function over a collection that it means.
AGGREGATES: Final = {
    "count": "array_count",
    "sum": "array_sum",
    "avg": "array_avg",
    "mean": "array_avg",
    "min": "array_min",
    "max": "array_max",
    "array_agg": "array_agg",
    "arrayagg": "array_agg",
    "stddev": "array_stddev_samp",
    "stddev_samp": "array_stddev_samp",
    "stddev_pop": "array_stddev_pop",
    "variance": "array_var_samp",
    "variance_samp": "array_var_samp",
    "var_samp": "array_var_samp",
    "variance_pop": "array_var_pop",
    "var_pop": "array_var_pop",
    "skewness": "array_skewness",
    "kurtosis": "array_kurtosis",
}
# The functions that OVER alone allows, and how many arguments they take.
WINDOW_FUNCTIONS: Final = {
    "row_number": (0,),
    "rank": (0,),
    "dense_rank": (0,),
    "percent_rank": (0,),
    "cume_dist": (0,),
    "ntile": (1,),
    "lag": (1, 2, 3),
    "lead": (1, 2, 3),
    "first_value": (1,),
    "last_value": (1,),
    "nth_value": (2,),
    "ratio_to_report": (1,),
}
_WITHOUT_OVER: Final = ("ASX1100", "Unexpected window expression")
# What only operators may call.
_OPERATORS: Final = "numeric-"


class Calls(Names):
    """The rule for Call."""

    def __init__(self, catalog: Catalog, root: Node) -> None:
        super().__init__(catalog, root)
        self._applied: dict[int, tuple[tuple[Variable, ...], Expression]] = {}
        self._within: list[Function] = []

    def call(self, node: Call, scope: Scope) -> Expression:
        """A call of whatever the name means here."""
        dataverse = node.dataverse or self.home
        function = self.catalog.functions.find(dataverse, node.spelled, len(node.arguments))
        if function is not None:
            return self._apply(function, node, scope)
        if node.dataverse is None:
            meaning = AGGREGATES.get(aggregate_name(node))
            if meaning is not None:
                return self._aggregate(meaning, node, scope)
            if aggregate_name(node) in WINDOW_FUNCTIONS:
                raise compile_error(node.position, *_WITHOUT_OVER)
        if node.name == "grouping":
            return self._grouping_call(node, scope)
        if node.where is not None:
            raise illegal_filter(node.position)
        arguments = tuple(self.expression(argument, scope) for argument in node.arguments)
        name = self._builtin(node)
        return Call(node.position, name, arguments, distinct=node.distinct)

    def _builtin(self, node: Call) -> str:
        found = find(node.name) if node.dataverse is None else None
        if found is None or found.name.startswith(_OPERATORS):
            raise self.unknown_function(node)
        if not takes(found, len(node.arguments)):
            raise _too_few(found, node) if found.max_args is None else self.unknown_function(node)
        return found.name

    def unknown_function(self, node: Call) -> SqlppError:
        """The error for a name, with so many arguments, that is no function."""
        dataverse = node.dataverse
        if dataverse is not None and not self.catalog.datasets.has_dataverse(dataverse):
            message = f"Cannot find dataverse with name {dataverse}"
            return SqlppError("ASX1063", message, node.position)
        dataverse = dataverse or node.home
        prefix = f"{dataverse}." if dataverse and dataverse != DEFAULT_DATAVERSE else ""
        if node.dataverse is not None:
            prefix = f"{node.dataverse}."
        signature = f"{prefix}{node.spelled}({len(node.arguments) or ''})"
        message = f"Cannot find function with signature {signature}"
        return SqlppError("ASX1081", message, node.position)

    def _aggregate(self, meaning: str, node: Call, scope: Scope) -> Expression:
        group = scope.group()
        if group is None or group.grouped is None or group.rows is None:
            raise _needs_group(node, meaning)
        if len(node.arguments) != 1:
            raise self.unknown_function(node)
        before = replace(group.grouped, keys=(), grouped=group.grouped, rows=group.rows)
        return Aggregate(
            node.position,
            meaning,
            self.expression(node.arguments[0], before),
            group.rows,
            node.distinct,
            None if node.where is None else self.expression(node.where, before),
        )

    def _grouping_call(self, node: Call, scope: Scope) -> Expression:
        """GROUPING(key, …): one bit for each key, set where a grouping set has it not."""
        group = scope.group()
        clause = None if group is None else group.grouping
        if clause is None or clause.current is None or clause.is_implicit:
            message = "Compilation error: Inappropriate use of function 'grouping'"
            raise compile_error(node.position, "ASX1079", message)
        slots = [key.variable.slot if key.variable else UNBOUND for key in clause.keys]
        places: list[int] = []
        for argument in node.arguments:
            key = self._known_key(argument, scope)
            if key is None or key.slot not in slots:
                message = "Invalid argument to grouping() function"
                raise compile_error(argument.position, "ASX1119", message)
            places.append(slots.index(key.slot))
        sets = clause.sets or (tuple(range(len(slots))),)
        return Grouping(node.position, tuple(_mask(places, s) for s in sets), clause.current)

    def _known_key(self, node: Expression, scope: Scope) -> Variable | None:
        for key, variable in scope.keys:
            if key == node:
                return variable
        return scope.find(node.name) if isinstance(node, Name) else None

    def _apply(self, function: Function, node: Call, scope: Scope) -> Expression:
        arguments = tuple(self.expression(argument, scope) for argument in node.arguments)
        if function.parameters == (ANY_NUMBER,):
            arguments = (ArrayOf(node.position, arguments),)
        with self.at_home(function.dataverse or node.dataverse):
            parameters, body = self._body(function)
        return Apply(node.position, function.name, parameters, arguments, body)

    def _body(self, function: Function) -> tuple[tuple[Variable, ...], Expression]:
        """A function's parameters and resolved body, which all calls of it share."""
        if any(function is outer for outer in self._within):
            raise recursion(self._root.position)
        known = self._applied.get(id(function))
        if known is None:
            scope = Scope()
            names = function.parameters
            if names == (ANY_NUMBER,):
                names = ("args",)
            parameters = tuple(scope.bind(self.variable(n, function.position)) for n in names)
            known = parameters, self._within_body(function, scope)
            self._applied[id(function)] = known
        return known

    def _within_body(self, function: Function, scope: Scope) -> Expression:
        """A body knows its parameters only, and none of the request's."""
        self._within.append(function)
        body = self.source(function.body, scope)
        self._within.pop()
        return body

    def parameter(self, node: Parameter, scope: Scope) -> Parameter:
        """A parameter of the request; the bodies of functions know none."""
        if self._within:
            raise without_value(node)
        return super().parameter(node, scope)


def _mask(places: list[int], key_set: tuple[int, ...]) -> int:
    """The keys that a grouping set leaves out, the last one as the lowest bit."""
    mask = 0
    for place in places:
        mask = mask * 2 + (place not in key_set)
    return mask


def aggregate_name(node: Call) -> str:
    """The name by which AGGREGATES knows a function."""
    return node.name.replace("-", "_")


def has_aggregate(node: Node) -> bool:
    """Whether a SQL aggregate stands in a SELECT clause itself, not in a query inside of it."""
    if isinstance(node, Call) and node.dataverse is None and aggregate_name(node) in AGGREGATES:
        return True
    if isinstance(node, Window):
        # The function itself is none here, what it is asked of may be.
        return any(has_aggregate(part) for part in (*children(node.call), *node.partition))
    return any(has_aggregate(c) for c in children(node) if not isinstance(c, Select))


def takes(function: Builtin, count: int) -> bool:
    """Whether a function can be called with so many arguments."""
    return function.min_args <= count and (function.max_args is None or count <= function.max_args)


def illegal_filter(position: Location) -> SqlppError:
    """FILTER on what is no aggregate."""
    return SqlppError("ASX1121", "Illegal use of aggregate FILTER clause", position)


def _needs_group(node: Call, meaning: str) -> SqlppError:
    message = (
        f"Compilation error: {node.name} is a SQL-92 aggregate function. The SQL++ core "
        f"aggregate function {meaning} could potentially express the intent."
    )
    return SqlppError("ASX1079", message, node.position)


def _too_few(function: Builtin, node: Call) -> SqlppError:
    """The error for a function of any number of arguments that has less than it needs."""
    if function.name == "switch-case":
        count = len(node.arguments)
        message = f"Invalid parameter number: function switch-case cannot take {count} parameters"
        return SqlppError("ASX1008", message, node.position)
    message = f"Invalid number of arguments for function {function.name}"
    return SqlppError("ASX1087", message, node.position)
