"""Columns that are read from the files themselves, and by Spark where that is not certain."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.parquet.files import Part, parts
from sandbox.parquet.give_up import NotTaken
from sandbox.render.columns import Choice, Columns, PointBatch, ShapeBatch, StartOver
from sandbox.render.direct.plan import Plan, read_plan
from sandbox.render.direct.scan import B, Make, make_points, make_shapes, scan

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class DirectColumns:
    """The chosen columns of a plan; `otherwise` has the same ones by way of Spark.

    The mutable state is `source`, which tells who gave the rows; one request has these columns.
    """

    plan: Plan
    found: Sequence[Part]
    threads: int
    otherwise: Columns
    source: Literal["direct", "spark", "cache"] = "direct"
    cached: bool = False

    def points(self, *, in_order: bool = False) -> Iterator[PointBatch]:
        """The rows as points; their order only Spark knows. Raises StartOver."""
        if in_order or self.plan.points is None:
            self.source = "spark"
            return self.otherwise.points(in_order=in_order)
        return self._scanned(make_points)

    def shapes(self) -> Iterator[ShapeBatch]:
        """The rows as they are; only of texts without Spark. Raises StartOver."""
        if self.plan.text is None:
            self.source = "spark"
            return self.otherwise.shapes()
        return self._scanned(make_shapes)

    def _scanned(self, make: Make[B]) -> Iterator[B]:
        try:
            yield from scan(self.plan, self.found, self.threads, make)
        except NotTaken as reason:
            log.info("left to spark at a value reason=%s", reason)
            raise StartOver(self.otherwise) from reason


def direct_columns(
    plan: dict[str, Any], settings: dict[str, str], choice: Choice, threads: int, otherwise: Columns
) -> Columns:
    """The columns of a plan in MapPlan's words; `otherwise` if that plan is not understood."""
    try:
        understood = read_plan(plan, settings, choice)
        found = parts(understood.files, understood.columns, understood.ranges)
    except NotTaken as reason:
        log.info("left to spark reason=%s", reason)
        return otherwise
    return DirectColumns(plan=understood, found=found, threads=threads, otherwise=otherwise)
