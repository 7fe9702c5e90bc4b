"""The page of failures names tests that exist, and leaves none of these out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "operations" / "failures.md"
HERE = Path(__file__).parent
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def defined() -> set[tuple[str, str]]:
    """The tests of this folder, by file."""
    found = set()
    for path in HERE.glob("test_*.py"):
        tree = ast.parse(path.read_text())
        found |= {
            (path.name, node.name)
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
        }
    return found


def named() -> set[tuple[str, str]]:
    """The tests that the page names."""
    return {(file, test) for file, test in NAMED.findall(PAGE.read_text())}


def test_every_test_that_is_named_exists() -> None:
    assert named() - defined() == set()


def test_every_file_of_failures_is_on_the_page() -> None:
    assert {file for file, _ in defined()} - {file for file, _ in named()} == {Path(__file__).name}


def test_every_row_names_a_test() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    plain = [row for row in rows if not NAMED.search(row) and "| test |" not in row]

    assert plain == []
