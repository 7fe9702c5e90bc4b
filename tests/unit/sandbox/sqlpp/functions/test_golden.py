"""Every function against the original's own answers."""

import pytest

from tests.unit.sandbox.sqlpp.functions import golden

FAMILIES = sorted(path.stem for path in golden.FOLDER.glob("*.txt"))


@pytest.mark.parametrize("family", FAMILIES)
def test_functions_answer_as_the_original(family):
    wrong = []
    for case in golden.read(family):
        expected, got = (case.answer, case.warnings), golden.answer(case.expression)
        if expected != got:
            wrong.append(f"{case.expression}\n    expected {expected}\n    got      {got}")

    assert not wrong, "\n".join(wrong)
