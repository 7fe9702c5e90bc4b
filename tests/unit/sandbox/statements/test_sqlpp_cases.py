"""Every SQL++ case, answered by the query service over its own datasets as its file says."""

from __future__ import annotations

import json
from itertools import groupby

import pytest

from tests.oracle.cases import DATAVERSE, SETUP, Answer, Case, all_cases
from tests.unit.sandbox.statements.conftest import Ask
from tests.unit.sandbox.statements.told import Told

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(900)]

CHAPTERS = {
    chapter: list(cases)
    for chapter, cases in groupby(all_cases(), key=lambda case: case.path.parent.name)
}
MAX_WARNINGS = 100


@pytest.mark.parametrize("chapter", CHAPTERS)
async def test_chapter(sqlpp: Ask, chapter: str) -> None:
    assert (await sqlpp(SETUP.read_text())).problem is None

    found = {case.name: await compared(case, sqlpp) for case in CHAPTERS[chapter]}

    assert {name: both for name, both in found.items() if both[0] != both[1]} == {}


async def compared(case: Case, sqlpp: Ask) -> tuple[str, str]:
    """What is answered, and what should be."""
    told = await sqlpp(case.statement, **asked(case))
    return case.comparable(answer_of(told).text), case.expected


def asked(case: Case) -> dict[str, object]:
    """The request's parameters as the service takes them."""
    given = {"dataverse": DATAVERSE} | case.parameters
    named = {name[1:]: value for name, value in given.items() if name.startswith("$")}
    return {
        "format": "adm",
        "max_warnings": MAX_WARNINGS,
        "dataverse": given["dataverse"],
        "readonly": given.get("readonly", False),
        "multi_statement": given.get("multi-statement", True),
        "args": given.get("args", []),
        "named_args": named,
    }


def answer_of(told: Told) -> Answer:
    """The answer as cases have it."""
    # Rows that went out before a failure are not in the original's answer, which had not begun.
    results = [
        tuple(row.removesuffix("\n") for row in json.loads(b"[" + told.rows[index] + b"]"))
        for index in sorted(told.ends)
    ]
    assert told.finished is not None
    warnings = tuple(warning.text for warning in told.finished.warnings)
    return Answer(tuple(results), told.problem, warnings)
