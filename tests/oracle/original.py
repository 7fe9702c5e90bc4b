"""Asking the live AsterixDB that scripts/oracle.sh starts."""

from __future__ import annotations

import json
from typing import Any

import requests

from tests.oracle.cases import DATAVERSE, SETUP, Answer, Case

URL = "http://localhost:19002/query/service"
TIMEOUT_S = 120


def prepare() -> None:
    """Make the datasets that the cases read."""
    answer = ask(SETUP.read_text(), {})
    if answer.error is not None:
        raise RuntimeError(answer.error)


def answer_to(case: Case) -> Answer:
    """What the original says to a case."""
    return ask(case.statement, {"dataverse": DATAVERSE} | case.parameters)


def ask(statement: str, parameters: dict[str, Any]) -> Answer:
    """What the original says to a request."""
    body = {"statement": statement, "format": "adm", "max-warnings": 100} | parameters
    try:
        reply = requests.post(URL, json=body, timeout=TIMEOUT_S)
    except requests.exceptions.ChunkedEncodingError:
        # What it does where an error follows the result of an earlier statement.
        return Answer(error="the reply broke off")
    members: list[tuple[str, Any]] = json.loads(
        reply.content.decode("utf-8", "surrogatepass"), object_pairs_hook=list
    )
    # Names repeat with several statements, so that this is no dict.
    results = tuple(tuple(map(_row, v)) for name, v in members if name.startswith("results"))
    errors = [dict(e)["msg"] for name, v in members if name == "errors" for e in v]
    warnings = [dict(w)["msg"] for name, v in members if name == "warnings" for w in v]
    return Answer(results, errors[0] if errors else None, tuple(warnings))


def _row(text: str) -> str:
    return text.removesuffix("\n")
