"""What tests of every level may use."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from hypothesis import settings

# No timed tests: machines are shared and noisy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
WITH_ENGINE = ("contract", "docker", "e2e", "failures", "attacks")


@pytest.fixture(scope="session")
def run_id() -> str:
    """Marks what this run makes outside of its own process, so that only that is removed."""
    return uuid.uuid4().hex[:12]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets."""
    assert SHARED_DATA.is_dir(), f"{SHARED_DATA} is missing"
    return SHARED_DATA


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Attacks come last: they take all they can get of the machine, which others may share.

    scripts/test.sh looks for tests that need the engine in their own folders only.
    """
    items.sort(key=lambda item: "tests/attacks/" in item.nodeid)
    for item in items:
        if {"docker", "e2e"} & {mark.name for mark in item.iter_markers()}:
            folder = item.path.relative_to(ROOT / "tests").parts[0]
            if folder not in WITH_ENGINE:
                message = f"{item.nodeid} needs the engine, but is not in one of {WITH_ENGINE}"
                raise pytest.UsageError(message)
