"""Statements, and the `;` between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sandbox.sqlpp import lexer
from sandbox.sqlpp.parser.cursor import dotted, syntax_error
from sandbox.sqlpp.parser.definitions import Definitions
from sandbox.sqlpp.parser.primaries import QUERY_STARTS
from sandbox.sqlpp.tree.expressions import Variable
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.statements import (
    DeclareFunction,
    Delete,
    Function,
    Insert,
    Load,
    Query,
    Set,
    Statement,
    Upsert,
    Use,
)


class Parser(Definitions):
    """The whole language: `statements` reads a request's text."""

    def statements(self) -> tuple[Statement, ...]:
        """All statements of the text."""
        found: list[Statement] = []
        while not self.at(lexer.END):
            if not self.at(";"):
                found.append(self.statement())
            self.expect(";")
        return tuple(found)

    def statement(self) -> Statement:
        """One statement, with EXPLAIN before it or not."""
        explain = self.accept("explain")
        rule = _STATEMENTS.get(self.token.kind)
        statement = rule(self) if rule else self._query_statement()
        if explain is None:
            return statement
        if not isinstance(statement, Query):
            message = "EXPLAIN is not supported for this kind of statement"
            raise syntax_error(explain.location, message)
        return replace(statement, explain=True)

    def query_body(self) -> Expression:
        """A query with or without parentheses, or any expression."""
        return self.select() if self.at(*QUERY_STARTS) else self.expression()

    def _query_statement(self) -> Statement:
        body = self.query_body()
        return Query(body.position, body)

    def _use(self) -> Statement:
        position = self.expect("use").location
        self.used = dotted(self.multipart())
        return Use(position, self.used or "")

    def _set(self) -> Statement:
        position = self.expect("set").location
        return Set(position, self.identifier(), self.constant_text())

    def _declare(self) -> Statement:
        position = self.expect("declare").location
        self.expect("function")
        name = self.identifier()
        parameters = self.parameters()
        body, text = self.braced_body()
        return DeclareFunction(position, Function(position, None, name, parameters, body, text))

    def _insert(self) -> Statement:
        return self._change(Insert)

    def _upsert(self) -> Statement:
        return self._change(Upsert)

    def _change(self, kind: type[Insert]) -> Statement:
        position = self.advance().location
        self.expect("into")
        dataverse, dataset = self.qualified()
        variable = self.variable() if self.accept("as") else None
        query = self.query_body()
        returning = self.expression() if self.accept("returning") else None
        if variable is None and returning is not None:
            variable = Variable(position, dataset)
        return kind(position, dataverse, dataset, query, variable, returning)

    def _delete(self) -> Statement:
        position = self.expect("delete").location
        self.expect("from")
        dataverse, dataset = self.qualified()
        named = self.accept("as") or self.at_identifier()
        variable = self.variable() if named else Variable(position, dataset)
        condition = self.expression() if self.accept("where") else None
        return Delete(position, dataverse, dataset, variable, condition)

    def _load(self) -> Statement:
        position = self.expect("load").location
        if not self.accept("dataset"):
            self.expect("collection")
        dataverse, dataset = self.qualified()
        self.expect("using")
        adapter = self.identifier()
        return Load(position, dataverse, dataset, adapter, self.configuration())

    def _unsupported(self) -> Statement:
        word = self.token.text.upper()
        return self.skipped(self.position, word, word)


_STATEMENTS: Final[dict[str, Callable[[Parser], Statement]]] = {
    "use": Parser._use,
    "set": Parser._set,
    "declare": Parser._declare,
    "create": Parser.create,
    "drop": Parser.drop,
    "insert": Parser._insert,
    "upsert": Parser._upsert,
    "delete": Parser._delete,
    "load": Parser._load,
    "update": Parser._unsupported,
    "connect": Parser._unsupported,
    "disconnect": Parser._unsupported,
    "start": Parser._unsupported,
    "stop": Parser._unsupported,
    "compact": Parser._unsupported,
}
