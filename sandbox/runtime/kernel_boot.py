"""The kernel's entry: `python -m sandbox.runtime.kernel_boot CONNECTION_FILE`.

It imports what takes long, waits on its standard input for the link to the JVM, attaches, and
serves the tenant's statements as an ipykernel.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
from pathlib import Path
from typing import Final

import msgspec
from pyspark.sql import SparkSession

from sandbox.compat.namespace import names
from sandbox.runtime.kernel_attach import Attachment
from sandbox.runtime.kernel_link import Link
from sandbox.runtime.kernel_shell import ScopeKernelApp, configuration
from sandbox.runtime.processes import (
    bound_processes,
    die_with_parent,
    prefer_to_be_killed,
    reserved_bytes,
)
from wire.settings import AgentSettings

KERNEL_OOM_SCORE: Final = 1000
START_RESERVED_BYTES: Final = 512 * 1024**2
"""Until it serves nobody's code runs, and nobody knows what it will reserve."""


def confine(settings: AgentSettings) -> None:
    """End with the agent, be the first to be killed; meet errors before the scope has no room."""
    die_with_parent()
    prefer_to_be_killed(KERNEL_OOM_SCORE)
    bound_processes(settings.kernel_pids)
    bound_memory(settings, START_RESERVED_BYTES)


def bound_memory(settings: AgentSettings, reserved_bytes: int) -> None:
    """Let the kernel hold its share, and what it has reserved without holding it."""
    if settings.kernel_memory_bytes:
        limit = settings.kernel_memory_bytes + reserved_bytes
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def await_link() -> Link | None:
    """The agent's line on our standard input; None when it ended before there was one."""
    line = sys.stdin.buffer.readline()
    return msgspec.json.decode(line, type=Link) if line else None


def give_up_streams() -> int:
    """Point standard input and output at nothing; the descriptor that leads to the agent."""
    agent = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return agent


def serve(connection_file: str, settings: AgentSettings, link: Link) -> None:
    """Attach, make the namespace, and run statements until we are ended."""
    agent = give_up_streams()
    attachment = Attachment(link)
    app = ScopeKernelApp.instance(
        config=configuration(),
        user_ns={
            **names(),
            "SparkSession": SparkSession,
            "sc": attachment.spark.sparkContext,
            **attachment.sessions,
        },
    )
    app.initialize(["-f", connection_file])
    # Its handlers take warnings only, but every debug line would be made for them.
    app.log.setLevel(logging.WARNING)
    app.kernel.furnish(attachment, settings.max_output_bytes)
    # Modules of the tenant's own; last, so that none takes the place of an installed one.
    sys.path.append(str(Path.cwd()))
    os.write(agent, msgspec.json.encode(attachment.answer()) + b"\n")
    os.close(agent)
    # RLIMIT_DATA counts the stacks of threads, of which next to nothing is ever used.
    bound_memory(settings, reserved_bytes())
    app.start()


def main() -> None:
    """Be a kernel."""
    settings = AgentSettings.from_env(os.environ)
    confine(settings)
    link = await_link()
    if link is not None:
        serve(sys.argv[1], settings, link)


if __name__ == "__main__":
    main()
