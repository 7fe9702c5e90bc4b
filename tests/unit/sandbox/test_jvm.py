from __future__ import annotations

import shlex
import sys
from pathlib import Path

import msgspec
import pytest

from sandbox.runtime.jvm import (
    MAIN_CLASS,
    Installation,
    Jvm,
    JvmEnded,
    argument_file,
    exit_code_of,
    jvm_arguments,
    spark_configuration,
)
from wire.protocol import ExitCode
from wire.settings import AgentSettings

SETTINGS = AgentSettings(scope_dir="/scope", cpus=3, heap_bytes=500 * 1024**2)


def installation(tmp_path: Path, **more: Path) -> Installation:
    for jar in ("spark/jars/b.jar", "spark/jars/a.jar", "ours/z.jar"):
        (tmp_path / jar).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / jar).touch()
    places = {"spark_home": tmp_path / "spark", "jars_dir": tmp_path / "ours"}
    return Installation(java="java", **places, **more)


def test_the_command_line_is_a_function_of_its_settings(tmp_path: Path) -> None:
    arguments = jvm_arguments(SETTINGS, installation(tmp_path))

    assert arguments == jvm_arguments(SETTINGS, installation(tmp_path))
    assert arguments[-1] == MAIN_CLASS
    assert "-XX:+UseSerialGC" in arguments
    assert "-Xmx512000k" in arguments
    assert "-Dspark.master=local[3]" in arguments


def test_sparks_jars_come_first_and_all_by_name(tmp_path: Path) -> None:
    found = installation(tmp_path)

    assert found.classpath() == [
        str(tmp_path / name) for name in ("spark/jars/a.jar", "spark/jars/b.jar", "ours/z.jar")
    ]


def test_a_missing_archive_and_missing_codecs_leave_no_options(tmp_path: Path) -> None:
    arguments = " ".join(jvm_arguments(SETTINGS, installation(tmp_path)))

    assert "SharedArchiveFile" not in arguments
    assert "snappy" not in arguments


def test_archive_and_codecs_are_used_where_they_are(tmp_path: Path) -> None:
    found = installation(tmp_path, native_dir=tmp_path / "native", cds_archive=tmp_path / "a.jsa")

    arguments = jvm_arguments(SETTINGS, found, ("-Xlog:class+load",))

    assert f"-XX:SharedArchiveFile={tmp_path}/a.jsa" in arguments
    assert f"-Dorg.xerial.snappy.lib.path={tmp_path}/native" in arguments
    assert f"-DZstdNativePath={tmp_path}/native/libzstd-jni.so" in arguments
    assert "-Xlog:class+load" in arguments


def test_everything_large_is_on_the_scopes_disk() -> None:
    configuration = spark_configuration(SETTINGS)

    assert configuration["spark.local.dir"].startswith("/scope/")
    assert configuration["spark.sql.warehouse.dir"].startswith("/scope/")
    assert configuration["spark.sql.session.timeZone"] == "UTC"
    assert configuration["spark.sql.ansi.enabled"] == "true"
    assert configuration["spark.ui.enabled"] == "false"


def test_an_argument_file_reads_back_as_it_was() -> None:
    arguments = ["-Da=b c", 'say "hi"', "C:\\x"]

    assert shlex.split(argument_file(arguments)) == arguments


def test_where_things_are_installed_comes_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "native").mkdir()
    env = {
        "JAVA_HOME": "/opt/java",
        "SPARK_HOME": "/opt/spark",
        "GEOSCOPE_JARS_DIR": "/jars",
        "GEOSCOPE_NATIVE_DIR": str(tmp_path / "native"),
        "GEOSCOPE_CDS_ARCHIVE": str(tmp_path / "none.jsa"),
    }

    found = Installation.find(env)

    assert found == Installation(
        java="/opt/java/bin/java",
        spark_home=Path("/opt/spark"),
        jars_dir=Path("/jars"),
        native_dir=tmp_path / "native",
        cds_archive=None,
    )


@pytest.mark.parametrize(
    ("code", "memory_ran_out", "expected"),
    [
        (0, False, ExitCode.JVM_DIED),
        (0, True, ExitCode.JVM_DIED),
        (-9, False, ExitCode.JVM_KILLED),
        (-9, True, ExitCode.JVM_KILLED_FOR_MEMORY),
        (3, False, ExitCode.JVM_OUT_OF_MEMORY),
        (52, True, ExitCode.JVM_OUT_OF_MEMORY),
    ],
)
def test_the_jvms_end_becomes_the_agents(
    code: int, memory_ran_out: bool, expected: ExitCode
) -> None:
    assert exit_code_of(code, memory_ran_out=memory_ran_out) is expected


def fake_java(tmp_path: Path, body: str) -> dict[str, str]:
    java = tmp_path / "home" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!{sys.executable}\n{body}\n")
    java.chmod(0o700)
    return {"JAVA_HOME": str(tmp_path / "home"), "SPARK_HOME": str(tmp_path)}


def started(tmp_path: Path, body: str) -> Jvm:
    settings = msgspec.structs.replace(SETTINGS, scope_dir=str(tmp_path))
    for name in ("files", "run"):
        (tmp_path / name).mkdir()
    return Jvm.start(settings, fake_java(tmp_path, body))


def test_a_jvm_that_ends_at_once_is_said_so(tmp_path: Path) -> None:
    jvm = started(tmp_path, "raise SystemExit(7)")

    with pytest.raises(JvmEnded) as error:
        jvm.connect()

    assert error.value.code == 7
    jvm.close(1)


def test_a_jvm_that_never_listens_is_not_waited_for_forever(tmp_path: Path) -> None:
    jvm = started(tmp_path, "import sys; sys.stdin.read()")

    with pytest.raises(TimeoutError, match="gateway"):
        jvm.connect(0.1)

    jvm.close(5)
    assert jvm.process.returncode == 0


def test_a_jvm_that_does_not_end_is_ended(tmp_path: Path) -> None:
    jvm = started(tmp_path, "import threading; threading.Event().wait()")

    jvm.close(0.1)

    assert jvm.process.returncode == -9
