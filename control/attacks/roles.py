"""Climb roles: do what only an admin may, or have more than a user may have."""

from __future__ import annotations

from typing import Any, Final

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import Lab, NotPlayed

attacks = Attacks(Goal.ROLES)
ADMINS: Final = "endpoints under /admin say who may ask, and are asked before anything is read"
DONE: Final = range(200, 400)
PAGES: Final[dict[str, tuple[str, str, dict[str, Any] | None]]] = {
    "see everybody's scopes": ("GET", "/admin/scopes", None),
    "see all accounts": ("GET", "/admin/users", None),
    "see what happened": ("GET", "/admin/events", None),
    "make an admin": (
        "POST",
        "/admin/users",
        {"username": "attack-made", "password": "attack-made", "role": "admin"},
    ),
    "make itself an admin": ("PATCH", "/admin/users/{me}", {"role": "admin"}),
    "raise its own quota": ("PATCH", "/admin/users/{me}", {"quota": {"scopes": 1000}}),
    "change the victim's password": ("PATCH", "/admin/users/{victim}", {"password": "attacked!"}),
    "remove the victim": ("DELETE", "/admin/users/{victim}", None),
}


def _by_page(name: str, method: str, path: str, members: dict[str, Any] | None) -> None:
    @attacks.add(name, ADMINS)
    async def run(lab: Lab) -> Outcome:
        names = {"me": lab.attacker.person.name, "victim": lab.victim.person.name}
        answer = await lab.attacker.person.ask(method, path.format(**names), members)
        if answer.status in DONE and method == "POST":
            await lab.admin.ask("DELETE", "/admin/users/attack-made")
        return judged(answer.status != 403 and answer.brief(), answer.brief())


for _name, (_method, _path, _members) in PAGES.items():
    _by_page(_name, _method, _path, _members)


@attacks.add("close the victim's scope by its id", ADMINS)
async def _(lab: Lab) -> Outcome:
    found = (await lab.admin.must("GET", "/admin/scopes"))["scopes"]
    ids = [each["id"] for each in found if each["user"] == lab.victim.person.name]
    if not ids:
        raise NotPlayed("the admin does not see the victim's scope")  # noqa: EM101
    answer = await lab.attacker.person.ask("DELETE", f"/admin/scopes/{ids[0]}")
    return judged(answer.status != 403 and answer.brief(), answer.brief())


@attacks.add("reach the admin's pages by another spelling", "a path is matched as it is, or is 404")
async def _(lab: Lab) -> Outcome:
    paths = (
        "//admin/scopes",
        "/ADMIN/scopes",
        "/admin/./scopes",
        "/x/../admin/scopes",
        "/admin%2fscopes",
        "/admin/scopes/",
        "/admin/scopes;x",
        "/%61dmin/scopes",
        "/admin/scopes%00",
        "/scope/%2e%2e/admin/scopes",
        "/admin/requests/running/../../scopes",
    )
    answers = [await lab.attacker.person.ask("GET", path) for path in paths]
    name = lab.victim.person.name
    got = [path for path, a in zip(paths, answers, strict=True) if name in a.text]
    return judged(got, f"{len(paths)} paths, the first: {answers[0].brief()}")


@attacks.add("say in a header that it is an admin", "no header but the token tells who asks")
async def _(lab: Lab) -> Outcome:
    headers = {
        "X-Role": "admin",
        "X-Admin": "true",
        "X-Original-URL": "/admin/scopes",
        "X-Rewrite-URL": "/admin/scopes",
        "X-HTTP-Method-Override": "DELETE",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-User": lab.admin.name,
    }
    pages = ("/admin/scopes", "/health", "/scope")
    answers = [await lab.attacker.person.ask("GET", page, headers=headers) for page in pages]
    got = [a.brief() for a in answers if lab.victim.person.name in a.text]
    got += [answers[0].brief()] if answers[0].status != 403 else []
    return judged(got, answers[0].brief())


@attacks.add("get a role with the token", "a log-in takes a name and a password")
async def _(lab: Lab) -> Outcome:
    person = await lab.user("climber")
    given = {
        "username": person.name,
        "password": person.password,
        "role": "admin",
        "is_admin": True,
    }
    token = (await person.must("POST", "/token", given))["data"]["token"]
    headers = {"Authorization": f"Token {token}"}
    answer = await lab.nobody.ask("GET", "/admin/users", headers=headers)
    return judged(answer.status != 403 and answer.brief(), answer.brief())


@attacks.add("stay an admin after it was taken back", "roles are looked up, they are in no token")
async def _(lab: Lab) -> Outcome:
    person = await lab.user("demoted", role="admin")
    before = await person.ask("GET", "/admin/users")
    if before.status != 200:
        raise NotPlayed(f"it never was an admin: {before.brief()}")  # noqa: EM102
    await lab.admin.must("PATCH", f"/admin/users/{person.name}", {"role": "user"})
    after = await person.ask("GET", "/admin/users")
    return judged(after.status != 403 and after.brief(), after.brief())


@attacks.add("open a scope larger than it may have", "a wish is held against the user's quota")
async def _(lab: Lab) -> Outcome:
    person = await lab.user("greedy", memory="1GiB", cpus=1, disk="512MiB")
    wishes: tuple[dict[str, Any], ...] = (
        {"memory": "64GiB"},
        {"memory": 10**30},
        {"memory": -1},
        {"cpus": 512},
        {"cpus": 1e308},
        {"cpus": -1},
        {"disk": "10TiB"},
        {"memory": "1GiB", "disk": "-1"},
        {"ttl": -5},
        {"idle_timeout": 1e308},
    )
    answers = [await person.ask("POST", "/scope", {"scope": "greedy", **wish}) for wish in wishes]
    got = [
        (wish, each.brief())
        for wish, each in zip(wishes, answers, strict=True)
        if each.status in DONE
    ]
    return judged(got, f"{len(wishes)} wishes, the first: {answers[0].brief()}")


@attacks.add("cancel or see the victim's running requests", "requests are their maker's own")
async def _(lab: Lab) -> Outcome:
    context = f"context-{lab.victim.scope}"
    started = {
        "scope": lab.victim.scope,
        "statement": "select sum(id % 7) from range(100000000000)",
        "dialect": "spark",
        "mode": "async",
        "client_context_id": context,
    }
    made = await lab.victim.person.must("POST", "/query/service", started)
    person = lab.attacker.person
    try:
        seen = await person.ask("GET", "/admin/requests/running")
        path = f"/admin/requests/running?client_context_id={context}"
        cancelled = await person.ask("DELETE", path)
        by_id = await person.ask(
            "DELETE", f"/admin/requests/running?request_id={made.get('requestID')}"
        )
        own = await lab.victim.person.ask("GET", "/admin/requests/running")
    finally:
        await lab.victim.person.ask("DELETE", path)
    if context not in own.text:
        raise NotPlayed(f"the victim's request did not run: {own.text[:200]}")  # noqa: EM102
    got = [a.brief() for a in (cancelled, by_id) if a.status in DONE]
    got += [seen.brief()] if context in seen.text else []
    return judged(got, cancelled.brief())
