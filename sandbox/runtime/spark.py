"""The scope's SparkContext and its sessions, as the agent holds them."""

from __future__ import annotations

from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

from sandbox.failure import AgentFailure
from wire.protocol import ErrorCode

DEFAULT_SESSION = "spark"


class SparkRuntime:
    """One SparkContext and the sessions on it; the default one is named `spark`.

    The mutable state is `_sessions`, changed only by `add` and `remove`, which hold no lock:
    each is one operation on a dict.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._sessions: dict[str, SparkSession] = {DEFAULT_SESSION: spark}

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

    def session(self, name: str) -> SparkSession:
        """The session of that name; raises AgentFailure(SESSION_NOT_FOUND)."""
        found = self._sessions.get(name)
        if found is None:
            raise AgentFailure(ErrorCode.SESSION_NOT_FOUND, f"session {name} not found!")
        return found

    def add(self, name: str, session: SparkSession) -> None:
        """Take in a new session; raises AgentFailure(SESSION_EXISTS)."""
        if name in self._sessions:
            raise AgentFailure(
                ErrorCode.SESSION_EXISTS, f"sorry, session {name} already exists!"
            )
        self._sessions[name] = session

    def remove(self, name: str) -> SparkSession:
        """Forget a session; the default one stays."""
        if name == DEFAULT_SESSION:
            raise AgentFailure(
                ErrorCode.BAD_REQUEST, "the session spark is the scope's own and stays"
            )
        self.session(name)
        return self._sessions.pop(name)
