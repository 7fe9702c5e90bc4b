"""The one exception that everything in the sandbox raises towards the control plane."""

from __future__ import annotations

from wire.messages import AgentError
from wire.protocol import ErrorCode


class AgentFailure(Exception):
    """Why a request could not be done, as the control plane will tell it to a person."""

    def __init__(  # noqa: PLR0913  (a failure is its facts)
        self,
        code: ErrorCode,
        message: str,
        *,
        ename: str | None = None,
        evalue: str | None = None,
        traceback: list[str] | None = None,
        facts: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.ename = ename
        self.evalue = evalue
        self.traceback = traceback
        self.facts = facts or {}

    def to_error(self) -> AgentError:
        """The failure as the message that travels."""
        return AgentError(
            code=self.code,
            message=self.message,
            ename=self.ename,
            evalue=self.evalue,
            traceback=self.traceback,
            facts=self.facts,
        )
