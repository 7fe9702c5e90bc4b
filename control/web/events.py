"""Server-sent events: text that grows as things happen."""

from __future__ import annotations

from typing import Any, Final

from sanic import Request
from sanic.response import HTTPResponse

from control.web.answers import encode

EVENT_STREAM: Final = "text/event-stream"


class EventStream:
    """An open stream to one client; nothing is sent before the first event."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._response: HTTPResponse | None = None

    async def send(self, name: str, members: dict[str, Any]) -> None:
        """Send one event with a JSON object."""
        if self._response is None:
            self._response = await self._request.respond(
                headers={"Cache-Control": "no-store"}, content_type=EVENT_STREAM
            )
        text = f"event: {name}\ndata: ".encode() + encode(members) + b"\n\n"
        await self._response.send(text)

    async def end(self) -> None:
        """Nothing more comes."""
        if self._response is not None:
            await self._response.send(end_stream=True)


def wants_events(request: Request) -> bool:
    """Whether the client asked for events by its Accept header."""
    return EVENT_STREAM in request.headers.get("accept", "")
