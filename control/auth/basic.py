"""User name and password in each request, for clients that know nothing else (HTTP Basic)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from control.auth.accounts import Accounts
from control.auth.tokens import Identity
from control.errors import BadLogin, Unauthorized
from control.store.accounts import Account, AccountStore

SCHEME: Final = "basic"
REMEMBERED_S: Final = 60.0
MAX_REMEMBERED: Final = 10_000


@dataclass(frozen=True)
class _Remembered:
    identity: Identity
    epoch: int
    """The account's, which grows when its password changes."""
    until: float


class BasicLogins:
    """Verifies pairs, and remembers for a minute which were good.

    The mutable state is `_good`: keyed hashes of pairs, so that no password stays in memory.
    """

    def __init__(
        self, accounts: Accounts, store: AccountStore, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._accounts = accounts
        self._store = store
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._good: dict[bytes, _Remembered] = {}
        self._seen_changes = store.changes

    async def identify(self, header: str, address: str) -> Identity:
        """Who sent this Authorization header; raises Unauthorized or TooManyLogins."""
        pair = _pair(header)
        digest = hmac.digest(self._key, pair, "sha256")
        known = self._recall(digest)
        if known is None:
            known = self._remember(digest, await self._verify(pair, address))
        return known

    def _recall(self, digest: bytes) -> Identity | None:
        found = self._good.get(digest)
        if found is None or found.until <= self._clock():
            return None
        if self._seen_changes != self._store.changes:
            self._forget_changed()
            found = self._good.get(digest)
        return None if found is None else found.identity

    def _remember(self, digest: bytes, account: Account) -> Identity:
        now = self._clock()
        identity = Identity(
            username=account.username,
            role=account.role,
            jti="",
            expires=time.time() + REMEMBERED_S,
        )
        if len(self._good) >= MAX_REMEMBERED:
            self._good = {key: one for key, one in self._good.items() if one.until > now}
        if len(self._good) >= MAX_REMEMBERED:
            self._good.clear()
        # The epoch is of before the verification: a password changed meanwhile is noticed.
        self._good[digest] = _Remembered(identity, account.token_epoch, now + REMEMBERED_S)
        return identity

    def _forget_changed(self) -> None:
        """Forget whoever's account is not as it was."""
        self._seen_changes = self._store.changes
        accounts = {account.username: account for account in self._store.list()}
        self._good = {
            digest: one
            for digest, one in self._good.items()
            if (account := accounts.get(one.identity.username)) is not None
            and (account.token_epoch, account.role) == (one.epoch, one.identity.role)
        }

    async def _verify(self, pair: bytes, address: str) -> Account:
        username, _, password = pair.decode("utf-8", "replace").partition(":")
        try:
            return await self._accounts.log_in(username, password, address)
        except BadLogin as error:
            raise Unauthorized from error


def is_basic(header: str) -> bool:
    """Whether this Authorization header is a user name and a password."""
    return header[: len(SCHEME) + 1].lower() == f"{SCHEME} "


def _pair(header: str) -> bytes:
    try:
        pair = base64.b64decode(header.partition(" ")[2].strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unauthorized from error
    if b":" not in pair:
        raise Unauthorized
    return pair
