from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from control.attacks.attack import Attack, Outcome, play
from control.attacks.lab import Lab, Place, opened
from control.engine.view import EngineView
from tests.docker.fixtures import engine, run_id
from tests.e2e.conftest import agent_image
from tests.e2e.server import ADMIN_PASSWORD, Server

__all__ = ["agent_image", "engine", "run_id"]


class Stage:
    """A lab in an event loop of its own, which all tests of a run share."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._lab = opened(place)
        self.lab: Lab

    def open(self) -> None:
        self._thread.start()
        self.lab = self._run(self._lab.__aenter__())

    def play(self, attack: Attack) -> Outcome:
        return self._run(play(attack, self.lab))  # type: ignore[no-any-return]

    def close(self) -> None:
        self._run(self._lab.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=580)


@pytest.fixture(scope="session")
def stage(
    engine: docker.DockerClient, agent_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """One installation and two tenants for every attack."""
    server = Server(tmp_path_factory.mktemp("attacked"), {"GEOSCOPE_POOL_SIZE": "0"})
    server.start()
    view = EngineView()
    place = Place(
        url=server.url,
        admin="admin",
        password=ADMIN_PASSWORD,
        engine=view,
        state_dir=server.state_dir,
    )
    stage = Stage(place)
    try:
        stage.open()
        yield stage
        stage.close()
    finally:
        view.close()
        server.destroy(engine)
