"""Maps of data frames: `chart(vega, df)` is the picture as base64 text."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pyspark.sql import DataFrame

if TYPE_CHECKING:
    from sandbox.render.columns import ChooseWeights
    from sandbox.render.spark_columns import SparkColumns


class Vega(Protocol):
    """A style, as `arctern.util.vega` makes it."""

    @property
    def chart(self) -> str:
        """The chart's name."""

    @property
    def params(self) -> dict[str, Any]:
        """Its parameters."""


def pointmap(vega: Vega, df: DataFrame) -> str:
    """Points as discs."""
    return _draw(vega, df)


def weighted_pointmap(vega: Vega, df: DataFrame) -> str:
    """Points as discs, coloured by the column `c`, sized by the column `s`."""
    return _draw(vega, df)


def heatmap(vega: Vega, df: DataFrame) -> str:
    """Points as a surface of the weight `w`."""
    return _draw(vega, df)


def choroplethmap(vega: Vega, df: DataFrame) -> str:
    """Polygons filled by the weight `w`."""
    return _draw(vega, df)


def unique_value_choroplethmap(vega: Vega, df: DataFrame) -> str:
    """Polygons filled by the column `label`."""
    return _draw(vega, df)


def icon_viz(vega: Vega, df: DataFrame) -> str:
    """Points as icons."""
    return _draw(vega, df)


def fishnetmap(vega: Vega, df: DataFrame) -> str:
    """Points as square cells, coloured by the weight `w`."""
    return _draw(vega, df)


@dataclass(frozen=True)
class _Frame:
    """A data frame in place of the SQL that a map is made of."""

    frame: DataFrame

    def open(self, sql: str, choose_weights: ChooseWeights) -> SparkColumns:
        from sandbox.render.columns import SourceColumn, choose
        from sandbox.render.spark_columns import SparkColumns, kind_of

        columns = [
            SourceColumn(position=i, name=field.name, kind=kind_of(field.dataType))
            for i, field in enumerate(self.frame.schema.fields)
        ]
        return SparkColumns(frame=self.frame, choice=choose(columns, choose_weights))


def _draw(vega: Vega, df: DataFrame) -> str:
    """The picture by the chart of `vega`; raises ChartError (a ValueError) or AgentFailure."""
    # Not at the top: numba and its kernels would delay the start of every kernel.
    from sandbox.render.drawing import draw
    from sandbox.work import Work
    from wire.charts import parse

    style = parse(vega.chart, vega.params)
    _, picture = draw(style, "", _Frame(df), Work("kernel", deadline=math.inf))
    return base64.b64encode(picture).decode("ascii")
