"""Request bodies and query arguments to typed values, with errors that name the field."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec

from control.errors import BadBody, BadParameter, RequestError

T = TypeVar("T", bound=msgspec.Struct)

MISSING: Final = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
WHERE: Final = re.compile(r"^(?P<why>.*?)(?: - at `\$?\.?(?P<path>.*)`)?$", re.DOTALL)
WHOLE: Final = frozenset({"", "[...]"})


def decode_body(body: bytes, kind: type[T]) -> T:
    """The body as a `kind`; an empty one is `{}`. Raises BadBody or BadParameter."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBody(str(error)) from error


def decode_object(body: bytes) -> dict[str, Any]:
    """The body as it is, which must be a JSON object; an empty one is `{}`. Raises BadBody."""
    try:
        return msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBody(str(error)) from error


def convert(value: object, kind: type[T], *, strict: bool = True) -> T:
    """An already decoded value as a `kind`; raises BadBody or BadParameter."""
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from error


def _explain(text: str) -> RequestError:
    found = WHERE.match(text)
    why, path = (found["why"], found["path"] or "") if found else (text, "")
    missing = MISSING.fullmatch(why)
    if missing:
        return BadParameter(".".join(filter(None, [path, missing["field"]])), "is required")
    if path in WHOLE:
        return BadBody(why)
    return BadParameter(path, why)
