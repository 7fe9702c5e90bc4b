"""Reach another scope: its files, tables, namespace, sockets, agent."""

from __future__ import annotations

from typing import Any, Final

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import Lab, NotPlayed, Tenant
from control.attacks.people import Answer

attacks = Attacks(Goal.NEIGHBOURS)
OWNER: Final = "scopes are looked up among the caller's own: another's is 404, as if it were not"
OWN_DISK: Final = "only the scope's own disk is mounted in its container"
NAMESPACES: Final = "kernel namespaces of the container's own: mount, network, process, IPC"

REQUESTS: Final[dict[str, tuple[str, str, dict[str, Any] | None]]] = {
    "run Python in it": ("POST", "/command", {"scope": "{scope}", "command": "canary"}),
    "query its tables": ("POST", "/query", {"scope": "{scope}", "sql": "select * from canary"}),
    "read its files": ("GET", "/scope/{scope}/files/canary.txt", None),
    "list its files": ("GET", "/scope/{scope}/files", None),
    "write over its files": ("PUT", "/scope/{scope}/files/canary.txt", {"gone": 1}),
    "delete its files": ("DELETE", "/scope/{scope}/files/canary.txt", None),
    "read its log": ("GET", "/scope/{scope}/logs", None),
    "look at its variables": ("GET", "/scope/{scope}", None),
    "interrupt it": ("POST", "/scope/{scope}/interrupt", {"all": True}),
    "restart it": ("POST", "/scope/{scope}/restart", {}),
    "delete it": ("DELETE", "/scope/{scope}", None),
    "describe its tables": ("GET", "/table/{scope}/spark/canary", None),
    "list its tables": ("GET", "/tables/{scope}/spark", None),
    "replace its table": (
        "POST",
        "/createtable",
        {"scope": "{scope}", "session": "spark", "tables": [{"name": "canary", "sql": "select 1"}]},
    ),
    "save its table": (
        "POST",
        "/savefile",
        {
            "scope": "{scope}",
            "session": "spark",
            "tables": [{"sql": "select * from canary", "format": "csv", "path": "out"}],
        },
    ),
    "open a session in it": ("POST", "/session", {"scope": "{scope}", "session": "mine"}),
    "draw its rows": (
        "POST",
        "/pointmap",
        {
            "scope": "{scope}",
            "session": "spark",
            "sql": "select ST_Point(1, 1) from canary",
            "params": {"width": 64, "height": 64, "bounding_box": [0, 0, 2, 2]},
        },
    ),
    "run SQL++ in it": (
        "POST",
        "/query/service",
        {"scope": "{scope}", "statement": "select value c from canary c"},
    ),
    "take it for a db of the old API": ("POST", "/db/tables", {"id": "{scope}"}),
}
DONE: Final = range(200, 400)


def _filled(wanted: Any, scope: str) -> Any:
    if isinstance(wanted, dict):
        return {name: _filled(value, scope) for name, value in wanted.items()}
    return wanted.replace("{scope}", scope) if isinstance(wanted, str) else wanted


def _by_request(name: str, method: str, path: str, members: dict[str, Any] | None) -> None:
    @attacks.add(f"{name}, by its name over HTTP", OWNER)
    async def run(lab: Lab) -> Outcome:
        scope = lab.victim.scope
        wanted = _filled(members, scope)
        answer = await lab.attacker.person.ask(method, _filled(path, scope), wanted)
        return _refused(lab, answer)


def _refused(lab: Lab, answer: Answer) -> Outcome:
    breach = lab.knows(answer) or answer.status in DONE
    return judged(breach and answer.brief(), answer.brief())


for _name, (_method, _path, _members) in REQUESTS.items():
    _by_request(_name, _method, _path, _members)


@attacks.add("name the owner in the request", "the owner is the token's; unknown members count not")
async def _(lab: Lab) -> Outcome:
    victim = lab.victim.person.name
    wanted = {"scope": lab.victim.scope, "command": "canary"}
    names = {"user": victim, "owner": victim, "username": victim, "on_behalf_of": victim}
    headers = {"X-User": victim, "X-Remote-User": victim, "X-Forwarded-User": victim}
    path = f"/command?user={victim}&owner={victim}"
    return _refused(
        lab, await lab.attacker.person.ask("POST", path, {**wanted, **names}, headers=headers)
    )


@attacks.add("take a scope of the same name", "names are per user: the namesake is another scope")
async def _(lab: Lab) -> Outcome:
    person = lab.attacker.person
    await person.must("POST", "/scope", {"scope": lab.victim.scope, "memory": "1GiB"})
    namesake = Tenant(person=person, scope=lab.victim.scope)
    try:
        file = await namesake.files("GET", "canary.txt")
        table = await namesake.sql("select * from canary")
        value = await namesake.python("canary")
    finally:
        gone = await person.ask("DELETE", f"/scope/{lab.victim.scope}")
    found = [answer.brief() for answer in (file, table, value) if lab.knows(answer)]
    return judged(
        found or (gone.status != 200 and gone.brief()), f"{file.brief()}; {table.brief()}"
    )


@attacks.add("read its result by its handle", "handles belong to the user who made them")
async def _(lab: Lab) -> Outcome:
    asked = {"scope": lab.victim.scope, "statement": f"select '{lab.secret}' as word"}
    made = await lab.victim.person.must("POST", "/query/service", {**asked, "mode": "deferred"})
    path = "/query/service" + str(made["handle"]).partition("/query/service")[2]
    other = await lab.attacker.person.ask("GET", path)
    own = await lab.victim.person.ask("GET", path)
    if not lab.knows(own):
        raise NotPlayed(f"the handle gives nothing to its owner: {own.brief()}")  # noqa: EM102
    return _refused(lab, other)


@attacks.add("leave its files by a path", "`..` is refused twice, links are never followed")
async def _(lab: Lab) -> Outcome:
    paths = (
        "../canary.txt",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "..%252f..%252fetc%252fpasswd",
        "%252e%252e/etc/passwd",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "....//....//etc/passwd",
        "a/..%5c..%5cetc/passwd",
        "%00/etc/passwd",
        "..%c0%af..%c0%afetc/passwd",
        ".%00./etc/passwd",
    )
    answers = [await lab.attacker.files("GET", path) for path in paths]
    got = [path for path, each in zip(paths, answers, strict=True) if b"root:" in each.body]
    return judged(got, f"{len(paths)} paths, the last: {answers[-1].brief()}")


@attacks.add("read the host's files by links", "the files endpoint follows no link, and is inside")
async def _(lab: Lab) -> Outcome:
    targets = [str(path) for path in _host_files(lab)]
    await lab.attacker.value(
        "import os\n"
        f"for number, target in enumerate({targets!r}):\n"
        "    path = f'/scope/files/link{number}'\n"
        "    os.path.lexists(path) or os.symlink(target, path)\n"
    )
    links = [f"link{number}" for number in range(len(targets))]
    answers = [await lab.attacker.files("GET", link) for link in links]
    got = [
        target
        for target, each in zip(targets, answers, strict=True)
        if each.status in DONE and b'"status":"error"' not in each.body
    ]
    return judged(got, f"{len(targets)} links, the last: {answers[-1].brief()}")


def _host_files(lab: Lab) -> list[str]:
    state = [str(lab.place.state_dir / "geoscope.db")] if lab.place.state_dir else []
    return [*state, "/proc/1/root/etc/shadow", "/var/run/docker.sock", "/etc/passwd", "/", "../run"]


@attacks.add("load its files as a table", OWN_DISK)
async def _(lab: Lab) -> Outcome:
    paths = [f"{disk}/files/canary.txt" for disk in _victims_disks(lab)]
    paths += ["../../*/disk/files/canary.txt", "/proc/*/root/scope/files/canary.txt"]
    answers = []
    for path in [f"{scheme}{path}" for path in paths for scheme in ("", "file://", "file:")]:
        table = {"name": "stolen", "format": "csv", "path": path}
        wanted = {"scope": lab.attacker.scope, "session": "spark", "tables": [table]}
        answers.append(await lab.attacker.person.ask("POST", "/loadfile", wanted))
        answers.append(await lab.attacker.sql("select * from stolen"))
    got = [each.brief() for each in answers if lab.knows(each)]
    return judged(got, f"{len(answers)} tries, the first: {answers[0].brief()}")


@attacks.add("query its files by SQL over a path", OWN_DISK)
async def _(lab: Lab) -> Outcome:
    places = [f"{disk}/files/canary.txt" for disk in _victims_disks(lab)]
    places += ["/proc/1/root/scope/../*/files/canary.txt", "/scope/../../*/disk/files/canary.txt"]
    answers = [
        await lab.attacker.sql(f"select * from text.`{place}`")  # noqa: S608
        for place in places
    ]
    got = [each.brief() for each in answers if lab.knows(each)]
    return judged(got, f"{len(answers)} tries, the first: {answers[0].brief()}")


def _victims_disks(lab: Lab) -> list[str]:
    """Where the victim's disk is on the host, as far as that is known, and where it may be."""
    usual = [f"/var/lib/geoscope/berths/{lab.victim.scope}/disk"]
    if lab.place.state_dir is None:
        return usual
    return usual + [str(path) for path in (lab.place.state_dir / "berths").glob("*/disk")]


@attacks.add("query its tables by catalog names", "each scope has a Spark and a catalog of its own")
async def _(lab: Lab) -> Outcome:
    owner, scope = lab.victim.person.name, lab.victim.scope
    names = ["canary", "canary_view", "global_temp.canary_all", f"`{scope}`.canary"]
    names += [f"`{owner}`.`{scope}`.canary", f"spark_catalog.`{scope}`.canary"]
    answers = [await lab.attacker.sql(f"select * from {name}") for name in names]  # noqa: S608
    got = [each.brief() for each in answers if lab.knows(each)]
    return judged(got, answers[0].brief())


@attacks.add("connect to its Python's ports and sockets", NAMESPACES)
async def _(lab: Lab) -> Outcome:
    code = """
def asked(family, address):
    with socket.socket(family) as peer:
        peer.settimeout(3)
        peer.connect(address)
        return peer.recv(100).decode()
loot = [each for each in (
    attempt(asked, socket.AF_INET, ("127.0.0.1", 45454)),
    attempt(asked, socket.AF_UNIX, "\\0canary"),
) if each]
"""
    loot, refusals = await lab.attacker.loot(code)
    return judged(loot, "; ".join(refusals))


@attacks.add("connect to its agent's socket", OWN_DISK)
async def _(lab: Lab) -> Outcome:
    sockets = [f"{disk}/run/agent.sock" for disk in _victims_disks(lab)]
    code = f"""
def asked(path):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(3)
        peer.connect(path)
        return path
wanted = {sockets!r} + shell("find / -xdev -name '*.sock'").split()
loot = [path for path in wanted if path != "/scope/run/agent.sock" and attempt(asked, path)]
"""
    loot, refusals = await lab.attacker.loot(code)
    return judged(loot, "; ".join(refusals) or "there is no other")


attacks.inside(
    "read its shared memory",
    NAMESPACES,
    """
loot = [path for path in glob.glob("/dev/shm/*") if "canary" in path]
""",
)
attacks.inside(
    "see or signal its processes",
    NAMESPACES,
    """
def owner(pid):
    return os.stat(f"/proc/{pid}").st_uid
pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
loot = [pid for pid in pids if attempt(owner, pid) not in (None, os.getuid())]
refusals.append(f"{len(pids)} processes, all its own")
""",
)
attacks.inside(
    "count the neighbours by their disks",
    "what tells of the host's block devices is masked",
    """
found = glob.glob("/sys/block/loop*/loop/backing_file")
found += glob.glob("/sys/class/block/loop*/loop/backing_file")
found += glob.glob("/sys/devices/virtual/block/loop*/loop/backing_file")
loot = [text for text in (attempt(read, path) for path in found) if text]
""",
)


@attacks.add("be the victim by its user id", "each scope has a user id of its own")
async def _(lab: Lab) -> Outcome:
    uid = lab.victim_uid
    code = f"""
loot = [attempt(os.setuid, {uid}), attempt(os.setreuid, {uid}, {uid})]
loot = [os.getuid()] if os.getuid() == {uid} else None
"""
    loot, refusals = await lab.attacker.loot(code)
    return judged(loot, "; ".join(refusals))
