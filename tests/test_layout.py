"""The budgets of size and the rule of imports, so that a plain pytest shows them too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.conftest import ROOT

PACKAGES = ("control", "wire", "sandbox", "client/geoscope")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_P95_LINES = 40
MAX_MEDIAN_LINES = 10
FORBIDDEN = {
    "control": {"sandbox", "geoscope", "pyspark", "py4j", "numpy", "pandas", "pyarrow"},
    "sandbox": {"control", "geoscope", "sanic", "docker", "sqlalchemy"},
    "wire": {"control", "sandbox", "geoscope", "sanic", "aiohttp", "docker", "pyspark"},
    "client/geoscope": {"control", "sandbox", "wire", "pyspark"},
}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def functions(package: str) -> Iterator[tuple[str, int]]:
    for path in sources(package):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_files_are_small(package: str) -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in sources(package)}

    assert {str(path): n for path, n in sizes.items() if n > MAX_FILE_LINES} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_are_small(package: str) -> None:
    assert [(name, n) for name, n in functions(package) if n > MAX_FUNCTION_LINES] == []


def test_most_functions_are_very_small() -> None:
    lines = [n for package in PACKAGES for _, n in functions(package)]

    assert median(lines) <= MAX_MEDIAN_LINES
    assert quantiles(lines, n=20)[-1] <= MAX_P95_LINES


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_keep_apart(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): sorted(imported(path) & FORBIDDEN[package])
        for path in sources(package)
        if imported(path) & FORBIDDEN[package]
    }

    assert wrong == {}
