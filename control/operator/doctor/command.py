"""`python -m control doctor`: every look, in order; exit code 1 where one finds something bad."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import typer

from control.engine.view import EngineView
from control.errors import GeoscopeError
from control.operator.doctor import disks, engine, host, image, report, store, tls
from control.operator.doctor.attack import attack as attack_it
from control.operator.doctor.attack import goals_of
from control.operator.doctor.finding import Finding, Look, Subject, bad
from control.operator.place import Password, Url, User, proof_here, settings_here
from control.settings import Settings

LOOKS: Final[dict[str, Look]] = {
    "engine": engine.look,
    "image": image.look,
    "store": store.look,
    "host": host.look,
    "disks": disks.look,
    "TLS": tls.look,
}
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Attack = Annotated[
    bool,
    typer.Option(
        "--attack", help="Attack the server that runs as a hostile tenant would, and report."
    ),
]
Goals = Annotated[
    list[str] | None,
    typer.Option("--goal", help="With --attack: only this goal, say `tokens`; may be repeated."),
]


def doctor(  # noqa: PLR0913 - the command's options
    *,
    as_json: AsJson = False,
    attack: Attack = False,
    goal: Goals = None,
    url: Url = "",
    user: User = "",
    password: Password = "",
) -> None:
    """Look at everything that an installation rests on; exit code 1 where something is bad."""
    subject = subject_of(settings_here())
    if attack:
        proof = proof_here(subject.settings, url, user, password)
        raise typer.Exit(attack_it(subject, proof, goals_of(goal or []), as_json=as_json))
    findings = [finding for name, look in LOOKS.items() for finding in tried(name, look, subject)]
    report.show(findings, as_json=as_json)
    raise typer.Exit(0 if report.is_well(findings) else 1)


def subject_of(settings: Settings) -> Subject:
    """What these settings describe, with its engine where one answers."""
    try:
        return Subject(settings=settings, engine=EngineView())
    except GeoscopeError as error:
        return Subject(settings=settings, engine=None, engine_problem=error.message)


def tried(name: str, look: Look, subject: Subject) -> Iterator[Finding]:
    """What it finds; a look that cannot be finished is a finding too."""
    try:
        yield from look(subject)
    except (GeoscopeError, OSError) as error:
        yield bad(name, f"could not be looked at: {error}", "run as the user of the server")
