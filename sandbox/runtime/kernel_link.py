"""What agent and kernel tell each other before the first statement, one JSON line each."""

from __future__ import annotations

import msgspec


class Link(msgspec.Struct, kw_only=True):
    """To the kernel's standard input: how to reach the JVM, and what is there."""

    port: int
    secret: str
    relay_port: int
    relay_token: str
    sessions: dict[str, str]
    """Name of a session → the id of its Java object on this kernel's gateway."""
    envs: dict[str, str]


class Attached(msgspec.Struct, kw_only=True):
    """From the kernel's standard output: where its accumulator server listens."""

    port: int
    secret: str
