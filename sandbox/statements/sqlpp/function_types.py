"""Which type a built-in function gives, whatever it is given (or null): what JDBC is told."""

from __future__ import annotations

from typing import Final

_STRINGS: Final = (
    *("lower", "lowercase", "upper", "uppercase", "initcap", "title", "trim", "ltrim", "rtrim"),
    *("concat", "substr", "substring", "substring_before", "substring_after", "replace"),
    *("regexp_replace", "repeat", "reverse", "to_string", "tostring", "string_join", "string"),
    *("print_date", "print_time", "print_datetime", "string_concat"),
)
_INTEGERS: Final = (
    *("length", "string_length", "position", "position0", "position1", "len"),
    *("array_length", "array_position", "coll_count", "array_count", "strict_count"),
    *("get_year", "get_month", "get_day", "get_hour", "get_minute", "get_second"),
    *("get_millisecond", "day_of_week", "unix_time_from_date_in_days"),
    *("unix_time_from_datetime_in_ms", "unix_time_from_datetime_in_secs"),
)
_DOUBLES: Final = (
    *("sqrt", "exp", "ln", "log", "sin", "cos", "tan", "asin", "acos", "atan", "atan2"),
    *("degrees", "radians", "pi", "e", "random", "array_avg", "strict_avg", "double"),
)
RESULTS: Final[dict[str, str]] = {
    **dict.fromkeys(_STRINGS, "string"),
    **dict.fromkeys(_INTEGERS, "int64"),
    **dict.fromkeys(_DOUBLES, "double"),
    **{name: name for name in ("boolean", "float", "date", "time", "datetime", "duration", "uuid")},
    **{"current_date": "date", "current_time": "time", "current_datetime": "datetime"},
    **{"tinyint": "int8", "int8": "int8", "smallint": "int16", "int16": "int16"},
    **{"int64": "int64", "bigint": "int64", "current_date_immediate": "date"},
    **{"year_month_duration": "year-month-duration", "day_time_duration": "day-time-duration"},
}
"""By the function's name, with underscores."""
SAME: Final = frozenset({"abs", "round", "floor", "ceil", "ceiling", "trunc"})
"""Those whose result is of their first argument's type, where that is an int64 or a double."""
CHECKS: Final = frozenset(
    {"contains", "like", "starts_with", "ends_with", "regexp_contains", "regexp_like", "matches"}
    | {"is_null", "is_missing", "is_unknown", "is_known", "isnull", "ismissing", "isunknown"}
    | {"is_string", "is_number", "is_boolean", "is_array", "is_object", "array_contains"}
)
"""Those that give a boolean."""
FALLBACKS: Final = frozenset(
    {"coalesce", "if_null", "if_missing", "if_missing_or_null", "ifnull", "ifmissing"}
    | {"ifmissingornull", "nvl"}
)
"""Those that give the first of their arguments that is something."""
INTEGER: Final = frozenset({"count"})
NUMERIC: Final = frozenset({"avg", "samp", "pop", "mean"})
"""Ends of the names of aggregates that give an int64, or a double."""
