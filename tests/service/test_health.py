"""GET /health, /ready, /metrics."""

from __future__ import annotations

from tests.fakes.agent import ScriptedAgent
from tests.service.client import Server, User
from tests.service.conftest import ServerFactory


async def test_health_needs_nothing(server: Server) -> None:
    server.world.go_down()

    assert (await server.nobody.get("/health")).good()["version"]


async def test_ready_looks_at_engine_image_and_store(server: Server) -> None:
    body = (await server.nobody.get("/ready")).good()

    assert {name: check["ready"] for name, check in body["checks"].items()} == {
        "engine": True,
        "image": True,
        "store": True,
        "drain": True,
    }


async def test_not_ready_without_an_engine_and_ready_again(server: Server) -> None:
    server.world.go_down()

    reply = await server.nobody.get("/ready")

    assert reply.error == (503, 503, "not_ready")
    assert reply.body["checks"]["engine"]["ready"] is False
    server.world.come_up()
    (await server.nobody.get("/ready")).good()


async def test_not_ready_without_the_image(server: Server) -> None:
    server.world.images = set()

    reply = await server.nobody.get("/ready")

    assert reply.error == (503, 503, "not_ready")
    assert "make image" in reply.body["message"]


async def test_metrics_count_requests_and_scopes(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    text = (await server.nobody.get("/metrics")).raw.decode()

    assert 'geoscope_scopes{state="idle"} 1.0' in text
    counted = 'geoscope_requests_total{endpoint="/scope",method="POST",status="200"} 1.0'
    assert counted in text
    assert "taxi" not in text


async def test_metrics_from_elsewhere_need_the_token(make_server: ServerFactory) -> None:
    server = await make_server(metrics_token="m" * 20, trusted_proxies="127.0.0.1")
    far = {"X-Forwarded-For": "203.0.113.9"}

    assert (await server.nobody.get("/metrics", headers=far)).status == 401
    bad = {**far, "Authorization": "Bearer x"}
    assert (await server.nobody.get("/metrics", headers=bad)).status == 401
    good = {**far, "Authorization": "Bearer " + "m" * 20}
    assert (await server.nobody.get("/metrics", headers=good)).status == 200
