"""The words for values of a type that an operation cannot take."""

from __future__ import annotations

from sandbox.sqlpp.errors import Location, SqlppError, data_error
from sandbox.sqlpp.values import Value, type_name

_ORDINALS = ("0", "1st", "2nd", "3rd")


def wrong_type(function: str, place: int, expected: str, value: Value) -> str:
    """The sentence about an argument of a wrong type."""
    ordinal = _ORDINALS[place] if place < len(_ORDINALS) else f"{place}th"
    return (
        f"Type mismatch: function {function} expects its {ordinal} input parameter to be of type "
        f"{expected}, but the actual input type is {type_name(value)}"
    )


def no_boolean(position: Location, function: str, place: int, value: Value) -> SqlppError:
    """An operand of AND, OR or NOT that is no truth value."""
    return data_error(position, "ASX0002", wrong_type(function, place, "boolean", value))


def no_condition(value: Value) -> SqlppError:
    """A condition that is no truth value; the original does not say where."""
    return data_error(None, "ASX0002", wrong_type("boolean-inspector", 0, "boolean", value))


def no_collection(value: Value, position: Location) -> SqlppError:
    """Something to iterate that is no collection."""
    message = (
        "Type mismatch: expected value of type array or multiset, but got the value of type "
        f"{type_name(value)}"
    )
    return data_error(position, "ASX0037", message)
