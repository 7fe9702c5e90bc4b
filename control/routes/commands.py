"""Commands: Python in a scope's namespace."""

from __future__ import annotations

from contextlib import aclosing

from sanic import HTTPResponse

from control.routes.fields import InScope, Timeout
from control.web.answers import JSON, encode
from control.web.call import Call
from control.web.endpoint import Routes
from control.web.events import EventStream, wants_events
from control.web.execution import Execution

routes = Routes("commands")


class Command(InScope, frozen=True, kw_only=True):
    """Python to run; `stream` asks for its output as it appears."""

    command: str
    timeout: Timeout | None = None
    stream: bool = False


@routes.post("/command", body=Command)
async def run_command(call: Call, wanted: Command) -> HTTPResponse | None:
    """Run Python: the last expression's value, what it wrote, what it displayed."""
    longest = call.services.settings.command_timeout_s
    timeout_s = longest if wanted.timeout is None else min(wanted.timeout, longest)
    execution = Execution(call, wanted.scope, wanted.command, timeout_s)
    if wanted.stream or wants_events(call.request):
        await _follow(call, execution)
        return None
    return HTTPResponse(encode(await execution.members()), content_type=JSON)


async def _follow(call: Call, execution: Execution) -> None:
    stream = EventStream(call.request)
    async with aclosing(execution.events()) as events:
        async for name, members in events:
            await stream.send(name, members)
    await stream.end()
