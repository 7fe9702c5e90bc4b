"""Why a plan is left to Spark."""

from __future__ import annotations


class NotTaken(Exception):
    """A plan or a value whose meaning is not known for certain; the reason is for logs."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
