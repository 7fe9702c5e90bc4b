"""The opening of a scope as it goes on, stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from geoscope.errors import Unreachable, api_error
from geoscope.results import Event, events_of
from geoscope.transport import Transport, members_of

EVENTS: Final = "text/event-stream"
CUT_SHORT: Final = "the events of the opening ended before the scope was there"
OnStage = Callable[[str, float], None]
"""Called with a stage's name and the seconds that had passed when it began."""


def opened(transport: Transport, body: dict[str, Any], on_stage: OnStage) -> dict[str, Any]:
    """The reply to `POST /scope`; raises the error that it ended with."""
    with transport.stream("POST", "/scope", json=body, headers={"Accept": EVENTS}) as reply:
        if not reply.headers.get("Content-Type", "").startswith(EVENTS):
            # A server that tells no stages answers as it always did.
            return members_of(reply)
        reply.encoding = "utf-8"
        made = _last(events_of(reply.iter_lines(decode_unicode=True)), on_stage)
    if made is None:
        raise Unreachable(transport.settings.url, CUT_SHORT)
    return made


def _last(events: Iterable[Event], on_stage: OnStage) -> dict[str, Any] | None:
    for event in events:
        if event.name == "state":
            on_stage(str(event.members.get("stage", "")), float(event.members["at_ms"]) / 1000)
        elif event.name == "scope":
            return dict(event.members)
        elif event.name == "error":
            raise api_error(int(event.members["code"]), event.members)
    return None
