"""Spatial joins: points and the 263 taxi zones, by an index, whatever the condition."""

from __future__ import annotations

import pyogrio
import pytest

pytestmark = pytest.mark.spark


def plan(spark, sql):
    return spark.sql(f"EXPLAIN {sql}").collect()[0][0]


def make_zones(spark, folder, path) -> None:
    """263 zones in degrees."""
    _, _, geometries, fields = pyogrio.raw.read(f"/vsizip/{path}", columns=["LocationID"])
    rows = [(int(zone), bytearray(wkb)) for zone, wkb in zip(fields[0], geometries, strict=True)]
    area = "ST_Transform(ST_GeomFromWKB(wkb), 'EPSG:2263', 'EPSG:4326') AS area"
    zones = spark.createDataFrame(rows, "zone int, wkb binary").selectExpr("zone", area)
    zones.coalesce(1).write.parquet(f"{folder}/zones")
    spark.read.parquet(f"{folder}/zones").createOrReplaceTempView("zones")


def make_pickups(spark, folder, path) -> None:
    """Where the first 400 trips begin."""
    read = spark.read.option("header", True).csv(str(path)).limit(400)
    pickups = read.selectExpr(
        "cast(pickup_longitude AS double) AS x", "cast(pickup_latitude AS double) AS y"
    )
    pickups.coalesce(1).write.parquet(f"{folder}/pickups")
    spark.read.parquet(f"{folder}/pickups").createOrReplaceTempView("pickups")


@pytest.fixture(scope="module")
def taxis(runtime, shared_data, tmp_path_factory):
    spark, folder = runtime.spark, tmp_path_factory.mktemp("taxis")
    make_zones(spark, folder, shared_data / "nyc_taxi_zones.zip")
    make_pickups(spark, folder, shared_data / "nyc_taxi_buildings_10k.csv")
    yield spark
    spark.catalog.dropTempView("zones")
    spark.catalog.dropTempView("pickups")


CONDITIONS = (
    ("ST_Within(ST_Point(x, y), area)", "ST_Within(ST_Point(x, y), area)"),
    ("ST_Contains(area, ST_Point(x, y))", "ST_Contains(area, ST_Point(x, y))"),
    ("ST_Intersects(area, ST_Point(x, y))", "ST_Intersects(ST_Point(x, y), area)"),
    ("ST_Distance(area, ST_Point(x, y)) < 0.001", "ST_DWithin(area, ST_Point(x, y), 0.0009999999)"),
)


@pytest.mark.parametrize(("condition", "same"), CONDITIONS)
def test_points_and_taxi_zones_are_joined_by_an_index(taxis, condition, same):
    sql = f"SELECT count(*), sum(zone) FROM pickups JOIN zones ON {condition}"
    text = plan(taxis, sql)

    assert "CartesianProduct" not in text
    assert "NestedLoopJoin" not in text
    assert "BroadcastIndexJoin" in text or "RangeJoin" in text or "DistanceJoin" in text
    # The same pairs, one by one: a condition that no join looks for.
    slowly = f"SELECT count(*), sum(zone) FROM pickups, zones WHERE coalesce({same}, false)"
    assert "NestedLoopJoin" in plan(taxis, slowly)
    assert taxis.sql(sql).collect() == taxis.sql(slowly).collect()


def test_a_constant_polygon_beside_a_join_is_prepared_and_the_join_stays(taxis):
    box = "POLYGON ((-74.1 40.6, -73.9 40.6, -73.9 40.8, -74.1 40.8, -74.1 40.6))"
    sql = (
        "SELECT count(*) FROM pickups JOIN zones ON ST_Within(ST_Point(x, y), area)"
        f" WHERE ST_Within(ST_Point(x, y), '{box}') AND ST_Intersects(area, '{box}')"
    )
    text = plan(taxis, sql)

    assert "BroadcastIndexJoin" in text or "RangeJoin" in text
    assert "ST_Within(ST_Point(x#" in text
    assert "CartesianProduct" not in text


@pytest.mark.parametrize("function", ["ST_Union_Aggr", "ST_Envelope_Aggr"])
def test_aggregates_begin_in_each_partition(taxis, function):
    text = plan(taxis, f"SELECT zone % 7, {function}(area) FROM zones GROUP BY zone % 7")

    assert "partial_" in text
    whole = taxis.sql(f"SELECT ST_Area({function}(area)) FROM zones WHERE zone < 50").collect()[0][
        0
    ]
    parts = taxis.sql(
        f"SELECT ST_Area({function}(part)) FROM (SELECT {function}(area) AS part"
        " FROM (SELECT /*+ REPARTITION(5) */ * FROM zones WHERE zone < 50) GROUP BY zone % 7)"
    ).collect()[0][0]
    assert whole == pytest.approx(parts, rel=1e-9)
