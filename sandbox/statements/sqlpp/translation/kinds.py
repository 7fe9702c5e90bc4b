"""What a column holds, as far as an expression over it may depend on that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from pyspark.sql import Column
from pyspark.sql.types import (
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    TimestampType,
)


class NotTranslated(Exception):
    """The query is the interpreter's to run."""


class Kind(Enum):
    """Kinds of values; nothing is known of OTHER but how it is printed."""

    INT = auto()
    DOUBLE = auto()
    STRING = auto()
    BOOLEAN = auto()
    TIME = auto()
    """A date or a moment."""
    OTHER = auto()


_KINDS: Final[dict[type[DataType], Kind]] = {
    ByteType: Kind.INT,
    ShortType: Kind.INT,
    IntegerType: Kind.INT,
    LongType: Kind.INT,
    DoubleType: Kind.DOUBLE,
    StringType: Kind.STRING,
    BooleanType: Kind.BOOLEAN,
    DateType: Kind.TIME,
    TimestampType: Kind.TIME,
}


@dataclass(frozen=True)
class Typed:
    """A value of a row, which may be null but is never MISSING."""

    column: Column
    kind: Kind


@dataclass(frozen=True)
class Row:
    """A whole row of a table: the place of each of its fields, in order."""

    fields: dict[str, Typed]


def kind_of(data_type: DataType) -> Kind:
    """The kind of a column's type."""
    return _KINDS.get(type(data_type), Kind.OTHER)
