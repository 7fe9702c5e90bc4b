"""Spark's plans of a query, for who asked for them."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame

from wire.messages import Statements

_PLANS = {
    "expressionTree": "logical",
    "rewrittenExpressionTree": "analyzed",
    "logicalPlan": "analyzed",
    "optimizedLogicalPlan": "optimizedPlan",
    "job": "executedPlan",
}


def explain(frame: DataFrame, statements: Statements) -> dict[str, Any]:
    """The members of `plans` that were asked for, as Spark prints its trees."""
    execution: Any = frame._jdf.queryExecution()
    return {
        name: str(getattr(execution, _PLANS[name])().toString())
        for name in statements.plans
        if name in _PLANS
    }
