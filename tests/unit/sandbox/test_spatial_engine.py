"""Our extension gives a session what Sedona's own gives it, the aggregates a little later."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession

from sandbox.runtime.spark import SparkRuntime

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def given(session: SparkSession) -> dict[str, set[str]]:
    """Names of what an extension can give."""
    java: Any = session._jsparkSession
    java.sessionState().analyzer()
    registry, methods = java.sessionState().functionRegistry(), java.experimental()
    return {
        "functions": set(str(registry.listFunction().mkString("\n")).split("\n")),
        "strategies": classes(methods.extraStrategies()),
        "optimizations": classes(methods.extraOptimizations()),
        "nested": {
            session.conf.get("spark.sql.optimizer.nestedPredicatePushdown.supportedFileSources")
        },
        "parser": {java.sessionState().sqlParser().getClass().getName()},
    }


def classes(seq: Any) -> set[str]:
    return {seq.apply(i).getClass().getName() for i in range(seq.size())}


def test_sedonas_own_registration_adds_nothing(runtime: SparkRuntime) -> None:
    session = runtime.spark.newSession()
    ours = given(session)

    assert session._jvm is not None
    session._jvm.org.apache.sedona.spark.SedonaContext.create(session._jsparkSession, "python")

    assert given(session) == ours
    assert "rs_union_aggr" in str(ours["functions"]).lower()


def test_the_raster_aggregate_is_there_when_it_is_wanted(runtime: SparkRuntime) -> None:
    raster = "RS_MakeEmptyRaster(1, 4, 4, 0, 0, 1)"
    sql = f"select RS_NumBands(RS_Union_Aggr({raster}, cast(id as int))) as n from range(1, 4)"
    for session in (runtime.spark, runtime.spark.newSession()):
        for _ in range(2):
            assert session.sql(sql).collect()[0].n == 3


def test_an_aggregate_is_there_when_it_is_wanted(runtime: SparkRuntime) -> None:
    boxes = "ST_PolygonFromEnvelope(double(id), 0.0D, double(id + 4), 1.0D)"
    sql = f"select ST_AsText(ST_Envelope(ST_Intersection_Aggr({boxes}))) as area from range(3)"
    for session in (runtime.spark, runtime.spark.newSession()):
        for _ in range(2):
            assert session.sql(sql).collect()[0].area == "POLYGON ((2 0, 2 1, 4 1, 4 0, 2 0))"


def test_functions_have_the_default_values_of_sedonas_own_catalog(runtime: SparkRuntime) -> None:
    """Those of each kind that there is: a whole number, a fraction, a truth, a text, none."""
    line = "ST_GeomFromText('LINESTRING (0 0, 2 0)')"
    raster = "RS_MakeEmptyRaster(1, 4, 4, 0, 0, 1)"
    sql = f"""
        select ST_AsText(ST_AddPoint({line}, ST_Point(4, 0))) as whole,
               ST_Z(ST_Force3D(ST_Point(1, 2))) as fraction,
               ST_AsText(ST_MakeValid({line})) as truth,
               RS_NumBands(RS_ReprojectMatch({raster}, {raster})) as text,
               ST_AsText(ST_MakePolygon(
                   ST_GeomFromText('LINESTRING (0 0, 1 0, 1 1, 0 0)'))) as none
    """
    row = runtime.spark.sql(sql).collect()[0]

    assert row.whole == "LINESTRING (0 0, 2 0, 4 0)"
    assert row.fraction == 0.0
    assert row.truth == "LINESTRING (0 0, 2 0)"
    assert row.text == 1
    assert row.none == "POLYGON ((0 0, 1 0, 1 1, 0 0))"
