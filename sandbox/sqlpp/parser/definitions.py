"""CREATE and DROP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sandbox.sqlpp import lexer
from sandbox.sqlpp.errors import Location
from sandbox.sqlpp.parser.cursor import dotted, syntax_error
from sandbox.sqlpp.parser.datasets import DatasetDefinitions
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.statements import (
    ANY_NUMBER,
    CreateDataverse,
    CreateFunction,
    CreateIndex,
    CreateType,
    CreateView,
    DropDataset,
    DropDataverse,
    DropFunction,
    DropIndex,
    DropType,
    DropView,
    Function,
    Statement,
)

_UNSUPPORTED: Final = {
    "nodegroup": "NODEGROUP",
    "adapter": "ADAPTER",
    "synonym": "SYNONYM",
    "feed": "FEED",
    "ingestion": "FEED_POLICY",
    "secondary": "FEED_POLICY",
    "fulltext": "FULL_TEXT",
}


class Definitions(DatasetDefinitions):
    """The rules `create` and `drop`."""

    def create(self) -> Statement:
        """CREATE something."""
        position = self.expect("create").location
        if self.accept("or"):
            return self._create_or_replace(position)
        rule = _CREATE.get(self.token.kind)
        if rule is not None:
            return rule(self, position)
        name = _UNSUPPORTED.get(self.token.kind)
        if name is None:
            raise self.unexpected()
        what = f"CREATE {self.token.text.upper()}"
        return self.skipped(position, f"CREATE_{name}", what)

    def drop(self) -> Statement:
        """DROP something."""
        position = self.expect("drop").location
        rule = _DROP.get(self.token.kind)
        if rule is not None:
            return rule(self, position)
        name = _UNSUPPORTED.get(self.token.kind)
        if name is None:
            raise self.unexpected()
        return self.skipped(position, f"{name}_DROP", f"DROP {self.token.text.upper()}")

    def _create_or_replace(self, position: Location) -> Statement:
        self.expect_word("replace")
        if self.at("function"):
            return self._create_function(position, or_replace=True)
        return self._create_view(position, or_replace=True)

    def _create_dataverse(self, position: Location) -> Statement:
        self.advance()
        found = self.if_not_exists()
        name = dotted(self.multipart()) or ""
        found = self.if_not_exists() or found
        if self.accept("with"):
            raise syntax_error(self.position, "a format of dataverses is not supported")
        return CreateDataverse(position, name, found)

    def _create_type(self, position: Location) -> Statement:
        self.advance()
        found = self.if_not_exists()
        dataverse, name = self.qualified()
        found = self.if_not_exists() or found
        self.expect("as")
        return CreateType(position, dataverse, name, self.object_type(), found)

    def _create_index(self, position: Location) -> Statement:
        """CREATE INDEX: what it is made of is read for its grammar only."""
        primary = self.accept("primary") is not None
        self.expect("index")
        found = self.if_not_exists()
        name = self.identifier() if self.at_identifier() or not primary else "primary_idx"
        found = self.if_not_exists() or found
        self.expect("on")
        dataverse, dataset = self.qualified()
        if not primary and not self.at("("):
            raise self.unexpected()
        self.skip()
        return CreateIndex(position, name, dataverse, dataset, found)

    def _create_function(self, position: Location, or_replace: bool = False) -> Statement:
        self.advance()
        found = self.if_not_exists()
        dataverse, name = self.qualified()
        parameters = self.parameters()
        found = self.if_not_exists() or found
        if self.at("as"):
            return self.skipped(position, "CREATE_FUNCTION", "CREATE FUNCTION of a library")
        body, text = self.braced_body()
        function = Function(position, dataverse, name, parameters, body, text)
        return CreateFunction(position, function, found, or_replace)

    def parameters(self) -> tuple[str, ...]:
        """`(name, …)` of a function, or `(...)`: any number, called args."""
        self.expect("(")
        if self.accept("."):
            self.expect(".")
            self.expect(".")
            self.expect(")")
            return (ANY_NUMBER,)
        names: list[str] = []
        if not self.at(")"):
            names.append(self.identifier())
            while self.accept(","):
                names.append(self.identifier())
        self.expect(")")
        return tuple(names)

    def braced_body(self) -> tuple[Expression, str]:
        """`{ body }`: the body, and its text."""
        start = self.expect("{").end
        body = self.query_body()
        end = self.expect("}").offset
        return body, self.text[start:end].strip()

    def query_body(self) -> Expression:
        """A query with or without parentheses, or any expression."""
        raise NotImplementedError

    def _create_view(self, position: Location, or_replace: bool = False) -> Statement:
        self.expect("view")
        found = self.if_not_exists()
        dataverse, name = self.qualified()
        found = self.if_not_exists() or found
        if self.at("("):
            return self.skipped(position, "CREATE_VIEW", "CREATE VIEW with types")
        self.expect("as")
        start = self.token.offset
        body = self.query_body()
        text = self.text[start : self.token.offset].strip()
        return CreateView(position, dataverse, name, body, text, found, or_replace)

    def _drop_dataverse(self, position: Location) -> Statement:
        self.advance()
        found = self.if_exists()
        name = dotted(self.multipart()) or ""
        return DropDataverse(position, name, self.if_exists() or found)

    def _drop_type(self, position: Location) -> Statement:
        dataverse, name, found = self._dropped()
        return DropType(position, dataverse, name, found)

    def _drop_dataset(self, position: Location) -> Statement:
        dataverse, name, found = self._dropped()
        return DropDataset(position, dataverse, name, found)

    def _drop_view(self, position: Location) -> Statement:
        dataverse, name, found = self._dropped()
        return DropView(position, dataverse, name, found)

    def _dropped(self) -> tuple[str | None, str, bool]:
        self.advance()
        found = self.if_exists()
        dataverse, name = self.qualified()
        return dataverse, name, self.if_exists() or found

    def _drop_index(self, position: Location) -> Statement:
        self.advance()
        found = self.if_exists()
        names = self.multipart()
        if len(names) == 1:
            raise self.unexpected()
        *dataverse, dataset, name = names
        found = self.if_exists() or found
        return DropIndex(position, dotted(dataverse), dataset, name, found)

    def _drop_function(self, position: Location) -> Statement:
        self.advance()
        found = self.if_exists()
        dataverse, name = self.qualified()
        arity = self._arity() if self.accept("@") else len(self.parameters())
        return DropFunction(position, dataverse, name, arity, self.if_exists() or found)

    def _arity(self) -> int:
        token = self.expect(lexer.INTEGER)
        return int(token.text[:4])


_CREATE: Final[dict[str, Callable[[Definitions, Location], Statement]]] = {
    "dataverse": Definitions._create_dataverse,
    "type": Definitions._create_type,
    "dataset": Definitions.create_dataset,
    "collection": Definitions.create_dataset,
    "internal": Definitions.create_dataset,
    "external": Definitions.create_dataset,
    "index": Definitions._create_index,
    "primary": Definitions._create_index,
    "function": Definitions._create_function,
    "view": Definitions._create_view,
}
_DROP: Final[dict[str, Callable[[Definitions, Location], Statement]]] = {
    "dataverse": Definitions._drop_dataverse,
    "type": Definitions._drop_type,
    "dataset": Definitions._drop_dataset,
    "collection": Definitions._drop_dataset,
    "index": Definitions._drop_index,
    "function": Definitions._drop_function,
    "view": Definitions._drop_view,
}
