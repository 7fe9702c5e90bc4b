"""POST /token, POST /login, DELETE /token."""

from __future__ import annotations

import jwt

from control.auth.limits import MAX_FAILURES
from tests.service.client import Server, User


async def test_token_is_good_for_a_week(server: Server, ann: User) -> None:
    body = (await server.nobody.post("/token", {"username": "ann", "password": "secret1"})).good()

    assert body["data"]["expired"] == 604800
    claims = jwt.decode(body["data"]["token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 604800
    assert (claims["sub"], claims["iss"]) == ("ann", server.services.tokens.issuer)


async def test_login_is_the_same_under_its_old_name(server: Server, ann: User) -> None:
    body = (await server.nobody.post("/login", {"username": "ann", "password": "secret1"})).good()

    assert set(body["data"]) == {"token", "expired"}


async def test_unknown_user_and_wrong_password_get_one_answer(server: Server, ann: User) -> None:
    for username in ("ann", "nobody"):
        reply = await server.nobody.post("/token", {"username": username, "password": "wrong"})

        assert reply.error == (401, 401, "bad_login")
        assert reply.body["message"] == "username/password error"
        assert reply.headers["WWW-Authenticate"] == "Token"


async def test_login_answers_code_minus_one(server: Server) -> None:
    reply = await server.nobody.post("/login", {"username": "x", "password": "wrong"})

    assert reply.status == 401
    assert (reply.body["code"], reply.body["message"]) == (-1, "username/password error")


async def test_repeated_failures_are_throttled_per_name(server: Server, ann: User) -> None:
    wrong = {"username": "ann", "password": "wrong"}
    statuses = [(await server.nobody.post("/token", wrong)).status for _ in range(MAX_FAILURES)]

    assert set(statuses) == {401}
    reply = await server.nobody.post("/token", {"username": "ann", "password": "secret1"})
    assert reply.error == (429, 429, "too_many_logins")
    assert 0 < int(reply.headers["Retry-After"]) <= 300
    assert (await server.log_in("admin")).token


async def test_a_good_login_clears_the_count(server: Server, ann: User) -> None:
    for _ in range(2):
        for _ in range(MAX_FAILURES - 1):
            await server.nobody.post("/token", {"username": "ann", "password": "wrong"})
        await server.log_in("ann")


async def test_logout_ends_this_token_only(server: Server, ann: User) -> None:
    other = await server.log_in("ann")

    (await ann.delete("/token")).good()

    assert (await ann.get("/scope")).error == (401, 401, "unauthorized")
    (await other.get("/scope")).good()


async def test_logout_of_all_ends_every_token(server: Server, ann: User) -> None:
    other = await server.log_in("ann")

    (await ann.delete("/token?all=true")).good()

    assert (await other.get("/scope")).status == 401
    assert (await ann.get("/scope")).status == 401


async def test_credentials_are_named_when_missing(server: Server) -> None:
    reply = await server.nobody.post("/token", {"username": "ann"})

    assert (reply.status, reply.body["parameter"]) == (400, "password")
