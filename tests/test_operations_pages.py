"""The pages for operators name commands, settings, endpoints and files that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from control.__main__ import app
from control.app import all_endpoints
from control.settings import table
from tests.conftest import ROOT

PAGES = sorted((ROOT / "docs" / "operations").glob("*.md"))
ELSEWHERE = {"GEOSCOPE_CONFIG"} | {
    f"GEOSCOPE_CLIENT_{name}" for name in ("URL", "USERNAME", "PASSWORD", "TOKEN")
}
COMMAND = re.compile(r"python -m control ([a-z]+)")
SETTING = re.compile(r"GEOSCOPE_[A-Z_]+")
ENDPOINT = re.compile(r"`(GET|POST|DELETE|PATCH) (/admin[a-z/<>]*)")
LINK = re.compile(r"\]\(([^)#:]+)\)")
SCRIPT = re.compile(r"scripts/[a-z_]+\.sh")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    settings = {row.variable for row in table()} | ELSEWHERE
    endpoints = {(e.method, path) for e in all_endpoints() for path in e.paths}

    assert sorted(set(COMMAND.findall(text)) - commands()) == []
    named = {name for name in SETTING.findall(text) if not name.endswith("_")}
    assert sorted(name for name in named - settings) == []
    assert sorted(set(ENDPOINT.findall(text)) - endpoints) == []
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []
    assert [name for name in SCRIPT.findall(text) if not (ROOT / name).exists()] == []


def test_every_command_is_on_the_index() -> None:
    index = (ROOT / "docs" / "operations" / "README.md").read_text()

    assert sorted(name for name in commands() if not re.search(rf"\b{name}\b", index)) == []


def commands() -> set[str]:
    """The names of all of `python -m control`."""
    return {c.name or getattr(c.callback, "__name__", "") for c in app.registered_commands}
