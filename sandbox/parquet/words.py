"""The words of a plan as the JVM writes it down: nodes, expressions, types."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

Node = dict[str, Any]

_PLANS: Final = "org.apache.spark.sql.catalyst.plans.logical"
_FILES: Final = "org.apache.spark.sql.execution.datasources"
CATALYST: Final = "org.apache.spark.sql.catalyst.expressions"

PROJECT: Final = f"{_PLANS}.Project"
FILTER: Final = f"{_PLANS}.Filter"
RELATION: Final = f"{_FILES}.LogicalRelation"
PARQUET: Final = f"{_FILES}.parquet.ParquetFileFormat"
ALIAS: Final = f"{CATALYST}.Alias"
ATTRIBUTE: Final = f"{CATALYST}.AttributeReference"

TEXT: Final = "string"
TYPES: Final[dict[str, Any]] = {
    "boolean": np.bool_,
    "tinyint": np.int8,
    "smallint": np.int16,
    "int": np.int32,
    "bigint": np.int64,
    "float": np.float32,
    "double": np.float64,
    "date": np.int32,
    "timestamp": np.int64,
    "timestamp_ntz": np.int64,
}
"""Types of columns and how values lie in memory; dates in days, timestamps in microseconds."""


def inner(output: Node) -> Node:
    """The expression of an output, without the name that it is given."""
    found: Node = output["children"][0] if output["op"] == ALIAS else output
    return found
