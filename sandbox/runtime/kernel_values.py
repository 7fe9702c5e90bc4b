"""In the kernel: what a value looks like from outside."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec

VALUE_MIME: Final = "application/vnd.geoscope.value+json"
"""The last expression's value as JSON text, beside its other representations."""

MAX_DEPTH: Final = 64
_SCALARS: Final = (bool, int, str, type(None))
_NUMBERS: Final = (int, float, bool, complex)
_SIZED: Final = (*_NUMBERS, str, bytes, bytearray, list, tuple, dict, set, frozenset)


def as_json(value: Any, max_bytes: int) -> str | None:
    """The value as JSON text; None where it is no JSON, or more than `max_bytes`."""
    try:
        text = msgspec.json.encode(_plain(value, MAX_DEPTH))
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None
    return text.decode() if len(text) <= max_bytes else None


def _plain(value: Any, depth: int) -> Any:
    """The value made of dicts, lists and scalars only; raises TypeError for anything else."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if depth == 0:
        raise TypeError(kind)
    if kind in (list, tuple):
        return [_plain(item, depth - 1) for item in value]
    if kind is dict:
        return {_key(key): _plain(item, depth - 1) for key, item in value.items()}
    if kind.__module__ == "numpy" and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return _plain(value.item(), depth - 1)
    raise TypeError(kind)


def _key(key: Any) -> str:
    if type(key) is not str:
        raise TypeError(type(key))
    return key


def describe_variables(
    namespace: dict[str, Any], given: dict[str, Any]
) -> list[tuple[str, str, int | None]]:
    """(name, type, bytes) of what the tenant made; `given` is what was there before."""
    return [
        (name, type(value).__name__, _size(value))
        for name, value in list(namespace.items())
        if not name.startswith("_") and not (name in given and given[name] is value)
    ]


def _size(value: Any) -> int | None:
    """Bytes where they are cheap to tell: no method of the tenant's own classes is called."""
    kind = type(value)
    if kind in _SIZED:
        return int(value.__sizeof__())
    home = kind.__module__.partition(".")[0]
    if home == "numpy":
        return int(getattr(value, "nbytes", 0)) or None
    if home == "pandas" and hasattr(value, "memory_usage"):
        usage = value.memory_usage(deep=False)
        return int(usage.sum()) if hasattr(usage, "sum") else int(usage)
    return None
