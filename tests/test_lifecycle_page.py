"""docs/operations/lifecycle.md shows the moves, stages and states that the code has."""

from __future__ import annotations

from control.scopes.scope import CAUSES
from control.scopes.stages import Stage
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "operations" / "lifecycle.md"


def diagram() -> str:
    """The moves as Mermaid draws them."""
    moves = [f"    {old} --> {new}" for old, new in CAUSES]
    first, last = "    [*] --> starting", "    stopping --> [*]"
    return "\n".join(["```mermaid", "stateDiagram-v2", first, *moves, last, "```"])


def table() -> str:
    """The moves and what makes them."""
    rows = [f"| {old} | {new} | {why} |" for (old, new), why in CAUSES.items()]
    return "\n".join(["| from | to | what makes it |", "| --- | --- | --- |", *rows])


def test_the_diagram_has_every_move_and_no_other() -> None:
    assert diagram() in PAGE.read_text(), f"put this into {PAGE.name}:\n{diagram()}"


def test_the_table_says_what_makes_them() -> None:
    assert table() in PAGE.read_text(), f"put this into {PAGE.name}:\n{table()}"


def test_every_stage_is_explained() -> None:
    rows = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    named = {word.strip() for row in rows for word in row.split(",")}

    assert {stage.value for stage in Stage} <= named
