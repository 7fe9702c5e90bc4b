"""Accounts: who may log in, as what, and the rules about it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from control.auth.limits import LoginThrottle
from control.auth.passwords import Passwords
from control.errors import (
    BadLogin,
    BadName,
    BadParameter,
    DriverRefused,
    LastAdmin,
    SingleUser,
    UserNotFound,
)
from control.scopes.limits import Quota
from control.scopes.quotas import check_quota, over
from control.store.accounts import Account, AccountStore

Role = Literal["user", "admin"]
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
MAX_PASSWORD_LENGTH: Final = 1024


@dataclass(frozen=True, kw_only=True)
class AccountRules:
    """What the settings say about accounts."""

    min_password_length: int = 6
    single_user: bool = False
    """The process driver isolates nobody from nobody, so there is one account."""
    roles: Mapping[str, Quota] = field(default_factory=dict)
    """What users of a role may have where their account says nothing else."""


class Accounts:
    """All accounts; passwords go in here and never come out.

    The mutable state is `_allowed`: what users may have, as of the store's `_allowed_at` changes.
    """

    def __init__(
        self,
        store: AccountStore,
        passwords: Passwords,
        throttle: LoginThrottle,
        rules: AccountRules,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._throttle = throttle
        self._rules = rules
        self._allowed: dict[str, Quota] = {}
        self._allowed_at = store.changes

    @property
    def hashing(self) -> int:
        """How many passwords are being hashed, or wait to be."""
        return self._passwords.under_way

    async def log_in(self, username: str, password: str, address: str) -> Account:
        """The account with this password; raises BadLogin, or TooManyLogins after failures."""
        self._throttle.check(username, address)
        account = self._store.find(username)
        known = account.password_hash if account else None
        good = await self._passwords.verify(known, password[:MAX_PASSWORD_LENGTH])
        if account is None or not good:
            self._throttle.note_failure(username, address)
            raise BadLogin
        self._throttle.clear(username, address)
        if self._passwords.is_old(account.password_hash):
            self._store.rehash(username, await self._passwords.hash(password))
        return account

    async def add(self, username: str, password: str, role: Role) -> Account:
        """A new account; raises UserExists, BadName, BadParameter, SingleUser."""
        if NAME.fullmatch(username) is None:
            raise BadName(username)
        if self._rules.single_user and self._store.list():
            raise SingleUser
        self.check_password(password)
        return self._store.add(username, await self._passwords.hash(password), role)

    async def set_password(self, username: str, password: str) -> None:
        """A new password; every token given before ends. Raises UserNotFound, BadParameter."""
        self.check_password(password)
        self._store.get(username)
        self._store.set_password_hash(username, await self._passwords.hash(password))

    def set_role(self, username: str, role: Role) -> None:
        """Another role; raises UserNotFound, LastAdmin."""
        if role != "admin":
            self._keep_an_admin(username)
        self._store.set_role(username, role)

    def set_quota(self, username: str, quota: Quota) -> None:
        """What the user may have, other than usual; raises UserNotFound, BadParameter."""
        check_quota(quota)
        self._store.set_quota(username, quota)

    def allowed(self, username: str) -> Quota:
        """What the user may have: by the account, else by its role, from the next request on."""
        if self._allowed_at != self._store.changes:
            self._allowed.clear()
            self._allowed_at = self._store.changes
        found = self._allowed.get(username)
        if found is None:
            account = self._store.find(username)
            usual = self._rules.roles.get("user" if account is None else account.role, Quota())
            found = usual if account is None else over(account.quota, usual)
            if account is not None:
                self._allowed[username] = found
        return found

    def remove(self, username: str) -> None:
        """Remove the account and end its tokens; raises UserNotFound, LastAdmin."""
        self._keep_an_admin(username)
        self._store.remove(username)

    def end_tokens(self, username: str) -> None:
        """End every token of the user; raises UserNotFound."""
        self._store.end_tokens(username)

    def get(self, username: str) -> Account:
        """The account; raises UserNotFound."""
        return self._store.get(username)

    def has(self, username: str) -> bool:
        """Whether there is such an account."""
        return self._store.find(username) is not None

    def list(self) -> list[Account]:
        """All accounts, by name."""
        return self._store.list()

    async def ensure_admin(self, username: str, password: str | None) -> str | None:
        """Make the admin if there is no account yet; gives the password if it had to be made."""
        if self._store.list():
            return None
        made = password or secrets.token_urlsafe(12)
        await self.add(username, made, "admin")
        return None if password else made

    def check_password(self, password: str) -> None:
        """Whether a user may have this password; raises BadParameter."""
        least = self._rules.min_password_length
        if not least <= len(password) <= MAX_PASSWORD_LENGTH:
            parameter, why = "password", f"must have {least} to {MAX_PASSWORD_LENGTH} characters"
            raise BadParameter(parameter, why)

    def check_driver(self, driver: str) -> None:
        """Whether this driver may serve these accounts; raises DriverRefused."""
        if self._rules.single_user and len(self._store.list()) > 1:
            why = "it isolates nobody from nobody, and there is more than one account"
            raise DriverRefused(driver, why)

    def _keep_an_admin(self, username: str) -> None:
        account = self._store.find(username)
        if account is None:
            raise UserNotFound(username)
        if account.role == "admin" and self._store.count("admin") == 1:
            raise LastAdmin(username)
