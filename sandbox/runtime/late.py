"""What a scope can begin without: given soon after its start, or when it is first wanted.

MLlib brings two functions to every session (`vector_to_array`, `array_to_vector`) by a service that
Spark loads as the first session is made. They need Scala's reflection, a second of work of which
nothing else at a start makes use, so the image's jar does not offer that service.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from typing import Any, Final

ML_FUNCTIONS: Final = "org.apache.spark.sql.ml.InternalFunctionRegistration$"
ML_PACKAGE: Final = "pyspark.ml"


def register_ml_functions(jvm: Any) -> None:
    """Let Spark know MLlib's functions (blocking); a second time costs nothing."""
    # Its initialiser puts them into the registry that all sessions share.
    jvm.java.lang.Class.forName(ML_FUNCTIONS)


class BeforeMl(MetaPathFinder):
    """Finds no module; calls `prepare` once, just before `pyspark.ml` is imported."""

    def __init__(self, prepare: Callable[[], object]) -> None:
        self._prepare = prepare

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:
        """Nothing: the usual finders go on."""
        if fullname == ML_PACKAGE:
            sys.meta_path.remove(self)
            self._prepare()
