"""Paths of requests: where they lie, which files they mean, when those are others."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sandbox.failure import AgentFailure
from sandbox.tables.paths import Paths, files_under, fingerprint
from wire.protocol import ErrorCode
from wire.settings import AgentSettings


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "files").mkdir()
    samples = tmp_path / "the samples"
    samples.mkdir()
    data = json.dumps({"/data/taxi": str(tmp_path / "elsewhere")})
    settings = AgentSettings(scope_dir=str(tmp_path), samples_dir=str(samples), data_dirs=data)
    return Paths(settings)


def test_relative_paths_lie_in_the_files_and_stay_there(paths: Paths, tmp_path: Path) -> None:
    assert paths.resolve("a/../b.csv") == f"{tmp_path}/files/b.csv"
    for path in ("..", "../files2/x", "a/../../x", "", "a\0b"):
        with pytest.raises(AgentFailure) as caught:
            paths.resolve(path)
        assert caught.value.code == ErrorCode.BAD_PATH


def test_the_containers_names_hold_without_a_container(paths: Paths, tmp_path: Path) -> None:
    assert paths.resolve("/scope/files/a") == f"{tmp_path}/files/a"
    assert paths.resolve("/samples/nyc.csv") == f"{tmp_path}/the samples/nyc.csv"
    assert paths.resolve("/samples2/x") == "/samples2/x"
    assert paths.resolve("/data/taxi/2009.csv") == f"{tmp_path}/elsewhere/2009.csv"
    assert paths.resolve("/data/taxi2/x") == "/data/taxi2/x"
    assert paths.resolve("/srv//x") == "/srv/x"
    assert paths.shown(tmp_path / "files" / "a" / "b") == "a/b"
    assert paths.shown("/srv/x") == "/srv/x"


def test_files_of_folders_globs_and_odd_names(paths: Paths, tmp_path: Path) -> None:
    files = tmp_path / "files"
    for name in ("p/a.csv", "p/_SUCCESS", "p/.a.crc", "p/k=_x/b.csv", "p/_temporary/c.csv"):
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_text("x")
    (files / "x[1].csv").write_text("x")

    def found(path: str) -> list[str]:
        return [name.removeprefix(f"{files}/") for name in paths.find("t", path).files]

    assert found("p") == ["p/a.csv", "p/k=_x/b.csv"]
    assert found("p/*.csv") == ["p/a.csv"]
    assert found("{p/a,x[[]1]}.csv") == ["p/a.csv", "x[1].csv"]
    assert found("x[1].csv") == ["x[1].csv"]
    assert not paths.find("t", "x[1].csv").is_pattern
    with pytest.raises(AgentFailure, match=r"table t: no such file: q/\*\.csv") as caught:
        paths.find("t", "q/*.csv")
    assert caught.value.code == ErrorCode.LOAD_FAILED


def test_the_fingerprint_changes_with_name_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    marks = {fingerprint(files_under(str(tmp_path)))}
    os.utime(path, (1, 1))
    marks.add(fingerprint(files_under(str(tmp_path))))
    path.write_text("xy")
    os.utime(path, (1, 1))
    marks.add(fingerprint(files_under(str(tmp_path))))
    path.rename(tmp_path / "b")
    marks.add(fingerprint(files_under(str(tmp_path))))

    assert len(marks) == 4
    assert fingerprint(["/no/such/file"]) == fingerprint([])
