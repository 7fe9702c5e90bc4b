"""Spatial SQL: the engine underneath, our functions and rewrites on top of it."""

from __future__ import annotations

from pyspark.sql import SparkSession

from sandbox.spatial.registration import prepare_engine, register_functions

__all__ = ["register"]


def register(spark: SparkSession) -> None:
    """Make geometry types, functions and spatial joins known to a session and its siblings."""
    prepare_engine(spark)
    register_functions(spark)
