"""Predicates of points and a constant polygon: prepared, and the same as unprepared."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.spark

EXCLUDED = "spark.sql.optimizer.excludedRules"
RULE = "geoscope.spatial.PreparePredicates"

SQUARE = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"
HOLED = "POLYGON ((0 0, 6 0, 7 3, 6 6, 0 6, 0 0), (1 1, 3 1, 2 3, 1 1), (4 4, 5 4, 5 5, 4 5, 4 4))"
SEVERAL = (
    "MULTIPOLYGON (((0 0, 3 0, 3 3, 0 3, 0 0)), ((3 3, 6 3, 6 6, 3 3)), ((5 0, 6 0, 6 1, 5 0)))"
)
BOWTIE = "POLYGON ((0 0, 4 4, 4 0, 0 4, 0 0))"
OVERLAPPING = "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)), ((2 2, 6 2, 6 6, 2 6, 2 2)))"
HOLE_OUTSIDE = "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0), (3 3, 5 3, 5 5, 3 5, 3 3))"
FLAT = "POLYGON ((0 1, 3 1, 6 1, 0 1))"
TINY = "POLYGON ((1e6 1e6, 1000000.000000001 1e6, 1000000.000000001 1000000.000000001, 1e6 1e6))"
AREAS = (SQUARE, HOLED, SEVERAL, BOWTIE, OVERLAPPING, HOLE_OUTSIDE, FLAT, TINY)

PREDICATES = (
    "ST_Within({point}, {area})",
    "ST_CoveredBy({point}, {area})",
    "ST_Contains({area}, {point})",
    "ST_Covers({area}, {point})",
    "ST_Intersects({point}, {area})",
    "ST_Intersects({area}, {point})",
    "ST_Touches({point}, {area})",
    "ST_Touches({area}, {point})",
    "ST_Disjoint({point}, {area})",
    "ST_Disjoint({area}, {point})",
)
SHAPES = (
    "POINT EMPTY",
    "POINT Z (1 2 3)",
    "LINESTRING (1 1, 2 2)",
    "LINESTRING (1 1, 9 9)",
    "MULTIPOINT ((1 1), (2 2))",
    "GEOMETRYCOLLECTION (POINT (1 1))",
    SQUARE,
    HOLED,
)
ODD = (math.nan, math.inf, -math.inf, -0.0, 1e6, 1000000.000000001, None)
Pair = tuple[float | None, float | None]


def pairs() -> list[Pair]:
    """Halves across every area, and what is no number."""
    halves = [i / 2 for i in range(-2, 15)]
    plain: list[Pair] = [(x, y) for x in halves for y in halves]
    odd: list[Pair] = [(x, y) for x in (*ODD, 1.0, 3.0) for y in (*ODD, 1.0, 3.0)]
    return plain + odd


@pytest.fixture(scope="module")
def spark(runtime, tmp_path_factory) -> Iterator[object]:
    """A session with `prepared_points` and `prepared_shapes`, in files: workers' rows are slow."""
    spark, folder = runtime.spark, tmp_path_factory.mktemp("prepared")
    points = spark.createDataFrame(pairs(), "x double, y double")
    others = ", ".join(f"('{wkt}')" for wkt in SHAPES)
    shapes = points.selectExpr("ST_Point(x, y) AS g").unionByName(
        spark.sql(f"SELECT ST_GeomFromText(t) AS g FROM VALUES {others} AS v(t)")
    )
    for name, frame in (("points", points), ("shapes", shapes)):
        frame.coalesce(1).write.parquet(f"{folder}/{name}")
        spark.read.parquet(f"{folder}/{name}").createOrReplaceTempView(f"prepared_{name}")
    yield spark
    for name in ("points", "shapes"):
        spark.catalog.dropTempView(f"prepared_{name}")


def optimized(spark, sql: str) -> list[dict]:
    nodes = json.loads(spark.sql(sql)._jdf.queryExecution().optimizedPlan().toJSON())
    return [
        expression
        for node in nodes
        for value in node.values()
        if isinstance(value, list)
        for expression in flat(value)
    ]


def flat(value: object) -> Iterator[dict]:
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from flat(inner)


def both_ways(spark, sql: str) -> tuple[list, list]:
    """The rows with prepared predicates, and without."""
    prepared = spark.sql(sql).collect()
    spark.conf.set(EXCLUDED, RULE)
    try:
        return prepared, spark.sql(sql).collect()
    finally:
        spark.conf.unset(EXCLUDED)


def assert_same(spark, sql: str) -> None:
    prepared, plain = both_ways(spark, sql)
    # As text: NaN is not equal to itself.
    assert str(plain) == str(prepared)


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize(
    ("point", "table"), [("ST_Point(x, y)", "prepared_points"), ("g", "prepared_shapes")]
)
def test_prepared_answers_are_the_plain_ones(spark, area, point, table):
    columns = [
        predicate.format(point=point, area=f"ST_GeomFromText('{area}')") for predicate in PREDICATES
    ]
    shown = "x, y" if table == "prepared_points" else "ST_AsText(g)"

    assert_same(spark, f"SELECT {shown}, {', '.join(columns)} FROM {table}")


def ring(numbers: list[int]) -> str:
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    return ", ".join(f"{x} {y}" for x, y in [*points, points[0]])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.lists(st.integers(0, 12), min_size=6, max_size=40).filter(lambda n: len(n) % 2 == 0),
        min_size=1,
        max_size=3,
    ),
    st.booleans(),
)
def test_any_rings_valid_or_not_give_the_plain_answers(spark, rings, apart):
    texts = [f"({ring(numbers)})" for numbers in rings]
    area = (
        "MULTIPOLYGON (" + ", ".join(f"({text})" for text in texts) + ")"
        if apart
        else "POLYGON (" + ", ".join(texts) + ")"
    )
    columns = ", ".join(
        predicate.format(point="ST_Point(x, y)", area=f"'{area}'") for predicate in PREDICATES[3:6]
    )

    assert_same(spark, f"SELECT x, y, {columns} FROM prepared_points")


@pytest.mark.parametrize("count", [3, 64, 1000])
def test_random_points_and_vertices_of_a_round_polygon(spark, count):
    vertices = [
        (math.cos(2 * math.pi * i / count) * (1 + i % 3), math.sin(2 * math.pi * i / count))
        for i in range(count)
    ]
    area = f"POLYGON (({', '.join(f'{x!r} {y!r}' for x, y in [*vertices, vertices[0]])}))"
    spark.createDataFrame(vertices, "x double, y double").createOrReplaceTempView("vertices")
    sql = f"ST_Within(ST_Point(x, y), '{area}') AS w, ST_Intersects(ST_Point(x, y), '{area}') AS i"

    assert_same(spark, f"SELECT {sql}, x, y FROM vertices")
    assert_same(
        spark, f"SELECT {sql}, x, y FROM (SELECT rand(1)*8-4 x, rand(2)*3-1.5 y FROM range(999))"
    )


CONTEXTS = (
    "SELECT {p} AS answer FROM prepared_points",
    "SELECT x, y FROM prepared_points WHERE {p}",
    "SELECT x, y FROM prepared_points WHERE NOT {p}",
    "SELECT x, y FROM prepared_points WHERE {p} AND x > 2",
    "SELECT x, y FROM prepared_points WHERE x > 5 OR {p}",
    "SELECT x, y FROM prepared_points WHERE coalesce({p}, true)",
    "SELECT count(*) FROM prepared_points GROUP BY {p}",
    "SELECT x FROM (SELECT x, y, ST_Point(x, y) AS point FROM prepared_points) WHERE {q}",
)


@pytest.mark.parametrize("sql", CONTEXTS)
def test_a_predicate_is_prepared_wherever_it_stands(spark, sql):
    text = sql.format(
        p=f"ST_Within(ST_Point(x, y), ST_GeomFromText('{HOLED}'))",
        q=f"ST_Contains('{HOLED}', point)",
    )

    classes = {node["class"] for node in optimized(spark, text)}

    assert "geoscope.spatial.PointInArea" in classes
    assert "org.apache.spark.sql.sedona_sql.expressions.ST_Within" not in classes
    assert_same(spark, text)


def test_a_plan_tells_function_area_and_children(spark):
    sql = f"SELECT * FROM prepared_points WHERE ST_Contains('{SQUARE}', ST_Point(y, x + 1))"

    nodes = optimized(spark, sql)
    place = next(i for i, node in enumerate(nodes) if node["class"].endswith("PointInArea"))
    found = nodes[place]

    assert found["function"] == "ST_Contains"
    assert shapely.from_wkb(bytes.fromhex(found["area"])) == shapely.from_wkt(SQUARE)
    assert (found["x"], found["y"], found["num-children"]) == (0, 1, 2)
    assert nodes[place + 1]["name"] == "y"
    assert nodes[place + 2]["class"].endswith("Add")


def test_explain_reads_as_it_was_written(spark):
    sql = f"EXPLAIN SELECT * FROM prepared_points WHERE NOT ST_Within(ST_Point(x, y), '{SQUARE}')"

    text = spark.sql(sql).collect()[0][0]

    assert "ST_Within(ST_Point(x#" in text
    assert SQUARE in text


@pytest.mark.parametrize(
    "predicate",
    [
        "ST_Within(ST_Point(x, y), 'LINESTRING (0 0, 1 1)')",
        "ST_Within(ST_Point(x, y), 'POLYGON EMPTY')",
        "ST_Within(ST_Point(x, y), 'no geometry')",
        "ST_Within('POLYGON ((0 0, 1 0, 1 1, 0 0))', ST_Point(x, y))",
        "ST_Intersects(ST_Point(x, y), 'GEOMETRYCOLLECTION (POINT (1 1))')",
        "ST_Equals(ST_Point(x, y), 'POLYGON ((0 0, 1 0, 1 1, 0 0))')",
    ],
)
def test_what_has_no_prepared_form_is_left_alone(spark, predicate):
    sql = f"SELECT x, y, {predicate} FROM prepared_points"

    assert not any("InArea" in node["class"] for node in optimized(spark, sql))
    assert_same(spark, sql)
