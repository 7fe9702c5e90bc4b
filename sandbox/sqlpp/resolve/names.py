"""The resolver's state, and what single names, paths and parameters mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from sandbox.sqlpp.errors import Location, SqlppError, compile_error
from sandbox.sqlpp.parser.primaries import implied_name
from sandbox.sqlpp.resolve.catalog import Catalog
from sandbox.sqlpp.resolve.scopes import Scope
from sandbox.sqlpp.tree.expressions import DatasetScan, Field, Name, Parameter, Variable
from sandbox.sqlpp.tree.nodes import Expression, Node
from sandbox.sqlpp.tree.queries import GroupKey, Projection
from sandbox.sqlpp.tree.walk import walk

MAX_VIEWS: Final = 256


class Names:
    """Looks names up; the layers above it go through expressions and queries."""

    def __init__(self, catalog: Catalog, root: Node) -> None:
        self.catalog = catalog
        self.slots = 0
        self._root = root
        self._columns: dict[int, str] | None = None
        self._column_count = 0
        self.home: str | None = None
        self._views = 0
        self._viewing: list[tuple[str | None, str]] = []

    def expression(self, node: Expression, scope: Scope) -> Expression:
        """The expression with every name looked up."""
        raise NotImplementedError

    def variable(self, name: str, position: Location) -> Variable:
        """A new variable, with a slot of its own."""
        self.slots += 1
        return Variable(position, name, self.slots - 1)

    def bound(self, variable: Variable) -> Variable:
        """The variable as written, with a slot of its own."""
        return self.variable(variable.name, variable.position)

    def column_name(self, node: Projection | GroupKey) -> str:
        """The `$1`, `$2`, … of a column that has no name."""
        return self._numbered()[id(node)]

    def new_name(self) -> str:
        """A name of the same row for what the query leaves unnamed."""
        self._numbered()
        self._column_count += 1
        return f"${self._column_count}"

    def _numbered(self) -> dict[int, str]:
        if self._columns is None:
            unnamed = [node for node in walk(self._root) if _is_unnamed(node)]
            self._columns = {id(node): f"${n}" for n, node in enumerate(unnamed, 1)}
            self._column_count = len(unnamed)
        return self._columns

    def name(self, node: Name, scope: Scope) -> Expression:
        """A variable, or a field of the only variable that can lend one."""
        found = scope.find(node.name)
        if found is not None:
            return Variable(node.position, found.name, found.slot)
        if scope.is_source:
            return self._dataset(None, node.name, node.position)
        return Field(node.position, self._lender(node.name, node.position, scope), node.name)

    def _lender(self, name: str, position: Location, scope: Scope) -> Variable:
        if len(scope.context) == 1:
            return replace(scope.context[0], position=position)
        if scope.context:
            message = f"Cannot resolve ambiguous alias reference for identifier {name}"
            raise compile_error(position, "ASX1074", message)
        message = f"Cannot resolve alias reference for undefined identifier {name}"
        raise compile_error(position, "ASX1073", message)

    def parameter(self, node: Parameter, _: Scope) -> Parameter:
        """The parameter, which must have a value."""
        if node.name not in self.catalog.parameters:
            raise without_value(node)
        return node

    def source(self, node: Expression, scope: Scope) -> Expression:
        """An expression that is iterated: a name there that is no variable is a dataset."""
        return self.expression(node, scope.source())

    def field(self, node: Field, scope: Scope) -> Expression:
        """A field, or in a source a dataset with its dataverse before it."""
        path = _path(node) if scope.is_source else []
        if not path or scope.find(path[0].name) is not None:
            return replace(node, base=self.expression(node.base, scope))
        dataverse = ".".join(part.name for part in path[:-1])
        return self._dataset(dataverse, path[-1].name, path[0].position)

    def _dataset(self, dataverse: str | None, name: str, position: Location) -> Expression:
        catalog, dataverse = self.catalog, dataverse or self.home
        view = catalog.views.find(dataverse, name) if catalog.views else None
        if view is not None:
            return self._view((dataverse, name), view, position)
        if catalog.datasets.find(dataverse, name) is None:
            raise _no_dataset(name, dataverse or catalog.dataverse, position)
        return DatasetScan(position, dataverse, name)

    def _view(
        self, name: tuple[str | None, str], view: Expression, position: Location
    ) -> Expression:
        """The query a view stands for, which knows nothing of the query around it."""
        self._views += 1
        if name in self._viewing:
            raise recursion(self._root.position)
        if self._views > MAX_VIEWS:
            message = f"Compilation error: the query stands for more than {MAX_VIEWS} views"
            raise compile_error(position, "ASX1079", message)
        self._viewing.append(name)
        with self.at_home(name[0]):
            body = self.expression(view, Scope())
        self._viewing.pop()
        return body

    @contextmanager
    def at_home(self, dataverse: str | None) -> Iterator[None]:
        """Look names without a dataverse up in that one: in it a function or view was made."""
        before, self.home = self.home, dataverse or self.home
        yield
        self.home = before


def recursion(position: Location) -> SqlppError:
    """A function or view that asks for itself."""
    return SqlppError("ASX1149", "Illegal function or view recursion", position)


def _is_unnamed(node: Node) -> bool:
    if isinstance(node, Projection):
        return node.kind == "named" and node.name is None
    if isinstance(node, GroupKey):
        return node.variable is None and implied_name(node.expression) is None
    return False


def _path(node: Expression) -> list[Name | Field]:
    """The names of a path that is nothing but names, the first one first."""
    found: list[Name | Field] = []
    while isinstance(node, Field):
        found.append(node)
        node = node.base
    if not isinstance(node, Name):
        return []
    return [node, *reversed(found)]


def without_value(node: Parameter) -> SqlppError:
    """A parameter that the request brings no value for."""
    return SqlppError("ASX1086", f"No value for parameter: ${node.name}", node.position)


def _no_dataset(name: str, dataverse: str, position: Location) -> SqlppError:
    message = f"Cannot find dataset {name} in dataverse {dataverse} nor an alias with name {name}"
    return SqlppError("ASX1077", message, position)
