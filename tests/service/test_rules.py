"""What holds for every endpoint: auth, ownership, bodies, rate, limits, ids, headers."""

from __future__ import annotations

import jwt
import pytest

from control.app import all_endpoints
from control.web.endpoint import Access
from tests.fakes.agent import ScriptedAgent
from tests.service.client import Server, User
from tests.service.conftest import ServerFactory

FILLED = {
    "<scope>": "taxi",
    "<session>": "spark",
    "<table>": "t",
    "<path:path>": "a",
    "<sandbox_id>": "x",
    "<name>": "x",
}


def filled(path: str) -> str:
    for part, value in FILLED.items():
        path = path.replace(part, value)
    return path


GUARDED = [
    (endpoint.method, filled(path))
    for endpoint in all_endpoints()
    for path in endpoint.paths
    if endpoint.access is not Access.PUBLIC
]
PUBLIC = [e.path for e in all_endpoints() if e.access is Access.PUBLIC and e.method != "OPTIONS"]
ADMIN = [(e.method, filled(e.path)) for e in all_endpoints() if e.access is Access.ADMIN]
IN_SCOPE = [
    ("POST", "/command", {"command": "1"}),
    ("POST", "/session", {"session": "s"}),
    ("DELETE", "/session/taxi/s", None),
    ("POST", "/loadfile", {"tables": []}),
    ("POST", "/savefile", {"tables": []}),
    ("POST", "/createtable", {"tables": []}),
    ("GET", "/table/taxi/spark/t", None),
    ("GET", "/table?scope=taxi&table=t", None),
    ("GET", "/tables/taxi/spark", None),
    ("POST", "/query", {"sql": "select 1"}),
    (
        "POST",
        "/pointmap",
        {"sql": "x", "params": {"width": 1, "height": 1, "bounding_box": [0, 0, 1, 1]}},
    ),
    ("GET", "/scope/taxi", None),
    ("DELETE", "/scope/taxi", None),
    ("POST", "/scope/taxi/interrupt", None),
    ("POST", "/scope/taxi/restart", None),
    ("GET", "/scope/taxi/logs", None),
    ("GET", "/scope/taxi/files/a", None),
    ("GET", "/scope/taxi/files", None),
    ("PUT", "/scope/taxi/files/a", None),
    ("DELETE", "/scope/taxi/files/a", None),
]


def test_few_endpoints_are_public() -> None:
    expected = {"/token", "/login", "/health", "/ready", "/metrics", "/docs", "/docs/openapi.json"}

    assert set(PUBLIC) == expected


async def test_nothing_else_works_without_a_token(server: Server) -> None:
    for method, path in GUARDED:
        reply = await server.nobody.ask(method, path)

        assert reply.error == (401, 401, "unauthorized"), (method, path)
        assert reply.body["message"] == "Authorization Failed"
        assert reply.headers["WWW-Authenticate"] == "Token"


async def test_forged_and_foreign_tokens_are_refused(server: Server, ann: User) -> None:
    assert ann.token is not None
    claims = jwt.decode(ann.token, options={"verify_signature": False})
    key = server.services.tokens._ring.keys[0].secret
    forged = [
        "",
        "Token",
        f"Basic {ann.token}",
        "Token abc",
        f"Token {ann.token}x",
        "Token " + jwt.encode(claims, "k" * 64, algorithm="HS256"),
        "Token " + jwt.encode(claims, None, algorithm="none"),
        "Token " + jwt.encode({**claims, "iss": "another"}, key, algorithm="HS256"),
        "Token " + jwt.encode({**claims, "exp": 1}, key, algorithm="HS256"),
        "Token " + jwt.encode({**claims, "sub": "nobody"}, key, algorithm="HS256"),
        "Token " + jwt.encode({**claims, "epoch": 7}, key, algorithm="HS256"),
        "Token " + jwt.encode({"sub": "ann"}, key, algorithm="HS256"),
    ]

    for header in forged:
        reply = await server.nobody.get("/scope", headers={"Authorization": header})
        assert reply.error == (401, 401, "unauthorized"), header


async def test_bearer_is_accepted_too(server: Server, ann: User) -> None:
    reply = await server.nobody.get("/scope", headers={"Authorization": f"Bearer {ann.token}"})

    reply.good()


@pytest.mark.parametrize(("method", "path", "body"), IN_SCOPE)
async def test_anothers_scope_is_as_if_it_did_not_exist(
    server: Server, method: str, path: str, body: dict[str, object] | None
) -> None:
    ann, bob = await server.user("ann"), await server.user("bob")
    before = await bob.ask(method, path, body and {"scope": "taxi", **body})
    (await ann.post("/scope", {"scope": "taxi"})).good()

    after = await bob.ask(method, path, body and {"scope": "taxi", **body})

    assert after.error == (404, 404, "scope_not_found")
    assert after.body["message"] == "scope taxi not found!"
    assert before.raw == after.raw


async def test_two_users_may_have_one_name(server: Server, ann: User, bob: User) -> None:
    (await ann.post("/scope", {"scope": "taxi"})).good()
    (await bob.post("/scope", {"scope": "taxi"})).good()

    (await ann.delete("/scope/taxi")).good()
    assert len((await bob.get("/scope")).good()["scopes"]) == 1


async def test_admin_endpoints_are_forbidden_to_users(ann: User) -> None:
    for method, path in ADMIN:
        assert (await ann.ask(method, path)).error == (403, 403, "forbidden"), (method, path)


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b'"x"', b"1", b"null", b'{"a":NaN}', b'{"scope":"\xff"}', b"\x00"]
)
async def test_a_body_that_is_no_object_is_400(ann: User, data: bytes) -> None:
    assert (await ann.post("/command", data=data)).error == (400, 400, "bad_body")


async def test_numbers_beyond_doubles_are_400(ann: User) -> None:
    data = b'{"scope":"t","sql":"x","params":{"width":1e999}}'

    assert (await ann.post("/pointmap", data=data)).status == 400


async def test_deep_nesting_is_400_not_a_crash(ann: User) -> None:
    data = b'{"scope":"t","sql":"x","params":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

    assert (await ann.post("/query", data=data)).status == 400


async def test_unknown_fields_are_ignored(ann: User, agent: ScriptedAgent) -> None:
    (await ann.post("/command", {"scope": "taxi", "command": "1", "future": {}})).good()


@pytest.mark.parametrize(
    ("path", "body", "parameter"),
    [
        ("/command", {}, "scope"),
        ("/command", {"scope": "taxi"}, "command"),
        ("/command", {"scope": 1, "command": "1"}, "scope"),
        ("/command", {"scope": "t", "command": "1", "timeout": 0}, "timeout"),
        ("/loadfile", {"scope": "t", "tables": [{"path": "x"}]}, "tables[0].name"),
        ("/loadfile", {"scope": "t", "tables": [{"name": "x"}]}, "tables[0].path"),
        ("/query", {"scope": "t", "sql": "x", "format": "xml"}, "format"),
        ("/query", {"scope": "t", "sql": "x", "collect_result": "maybe"}, "collect_result"),
        ("/query", {"scope": "t", "sql": "x", "limit": -1}, "limit"),
        ("/pointmap", {"scope": "t", "sql": "x"}, "params"),
        ("/scope", {"memory": "much"}, "memory"),
    ],
)
async def test_a_bad_field_is_named(
    ann: User, path: str, body: dict[str, object], parameter: str
) -> None:
    reply = await ann.post(path, body)

    assert reply.error == (400, 400, "bad_parameter")
    assert reply.body["parameter"] == parameter


async def test_a_body_that_is_too_large_is_413(make_server: ServerFactory) -> None:
    server = await make_server(max_body="1KiB")
    ann = await server.user("ann")

    reply = await ann.post("/command", {"scope": "t", "command": "x" * 2000})

    assert reply.error == (413, 413, "body_too_large")


async def test_a_chunked_body_that_is_too_large_is_413(make_server: ServerFactory) -> None:
    server = await make_server(max_body="1KiB")
    ann = await server.user("ann")

    async def pieces():  # type: ignore[no-untyped-def]
        for _ in range(100):
            yield b"x" * 100

    assert (await ann.post("/command", data=pieces())).status == 413


async def test_a_large_body_without_a_token_is_not_read(server: Server) -> None:
    reply = await server.nobody.post("/command", data=b"x" * 1_000_000)

    assert reply.status == 401


async def test_work_is_counted_per_user_and_looking_is_not(make_server: ServerFactory) -> None:
    server = await make_server(requests_per_minute="3")
    ann, bob = await server.user("ann"), await server.user("bob")

    statuses = [(await ann.post("/query", {})).status for _ in range(5)]
    reply = await ann.delete("/scope/x")

    assert statuses[:3] == [400, 400, 400]
    assert statuses[-1] == 429
    assert reply.error == (429, 429, "too_many_requests")
    assert int(reply.headers["Retry-After"]) >= 1
    assert (await ann.get("/scope")).status == 200
    assert (await bob.post("/query", {})).status == 400


async def test_request_ids_are_echoed_made_and_passed_on(ann: User, agent: ScriptedAgent) -> None:
    body = {"scope": "taxi", "command": "1"}
    reply = await ann.post("/command", body, headers={"X-Request-Id": "my-id.1"})

    assert reply.headers["X-Request-Id"] == "my-id.1"
    assert agent.request_ids[-1] == "my-id.1"
    assert len((await ann.get("/scope")).headers["X-Request-Id"]) == 32
    strange = await ann.get("/scope", headers={"X-Request-Id": "a b"})
    assert len(strange.headers["X-Request-Id"]) == 32


async def test_every_reply_forbids_sniffing(ann: User, agent: ScriptedAgent) -> None:
    for path in ("/scope", "/nowhere", "/docs", "/scope/taxi/files"):
        assert (await ann.get(path)).headers["X-Content-Type-Options"] == "nosniff"


async def test_unknown_paths_and_methods_answer_our_way(ann: User) -> None:
    assert (await ann.get("/nowhere")).error == (404, 404, "not_found")
    assert (await ann.get("/command")).error == (405, 405, "method_not_allowed")


async def test_other_origins_are_closed_out(server: Server) -> None:
    reply = await server.nobody.get("/health", headers={"Origin": "https://maps.example"})

    assert "Access-Control-Allow-Origin" not in reply.headers


async def test_origins_may_be_allowed(make_server: ServerFactory) -> None:
    server = await make_server(cors_origins="https://maps.example")
    ours = {"Origin": "https://maps.example"}

    reply = await server.nobody.get("/health", headers=ours)
    preflight = await server.nobody.ask(
        "OPTIONS", "/query", headers={**ours, "Access-Control-Request-Method": "POST"}
    )
    other = await server.nobody.get("/health", headers={"Origin": "https://evil.example"})

    assert reply.headers["Access-Control-Allow-Origin"] == "https://maps.example"
    assert preflight.status == 204
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Origin" not in other.headers


async def test_a_bug_of_ours_tells_its_id_and_nothing_else(server: Server, ann: User) -> None:
    server.services.tokens._store = None  # type: ignore[assignment]

    reply = await ann.get("/scope")

    assert reply.error == (500, 500, "internal_error")
    assert reply.headers["X-Request-Id"] in reply.body["message"]
    assert "NoneType" not in reply.raw.decode()
