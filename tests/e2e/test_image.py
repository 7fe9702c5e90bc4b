"""What the shipped image promises, asked in containers as locked down as a scope's."""

from __future__ import annotations

from collections.abc import Callable

import docker
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

MAX_BYTES = 1_800_000_000
UID = 300_001
Run = Callable[..., str]

START_JVM = """
import os
from pathlib import Path
from sandbox.runtime.environment import child_environment
from sandbox.runtime.folders import ScopeFolders
from sandbox.runtime.jvm import Jvm
from wire.settings import AgentSettings

settings = AgentSettings(scope_dir="/scope")
folders = ScopeFolders.of(settings)
folders.make()
log = Path("/scope/classes.log")
options = {"JDK_JAVA_OPTIONS": f"-Xlog:class+load:file={log}"}
jvm = Jvm.start(settings, child_environment(os.environ, folders, 1) | options)
jvm.connect()
jvm.process.stdin.close()
jvm.process.wait(60)
print(log.read_text().count("shared objects file (top)"))
"""
LOAD_CODECS = """
import pathlib, subprocess
for library in pathlib.Path("/opt/geoscope/native").glob("*.so"):
    subprocess.run(["ldd", library], check=True, stdout=subprocess.DEVNULL)
    print(library.name)
"""


@pytest.fixture
def run(engine: docker.DockerClient, agent_image: str, run_id: str) -> Run:
    """Run a command in the image, locked down; what it printed."""

    def run(*command: str, entrypoint: str | None = None) -> str:
        printed: bytes = engine.containers.run(
            agent_image,
            list(command),
            entrypoint=entrypoint,
            remove=True,
            labels={"geoscope.run": run_id},
            user=f"{UID}:{UID}",
            network_mode="none",
            init=True,
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            mem_limit="2g",
            pids_limit=512,
            tmpfs={
                "/tmp": "rw,nosuid,nodev,noexec,size=64m",
                "/scope": f"rw,nosuid,nodev,uid={UID},gid={UID},mode=0700,size=512m",
            },
            environment={"HOME": "/scope", "SPARK_LOCAL_IP": "127.0.0.1"},
        )
        return printed.decode()

    return run


def test_it_is_not_larger_than_promised(engine: docker.DockerClient, agent_image: str) -> None:
    assert engine.images.get(agent_image).attrs["Size"] <= MAX_BYTES


def test_no_kernel_is_compiled_in_a_container(run: Run) -> None:
    assert run("python", "-m", "sandbox.render.warm") == "0 kernels compiled: none\n"


def test_the_jvm_takes_its_classes_from_the_archive(run: Run) -> None:
    assert int(run("python", "-c", START_JVM)) > 800


def test_native_codecs_are_there_without_an_executable_tmp(run: Run) -> None:
    expected = {"libsnappyjava.so", "libzstd-jni.so", "liblz4-java.so"}

    assert set(run("python", "-c", LOAD_CODECS).split()) == expected


@pytest.mark.parametrize("tool", ["pip", "mvn", "javac", "gcc", "curl", "git"])
def test_what_builds_it_stays_behind(run: Run, tool: str) -> None:
    assert run("-c", f"command -v {tool} || echo none", entrypoint="/bin/sh") == "none\n"
