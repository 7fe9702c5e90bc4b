"""Spatial SQL in a session: joins, plans, Python values, errors."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.spark

SEED_BOX = (
    "POLYGON ((-73.998427 40.730309, -73.954348 40.730309, -73.954348 40.780816 ,"
    "-73.998427 40.780816, -73.998427 40.730309))"
)


@pytest.fixture(scope="module")
def spark(runtime):
    spark = runtime.spark
    spark.sql("SELECT id, ST_Point(id, id) AS p FROM range(10)").createOrReplaceTempView("points")
    spark.sql(
        "SELECT ST_PolygonFromEnvelope(id * 2, id * 2, id * 2 + 1.5, id * 2 + 1.5) AS cell, id"
        " FROM range(3)"
    ).createOrReplaceTempView("cells")
    return spark


def plan(spark, sql):
    return spark.sql(f"EXPLAIN {sql}").collect()[0][0]


@pytest.mark.parametrize(
    "condition",
    [
        "ST_Within(p, cell)",
        "ST_Contains(cell, p)",
        "ST_Intersects(cell, p)",
        "ST_Distance(cell, p) < 0.5",
    ],
)
def test_a_spatial_condition_is_a_spatial_join(spark, condition):
    text = plan(spark, f"SELECT * FROM points JOIN cells ON {condition}")

    assert "CartesianProduct" not in text
    assert "NestedLoopJoin" not in text
    assert any(name in text for name in ("BroadcastIndexJoin", "RangeJoin", "DistanceJoin"))


def test_a_spatial_join_gives_its_pairs(spark):
    rows = spark.sql(
        "SELECT points.id AS point, cells.id AS cell FROM points JOIN cells"
        " ON ST_Within(p, cell) ORDER BY 1"
    ).collect()

    assert [tuple(row) for row in rows] == [(1, 0), (3, 1), (5, 2)]


def test_the_filter_of_the_seed_runs_as_it_stands(spark):
    sql = (
        "SELECT ST_Point(lon, lat) AS point, passengers AS w FROM VALUES"
        " (-73.97, 40.75, 1), (-73.0, 40.75, 2), (cast(null as double), 40.75, 3)"
        " AS t(lon, lat, passengers)"
        f" WHERE ST_Within(ST_Point(lon, lat), ST_GeomFromText('{SEED_BOX}'))"
    )

    assert [row.w for row in spark.sql(sql).collect()] == [1]


def test_names_are_known_in_any_case(spark):
    assert spark.sql("SELECT sT_aStExT(St_pOiNt(1, 2))").collect()[0][0] == "POINT (1 2)"


def test_text_in_a_column_stands_for_a_geometry(spark):
    sql = "SELECT ST_Area(wkt) FROM VALUES ('POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))'), ('?') AS t(wkt)"

    assert [row[0] for row in spark.sql(sql).collect()] == [1.0, None]


def test_geometries_reach_python_as_shapely(spark):
    geometry = spark.sql("SELECT ST_Buffer(ST_Point(0, 0), 2) AS g").collect()[0].g

    assert geometry.geom_type == "Polygon"
    assert geometry.bounds == pytest.approx((-2, -2, 2, 2))


def test_a_column_of_our_results_has_the_geometry_type(spark):
    field = spark.sql("SELECT ST_GeomFromText('POINT (1 2)') AS g").schema["g"]

    assert type(field.dataType).__name__ == "GeometryType"


def test_wrong_count_of_arguments_says_so(spark):
    with pytest.raises(Exception, match="WRONG_NUM_ARGS"):
        spark.sql("SELECT ST_PrecisionReduce(ST_Point(1, 2))")


def test_wrong_type_of_argument_says_so(spark):
    with pytest.raises(Exception, match="DATATYPE_MISMATCH"):
        spark.sql("SELECT ST_PrecisionReduce(true, 1)")


def test_an_error_in_an_argument_is_not_swallowed(spark):
    with pytest.raises(Exception, match="CAST_INVALID_INPUT"):
        spark.sql(
            "SELECT ST_Buffer(ST_Point(0, 0), cast(d as double)) FROM VALUES ('x') AS t(d)"
        ).collect()


def test_a_plan_with_our_functions_reads_as_json(spark):
    frame = spark.sql("SELECT ST_Buffer(p, 1) AS b FROM points WHERE ST_Area(p) = 0")

    nodes = json.loads(frame._jdf.queryExecution().optimizedPlan().toJSON())

    assert any("geoscope.spatial.Call" in json.dumps(node) for node in nodes)


def test_other_sessions_have_the_functions_too(runtime):
    from sandbox.spatial import register

    other = runtime.spark.newSession()
    register(other)

    assert other.sql("SELECT ST_AsText('POINT (1 2)')").collect()[0][0] == "POINT (1 2)"


def test_functions_of_the_engine_stay_available(spark):
    assert spark.sql("SELECT ST_GeoHash(ST_Point(1, 1), 2)").collect()[0][0] == "s0"


@pytest.fixture
def shapes(spark):
    """A table with a geometry column, and one that is partitioned."""
    spark.sql("CREATE TABLE shapes (a int, g geometry) USING parquet")
    spark.sql("CREATE TABLE parted (a int, g geometry, k int) USING parquet PARTITIONED BY (k)")
    yield spark
    spark.sql("DROP TABLE shapes")
    spark.sql("DROP TABLE parted")


@pytest.mark.parametrize(
    ("insert", "expected"),
    [
        ("INTO shapes VALUES (1, ST_Point(1, 2)), (2, null)", [(1, "POINT (1 2)"), (2, None)]),
        ("INTO shapes SELECT 1, ST_GeomFromText('POINT (1 2)') AS g", [(1, "POINT (1 2)")]),
        ("INTO shapes VALUES (1, 'POINT (3 4)')", [(1, "POINT (3 4)")]),
        ("INTO shapes (g, a) VALUES ('POINT (3 4)', 7)", [(7, "POINT (3 4)")]),
        ("INTO shapes (G, a) VALUES (ST_Point(3, 4), 7)", [(7, "POINT (3 4)")]),
        ("INTO shapes BY NAME SELECT ST_Point(1, 1) AS g, 9 AS a", [(9, "POINT (1 1)")]),
        ("OVERWRITE shapes SELECT 1, ST_Point(1, 2)", [(1, "POINT (1 2)")]),
        ("INTO parted VALUES (1, ST_Point(1, 2), 4)", [(1, "POINT (1 2)")]),
        ("INTO parted PARTITION (k = 4) VALUES (1, 'POINT (1 2)')", [(1, "POINT (1 2)")]),
    ],
)
def test_geometries_and_wkt_are_inserted(shapes, insert, expected):
    shapes.sql(f"INSERT {insert}")

    table = insert.split()[1]
    rows = shapes.sql(f"SELECT a, ST_AsText(g) FROM {table} ORDER BY a").collect()
    assert [tuple(row) for row in rows] == expected


@pytest.mark.parametrize("values", ["(1, 5)", "(1, ST_Point(1, 2), 3)", "(1)"])
def test_what_is_no_geometry_is_refused_by_spark(shapes, values):
    with pytest.raises(
        Exception, match=r"INCOMPATIBLE_DATA_FOR_TABLE|INSERT_COLUMN_ARITY_MISMATCH"
    ):
        shapes.sql(f"INSERT INTO shapes VALUES {values}")
