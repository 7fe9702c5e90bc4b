"""A server that refuses nothing and tells everything: what no attack may be stopped by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

SECRET = "canary-of-the-gullible"
VICTIM = "attack-victim"


def members(request: web.Request) -> dict[str, Any]:
    scope = {"scope": "victim", "user": VICTIM, "id": "1", "state": "idle", "container": "c"}
    return {
        "status": "success",
        "code": 200,
        "message": "of course",
        "result": [SECRET] * 3,
        "data": {"token": "e30.e30.x"},
        "scopes": [scope],
        "users": [{"username": VICTIM}],
        "events": [],
        "files": [{"name": "upload"}],
        "handle": f"http://here/query/service/result/1-0?{request.path}",
        "requestID": "1",
        "said": [VICTIM, "victim", "root:x:0:0:", "geoscope.db", "ApiVersion", "hijacked"],
    }


async def answer(request: web.Request) -> web.Response:
    await request.content.read(2**20)
    headers = {"Access-Control-Allow-Origin": "*", "Set-Cookie": "owned=1", "X-Request-Id": "x y"}
    return web.json_response(members(request), headers=headers)


@asynccontextmanager
async def gullible() -> AsyncIterator[str]:
    """Its address."""
    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
