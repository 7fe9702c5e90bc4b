"""What a session must be told so that it speaks spatial SQL."""

from __future__ import annotations

import logging

from pyspark.sql import SparkSession

log = logging.getLogger(__name__)

FUNCTIONS_CLASS = "geoscope.spatial.Registrar"


def register_engine(spark: SparkSession) -> None:
    """Sedona's types, functions, joins and GeoParquet, on this session."""
    system = spark._jvm.java.lang.System
    # Sedona calls home when it starts; a sandbox has no network and nobody was asked.
    system.setProperty("DO_NOT_TRACK", "true")
    # JTS's newer algorithms: collections in predicates, and overlays that do not throw.
    system.setProperty("jts.relate", "ng")
    system.setProperty("jts.overlay", "ng")
    spark._jvm.org.apache.sedona.spark.SedonaContext.create(spark._jsparkSession, "python")


def register_functions(spark: SparkSession) -> None:
    """Our functions over Sedona's, where the contract asks for something else."""
    registrar = getattr(spark._jvm.geoscope.spatial, "Registrar")  # noqa: B009
    if not callable(getattr(registrar, "register", None)):
        log.warning("%s is not on the class path: Sedona's own functions only", FUNCTIONS_CLASS)
        return
    registrar.register(spark._jsparkSession)
