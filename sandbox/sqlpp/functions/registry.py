"""Finding a built-in function by name."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import Final

from sandbox.sqlpp.functions import (
    aggregates,
    arithmetic,
    array_sets,
    arrays,
    binaries,
    bits,
    calendars,
    conditional,
    constructors,
    conversions,
    geometry,
    intervals,
    numeric,
    objects,
    randoms,
    regexps,
    similarity,
    spatial,
    strings,
    temporal,
    types,
)
from sandbox.sqlpp.functions.aliases import ALIASES
from sandbox.sqlpp.functions.function import Function

_MODULES: Final = (
    arithmetic,
    aggregates,
    array_sets,
    arrays,
    objects,
    conditional,
    binaries,
    numeric,
    bits,
    strings,
    regexps,
    similarity,
    spatial,
    geometry,
    randoms,
    types,
    constructors,
    conversions,
    temporal,
    calendars,
    intervals,
)
FUNCTIONS: Final = MappingProxyType(
    {function.name: function for function in chain(*(m.FUNCTIONS for m in _MODULES))}
)


@lru_cache(maxsize=1024)
def find(name: str) -> Function | None:
    """The function of that name or alias, in any case; a name may have `_` for each `-`."""
    lower = name.lower()
    return FUNCTIONS.get(ALIASES.get(lower, lower).replace("_", "-"))
