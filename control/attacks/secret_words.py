"""Reach secrets: passwords, tokens, keys, other users' code."""

from __future__ import annotations

import json
from typing import Final

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import Lab, Person

attacks = Attacks(Goal.SECRETS)
KEPT_APART: Final = "no secret is ever given to a sandbox"
NOT_TOLD: Final = "errors say what was wrong with the request and nothing of the server"


def _secrets(lab: Lab) -> list[str]:
    """What must be found nowhere: parts of tokens that no attack itself carries."""
    people = (lab.admin, lab.victim.person)
    return [each for person in people for each in (person.token, person.password) if each]


def _found(lab: Lab, text: str) -> list[str]:
    return [f"a secret of {len(each)} characters" for each in _secrets(lab) if each in text]


def _turned(words: list[str]) -> list[str]:
    """Written backwards, so that the attack's own text is not what it finds."""
    return [word[::-1] for word in words]


@attacks.add("find secrets in the sandbox's environment", KEPT_APART)
async def _(lab: Lab) -> Outcome:
    code = f"""
secrets = [word[::-1] for word in {_turned(_secrets(lab))!r}]
texts = [read(path, 100000) for path in glob.glob("/proc/[0-9]*/environ")
         if attempt(read, path) is not None]
texts += [read(path, 100000) for path in glob.glob("/proc/[0-9]*/cmdline")
          if attempt(read, path) is not None]
loot = [number for number, word in enumerate(secrets) if any(word in text for text in texts)]
names = {{line.split("=")[0] for text in texts for line in text.split("\\0") if "=" in line}}
words = ("PASSWORD", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE", "SIGNING")
names -= {{"PYTHON_WORKER_FACTORY_SECRET"}}  # Spark's, of this very scope
loot += [name for name in names if any(word in name.upper() for word in words)]
refusals.append(f"{{len(names)}} variables of {{len(texts)}} processes")
"""
    loot, refusals = await lab.attacker.loot(code)
    return judged(loot, "; ".join(refusals))


@attacks.add("find secrets in the agent's memory", "the agent is never sent any")
async def _(lab: Lab) -> Outcome:
    await lab.attacker.person.ask("GET", f"/scope/{lab.attacker.scope}")
    words = [*_secrets(lab), lab.attacker.person.token]
    code = f"""
secrets = [word[::-1].encode() for word in {_turned(words)!r}]
pid, size = os.getppid(), 0
loot = []
memory = attempt(open, f"/proc/{{pid}}/mem", "rb", 0)
for line in (read(f"/proc/{{pid}}/maps", 10**6).splitlines() if memory else ()):
    start, end = (int(part, 16) for part in line.split()[0].split("-"))
    if "rw" not in line.split()[1]:
        continue
    for place in range(start, end, 2**22):
        memory.seek(place)
        # Pieces overlap, so that nothing lies across two.
        block = attempt(memory.read, min(end - place, 2**22 + 4096)) or b""
        size += len(block)
        loot += [number for number, word in enumerate(secrets) if word in block]
refusals.append(f"{{size >> 20}} MiB of the agent's memory read")
"""
    loot, refusals = await lab.attacker.loot(code)
    return judged(loot, "; ".join(refusals))


attacks.inside(
    "find keys and credentials in the image",
    "the image is built from public parts, without any",
    """
names = ("*.key", "id_rsa*", "id_ed25519*", ".netrc", "pip.conf", ".pypirc", "credentials*.json",
         ".git-credentials", ".npmrc", "settings-security.xml", "geoscope.db*", "*.sqlite")
command = "find / -xdev \\\\( " + " -o ".join(f"-name '{name}'" for name in names)
loot = shell(command + " \\\\) -type f -size +0 2>/dev/null").split()
loot += shell("grep -rIl -m1 -e '-----BEGIN [A-Z ]*PRIVATE KEY' /etc /opt/geoscope/app /root /home "
              "/usr/local 2>/dev/null").split()
""",
)
attacks.inside(
    "read the image's shadow passwords",
    "it is not root, and the image's accounts have no passwords",
    """
text = attempt(read, "/etc/shadow") or ""
loot = [line for line in text.splitlines() if line.split(":")[1:2] and len(line.split(":")[1]) > 3]
""",
)


@attacks.add("read secrets off the engine's description of containers", KEPT_APART)
async def _(lab: Lab) -> Outcome:
    texts = [json.dumps(lab.engine.describe(each.id)) for each in lab.engine.containers()]
    return judged(_found(lab, "\n".join(texts)), f"{len(texts)} containers described")


@attacks.add("read the metrics as a stranger", "from elsewhere than loopback a token is needed")
async def _(lab: Lab) -> Outcome:
    tries = ({"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"})
    answers = [await lab.nobody.ask("GET", "/metrics", headers=each) for each in tries]
    got = [each.brief() for each in answers if each.status == 200]
    return judged(got, answers[0].brief())


@attacks.add("have errors tell of the server", NOT_TOLD)
async def _(lab: Lab) -> Outcome:
    person, scope = lab.attacker.person, lab.attacker.scope
    answers = [
        await person.ask("POST", "/query", body=b"{", headers={"Content-Type": "application/json"}),
        await person.ask("POST", "/command", {"scope": scope, "command": 7}),
        await person.ask("GET", "/scope/%00%ff/files/%ff"),
        await person.ask("GET", f"/scope/{scope}/logs?tail=many"),
        await person.ask("POST", "/pointmap", {"scope": scope, "sql": "select", "params": {}}),
        await person.ask("GET", "/query/service/status/%2e%2e%2f"),
        await person.ask("BREW", "/scope"),
        await person.ask("POST", "/db/query", {"id": [], "query": {}}),
    ]
    text = "\n".join(answer.text for answer in answers)
    words = ("Traceback", 'File "', ".py", "sqlalchemy", "sanic", "/berths/", "geoscope.db")
    bugs = [answer.brief() for answer in answers if answer.status == 500]
    got = [word for word in words if word in text] + bugs + _found(lab, text)
    return judged(got, f"{len(answers)} errors, the first: {answers[0].brief()}")


@attacks.add("read secrets off the audit", "the audit holds who and what, never secrets or code")
async def _(lab: Lab) -> Outcome:
    wrong = lab.victim.person.password + "x"
    await lab.nobody.ask("POST", "/token", {"username": lab.victim.person.name, "password": wrong})
    await lab.nobody.ask("POST", "/token", {"username": wrong, "password": "in the wrong field"})
    events = await lab.admin.ask("GET", "/admin/events?limit=1000")
    found = _found(lab, events.text)
    found += [word for word in (wrong, lab.secret) if word in events.text]
    return judged(found, f"{len(events.members.get('events', []))} events")


@attacks.add("read secrets off its own scope's log", KEPT_APART)
async def _(lab: Lab) -> Outcome:
    path = f"/scope/{lab.attacker.scope}/logs?tail=10000"
    log = await lab.attacker.person.ask("GET", path)
    found = _found(lab, log.text) + [lab.secret] * lab.knows(log)
    return judged(found, f"{len(log.body)} bytes of log")


@attacks.add("learn from the answer whether a user exists", "unknown and wrong are told alike")
async def _(lab: Lab) -> Outcome:
    known = await _wrong(lab.nobody, lab.victim.person.name)
    unknown = await _wrong(lab.nobody, "attack-nobody-has-this-name")
    same = known == unknown and known[0] != 200
    return judged(not same and (known, unknown), f"both {known[0]} {known[1][:80]}")


async def _wrong(person: Person, name: str) -> tuple[int, str]:
    answer = await person.ask("POST", "/token", {"username": name, "password": "not the one"})
    return answer.status, answer.text


@attacks.add("find others' names in what a tenant is told", "a tenant is told of its own only")
async def _(lab: Lab) -> Outcome:
    paths = (
        "/scope",
        "/dbs",
        "/admin/requests/running",
        "/admin/version",
        "/ready",
        "/docs",
        "/health",
    )
    answers = [await lab.attacker.person.ask("GET", path) for path in paths]
    names = (lab.victim.person.name, lab.victim.scope, lab.secret)
    got = [
        (path, name)
        for path, answer in zip(paths, answers, strict=True)
        for name in names
        if name in answer.text
    ]
    return judged(got, f"{len(paths)} pages")


@attacks.add("have a browser read replies for another site", "CORS is closed unless opened")
async def _(lab: Lab) -> Outcome:
    origin = {"Origin": "https://attack.example", "Access-Control-Request-Method": "GET"}
    answers = [
        await lab.attacker.person.ask("GET", "/scope", headers=origin),
        await lab.nobody.ask("OPTIONS", "/scope", headers=origin),
    ]
    got = [dict(a.headers) for a in answers if a.headers.get("Access-Control-Allow-Origin")]
    return judged(got, answers[0].brief())
