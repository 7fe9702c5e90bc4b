"""Whatever the text is, the answer is rows or an error in words."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.lexer import KEYWORDS
from sandbox.sqlpp.program import Environment, compile_program, evaluate
from sandbox.sqlpp.tree.statements import Query
from tests.unit.sandbox.sqlpp.asking import Known

MAX_STEPS = 2_000
KNOWN = Known(d=[{"id": 1, "a": [1, None], "b": {"c": "x"}}, {"id": 2}])


class Enough(Exception):
    """A text of chance may ask for more than a test has time for."""


def stopping() -> Context:
    steps = iter(range(MAX_STEPS))

    def check() -> None:
        if next(steps, None) is None:
            raise Enough

    return Context(check=check, max_warnings=5)


def run(text: str) -> None:
    """Ask; an error in words is an answer too, anything else is none."""
    with suppress(SqlppError, Enough):
        for statement in compile_program(text).statements:
            if isinstance(statement, Query):
                list(evaluate(statement, Environment(KNOWN, {"p": 1}, stopping())))


_NAMES = "d x y id a b c abs upper count sum array_agg first nulls last partition rows row"
_MARKS = "( ) [ ] { } {{ }} , ; : . + - * / % ^ || = != <> < <= > >= ? @ #"
_OTHERS = ["1", "2.5", "1f", "'s'", '"s"', "`q`", "$p", "$1", "--", "/*", "*/", "\n"]
WORDS = [*sorted(KEYWORDS), *_NAMES.split(), *_MARKS.split(), *_OTHERS]
_LEAVES = "1 0 -2 2.5 1f 'a' '' null missing true false x y d.id d $p x.a [1,2] {{1}} {'a':1} []"
_OPERATORS = "+,-,*,/,div,%,^,||,=,!=,<,>=,and,or,in,not in,like,is distinct from"
expressions = st.recursive(
    st.sampled_from(_LEAVES.split()),
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(_OPERATORS.split(",")),
            inner,
        ),
        st.builds("({} between {} and {})".format, inner, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("(-{})".format, inner),
        st.builds("({} is {})".format, inner, st.sampled_from(["null", "missing", "known"])),
        st.builds("{}.a".format, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("({})[{}:{}]".format, inner, inner, inner),
        st.builds("{}[*]".format, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{'k': {}, 'l': {}}}".format, inner, inner),
        st.builds("case {} when {} then {} else {} end".format, inner, inner, inner, inner),
        st.builds("(some x in {} satisfies {})".format, inner, inner),
        st.builds("(every y in {} satisfies {})".format, inner, inner),
        st.builds("(exists {})".format, inner),
        st.builds("(select value {} from {} as x)".format, inner, inner),
        st.builds("array_count({})".format, inner),
        st.builds("upper({})".format, inner),
        st.builds("coalesce({}, {})".format, inner, inner),
    ),
    max_leaves=8,
)
sources = st.one_of(st.just("d"), st.builds("{} as x".format, expressions))
queries = st.builds(
    "select {} {} from {} {} {} {} {}".format,
    st.sampled_from(["value", "", "distinct value"]),
    expressions,
    sources,
    st.one_of(st.just(""), st.builds("let y = {}".format, expressions)),
    st.one_of(st.just(""), st.builds("where {}".format, expressions)),
    st.one_of(
        st.just(""),
        st.builds("group by {} as y group as g".format, expressions),
        st.builds("group by rollup({} as x, {} as y)".format, expressions, expressions),
    ),
    st.one_of(
        st.just(""),
        st.builds("order by {} desc limit 2".format, expressions),
        st.builds("limit {} offset {}".format, expressions, expressions),
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
@example("\x00")
@example("\ud800")
@example("'\\ud800'")
@example("select value '\\")
@example("/*")
@example("$")
@example("`")
@example("E'")
@example("1" * 5_000)
@example("1." + "0" * 5_000)
@example("1e999999999")
def test_any_text(text: str) -> None:
    run(text)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_any_words(words: list[str]) -> None:
    run(" ".join(words))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_words_after_select(words: list[str]) -> None:
    run("select value 1 from d as x " + " ".join(words))


@settings(max_examples=400, deadline=None)
@given(expressions)
def test_any_expression(text: str) -> None:
    run(f"select value {text} from d as x, [1, null] as y")


@settings(max_examples=400, deadline=None)
@given(queries)
def test_any_query(text: str) -> None:
    run(text)
