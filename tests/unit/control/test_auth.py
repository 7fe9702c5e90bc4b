"""Passwords, tokens, accounts, limits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from argon2 import PasswordHasher

from control.auth.accounts import AccountRules, Accounts
from control.auth.keys import KeyRing
from control.auth.limits import MAX_FAILURES, LoginThrottle, RequestRate, StatementGate
from control.auth.passwords import Passwords
from control.auth.tokens import TOKEN_LIFE_S, Tokens
from control.errors import (
    BadLogin,
    BadName,
    BadParameter,
    DriverRefused,
    LastAdmin,
    SingleUser,
    TooManyLogins,
    TooManyRequests,
    TooManyStatements,
    Unauthorized,
)
from control.store.accounts import AccountStore
from control.store.database import Database


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AccountStore]:
    database = Database.open(tmp_path)
    yield AccountStore(database)
    database.close()


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing.open(tmp_path / "signing-keys.json")


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def accounts(store: AccountStore, passwords: Passwords, clock: Clock) -> Accounts:
    return Accounts(store, passwords, LoginThrottle(clock), AccountRules())


async def test_hashes_are_argon2id_and_salted(passwords: Passwords) -> None:
    one, two = await asyncio.gather(passwords.hash("x"), passwords.hash("x"))

    assert one.startswith("$argon2id$")
    assert one != two
    assert await passwords.verify(one, "x")
    assert not await passwords.verify(one, "y")


async def test_nobody_has_no_password(passwords: Passwords) -> None:
    assert not await passwords.verify(None, "nobody has this password")
    assert not await passwords.verify("no hash at all", "x")


async def test_an_unknown_user_costs_a_verification_too(accounts: Accounts) -> None:
    seen: list[str] = []
    verify = accounts._passwords._verify

    def counted(password_hash: str, password: str) -> bool:
        seen.append(password_hash)
        return verify(password_hash, password)

    accounts._passwords._verify = counted  # type: ignore[method-assign] # to count its calls

    with pytest.raises(BadLogin):
        await accounts.log_in("nobody", "x", "1.2.3.4")

    assert len(seen) == 1


async def test_hashes_are_renewed_when_they_have_become_weak(store: AccountStore) -> None:
    weak = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    strong = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    await Accounts(store, weak, LoginThrottle(), AccountRules()).add("ann", "secret1", "user")
    before = store.get("ann")

    await Accounts(store, strong, LoginThrottle(), AccountRules()).log_in("ann", "secret1", "a")

    after = store.get("ann")
    assert not strong.is_old(after.password_hash)
    assert after.token_epoch == before.token_epoch


async def test_accounts_have_rules(accounts: Accounts) -> None:
    with pytest.raises(BadName):
        await accounts.add("a b", "secret1", "user")
    with pytest.raises(BadParameter):
        await accounts.add("ann", "short", "user")
    with pytest.raises(BadParameter):
        await accounts.add("ann", "x" * 2000, "user")


async def test_there_is_always_an_admin(accounts: Accounts) -> None:
    await accounts.add("root", "secret1", "admin")
    with pytest.raises(LastAdmin):
        accounts.remove("root")

    await accounts.add("other", "secret1", "admin")
    accounts.remove("root")
    with pytest.raises(LastAdmin):
        accounts.set_role("other", "user")


async def test_the_first_start_makes_an_admin_once(accounts: Accounts) -> None:
    made = await accounts.ensure_admin("admin", None)

    assert made is not None
    assert len(made) >= 12
    assert (await accounts.log_in("admin", made, "a")).role == "admin"
    assert await accounts.ensure_admin("admin", None) is None


async def test_a_given_password_is_not_told(accounts: Accounts) -> None:
    assert await accounts.ensure_admin("admin", "secret1") is None
    assert (await accounts.log_in("admin", "secret1", "a")).username == "admin"


async def test_the_process_driver_serves_one_user(
    store: AccountStore, passwords: Passwords
) -> None:
    rules = AccountRules(single_user=True)
    accounts = Accounts(store, passwords, LoginThrottle(), rules)
    await accounts.ensure_admin("admin", None)
    accounts.check_driver("process")

    with pytest.raises(SingleUser):
        await accounts.add("ann", "secret1", "user")
    store.add("ann", "hash", "user")
    with pytest.raises(DriverRefused):
        accounts.check_driver("process")


def test_ten_failures_then_a_pause(clock: Clock) -> None:
    throttle = LoginThrottle(clock)
    for _ in range(MAX_FAILURES):
        throttle.check("ann", "a")
        throttle.note_failure("ann", "a")
        clock.now += 10

    with pytest.raises(TooManyLogins) as caught:
        throttle.check("ann", "a")

    assert caught.value.retry_after_s == 200
    throttle.check("ann", "other address")
    throttle.check("bob", "a")
    clock.now += 201
    throttle.check("ann", "a")


def test_a_good_login_clears_the_count(clock: Clock) -> None:
    throttle = LoginThrottle(clock)
    for _ in range(MAX_FAILURES):
        throttle.note_failure("ann", "a")
    throttle.clear("ann", "a")

    throttle.check("ann", "a")


def test_rate_refills_evenly(clock: Clock) -> None:
    rate = RequestRate(60, clock)
    for _ in range(60):
        rate.take("ann")
    with pytest.raises(TooManyRequests) as caught:
        rate.take("ann")

    assert caught.value.retry_after_s == 1
    rate.take("bob")
    clock.now += 1
    rate.take("ann")
    with pytest.raises(TooManyRequests):
        rate.take("ann")


def test_a_rate_that_changes_counts_at_once_and_forgives_nothing(clock: Clock) -> None:
    rate = RequestRate(60, clock)
    for _ in range(3):
        rate.take("ann", 3)
    with pytest.raises(TooManyRequests):
        rate.take("ann", 3)
    rate.take("ann", 4)
    with pytest.raises(TooManyRequests):
        rate.take("ann", 4)
    with pytest.raises(TooManyRequests):
        rate.take("ann", 2)


def test_a_gate_counts_what_is_under_way(clock: Clock) -> None:
    gate = StatementGate(2)
    with gate.passed("ann", "a"), gate.passed("ann", "a"):
        with pytest.raises(TooManyStatements), gate.passed("ann", "a"):
            pass
        with gate.passed("ann", "b"), gate.passed("bob", "a"), gate.passed("ann", "a", 3):
            pass
    with gate.passed("ann", "a"), gate.passed("ann", "a"):
        pass


def test_tokens_expire(store: AccountStore, ring: KeyRing, clock: Clock) -> None:
    account = store.add("ann", "hash", "user")
    tokens = Tokens(store, ring, "here", clock)
    header = f"Token {tokens.issue(account)}"

    clock.now += TOKEN_LIFE_S - 1
    assert tokens.identify(header).username == "ann"
    clock.now += 1
    with pytest.raises(Unauthorized):
        tokens.identify(header)


def test_a_namesake_does_not_inherit_tokens(
    store: AccountStore, ring: KeyRing, clock: Clock
) -> None:
    tokens = Tokens(store, ring, "here", clock)
    header = f"Token {tokens.issue(store.add('ann', 'hash', 'user'))}"
    store.remove("ann")
    store.add("ann", "hash", "admin")

    with pytest.raises(Unauthorized):
        tokens.identify(header)


def test_only_our_algorithm_is_taken(store: AccountStore, ring: KeyRing, clock: Clock) -> None:
    account = store.add("ann", "hash", "user")
    tokens = Tokens(store, ring, "here", clock)
    claims = jwt.decode(tokens.issue(account), options={"verify_signature": False})

    for algorithm, key in (("HS512", ring.keys[0].secret), ("none", None)):
        forged = jwt.encode(claims, key, algorithm=algorithm)
        with pytest.raises(Unauthorized):
            tokens.identify(f"Token {forged}")


@pytest.mark.parametrize("ending", ["password", "all", "one", "account", "role"])
def test_a_token_that_was_seen_before_is_looked_at_again_after_a_change(
    store: AccountStore, ring: KeyRing, clock: Clock, ending: str
) -> None:
    tokens = Tokens(store, ring, "here", clock)
    header = f"Token {tokens.issue(store.add('ann', 'hash', 'user'))}"
    seen = tokens.identify(header)
    changes = {
        "password": lambda: store.set_password_hash("ann", "other"),
        "all": lambda: store.end_tokens("ann"),
        "one": lambda: tokens.revoke(seen),
        "account": lambda: store.remove("ann"),
        "role": lambda: store.set_role("ann", "admin"),
    }

    changes[ending]()

    if ending == "role":
        assert tokens.identify(header).is_admin
    else:
        with pytest.raises(Unauthorized):
            tokens.identify(header)
