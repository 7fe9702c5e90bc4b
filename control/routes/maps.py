"""Maps: SQL and a style in, a picture out."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import msgspec
from sanic import HTTPResponse

from control.errors import BadParameter
from control.routes.fields import InSession, Timeout
from control.web.agents import query_timeout, relayed
from control.web.answers import JSON, base64_chunks, base64_length, encode, relay
from control.web.call import Call
from control.web.endpoint import Routes
from wire import charts
from wire.messages import RenderReply, RenderRequest

routes = Routes("maps")

PICTURES: Final = {"image/png": "png", "image/webp": "webp"}
PATHS: Final[dict[str, tuple[str, ...]]] = {
    "pointmap": (),
    "heatmap": (),
    "choropleth": ("/choroplethmap",),
    "weighted": ("/weighted_pointmap",),
    "icon_viz": (),
    "fishnetmap": ("/fishnet",),
    "unique_value_choropleth": (),
}
"""The charts and the other paths of each."""


class Map(InSession, frozen=True, kw_only=True):
    """SQL whose rows are drawn, and how."""

    sql: str
    params: dict[str, Any]
    timeout: Timeout | None = None


def render_request(call: Call, wanted: Map, chart: str, picture: str | None) -> RenderRequest:
    """What the agent is asked; raises BadParameter naming what the chart does not take."""
    params = wanted.params if picture is None else {**wanted.params, "format": picture}
    max_pixels = call.services.settings.max_pixels
    try:
        charts.parse(chart, params, max_pixels)
    except charts.ChartError as error:
        raise BadParameter(error.parameter, error.why) from error
    return RenderRequest(
        work_id=uuid.uuid4().hex,
        session=wanted.session,
        sql=wanted.sql,
        chart=chart,
        params=params,
        max_pixels=max_pixels,
        timeout_s=query_timeout(call, wanted.timeout),
    )


def _draws(chart: str) -> Callable[[Call, Map], Awaitable[HTTPResponse | None]]:
    async def draw(call: Call, wanted: Map) -> HTTPResponse | None:
        accepted = _accepted(call)
        request = render_request(call, wanted, chart, PICTURES.get(accepted))
        async with relayed(call, wanted.scope, request, request.work_id, request.timeout_s) as (
            head,
            picture,
        ):
            if accepted:
                await _send_picture(call, accepted, head, picture)
            else:
                await _send_json(call, chart, head, picture)
        return None

    draw.__doc__ = f"Draw the rows of a query ({chart})."
    return draw


for _chart, _aliases in PATHS.items():
    routes.post(f"/{_chart}", aliases=_aliases, body=Map)(_draws(_chart))


def _accepted(call: Call) -> str:
    """The kind of picture that the client takes in place of JSON; empty: none."""
    wishes = [_wish(part) for part in call.request.headers.get("accept", "").split(",")]
    known = [wish for wish in wishes if wish[1] > 0 and (wish[0] in PICTURES or wish[0] == JSON)]
    # Of equals the first.
    kind = max(known, key=lambda wish: wish[1], default=(JSON, 1.0))[0]
    return kind if kind in PICTURES else ""


def _wish(part: str) -> tuple[str, float]:
    kind, *options = (piece.strip().lower() for piece in part.split(";"))
    weight = next((option[2:] for option in options if option.startswith("q=")), "1")
    try:
        return kind, float(weight)
    except ValueError:
        return kind, 0.0


def render_facts(head: RenderReply) -> dict[str, Any]:
    """The facts of a picture as clients see them."""
    facts: dict[str, Any] = msgspec.to_builtins(head)
    del facts["content_length"], facts["content_type"]
    return facts


async def _send_picture(
    call: Call, kind: str, head: RenderReply, picture: AsyncIterator[bytes]
) -> None:
    facts = render_facts(head)
    headers = {f"X-Render-{name.title()}": _header(value) for name, value in facts.items()}
    await relay(call.request, kind, picture, head.content_length, headers=headers)


def _header(value: Any) -> str:
    text = value if isinstance(value, str) else encode(value).decode()
    # The agent's word: no line break or other byte may end a header early.
    return "".join(char if " " <= char <= "~" else "?" for char in text)


async def _send_json(
    call: Call, chart: str, head: RenderReply, picture: AsyncIterator[bytes]
) -> None:
    members = {
        "status": "success",
        "code": 200,
        "message": f"draw {chart} successfully!",
        "render": render_facts(head),
    }
    before = encode(members).removesuffix(b"}") + b',"result":"'
    length = base64_length(head.content_length)
    body = base64_chunks(picture)
    await relay(call.request, JSON, body, length, around=(before, b'"}'))
