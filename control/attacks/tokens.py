"""Forge a token, or be somebody by a token's side doors."""

from __future__ import annotations

import base64
import json
import time
from typing import Any, Final

import jwt

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import Answer, Lab, NotPlayed

attacks = Attacks(Goal.TOKENS)
SIGNED: Final = "tokens are HS256 under a key of this installation, and nothing else is read"
REFUSED: Final = 401
GUESSES: Final = ("", "secret", "geoscope", "change-me", "password", "key", "\0", "admin")


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    head, claims, signature = token.split(".")
    return _read(head), _read(claims), signature


def _read(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return found


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _as_victim(lab: Lab, **more: Any) -> dict[str, Any]:
    """The victim's claims, as anybody can write them who saw a token of their own."""
    claims = _parts(lab.attacker.person.token)[1]
    return {**claims, "sub": lab.victim.person.name, "role": "admin", **more}


async def _answers(lab: Lab, *headers: str) -> list[Answer]:
    """The victim's and the admin's pages, asked for with each Authorization header."""
    path = f"/scope/{lab.victim.scope}"
    asked = [{"Authorization": header} for header in headers]
    pages = [await lab.nobody.ask("GET", path, headers=each) for each in asked]
    return pages + [await lab.nobody.ask("GET", "/admin/scopes", headers=each) for each in asked]


def _all_refused(answers: list[Answer]) -> Outcome:
    got = [each.brief() for each in answers if each.status != REFUSED and each.status // 100 != 4]
    odd = [each.brief() for each in answers if each.status == 200]
    return judged(odd or got, f"{len(answers)} answers, the first: {answers[0].brief()}")


@attacks.add("send no signature (alg none)", SIGNED)
async def _(lab: Lab) -> Outcome:
    claims = _part(_as_victim(lab))
    heads = [{"alg": name, "typ": "JWT"} for name in ("none", "None", "NONE", "", "nOnE")]
    headers = [f"Token {_part(head)}.{claims}{end}" for head in heads for end in (".", "", ".x")]
    return _all_refused(await _answers(lab, *headers))


@attacks.add("keep the signature and change the claims", SIGNED)
async def _(lab: Lab) -> Outcome:
    head, _, signature = _parts(lab.attacker.person.token)
    changed = (
        _as_victim(lab),
        _as_victim(lab, sub=lab.admin.name),
        {**_parts(lab.attacker.person.token)[1], "exp": int(time.time()) + 10**9},
        _as_victim(lab, sub=[lab.admin.name]),
    )
    headers = [f"Token {_part(head)}.{_part(each)}.{signature}" for each in changed]
    return _all_refused(await _answers(lab, *headers))


@attacks.add("sign with a key that is easily guessed", "the key is random, 256 bits")
async def _(lab: Lab) -> Outcome:
    claims = _as_victim(lab, sub=lab.admin.name)
    keys = [*GUESSES, str(claims["iss"]), lab.admin.name, lab.attacker.person.name]
    # Signed by hand: the library warns of weak keys, which is the point.
    tokens = [_signed({"alg": "HS256", "typ": "JWT"}, claims, key) for key in keys]
    return _all_refused(await _answers(lab, *(f"Token {token}" for token in tokens)))


def _signed(head: dict[str, Any], claims: dict[str, Any], key: str) -> str:
    algorithm = jwt.get_algorithm_by_name("HS256")
    text = f"{_part(head)}.{_part(claims)}"
    signature = algorithm.sign(text.encode(), key.encode())
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@attacks.add("have the key be read from where the token says", "a token's head names no key")
async def _(lab: Lab) -> Outcome:
    claims = _as_victim(lab, sub=lab.admin.name)
    where = f"http://127.0.0.1:{lab.trap.port}/key"
    heads = (
        {"alg": "HS256", "kid": "/dev/null"},
        {"alg": "HS256", "kid": "../../../../dev/null"},
        {"alg": "HS256", "kid": "1' union select '' --"},
        {"alg": "HS256", "jku": where},
        {"alg": "HS256", "x5u": where},
        {"alg": "HS256", "jwk": {"kty": "oct", "k": ""}},
    )
    before = len(lab.trap.caught)
    tokens = [_signed(head, claims, "") for head in heads]
    outcome = _all_refused(await _answers(lab, *(f"Token {token}" for token in tokens)))
    caught = lab.trap.caught[before:]
    return judged(caught, "the key was fetched") if caught else outcome


@attacks.add("say that another algorithm was used", SIGNED)
async def _(lab: Lab) -> Outcome:
    head, claims = {"typ": "JWT"}, _as_victim(lab, sub=lab.admin.name)
    names = ("HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "dir")
    tokens = [_signed({**head, "alg": name}, claims, "") for name in names]
    return _all_refused(await _answers(lab, *(f"Token {token}" for token in tokens)))


@attacks.add("send what is no token", "what is malformed is 401, never a bug")
async def _(lab: Lab) -> Outcome:
    own = lab.attacker.person.token
    headers = (
        "Token",
        "Token ",
        "Token null",
        "Token undefined",
        "Token ..",
        f"Token {own[:-2]}",
        f"Token {own}.x",
        f"Token {own.split('.')[0]}..",
        f"Basic {own}",
        "Basic !!!",
        "Basic " + base64.b64encode(b"admin").decode(),
        f"Negotiate {own}",
        "Token " + "A" * 6000,
        "Token " + _part({"alg": "HS256"}) + "." + "W1tb" * 500 + ".x",
        "Token \xff\xfe",
        own,
    )
    return _all_refused(await _answers(lab, *headers))


@attacks.add("send the token where none is read", "only the Authorization header is read")
async def _(lab: Lab) -> Outcome:
    token = lab.victim.person.token
    path = f"/scope/{lab.victim.scope}"
    answers = [
        await lab.nobody.ask("GET", f"{path}?token={token}&access_token={token}"),
        await lab.nobody.ask("GET", path, headers={"Cookie": f"token={token}; session={token}"}),
        await lab.nobody.ask(
            "GET", path, headers={"X-Auth-Token": token, "Proxy-Authorization": token}
        ),
    ]
    return _all_refused(answers)


@attacks.add("log in by SQL", "statements are bound, never written together")
async def _(lab: Lab) -> Outcome:
    name = lab.victim.person.name
    names = (
        f"{name}' --",
        "' or '1'='1",
        f"{name}'; update accounts set role='admin'; --",  # noqa: S608
        '" or ""="',
    )
    answers = []
    for each in names:
        given = {"username": each, "password": "' or '1'='1"}
        answers.append(await lab.nobody.ask("POST", "/token", given))
    return _all_refused(answers)


@attacks.add("log in by what is no text", "bodies are decoded by type")
async def _(lab: Lab) -> Outcome:
    name = lab.victim.person.name
    bodies: tuple[Any, ...] = (
        {"username": name, "password": {"$ne": ""}},
        {"username": name, "password": True},
        {"username": name, "password": None},
        {"username": {"$gt": ""}, "password": "x"},
        {"username": [name], "password": [""]},
        {"username": name},
        [],
        "x",
        None,
    )
    return _all_refused([await lab.nobody.ask("POST", "/token", body) for body in bodies])


@attacks.add("be somebody by another spelling of the name", "names are compared as they are")
async def _(lab: Lab) -> Outcome:
    person = lab.victim.person
    spellings = (person.name.upper(), f" {person.name}", f"{person.name}\0", f"{person.name}\n")
    answers = []
    for name in spellings:
        given = {"username": name, "password": person.password}
        answers.append(await lab.nobody.ask("POST", "/token", given))
    return _all_refused(answers)


@attacks.add(
    "guess a password by many tries",
    "after ten failures no try counts for five minutes, whoever forwards it",
)
async def _(lab: Lab) -> Outcome:
    person = await lab.user("guessed")
    for number in range(12):
        given = {"username": person.name, "password": f"guess {number}"}
        spoofed = {"X-Forwarded-For": f"192.0.2.{number}", "X-Real-IP": f"192.0.2.{number}"}
        answer = await lab.nobody.ask("POST", "/token", given, headers=spoofed)
    right = {"username": person.name, "password": person.password}
    last = await lab.nobody.ask("POST", "/token", right, headers={"X-Forwarded-For": "192.0.2.99"})
    return judged(last.status != 429 and last.brief(), f"{answer.brief()}; {last.brief()}")


@attacks.add(
    "use a token from another installation", "a token names its installation, and the key differs"
)
async def _(lab: Lab) -> Outcome:
    claims = _as_victim(lab, sub=lab.admin.name)
    for name in ("iss", "epoch", "jti"):
        if name not in claims:
            raise NotPlayed(f"a token has no {name}")  # noqa: EM102
    foreign = {**claims, "iss": "another-installation"}
    tokens = [_signed({"alg": "HS256"}, foreign, key) for key in ("another", "")]
    return _all_refused(await _answers(lab, *(f"Token {token}" for token in tokens)))
