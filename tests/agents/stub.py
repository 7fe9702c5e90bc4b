"""A stand-in for an agent; GEOSCOPE_AGENT_VERSION names the module that says how it behaves.

A control plane of its own right names its version there: then STUB_BEHAVIOUR of the image counts.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from tests.agents.serving import write_line

PREFIX = "GEOSCOPE_AGENT_"


def main() -> None:
    behaviour = os.environ.get("STUB_BEHAVIOUR") or os.environ.get(f"{PREFIX}VERSION") or "good"
    run = Path(os.environ[f"{PREFIX}SCOPE_DIR"]) / "run"
    run.mkdir(exist_ok=True)
    write_line(f"stub agent: {behaviour}")
    importlib.import_module(f"tests.agents.{behaviour}").run(run / "agent.sock")


if __name__ == "__main__":
    main()
