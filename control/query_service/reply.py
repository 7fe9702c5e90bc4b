"""The text of a reply, member by member, laid out as AsterixDB lays it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from control.query_service.durations import show
from control.query_service.problems import WORDS, Word
from wire.messages import CompiledEvent, Counts, FinishedEvent, Problem
from wire.protocol import EXPLAINED

ROWS_BEGIN: Final = b"[ "
ROWS_END: Final = b" ]\n\t,\n"
END: Final = b"\n}\n"
PROBLEM_CODE: Final = 1
"""The only code that AsterixDB ever gives; the true one begins the text."""

_encoder: Final = msgspec.json.Encoder()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a reply says about its request."""

    request_id: str
    client_context_id: str = ""
    type: str | None = None
    shows_signature: bool = True
    shows_plans: bool = False
    shows_times: bool = False
    is_jdbc: bool = False
    micro: str = "µs"
    """How the reply's charset can write microseconds."""


NO_FACTS: Final = Facts(request_id="")


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a reply ends."""

    counts: Counts
    elapsed_ns: int
    problem: Problem | None = None
    warnings: Sequence[Problem] = ()
    warning_count: int = 0
    plans: Mapping[str, Any] = field(default_factory=dict)
    profile: Any = None
    is_lost: bool = False
    """Whether the scope itself went away."""

    @property
    def word(self) -> Word:
        """How it ended, in a word."""
        if self.problem is None:
            return "success"
        return "failed" if self.is_lost else WORDS[self.problem.kind]

    @classmethod
    def of(cls, event: FinishedEvent, elapsed_ns: int) -> Ending:
        """What the agent said at last; elapsed is what the client waited."""
        return cls(
            counts=event.counts,
            elapsed_ns=elapsed_ns,
            problem=event.problem,
            warnings=event.warnings,
            warning_count=event.warning_count,
            plans=event.plans,
            profile=event.profile,
        )

    @classmethod
    def failed(cls, problem: Problem, elapsed_ns: int, *, is_lost: bool = False) -> Ending:
        """A failure that the agent has not told of."""
        return cls(counts=Counts(), elapsed_ns=elapsed_ns, problem=problem, is_lost=is_lost)


def head(facts: Facts, compiled: CompiledEvent | None = None) -> bytes:
    """Everything before the results."""
    parts = [b"{\n", _member("requestID", facts.request_id)]
    if facts.client_context_id:
        parts.append(_member("clientContextID", facts.client_context_id))
    if facts.type is not None:
        parts.append(_member("type", facts.type))
    if facts.shows_signature and compiled is not None and compiled.signature is not None:
        parts.append(_member("signature", compiled.signature))
    return b"".join(parts)


def begin_result(number: int) -> bytes:
    """Before the rows of the result with this number among results."""
    return b'\t"' + _numbered("results", number) + b'": ' + ROWS_BEGIN


def parsed(compiled: CompiledEvent) -> bytes:
    """The results of statements that were only parsed."""
    return _member("results", {"statement-parameters": compiled.statement_parameters or []})


def handle(number: int, url: str) -> bytes:
    """Where the result with this number among results can be had."""
    return b'\t"' + _numbered("handle", number) + b'": ' + _json(url) + b",\n"


def explained(end: Ending) -> bytes:
    """The answer of EXPLAIN where it is in the reply itself, as JDBC wants it; else nothing."""
    return _member("results", end.plans[EXPLAINED]) if EXPLAINED in end.plans else b""


def status(word: Word) -> bytes:
    """The member `status`."""
    return _member("status", word)


def ending(facts: Facts, end: Ending, compiled: CompiledEvent | None = None) -> bytes:
    """Everything after the results or the handle."""
    parts = []
    if facts.shows_plans and end.problem is None:
        parts.append(_member("plans", _plans(facts, end, compiled)))
    if end.warnings:
        parts.append(_problems("warnings", end.warnings) + b",\n")
    if end.problem is not None:
        parts.append(_problems("errors", [end.problem]) + b",\n")
    parts.append(status(end.word))
    return b"".join(parts) + metrics(end, facts) + profile(end) + END


def refusal(problem: Problem, elapsed_ns: int, facts: Facts | None = None) -> bytes:
    """A whole reply to a request that was not run; without `facts` there is no request id yet."""
    begin = b"{\n" if facts is None else head(facts)
    return begin + ending(facts or NO_FACTS, Ending.failed(problem, elapsed_ns))


def metrics(end: Ending, facts: Facts) -> bytes:
    """The member `metrics`."""
    members = metric_members(end, facts)
    lines = b",\n".join(b'\t\t"%b": %b' % (k.encode(), _json(v)) for k, v in members.items())
    return b'\t"metrics": {\n' + lines + b"\n\t}"


def metric_members(end: Ending, facts: Facts = NO_FACTS) -> dict[str, str | int]:
    """Four members always, the others where they say something."""
    counts, micro = end.counts, facts.micro
    members: dict[str, str | int] = {
        "elapsedTime": show(end.elapsed_ns, micro),
        "executionTime": show(counts.execution_ns, micro),
        "resultCount": counts.result_count,
        "resultSize": counts.result_size,
    }
    if facts.shows_times:
        members["compileTime"] = show(counts.compile_ns, micro)
        members["queueWaitTime"] = show(counts.queue_ns, micro)
    if counts.processed_objects:
        members["processedObjects"] = counts.processed_objects
    if end.warning_count:
        members["warningCount"] = end.warning_count
    if end.problem is not None:
        members["errorCount"] = 1
    return members


def profile(end: Ending) -> bytes:
    """The member `profile`, where there is one."""
    return b"" if end.profile is None else b',\n\t"profile": ' + _json(end.profile)


def document(word: Word, *, url: str | None = None, problem: Problem | None = None) -> bytes:
    """A status document: how a request is, and where its result can be had."""
    members = [b'\t"status": ' + _json(word)]
    if url is not None:
        members.append(b'\t"handle": ' + _json(url))
    if problem is not None:
        members.append(_problems("errors", [problem]))
    return b"{\n" + b",\n".join(members) + END


def more(text: bytes, members: Mapping[str, Any]) -> bytes:
    """The document with further members."""
    lines = [b'\t"%b": %b' % (name.encode(), _json(value)) for name, value in members.items()]
    return b",\n".join([text.removesuffix(END), *lines]) + END


def around_result(end: Ending) -> tuple[bytes, bytes]:
    """What stands before and after the rows of a result that is wrapped into a document."""
    return b'{\n\t"results": ', b"\t,\n" + metrics(end, NO_FACTS) + END


def _plans(facts: Facts, end: Ending, compiled: CompiledEvent | None) -> dict[str, Any]:
    found = dict(end.plans)
    is_explained = found.pop(EXPLAINED, None) is not None
    if not facts.is_jdbc or compiled is None:
        return found
    # What has no result and changes no rows has no category: JDBC looks for a result otherwise.
    if compiled.signature is not None or compiled.statement_category == "update":
        found["statementCategory"] = compiled.statement_category
    if compiled.statement_parameters is not None:
        found["statementParameters"] = compiled.statement_parameters
    if is_explained:
        found["explainOnly"] = True
    return found


def _problems(name: str, problems: Iterable[Problem]) -> bytes:
    # The odd blanks are AsterixDB's own.
    shown = [
        b'{ \n\t\t"code": %d,\t\t"msg": %b%b\t} \n\t'
        % (PROBLEM_CODE, _json(p.text), b',\t\t"retriable": true' if p.retriable else b"")
        for p in problems
    ]
    return b'\t"' + name.encode() + b'": [' + b",".join(shown) + b"]"


def _numbered(name: str, number: int) -> bytes:
    return (name if number == 0 else f"{name}-{number - 1}").encode()


def _member(name: str, value: Any) -> bytes:
    return b'\t"%b": %b,\n' % (name.encode(), _json(value))


def _json(value: Any) -> bytes:
    return _encoder.encode(value)
