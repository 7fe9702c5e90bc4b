"""The scope's SparkContext and its sessions, as the agent holds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pyspark import SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from sandbox.failure import AgentFailure
from sandbox.spatial import register
from sandbox.sqlerrors import translate
from wire.messages import CreateSession, Session
from wire.protocol import ErrorCode

DEFAULT_SESSION: Final = "spark"
ANY_MASTER: Final = "local[*]"
_STATIC: Final = frozenset({"CANNOT_MODIFY_CONFIG", "CANNOT_MODIFY_STATIC_CONFIG"})


class SparkRuntime:
    """One SparkContext and the sessions on it; the default one is named `spark`.

    The mutable state is `_sessions`; each change is one operation on a dict.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._sessions: dict[str, SparkSession] = {DEFAULT_SESSION: spark}
        ended = self.jvm.geoscope.jobs.EndedStatements
        self._ended = ended.over(self.sc._jsc.sc())

    @classmethod
    def over(cls, gateway: Any, has_context: Callable[[], None]) -> SparkRuntime:
        """The runtime on a JVM that has Spark's configuration in its system properties.

        `has_context` is called between the context and the session.
        """
        sc = SparkContext(gateway=gateway)
        has_context()
        spark = SparkSession.builder.getOrCreate()
        register(spark)
        assert spark.sparkContext is sc  # noqa: S101
        return cls(spark)

    @property
    def spark(self) -> SparkSession:
        """The default session."""
        return self._sessions[DEFAULT_SESSION]

    @property
    def sc(self) -> SparkContext:
        """The SparkContext under every session."""
        return self.spark.sparkContext

    @property
    def jvm(self) -> Any:
        """The py4j view of the JVM, for what pyspark does not wrap."""
        return self.sc._jvm

    @property
    def sessions(self) -> dict[str, SparkSession]:
        """All sessions by name; a copy."""
        return dict(self._sessions)

    @property
    def is_stopped(self) -> bool:
        """Whether the context was stopped, by whomever (asks the JVM)."""
        return bool(self.sc._jsc.sc().isStopped())

    def end_statement(self, statement: str) -> None:
        """Cancel the jobs that a statement of the kernel's runs, or is yet to run (blocking)."""
        self._ended.end(statement)

    def session(self, name: str) -> SparkSession:
        """The session of that name; raises AgentFailure(SESSION_NOT_FOUND)."""
        found = self._sessions.get(name)
        if found is None:
            raise AgentFailure(ErrorCode.SESSION_NOT_FOUND, f"session {name} not found!")
        return found

    def create(self, wish: CreateSession) -> Session:
        """Make a session with its own configuration and views (blocking).

        Raises AgentFailure: SESSION_EXISTS, SESSION_NEEDS_OWN_CONTEXT, SESSION_FAILED.
        """
        if wish.name in self._sessions:
            message = f"sorry, session {wish.name} already exists!"
            raise AgentFailure(ErrorCode.SESSION_EXISTS, message)
        _check_name(wish.name)
        self._check_master(wish.master)
        session = self.spark.newSession()
        for key, value in wish.configs.items():
            self._configure(session, key, value)
        register(session)
        self.sc.environment.update(wish.envs)
        self._sessions[wish.name] = session
        master = wish.master or self.sc.master
        return Session(name=wish.name, app_name=wish.app_name or wish.name, master=master)

    def remove(self, name: str) -> None:
        """Forget a session; the default one stays."""
        if name == DEFAULT_SESSION:
            message = "the session spark is the scope's own and stays"
            raise AgentFailure(ErrorCode.BAD_REQUEST, message)
        self.session(name)
        del self._sessions[name]

    def _check_master(self, master: str | None) -> None:
        if master not in (None, "", ANY_MASTER, self.sc.master):
            message = (
                f"the scope runs on {self.sc.master}; a session cannot have {master}, because "
                "the master belongs to the scope and is chosen when it is made"
            )
            raise AgentFailure(ErrorCode.SESSION_NEEDS_OWN_CONTEXT, message)

    def _configure(self, session: SparkSession, key: str, value: str) -> None:
        if key == "spark.master":
            return self._check_master(value)
        if self.sc.getConf().get(key) == value or key == "spark.app.name":
            return None
        try:
            session.conf.set(key, value)
        except PySparkException as error:
            raise _refused(key, error) from error
        return None


def _refused(key: str, error: PySparkException) -> AgentFailure:
    failure = translate(error)
    if failure.facts.get("error_class", "").split(".")[0] in _STATIC:
        message = f"{key} is fixed for the whole Spark context of the scope: {failure.message}"
        return AgentFailure(ErrorCode.SESSION_NEEDS_OWN_CONTEXT, message, facts=failure.facts)
    return AgentFailure(ErrorCode.SESSION_FAILED, failure.message, facts=failure.facts)


def _check_name(name: str) -> None:
    """A session is a variable of that name, so it must be able to be one."""
    if not name.isidentifier() or name.startswith("_"):
        message = f"{name!r} cannot be the name of a session: it becomes a variable"
        raise AgentFailure(ErrorCode.BAD_PARAMETER, message)
