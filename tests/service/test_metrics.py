"""GET /metrics: every queue, pool, limit, latency and refusal, and rules that name nothing else."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import ROOT
from tests.fakes.agent import ScriptedAgent
from tests.service.client import Server, User
from tests.service.conftest import ServerFactory

OPERATIONS = ROOT / "docs" / "operations"
METRIC = re.compile(r"\b(?:geoscope|process)_[a-z_]+\b")
LABELLED = re.compile(r"\b((?:geoscope|process)_[a-z_]+)\{([^}]*)\}")
DURATION = re.compile(r"\d+[smhd]")
OF_THE_SCRAPE = {"job", "instance", "le"}
"""Labels that Prometheus adds, or that histograms have."""


async def samples(server: Server) -> dict[str, list[dict[str, Any]]]:
    """Labels and value of every sample, by its name."""
    text = (await server.nobody.get("/metrics")).raw.decode()
    found: dict[str, list[dict[str, Any]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append({**sample.labels, "value": sample.value})
    return found


def value(found: dict[str, list[dict[str, Any]]], name: str, **labels: str) -> float:
    """The one sample of that name with these labels."""
    [sample] = [s for s in found.get(name, []) if labels.items() <= s.items()]
    return float(sample["value"])


async def test_queues_pools_and_room(server: Server, ann: User, agent: ScriptedAgent) -> None:
    found = await samples(server)

    assert value(found, "geoscope_scopes", state="idle") == 1
    assert value(found, "geoscope_scopes", state="dead") == 0
    assert value(found, "geoscope_pool_ready") == value(found, "geoscope_pool_wanted") == 0
    assert value(found, "geoscope_memory_granted_bytes") == 2 * 1024**3
    assert value(found, "geoscope_uids_free") == 65_536 - 1
    assert value(found, "geoscope_limit", limit="requests_per_minute") == 1200
    assert value(found, "geoscope_scope_open_seconds_count", origin="cold") == 1
    assert value(found, "geoscope_events_total", event="opened") == 1
    assert value(found, "geoscope_connections") >= 1
    for name in ("store_bytes", "state_dir_free_bytes", "host_memory_available_bytes", "threads"):
        assert value(found, f"geoscope_{name}") > 0, name


async def test_calls_to_engine_and_agents_are_timed(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    (await ann.get("/scope/taxi")).good()
    server.world.go_down()
    await ann.get("/scope/taxi")
    found = await samples(server)

    assert value(found, "geoscope_engine_call_seconds_count", call="create") == 1
    assert value(found, "geoscope_agent_call_seconds_count", call="/v1/facts") >= 1
    failed = value(found, "geoscope_engine_errors_total", call="usage", type="engine_unavailable")
    assert failed >= 1
    assert value(found, "geoscope_engine_calls_in_flight") == 0


async def test_the_engine_that_goes_is_seen(server: Server) -> None:
    assert value(await samples(server), "geoscope_engine_up") == 1
    server.world.go_down()
    found = await samples(server)
    async with asyncio.timeout(30):
        while value(found, "geoscope_engine_up"):
            found = await samples(server)


async def test_refusals_are_counted_by_type(make_server: ServerFactory) -> None:
    server = await make_server(scopes_per_user="0")
    ann = await server.user("ann")
    await ann.post("/scope")
    await ann.get("/admin/users")
    await server.nobody.get("/scope")
    await server.nobody.post("/token", {"username": "ann", "password": "wrong"})
    found = await samples(server)

    for type in ("quota_exceeded", "forbidden", "unauthorized", "bad_login"):
        assert value(found, "geoscope_errors_total", type=type) == 1, type


async def test_no_label_holds_what_a_user_chose(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    await ann.get("/scope/taxi/files/a-file-of-ann")
    await ann.get("/scope/of-nobody")
    await ann.ask("BREW", "/a-page-of-ann")
    text = (await server.nobody.get("/metrics")).raw.decode()

    assert [w for w in ("taxi", "a-file", "of-nobody", "a-page", "BREW") if w in text] == []
    assert [label for label in ("user=", "scope=", "id=") if f"{{{label}" in text] == []


def expressions() -> list[str]:
    """Of every rule and of every panel."""
    rules = yaml.safe_load((OPERATIONS / "alerts.yml").read_text())
    panels = json.loads((OPERATIONS / "dashboard.json").read_text())["panels"]
    return [
        *(rule["expr"] for group in rules["groups"] for rule in group["rules"]),
        *(target["expr"] for panel in panels for target in panel["targets"]),
    ]


async def test_every_metric_and_label_of_rules_and_panels_is_there(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    await ann.get("/no-such-page")
    server.world.go_down()
    await ann.get("/scope/taxi")
    found = await samples(server)
    named = {name for expression in expressions() for name in METRIC.findall(expression)}
    labels = {
        (name, label.split("=")[0].strip("!~ "))
        for expression in expressions()
        for name, inside in LABELLED.findall(expression)
        for label in inside.split(",")
    }

    assert len(named) > 20
    assert sorted(named - set(found)) == []
    missing = [(n, label) for n, label in labels if label not in {*OF_THE_SCRAPE, *found[n][0]}]
    assert missing == []


def test_rules_are_rules() -> None:
    rules = yaml.safe_load((OPERATIONS / "alerts.yml").read_text())
    names = []
    for group in rules["groups"]:
        assert set(group) == {"name", "rules"}
        for rule in group["rules"]:
            names.append(rule["alert"])
            assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
            assert DURATION.fullmatch(rule.get("for", "0s")), rule["alert"]
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert set(rule["annotations"]) == {"summary", "action"}
            assert _is_balanced(rule["expr"]), rule["alert"]

    assert len(names) == len(set(names)) > 20


def _is_balanced(expression: str) -> bool:
    open_ = []
    for sign in re.sub(r'"[^"]*"', "", expression):
        if sign in "([{":
            open_.append(sign)
        elif sign in ")]}" and (not open_ or open_.pop() + sign not in ("()", "[]", "{}")):
            return False
    return not open_
