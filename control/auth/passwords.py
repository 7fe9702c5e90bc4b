"""Passwords: argon2id, in threads, and the same time for a user that does not exist."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_PARALLEL: Final = 4
"""Each hash takes 64 MiB; more at once would be a way to fill the memory from outside."""


class Passwords:
    """Hashes and verifies. `hasher` says how dear a hash is."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash("nobody has this password")
        self._slots = asyncio.Semaphore(MAX_PARALLEL)
        self.under_way = 0
        """How many are hashed, or wait to be."""

    async def hash(self, password: str) -> str:
        """The password's hash, with its own salt and parameters in it."""
        async with self._slot():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is that password; None is a user who does not exist, and takes as long."""
        async with self._slot():
            good = await asyncio.to_thread(self._verify, password_hash or self._nobody, password)
        return good and password_hash is not None

    def is_old(self, password_hash: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        self.under_way += 1
        try:
            async with self._slots:
                yield
        finally:
            self.under_way -= 1

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
