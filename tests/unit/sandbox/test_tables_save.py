"""Saving: what is written, where, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.failure import AgentFailure
from sandbox.runtime.spark import SparkRuntime
from sandbox.tables import Tables
from sandbox.work import Work
from wire.messages import LoadTables, SavedTable, SaveTables, TableSource, TableTarget
from wire.protocol import ErrorCode
from wire.settings import AgentSettings

pytestmark = pytest.mark.spark

SQL = "select id, concat('say \"', id, '\"\\n') as s, ST_Point(id, 2.0) as g from range(3)"
Save = Callable[..., list[SavedTable]]


@pytest.fixture
def save(tables: Tables, work: Work) -> Save:
    def run(*targets: dict[str, Any]) -> list[SavedTable]:
        listed = [TableTarget(**({"sql": SQL} | target)) for target in targets]
        request = SaveTables(work_id="w", session="spark", tables=listed, timeout_s=60)
        return tables.save(request, work).tables

    return run


@pytest.fixture
def files(own_settings: AgentSettings) -> Path:
    return Path(own_settings.scope_dir) / "files"


@pytest.mark.parametrize("fmt", ["csv", "json", "parquet", "orc", "geoparquet"])
def test_what_was_saved_loads_again(
    save: Save, tables: Tables, work: Work, runtime: SparkRuntime, files: Path, fmt: str
) -> None:
    (saved,) = save({"format": fmt, "path": f"out/{fmt}"})

    assert (f"out/{fmt}", 3) == (saved.path, saved.num_rows)
    assert saved.files
    assert all((files / name).is_file() for name in saved.files)
    assert saved.bytes == sum((files / name).stat().st_size for name in saved.files)
    assert [path for path in (files / "out").rglob("*") if path.name[0] in "._"] == []
    source = TableSource(name="t", format=fmt, path=f"out/{fmt}")
    tables.load(LoadTables(work_id="w", session="spark", tables=[source], timeout_s=60), work)
    got = runtime.spark.sql("select id, s, g from t order by id").collect()
    assert [row.s for row in got] == ['say "0"\n', 'say "1"\n', 'say "2"\n']
    if fmt in ("csv", "json"):
        assert got[1].g == "POINT (1 2)"


def test_geojson_is_one_file(save: Save, files: Path) -> None:
    target = {"format": "geojson", "path": "g.json", "sql": f"{SQL} order by id"}

    (saved,) = save(target)

    assert (saved.files, saved.num_rows) == (["g.json"], 3)
    features = json.loads((files / "g.json").read_text())["features"]
    points = [feature["geometry"]["coordinates"] for feature in features]
    assert points == [[0.0, 2.0], [1.0, 2.0], [2.0, 2.0]]
    with pytest.raises(AgentFailure, match="nothing can be appended"):
        save(target | {"mode": "append"})


def test_modes(save: Save, files: Path) -> None:
    target = {"format": "csv", "path": "c", "sql": "select 1 as a"}
    save(target)

    with pytest.raises(AgentFailure, match="c exists already") as caught:
        save(target)
    assert caught.value.code == ErrorCode.SAVE_FAILED
    assert save(target | {"mode": "ignore"})[0].files == []
    save(target | {"mode": "append"})
    assert len(list((files / "c").iterdir())) == 2
    save(target | {"mode": "overwrite"})
    assert len(list((files / "c").iterdir())) == 1


def test_all_targets_are_written_before_the_first_is_in_place(save: Save, files: Path) -> None:
    with pytest.raises(AgentFailure) as caught:
        save({"format": "csv", "path": "one"}, {"format": "csv", "path": "two", "sql": "selec"})

    assert caught.value.code == ErrorCode.SQL_ERROR
    assert caught.value.message.startswith("two: ")
    assert list(files.iterdir()) == []


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ({"format": "xls", "path": "x"}, "bad_parameter", "unknown format 'xls'"),
        ({"format": "csv", "path": "../catalog/x"}, "bad_path", "leaves the scope's files"),
        ({"format": "csv", "path": ""}, "bad_path", "no path"),
        ({"format": "geojson", "path": "x", "sql": "select 1 as a"}, "bad_parameter", "geometry"),
        (
            {"format": "csv", "path": "x", "sql": "drop table if exists n"},
            "bad_parameter",
            "no col",
        ),
    ],
)
def test_what_cannot_be_is_said(
    save: Save, target: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(AgentFailure) as caught:
        save(target)

    assert code == caught.value.code
    assert message in caught.value.message
