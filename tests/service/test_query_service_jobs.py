"""Jobs of a scope: told of by one poll, and what becomes of them when something ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.agent import ScriptedAgent, read_result
from tests.fakes.engine import World
from tests.service.client import Server, User, until
from tests.service.conftest import running
from tests.service.statements import ROWS, Desk, deferred, follow, submitted, until_status
from wire import messages as wire


@pytest.fixture
def desk(agent: ScriptedAgent) -> Desk:
    return Desk(agent)


async def test_a_scope_with_open_jobs_is_in_use(
    server: Server, ann: User, agent: ScriptedAgent, desk: Desk
) -> None:
    scope = server.services.registry.get("ann", "taxi")
    handle = await submitted(ann)
    await until(lambda: scope.in_flight == 1)
    desk.end(desk.open[0])
    await until_status(ann, handle, "success")

    await until(lambda: scope.in_flight == 0)
    assert server.services.jobs._watching._tasks == {}


async def test_one_poll_serves_all_jobs_of_a_scope(
    ann: User, agent: ScriptedAgent, desk: Desk
) -> None:
    handles = [await submitted(ann) for _ in range(20)]
    await until(lambda: len(agent.asked_for(wire.WatchJobs)) == 2)
    for work_id in list(desk.open):
        desk.end(work_id)

    for handle in handles:
        await until_status(ann, handle, "success")
    assert len(set(handles)) == 20
    assert len(agent.asked_for(wire.WatchJobs)) < 25


async def test_an_end_that_is_told_before_the_job_was_taken_is_not_lost(
    ann: User, agent: ScriptedAgent, desk: Desk
) -> None:
    first = await submitted(ann)
    await until(lambda: len(agent.asked_for(wire.WatchJobs)) == 2)

    async def quick(request: wire.SubmitStatements) -> wire.Submitted:
        desk.end(request.statements.work_id)
        await until(lambda: len(agent.asked_for(wire.WatchJobs)) == 3)
        return wire.Submitted(compiled=wire.CompiledEvent(signature="*", results=1))

    agent.on(wire.SubmitStatements, quick)
    second = await submitted(ann)

    assert (await follow(ann, second)).body["status"] == "success"
    assert (await follow(ann, first)).body["status"] == "running"


async def test_an_end_may_be_told_pages_later(ann: User, agent: ScriptedAgent) -> None:
    desk = Desk(agent, page=1)
    for number in range(5):
        desk.end(f"another-{number}")
    handle = await submitted(ann)
    desk.end(desk.open[0])

    await until_status(ann, handle, "success")


async def test_a_restart_of_the_scope_fails_its_running_jobs_and_keeps_its_results(
    server: Server, ann: User, agent: ScriptedAgent, desk: Desk
) -> None:
    kept, lost = await submitted(ann), await submitted(ann)
    desk.end(desk.open[0])
    await until_status(ann, kept, "success")

    (await ann.post("/scope/taxi/restart")).good()
    anew = server.agent("ann", "taxi")
    Desk(anew, boot="two")
    anew.on(wire.ReadResult, read_result(ROWS))

    document = await until_status(ann, lost, "failed")
    assert document["errors"][0]["msg"].startswith("JobLost: the scope ")
    result = (await follow(ann, kept)).body["handle"]
    assert (await follow(ann, result)).raw == ROWS


async def test_a_result_wakes_the_scope_that_was_stopped(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    handle = await deferred(ann, agent)
    scope = server.services.registry.get("ann", "taxi")
    await server.world.end(server.container("ann", "taxi"), 143, "kill")
    await until(lambda: scope.state == "stopped")

    reply = await follow(ann, handle)

    assert (reply.status, scope.is_running) == (200, True)
    assert server.agent("ann", "taxi").asked_for(wire.ReadResult)


async def test_a_scope_that_dies_fails_its_jobs_with_the_reason(
    server: Server, ann: User, desk: Desk
) -> None:
    handle = await submitted(ann)
    await server.world.end(server.container("ann", "taxi"), 70)

    document = await until_status(ann, handle, "failed")

    assert "Spark's JVM ended" in document["errors"][0]["msg"]


async def test_a_deleted_scope_fails_its_jobs_and_takes_its_results(
    ann: User, agent: ScriptedAgent, desk: Desk
) -> None:
    result, handle = await deferred(ann, agent), await submitted(ann)

    (await ann.delete("/scope/taxi")).good()
    (await ann.post("/scope", {"scope": "taxi"})).good()

    document = await until_status(ann, handle, "failed")
    assert "deleted" in document["errors"][0]["msg"]
    assert (await follow(ann, result)).status == 404


@pytest.mark.parametrize("ends", ["before", "meanwhile", "after"])
async def test_jobs_outlive_a_kill_of_the_control_plane(tmp_path: Path, ends: str) -> None:
    world = World()
    steps: dict[str, Callable[[], None]] = {}
    crashed = running(tmp_path, world)
    server = await crashed.__aenter__()
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()
    agent = server.agent("ann", "taxi")
    desk = Desk(agent)
    result = await deferred(ann, agent)
    handle = await submitted(ann)
    steps[ends] = lambda: desk.end(desk.open[0])
    if "before" in steps:
        steps["before"]()
        await until_status(ann, handle, "success")

    # What a SIGKILL leaves: the store as it is on disk, the containers as they are.
    copy = tmp_path / "copy"
    copy_store(tmp_path, copy)
    if "meanwhile" in steps:
        steps["meanwhile"]()
    await server.services.jobs.stop()

    async with running(copy, world) as again:
        again_ann = User(again.session, again.url, ann.token)
        if "after" in steps:
            assert (await follow(again_ann, handle)).body["status"] == "running"
            await until(lambda: again.services.registry.get("ann", "taxi").in_flight == 1)
            steps["after"]()
        document = await until_status(again_ann, handle, "success")
        assert (await follow(again_ann, document["handle"])).raw == ROWS
        assert (await follow(again_ann, result)).raw == ROWS
        assert (await follow(again_ann, result)).status == 404
        assert (await submitted(again_ann)).rpartition("/")[2] == "101-0"
    await crashed.__aexit__(None, None, None)


def copy_store(source: Path, target: Path) -> None:
    """The files of store and signing keys as another process finds them."""
    target.mkdir()
    for path in (*source.glob("geoscope.db*"), source / "signing-keys.json"):
        shutil.copy(path, target)
    (target / "berths").symlink_to(source / "berths")
