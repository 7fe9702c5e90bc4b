"""Statements made by chance: the query service answers what the interpreter does over memory."""

from __future__ import annotations

import pytest

from tests.oracle.cases import DATAVERSE, SETUP, Answer, Case
from tests.oracle.generated import Maker
from tests.unit.sandbox.sqlpp.memory import Catalog
from tests.unit.sandbox.sqlpp.session import Session
from tests.unit.sandbox.statements.conftest import Ask
from tests.unit.sandbox.statements.test_sqlpp_cases import answer_of, asked

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(900)]

SEEDS = (1, 2, 3)
STATEMENTS = 150


@pytest.mark.parametrize("seed", SEEDS)
async def test_service_and_interpreter_agree(sqlpp: Ask, seed: int) -> None:
    catalog = Catalog()
    assert Session(catalog, {}).answer(SETUP.read_text()).error is None
    assert (await sqlpp(SETUP.read_text())).problem is None

    found = {}
    for statement in Maker(seed).statements(STATEMENTS):
        case = Case(SETUP, statement, unordered=True, unordered_fields=True)
        wanted = Session(catalog, {"dataverse": DATAVERSE}).answer(statement)
        given = answer_of(await sqlpp(statement, **asked(case)))
        found[statement] = (without_warnings(given, case), without_warnings(wanted, case))

    assert {statement: both for statement, both in found.items() if both[0] != both[1]} == {}


def without_warnings(answer: Answer, case: Case) -> str:
    """Rows and error: a plan may look at fewer values, and so warns of fewer."""
    return case.comparable(Answer(answer.results, answer.error).text)
