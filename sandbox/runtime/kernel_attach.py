"""In the kernel: pyspark attached to the agent's JVM, and kept from ending it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from typing import Any

from py4j.java_gateway import JavaObject
from pyspark import SparkContext, accumulators
from pyspark.sql import SparkSession

from sandbox.runtime.jvm import attach_gateway
from sandbox.runtime.kernel_link import Attached, Link
from sandbox.runtime.late import BeforeMl, register_ml_functions
from sandbox.runtime.quiet import quieten_logs

STOP_WARNING = (
    "Spark belongs to the scope and keeps running: only this handle is closed. "
    "The next command has a new one."
)


class Attachment:
    """The kernel's one connection to the JVM and the handles on it.

    The mutable state is `sessions` (handles that `stop()` closed are made anew by `renew`),
    `calls`, how often this process has asked the JVM for anything, and `statement`, which one runs.
    """

    def __init__(self, link: Link) -> None:
        quieten_logs()
        self.gateway = attach_gateway(link.port, link.secret)
        self.calls = 0
        self.statement = ""
        _watch_calls(self)
        self._link = link
        self._updates = accumulators._start_update_server(link.secret)
        _tame_pyspark(self)
        self.sessions: dict[str, SparkSession] = {}
        self.renew()
        for name, target in link.sessions.items():
            self.take(name, target)
        self.set_envs(link.envs)
        sys.meta_path.insert(0, BeforeMl(lambda: register_ml_functions(self.gateway.jvm)))

    @property
    def spark(self) -> SparkSession:
        """The default session."""
        return self.sessions["spark"]

    def answer(self) -> Attached:
        """What the agent needs to know."""
        return Attached(port=self._updates.server_address[1], secret=self._link.secret)

    @property
    def is_closed(self) -> bool:
        """Whether `spark.stop()` closed our handles."""
        return self.spark.sparkContext._jsc is None

    def renew(self) -> None:
        """New handles, in place of those that `spark.stop()` closed."""
        sc = SparkContext.getOrCreate()
        others = {n: s._jsparkSession for n, s in self.sessions.items() if n != "spark"}
        self.sessions["spark"] = SparkSession.builder.getOrCreate()
        self.sessions |= {name: SparkSession(sc, java) for name, java in others.items()}

    def take(self, name: str, target: str) -> SparkSession:
        """A handle on the session that the agent put on our gateway under `target`."""
        java = JavaObject(target, self.gateway._gateway_client)
        self.sessions[name] = SparkSession(self.spark.sparkContext, java)
        return self.sessions[name]

    def set_envs(self, envs: dict[str, str]) -> None:
        """Environment variables for this process and for the Python workers of its jobs."""
        os.environ.update(envs)
        self.spark.sparkContext.environment.update(envs)

    def adopt(self, sc: SparkContext) -> None:
        """What every SparkContext made in this process needs."""
        assert sc._jvm is not None  # noqa: S101
        # The agent's relay takes the updates: Spark's scheduler waits for whoever takes them.
        sc._javaAccumulator = sc._jvm.PythonAccumulatorV2(
            "127.0.0.1", self._link.relay_port, self._link.relay_token
        )
        sc._jsc.sc().register(sc._javaAccumulator)
        if threading.current_thread() is threading.main_thread():
            # pyspark's handler would cancel every job of the scope, the agent's too.
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def update_server(self, _secret: str) -> Any:
        """The one accumulator server of this process, whichever SparkContext asks."""
        return self._updates


def _watch_calls(attachment: Attachment) -> None:
    """py4j's client, changed so that the agent can be told whether a statement used Spark, and the
    JVM which statement a thread of its works for.
    """
    client = attachment.gateway._gateway_client
    send, mark = client.send_command, attachment.gateway.jvm.geoscope.jobs.EndedStatements.mark
    marked = threading.local()

    def watched(*args: Any, **kwargs: Any) -> Any:
        attachment.calls += 1
        if getattr(marked, "statement", "") != attachment.statement:
            # Before the call, which comes through here again.
            marked.statement = attachment.statement
            mark(attachment.statement)
        try:
            return send(*args, **kwargs)
        except KeyboardInterrupt:
            # py4j has closed this thread's connection: the next has another thread in the JVM.
            marked.statement = ""
            raise

    client.send_command = watched


def _tame_pyspark(attachment: Attachment) -> None:
    """pyspark's classes, changed so that a new context attaches and a stopped one detaches."""
    initialise = SparkContext._do_init

    def attach(self: SparkContext, *args: Any, **kwargs: Any) -> None:
        initialise(self, *args, **kwargs)
        attachment.adopt(self)

    def running(self: SparkContext, _conf: Any) -> Any:
        jvm: Any = self._jvm
        return jvm.JavaSparkContext(jvm.org.apache.spark.SparkContext.getOrCreate())

    SparkContext._gateway = attachment.gateway
    SparkContext._jvm = attachment.gateway.jvm
    SparkContext._do_init = attach
    SparkContext._initialize_context = running
    SparkContext.stop = _close_context
    SparkSession.stop = _close_session
    accumulators._start_update_server = attachment.update_server


def _close_context(self: SparkContext) -> None:
    warnings.warn(STOP_WARNING, stacklevel=2)
    _forget(self)


def _close_session(self: SparkSession) -> None:
    warnings.warn(STOP_WARNING, stacklevel=2)
    _forget(self._sc)


def _forget(sc: SparkContext) -> None:
    with SparkContext._lock:
        if SparkContext._active_spark_context is sc:
            SparkContext._active_spark_context = None
    SparkSession._instantiatedSession = None
    SparkSession._activeSession = None
    sc._jsc = None
