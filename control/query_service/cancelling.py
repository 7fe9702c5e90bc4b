"""Telling an agent to stop a statement or a job."""

from __future__ import annotations

from typing import Final

from control.agent_client import AgentClient
from control.errors import GeoscopeError
from control.logs import get_logger
from wire.messages import CancelRequest, DropJob

log = get_logger(__name__)
TIMEOUT_S: Final = 30.0


async def cancel(client: AgentClient, work_id: str, request_id: str = "") -> bool:
    """Stop it; gives whether there was anything to stop."""
    try:
        reply = await client.call(CancelRequest(work_id=work_id), TIMEOUT_S, request_id)
    except GeoscopeError as error:
        log.warning("cancel failed", type=error.type)
        return False
    return reply.work > 0


async def drop(client: AgentClient, work_id: str) -> None:
    """Have the agent forget a job; where that fails its own sweep does it later."""
    try:
        await client.call(DropJob(work_id=work_id), TIMEOUT_S)
    except GeoscopeError as error:
        log.info("job not dropped", type=error.type)
