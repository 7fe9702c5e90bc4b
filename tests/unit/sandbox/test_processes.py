from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sandbox.runtime.processes import (
    USUALLY_RESERVED_BYTES,
    Process,
    clock_ticks,
    descendants,
    end_below,
    oom_kills,
    process_table,
    reserved_bytes,
)
from sandbox.runtime.waiting import wait_until

TREE = """
    import subprocess, sys, time
    child = "import time; print('up', flush=True); time.sleep(60)"
    for _ in range(3):
        p = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE,
                             start_new_session=True)
        p.stdout.readline()
    print("up", flush=True)
    time.sleep(60)
"""


def tree() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(TREE)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def left(root: int) -> list[Process]:
    """What descends from it and has not ended."""
    return [p for p in descendants(root, process_table()) if p.state != "Z"]


def close(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_descendants_are_found_at_any_depth() -> None:
    table = {pid: Process(pid, parent, 0, "S") for pid, parent in [(2, 1), (3, 2), (4, 3), (5, 1)]}

    assert sorted(p.pid for p in descendants(2, table)) == [3, 4]


def test_what_descends_is_ended_and_the_root_is_not() -> None:
    root = tree()

    assert end_below(root.pid, keep=set()) == 3

    # A signal is taken when a processor is free for it.
    wait_until(lambda: not left(root.pid), 10.0, "a process goes on")
    assert root.poll() is None
    close(root)


def test_what_is_kept_or_older_stays() -> None:
    root = tree()
    children = [p.pid for p in descendants(root.pid, process_table())]

    assert end_below(root.pid, keep=set(children)) == 0
    assert end_below(root.pid, keep=set(), since=clock_ticks() + 100) == 0
    assert end_below(root.pid, keep=set(children[1:])) == 1

    end_below(root.pid, keep=set())
    close(root)


def test_the_count_of_kills_is_a_number_or_unknown() -> None:
    count = oom_kills()

    assert count is None or count >= 0


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("VmData:\t 300 kB\nRssAnon:\t 100 kB\nThreads:\t2\n", 200 * 1024),
        ("VmData:\t 100 kB\nRssAnon:\t 300 kB\n", 0),
        ("VmRSS:\t 100 kB\n", USUALLY_RESERVED_BYTES),
    ],
)
def test_what_is_reserved_is_not_held(tmp_path: Path, status: str, expected: int) -> None:
    (tmp_path / "status").write_text(status)

    assert reserved_bytes(tmp_path / "status") == expected
