"""GET, PUT, DELETE /scope/<scope>/files/<path>."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from yarl import URL

from tests.fakes.agent import ScriptedAgent
from tests.service.client import User
from tests.service.conftest import ServerFactory

FILES = "/scope/taxi/files"


async def test_what_was_put_can_be_got(ann: User, agent: ScriptedAgent) -> None:
    content = bytes(range(256)) * 1000

    body = (await ann.put(f"{FILES}/a/b.bin", data=content)).good()
    reply = await ann.get(f"{FILES}/a/b.bin")

    assert (body["path"], body["bytes"]) == ("a/b.bin", len(content))
    assert reply.raw == content
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["Content-Disposition"] == "attachment"


async def test_files_are_no_bodies_and_may_be_larger(make_server: ServerFactory) -> None:
    server = await make_server(max_body="1KiB")
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    assert (await ann.put(f"{FILES}/big", data=pieces())).good()["bytes"] == 100_000


async def test_an_empty_file_can_be_put(ann: User, agent: ScriptedAgent) -> None:
    assert (await ann.put(f"{FILES}/empty", data=b"")).good()["bytes"] == 0
    assert (await ann.get(f"{FILES}/empty")).raw == b""


@pytest.mark.parametrize("path", ["", "/", "/folder"])
async def test_a_folder_is_listed(ann: User, agent: ScriptedAgent, path: str) -> None:
    agent.files["a"] = b"xyz"

    body = (await ann.get(FILES + path)).good()

    assert body["files"] == [{"name": "a", "bytes": 3, "modified": 0.0, "is_dir": False}]


async def test_delete_and_missing(ann: User, agent: ScriptedAgent) -> None:
    agent.files["a"] = b"x"

    (await ann.delete(f"{FILES}/a")).good()

    assert (await ann.get(f"{FILES}/a")).error == (404, 404, "file_not_found")
    assert (await ann.delete(f"{FILES}/a")).error == (404, 404, "file_not_found")


@pytest.mark.parametrize(
    "path", ["%2e%2e/x", "a/%2e%2e/%2e%2e/x", "%2Fetc/passwd", "..%2Fx", "a%00b"]
)
async def test_paths_stay_inside(ann: User, agent: ScriptedAgent, path: str) -> None:
    url = URL(f"{ann.url}{FILES}/{path}", encoded=True)
    headers = {"Authorization": f"Token {ann.token}"}
    async with ann.session.get(url, headers=headers) as response:
        body = await response.json()

    assert (response.status, body["type"]) == (400, "bad_path")
    assert agent.files == {}


async def test_names_are_unquoted_once(ann: User, agent: ScriptedAgent) -> None:
    (await ann.put(f"{FILES}/a%20b%C3%A4.csv", data=b"x")).good()

    assert list(agent.files) == ["a b\u00e4.csv"]
