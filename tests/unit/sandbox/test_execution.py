from __future__ import annotations

from typing import Any

from sandbox.runtime.execution import Execution
from sandbox.runtime.kernel_values import VALUE_MIME
from wire.messages import (
    DisplayEvent,
    DoneEvent,
    ExecuteEvent,
    ExecuteReply,
    ExecuteRequest,
    OutputEvent,
)
from wire.protocol import ErrorCode

OK = ExecuteReply(status="ok")


def execution(max_output_bytes: int = 1000) -> Execution:
    return Execution(
        ExecuteRequest(work_id="w", code="", timeout_s=1, max_output_bytes=max_output_bytes)
    )


async def said(it: Execution, reply: ExecuteReply = OK) -> tuple[list[ExecuteEvent], ExecuteReply]:
    it.finish(reply)
    events = [event async for event in it.events()]
    assert isinstance(events[-1], DoneEvent)
    return events[:-1], events[-1].reply


def wrote(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"name": name, "text": text}


async def test_output_comes_in_order_and_by_name() -> None:
    it = execution()
    it.take("stream", wrote("a"))
    it.take("stream", wrote("b", "stderr"))

    events, reply = await said(it)

    assert events == [OutputEvent(name="stdout", text="a"), OutputEvent(name="stderr", text="b")]
    assert not reply.truncated


async def test_output_is_cut_at_the_cap_and_said_so() -> None:
    it = execution(100)
    it.take("stream", wrote("é" * 60))
    it.take("stream", wrote("more"))

    events, reply = await said(it)

    text = "".join(event.text for event in events if isinstance(event, OutputEvent))
    assert text == "é" * 50
    assert reply.truncated


async def test_many_tiny_events_are_bounded_too() -> None:
    it = execution(100)
    for _ in range(10_000):
        it.take("stream", wrote("x"))
        it.take("display_data", {"data": {}})

    events, reply = await said(it)

    assert len(events) < 200
    assert reply.truncated


async def test_a_display_that_does_not_fit_is_left_out() -> None:
    it = execution(100)
    it.take("display_data", {"data": {"image/png": "x" * 1000}})

    assert await said(it) == ([], ExecuteReply(status="ok", truncated=True))


async def test_the_value_is_the_json_where_there_is_json() -> None:
    it = execution()
    it.take("execute_result", {"data": {VALUE_MIME: '{"a":[1,null]}', "text/plain": ""}})

    assert await said(it) == ([], ExecuteReply(status="ok", result={"a": [1, None]}))


async def test_a_rich_value_is_its_repr_and_a_display() -> None:
    it = execution()
    mime = {"text/plain": "   a\n0  1", "text/html": "<table/>"}
    it.take("execute_result", {"data": mime})

    events, reply = await said(it)

    assert events == [DisplayEvent(mime=mime)]
    assert reply.result == "   a\n0  1"


async def test_a_value_beyond_the_cap_is_cut_text() -> None:
    it = execution(10)
    it.take("execute_result", {"data": {"text/plain": "x" * 50}})

    _, reply = await said(it)

    assert reply.result == "x" * 10
    assert reply.truncated


def raised(name: str, value: str) -> dict[str, Any]:
    return {"status": "error", "ename": name, "evalue": value, "traceback": ["a\nb", "c"]}


def test_an_exception_is_the_tenants() -> None:
    reply = execution().replied(raised("ValueError", "no"))

    assert reply.code is ErrorCode.PYTHON_ERROR
    assert reply.message == "ValueError: no"
    assert reply.traceback == ["a", "b", "c"]


def test_a_stopped_statement_says_why_it_was_stopped() -> None:
    it = execution()
    it.stop(ErrorCode.TIMEOUT)
    it.stop(ErrorCode.INTERRUPTED)

    assert it.replied(raised("KeyboardInterrupt", "")).code is ErrorCode.TIMEOUT


def test_a_statement_that_ignored_its_timeout_has_still_had_it() -> None:
    it = execution()
    it.stop(ErrorCode.TIMEOUT)

    assert it.replied({"status": "ok"}).code is ErrorCode.TIMEOUT


def test_a_statement_that_ended_well_despite_an_interrupt_ended_well() -> None:
    it = execution()
    it.stop(ErrorCode.INTERRUPTED)

    assert it.replied({"status": "ok"}).status == "ok"
