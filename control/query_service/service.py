"""The query service: takes a request for statements, and answers it the way it asks for."""

from __future__ import annotations

import time

import msgspec
from sanic import HTTPResponse

from control.query_service import delivery, kept, orders, parameters, reply
from control.query_service.orders import SCOPE_HEADER, Order
from control.query_service.outlet import Outlet
from control.query_service.parameters import Parameters
from control.query_service.problems import NO_STATEMENT, Refused, http_status
from control.web.call import Call


async def answer(call: Call) -> HTTPResponse | None:
    """Run what the request asks for; None: the reply was sent."""
    outlet = Outlet(call.request)
    try:
        wanted = await _wanted(call)
    except Refused as error:
        elapsed_ns = int((time.monotonic() - call.began) * 1e9)
        body = reply.refusal(error.problem, elapsed_ns)
        return outlet.whole(body, http_status(error.problem))
    order = Order(
        call=call,
        base=call.request.path.rstrip("/"),
        origin=orders.origin(call),
        parameters=wanted,
        scope=wanted.scope or call.request.headers.get(SCOPE_HEADER) or None,
        outlet=outlet,
    )
    if wanted.statement is None:
        body = reply.refusal(NO_STATEMENT, order.elapsed_ns(), order.facts())
        return outlet.whole(body, http_status(NO_STATEMENT))
    return await _run(order)


async def _run(order: Order) -> HTTPResponse | None:
    if order.parameters.mode == "deferred":
        return await kept.defer(order)
    if order.parameters.mode == "async":
        return await kept.submit(order)
    receiver = delivery.Immediate(order)
    return await receiver.end(await delivery.run(order, receiver))


async def _wanted(call: Call) -> Parameters:
    given = await orders.given(call)
    wanted = parameters.read(given, call.request.headers.get("accept", ""))
    if call.request.method == "GET":
        return msgspec.structs.replace(wanted, readonly=True)
    return wanted
