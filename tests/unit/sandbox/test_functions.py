"""Every case of tests/cases/functions, folded to a constant and computed from rows."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

Case = dict[str, Any]

CASES = Path(__file__).parents[2] / "cases" / "functions"
EXCLUDED = "spark.sql.optimizer.excludedRules"
FOLDING = ",".join(
    f"org.apache.spark.sql.catalyst.optimizer.{rule}"
    for rule in ("ConstantFolding", "ConvertToLocalRelation", "NullPropagation")
)

pytestmark = pytest.mark.spark


def read(path: Path) -> list[Case]:
    return tomllib.loads(path.read_text())["case"]


def params() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.toml")):
        for number, case in enumerate(read(path)):
            name = case.get("name") or case.get("sql") or case["statement"]
            found.append(pytest.param(path, number, id=f"{path.stem}-{number}-{name[:60]}"))
    return found


def values(spark: Any, cases: list[Case]) -> list[Any]:
    """One statement for all the expressions of a file: a query takes longer than a function."""
    plain = [number for number, case in enumerate(cases) if "sql" in case and "error" not in case]
    columns = ", ".join(f"{cases[number]['sql']} AS c{number}" for number in plain)
    row = spark.sql(f"SELECT {columns}").collect()[0] if plain else ()
    found = dict(zip(plain, row, strict=True))
    return [found.get(number) for number in range(len(cases))]


@pytest.fixture(scope="module", params=["folded", "unfolded"])
def answers(request, runtime):
    """The values of a file's cases, worked out once for each way of running them."""
    spark, known = runtime.spark, {}

    def of(path: Path) -> list[Any]:
        if path not in known:
            known[path] = values(spark, read(path))
        return known[path]

    if request.param == "unfolded":
        spark.conf.set(EXCLUDED, FOLDING)
    yield of
    spark.conf.unset(EXCLUDED)


def check(case: Case, value: Any) -> None:
    if case.get("null"):
        assert value is None
    elif "about" in case:
        assert value == pytest.approx(case["expected"], abs=case["about"])
    else:
        assert value == case["expected"]
        assert type(value) is type(case["expected"])


@pytest.mark.parametrize(("path", "number"), params())
def test_case(runtime, answers, path, number):
    case = read(path)[number]
    if "error" in case:
        with pytest.raises(Exception, match=case["error"]):
            runtime.spark.sql(f"SELECT {case['sql']}").collect()
    elif "statement" in case:
        check(case, runtime.spark.sql(case["statement"]).collect()[0][0])
    else:
        check(case, answers(path)[number])
