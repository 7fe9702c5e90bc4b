"""What `make run` shows while the image is built."""

from __future__ import annotations

import re
import selectors
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "image.sh"
DEADLINE_S = 10.0


def test_a_step_is_shown_when_it_begins_not_when_a_block_of_them_is_full() -> None:
    function = re.search(r"^progress\(\) \{.*?^\}$", SCRIPT.read_text(), re.MULTILINE | re.DOTALL)
    assert function is not None
    with subprocess.Popen(
        ["bash", "-c", f"{function.group()}\nprogress"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as shown:
        assert shown.stdin
        assert shown.stderr
        shown.stdin.write(b"Sending build context\nStep 1/40 : FROM debian\n")
        shown.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(shown.stderr, selectors.EVENT_READ)
            came = bool(selector.select(DEADLINE_S))
        shown.stdin.close()

        assert came
        assert shown.stderr.read() == b"  Step 1/40 : FROM debian\n"
