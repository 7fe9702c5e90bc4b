"""The rows of `Metadata.Datatype`: each type, and those that its fields have without a name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox.statements.datasets.types import Collection, FieldSpec, ItemType, Record, Scalar

Row = dict[str, Any]
_LISTS: Final = {
    "array": ("ORDEREDLIST", "OrderedList"),
    "multiset": ("UNORDEREDLIST", "UnorderedList"),
}


def anonymous(dataset: str) -> str:
    """The name of a type that was made for one dataset."""
    return f"$d$t$i${dataset}"


def type_rows(dataverse: str, name: str, kind: ItemType, *, is_anonymous: bool) -> Iterator[Row]:
    """The type, then those inside it, by the names that the original makes up for them."""
    derived: Row = {"Tag": "", "IsAnonymous": is_anonymous}
    row = {"DataverseName": dataverse, "DatatypeName": name, "Derived": derived}
    inner: list[tuple[str, ItemType]] = []
    if isinstance(kind, Record):
        fields = [_field(name, field) for field in kind.fields]
        derived |= {"Tag": "RECORD", "Record": {"IsOpen": kind.is_open, "Fields": fields}}
        inner = [(_within(name, field.name, field.type), field.type) for field in kind.fields]
    elif isinstance(kind, Collection):
        tag, member = _LISTS[kind.kind]
        item = _within(name, "Item", kind.item)
        derived |= {"Tag": tag, member: item}
        inner = [(item, kind.item)]
    else:
        del row["Derived"]
    yield row
    for made_up, part in inner:
        if not isinstance(part, Scalar):
            yield from type_rows(dataverse, made_up, part, is_anonymous=True)


def _field(name: str, field: FieldSpec) -> Row:
    return {
        "FieldName": field.name,
        "FieldType": _within(name, field.name, field.type),
        "IsNullable": field.optional,
        "IsMissable": field.optional,
    }


def _within(name: str, part: str, kind: ItemType) -> str:
    return kind.name if isinstance(kind, Scalar) else f"{name}_{part}"
