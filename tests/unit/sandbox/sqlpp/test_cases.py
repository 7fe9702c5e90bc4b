"""Every SQL++ case, answered by the interpreter as its file says."""

from __future__ import annotations

import copy

import pytest

from tests.oracle.cases import DATAVERSE, SETUP, Case, all_cases
from tests.unit.sandbox.sqlpp.memory import Catalog
from tests.unit.sandbox.sqlpp.session import Session

# tests/unit/sandbox/statements runs the others, too, over a real store.
CASES = [case for case in all_cases() if not case.needs_store]


@pytest.fixture(scope="module")
def prepared() -> Catalog:
    """The dataverses of the cases."""
    catalog = Catalog()
    assert Session(catalog, {}).answer(SETUP.read_text()).error is None
    return catalog


@pytest.fixture
def catalog(prepared: Catalog) -> Catalog:
    """The dataverses as they are before each case."""
    return copy.deepcopy(prepared)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, catalog: Catalog) -> None:
    answer = Session(catalog, {"dataverse": DATAVERSE} | case.parameters).answer(case.statement)

    assert case.comparable(answer.text) == case.expected
