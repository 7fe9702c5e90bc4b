"""What a session must be told so that it speaks spatial SQL."""

from __future__ import annotations

from typing import Any, Final

from pyspark.sql import SparkSession

JAR: Final = "geoscope-spatial.jar"

SYSTEM_PROPERTIES: Final = {
    # Sedona calls home when it starts; a sandbox has no network and nobody was asked.
    "DO_NOT_TRACK": "true",
    # JTS's newer algorithms: collections in predicates, and overlays that do not throw.
    "jts.relate": "ng",
    "jts.overlay": "ng",
}


class FunctionsMissing(RuntimeError):
    """Our jar is not on the class path of the JVM."""

    def __init__(self) -> None:
        super().__init__(f"{JAR} is not on the class path of Spark's JVM: run scripts/jars.sh")


def prepare_engine(spark: SparkSession) -> None:
    """What Sedona and JTS read as they start: before the session's first statement."""
    jvm: Any = spark._jvm
    for name, value in SYSTEM_PROPERTIES.items():
        jvm.java.lang.System.setProperty(name, value)


def register_functions(spark: SparkSession) -> None:
    """Our functions over Sedona's; raises FunctionsMissing."""
    registrar = getattr(spark._jvm, "geoscope.spatial.Registrar")
    if not callable(getattr(registrar, "register", None)):
        raise FunctionsMissing
    registrar.register(spark._jsparkSession)
