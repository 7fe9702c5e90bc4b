"""Spatial functions in a session."""

from __future__ import annotations

from pyspark.sql import SparkSession


def register_funcs(spark: SparkSession) -> None:
    """Register the spatial functions; a scope's own sessions have them already."""
    from sandbox.spatial import register

    register(spark)
