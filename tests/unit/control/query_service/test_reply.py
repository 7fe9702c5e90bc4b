"""The text of replies, against AsterixDB's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.query_service import reply
from control.query_service.reply import Ending, Facts
from wire.messages import CompiledEvent, Counts, Problem

REFUSED = """{
	"errors": [{ 
		"code": 1,		"msg": "ASX0047: Invalid value for parameter 'format': foo"	} 
	],
	"status": "fatal",
	"metrics": {
		"elapsedTime": "361.338µs",
		"executionTime": "0ns",
		"resultCount": 0,
		"resultSize": 0,
		"errorCount": 1
	}
}
"""  # noqa: W291 - the blanks at the ends of lines are the original's
FAILED = """{
	"status": "failed",
	"errors": [{ 
		"code": 1,		"msg": "ASX0007: Overflow in numeric-add (in line 1, at column 4)"	} 
	]
}
"""  # noqa: W291
FACTS = Facts(request_id="id")


def test_a_refused_parameter_has_no_request_id() -> None:
    problem = Problem(text="ASX0047: Invalid value for parameter 'format': foo", kind="parameter")

    assert reply.refusal(problem, 361_338).decode() == REFUSED


def test_a_document_of_a_failed_request() -> None:
    problem = Problem(text="ASX0007: Overflow in numeric-add (in line 1, at column 4)")

    assert reply.document("failed", problem=problem).decode() == FAILED


def test_a_retriable_problem_says_so() -> None:
    problem = Problem(text="x", retriable=True)

    found = json.loads(reply.document("failed", problem=problem))

    assert found["errors"] == [{"code": 1, "msg": "x", "retriable": True}]


@given(
    context=st.text(),
    texts=st.lists(st.text(), max_size=3),
    signature=st.none() | st.just("*") | st.dictionaries(st.text(), st.lists(st.text())),
    problem=st.none() | st.builds(Problem, text=st.text()),
)
def test_every_reply_is_json_with_the_members_in_order(
    context: str, texts: list[str], signature: Any, problem: Problem | None
) -> None:
    facts = Facts(request_id="id", client_context_id=context, shows_plans=True)
    warnings = [Problem(text=text) for text in texts]
    ending = Ending(counts=Counts(), elapsed_ns=1, problem=problem, warnings=warnings)
    compiled = CompiledEvent(signature=signature)

    found = json.loads(reply.head(facts, compiled) + reply.ending(facts, ending, compiled))

    order = [
        *("requestID", "clientContextID", "signature", "plans", "warnings", "errors"),
        *("status", "metrics"),
    ]
    assert list(found) == [name for name in order if name in found]
    assert found.get("clientContextID", "") == context
    assert [warning["msg"] for warning in found.get("warnings", [])] == texts
    assert ("errorCount" in found["metrics"]) == ("errors" in found) == (problem is not None)


@pytest.mark.parametrize(
    ("number", "results", "handle"),
    [(0, b'\t"results": [ ', b"handle"), (1, b'\t"results-0": [ ', b"handle-0")],
)
def test_more_results_and_handles_are_numbered(number: int, results: bytes, handle: bytes) -> None:
    assert reply.begin_result(number) == results
    assert reply.handle(number, "/x") == b'\t"%b": "/x",\n' % handle


def test_a_document_can_have_further_members() -> None:
    text = reply.more(reply.document("success", url="/x"), {"resultCount": 2})

    assert text == b'{\n\t"status": "success",\n\t"handle": "/x",\n\t"resultCount": 2\n}\n'


def test_a_lost_scope_is_no_fault_of_the_statement() -> None:
    ending = Ending.failed(Problem(text="x", kind="agent"), 1, is_lost=True)

    assert b'"status": "failed"' in reply.ending(FACTS, ending)


def _jdbc_plans(compiled: CompiledEvent, plans: dict[str, Any] | None = None) -> Any:
    facts = Facts(request_id="r", shows_plans=True, is_jdbc=True)
    end = Ending(counts=Counts(), elapsed_ns=1, plans=plans or {})
    return json.loads(b"{" + reply.ending(facts, end, compiled))["plans"]


@pytest.mark.parametrize(
    ("compiled", "plans"),
    [
        (CompiledEvent(signature="*"), {"statementCategory": "query"}),
        (CompiledEvent(statement_category="update"), {"statementCategory": "update"}),
        (CompiledEvent(statement_category="ddl"), {}),
        # USE, SET and nothing at all: JDBC would look for the result of a query.
        (CompiledEvent(), {}),
        (
            CompiledEvent(signature="*", statement_parameters=[1, "x"]),
            {"statementCategory": "query", "statementParameters": [1, "x"]},
        ),
    ],
)
def test_jdbc_is_told_what_a_statement_is(compiled: CompiledEvent, plans: Any) -> None:
    assert _jdbc_plans(compiled) == plans


def test_the_answer_of_explain_is_a_result_and_no_plan() -> None:
    plans = {"explained": ["a\nb"]}

    assert _jdbc_plans(CompiledEvent(signature="*"), plans) == {
        "statementCategory": "query",
        "explainOnly": True,
    }
    end = Ending(counts=Counts(), elapsed_ns=1, plans=plans)
    assert reply.explained(end) == b'\t"results": ["a\\nb"],\n'
    assert reply.explained(Ending(counts=Counts(), elapsed_ns=1)) == b""
