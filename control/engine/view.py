"""The engine as an operator's command sees it: a few blocking looks, no scope is changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import docker
import requests

from control.engine.address import engine_address, knock
from control.engine.driver import INSTALLATION_LABEL, ContainerStatus, Usage
from control.engine.translation import is_absent, to_status, to_usage, translate

TIMEOUT_S: Final = 30


class QuietTooLong(Exception):
    """Nothing was written for as long as we wait."""


class EngineView:
    """Looks at the engine of DOCKER_HOST; everything raises EngineUnavailable or EngineError."""

    def __init__(self) -> None:
        where = engine_address()
        knock(where)
        with _translated("be reached"):
            # Any: half of the SDK's methods have no types.
            self._client: Any = docker.APIClient(
                **where, version="auto", timeout=TIMEOUT_S, max_pool_size=16
            )

    def version(self) -> dict[str, Any]:
        """What the engine says of its version."""
        return dict(self._ask("say its version", self._client.version))

    def info(self) -> dict[str, Any]:
        """What the engine says of itself and its host."""
        return dict(self._ask("tell of itself", self._client.info))

    def image(self, name: str) -> dict[str, Any] | None:
        """The image; None where it is not here."""
        return self._look(name, self._client.inspect_image)

    def containers(self, label: str = INSTALLATION_LABEL) -> list[ContainerStatus]:
        """Every container with this label (`name` or `name=value`), whatever its state."""
        found = self._ask(
            "list containers", lambda: self._client.containers(all=True, filters={"label": label})
        )
        seen = (self._status(str(item["Id"])) for item in found)
        return [status for status in seen if status is not None]

    def describe(self, id: str) -> dict[str, Any]:
        """All that the engine says of a container; nothing where it is gone."""
        return self._look(id, self._client.inspect_container) or {}

    def usage(self, id: str) -> Usage:
        """What a container uses now; all None where it does not run."""
        try:
            sample = self._client.stats(id, stream=False, one_shot=True)
        except (docker.errors.APIError, requests.exceptions.RequestException, ValueError):
            # It may end while we look.
            return Usage()
        return to_usage(sample)

    def logs(self, id: str, tail: int) -> bytes:
        """The last lines that a container wrote."""
        return bytes(self._ask("read a log", lambda: self._client.logs(id, tail=tail)))

    def follow(self, id: str, tail: int) -> Iterator[bytes]:
        """The last lines, then each as it is written, until the container ends."""
        since: float | None = None
        while True:
            asked_at = time.time()
            # Quiet for as long as the SDK waits: asked anew, as a dead connection is quiet too.
            with _translated("follow a log"), suppress(QuietTooLong):
                yield from self._stream(id, tail, since)
            status = self._status(id)
            if status is None or status.state != "running":
                return
            since, tail = asked_at, 0

    def run(self, config: dict[str, Any], name: str, timeout_s: float) -> tuple[int, str]:
        """The exit code and output of a container of this config, which is gone afterwards."""
        with _translated(f"run {name}"):
            id = str(self._client.create_container_from_config(config, name)["Id"])
            try:
                self._client.start(id)
                ended = self._client.wait(id, timeout=timeout_s)
                output = bytes(self._client.logs(id)).decode(errors="replace")
                return int(ended["StatusCode"]), output
            finally:
                self._client.remove_container(id, force=True, v=True)

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()

    def _stream(self, id: str, tail: int, since: float | None) -> Iterator[bytes]:
        lines: int | str = "all" if since is not None else tail
        try:
            yield from self._client.logs(id, stream=True, follow=True, tail=lines, since=since)
        except requests.exceptions.ConnectionError as error:
            if "Read timed out" in str(error):
                raise QuietTooLong from error
            raise

    def _status(self, id: str) -> ContainerStatus | None:
        found = self._look(id, self._client.inspect_container)
        return None if found is None else to_status(found)

    def _look(self, what: str, inspect: Callable[[str], dict[str, Any]]) -> dict[str, Any] | None:
        with _translated(f"look at {what}"):
            try:
                return inspect(what)
            except docker.errors.APIError as error:
                if is_absent(error):
                    return None
                raise

    def _ask(self, action: str, ask: Callable[[], Any]) -> Any:
        with _translated(action):
            return ask()


@contextmanager
def _translated(action: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise translate(action, error) from error
