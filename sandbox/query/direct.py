"""Rows of queries that only pick columns of a Parquet table: read without Spark."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import pyarrow as pa
from pyspark.sql import DataFrame

from sandbox.parquet.files import ARROW, FileColumn, Part, parts, rows
from sandbox.parquet.give_up import NotTaken
from sandbox.parquet.relation import check_relation, check_settings, columns_of
from sandbox.parquet.words import ATTRIBUTE, PROJECT, TEXT, Node, inner
from sandbox.query.columns import Field

log = logging.getLogger(__name__)

PLAIN: Final = frozenset(
    {"boolean", "tinyint", "smallint", "int", "bigint", "float", "double", TEXT}
)
"""Types whose values lie in files as Spark gives them; of dates and times the calendar decides."""
_RELATION: Final = "LogicalRelation"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed of MapPlan's words."""

    settings: dict[str, str]
    plan: dict[str, Any]


@dataclass
class DirectRows:
    """The batches of some files, in their order; as BatchStream. Raises NotTaken while it reads."""

    found: Sequence[Part]
    columns: Sequence[FileColumn]
    places: Sequence[int]
    schema: pa.Schema
    order: list[int] = field(default_factory=list)

    def __iter__(self) -> Generator[pa.RecordBatch, None, None]:
        """Read file by file."""
        try:
            for part in self.found:
                for batch in rows(part, self.columns, use_threads=True):
                    self.order.append(len(self.order))
                    arrays = [batch.column(place) for place in self.places]
                    yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        except (OSError, pa.ArrowException) as error:
            raise NotTaken(reason=f"a file that cannot be read to its end: {error}") from error


def direct_rows(frame: DataFrame, sql: str, fields: Sequence[Field]) -> DirectRows | None:
    """The rows of `sql`, whose frame this is; None where they are Spark's to give."""
    if not _may_be_plain(frame._jdf.queryExecution().optimizedPlan()):
        return None
    session = frame.sparkSession
    jvm: Any = session._jvm
    told = msgspec.json.decode(
        jvm.geoscope.render.MapPlan.of(session._jsparkSession, sql).describe(), type=Told
    )
    try:
        return _read_plan(told, fields)
    except NotTaken as reason:
        log.info("left to spark reason=%s", reason)
        return None


def _may_be_plain(plan: Any) -> bool:
    """Whether it is worth writing the plan down."""
    name = plan.getClass().getSimpleName()
    if name == "Project":
        name = plan.child().getClass().getSimpleName()
    return bool(name == _RELATION)


def _read_plan(told: Told, fields: Sequence[Field]) -> DirectRows:
    check_settings(told.settings)
    project = told.plan if told.plan["node"] == PROJECT else None
    relation = project["child"] if project else told.plan
    check_relation(relation)
    outputs = [inner(output) for output in (project["list"] if project else relation["output"])]
    numbers = [_number(output) for output in outputs]
    columns = columns_of(relation["output"], dict.fromkeys(numbers, PLAIN))
    # Spark takes the largest file first; in the order of names rows come as they were written.
    found = parts(sorted(relation["files"]), columns)
    known = [column.number for column in columns]
    return DirectRows(
        found=found,
        columns=columns,
        places=[known.index(number) for number in numbers],
        schema=pa.schema(
            pa.field(told.name, ARROW[output["type"]], told.nullable)
            for told, output in zip(fields, outputs, strict=True)
        ),
    )


def _number(output: Node) -> int:
    if output["op"] != ATTRIBUTE:
        raise NotTaken(reason=output["op"])
    number: int = output["id"]
    return number
