"""Where a map's rows come from: the files themselves where that is certain, else Spark."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import SparkSession

from sandbox.render.columns import ChooseWeights, Columns, choose
from sandbox.render.described import describe
from sandbox.render.direct.columns import direct_columns
from sandbox.render.spark_columns import SparkColumns


@dataclass(frozen=True, kw_only=True)
class SqlProvider:
    """Runs SQL in one Spark session; `threads` read files where Spark need not."""

    session: SparkSession
    threads: int
    direct: bool = True

    def open(self, sql: str, choose_weights: ChooseWeights) -> Columns:
        """Resolve `sql`; raises Spark's errors, and AgentFailure if it has no geometry."""
        described = describe(self.session, sql)
        choice = choose(described.columns, choose_weights)
        spark = SparkColumns(frame=described.frame, choice=choice)
        if not self.direct:
            return spark
        told = described.told
        return direct_columns(told.plan, told.settings, choice, self.threads, spark)
