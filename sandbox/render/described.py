"""What the JVM tells of a map's SQL before it runs: columns, plan, files, and if it may be kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from pyspark.sql import DataFrame, SparkSession

from sandbox.render.columns import ColumnKind, SourceColumn
from sandbox.render.direct.nodes import POINT


class ToldColumn(msgspec.Struct, frozen=True):
    """One column of the result."""

    name: str
    kind: ColumnKind


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """MapPlan's words."""

    columns: list[ToldColumn]
    settings: dict[str, str]
    plan: dict[str, Any]
    fleeting: str | None = None
    """Why the same plan may give other rows over the same files; None if it may not."""
    identity: int | None = None
    """The number of the plan and the session's settings: the same number, the same rows."""
    roots: list[str] = []
    files: list[str] = []

    def makes_points(self, position: int) -> bool:
        """Whether a column of the result is `ST_Point` of two numbers in every row."""
        outputs = self.plan.get("list", [])
        inner = outputs[position]["children"] if outputs else []
        return bool(inner) and inner[0]["op"] == POINT and len(inner[0]["children"]) == 2


@dataclass(frozen=True, kw_only=True)
class Described:
    """SQL that Spark has parsed, resolved and optimised, and not run."""

    frame: DataFrame
    told: Told

    @property
    def columns(self) -> list[SourceColumn]:
        """The columns of the result, as charts choose from them."""
        return [
            SourceColumn(position=i, name=column.name, kind=column.kind)
            for i, column in enumerate(self.told.columns)
        ]


def describe(session: SparkSession, sql: str) -> Described:
    """Resolve `sql`; raises Spark's errors."""
    jvm: Any = session._jvm
    plan = jvm.geoscope.render.MapPlan.of(session._jsparkSession, sql)
    told = msgspec.json.decode(plan.describe(), type=Told)
    return Described(frame=DataFrame(plan.frame(), session), told=told)
