"""User name and password in each request: verified once a minute, forgotten when they change."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from control.auth.accounts import AccountRules, Accounts
from control.auth.basic import MAX_REMEMBERED, REMEMBERED_S, BasicLogins, is_basic
from control.auth.limits import LoginThrottle
from control.auth.passwords import Passwords
from control.errors import TooManyLogins, Unauthorized
from control.store.accounts import AccountStore
from control.store.database import Database


class CountedPasswords(Passwords):
    """Counts how often a password is verified, which is the dear part."""

    verified = 0

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.verified += 1
        return await super().verify(password_hash, password)


class House:
    def __init__(self, database: Database) -> None:
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.now = 0.0
        self.store = AccountStore(database)
        self.passwords = CountedPasswords(hasher)
        self.accounts = Accounts(self.store, self.passwords, LoginThrottle(), AccountRules())
        self.basic = BasicLogins(self.accounts, self.store, lambda: self.now)

    async def ask(self, username: str = "ann", password: str = "secret1") -> str:
        identity = await self.basic.identify(header(f"{username}:{password}"), "1.2.3.4")
        return f"{identity.username} {identity.role}"


def header(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database.open(tmp_path, durable=False)
    yield House(database)
    database.close()


async def test_a_good_pair_is_verified_once_a_minute(house: House) -> None:
    await house.accounts.add("ann", "secret1", "user")

    assert [await house.ask() for _ in range(3)] == ["ann user"] * 3
    assert house.passwords.verified == 1
    house.now = REMEMBERED_S
    await house.ask()
    assert house.passwords.verified == 2


async def test_neither_password_nor_pair_is_kept(house: House) -> None:
    await house.accounts.add("ann", "secret1", "user")
    await house.ask()

    assert "secret1" not in repr(vars(house.basic))


async def test_a_bad_pair_is_verified_each_time_and_counted(house: House) -> None:
    await house.accounts.add("ann", "secret1", "user")

    for _ in range(10):
        with pytest.raises(Unauthorized):
            await house.ask(password="wrong")
    with pytest.raises(TooManyLogins):
        await house.ask(password="wrong")
    assert house.passwords.verified == 10


async def test_a_change_of_password_role_or_account_is_noticed(house: House) -> None:
    await house.accounts.add("root", "secret1", "admin")
    await house.accounts.add("ann", "secret1", "user")
    assert await house.ask() == "ann user"

    house.accounts.set_role("ann", "admin")
    assert await house.ask() == "ann admin"
    await house.accounts.set_password("ann", "secret2")
    with pytest.raises(Unauthorized):
        await house.ask()
    assert await house.ask(password="secret2") == "ann admin"
    house.accounts.remove("ann")
    with pytest.raises(Unauthorized):
        await house.ask(password="secret2")


async def test_a_change_of_others_costs_nobody_a_verification(house: House) -> None:
    await house.accounts.add("ann", "secret1", "user")
    await house.accounts.add("bob", "secret1", "user")
    await house.ask()
    await house.accounts.set_password("bob", "secret2")

    await house.ask()

    assert house.passwords.verified == 1


async def test_passwords_may_hold_colons_and_any_letter(house: House) -> None:
    await house.accounts.add("ann", "a:b:é€", "user")

    assert await house.ask(password="a:b:é€") == "ann user"


@pytest.mark.parametrize("text", ["Basic", "Basic ", "Basic !!", "Basic YW5u", "Basic é"])
async def test_what_is_no_pair_is_refused(house: House, text: str) -> None:
    with pytest.raises(Unauthorized):
        await house.basic.identify(text, "1.2.3.4")


async def test_strangers_do_not_fill_the_memory(house: House) -> None:
    await house.accounts.add("ann", "secret1", "user")
    await house.ask()
    [entry] = house.basic._good.values()
    house.basic._good.update({b"%d" % n: entry for n in range(MAX_REMEMBERED)})

    house.now = 1.0
    await house.accounts.add("bob", "secret1", "user")
    await house.ask("bob")

    assert len(house.basic._good) == 1


@pytest.mark.parametrize(
    ("text", "expected"), [("Basic x", True), ("basic x", True), ("Bearer x", False), ("", False)]
)
def test_the_scheme_says_what_it_is(text: str, expected: bool) -> None:
    assert is_basic(text) is expected
