"""POST /scope on a host that is full: 503 with the numbers, in metrics and in the audit."""

from __future__ import annotations

from pathlib import Path

from control.scopes.limits import GIB
from tests.fakes.engine import World
from tests.fakes.scopes import FakeHost
from tests.service.client import until
from tests.service.conftest import running


async def test_a_scope_that_does_not_fit_is_503_and_the_reason(tmp_path: Path) -> None:
    host = FakeHost(5 * GIB, available_bytes=4 * GIB, disk_free_bytes=50 * GIB)
    async with running(tmp_path, World(), host, scope_memory="2GiB") as server:
        ann = await server.user("ann")
        (await ann.post("/scope")).good()
        (await ann.post("/scope")).good()

        reply = await ann.post("/scope", {"scope": "third"})
        assert reply.error == (503, 503, "no_capacity")
        assert reply.headers["Retry-After"] == "30"
        assert reply.body["message"] == (
            "no capacity for another scope: 2.00 GiB asked, 4.00 GiB promised to others; the host "
            "has 5.00 GiB, 1.00 GiB kept back: 0.00 GiB can still be promised"
        )
        (await ann.get("/scope")).good()
        metrics = (await server.nobody.get("/metrics")).raw.decode()
        assert 'geoscope_errors_total{type="no_capacity"} 1.0' in metrics
        assert f"geoscope_memory_promised_bytes {4 * GIB:.9e}" in metrics
        assert f"geoscope_memory_promisable_bytes {4 * GIB:.9e}" in metrics


async def test_settings_say_what_is_kept_back_and_how_much_is_promised(tmp_path: Path) -> None:
    host = FakeHost(5 * GIB, disk_free_bytes=3 * GIB)
    more = {"host_memory_reserve": "2GiB", "memory_overcommit": "1.5", "scope_memory": "4GiB"}
    async with running(tmp_path / "a", World(), host, **more) as server:
        (await (await server.user("ann")).post("/scope")).good()
    async with running(tmp_path / "b", World(), host, host_disk_reserve="4GiB") as server:
        reply = await (await server.user("ann")).post("/scope")

        assert "the disk of the state directory has 3.00 GiB left" in reply.body["message"]


async def test_the_reply_says_whether_it_came_from_the_pool(tmp_path: Path) -> None:
    async with running(tmp_path, World(), pool_size="1") as server:
        await until(lambda: server.services.registry.pool_size() == 1, "a filled pool")
        ann = await server.user("ann")

        other = (await ann.post("/scope", {"memory": "1GiB"})).good()
        usual = (await ann.post("/scope", {"idle_timeout": 60})).good()
        assert (other["from_pool"], usual["from_pool"]) == (False, True)


async def test_an_admin_sees_the_room_and_how_the_pool_stands(tmp_path: Path) -> None:
    host = FakeHost(4 * GIB)
    more = {"pool_size": "1", "scope_memory": "2GiB"}
    async with running(tmp_path, World(), host, **more) as server:
        await until(lambda: server.services.registry.pool_size() == 1, "a filled pool")
        admin = await server.log_in("admin")
        (await admin.post("/scope")).good()
        await until(lambda: server.services.registry.pool_held_back() is not None, "no room")

        seen = (await admin.get("/admin/scopes")).good()
        assert seen["memory"] == {"promised": 2 * GIB, "promisable": 3 * GIB}
        assert (seen["pool"]["ready"], seen["pool"]["wanted"]) == (0, 1)
        assert "2.00 GiB asked, 2.00 GiB promised to others" in seen["pool"]["held_back"]
