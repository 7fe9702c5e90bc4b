"""Numbers and strings as the original's JVM writes them."""

from __future__ import annotations

import math
import re
import struct
from json.encoder import encode_basestring

from sandbox.sqlpp.values import Float32

# Where Java's Double.toString leaves plain decimals for `1.0E7`.
_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e7
# Integers from here on are no longer each a double; below the other they fit 64 bits.
_EXACT_TO, _LONG_TO = 2.0**53, 2.0**63
_RARE_CONTROLS = re.compile("[\x7f-\x9f]")


def double_text(value: float) -> str:
    """A finite double as Java writes it, else NaN, INF or -INF."""
    if _PLAIN_FROM <= value < _PLAIN_BELOW or -_PLAIN_BELOW < value <= -_PLAIN_FROM:
        return float.__repr__(value)
    return _unusual(value, float.__repr__(value))


def float_text(value: Float32) -> str:
    """A 32-bit float with the fewest digits that tell it from its neighbours."""
    if not math.isfinite(value):
        return _unusual(value, "")
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if as_float32(float(text)) == value:
            break
    shortest = float(text)
    plain = shortest == 0 or _PLAIN_FROM <= abs(shortest) < _PLAIN_BELOW
    return repr(shortest) if plain else _scientific(repr(shortest))


def as_float32(value: float) -> float:
    """The nearest 32-bit float, as a plain float; too large becomes an infinity."""
    try:
        result: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return result


def json_number(text: str) -> str:
    """NaN and infinities are strings in JSON."""
    return f'"{text}"' if text[-1] in "FN" else text


def double_json(value: float) -> str:
    """A double in JSON."""
    if _PLAIN_FROM <= value < _PLAIN_BELOW or -_PLAIN_BELOW < value <= -_PLAIN_FROM:
        return float.__repr__(value)
    return json_number(double_text(value))


def string_text(value: str) -> str:
    """A quoted string: controls escaped (those from U+007F to U+009F too), the rest as it is."""
    text: str = encode_basestring(value)
    if value.isascii() and "\x7f" not in text:
        return text
    return _RARE_CONTROLS.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _unusual(value: float, text: str) -> str:
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    if _EXACT_TO <= abs(value) < _LONG_TO:
        return _scientific(_long_digits(value))
    # Java writes two digits at least, and of those the nearest: 4.9E-324.
    two_digits = f"{value:.1e}"
    return _scientific(two_digits if float(two_digits) == value else text)


def _long_digits(value: float) -> str:
    """Integers that fit 64 bits: before its 19th version Java writes more digits than it must."""
    integer = abs(int(value))
    spare = integer.bit_length() - 55
    unit = 100 if spare > 6 else 10 if spare > 3 else 1
    digits = (integer + unit // 2) // unit * unit
    return f"{'-' if value < 0 else ''}{digits}"


def _scientific(text: str) -> str:
    """From Python's shortest digits (`1e+16`, `12345678.9`) to Java's `1.0E16`, `1.23456789E7`."""
    sign, text = ("-", text[1:]) if text[0] == "-" else ("", text)
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    lead = len(digits) - len(digits.lstrip("0"))
    power = len(whole) - 1 - lead + int(exponent or 0)
    digits = digits[lead:].rstrip("0")
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"
