"""`doctor --attack`: all that a hostile tenant would try, on this installation, and how it went."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from control.attacks.attack import Attack, Goal, Outcome, Verdict, play
from control.attacks.lab import NotPlayed, Place, opened
from control.attacks.suite import every
from control.operator.doctor.finding import Subject
from control.operator.place import Proof, fail
from control.settings import Settings
from control.store.glance import is_in_use
from control.web.proxies import is_loopback

STYLES: Final = {
    Verdict.STOPPED: "green",
    Verdict.SUCCEEDED: "bold red",
    Verdict.NOT_PLAYED: "yellow",
}
Played = tuple[Attack, Outcome]
Told = Callable[[Attack, Outcome], None]


def goals_of(words: list[str]) -> frozenset[Goal]:
    """The goals of these words, `own-scope` for OWN_SCOPE; none: all. Ends the command if wrong."""
    known = {goal.word: goal for goal in Goal}
    for word in words:
        if word not in known:
            fail(f"no attack has the goal {word!r}; there are {', '.join(known)}")
    return frozenset(known[word] for word in words) or frozenset(Goal)


def attack(subject: Subject, proof: Proof, goals: frozenset[Goal], *, as_json: bool) -> int:
    """Play the attacks and report; the exit code is 1 where one succeeds or cannot be played."""
    place = place_of(subject, proof)
    try:
        played = asyncio.run(_with_progress(place, goals, quiet=as_json))
    except (NotPlayed, aiohttp.ClientError, OSError) as error:
        fail(f"the attacks cannot be played at {place.url}: {error}")
    (_show_json if as_json else _show)(played)
    return 0 if all(outcome.verdict is Verdict.STOPPED for _, outcome in played) else 1


def place_of(subject: Subject, proof: Proof) -> Place:
    """The server that was named, else the one of these settings."""
    settings = subject.settings
    url = proof.url.rstrip("/") or _url(settings)
    if not proof.password:
        fail("an admin's password is needed: --password, or GEOSCOPE_CLIENT_PASSWORD")
    return Place(
        url=url,
        admin=proof.user,
        password=proof.password,
        engine=subject.engine,
        state_dir=_state_dir(url, settings),
    )


def _url(settings: Settings) -> str:
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{settings.port}"


def _state_dir(url: str, settings: Settings) -> Path | None:
    """That of a server on this host, which more can be seen of."""
    host = urlsplit(url).hostname or ""
    is_here = is_loopback(host) or host == "localhost"
    return settings.state_dir if is_here and is_in_use(settings.state_dir) else None


async def _with_progress(place: Place, goals: frozenset[Goal], *, quiet: bool) -> list[Played]:
    attacks = [attack for attack in every() if attack.goal in goals]
    with Progress(console=Console(stderr=True), disable=quiet) as progress:
        task = progress.add_task("attacks", total=len(attacks))

        def told(attack: Attack, _: Outcome) -> None:
            progress.update(task, advance=1, description=str(attack.goal))

        return await play_all(place, attacks, told)


async def play_all(place: Place, attacks: list[Attack], told: Told) -> list[Played]:
    """Play them one by one; what they made is gone afterwards."""
    played: list[Played] = []
    async with opened(place) as lab:
        for attack in attacks:
            outcome = await play(attack, lab)
            played.append((attack, outcome))
            told(attack, outcome)
    return played


def _show(played: list[Played]) -> None:
    table = Table("goal", "attack", "outcome", "what stops it", "what was seen")
    last = ""
    for attack, outcome in played:
        goal = "" if attack.goal == last else str(attack.goal)
        last = attack.goal
        verdict = f"[{STYLES[outcome.verdict]}]{outcome.verdict}[/]"
        # What was seen is a tenant's words: no markup, no controls.
        table.add_row(goal, attack.name, verdict, attack.stopped_by, plain(outcome.seen))
    console = Console(width=None if sys.stdout.isatty() else 220)
    console.print(table)
    counts = Counter(outcome.verdict for _, outcome in played)
    console.print(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict))


def plain(text: str) -> str:
    """The text in one line of printable characters, and safe from the console's markup."""
    kept = "".join(char if char.isprintable() else " " for char in text)
    return kept.replace("[", "\\[")


def _show_json(played: list[Played]) -> None:
    rows = [
        {
            "goal": attack.goal,
            "attack": attack.name,
            "outcome": outcome.verdict,
            "stopped_by": attack.stopped_by,
            "seen": outcome.seen,
        }
        for attack, outcome in played
    ]
    sys.stdout.write(msgspec.json.format(msgspec.json.encode({"attacks": rows})).decode() + "\n")
