"""Outlive a deletion: of a scope, of a user, of a token."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Final

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import Lab, NotPlayed, Tenant

attacks = Attacks(Goal.DELETION)
GONE: Final = (
    "the container and its disk are removed before the reply; the kernel ends every process"
)
STAYS: Final = """
import os, signal, subprocess, sys
code = '''
import os, signal, time
for number in (1, 2, 3, 10, 12, 15):
    signal.signal(number, signal.SIG_IGN)
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
held = open("/scope/files/held", "w")
while True:
    held.write("still here"); held.flush(); time.sleep(0.1)
'''
subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
"""


def _processes_in(containers: list[str]) -> dict[str, str]:
    """What runs on this host in these containers: number and start, by name."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if any(id in (folder / "cgroup").read_text() for id in containers):
                found[f"{folder.name} {_started(folder)}"] = (folder / "comm").read_text().strip()
        except OSError:
            continue
    return found


def _started(process: Path) -> str:
    """A number is given anew some day; with the start it is one process for ever."""
    return (process / "stat").read_text().rpartition(")")[2].split()[19]


async def _seen(lab: Lab, tenant: Tenant) -> dict[str, str]:
    """A scope's containers, and where its host is this one its processes; raises NotPlayed."""
    containers = await asyncio.to_thread(lab.containers, tenant)
    if not containers:
        raise NotPlayed("its container is not to be seen")  # noqa: EM101
    return _processes_in([each.id for each in containers]) if lab.place.state_dir else {}


async def _left(lab: Lab, tenant: Tenant, processes: dict[str, str]) -> list[str]:
    """What is left of a scope that had these processes."""
    containers = [each.name for each in await asyncio.to_thread(lab.containers, tenant)]
    left = []
    for key, name in processes.items():
        number, start = key.split()
        try:
            if _started(Path("/proc", number)) == start:
                left.append(f"{number} {name}")
        except OSError:
            continue
    return containers + left


@attacks.add("leave daemons behind that ignore signals", GONE)
async def _(lab: Lab) -> Outcome:
    async with lab.spare("daemons") as tenant:
        await tenant.value(STAYS)
        before = await _seen(lab, tenant)
        gone = await tenant.person.ask("DELETE", f"/scope/{tenant.scope}")
        after = await _left(lab, tenant, before)
    breach = after or (gone.status != 200 and gone.brief())
    return judged(breach, f"{len(before)} processes before, none after")


@attacks.add("stop its agent so that a deletion waits for ever", "a deletion is bounded in time")
async def _(lab: Lab) -> Outcome:
    async with lab.spare("frozen") as tenant:
        before = await _seen(lab, tenant)
        await tenant.value(
            "import os, subprocess\n"
            "subprocess.Popen(['sh', '-c', f'sleep 0.5; kill -STOP {os.getppid()} {os.getpid()}'], "
            "start_new_session=True)\n"
        )
        await asyncio.sleep(1)
        gone = await tenant.person.ask("DELETE", f"/scope/{tenant.scope}", timeout_s=60)
        left = await _left(lab, tenant, before)
    return judged(left or (gone.status != 200 and gone.brief()), gone.brief())


@attacks.add("be found again in a new scope of the same name", "a scope's disk goes with it")
async def _(lab: Lab) -> Outcome:
    person = lab.attacker.person
    first = await lab.open(person, "again")
    await first.value("kept = 7\nopen('/scope/files/kept.txt', 'w').write('kept')")
    await first.sql("create table kept as select 1")
    handle = await person.must(
        "POST",
        "/query/service",
        {"scope": first.scope, "statement": "select 1", "mode": "deferred"},
    )
    await person.must("DELETE", f"/scope/{first.scope}")
    await person.must("POST", "/scope", {"scope": first.scope, "memory": "1GiB"})
    path = "/query/service" + str(handle["handle"]).partition("/query/service")[2]
    answers = {
        "variable": await first.python("kept"),
        "file": await first.files("GET", "kept.txt"),
        "table": await first.sql("select * from kept"),
        "handle": await person.ask("GET", path),
    }
    await person.must("DELETE", f"/scope/{first.scope}")
    got = [(what, a.brief()) for what, a in answers.items() if a.status == 200]
    return judged(got, answers["table"].brief())


@attacks.add("use a scope that is gone", "a scope that is gone is 404")
async def _(lab: Lab) -> Outcome:
    async with lab.spare("gone") as tenant:
        await tenant.person.must("DELETE", f"/scope/{tenant.scope}")
        answers = [
            await tenant.python("1"),
            await tenant.sql("select 1"),
            await tenant.files("GET", "x"),
            await tenant.person.ask("POST", f"/scope/{tenant.scope}/restart"),
            await tenant.person.ask("GET", f"/scope/{tenant.scope}/logs"),
        ]
    got = [each.brief() for each in answers if each.status != 404]
    return judged(got, answers[0].brief())


@attacks.add("go on computing after its scope was deleted", "a deletion ends what runs")
async def _(lab: Lab) -> Outcome:
    async with lab.spare("busy") as tenant:
        running = asyncio.create_task(tenant.python("while True: pass", 120))
        await asyncio.sleep(1)
        gone = await tenant.person.ask("DELETE", f"/scope/{tenant.scope}")
        left = await asyncio.to_thread(lab.containers, tenant)
        async with asyncio.timeout(30):
            answer = await running
    breach = [each.name for each in left] or (gone.status != 200 and gone.brief())
    return judged(breach or answer.status == 200, answer.brief())


@attacks.add("go on as a user who was removed", "tokens end with their account")
async def _(lab: Lab) -> Outcome:
    person = await lab.user("removed")
    await lab.admin.must("DELETE", f"/admin/users/{person.name}")
    pair = base64.b64encode(f"{person.name}:{person.password}".encode()).decode()
    answers = [
        await person.ask("GET", "/scope"),
        await person.ask("POST", "/scope", {"scope": "x"}),
        await lab.nobody.ask(
            "GET", "/query/service?statement=select%201", headers={"Authorization": f"Basic {pair}"}
        ),
    ]
    got = [each.brief() for each in answers if each.status != 401]
    return judged(got, answers[0].brief())


@attacks.add("inherit a namesake's account by an old token", "a name's tokens are numbered on")
async def _(lab: Lab) -> Outcome:
    old = await lab.user("namesake")
    await lab.admin.must("DELETE", f"/admin/users/{old.name}")
    new = {"username": old.name, "password": "another-password"}
    await lab.admin.must("POST", "/admin/users", new)
    answer = await old.ask("GET", "/scope")
    return judged(answer.status != 401 and answer.brief(), answer.brief())


@attacks.add(
    "inherit a namesake's scopes and results", "a removed user's scopes and results go too"
)
async def _(lab: Lab) -> Outcome:
    old = await lab.user("heir")
    scope = await lab.open(old, "heirloom")
    asked = {"scope": scope.scope, "statement": f"select '{lab.secret}' as w", "mode": "deferred"}
    handle = str((await old.must("POST", "/query/service", asked))["handle"])
    await lab.admin.must("DELETE", f"/admin/users/{old.name}")
    new = {"username": old.name, "password": old.password}
    await lab.admin.must("POST", "/admin/users", new)
    heir = await old.logged_in()
    path = "/query/service" + handle.partition("/query/service")[2]
    answers = [await heir.ask("GET", path), await heir.ask("GET", f"/scope/{scope.scope}")]
    scopes = (await heir.must("GET", "/scope"))["scopes"]
    got = [each.brief() for each in answers if each.status == 200]
    return judged(got or scopes, answers[0].brief())


@attacks.add("use a token that was given back", "a token that was ended is remembered")
async def _(lab: Lab) -> Outcome:
    person = await lab.user("leaver")
    await person.must("GET", "/scope")
    await person.must("DELETE", "/token")
    answers = [await person.ask("GET", "/scope"), await person.ask("POST", "/scope", {})]
    got = [each.brief() for each in answers if each.status != 401]
    return judged(got, answers[0].brief())


@attacks.add("use a token or password from before it was changed", "another password ends tokens")
async def _(lab: Lab) -> Outcome:
    person = await lab.user("changed")
    pair = base64.b64encode(f"{person.name}:{person.password}".encode()).decode()
    basic = {"Authorization": f"Basic {pair}"}
    path = "/query/service/status/1-0"
    known = await lab.nobody.ask("GET", path, headers=basic)
    await lab.admin.must("PATCH", f"/admin/users/{person.name}", {"password": "another-password"})
    given = {"username": person.name, "password": person.password}
    answers = [
        await person.ask("GET", "/scope"),
        await lab.nobody.ask("POST", "/token", given),
        await lab.nobody.ask("GET", path, headers=basic),
    ]
    if known.status == 401:
        raise NotPlayed("the password was not taken before either")  # noqa: EM101
    got = [each.brief() for each in answers if each.status != 401]
    return judged(got, answers[0].brief())
