"""The attacks as a table: of `python -m control attacks`, and of docs/operations/attacks.md."""

from __future__ import annotations

from control.attacks.attack import Goal
from control.attacks.suite import every, on

Rows = list[tuple[str, ...]]


def attacks_table() -> Rows:
    """Every attack, a head row first."""
    rows = [(str(each.goal), each.name, each.stopped_by) for each in every()]
    return [("goal", "attack", "what stops it"), *rows]


def attacks_page() -> str:
    """docs/operations/attacks.md."""
    return (
        "# Attacks\n\n"
        "<!-- made by `python -m control attacks --markdown` -->\n\n"
        "What a hostile tenant would try, and what stops it. `python -m control doctor --attack`\n"
        "plays all of it against a server that runs, over its public API as a tenant would, and\n"
        "reports; exit code 1 where one succeeds or could not be tried. CI plays the same on\n"
        "every change, under `tests/attacks/`, and has each judgement prove that it can fail.\n\n"
        "```\n"
        "python -m control doctor --attack --url http://127.0.0.1:8080 --user admin\n"
        "```\n\n"
        "The password is `--password` or `GEOSCOPE_CLIENT_PASSWORD`. It makes users named\n"
        "`attack-…` with scopes of their own, and removes them. It needs room for four scopes of\n"
        "1.5 GiB at a time, the engine (`DOCKER_HOST`) and the server's `/metrics`; it takes some\n"
        "minutes, in which the server is busy. One that attacks from the same address as users do\n"
        "(a proxy that is not trusted) can have them wait: run it on the server's host.\n"
        "`--goal tokens` plays one goal alone, and may be repeated; the word is in each title.\n\n"
        "A scope's agent belongs to its tenant as everything in the scope does. So for the last\n"
        "goal an attacker stops the agent of a scope of its own, listens in its place, and\n"
        "answers the control plane what it likes (`control/attacks/hijacker.py`).\n\n"
        f"{len(every())} attacks on {len(Goal)} goals.\n" + "".join(map(_section, Goal))
    )


def _section(goal: Goal) -> str:
    rows = "".join(f"| {_cell(each.name)} | {_cell(each.stopped_by)} |\n" for each in on(goal))
    title = f"{str(goal)[:1].upper()}{str(goal)[1:]}: `{goal.word}`"
    return f"\n## {title}\n\n| attack | what stops it |\n| --- | --- |\n{rows}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
