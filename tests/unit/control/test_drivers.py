"""Which driver serves: never processes where that could hurt."""

from __future__ import annotations

from pathlib import Path

import pytest

from control.drivers import Chosen, choose, is_local
from control.errors import DriverRefused
from control.settings import read_settings


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine answers, whatever this machine runs."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")


async def chosen(state_dir: Path, held: str = "", **settings: str) -> Chosen:
    given = {"state_dir": str(state_dir), **settings}
    read = read_settings({f"GEOSCOPE_{name.upper()}": value for name, value in given.items()})
    found = await choose(read, set(filter(None, held.split(","))), {"PATH": "/bin"})
    await found.driver.close()
    return found


async def test_auto_takes_processes_on_a_lonely_laptop_and_says_so(tmp_path: Path) -> None:
    found = await chosen(tmp_path)

    assert found.driver.name == "process"
    assert found.berths.is_hard is False
    assert "without any isolation" in found.notices[0]


@pytest.mark.parametrize(
    ("settings", "held"), [({"host": "0.0.0.0"}, ""), ({}, "docker"), ({}, "docker,process")]
)
async def test_auto_waits_for_the_engine_where_processes_could_hurt(
    tmp_path: Path, settings: dict[str, str], held: str
) -> None:
    found = await chosen(tmp_path, held, **settings)

    assert found.driver.name == "docker"


async def test_docker_by_name_does_not_need_an_answer(tmp_path: Path) -> None:
    assert (await chosen(tmp_path, driver="docker")).driver.name == "docker"


@pytest.mark.parametrize(
    ("settings", "held", "why"),
    [({"host": "0.0.0.0"}, "", "loopback"), ({}, "docker", "containers")],
)
async def test_processes_by_name_are_refused_where_they_could_hurt(
    tmp_path: Path, settings: dict[str, str], held: str, why: str
) -> None:
    with pytest.raises(DriverRefused, match=why):
        await chosen(tmp_path, held, driver="process", **settings)


async def test_another_runtime_is_told_while_no_engine_says_more(tmp_path: Path) -> None:
    found = await chosen(tmp_path, driver="docker", runtime="runsc")

    assert "no memory limit holds" in found.notices[0]


def test_what_is_local() -> None:
    assert all(is_local(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"))
    assert not any(is_local(host) for host in ("0.0.0.0", "::", "10.0.0.1", "example.org"))
