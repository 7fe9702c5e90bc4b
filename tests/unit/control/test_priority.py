"""The control plane runs before its scopes, as far as the host lets it."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT

ASK = """
import os, threading
from control.priority import go_first
if {drop}:
    os.setresuid(65534, 65534, 65534)
before = os.getpriority(os.PRIO_PROCESS, 0)
go_first()
seen = []
thread = threading.Thread(target=lambda: seen.append(os.getpriority(os.PRIO_PROCESS, 0)))
thread.start()
thread.join()
print(before, os.getpriority(os.PRIO_PROCESS, 0), *seen, os.geteuid())
"""


def niceness(*, drop: bool) -> tuple[int, int, int, int]:
    """Before and after, of a thread made since, and whose process it was."""
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(drop=drop)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    before, after, of_thread, user = map(int, done.stdout.split())
    return before, after, of_thread, user


def test_it_goes_first_where_it_may() -> None:
    before, after, of_thread, user = niceness(drop=False)

    assert after == of_thread
    assert after == (-10 if user == 0 else before)


def test_who_may_not_stays_where_it_is() -> None:
    _, _, _, user = niceness(drop=False)
    before, after, of_thread, _ = niceness(drop=user == 0)

    assert before == after == of_thread
