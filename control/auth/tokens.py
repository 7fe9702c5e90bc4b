"""Tokens: JWTs that say who, until when, and can be taken back."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import jwt

from control.auth.keys import KeyRing
from control.errors import Unauthorized
from control.store.accounts import Account, AccountStore

TOKEN_LIFE_S: Final = 604_800
ALGORITHM: Final = "HS256"
MAX_KNOWN: Final = 10_000
CLAIMS: Final = ["iss", "sub", "iat", "exp", "jti", "epoch"]
SCHEMES: Final = frozenset({"token", "bearer"})


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who makes a request; `expires` in seconds since the epoch."""

    username: str
    role: str
    jti: str
    expires: float

    @property
    def is_admin(self) -> bool:
        """Whether /admin is open to them."""
        return self.role == "admin"


class Tokens:
    """Gives tokens, reads them, ends them. `issuer` is this installation's id.

    The mutable state is `_known`: who sent tokens that were good at `_known_at`, the store's
    changes and the version of the keys. This process is the store's only writer, so until the
    next change they still are.
    """

    def __init__(
        self,
        store: AccountStore,
        ring: KeyRing,
        issuer: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._ring = ring
        self.issuer = issuer
        self._clock = clock
        self._known: dict[str, Identity] = {}
        self._known_at = (store.changes, ring.look())

    def issue(self, account: Account) -> str:
        """A token for this account, good for a week."""
        now = int(self._clock())
        claims = {
            "iss": self.issuer,
            "sub": account.username,
            "iat": now,
            "exp": now + TOKEN_LIFE_S,
            "jti": uuid.uuid4().hex,
            "epoch": account.token_epoch,
        }
        self._ring.look()
        key = self._ring.keys[0]
        return jwt.encode(claims, key.secret, algorithm=ALGORITHM, headers={"kid": key.id})

    def identify(self, header: str | None) -> Identity:
        """Who sent this Authorization header; raises Unauthorized."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() not in SCHEMES:
            raise Unauthorized
        # Blanks around it would make another entry of what is known.
        token = token.strip()
        known = self._recall(token)
        if known is None:
            known = self._known[token] = self._examine(token)
        return known

    def _recall(self, token: str) -> Identity | None:
        now = (self._store.changes, self._ring.look())
        if self._known_at != now or len(self._known) >= MAX_KNOWN:
            self._known.clear()
            self._known_at = now
        known = self._known.get(token)
        return None if known is None or known.expires <= self._clock() else known

    def _examine(self, token: str) -> Identity:
        claims = self._claims(token)
        account = self._store.find(str(claims["sub"]))
        if account is None or account.token_epoch != claims["epoch"]:
            raise Unauthorized
        if self._store.is_revoked(str(claims["jti"])):
            raise Unauthorized
        return Identity(
            username=account.username,
            role=account.role,
            jti=str(claims["jti"]),
            expires=float(claims["exp"]),
        )

    def revoke(self, identity: Identity) -> None:
        """End this one token."""
        self._store.revoke(identity.jti, identity.expires)

    def _claims(self, token: str) -> dict[str, Any]:
        claims = self._verified(token)
        if not isinstance(claims["exp"], int) or claims["exp"] <= self._clock():
            raise Unauthorized
        return claims

    def _verified(self, token: str) -> dict[str, Any]:
        """What one of our keys has signed: the one that the token names, else any."""
        try:
            named = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as error:
            raise Unauthorized from error
        for key in self._ring.keys:
            if named in (None, key.id):
                with suppress(jwt.PyJWTError):
                    return self._decoded(token, key.secret)
        raise Unauthorized

    def _decoded(self, token: str, secret: str) -> dict[str, Any]:
        # Our own clock decides on `exp`, so that tests need not wait a week.
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            issuer=self.issuer,
            options={"require": CLAIMS, "verify_exp": False, "verify_iat": False},
        )
        return claims
