"""Hide from the operator: what a tenant does is seen, under its own name."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Final

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import Lab, NotPlayed
from control.attacks.raw import CREDENTIALS, sent
from control.engine.driver import SANDBOX_LABEL

attacks = Attacks(Goal.HIDING)
AUDITED: Final = "every move of a scope and every refusal is an event that no tenant can write"
BURN: Final = """
import threading
def burn():
    number = 0
    while True:
        number += 1
thread = threading.Thread(target=burn, daemon=True)
thread.start()
"""


async def _events(lab: Lab, **wanted: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in {"limit": "500", **wanted}.items())
    found: list[dict[str, Any]] = (await lab.admin.must("GET", f"/admin/events?{query}"))["events"]
    return found


@attacks.add("open and delete a scope unseen", AUDITED)
async def _(lab: Lab) -> Outcome:
    person = lab.attacker.person
    mark = f"unseen-{secrets.token_hex(4)}"
    scope = f"unseen-{secrets.token_hex(2)}"
    body = {"scope": scope, "memory": "1GiB"}
    opened = await person.ask("POST", "/scope", body, headers={"X-Request-Id": mark})
    if opened.status != 200:
        raise NotPlayed(opened.brief())
    await person.must("DELETE", f"/scope/{scope}")
    events = [event for event in await _events(lab, user=person.name) if event["scope"] == scope]
    asked = {event["request_id"] for event in events}
    kinds = [event["event"] for event in events]
    return judged(len(events) < 2 or mark not in asked, f"events: {', '.join(kinds)}")


@attacks.add("fail to log in unseen", AUDITED)
async def _(lab: Lab) -> Outcome:
    person = await lab.user("failing")
    for _ in range(3):
        given = {"username": person.name, "password": "wrong"}
        await lab.nobody.ask("POST", "/token", given)
    events = await _events(lab, user=person.name)
    kinds = [event["event"] for event in events]
    return judged("login_failed" not in kinds, f"events: {', '.join(kinds)}")


@attacks.add("knock at the admin's door unseen", AUDITED)
async def _(lab: Lab) -> Outcome:
    person = await lab.user("knocking")
    await person.ask("GET", "/admin/users")
    seen = [event for event in await _events(lab) if event["by"] == person.name]
    reasons = [str(event["reason"]) for event in seen if event["event"] == "refused"]
    return judged(not reasons, "; ".join(reasons))


@attacks.add("wipe or write the audit", "the audit has no way to be written over HTTP")
async def _(lab: Lab) -> Outcome:
    before = await _events(lab, limit="1")
    answers = [
        await lab.attacker.person.ask(method, path, {})
        for method in ("DELETE", "PUT", "PATCH", "POST")
        for path in ("/admin/events", "/admin/events/1")
    ]
    after = await _events(lab)
    got = [each.brief() for each in answers if each.status < 400]
    kept = before[0]["number"] in [event["number"] for event in after]
    return judged(got or not kept, answers[0].brief())


@attacks.add("forge the request id in events", "ids of other than plain characters are replaced")
async def _(lab: Lab) -> Outcome:
    forged = (b"x y", b"a" * 500, b'","user":"admin', b"<script>", b"\x1b[2J", b"a;b", b"\xff")
    token = CREDENTIALS.format(token=lab.attacker.person.token).encode()
    got = []
    for each in forged:
        head = (
            b"GET /scope HTTP/1.1\r\nConnection: close\r\n"
            + token
            + b"X-Request-Id: "
            + each
            + b"\r\n\r\n"
        )
        told = (await sent(lab.place.url, head, 2)).partition(b"\r\n\r\n")[0]
        got += [each] if each in told else []
    if b"200" not in told[:20]:
        raise NotPlayed(f"the last reply was {told[:60]!r}")  # noqa: EM102
    return judged(got, f"{len(forged)} ids, none in the reply")


@attacks.add("have a name that misleads", "names hold letters, digits, `_`, `.`, `-` only")
async def _(lab: Lab) -> Outcome:
    names = ("\x1b[2Jcleared", "a\nb", "victim\u202e", "..", "-rf", "a/b", "a b", "", "x" * 64, "é")
    answers = [await lab.attacker.person.ask("POST", "/scope", {"scope": name}) for name in names]
    got = [
        (name, each.brief())
        for name, each in zip(names, answers, strict=True)
        if each.status != 400
    ]
    for name in [name for name, each in got if each.startswith("200")]:
        await lab.attacker.person.ask("DELETE", f"/scope/{name}")
    return judged(got, answers[0].brief())


@attacks.add("have no name or label at the engine", "names and labels are fixed at creation")
async def _(lab: Lab) -> Outcome:
    found = await asyncio.to_thread(lab.containers, lab.attacker)
    names = [each.name for each in found if each.labels.get(SANDBOX_LABEL)]
    return judged(not names, f"docker ps shows {', '.join(names)}")


@attacks.add("compute unseen after its command has ended", "the engine counts what a scope uses")
async def _(lab: Lab) -> Outcome:
    await lab.attacker.value(BURN)
    path = f"/scope/{lab.attacker.scope}"

    async def used() -> float:
        found = await lab.attacker.person.must("GET", path)
        return float(found["cpu"]["used_seconds"] or 0)

    before = await used()

    async def grown() -> float:
        now = await used()
        return now if now > before + 1 else 0.0

    after = await lab.until(grown, 20)
    # Whatever happens next, it must not go on.
    await lab.attacker.python("import os\nos._exit(0)")
    return judged(not after, f"{before:.1f} s of processor time became {after:.1f} s")


@attacks.add("stay awake by work of its own", "busy is what the control plane has under way")
async def _(lab: Lab) -> Outcome:
    async with lab.spare("awake", idle_timeout=3) as tenant:
        await tenant.value(BURN)

        async def stopped() -> str:
            found = (await tenant.person.must("GET", "/scope"))["scopes"]
            states = {each["scope"]: f"{each['state']}: {each['reason']}" for each in found}
            state = states.get(tenant.scope, "gone")
            return state if state.startswith(("stopped", "gone")) else ""

        state = await lab.until(stopped, 40)
    return judged(not state, state)


@attacks.add(
    "kill its agent and blame somebody else", "the reason is the engine's word and exit codes"
)
async def _(lab: Lab) -> Outcome:
    async with lab.spare("fallen") as tenant:
        await tenant.python("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", 20)

        async def dead() -> str:
            found = (await lab.admin.must("GET", "/admin/scopes"))["scopes"]
            mine = [each for each in found if each["scope"] == tenant.scope]
            return str(mine[0]["reason"]) if mine and mine[0]["state"] == "dead" else ""

        reason = await lab.until(dead, 20)
    return judged(not reason, f"dead: {reason}")


@attacks.add("run in a container that its own scope does not show", "one container for each scope")
async def _(lab: Lab) -> Outcome:
    scopes = (await lab.admin.must("GET", "/admin/scopes"))["scopes"]
    shown = {each["container"] for each in scopes if each["user"] == lab.attacker.person.name}
    found = await asyncio.to_thread(lab.engine.containers)
    mine = {each.id for each in found if f"gs-{lab.attacker.person.name}-" in each.name}
    return judged(mine - shown, f"{len(mine)} containers, all shown")
