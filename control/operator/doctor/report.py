"""The report: a line with ✓, ! or ✗ for each finding, or JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import msgspec
from rich.console import Console
from rich.text import Text

from control.operator.doctor.finding import Finding, Mark

SIGNS: Final = {Mark.GOOD: "✓", Mark.WARNING: "!", Mark.BAD: "✗"}
STYLES: Final = {Mark.GOOD: "green", Mark.WARNING: "yellow", Mark.BAD: "bold red"}


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing is as it must not be."""
    return all(finding.mark is not Mark.BAD for finding in findings)


def show(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Write all of them."""
    if as_json:
        members = {"good": is_well(findings), "findings": findings}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(members)).decode() + "\n")
        return
    console = Console(width=None if sys.stdout.isatty() else 200)
    for finding in findings:
        console.print(_line(finding))
        if finding.remedy:
            console.print(Text(f"    {finding.remedy}", style="dim"))
    counts = {mark: sum(finding.mark is mark for finding in findings) for mark in Mark}
    console.print(", ".join(f"{count} {mark.value}" for mark, count in counts.items()))


def _line(finding: Finding) -> Text:
    style = STYLES[finding.mark]
    return Text.assemble(
        (f"{SIGNS[finding.mark]} ", style), (f"{finding.subject}: ", "bold"), finding.found
    )
