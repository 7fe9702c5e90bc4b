from __future__ import annotations

import msgspec
import pytest

from control.agent_events import KeptDisplay, KeptDone, decode_kept
from wire.codec import WireError, encode
from wire.messages import DisplayEvent, DoneEvent, ExecuteReply, OutputEvent, StateEvent

VALUE = [{"a": None, "b": [1.5, "ä"]}, {}]


@pytest.mark.parametrize(
    "event", [OutputEvent(name="stdout", text="x"), StateEvent(state="running")]
)
def test_other_events_are_as_ever(event: OutputEvent | StateEvent) -> None:
    assert decode_kept(encode(event)) == event


def test_a_value_is_told_as_it_came() -> None:
    event = decode_kept(encode(DoneEvent(reply=ExecuteReply(status="ok", result=VALUE))))

    assert isinstance(event, KeptDone)
    assert event.reply.status == "ok"
    assert msgspec.json.decode(msgspec.json.encode(event.reply.result)) == VALUE


def test_no_value_is_null() -> None:
    event = decode_kept(b'{"event":"done","reply":{"status":"ok"}}')

    assert isinstance(event, KeptDone)
    assert msgspec.json.encode(event.reply.result) == b"null"


def test_a_display_is_told_as_it_came() -> None:
    event = decode_kept(encode(DisplayEvent(mime={"application/json": VALUE})))

    assert isinstance(event, KeptDisplay)
    assert msgspec.json.decode(msgspec.json.encode(event.mime)) == {"application/json": VALUE}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b'{"event":"done","reply":{"status":"ok","result":[{]}}',
        b'{"event":"done","reply":{"status":"ok","result":' + b"[" * 100_000,
        b'{"event":"display","mime":[]}',
        b'{"event":"later"}',
    ],
)
def test_what_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(WireError):
        decode_kept(line)
