"""Exhaust the control plane: its memory, sockets, threads, attention."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from io import BytesIO
from typing import Final

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import MIB, Lab, NotPlayed
from control.attacks.raw import (
    CREDENTIALS,
    GONE,
    connected,
    read,
    sent,
    status_of,
    tally,
    tally_statuses,
)

attacks = Attacks(Goal.CONTROL_PLANE)
MOST_GROWTH: Final = 384 * MIB
"""Two of the largest bodies of one user, and what comes of one of them."""
CROWD: Final = 700
"""So many connections at once: more than one address may have by default."""


@asynccontextmanager
async def _watched(lab: Lab, seen: list[str]) -> AsyncIterator[None]:
    """What the control plane grew by meanwhile goes into `seen` where it is too much."""
    async with lab.growth() as growth:
        yield
    if growth.size > MOST_GROWTH:
        seen.append(f"the control plane grew by {growth.size / MIB:.0f} MiB")


async def _others(lab: Lab, seen: list[str]) -> None:
    """The victim and a stranger are served meanwhile."""
    harm = await lab.harm()
    if harm:
        seen.append(f"meanwhile {harm}")


@attacks.add("run more statements at a time than may be", "so many statements of a scope, then 429")
async def _(lab: Lab) -> Outcome:
    person = await lab.user("crowded", statements=8)
    tenant = await lab.open(person, "crowded")
    harms: list[str] = []
    asked = {"scope": tenant.scope, "sql": "select sum(id * id % 7) from range(3000000000)"}
    crowd = [
        asyncio.create_task(person.ask("POST", "/query", {**asked, "timeout": 4}))
        for _ in range(60)
    ]
    await asyncio.sleep(0.5)
    await _others(lab, harms)
    answers = await asyncio.gather(*crowd)
    refused = sum(each.status == 429 for each in answers)
    await person.ask("DELETE", f"/scope/{tenant.scope}")
    return judged(harms or refused < 60 - 8, tally(answers))


@attacks.add("queue commands without end", "16 wait, the next one is 429")
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    crowd = [
        asyncio.create_task(lab.attacker.python("import time\ntime.sleep(3)", 4)) for _ in range(40)
    ]
    await asyncio.sleep(0.5)
    await _others(lab, harms)
    answers = await asyncio.gather(*crowd)
    refused = sum(each.status == 429 for each in answers)
    return judged(harms or refused < 40 - 17, tally(answers))


@attacks.add("send requests without end", "so many requests of a user in a minute, then 429")
async def _(lab: Lab) -> Outcome:
    person = await lab.user("hasty", requests_per_minute=30)
    asked = [person.ask("POST", "/query", {"scope": "none", "sql": "x"}) for _ in range(100)]
    answers = await asyncio.gather(*asked)
    refused = [each for each in answers if each.status == 429]
    waits = {each.headers.get("Retry-After") for each in refused}
    return judged(len(refused) < 100 - 45, f"{tally(answers)}; Retry-After {waits}")


@attacks.add("open scopes without end", "so many scopes of a user, then 429")
async def _(lab: Lab) -> Outcome:
    person = await lab.user("many", scopes=1)
    wanted = [person.ask("POST", "/scope", {"memory": "1GiB"}) for _ in range(8)]
    answers = await asyncio.gather(*wanted)
    opened = [each for each in answers if each.status == 200]
    return judged(len(opened) > 1 and tally(answers), tally(answers))


@attacks.add("open more connections than may be", "so many connections of an address, then 503")
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    refused = 0
    async with AsyncExitStack() as held, _watched(lab, harms):
        for _ in range(CROWD):
            try:
                reader, _ = await held.enter_async_context(connected(lab.place.url, in_crowd=True))
            except OSError:
                refused += 1
                continue
            with suppress(*GONE):
                async with asyncio.timeout(0.001):
                    refused += bool(await reader.read(1))
        await _others(lab, harms)
    return judged(harms, f"{refused} of {CROWD} refused at once")


async def _crowd(lab: Lab, size: int, write: Callable[[int], bytes], wait_s: float) -> list[int]:
    """The statuses that a crowd of connections got, each sending its bytes and no more."""

    async def one(number: int) -> int:
        try:
            reply = await sent(lab.place.url, write(number), wait_s, in_crowd=True)
            return status_of(reply)
        except OSError:
            return 0

    return list(await asyncio.gather(*(one(number) for number in range(size))))


@attacks.add("send heads that never end (slowloris)", "a head must be there in time and is bounded")
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    async with _watched(lab, harms):
        crowd = asyncio.create_task(
            _crowd(lab, 200, lambda n: f"GET /health HTTP/1.1\r\nX-{n}: ".encode(), 4)
        )
        await asyncio.sleep(0.5)
        await _others(lab, harms)
        found = await crowd
    return judged(harms, f"200 held open, others served; {tally_statuses(found)}")


@attacks.add("announce bodies that never come", "a body must come in time")
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    token = CREDENTIALS.format(token=lab.attacker.person.token)
    text = f"POST /command HTTP/1.1\r\n{token}Content-Length: 90000000\r\n\r\n{{".encode()
    async with _watched(lab, harms):
        crowd = asyncio.create_task(_crowd(lab, 200, lambda _: text, 4))
        await asyncio.sleep(0.5)
        await _others(lab, harms)
        found = await crowd
    return judged(harms, f"200 held open, others served; {tally_statuses(found)}")


@attacks.add(
    "have strangers' bodies kept", "a stranger's body is small, and all bodies are bounded"
)
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    piece = b"x" * (40 * MIB)
    head = f"POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: {len(piece) * 2}\r\n\r\n".encode()
    async with _watched(lab, harms):
        found = await _crowd(lab, 16, lambda _: head + piece, 5)
    await _others(lab, harms)
    return judged(harms, f"16 bodies of 80 MiB, half sent; {tally_statuses(found)}")


@attacks.add("have a user's bodies kept", "all bodies together are bounded")
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    token = CREDENTIALS.format(token=lab.attacker.person.token)
    piece = b"x" * (90 * MIB)
    head = f"POST /command HTTP/1.1\r\n{token}Content-Length: {95 * MIB}\r\n\r\n".encode()
    async with _watched(lab, harms):
        found = await _crowd(lab, 8, lambda _: head + piece, 6)
    await _others(lab, harms)
    return judged(harms, f"8 bodies of 95 MiB, not ended; {tally_statuses(found)}")


@attacks.add("send JSON that grows when it is read", "bodies are bounded in bytes and in parts")
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    body = b'{"scope":"none","sql":"x","params":[' + b"{}," * (30 * MIB) + b"{}]}"
    async with _watched(lab, harms):
        answer = await lab.attacker.person.ask(
            "POST", "/query", body=BytesIO(body), headers={"Content-Type": "application/json"}
        )
    await _others(lab, harms)
    return judged(harms or answer.status == 200, answer.brief())


@attacks.add("have a value that grows when it is read", "nobody here reads a tenant's values")
async def _(lab: Lab) -> Outcome:
    async with lab.growth() as growth:
        answer = await lab.attacker.python("[{}] * 1_000_000")
    size = len(answer.body)
    if size < MIB:
        raise NotPlayed(answer.brief())
    seen = f"{size / MIB:.0f} MiB of JSON, {growth.size / MIB:+.0f} MiB"
    return judged(growth.size > 16 * size, seen)


@attacks.add("read replies slowly", "a reply whose client does not read is cut off")
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    body = json.dumps(
        {"scope": lab.attacker.scope, "sql": "select repeat('x', 1000) as x from range(100000)"}
    ).encode()
    token = CREDENTIALS.format(token=lab.attacker.person.token)
    head = f"POST /query HTTP/1.1\r\n{token}Content-Length: {len(body)}\r\n\r\n".encode()
    async with _watched(lab, harms), AsyncExitStack() as held:
        for _ in range(6):
            reader, writer = await held.enter_async_context(connected(lab.place.url))
            writer.write(head + body)
            # Nothing is read: the kernel's buffers fill, then the server must wait.
            reader._transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(5)
        await _others(lab, harms)
    return judged(harms, "6 x 100 MB not read, others served")


@attacks.add(
    "flood the looks at its scope", "looks of a user are bounded, the engine's threads too"
)
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    person, scope = lab.attacker.person, lab.attacker.scope
    paths = (f"/scope/{scope}", f"/scope/{scope}/logs?tail=100000")
    crowd = [asyncio.create_task(person.ask("GET", paths[n % 2])) for n in range(150)]
    await asyncio.sleep(0.2)
    await _others(lab, harms)
    answers = await asyncio.gather(*crowd)
    return judged(harms, tally(list(answers)))


@attacks.add("flood what strangers may ask", "answers to strangers are made once and kept")
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    paths = ("/ready", "/docs", "/docs/openapi.json", "/health")
    async with _watched(lab, harms):
        crowd = [asyncio.create_task(lab.nobody.ask("GET", paths[n % 4])) for n in range(200)]
        await asyncio.sleep(0.2)
        await _others(lab, harms)
        answers = await asyncio.gather(*crowd)
    bad = [each.brief() for each in answers if each.status not in (0, 200, 503)]
    return judged(harms or bad, tally(list(answers)))


@attacks.add(
    "hash passwords without end", "four hashes at a time; failures per name, tries per address"
)
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    async with _watched(lab, harms):
        crowd = [
            asyncio.create_task(
                lab.nobody.ask(
                    "POST", "/token", {"username": f"attack-{n}", "password": "x" * 10**5}
                )
            )
            for n in range(40)
        ]
        await asyncio.sleep(0.2)
        await _others(lab, harms)
        answers = await asyncio.gather(*crowd)
    return judged(harms or any(each.status == 200 for each in answers), tally(list(answers)))


@attacks.add("pipeline requests without end", "requests of a connection are answered one by one")
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    one = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
    async with _watched(lab, harms), connected(lab.place.url) as (reader, writer):
        with suppress(*GONE):
            for _ in range(20):
                writer.write(one * 1000)
                async with asyncio.timeout(0.5):
                    await writer.drain()
        await _others(lab, harms)
        said = await read(reader, 2)
    return judged(harms, f"{said.count(b'HTTP/1.1 200')} answers read of 20,000 requests")


@attacks.add("leave before the answer, again and again", "who leaves has the work cancelled")
async def _(lab: Lab) -> Outcome:
    harms: list[str] = []
    body = json.dumps(
        {"scope": lab.attacker.scope, "sql": "select sum(id % 7) from range(1000000000000)"}
    ).encode()
    token = CREDENTIALS.format(token=lab.attacker.person.token)
    head = f"POST /query HTTP/1.1\r\n{token}Content-Length: {len(body)}\r\n\r\n".encode()
    for _ in range(10):
        async with connected(lab.place.url) as (_, writer):
            writer.write(head + body)
            await writer.drain()
            await asyncio.sleep(0.1)
    await _others(lab, harms)

    async def idle() -> bool:
        return (await lab.attacker.sql("select 1 as x")).status == 200

    free = await lab.until(idle, 30)
    return judged(harms or not free, "10 left, their work was ended, the scope answers")


@attacks.add("hold open files of the control plane", "connections are closed, and files with them")
async def _(lab: Lab) -> Outcome:
    before = await lab.measure("process_open_fds")
    for _ in range(3):
        await _crowd(lab, 60, lambda _: b"GET /health HTTP/1.1\r\nHost: a\r\n", 0.3)

    async def back() -> bool:
        return await lab.measure("process_open_fds") <= before + 20

    fell = await lab.until(back, 20)
    after = await lab.measure("process_open_fds")
    return judged(not fell and after, f"{before:.0f} open files before, {after:.0f} after")
