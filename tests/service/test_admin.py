"""/admin: scopes, users, events."""

from __future__ import annotations

import pytest

from tests.fakes.agent import ScriptedAgent
from tests.service.client import Server, User
from tests.service.conftest import ServerFactory


async def test_an_admin_sees_and_closes_everybodys_scopes(
    server: Server, admin: User, agent: ScriptedAgent
) -> None:
    [scope] = (await admin.get("/admin/scopes")).good()["scopes"]
    assert (scope["user"], scope["scope"], scope["state"]) == ("ann", "taxi", "idle")

    (await admin.delete(f"/admin/scopes/{scope['id']}")).good()

    assert server.world.containers == {}
    missing = await admin.delete(f"/admin/scopes/{scope['id']}")
    assert missing.error == (404, 404, "sandbox_not_found")


async def test_an_admins_own_list_is_their_own(admin: User, agent: ScriptedAgent) -> None:
    assert (await admin.get("/scope")).good()["scopes"] == []
    assert (await admin.get("/scope/taxi")).status == 404


async def test_users_can_be_made_and_log_in(server: Server, admin: User) -> None:
    body = {"username": "eve", "password": "secret1"}

    user = (await admin.post("/admin/users", body)).good()["user"]

    assert (user["username"], user["role"]) == ("eve", "user")
    (await (await server.log_in("eve")).get("/scope")).good()
    names = [u["username"] for u in (await admin.get("/admin/users")).good()["users"]]
    assert names == ["admin", "eve"]


async def test_a_taken_name_is_409(admin: User) -> None:
    reply = await admin.post("/admin/users", {"username": "admin", "password": "secret1"})

    assert reply.error == (409, 409, "user_exists")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"username": "x", "password": "short"}, "bad_parameter"),
        ({"username": "a b", "password": "secret1"}, "bad_name"),
        ({"username": "x'; --", "password": "secret1"}, "bad_name"),
        ({"username": "x", "password": "secret1", "role": "root"}, "bad_parameter"),
        ({"username": "x"}, "bad_parameter"),
    ],
)
async def test_bad_accounts_are_refused(admin: User, body: dict[str, str], kind: str) -> None:
    assert (await admin.post("/admin/users", body)).error == (400, 400, kind)


async def test_a_new_password_ends_old_tokens(server: Server, admin: User, ann: User) -> None:
    (await admin.patch("/admin/users/ann", {"password": "another1"})).good()

    assert (await ann.get("/scope")).status == 401
    assert (await server.log_in("ann", "another1")).token
    refused = await server.nobody.post("/token", {"username": "ann", "password": "secret1"})
    assert refused.status == 401


async def test_an_admin_ends_a_users_tokens_and_nothing_else(
    server: Server, admin: User, ann: User
) -> None:
    (await admin.patch("/admin/users/ann", {"end_tokens": False})).good()
    (await ann.get("/scope")).good()
    (await admin.patch("/admin/users/ann", {"end_tokens": True})).good()

    assert (await ann.get("/scope")).error == (401, 401, "unauthorized")
    (await (await server.log_in("ann")).get("/scope")).good()


async def test_a_role_counts_at_once(admin: User, ann: User) -> None:
    (await admin.patch("/admin/users/ann", {"role": "admin"})).good()
    (await ann.get("/admin/users")).good()

    (await admin.patch("/admin/users/ann", {"role": "user"})).good()
    assert (await ann.get("/admin/users")).status == 403


async def test_a_quota_counts_at_once(admin: User, ann: User) -> None:
    (await admin.patch("/admin/users/ann", {"quota": {"scopes": 0}})).good()

    assert (await ann.post("/scope")).error == (429, 429, "quota_exceeded")
    (await admin.patch("/admin/users/ann", {"quota": {"memory": "4GiB"}})).good()
    (await ann.post("/scope", {"memory": "3GiB"})).good()


@pytest.mark.parametrize(
    ("quota", "parameter"),
    [
        ({"scopes": -1}, "quota.scopes"),
        ({"scopes": 1.5}, "quota.scopes"),
        ({"memory": "1MiB"}, "quota.memory"),
        ({"memory": "much"}, "quota.memory"),
        ({"memory": "9999999TiB"}, "quota.memory"),
        ({"cpus": 0.01}, "quota.cpus"),
        ({"cpus": 1e9}, "quota.cpus"),
        ({"disk": 1}, "quota.disk"),
        ({"requests_per_minute": 0}, "quota.requests_per_minute"),
        ({"requests_per_minute": 10**12}, "quota.requests_per_minute"),
        ({"statements": 0}, "quota.statements"),
        ({"statements": "many"}, "quota.statements"),
        ({"idle_timeout": 0}, "quota.idle_timeout"),
        ({"ttl": 1e30}, "quota.ttl"),
    ],
)
async def test_a_bad_quota_names_the_field_and_changes_nothing(
    admin: User, ann: User, quota: dict[str, object], parameter: str
) -> None:
    before = (await admin.get("/admin/users")).good()["users"]

    reply = await admin.patch("/admin/users/ann", {"role": "admin", "quota": quota})

    assert reply.error == (400, 400, "bad_parameter")
    assert reply.body["parameter"] == parameter
    assert (await admin.get("/admin/users")).good()["users"] == before


async def test_a_bad_password_changes_nothing_else(admin: User, ann: User) -> None:
    change = {"role": "admin", "quota": {"scopes": 1}, "password": "short"}

    reply = await admin.patch("/admin/users/ann", change)

    assert reply.body["parameter"] == "password"
    [user] = [u for u in (await admin.get("/admin/users")).good()["users"] if u["role"] == "user"]
    assert (user["username"], user["quota"]["scopes"]) == ("ann", None)


async def test_what_a_user_may_have_is_shown(admin: User, ann: User) -> None:
    (await admin.patch("/admin/users/ann", {"quota": {"memory": "4GiB", "cpus": 0.5}})).good()

    users = {u["username"]: u for u in (await admin.get("/admin/users")).good()["users"]}

    assert users["ann"]["quota"]["memory"] == 4 * 1024**3
    assert users["ann"]["quota"]["disk"] is None
    assert users["ann"]["allowed"] == {
        "scopes": 10,
        "memory": 4 * 1024**3,
        "cpus": 0.5,
        "disk": 10 * 1024**3,
        "requests_per_minute": 1200,
        "statements": 64,
        "idle_timeout": 3600.0,
        "ttl": None,
    }


async def test_a_role_brings_what_its_setting_says(make_server: ServerFactory) -> None:
    server = await make_server(
        user_quota="scopes=1", admin_quota="scopes=2, memory=4GiB,statements=7"
    )
    ann, admin = await server.user("ann"), await server.log_in("admin")
    (await ann.post("/scope")).good()
    assert (await ann.post("/scope")).error == (429, 429, "quota_exceeded")
    assert (await ann.post("/scope", {"memory": "3GiB"})).status == 400

    (await admin.patch("/admin/users/ann", {"role": "admin"})).good()

    (await ann.post("/scope", {"memory": "3GiB"})).good()
    assert (await ann.post("/scope")).error == (429, 429, "quota_exceeded")
    [shown] = [u for u in (await admin.get("/admin/users")).good()["users"] if u != "ann"][1:]
    assert (shown["allowed"]["scopes"], shown["allowed"]["statements"]) == (2, 7)


async def test_requests_per_minute_count_at_once(make_server: ServerFactory) -> None:
    server = await make_server(requests_per_minute="100")
    ann, admin = await server.user("ann"), await server.log_in("admin")

    (await admin.patch("/admin/users/ann", {"quota": {"requests_per_minute": 2}})).good()
    few = [(await ann.post("/query", {})).status for _ in range(4)]
    (await admin.patch("/admin/users/ann", {"quota": {"requests_per_minute": 50}})).good()
    more = [(await ann.post("/query", {})).status for _ in range(4)]

    assert (few[:2], few[-1]) == ([400, 400], 429)
    assert more == [400] * 4


async def test_removing_a_user_removes_all_of_theirs(
    server: Server, admin: User, ann: User, agent: ScriptedAgent
) -> None:
    (await admin.delete("/admin/users/ann")).good()

    assert server.world.containers == {}
    assert (await ann.get("/scope")).status == 401
    (await admin.post("/admin/users", {"username": "ann", "password": "secret1"})).good()
    assert (await ann.get("/scope")).status == 401


async def test_the_last_admin_stays(admin: User) -> None:
    assert (await admin.delete("/admin/users/admin")).error == (409, 409, "last_admin")
    demoted = await admin.patch("/admin/users/admin", {"role": "user"})
    assert demoted.error == (409, 409, "last_admin")


async def test_missing_users_are_404(admin: User) -> None:
    for method in ("PATCH", "DELETE"):
        reply = await admin.ask(method, "/admin/users/none", {"role": "user"})
        assert reply.error == (404, 404, "user_not_found")
