"""What a scope begins without is there when it is first wanted."""

from __future__ import annotations

import sys

from sandbox.runtime.late import BeforeMl


def test_it_prepares_once_and_only_for_its_package() -> None:
    calls: list[str] = []
    finder = BeforeMl(lambda: calls.append("prepared"))
    sys.meta_path.insert(0, finder)

    finder.find_spec("pyspark.sql", None)
    assert calls == []
    assert finder in sys.meta_path

    finder.find_spec("pyspark.ml", None)
    assert calls == ["prepared"]
    assert finder not in sys.meta_path
