"""Type expressions."""

from __future__ import annotations

from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.parser.cursor import syntax_error
from sandbox.sqlpp.parser.selects import Selects
from sandbox.sqlpp.tree.types import (
    ArrayType,
    FieldType,
    MultisetType,
    NamedType,
    ObjectType,
    TypeExpression,
)


class Types(Selects):
    """The rules `type_expression` and `object_type`."""

    def type_expression(self) -> TypeExpression:
        """Any type."""
        with self.deeper():
            position = self.position
            if self.accept("["):
                item = self.type_expression()
                self.expect("]")
                return ArrayType(position, item)
            if self.accept("{{"):
                item = self.type_expression()
                self.expect("}}")
                return MultisetType(position, item)
            if self.at("{", "open", "closed"):
                return self.object_type()
            return self.type_name()

    def type_name(self) -> NamedType:
        """A type by its name; `int` is `int64`."""
        position = self.position
        dataverse, name = self.qualified()
        if dataverse is None and name.lower() == "int":
            name = "int64"
        return NamedType(position, dataverse, name)

    def object_type(self) -> ObjectType:
        """`open {name: type?, …}`."""
        is_open = self.accept("closed") is None
        if is_open:
            self.accept("open")
        position = self.expect("{").location
        fields: list[FieldType] = []
        if not self.at("}"):
            fields.append(self._field_type(fields))
            while self.accept(","):
                fields.append(self._field_type(fields))
        self.expect("}")
        return ObjectType(position, tuple(fields), is_open)

    def _field_type(self, before: list[FieldType]) -> FieldType:
        position = self.position
        name = self.identifier()
        self.expect(":")
        kind = self.type_expression()
        optional = self.accept("?") is not None
        if any(field.name == name for field in before):
            raise _twice(name)
        return FieldType(position, name, kind, optional)

    def inline_type(self) -> ObjectType:
        """`(name type NOT UNKNOWN, …) OPEN TYPE`, as CREATE DATASET may write it."""
        position = self.expect("(").location
        fields = [self._inline_field()]
        while self.accept(","):
            fields.append(self._inline_field())
        self.expect(")")
        is_open = False
        if self.at("open", "closed"):
            is_open = self.advance().kind == "open"
            self.expect("type")
        return ObjectType(position, tuple(fields), is_open)

    def _inline_field(self) -> FieldType:
        position = self.position
        name = self.identifier()
        kind = self.type_name()
        optional = self.accept("not") is None
        if not optional:
            self.expect("unknown")
        return FieldType(position, name, kind, optional)


def _twice(name: str) -> SqlppError:
    return syntax_error(None, f"Duplicate field name {name} in the type definition")
