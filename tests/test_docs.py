"""The reference pages say what the code says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from control import reference
from control.app import all_endpoints
from control.attacks.page import attacks_page
from control.errors import StartError, all_errors
from control.settings import table
from tests.conftest import ROOT
from wire.protocol import ErrorCode

PAGES = {
    "settings": reference.settings_page,
    "errors": reference.errors_page,
    "endpoints": reference.endpoints_page,
    "attacks": attacks_page,
}
PLACES = {"attacks": "operations/attacks"}
IN_LIST = {
    "settings": "GEOSCOPE_PORT",
    "errors": "scope_not_found",
    "endpoints": "/pointmap",
    "attacks": "send no signature (alg none)",
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_as_the_command_makes_it(name: str) -> None:
    place = f"docs/{PLACES.get(name, name)}.md"
    page = (ROOT / place).read_text()

    hint = f"python -m control {name} --markdown > {place}"
    assert page == PAGES[name](), f"out of date: run {hint}"


def test_every_setting_is_there() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()

    assert [row.variable for row in table() if f"| {row.variable} |" not in page] == []


def test_every_error_is_there() -> None:
    page = (ROOT / "docs" / "errors.md").read_text()
    types = {kind.type for kind in all_errors() if not issubclass(kind, StartError)}
    types = (types | {code.value for code in ErrorCode}) - {"agent_failed"}

    assert [name for name in sorted(types) if f"| {name} |" not in page] == []


def test_every_endpoint_is_there() -> None:
    page = (ROOT / "docs" / "endpoints.md").read_text()

    missing = [path for e in all_endpoints() for path in e.paths if path not in page]
    assert missing == []


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_list_for_people(name: str) -> None:
    command = [sys.executable, "-m", "control", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)

    assert IN_LIST[name] in done.stdout
