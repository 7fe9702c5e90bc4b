"""The page of the limits is in step with settings, errors and tests."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from control.errors import AGENT_STATUS, all_errors
from control.settings import table
from tests.conftest import ROOT
from wire.protocol import ErrorCode

PAGE = (ROOT / "docs" / "operations" / "limits.md").read_text()
HEADER = "| limit | default | setting | what holds it | error | test |"
ERROR = re.compile(r"([a-z_]+) \((\d{3})\)")
LIMITING = re.compile(
    r"MAX_|_PER_|_SCOPE_(MEMORY|CPUS|PIDS|DISK|OPEN|LOG)|_TIMEOUT_S|SLOW|CACHE_B|UID_RANGE"
)
ELSEWHERE = {"GEOSCOPE_SCOPE_IDLE_TIMEOUT_S"}
"""Not what may be taken, but how long it may lie unused."""


@dataclass(frozen=True)
class Row:
    limit: str
    default: str
    setting: str
    holds: str
    error: str
    test: str


def rows() -> list[Row]:
    found = []
    for block in PAGE.split(HEADER)[1:]:
        for line in block.splitlines()[2:]:
            if not line.startswith("|"):
                break
            found.append(Row(*(cell.strip() for cell in line.strip("|").split("|"))))
    return found


def statuses() -> dict[str, int]:
    ours = {kind.type: kind.status for kind in all_errors()}
    return ours | {code.value: AGENT_STATUS[code] for code in ErrorCode}


ROWS = rows()


def test_there_are_rows() -> None:
    assert len(ROWS) > 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.limit)
def test_a_row_says_what_is_so(row: Row) -> None:
    defaults = {each.variable: each.default for each in table()}
    known = statuses()
    errors = ERROR.findall(row.error)
    path, _, name = row.test.partition("::")
    text = (ROOT / path).read_text()

    assert row.setting == "fixed" or row.setting in defaults
    if row.setting in defaults and re.fullmatch(r"[\d.]+\w*%?", row.default):
        assert row.default in (defaults[row.setting], "65536")
    assert {(kind, int(status)) for kind, status in errors} <= set(known.items())
    assert not name or f"def {name}(" in text


def test_every_setting_that_limits_is_there() -> None:
    limiting = {row.variable for row in table() if LIMITING.search(row.variable)}

    assert limiting - ELSEWHERE - {row.setting for row in ROWS} == set()


def test_every_error_that_a_limit_has_is_there() -> None:
    told = {kind for row in ROWS for kind, _ in ERROR.findall(row.error)}
    limits = {name for name, status in statuses().items() if status in (408, 413, 429, 431, 507)}

    assert limits - told == set()
