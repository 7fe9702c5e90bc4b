"""SparkSessions of a scope."""

from __future__ import annotations

import uuid

import msgspec
from sanic import HTTPResponse

from control.routes.fields import InScope
from control.web.agents import ask_on, query_timeout
from control.web.answers import success
from control.web.call import Call
from control.web.endpoint import Routes
from wire.messages import CreateSession, DeleteSession

routes = Routes("sessions")
Value = str | int | float | bool


class NewSession(InScope, frozen=True, kw_only=True):
    """The SparkSession to make; `master` and `app_name` go by two spellings each."""

    session: str | None = None
    app_name: str | None = None
    app_name_dashed: str | None = msgspec.field(name="app-name", default=None)
    master_addr: str | None = None
    master_addr_dashed: str | None = msgspec.field(name="master-addr", default=None)
    configs: dict[str, Value] = msgspec.field(default_factory=dict)
    envs: dict[str, Value] = msgspec.field(default_factory=dict)

    def message(self) -> CreateSession:
        """What the agent is asked."""
        return CreateSession(
            name=self.session or f"session_{uuid.uuid4().hex[:8]}",
            app_name=self.app_name or self.app_name_dashed,
            master=self.master_addr or self.master_addr_dashed,
            configs=as_texts(self.configs),
            envs=as_texts(self.envs),
        )


def as_texts(values: dict[str, Value]) -> dict[str, str]:
    """The values as Spark wants them: text, truth in lower case."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }


@routes.post("/session", body=NewSession)
async def create_session(call: Call, wanted: NewSession) -> HTTPResponse:
    """Make a SparkSession with its own configuration and temporary views."""
    made = await ask_on(call, wanted.scope, wanted.message(), query_timeout(call, None))
    return success(
        "create session successfully!",
        session=made.name,
        app_name=made.app_name,
        master=made.master,
    )


@routes.delete("/session/<scope>/<session>")
async def delete_session(call: Call, scope: str, session: str) -> HTTPResponse:
    """End a SparkSession; its temporary views go with it."""
    await ask_on(call, scope, DeleteSession(name=session), query_timeout(call, None))
    return success(f"remove session {session} successfully!")
