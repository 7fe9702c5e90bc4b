"""Confuse the control plane: a scope's agent is the tenant's own and answers what it likes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any, Final

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import MIB, Answer, Lab, Tenant
from control.attacks.raw import connected, posted

attacks = Attacks(Goal.AGENT)
CHECKED: Final = "what agents send is checked by type and size, within a deadline, else 502"
MOST_GROWTH: Final = 128 * MIB
ENDLESS: Final = 6 * 1024 * MIB
BACK_S: Final = 2.5
BAD_ANSWERS: Final = frozenset({0, 400, 500, 502, 503, 504, 507})
Ask = Callable[[Tenant, str], Awaitable[Answer]]


async def _query(tenant: Tenant, name: str) -> Answer:
    wanted = {"scope": tenant.scope, "sql": f"attack-{name} ", "timeout": 0.5}
    return await tenant.person.ask("POST", "/query", wanted)


async def _command(tenant: Tenant, name: str) -> Answer:
    wanted = {"scope": tenant.scope, "command": f"attack-{name} ", "timeout": 5}
    return await tenant.person.ask("POST", "/command", wanted)


async def _picture(tenant: Tenant, name: str) -> Answer:
    wanted = {
        "scope": tenant.scope,
        "sql": f"attack-{name} ",
        "params": {"width": 64, "height": 64, "bounding_box": [0, 0, 2, 2]},
    }
    return await tenant.person.ask("POST", "/pointmap", wanted, headers={"Accept": "image/png"})


async def _statements(tenant: Tenant, name: str) -> Answer:
    wanted = {"scope": tenant.scope, "statement": f"attack-{name} ", "timeout": "5s"}
    return await tenant.person.ask("POST", "/query/service", wanted)


async def _file(tenant: Tenant, name: str) -> Answer:
    return await tenant.files("GET", f"attack-{name}")


async def _look(tenant: Tenant, name: str) -> Answer:
    wanted = {"scope": tenant.scope, "session": f"attack-{name} "}
    return await tenant.person.ask("POST", "/session", wanted)


LIES: Final[dict[str, tuple[str, Ask]]] = {
    "answer what is no HTTP": ("garbage", _query),
    "never answer": ("silence", _query),
    "answer a byte now and then": ("dribble", _query),
    "hang up": ("closed", _query),
    "answer header lines without end": ("headers_without_end", _query),
    "answer one header line without end": ("one_long_header", _query),
    "answer `continue` without end": ("continues_without_end", _query),
    "answer a message without end": ("message_without_end", _look),
    "announce a head of two gigabytes": ("huge_head", _query),
    "announce a payload of ten exabytes": ("endless_payload", _query),
    "announce a payload of fewer than no bytes": ("negative_length", _query),
    "send a head of wrong types": ("wrong_types", _query),
    "nest its answer a million deep": ("deep", _look),
    "send what grows when it is unpacked": ("zipped_bomb", _look),
    "send an error code that there is not": ("unknown_code", _query),
    "send a status that there is not": ("odd_status", _query),
    "call a page a picture": ("page_as_picture", _picture),
    "list a hundred thousand files": ("endless_listing", _file),
    "flood tiny events": ("event_flood", _command),
    "flood output": ("output_flood", _command),
    "flood displays": ("display_flood", _command),
    "send one event without end": ("event_without_end", _command),
    "end a stream without its last event": ("no_last_event", _command),
    "send empty pieces without end": ("pieces_without_rows", _statements),
    "send pieces of no kind": ("pieces_of_no_kind", _statements),
}


def _by_lie(name: str, lie: str, ask: Ask) -> None:
    @attacks.add(name, CHECKED)
    async def run(lab: Lab) -> Outcome:
        tenant = await lab.hijacked()
        async with lab.growth() as growth:
            answer = await ask(tenant, lie)
        breach: list[str] = []
        if answer.status not in BAD_ANSWERS:
            breach.append(f"taken for an answer: {answer.brief()}")
        if growth.size > MOST_GROWTH:
            breach.append(f"the control plane grew by {growth.size / MIB:.0f} MiB")
        return judged(breach, f"{answer.brief()}; {growth.size / MIB:+.0f} MiB")


for _name, (_lie, _ask) in LIES.items():
    _by_lie(_name, _lie, _ask)


@attacks.add("send more rows than it said", "the reply is as long as it said, or is cut off")
async def _(lab: Lab) -> Outcome:
    answer = await _query(await lab.hijacked(), "long_payload")
    breach = b"owned" in answer.body or answer.status == 200
    return judged(breach and answer.brief(), answer.brief())


@attacks.add("send fewer rows than it said", "a reply cut short is seen as such")
async def _(lab: Lab) -> Outcome:
    answer = await _query(await lab.hijacked(), "short_payload")
    return judged(answer.status == 200 and answer.brief(), answer.brief())


@attacks.add("send rows without end", "results are bounded, streams have a deadline")
async def _(lab: Lab) -> Outcome:
    tenant = await lab.hijacked()
    wanted = {"scope": tenant.scope, "statement": "attack-rows_without_end ", "timeout": "5s"}
    size = 0
    async with (
        lab.growth() as growth,
        asyncio.timeout(60),
        connected(lab.place.url) as (reader, writer),
    ):
        writer.write(posted("/query/service", wanted, tenant.person.token))
        while size < ENDLESS and (piece := await reader.read(2**18)):
            size += len(piece)
    breach = size >= ENDLESS or growth.size > MOST_GROWTH
    return judged(breach, f"cut off after {size / MIB:.0f} MiB; {growth.size / MIB:+.0f} MiB")


@attacks.add("disguise an error as a success", "status, code and type of a reply are ours")
async def _(lab: Lab) -> Outcome:
    answer = await _query(await lab.hijacked(), "success_in_disguise")
    told = {name: answer.members.get(name) for name in ("status", "code", "type")}
    good = {"status": "error", "code": answer.status, "type": "sql_error"}
    return judged(told != good and told, answer.brief())


@attacks.add("put headers into a picture's facts", "of its words no byte leaves that ends a header")
async def _(lab: Lab) -> Outcome:
    answer = await _picture(await lab.hijacked(), "headers_in_facts")
    got = [name for name in answer.headers if name.lower() in ("set-cookie", "x-owned")]
    device = answer.headers.get("X-Render-Device", "")
    return judged(got or b"<script>" in answer.body, f"{answer.status}; device {device!r}")


@attacks.add("put headers and a page into a file", "the headers of files are ours: a download")
async def _(lab: Lab) -> Outcome:
    answer = await _file(await lab.hijacked(), "headers_of_a_file")
    told = {name.lower(): value for name, value in answer.headers.items()}
    wanted = {
        "content-type": "application/octet-stream",
        "content-disposition": "attachment",
        "x-content-type-options": "nosniff",
    }
    got: list[Any] = [(n, told.get(n)) for n, value in wanted.items() if told.get(n) != value]
    own = ("set-cookie", "location", "access-control-allow-origin", "strict-transport-security")
    got += [name for name in own if name in told]
    return judged(got, f"{answer.status} {told.get('content-type')}")


@attacks.add("put markup and controls into file names", "names are JSON text under our type")
async def _(lab: Lab) -> Outcome:
    answer = await _file(await lab.hijacked(), "listing_of_lies")
    kind = answer.headers.get("Content-Type", "")
    raw = [word for word in (b"\x1b", b"\r\nSet-Cookie") if word in answer.body]
    raw += [name.encode() for name in answer.headers if name.lower() == "set-cookie"]
    return judged(raw or not kind.startswith("application/json"), f"{answer.status} {kind}")


@attacks.add("forge the events of a stream", "events are JSON on one line: no text ends one")
async def _(lab: Lab) -> Outcome:
    tenant = await lab.hijacked()
    wanted = {"scope": tenant.scope, "command": "attack-forged_events ", "stream": True}
    answer = await tenant.person.ask("POST", "/command", wanted)
    lines = answer.text.splitlines()
    told = [after for line, after in pairwise(lines) if line == "event: done"]
    good = len(told) == 1 and "true end" in told[0] and '"status":"error"' in told[0]
    return judged(not good and answer.brief(), f"{len(told)} end: {told[-1:]}")


@attacks.add("put a pipe where its socket was", "what is no socket is not opened")
async def _(lab: Lab) -> Outcome:
    return await _away(lab, "piped")


@attacks.add("listen and take no connection", "a connection that is not taken is refused at once")
async def _(lab: Lab) -> Outcome:
    return await _away(lab, "deaf")


async def _away(lab: Lab, name: str) -> Outcome:
    tenant = await lab.hijacked()
    await tenant.sql(f"attack-{name} ")
    path = f"/scope/{tenant.scope}/files"
    began = time.monotonic()
    first = await tenant.person.ask("GET", path, timeout_s=90)
    took_s = time.monotonic() - began
    answers = await asyncio.gather(*(_query(tenant, "closed") for _ in range(8)))
    await lab.settled(tenant)
    got = [each.brief() for each in answers if each.status not in BAD_ANSWERS]
    # The socket comes back after three seconds: who waited for it may be answered then.
    got += [first.brief()] if first.status not in BAD_ANSWERS and took_s < BACK_S else []
    return judged(got, f"{first.brief()} after {took_s:.1f} s")


@attacks.add(
    "keep a crowd of requests waiting", "statements of a scope are bounded and have an end"
)
async def _(lab: Lab) -> Outcome:
    tenant = await lab.hijacked()
    crowd = [asyncio.ensure_future(_query(tenant, "silence")) for _ in range(100)]
    await asyncio.sleep(0.5)
    harm = await lab.harm()
    answers = await asyncio.gather(*crowd)
    kinds = sorted({each.brief()[:24] for each in answers})
    good = all(each.status in BAD_ANSWERS | {429} for each in answers)
    return judged(harm or not good, "; ".join(kinds))


@attacks.add(
    "tell of the end of others' requests", "an agent is believed about its own requests only"
)
async def _(lab: Lab) -> Outcome:
    asked = {
        "scope": lab.victim.scope,
        "statement": f"select '{lab.secret}' as w",
        "mode": "deferred",
    }
    made = await lab.victim.person.must("POST", "/query/service", asked)
    tenant = await lab.hijacked()
    path = "/query/service" + str(made["handle"]).partition("/query/service")[2]
    read = await tenant.person.ask("GET", path, headers={"X-Scope": tenant.scope})
    # What is said to a deletion is the same whether there was anything: its owner tells.
    await tenant.person.ask("DELETE", path, headers={"X-Scope": tenant.scope})
    own = await lab.victim.person.ask("GET", path)
    got = [read.brief()] if read.status < 400 else []
    got += [] if lab.knows(own) else [f"its owner got {own.brief()}"]
    return judged(got, read.brief())
