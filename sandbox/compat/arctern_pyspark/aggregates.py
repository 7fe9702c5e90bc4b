"""A whole column of geometries to one."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType


def union_aggr(df: DataFrame, col_name: str) -> bytes | None:
    """The union of a column (geometry, WKB or WKT) as WKB; null where there is none."""
    return _aggregate(df, col_name, "ST_Union_Aggr")


def envelope_aggr(df: DataFrame, col_name: str) -> bytes | None:
    """The envelope of a column (geometry, WKB or WKT) as WKB; null where there is none."""
    return _aggregate(df, col_name, "ST_Envelope_Aggr")


def _aggregate(df: DataFrame, col_name: str, function: str) -> bytes | None:
    whole = F.call_function(function, _geometry(df, col_name))
    value = df.select(F.call_function("ST_AsBinary", whole)).collect()[0][0]
    return None if value is None else bytes(value)


def _geometry(df: DataFrame, col_name: str) -> Column:
    kind = df.schema[col_name].dataType
    if isinstance(kind, BinaryType):
        return F.call_function("ST_GeomFromWKB", df[col_name])
    return (
        df[col_name]
        if kind.typeName() != "string"
        else F.call_function("ST_GeomFromText", df[col_name])
    )
