"""The small parts of the HTTP side."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.errors import AgentMisbehaved, BadBody, BadParameter, BodyTooLarge, RequestError
from control.kinds import networks
from control.routes.commands import Command
from control.routes.fields import flag_of, size_of
from control.routes.files import checked_path
from control.routes.queries import Query
from control.web.answers import base64_chunks, base64_length, exactly, iso_time
from control.web.background import Background
from control.web.decoding import MAX_PARTS, convert, decode_body, decode_object
from control.web.proxies import client_address, is_loopback


class Item(msgspec.Struct):
    name: str
    size: float = 0.0


class Body(msgspec.Struct):
    scope: str
    items: list[Item] = []
    more: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        (b"{}", "scope"),
        (b"", "scope"),
        (b'{"scope":1}', "scope"),
        (b'{"scope":"a","items":[{}]}', "items[0].name"),
        (b'{"scope":"a","items":[{"name":"b","size":"c"}]}', "items[0].size"),
        (b'{"scope":"a","items":3}', "items"),
        (b'{"scope":"a","more":{"x":1e999}}', "more[...]"),
    ],
)
def test_a_bad_field_is_named(body: bytes, parameter: str) -> None:
    with pytest.raises(BadParameter) as caught:
        decode_body(body, Body)

    assert caught.value.parameter == parameter


@pytest.mark.parametrize("body", [b"{", b"[]", b"1", b"null", b'{"scope":"\xff"}', b"[" * 10**5])
def test_what_is_no_object_is_a_bad_body(body: bytes) -> None:
    with pytest.raises(BadBody):
        decode_body(body, Body)
    with pytest.raises(BadBody):
        decode_object(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_body_or_a_request_error(body: bytes) -> None:
    try:
        assert isinstance(decode_body(body, Body), Body)
    except RequestError:
        return


def test_query_arguments_are_read_leniently() -> None:
    assert convert({"name": "a", "size": "2.5"}, Item, strict=False).size == 2.5


@given(st.lists(st.binary(max_size=50)))
def test_base64_in_pieces_is_base64(pieces: list[bytes]) -> None:
    async def whole() -> bytes:
        return b"".join([piece async for piece in base64_chunks(_stream(pieces))])

    encoded = asyncio.run(whole())

    assert encoded == base64.b64encode(b"".join(pieces))
    assert len(encoded) == base64_length(len(b"".join(pieces)))


@pytest.mark.parametrize("pieces", [[], [b"ab"], [b"ab", b"cd"]])
async def test_a_payload_of_another_length_is_refused(pieces: list[bytes]) -> None:
    with pytest.raises(AgentMisbehaved):
        assert [piece async for piece in exactly(_stream(pieces), 3)]


async def test_shielded_work_outlives_its_waiter() -> None:
    background, gate, done = Background(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await gate.wait()
        done.set()

    waiter = asyncio.create_task(background.shield(work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    gate.set()
    await background.stop(1.0)

    assert done.is_set()


async def test_stopping_cancels_what_does_not_end() -> None:
    background = Background()
    task = background.spawn(asyncio.Event().wait())

    await background.stop(0.01)

    assert task.cancelled()


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("9.9.9.9", ["1.1.1.1"], "", "9.9.9.9"),
        ("10.0.0.1", ["1.1.1.1"], "10.0.0.0/8", "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6, 1.1.1.1, 10.0.0.2"], "10.0.0.0/8", "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6", "1.1.1.1"], "10.0.0.1", "1.1.1.1"),
        ("10.0.0.1", [], "10.0.0.1", "10.0.0.1"),
        ("10.0.0.1", ["junk"], "10.0.0.1", "junk"),
    ],
)
def test_only_trusted_proxies_are_believed(
    peer: str, forwarded: list[str], trusted: str, address: str
) -> None:
    found: Any = networks.parse(trusted)

    assert client_address(peer, forwarded, found) == address


def test_loopback() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("10.0.0.1")
    assert not is_loopback("localhost.evil")


def test_times_are_iso() -> None:
    assert iso_time(0) == "1970-01-01T00:00:00.000+00:00"
    assert iso_time(None) is None


@pytest.mark.parametrize(("given", "flag"), [("1", True), (1, True), ("False", False), (0, False)])
def test_flags_of_old_clients(given: Any, flag: bool) -> None:
    assert flag_of("x", given) is flag


def test_sizes_of_requests() -> None:
    assert size_of("memory", "1GiB") == 1024**3
    assert size_of("memory", 1024) == 1024
    assert size_of("memory", None) is None
    with pytest.raises(BadParameter):
        size_of("memory", -1)


@pytest.mark.parametrize("path", ["/x", "../x", "a/../../x", "a\0b", ".."])
def test_paths_out_are_refused(path: str) -> None:
    with pytest.raises(RequestError):
        checked_path(path)


@pytest.mark.parametrize("path", ["a", "a/b.c", "..a/b..", ".hidden"])
def test_paths_within_are_fine(path: str) -> None:
    assert checked_path(path) == path


async def _stream(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def test_a_body_of_very_many_parts_is_refused_before_it_is_read() -> None:
    body = b'{"scope":"s","sql":"x","params":[' + b"{}," * MAX_PARTS + b"{}]}"

    with pytest.raises(BodyTooLarge, match="more than 2000000 members and elements"):
        decode_body(body, Query)
    with pytest.raises(BodyTooLarge):
        decode_object(body)


def test_commas_of_a_text_are_no_parts() -> None:
    code = "1," * MAX_PARTS * 2

    command = decode_body(msgspec.json.encode({"scope": "s", "command": code}), Command)

    assert command.command == code
