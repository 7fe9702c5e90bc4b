"""How a query is run, for who asks: members of `plans`, and the answer of EXPLAIN."""

from __future__ import annotations

from typing import Any, Final

from sandbox.sqlpp.interpret.evaluate import resolve
from sandbox.sqlpp.tree.nodes import Node
from sandbox.sqlpp.tree.statements import Query
from sandbox.statements.sqlpp.executor import Interpreted, Rows
from sandbox.statements.sqlpp.request import Request
from sandbox.statements.sqlpp.trees import as_objects, as_text

_WRITTEN: Final = "expressionTree"
_RESOLVED: Final = ("rewrittenExpressionTree", "logicalPlan", "optimizedLogicalPlan")


def explanation(query: Query, rows: Rows, request: Request) -> dict[str, Any]:
    """The members of `plans` that were asked for."""
    wanted = request.run.statements.plans
    if not wanted:
        return {}
    found: dict[str, Any] = {}
    if _WRITTEN in wanted:
        found[_WRITTEN] = as_text(query.body)
    if any(name in wanted for name in _RESOLVED):
        resolved = _shown(resolve(query, request.environment()).body, request)
        found |= dict.fromkeys(_RESOLVED, resolved)
        found["rewrittenExpressionTree"] = as_text(resolve(query, request.environment()).body)
    found |= rows.explain()
    return {name: value for name, value in found.items() if name in wanted}


def explained(query: Query, rows: Rows, request: Request) -> Rows:
    """The answer of EXPLAIN: one row that shows the tree, or Spark's plan where it has one."""
    plans = rows.explain()
    tree = _shown(resolve(query, request.environment()).body, request)
    return Interpreted(iter([plans.get("optimizedLogicalPlan", tree)]))


def _shown(node: Node, request: Request) -> Any:
    is_text = request.run.statements.plan_format == "string"
    return as_text(node) if is_text else as_objects(node)
