from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from control.engine.driver import ContainerState
from control.engine.process_record import KILLED, ProcessRecord, is_alive, open_process
from control.engine.shim import Log, identity, write_json

DESCRIBED = {"name": "a", "labels": {"k": "v"}, "command": ["true"], "env": {}, "log_bytes": 10}


@pytest.fixture
def record(tmp_path: Path) -> ProcessRecord:
    record = ProcessRecord(tmp_path / "p1")
    record.write(DESCRIBED)
    return record


def started(record: ProcessRecord, **changes: Any) -> None:
    write_json(record.folder / "started.json", {**identity(os.getpid()), "at": 1.0, **changes})


def test_a_record_is_created(record: ProcessRecord) -> None:
    status = record.status()

    assert (status.state, status.name, status.labels) == (ContainerState.CREATED, "a", {"k": "v"})


def test_this_very_process_runs(record: ProcessRecord) -> None:
    started(record)

    assert record.status().state is ContainerState.RUNNING
    assert record.pid() == os.getpid()


@pytest.mark.parametrize("changes", [{"ticks": 1}, {"boot": "another"}, {"pid": 2**22 - 1}])
def test_a_number_used_again_is_not_mistaken(
    record: ProcessRecord, changes: dict[str, Any]
) -> None:
    started(record, **changes)
    status = record.status()

    assert (status.state, status.exit_code) == (ContainerState.EXITED, KILLED)
    assert record.pid() is None
    with record.opened() as fd:
        assert fd is None


def test_how_it_ended_is_kept(record: ProcessRecord) -> None:
    started(record, ticks=1)
    write_json(record.folder / "exited.json", {"code": 69, "at": 2.0})
    status = record.status()

    assert (status.state, status.exit_code) == (ContainerState.EXITED, 69)
    assert (status.started_at, status.finished_at) == (1.0, 2.0)


def test_a_deleted_record_is_absent(record: ProcessRecord) -> None:
    record.delete()
    record.delete()

    assert record.status().state is ContainerState.ABSENT


def test_a_half_deleted_record_is_absent(record: ProcessRecord) -> None:
    started(record)
    (record.folder / "record.json").unlink()

    assert record.status().state is ContainerState.ABSENT


def test_who_waits_to_be_reaped_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", ""]) as child:
        seen = identity(child.pid)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

        assert not is_alive(seen)
        assert open_process(seen) is None


def test_the_log_keeps_the_latest(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", 10)
    for number in range(6):
        log.write(f"line{number}\n".encode())
    log.close()

    assert (tmp_path / "log").read_text() == "line5\n"
    assert (tmp_path / "log.1").read_text() == "line4\n"


def test_the_tail_spans_both_files(record: ProcessRecord) -> None:
    (record.folder / "log.1").write_text("1\n2\n")
    (record.folder / "log").write_text("3\n4\n")

    assert record.log_tail(3) == "2\n3\n4\n"
    assert record.log_tail(100) == "1\n2\n3\n4\n"
    assert record.log_tail(0) == ""
