"""Kinds of settings: each turns a written value into a typed one or says what it must be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import NoReturn

Network = IPv4Network | IPv6Network
UNITS = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "K": 2**10,
    "M": 2**20,
    "G": 2**30,
    "T": 2**40,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
}
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


@dataclass(frozen=True)
class Kind:
    """What a value may be; `parse` raises ValueError with the words that follow `must be`."""

    name: str
    parse: Callable[[str], object]


def parse_size(written: str) -> int:
    """Bytes from `2GiB`, `512 MB`, `1.5g` or a plain number; raises ValueError."""
    found = SIZE.fullmatch(written.strip())
    factor = UNITS.get(found[2].upper()) if found else None
    if found is None or factor is None:
        _refuse("a size such as 2GiB or a number of bytes")
    return int(float(found[1]) * factor) if "." in found[1] else int(found[1]) * factor


def parse_number(written: str) -> float:
    """A finite number; raises ValueError."""
    try:
        found = float(written)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        _refuse("a number")
    return found


def _refuse(wanted: str) -> NoReturn:
    raise ValueError(wanted)


def _text(written: str) -> str:
    if not written:
        _refuse("some text")
    return written


def _words(written: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in written.split(",") if word.strip())


def _mounts(written: str) -> tuple[tuple[Path, str], ...]:
    return tuple(_mount(word) for word in _words(written))


def _mount(word: str) -> tuple[Path, str]:
    host, colon, inside = word.partition(":")
    if not (colon and Path(host).is_absolute() and Path(inside).is_absolute()):
        _refuse("pairs /host/folder:/in/scope")
    if ".." in Path(inside).parts or Path(inside).parts[1:2] in [(), ("scope",), ("samples",)]:
        _refuse("pairs whose second path is not /, /scope or /samples")
    return Path(host), inside


def _uid_range(written: str) -> tuple[int, int]:
    low, _, high = re.sub("[\u2013:]", "-", written).partition("-")
    if not (low.isdecimal() and high.isdecimal() and 0 < int(low) <= int(high) < 2**32 - 1):
        _refuse("two uids such as 200000-265535")
    return int(low), int(high)


def _share_or_size(written: str) -> str:
    if written.endswith("%"):
        if not 0 <= parse_number(written[:-1].strip()) <= 100:
            _refuse("a share of at most 100%, or a size")
        return written
    return str(parse_size(written))


def _networks(written: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(word) for word in _words(written))
    except ValueError:
        _refuse("addresses or networks such as 10.0.0.0/8")


def choice(*options: str) -> Kind:
    """One of a few words."""

    def parse(written: str) -> str:
        if written not in options:
            _refuse(f"one of {', '.join(options)}")
        return written

    return Kind(" | ".join(options), parse)


def integer(least: int, most: int | None = None) -> Kind:
    """A whole number within bounds."""

    def parse(written: str) -> int:
        if not re.fullmatch(r"-?\d{1,18}", written) or not _within(int(written), least, most):
            _refuse(f"a whole number {_bounds(least, most)}")
        return int(written)

    return Kind("integer", parse)


def number(least: float, most: float | None = None) -> Kind:
    """A number within bounds."""

    def parse(written: str) -> float:
        found = parse_number(written)
        if not _within(found, least, most):
            _refuse(f"a number {_bounds(least, most)}")
        return found

    return Kind("number", parse)


def size_from(least: str) -> Kind:
    """A size that is no smaller than this one."""

    def parse(written: str) -> int:
        found = parse_size(written)
        if found < parse_size(least):
            _refuse(f"a size of at least {least}")
        return found

    return Kind("size", parse)


def optional(kind: Kind) -> Kind:
    """The same, or nothing (`none` or empty)."""

    def parse(written: str) -> object:
        return None if written.lower() in ("", "none") else kind.parse(written)

    return Kind(f"{kind.name} or none", parse)


def _within(found: float, least: float, most: float | None) -> bool:
    return found >= least and (most is None or found <= most)


def _bounds(least: float, most: float | None) -> str:
    return f"of at least {least:g}" if most is None else f"from {least:g} to {most:g}"


text = Kind("text", _text)
path = Kind("path", lambda written: Path(_text(written)).expanduser())
folder = Kind("path", lambda written: Path(_text(written)).expanduser().absolute())
size = Kind("size", parse_size)
share_or_size = Kind("size or %", _share_or_size)
words = Kind("list", _words)
networks = Kind("list of networks", _networks)
mounts = Kind("list of pairs", _mounts)
uid_range = Kind("range", _uid_range)
