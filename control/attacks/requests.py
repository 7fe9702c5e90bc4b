"""Exhaust or confuse the control plane by single requests that are not what they should be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import MIB, Answer, Lab
from control.attacks.raw import CREDENTIALS, sent, status_of, tally, tally_statuses

attacks = Attacks(Goal.CONTROL_PLANE)


@attacks.add("send what is not HTTP", "400, and the connection is closed")
async def _(lab: Lab) -> Outcome:
    texts = (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 512,
        b"\0" * 4096,
        b"GET\r\n\r\n",
        b"GET /health\r\n\r\n",
        b"GET /health HTTP/9.9\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET http://127.0.0.1:2375/version HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT 127.0.0.1:2375 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"G\xc3\x89T /\xff\xfe HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1e9\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",  # noqa: E501
        b"POST /token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    )
    found = [await sent(lab.place.url, text, 3) for text in texts]
    bad = [each[:80] for each in found if status_of(each) >= 500 or b"ApiVersion" in each]
    return judged(bad, tally_statuses([status_of(each) for each in found]))


@attacks.add(
    "smuggle a request behind another's body", "a request with two lengths is none of ours"
)
async def _(lab: Lab) -> Outcome:
    inner = b"GET /admin/scopes HTTP/1.1\r\nHost: a\r\n\r\n"
    both = (
        b"POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: "
        + str(len(inner) + 5).encode()
        + b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        + inner
    )
    reply = await sent(lab.place.url, both, 3)
    count = reply.count(b"HTTP/1.1 ")
    return judged(count > 1 and reply[:300], f"{count} replies, the first {status_of(reply)}")


@attacks.add("send heads larger than may be", "a head has so many bytes and lines, else 431 or 400")
async def _(lab: Lab) -> Outcome:
    many = "".join(f"X-{number}: y\r\n" for number in range(500))
    heads = (
        b"GET /health HTTP/1.1\r\nX: " + b"a" * 2**20 + b"\r\n\r\n",
        f"GET /health HTTP/1.1\r\nHost: a\r\n{many}\r\n".encode(),
        b"GET /" + b"a" * 2**20 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    )
    found = [status_of(await sent(lab.place.url, head)) for head in heads]
    return judged([each for each in found if each == 200 or each >= 500], f"answers {found}")


@attacks.add(
    "grow the counters by names of its own", "counters know methods and endpoints, no others"
)
async def _(lab: Lab) -> Outcome:
    async def lines() -> int:
        return (await lab.nobody.ask("GET", "/metrics")).text.count("\n")

    # What every status costs once is not what each name costs.
    await lab.nobody.ask("BREW", "/health")
    before = await lines()
    for number in range(60):
        await lab.nobody.ask(f"BREW{number}", f"/x{number}")
        await lab.nobody.ask(f"BREW{number}", "/health")
    grown = await lines() - before
    return judged(grown > 60 and grown, f"{grown} lines more after 120 names")


@attacks.add("send numbers without bounds", "numbers have bounds, or are 400")
async def _(lab: Lab) -> Outcome:
    person, scope = lab.attacker.person, lab.attacker.scope
    huge: tuple[Any, ...] = (10**30, -(10**30), 1e308, -1, 0)
    asked: list[Awaitable[Answer]] = []
    for number in huge:
        sql = {"scope": scope, "sql": "select 1"}
        asked.append(person.ask("POST", "/query", {**sql, "timeout": number}))
        asked.append(person.ask("POST", "/query", {**sql, "limit": number}))
        asked.append(person.ask("GET", f"/scope/{scope}/logs?tail={number}"))
        service = {"scope": scope, "statement": "select 1", "max-result-reads": number}
        asked.append(person.ask("POST", "/query/service", {**service, "result-ttl": f"{number}s"}))
    answers = await asyncio.gather(*asked)
    bad = [each.brief() for each in answers if each.status == 0 or each.status >= 500]
    return judged(bad, tally(list(answers)))


@attacks.add("nest JSON a million deep", "what is too deep is 400")
async def _(lab: Lab) -> Outcome:
    body = b'{"scope":"none","sql":"x","params":' + b"[" * 10**6
    answer = await lab.attacker.person.ask("POST", "/query", body=body)
    return judged(answer.status != 400 and answer.brief(), answer.brief())


@attacks.add("send a body larger than may be", "413 before it is read, chunked or not")
async def _(lab: Lab) -> Outcome:
    token = CREDENTIALS.format(token=lab.attacker.person.token)
    announced = f"POST /command HTTP/1.1\r\n{token}Content-Length: {10**12}\r\n\r\n".encode()
    replies = [status_of(await sent(lab.place.url, announced))]

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" " * MIB

    chunked = await lab.attacker.person.ask("POST", "/command", body=endless())
    replies.append(chunked.status)
    return judged([each for each in replies if each not in (413, 0)], f"answers {replies}")
