"""Spark's JVM: its command line, its start, and what its end means."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sandbox.runtime.folders import ScopeFolders
from sandbox.runtime.waiting import wait_until
from wire.protocol import ExitCode
from wire.settings import AgentSettings

MAIN_CLASS: Final = "org.apache.spark.api.python.PythonGatewayServer"
START_DEADLINE_S: Final = 60.0
LOG_CONFIG: Final = Path(__file__).with_name("log4j2.properties")
OUT_OF_MEMORY_EXITS: Final = frozenset({3, 52})
"""ExitOnOutOfMemoryError's code, and the one Spark's own handler uses."""

OPENED: Final = (
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio"),
    *("java.util", "java.util.concurrent", "java.util.concurrent.atomic"),
    *("jdk.internal.ref", "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"),
)
"""What Spark opens on Java 17 (JavaModuleOptions), without the incubator module."""

PATIENT_COMPILER: Final = (
    "-XX:Tier4InvocationThreshold=40000",
    "-XX:Tier4MinInvocationThreshold=4800",
    "-XX:Tier4CompileThreshold=120000",
    "-XX:Tier4BackEdgeThreshold=320000",
)
"""Eight times the usual: at a start the optimising compiler takes as long as all the rest, for
code that then is done with; what a query does for every row is hot a moment later all the same."""


FIRST_HEAP_BYTES: Final = 192 * 1024**2
"""What a start needs: from the 32 MB of the JVM's own choice it grows by a dozen collections."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What is installed where; everything but Java and Spark may be missing."""

    java: str
    spark_home: Path
    jars_dir: Path
    native_dir: Path | None = None
    cds_archive: Path | None = None

    @classmethod
    def find(cls, env: Mapping[str, str]) -> Installation:
        """From JAVA_HOME, SPARK_HOME and GEOSCOPE_{JARS_DIR,NATIVE_DIR,CDS_ARCHIVE}."""
        home = env.get("JAVA_HOME")
        return cls(
            java=f"{home}/bin/java" if home else shutil.which("java") or "java",
            spark_home=Path(env.get("SPARK_HOME") or _pyspark_home()),
            jars_dir=Path(env.get("GEOSCOPE_JARS_DIR") or "/opt/geoscope/jars"),
            native_dir=_if_there(env.get("GEOSCOPE_NATIVE_DIR") or "/opt/geoscope/native"),
            cds_archive=_if_there(env.get("GEOSCOPE_CDS_ARCHIVE") or "/opt/geoscope/spark.jsa"),
        )

    def classpath(self) -> list[str]:
        """Every jar by name and in one order: the class archive is valid only for that list.

        Spark's come first: GeoTools brings a logging facade and a Guava of its own, both older.
        """
        folders = (self.spark_home / "jars", self.jars_dir)
        return [str(jar) for folder in folders for jar in sorted(folder.glob("*.jar"))]


def jvm_arguments(
    settings: AgentSettings, installed: Installation, extra: tuple[str, ...] = ()
) -> list[str]:
    """Everything after `java`; `extra` are more JVM options (training of the class archive)."""
    folders = ScopeFolders.of(settings)
    return [
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        *PATIENT_COMPILER,
        f"-Xms{min(FIRST_HEAP_BYTES, settings.heap_bytes) // 1024}k",
        f"-Xmx{settings.heap_bytes // 1024}k",
        "-Xss2m",
        f"-XX:ErrorFile={folders.run}/jvm-error.log",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED),
        "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
        "-Djdk.reflect.useDirectMethodHandle=false",
        "-Dio.netty.tryReflectionSetAccessible=true",
        "-Duser.timezone=UTC",
        "-Dfile.encoding=UTF-8",
        f"-Djava.io.tmpdir={folders.temporary}",
        f"-Dlog4j2.configurationFile={LOG_CONFIG}",
        *_native_options(installed.native_dir),
        *_archive_options(installed.cds_archive),
        *extra,
        *(f"-D{key}={value}" for key, value in spark_configuration(settings).items()),
        "-cp",
        ":".join(installed.classpath()),
        MAIN_CLASS,
    ]


def spark_configuration(settings: AgentSettings) -> dict[str, str]:
    """Spark's configuration; it travels as system properties, so every client sees it."""
    folders = ScopeFolders.of(settings)
    return {
        "spark.master": f"local[{settings.cpus}]",
        "spark.app.name": "geoscope",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.ui.retainedJobs": "200",
        "spark.ui.retainedStages": "200",
        "spark.sql.ui.retainedExecutions": "50",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": f"{settings.heap_bytes // 1024}k",
        "spark.local.dir": str(folders.spark_local),
        "spark.sql.warehouse.dir": str(folders.warehouse),
        "spark.sql.catalogImplementation": "in-memory",
        # Tables over files read in place follow them.
        "spark.sql.filesourceTableRelationCacheSize": "0",
        # Sedona's types, functions, joins and GeoParquet, for every session.
        "spark.sql.extensions": "geoscope.spatial.Engine",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.shuffle.partitions": str(max(8, 4 * settings.cpus)),
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Fewer, larger batches: a fifth less time for encoding them.
        "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
        "spark.python.daemon.module": "sandbox.runtime.worker_daemon",
        # A task that runs out of heap fails its statement; Spark would end the whole JVM.
        "spark.executor.killOnFatalError.depth": "0",
        "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
        "spark.kryo.registrator": "org.apache.sedona.core.serde.SedonaKryoRegistrator",
    }


def argument_file(arguments: list[str]) -> str:
    """The arguments as the text of a java argument file, one quoted a line."""
    return "".join('"{}"\n'.format(a.replace("\\", "\\\\").replace('"', '\\"')) for a in arguments)


class Jvm:
    """One JVM process; it ends by itself when the agent does, because its standard input ends."""

    def __init__(self, process: subprocess.Popen[bytes], connection_file: Path) -> None:
        self.process = process
        self._connection_file = connection_file

    @classmethod
    def start(cls, settings: AgentSettings, env: Mapping[str, str]) -> Jvm:
        """Start the JVM and return at once; raises OSError where there is no Java."""
        folders = ScopeFolders.of(settings)
        installed = Installation.find(env)
        arguments = folders.run / "jvm.args"
        arguments.write_text(argument_file(jvm_arguments(settings, installed)))
        connection = folders.run / "jvm.connection"
        connection.unlink(missing_ok=True)
        process = subprocess.Popen(  # noqa: S603  (the command is ours)
            [installed.java, f"@{arguments}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd=folders.files,
            env={
                **env,
                # A file of the tenant's must not take the place of a module in Spark's workers.
                "PYTHONSAFEPATH": "1",
                "SPARK_HOME": str(installed.spark_home),
                "_PYSPARK_DRIVER_CONN_INFO_PATH": str(connection),
            },
            start_new_session=True,
        )
        return cls(process, connection)

    def connect(self, deadline_s: float = START_DEADLINE_S) -> Any:
        """The py4j gateway, once the JVM listens (blocking); raises TimeoutError, JvmEnded."""
        wait_until(self._listens, deadline_s, "Spark's JVM did not open its gateway")
        raw = self._connection_file.read_bytes()
        self._connection_file.unlink()
        port, secret = int.from_bytes(raw[:4], "big"), raw[8:].decode()
        return attach_gateway(port, secret)

    def close(self, grace_s: float) -> None:
        """End it (blocking): by the end of its input, after `grace_s` by a signal."""
        assert self.process.stdin is not None  # noqa: S101
        self.process.stdin.close()
        try:
            self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _listens(self) -> bool:
        code = self.process.poll()
        if code is not None:
            raise JvmEnded(code)
        return self._connection_file.exists()


class JvmEnded(Exception):
    """The JVM ended while it was needed; `code` as subprocess gives it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Spark's JVM ended with code {code}")
        self.code = code


def attach_gateway(port: int, secret: str) -> Any:
    """A py4j gateway to a JVM that listens already, with pyspark's imports."""
    # Imported here: pyspark takes 0.3 s, and the JVM is to be started before.
    from pyspark.java_gateway import launch_gateway

    # launch_gateway knows a running JVM only from the environment; children must not inherit it.
    os.environ["PYSPARK_GATEWAY_PORT"] = str(port)
    os.environ["PYSPARK_GATEWAY_SECRET"] = secret
    try:
        return launch_gateway()
    finally:
        del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]


def exit_code_of(jvm_code: int, *, memory_ran_out: bool) -> ExitCode:
    """With which code the agent ends when its JVM ended with `jvm_code`.

    `memory_ran_out`: the kernel killed a process of the scope for want of memory meanwhile.
    """
    if jvm_code in OUT_OF_MEMORY_EXITS:
        return ExitCode.JVM_OUT_OF_MEMORY
    if jvm_code == -signal.SIGKILL:
        return ExitCode.JVM_KILLED_FOR_MEMORY if memory_ran_out else ExitCode.JVM_KILLED
    return ExitCode.JVM_DIED


def _native_options(folder: Path | None) -> list[str]:
    """Native codecs unpacked at build time: /tmp is mounted noexec."""
    if folder is None:
        return []
    return [
        f"-Djava.library.path={folder}",
        f"-Dorg.xerial.snappy.lib.path={folder}",
        "-Dorg.xerial.snappy.lib.name=libsnappyjava.so",
        f"-DZstdNativePath={folder}/libzstd-jni.so",
    ]


def _archive_options(archive: Path | None) -> list[str]:
    return [] if archive is None else [f"-XX:SharedArchiveFile={archive}"]


def _if_there(path: str) -> Path | None:
    found = Path(path)
    return found if found.exists() else None


def _pyspark_home() -> str:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or not spec.submodule_search_locations:
        return "/opt/spark"
    return str(spec.submodule_search_locations[0])
