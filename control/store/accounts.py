"""Accounts and revoked tokens: statements only, no rules."""

from __future__ import annotations

import builtins
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from control.errors import UserExists, UserNotFound
from control.scopes.limits import Quota
from control.store.database import Database
from control.store.schema import accounts, retired_epochs, revoked_tokens, signing_keys

KEPT_REVOKED_S: Final = 90 * 86_400.0
"""A clock that was ahead for a while and is right again must not bring a token back to life."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """One user. A token is good only while it carries the account's `token_epoch`."""

    username: str
    password_hash: str
    role: str
    token_epoch: int
    created: float
    quota: Quota = field(default_factory=Quota)


class AccountStore:
    """Accounts and what makes their tokens good or not."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.changes = 0
        """Grows with every change: what was read before one may not be so any more."""

    def add(self, username: str, password_hash: str, role: str) -> Account:
        """A new account; raises UserExists."""
        with self._changing() as connection:
            row = {
                "username": username,
                "password_hash": password_hash,
                "role": role,
                "token_epoch": _first_epoch(connection, username),
                "created": time.time(),
                "quota": "{}",
            }
            try:
                connection.execute(insert(accounts), row)
            except IntegrityError as error:
                raise UserExists(username) from error
        return self.get(username)

    def find(self, username: str) -> Account | None:
        """The account, if there is one."""
        with self._database.begin() as connection:
            row = connection.execute(
                select(accounts).where(accounts.c.username == username)
            ).one_or_none()
        return None if row is None else _account(row)

    def get(self, username: str) -> Account:
        """The account; raises UserNotFound."""
        account = self.find(username)
        if account is None:
            raise UserNotFound(username)
        return account

    def list(self) -> list[Account]:
        """All accounts, by name."""
        with self._database.begin() as connection:
            rows = connection.execute(select(accounts).order_by(accounts.c.username)).all()
        return [_account(row) for row in rows]

    def count(self, role: str) -> int:
        """How many accounts have this role."""
        with self._database.begin() as connection:
            statement = select(func.count()).where(accounts.c.role == role)
            return int(connection.execute(statement).scalar_one())

    def remove(self, username: str) -> None:
        """Remove the account, and with it every token of it; raises UserNotFound."""
        with self._changing() as connection:
            epoch = connection.execute(
                select(accounts.c.token_epoch).where(accounts.c.username == username)
            ).scalar_one_or_none()
            if epoch is None:
                raise UserNotFound(username)
            connection.execute(delete(accounts).where(accounts.c.username == username))
            connection.execute(insert(retired_epochs), {"username": username, "token_epoch": epoch})

    def set_password_hash(self, username: str, password_hash: str) -> None:
        """A new password; every token of the old one ends. Raises UserNotFound."""
        self._set(username, password_hash=password_hash, token_epoch=accounts.c.token_epoch + 1)

    def rehash(self, username: str, password_hash: str) -> None:
        """The same password under newer parameters; tokens stay. Raises UserNotFound."""
        self._set(username, password_hash=password_hash)

    def set_role(self, username: str, role: str) -> None:
        """Another role; raises UserNotFound."""
        self._set(username, role=role)

    def set_quota(self, username: str, quota: Quota) -> None:
        """What the user may have, other than usual; raises UserNotFound."""
        self._set(username, quota=msgspec.json.encode(quota).decode())

    def quota(self, username: str) -> Quota:
        """What the user may have; the usual for one without an account."""
        account = self.find(username)
        return Quota() if account is None else account.quota

    def end_tokens(self, username: str) -> None:
        """Every token given until now ends; raises UserNotFound."""
        self._set(username, token_epoch=accounts.c.token_epoch + 1)

    def revoke(self, jti: str, expires: float) -> None:
        """End one token; twice is fine. Forgotten long after it would have expired anyway."""
        with self._changing() as connection:
            connection.execute(
                delete(revoked_tokens).where(
                    revoked_tokens.c.expires < time.time() - KEPT_REVOKED_S
                )
            )
            connection.execute(
                insert(revoked_tokens).prefix_with("OR IGNORE"), {"jti": jti, "expires": expires}
            )

    def is_revoked(self, jti: str) -> bool:
        """Whether this one token was ended."""
        with self._database.begin() as connection:
            found = connection.execute(select(revoked_tokens).where(revoked_tokens.c.jti == jti))
            return found.one_or_none() is not None

    def old_signing_keys(self) -> builtins.list[str]:
        """Secrets that an older version kept here, the newest first."""
        with self._database.begin() as connection:
            newest_first = select(signing_keys.c.secret).order_by(signing_keys.c.id.desc())
            return list(connection.execute(newest_first).scalars())

    def forget_signing_keys(self) -> None:
        """They are in their file now."""
        with self._changing() as connection:
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
            connection.execute(delete(signing_keys))

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        try:
            with self._database.begin() as connection:
                yield connection
        finally:
            self.changes += 1

    def _set(self, username: str, **values: Any) -> None:
        with self._changing() as connection:
            changed = connection.execute(
                update(accounts).where(accounts.c.username == username).values(**values)
            )
            if changed.rowcount == 0:
                raise UserNotFound(username)


def _first_epoch(connection: Connection, username: str) -> int:
    """One more than any token of that name can carry: a namesake must not inherit old tokens."""
    where = retired_epochs.c.username == username
    retired = connection.execute(select(retired_epochs.c.token_epoch).where(where)).scalar()
    connection.execute(delete(retired_epochs).where(where))
    return 0 if retired is None else int(retired) + 1


def _account(row: Row[Any]) -> Account:
    values = row._asdict()
    values["quota"] = msgspec.json.decode(values["quota"], type=Quota)
    return Account(**values)
