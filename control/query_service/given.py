"""What a request gives: names and values, from a JSON body, a form, or the URI."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

import msgspec

from control.query_service.problems import BAD_JSON, Refused, bad_value
from control.web.decoding import check_parts

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
NAMED: Final = re.compile(r"\$[A-Za-z][A-Za-z0-9_]*")
MAX_PAIRS: Final = 10_000
BODY: Final = "body"
ARGS: Final = "args"
BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Given(Protocol):
    """The parameters of one request."""

    def text(self, name: str) -> str | None:
        """The parameter as text; None where it was not given. Raises Refused."""
        ...

    def args(self) -> list[Any]:
        """The values of positional parameters; raises Refused."""
        ...

    def named(self) -> dict[str, Any]:
        """The values of named parameters, by name without the `$`; raises Refused."""
        ...


@dataclass(frozen=True)
class GivenJson:
    """Members of a JSON object; null is as if it was not there."""

    members: dict[str, Any]

    def text(self, name: str) -> str | None:
        """A scalar as text, so that `true` and `"true"` are equal."""
        value = self.members.get(name)
        if value is None or type(value) is str:
            return value
        if isinstance(value, dict | list):
            raise bad_value(name, _as_json(value))
        return _as_json(value)

    def args(self) -> list[Any]:
        """The array `args`."""
        value = _ignoring_case(ARGS, self.members)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad_value(ARGS, value if isinstance(value, str) else _as_json(value))
        return value

    def named(self) -> dict[str, Any]:
        """Members whose name is `$` and an identifier; here null is a value."""
        return {name[1:]: self.members[name] for name in _named(self.members)}


@dataclass(frozen=True)
class GivenText:
    """Pairs of a form or of the URI; values that are not text are written as JSON."""

    pairs: dict[str, str]

    def text(self, name: str) -> str | None:
        """The value as it is."""
        return self.pairs.get(name)

    def args(self) -> list[Any]:
        """The text `args`, which must hold an array."""
        text = _ignoring_case(ARGS, self.pairs)
        if text is None:
            return []
        value = decode(text.encode())
        if not isinstance(value, list):
            raise bad_value(ARGS, text)
        return value

    def named(self) -> dict[str, Any]:
        """Each value is JSON, so that strings need quotes."""
        return {name[1:]: decode(self.pairs[name].encode()) for name in _named(self.pairs)}


def from_json(body: bytes) -> GivenJson:
    """The members of the body; of another value than an object there are none."""
    value = decode(body) if body.strip() else {}
    return GivenJson(value if isinstance(value, dict) else {})


def from_pairs(*texts: str) -> GivenText:
    """The pairs of all texts, where the first of a repeated name counts."""
    pairs: dict[str, str] = {}
    for text in texts:
        for name, value in _pairs(text):
            pairs.setdefault(name, value)
    return GivenText(pairs)


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PAIRS)
    except ValueError as error:
        raise bad_value(BODY, f"more than {MAX_PAIRS} pairs") from error


def decode(text: bytes) -> Any:
    """The JSON value; raises Refused, or BodyTooLarge."""
    check_parts(text)
    try:
        return msgspec.json.decode(text)
    except BAD as error:
        raise Refused(BAD_JSON) from error


def content_kind(header: str) -> tuple[str, str]:
    """The content type before its `;`, and the charset after it."""
    kind, _, rest = header.partition(";")
    name, _, charset = rest.strip().partition("=")
    is_charset = name.strip().lower() == "charset"
    return kind.strip(), charset.strip().strip('"') if is_charset else ""


def _named(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name.startswith("$") and NAMED.fullmatch(name))


def _ignoring_case(wanted: str, given: Mapping[str, Any]) -> Any:
    if wanted in given:
        return given[wanted]
    return next((given[name] for name in given if name.lower() == wanted), None)


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()
