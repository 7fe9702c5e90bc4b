"""Every parameter, with values that are good and values that are not."""

from __future__ import annotations

from typing import Any

import pytest

from control.query_service.formats import Format
from control.query_service.given import GivenJson, from_json, from_pairs
from control.query_service.parameters import MAX_TTL_S, Parameters, read
from control.query_service.problems import BAD_JSON, MAX_SHOWN, Refused

FLAGS = {
    "pretty": "pretty",
    "readonly": "readonly",
    "multi-statement": "multi_statement",
    "signature": "signature",
    "parse-only": "parse_only",
    "compile-only": "compile_only",
    "sql-compat": "sql_compat",
    "include-host": "include_host",
}
GOOD: list[tuple[str, str, str, Any]] = [
    ("statement", "", "statement", ""),
    ("statement", "select 1", "statement", "select 1"),
    ("client_context_id", "", "client_context_id", ""),
    ("dataverse", "a/b", "dataverse", "a/b"),
    ("dataverse", "", "dataverse", None),
    ("scope", "", "scope", None),
    ("session", "", "session", "spark"),
    ("session", "mine", "session", "mine"),
    ("dialect", "SPARK", "dialect", "spark"),
    ("mode", "Async", "mode", "async"),
    ("mode", "deferred", "mode", "deferred"),
    ("format", "CSV", "format", Format(rows="csv")),
    ("format", "lossless-adm", "format", Format(rows="lossless-adm")),
    ("format", "lossless-json", "format", Format(rows="lossless-json")),
    ("timeout", "1.5s", "timeout_s", 1.5),
    ("timeout", "0", "timeout_s", None),
    ("timeout", "0s", "timeout_s", None),
    ("result-ttl", "2m", "result_ttl_s", 120.0),
    ("result-ttl", "-1", "result_ttl_s", None),
    ("result-ttl", "100000h", "result_ttl_s", MAX_TTL_S),
    ("max-result-reads", "7", "max_result_reads", 7),
    ("max-result-reads", "9223372036854775807", "max_result_reads", 2**63 - 1),
    ("max-warnings", "10", "max_warnings", 10),
    ("max-warnings", "-1", "max_warnings", 0),
    ("profile", "Timings", "profile", "timings"),
    ("profile", "off", "profile", "off"),
    ("plan-format", "clean_json", "plan_format", "json"),
    ("plan-format", "STRING", "plan_format", "string"),
    ("plan-format", "dot", "plan_format", "dot"),
    ("client-type", "JDBC", "is_jdbc", True),
    ("client-type", "asterix", "is_jdbc", False),
    *((name, word, member, word.lower() == "true") for name, member in FLAGS.items()
      for word in ("true", "FALSE")),
]  # fmt: skip
BAD = [
    *((name, value) for name in FLAGS for value in ("", "yes", "1", "truee")),
    *(("mode", value) for value in ("", "immediately", "sync")),
    *(("format", value) for value in ("", "foo", "text/csv;header=present", "xml")),
    *(("timeout", value) for value in ("", "12", "-1s", "1h30", "99999999999h", "x")),
    *(("result-ttl", value) for value in ("", "0", "-1s", "12")),
    *(("max-result-reads", v) for v in ("", "0", "-1", "abc", "1.0", "9223372036854775808", "1_0")),
    *(("max-warnings", value) for value in ("", "x", "\u0661")),
    *(("profile", value) for value in ("", "on")),
    *(("plan-format", value) for value in ("", "xml")),
    *(("client-type", value) for value in ("", "odbc")),
    *(("dialect", value) for value in ("", "sql")),
    *((name, "1") for name in ("expression-tree", "logical-plan", "job")),
]


def of(accept: str = "", /, **given: str) -> Parameters:
    return read(GivenJson(dict(given)), accept)


@pytest.mark.parametrize(("name", "value", "member", "expected"), GOOD)
def test_good_values(name: str, value: str, member: str, expected: Any) -> None:
    for given in (GivenJson({name: value}), from_pairs(f"x=1&{name}={value}")):
        assert getattr(read(given, ""), member) == expected


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_values_are_named_and_shown(name: str, value: str) -> None:
    with pytest.raises(Refused) as caught:
        of(**{name: value})

    expected = f"ASX0047: Invalid value for parameter '{name}': {value}"
    assert caught.value.problem.text == expected
    assert caught.value.problem.kind == "parameter"


def test_a_long_bad_value_is_cut() -> None:
    with pytest.raises(Refused) as caught:
        of(mode="x" * 10_000_000)

    assert len(caught.value.problem.text) < MAX_SHOWN + 100


def test_what_is_absent_is_as_the_document_says() -> None:
    found = of()

    assert found == Parameters()
    assert (found.mode, found.format, found.max_result_reads) == ("immediate", Format(), 1)
    assert (found.pretty, found.readonly, found.signature) == (False, False, True)
    assert (found.multi_statement, found.profile, found.max_warnings) == (True, "counts", 0)
    assert not found.shows_plans


def test_unknown_parameters_are_ignored() -> None:
    given = {"scan_consistency": "x", "source": "y", "skip-plan-cache": "z", "Mode": "w"}

    assert of(**given) == Parameters()


@pytest.mark.parametrize("name", ["logical-plan", "optimized-logical-plan", "job"])
def test_plans_are_asked_for_one_by_one(name: str) -> None:
    asked, not_asked = of(**{name: "true"}), of(**{name: "false"})

    assert (len(asked.plans), asked.shows_plans) == (1, True)
    assert (not_asked.plans, not_asked.shows_plans) == ([], False)


def test_a_plan_format_alone_shows_plans() -> None:
    assert of(**{"plan-format": "json"}).shows_plans


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (12, "12"), (1.5, "1.5"), (2**70, str(2**70)), (None, "")],
)
def test_scalars_of_json_are_as_their_text(value: object, text: str) -> None:
    given = GivenJson({"client_context_id": value})

    assert read(given, "").client_context_id == text


@pytest.mark.parametrize("value", [["json"], {"a": 1}])
def test_anything_but_a_scalar_is_no_text(value: object) -> None:
    with pytest.raises(Refused, match=r"ASX0047.*'format'"):
        read(GivenJson({"format": value}), "")


def test_arguments_are_values_in_json() -> None:
    given = GivenJson({"ARGS": [1, "a", None], "$x": {"b": 1}, "$Y_1": None, "$1": 2, "$a-b": 3})

    found = read(given, "")

    assert found.args == [1, "a", None]
    assert found.named_args == {"x": {"b": 1}, "Y_1": None}


def test_arguments_are_texts_with_json_in_forms() -> None:
    found = read(from_pairs('Args=[1,"a"]&$x="s"&$y={"b":[1]}&$1x=[&x=1'), "")

    assert (found.args, found.named_args) == ([1, "a"], {"x": "s", "y": {"b": [1]}})


@pytest.mark.parametrize("value", ["[1]", 1, {"a": 1}, True])
def test_args_in_json_are_an_array(value: object) -> None:
    with pytest.raises(Refused, match="ASX0047: Invalid value for parameter 'args'"):
        read(GivenJson({"args": value}), "")


def test_args_in_a_form_hold_an_array() -> None:
    with pytest.raises(Refused, match="ASX0047: Invalid value for parameter 'args': 1"):
        read(from_pairs("args=1"), "")


@pytest.mark.parametrize("text", ["args=[1", "$x=abc", "$x=", "$x=" + "[" * 100_000, "$x=1e400"])
def test_what_is_no_json_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read(from_pairs(text), "")

    assert caught.value.problem == BAD_JSON


@pytest.mark.parametrize(
    "body", [b"{", b'{"a":1}x', b"\xff", b'{"a":"\\ud800"}', b"[" * 100_000, b"nul"]
)
def test_bodies_that_are_no_json(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        from_json(body)

    assert caught.value.problem == BAD_JSON


@pytest.mark.parametrize("body", [b"", b"  ", b"[1]", b'"x"', b"null", b"{}"])
def test_bodies_that_are_no_object_give_nothing(body: bytes) -> None:
    assert read(from_json(body), "") == Parameters()


def test_the_first_of_a_repeated_name_counts() -> None:
    assert read(from_pairs("statement=a&statement=b", "statement=c&pretty=true"), "") == of(
        statement="a", pretty="true"
    )


@pytest.mark.parametrize(
    ("accept", "rows", "header"),
    [
        ("", "json", False),
        ("*/*", "json", False),
        ("text/html, image/png", "json", False),
        ("application/json", "json", False),
        ("text/html, application/json;lossless=true", "lossless-json", False),
        ("application/json; lossless-adm=true", "lossless-adm", False),
        ("application/json;lossless=false", "json", False),
        ("application/x-adm", "adm", False),
        ("TEXT/CSV; Header=Present; q=0.5, application/x-adm", "csv", True),
        ("text/csv;header=absent", "csv", False),
        ("text/csv", "csv", False),
    ],
)
def test_the_format_may_be_what_is_accepted(accept: str, rows: str, header: bool) -> None:
    found = read(GivenJson({}), accept).format

    assert (found.rows, found.csv_header) == (rows, header)


def test_a_format_by_name_wins_over_what_is_accepted() -> None:
    assert of("text/csv;header=present", format="adm").format == Format(rows="adm")


@pytest.mark.parametrize(
    ("form", "member", "kind"),
    [
        (Format(), None, "application/json"),
        (Format(rows="lossless-adm"), None, "application/json"),
        (Format(rows="adm"), "application/x-adm", "application/x-adm"),
        (Format(rows="csv"), "text/csv; header=absent", "text/csv; header=absent"),
        (
            Format(rows="csv", csv_header=True),
            "text/csv; header=present",
            "text/csv; header=present",
        ),
    ],
)
def test_formats_name_themselves(form: Format, member: str | None, kind: str) -> None:
    assert (form.type_member, form.content_type) == (member, kind)


def test_a_form_of_very_many_pairs_is_refused() -> None:
    with pytest.raises(Refused, match="10000 pairs"):
        from_pairs("a=&" * 10_001)
