from __future__ import annotations

import pytest

from sandbox.sqlpp import lexer
from sandbox.sqlpp.lexer import Lexer, unquoted


def kinds(text: str) -> list[str]:
    return [token.kind for token in Lexer(text).run()][:-2]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("abc", lexer.IDENTIFIER),
        ("_a$1", lexer.IDENTIFIER),
        ("SELECT", "select"),
        ("`select`", lexer.QUOTED),
        ("12", lexer.INTEGER),
        ("1.5", lexer.DOUBLE),
        (".5", lexer.DOUBLE),
        ("1e5", lexer.DOUBLE),
        ("1.5E-3", lexer.DOUBLE),
        ("1f", lexer.FLOAT),
        ("1.5F", lexer.FLOAT),
        ("'a'", lexer.STRING),
        ('"a"', lexer.STRING),
        ('E"a"', lexer.STRING),
        ("$name", lexer.PARAMETER),
        ("$1", lexer.NUMBERED),
        ("$`a b`", lexer.QUOTED_PARAMETER),
        ("?", "?"),
        ("||", "||"),
        ("<>", "<>"),
        ("<=", "<="),
    ],
)
def test_a_token_has_its_kind(text: str, kind: str) -> None:
    assert [kind] == kinds(text)


@pytest.mark.parametrize(
    ("quoted", "meaning"),
    [
        ('"a\\nb"', "a\nb"),
        ("'it\\'s'", "it's"),
        ('"\\u0041"', "A"),
        ("`a b`", "a b"),
        ('E"x"', "x"),
        ('"\\\\"', "\\"),
        ('"\\/"', "/"),
    ],
)
def test_quotes_and_escapes_are_read(quoted: str, meaning: str) -> None:
    assert meaning == unquoted(quoted)


@pytest.mark.parametrize(
    "text", ["1 -- a\n", "1 // a\n", "/* a */ 1", "/* a /* b */ c */ 1", "/*+ hint */ 1", "1 -- a"]
)
def test_comments_are_nothing(text: str) -> None:
    assert kinds(text) == [lexer.INTEGER]


def test_two_braces_are_one_mark_only_where_a_multiset_is_open() -> None:
    assert kinds("{{1}}") == ["{{", lexer.INTEGER, "}}"]
    assert kinds('{"a":{}}') == ["{", lexer.STRING, ":", "{", "}", "}"]
    assert kinds("{{ {} }}") == ["{{", "{", "}", "}}"]


def test_places_are_counted_from_one() -> None:
    tokens = Lexer("a\n  b\r\nc").run()

    assert [tuple(token.location) for token in tokens[:3]] == [(1, 1), (2, 3), (3, 1)]


def test_places_count_utf16_units_as_the_original_does() -> None:
    tokens = Lexer("'\U0001f642' a").run()

    assert tokens[1].location == (1, 6)


def test_the_missing_semicolon_comes_directly_after_the_text() -> None:
    tokens = Lexer("a").run()

    assert [(token.kind, tuple(token.location)) for token in tokens[1:]] == [
        (";", (1, 2)),
        (lexer.END, (1, 2)),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'select "abc',
            "TokenMgrError: Lexical error at line 1, column 13.  Encountered: <EOF> after : "
            '"\\"abc;"',
        ),
        (
            "1 ~ 2",
            'TokenMgrError: Lexical error at line 1, column 4.  Encountered: " " (32), after : "~"',
        ),
        (
            "1 \x07",
            'TokenMgrError: Lexical error at line 1, column 3.  Encountered: "\\u0007" (7), '
            'after : ""',
        ),
        (
            "}",
            'TokenMgrError: Lexical error at line 1, column 1. Encountered "}" but state stack is '
            "empty.",
        ),
        ('"\\u{1}"', "Error: Invalid escape character at line 1 column 3."),
    ],
)
def test_what_cannot_be_read_is_one_last_token_that_says_why(text: str, message: str) -> None:
    last = Lexer(text).run()[-1]

    assert (lexer.ERROR, message) == (last.kind, last.text)
