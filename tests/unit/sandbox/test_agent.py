from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wire.protocol import ExitCode

ROOT = Path(__file__).parents[3]


def agent(tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """An agent that is expected to end by itself."""
    told = {"GEOSCOPE_AGENT_SCOPE_DIR": str(tmp_path / "scope"), "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(
        [sys.executable, "-m", "sandbox.agent"],
        cwd=ROOT,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def fake_java(tmp_path: Path, body: str) -> str:
    java = tmp_path / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!{sys.executable}\n{body}\n")
    java.chmod(0o700)
    return str(tmp_path / "java")


def test_bad_settings_are_named(tmp_path: Path) -> None:
    ended = agent(tmp_path, GEOSCOPE_AGENT_CPUS="many")

    assert ended.returncode == ExitCode.BAD_SETTINGS
    assert "cpus" in ended.stderr


def test_a_missing_java_is_said_so(tmp_path: Path) -> None:
    ended = agent(tmp_path, JAVA_HOME=str(tmp_path / "none"))

    assert ended.returncode == ExitCode.JVM_FAILED_TO_START
    assert "Java" in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "expected"), [(7, ExitCode.JVM_DIED), (3, ExitCode.JVM_OUT_OF_MEMORY)]
)
def test_a_jvm_that_ends_ends_the_agent(tmp_path: Path, code: int, expected: ExitCode) -> None:
    java = fake_java(tmp_path, f"import sys\nsys.exit({code})")

    assert agent(tmp_path, JAVA_HOME=java).returncode in (expected, ExitCode.JVM_FAILED_TO_START)
