"""An answer by pieces on its way out: in one write where it is small, and never held back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from sandbox.statements import Answer

CONTENT_TYPE: Final = "application/octet-stream"


async def send_pieces(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Send what comes as it comes; a reader who has gone is told to the answer."""
    try:
        first = await _next(request, answer)
        if first is None or answer.is_whole:
            return web.Response(body=first, content_type=CONTENT_TYPE)
        response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
        await response.prepare(request)
        await response.write(first)
        while (piece := await _next(request, answer)) is not None:
            await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        answer.leave()
        raise
    return response


async def _next(request: web.Request, answer: Answer) -> bytes | None:
    """What comes next; raises ConnectionResetError if nobody waits for it any more."""
    while (piece := await answer.take()) == b"":
        if request.transport is None or request.transport.is_closing():
            raise ConnectionResetError
    return piece
