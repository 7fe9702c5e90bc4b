"""Arctern's package of that name: functions in a session, maps and aggregates of data frames."""

from .aggregates import envelope_aggr, union_aggr
from .maps import (
    choroplethmap,
    fishnetmap,
    heatmap,
    icon_viz,
    pointmap,
    unique_value_choroplethmap,
    weighted_pointmap,
)
from .registration import register_funcs

__all__ = [
    "choroplethmap",
    "envelope_aggr",
    "fishnetmap",
    "heatmap",
    "icon_viz",
    "pointmap",
    "register_funcs",
    "union_aggr",
    "unique_value_choroplethmap",
    "weighted_pointmap",
]
