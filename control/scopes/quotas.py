"""What one user may have, other than usual: its names and bounds, and whose word counts first."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from control.errors import BadParameter
from control.kinds import parse_number, parse_size
from control.scopes.limits import GIB, LEAST, Quota

PIB: Final = 1024**2 * GIB
DAY_S: Final = 86_400.0
FIELDS: Final[dict[str, str]] = {
    "scopes": "scopes",
    "memory": "memory_bytes",
    "cpus": "cpus",
    "disk": "disk_bytes",
    "requests_per_minute": "requests_per_minute",
    "statements": "statements",
    "idle_timeout": "idle_timeout_s",
    "ttl": "ttl_s",
}
"""By the names that requests and settings use."""
BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "scopes": (0, 100_000),
    "memory": (LEAST["memory"], PIB),
    "cpus": (LEAST["cpus"], 4096),
    "disk": (LEAST["disk"], PIB),
    "requests_per_minute": (1, 1_000_000),
    "statements": (1, 10_000),
    "idle_timeout": (1, 3660 * DAY_S),
    "ttl": (1, 3660 * DAY_S),
}
SIZES: Final = frozenset({"memory", "disk"})
WHOLE: Final = frozenset({"scopes", "requests_per_minute", "statements"})


def over(own: Quota, base: Quota) -> Quota:
    """`own` where it says something, else `base`."""
    said = {name: value for name, value in _values(own).items() if value is not None}
    return msgspec.structs.replace(base, **said)


def check_quota(quota: Quota) -> None:
    """Whether each member makes sense; raises BadParameter naming the one that does not."""
    for name, field in FIELDS.items():
        value = getattr(quota, field)
        least, most = BOUNDS[name]
        if value is not None and not least <= value <= most:
            raise BadParameter(f"quota.{name}", f"must be from {least:g} to {most:g}")  # noqa: EM102


def quota_members(quota: Quota) -> dict[str, Any]:
    """The quota as requests give it: sizes in bytes, times in seconds."""
    return {name: getattr(quota, field) for name, field in FIELDS.items()}


def parse_quota(written: str) -> Quota:
    """From `scopes=20,memory=16GiB`; raises ValueError with the words that follow `must be`."""
    quota = Quota(**dict(_member(pair) for pair in written.split(",") if pair.strip()))
    try:
        check_quota(quota)
    except BadParameter as error:
        raise ValueError(f"without its {error.parameter}: it {error.why}") from error  # noqa: EM102
    return quota


def _member(pair: str) -> tuple[str, Any]:
    name, _, written = (part.strip() for part in pair.partition("="))
    value = _value(name, written)
    return FIELDS[name], value


def _value(name: str, written: str) -> float:
    if name not in FIELDS:
        raise ValueError(f"pairs such as scopes=20 of {', '.join(FIELDS)}")  # noqa: EM102
    if name in SIZES:
        return parse_size(written)
    found = parse_number(written)
    if name in WHOLE and found != int(found):
        raise ValueError(f"pairs whose {name} is a whole number")  # noqa: EM102
    return int(found) if name in WHOLE else found


def _values(quota: Quota) -> dict[str, Any]:
    return {field: getattr(quota, field) for field in FIELDS.values()}
