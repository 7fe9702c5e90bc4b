"""What a statement of Spark SQL would do, told from its parsed plan."""

from __future__ import annotations

import re
from typing import Any, Final

from pyspark.sql import SparkSession

QUERY: Final = "QUERY"
SETTING: Final = "SET"
READING: Final = "SHOW"
"""It gives rows about the catalog and changes nothing."""
READ_ONLY: Final = frozenset({QUERY, SETTING, READING})

_KINDS: Final = {
    "SetCommand": SETTING,
    "SetCatalogAndNamespace": SETTING,
    "SetNamespaceCommand": SETTING,
    "SetCatalogCommand": SETTING,
    "SetVariable": SETTING,
    "CreateVariable": SETTING,
    "ResetCommand": SETTING,
    "ExplainCommand": READING,
    "CreateNamespace": "CREATE_DATAVERSE",
    "DropNamespace": "DATAVERSE_DROP",
    "CreateTable": "DATASET_DECL",
    "CreateTableAsSelect": "DATASET_DECL",
    "ReplaceTable": "DATASET_DECL",
    "ReplaceTableAsSelect": "DATASET_DECL",
    "CreateTableLikeCommand": "DATASET_DECL",
    "DropTable": "DATASET_DROP",
    "CreateIndex": "CREATE_INDEX",
    "CreateFunction": "CREATE_FUNCTION",
    "CreateFunctionCommand": "CREATE_FUNCTION",
    "CreateSQLFunctionCommand": "CREATE_FUNCTION",
    "CreateView": "CREATE_VIEW",
    "CreateViewCommand": "CREATE_VIEW",
    "CreateTempViewUsing": "CREATE_VIEW",
    "InsertIntoStatement": "INSERT",
    "InsertIntoDir": "INSERT",
    "UpdateTable": "UPSERT",
    "MergeIntoTable": "UPSERT",
    "DeleteFromTable": "DELETE",
    "TruncateTable": "DELETE",
    "LoadData": "LOAD",
    "ExecuteImmediateQuery": "EXECUTE_IMMEDIATE",
}
_READING: Final = re.compile(r"(Show|Describe|List)[A-Z]")
_AROUND: Final = frozenset({"UnresolvedWith", "Union"})
"""Plans that hold statements which may insert."""
_PLANS = "org.apache.spark.sql.catalyst.plans.logical"


class Parser:
    """Spark's own parser, asked what kind of statement a text is."""

    def __init__(self, spark: SparkSession) -> None:
        jvm: Any = spark._jvm
        by_name = jvm.java.lang.Class.forName
        self._commands = [by_name(f"{_PLANS}.{name}") for name in ("Command", "ParsedStatement")]

    def kind(self, session: SparkSession, text: str) -> str:
        """The statement's kind; raises Spark's ParseException."""
        plan = session._jsparkSession.sessionState().sqlParser().parsePlan(text)
        return self._kind(plan)

    def _kind(self, plan: Any) -> str:
        name = str(plan.getClass().getSimpleName())
        if name in _KINDS:
            return _KINDS[name]
        if name in _AROUND:
            return self._inner(plan)
        if not any(command.isInstance(plan) for command in self._commands):
            return QUERY
        if _READING.match(name):
            return READING
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.removesuffix("Command")).upper()

    def _inner(self, plan: Any) -> str:
        children = plan.children()
        kinds = [self._kind(children.apply(i)) for i in range(children.size())]
        return next((kind for kind in kinds if kind != QUERY), QUERY)
