"""Request bodies and query arguments to typed values, with errors that name the field."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from control.errors import BadBody, BadParameter, BodyTooLarge, RequestError

T = TypeVar("T", bound=msgspec.Struct)

MISSING: Final = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
WHERE: Final = re.compile(r"^(?P<why>.*?)(?: - at `\$?\.?(?P<path>.*)`)?$", re.DOTALL)
MAX_PARTS: Final = 2_000_000
"""Members and elements of a body; each is some seventy bytes in memory, and two in a text."""
WHOLE: Final = frozenset({"", "[...]"})


def decode_body(body: bytes, kind: type[T]) -> T:
    """The body as a `kind`; an empty one is `{}`. Raises BadBody, BadParameter, BodyTooLarge."""
    if not _is_flat(kind):
        check_parts(body)
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBody(str(error)) from error


def decode_object(body: bytes) -> dict[str, Any]:
    """The body as it is, a JSON object; an empty one is `{}`. Raises BadBody or BodyTooLarge."""
    check_parts(body)
    try:
        return msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBody(str(error)) from error


def check_parts(text: bytes) -> None:
    """Whether reading it takes not much more memory than it has itself; raises BodyTooLarge.

    What is in strings counts too: to tell it apart would itself take long.
    """
    if len(text) > MAX_PARTS and sum(map(text.count, (b",", b"{", b"["))) > MAX_PARTS:
        raise BodyTooLarge(MAX_PARTS, "members and elements")


@cache
def _is_flat(kind: type[msgspec.Struct]) -> bool:
    """Whether no field of it can hold many values: then its commas are a text's."""
    return not _holds_many(inspect.type_info(kind))


def _holds_many(kind: inspect.Type) -> bool:
    match kind:
        case inspect.UnionType():
            return any(map(_holds_many, kind.types))
        case inspect.Metadata():
            return _holds_many(kind.type)
        case inspect.StructType():
            return any(_holds_many(field.type) for field in kind.fields)
    return isinstance(kind, inspect.AnyType | inspect.CollectionType | inspect.DictType)


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
