from __future__ import annotations

import pytest

from sandbox.statements.splitting import split


def texts(text: str) -> list[str]:
    return [piece.text.strip() for piece in split(text)]


def test_statements_end_with_semicolons_and_blank_ones_are_none() -> None:
    assert texts("select 1; ;select 2;\n-- nothing\n;/* ; */") == ["select 1", "select 2"]


@pytest.mark.parametrize(
    "text",
    [
        "select ';'",
        'select ";"',
        r"select 'it\'s; one'",
        "select 'it''s; one'",
        r"select r'\'",
        "select `a;b` from t",
        "select 1 -- a; b",
        "select 1 /* a; /* b; */ c; */ + 1",
        "select 1 -- goes on \\\n; here",
    ],
)
def test_no_statement_ends_in_a_text_a_name_or_a_comment(text: str) -> None:
    assert texts(text) == [text]
    assert texts(f"{text}\n; select 2") == [text, "select 2"]


def test_a_raw_text_ends_at_its_quote() -> None:
    assert texts(r"select r'a\'; select 2") == [r"select r'a\'", "select 2"]


def test_a_word_that_ends_in_r_is_no_raw_text() -> None:
    assert texts(r"select * from bar'\'; x'") == [r"select * from bar'\'; x'"]


def test_markers_are_found_where_values_stand() -> None:
    (piece,) = split("select ?, '?', a:b, cast(x as int)::string, :c, t.d[0]:e where f = :g -- ?")

    assert piece.parameters == [1, "c", "g"]
