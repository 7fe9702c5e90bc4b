"""Random tables, random SQL of the closed set, and what a provider makes of them."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from sandbox.render.columns import Columns, SourceColumn, StartOver
from sandbox.render.sources import SqlProvider

SCHEMA = (
    "a double, b double, f float, n bigint, i int, s smallint, t tinyint, ok boolean, "
    "ts timestamp, tn timestamp_ntz, d date, dec decimal(9,2), name string"
)
DOUBLES = [
    *(0.0, -0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 3.0, 5.0, 0.1, 1 / 3, -1.0, 2.5, 4.000000000000001),
    *(math.nan, math.inf, -math.inf, 5e-324, 1e308, None),
]
WHOLE = [0, 1, 2, 3, -1, 7, None]
LARGE = [2**53, 2**53 + 1, -(2**63), 2**63 - 1]
TIMES = [
    dt.datetime(2020, 1, 1),
    dt.datetime(2020, 3, 8, 7, 30),
    dt.datetime(2020, 7, 1, 12, 0, 0, 123456),
    dt.datetime(1950, 1, 1, 4, 59, 59, 999999),
    None,
]
DATES = [dt.date(2020, 1, 1), dt.date(2020, 7, 1), dt.date(1950, 6, 1), None]
AREAS = [
    "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))",
    "POLYGON ((0 0, 8 0, 8 8, 0 8, 0 0), (2 2, 6 2, 6 6, 2 6, 2 2))",
    "MULTIPOLYGON (((0 0, 2 0, 2 2, 0 2, 0 0)), ((2 2, 4 2, 4 4, 2 4, 2 2)))",
    "POLYGON ((0 0, 9 0, 9 9, 6 1, 3 9, 0 9, 0 0))",
    "POLYGON ((0 0, 4 4, 4 0, 0 4, 0 0))",
]


def write_rows(session: SparkSession, folder: Path, seed: int, count: int = 400) -> None:
    """Two Parquet files of random rows, special values more often than not."""
    pick = random.Random(seed)

    def number() -> float | None:
        return pick.choice(DOUBLES) if pick.random() < 0.7 else pick.uniform(-1, 9)

    rows = [
        (
            number(),
            number(),
            pick.choice([*DOUBLES[:12], math.nan, None]),
            pick.choice(WHOLE + LARGE),
            pick.choice(WHOLE),
            pick.choice(WHOLE),
            pick.choice(WHOLE),
            pick.choice([True, False, None]),
            pick.choice(TIMES),
            pick.choice(TIMES),
            pick.choice(DATES),
            None,
            pick.choice(["x", "", None]),
        )
        for _ in range(count)
    ]
    session.createDataFrame(rows, SCHEMA).repartition(2).write.parquet(str(folder))


def sql_of(text: str) -> str:
    """A double as a literal of SQL, to the bit."""
    return f"double('{text}')"


def doubles(depth: int) -> st.SearchStrategy[str]:
    """SQL of doubles."""
    leaf = st.sampled_from(
        [
            *("a", "b", "a", "b", "double(f)", "double(n)", "double(i)", "double(t)"),
            *("ST_X(ST_Point(a, b))", "ST_Y(ST_Point(b, a))"),
        ]
    ) | st.sampled_from(DOUBLES).map(lambda v: sql_of("NULL") if v is None else sql_of(repr(v)))
    leaf = leaf.map(lambda text: text.replace("double('NULL')", "cast(null as double)"))
    if not depth:
        return leaf
    inner = doubles(depth - 1)
    return leaf | st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(inner, st.sampled_from(["2D", "-0.1D", "b", "0D"])).map(
            lambda p: f"({p[0]} / {p[1]})"
        ),
        inner.map(lambda p: f"(- {p})"),
    )


COMPARISONS = st.sampled_from(["=", "<", "<=", ">", ">=", "<=>", "<>"])
OTHER_PAIRS = st.sampled_from(
    [
        *(("n", "2"), ("n", "bigint(i)"), ("i", "s"), ("t", "1Y"), ("n", "9007199254740993")),
        *(("f", "float(0.1)"), ("f", "a"), ("s", "t")),
        *(("ts", "timestamp'2020-03-08 02:30:00'"), ("ts", "timestamp'2020-01-01 00:00:00Z'")),
        *(("tn", "timestamp_ntz'2020-07-01 12:00:00.123456'"), ("d", "date'2020-01-01'")),
    ]
)
MEMBERS = st.sampled_from(
    [
        *("a in (0D, 1D, double('NaN'))", "a in (2D, null)", "n in (1, 2, null)", "i in (0, 7)"),
        *("a not in (0D, 1D)", "ts in (timestamp'2020-01-01 00:00:00Z')", "n not in (3, null)"),
    ]
)
NULLS = st.sampled_from(
    ["a is null", "ST_Point(a, b) is not null", "n is not null", "(a + b) is null", "ok is null"]
)


def predicates() -> st.SearchStrategy[str]:
    """SQL of a predicate with a constant polygon."""

    def text(function: str, area: str, x: str, y: str) -> str:
        point, constant = f"ST_Point({x}, {y})", f"ST_GeomFromText('{area}')"
        first = function in ("ST_Contains", "ST_Covers")
        return f"{function}({constant}, {point})" if first else f"{function}({point}, {constant})"

    functions = ["ST_Within", "ST_Within", "ST_Contains", "ST_Intersects", "ST_Touches"]
    functions += ["ST_CoveredBy", "ST_Covers", "ST_Disjoint"]
    return st.builds(
        text, st.sampled_from(functions), st.sampled_from(AREAS), doubles(1), doubles(1)
    )


def conditions(depth: int) -> st.SearchStrategy[str]:
    """SQL of booleans."""
    leaf = st.one_of(
        st.tuples(doubles(1), COMPARISONS, doubles(1)).map(lambda p: f"{p[0]} {p[1]} {p[2]}"),
        st.tuples(OTHER_PAIRS, COMPARISONS).map(lambda p: f"{p[0][0]} {p[1]} {p[0][1]}"),
        MEMBERS,
        NULLS,
        predicates(),
        st.just("ok"),
    )
    if not depth:
        return leaf
    inner = conditions(depth - 1)
    return leaf | st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda p: f"({p[0]} {p[1]} {p[2]})"
        ),
        inner.map(lambda p: f"not ({p})"),
    )


@st.composite
def queries(draw: st.DrawFn) -> str:
    """`{table}` stands for the table."""
    x, y, weight = draw(doubles(2)), draw(doubles(1)), draw(doubles(2) | st.sampled_from("nistf"))
    where = draw(st.none() | conditions(3))
    text = f"select ST_Point({x}, {y}) as p, {weight} as w from {{table}}"
    return text if where is None else f"{text} where {where}"


@dataclass(frozen=True)
class Outcome:
    """The rows in no order, to the bit, or the class of the error."""

    rows: Counter[tuple[Any, ...]] | None
    error: str | None = None


def outcome(read: Callable[[], Columns]) -> Outcome:
    """What reading gives."""
    try:
        columns = read()
        try:
            return Outcome(_rows(columns))
        except StartOver as other:
            return Outcome(_rows(other.columns))
    except Exception as error:  # Spark's, of many classes
        return Outcome(None, type(error).__name__)


def _rows(columns: Columns) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for batch in columns.points():
        shown = [batch.faults.tolist()]
        sound = batch.faults == 0
        for values in (batch.x, batch.y):
            # What a row with a fault holds means nothing.
            shown.append(_bits(np.where(sound, values, 0.0)))
        shown += [_bits(weights) for weights in batch.weights if weights is not None]
        found.update(zip(*shown, strict=True))
    return found


def _bits(values: np.ndarray) -> list[int]:
    """Every NaN is one value; -0.0 is not 0.0."""
    return np.where(np.isnan(values), np.nan, values).view(np.int64).tolist()


def first_weight(columns: Any) -> tuple[SourceColumn | None, ...]:
    """The first column that is no geometry, if there is one."""
    return tuple(columns[:1])


def provider(session: SparkSession, *, direct: bool) -> SqlProvider:
    """A provider with two threads."""
    return SqlProvider(session=session, threads=2, direct=direct)
