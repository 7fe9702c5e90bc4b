"""Compare every case with the original: `python -m tests.oracle [--record] [chapter[/name]]…`."""

from __future__ import annotations

import sys
from itertools import zip_longest

from tests.oracle import original
from tests.oracle.cases import Case, all_cases

_WIDTH = 76


def main(arguments: list[str]) -> int:
    """Compare, or with `--record` write the answers that are not there yet."""
    record = "--record" in arguments
    names = [a for a in arguments if not a.startswith("--")]
    cases = [c for c in all_cases() if not names or any(c.name.startswith(n) for n in names)]
    original.prepare()
    if record:
        return _record(cases)
    differences = [found for case in cases if (found := _difference(case))]
    on_purpose = sum(case.differs is not None for case in cases)
    sys.stdout.writelines(differences)
    sys.stdout.write(
        f"{len(cases)} cases, {on_purpose} differ on purpose, {len(differences)} differences\n"
    )
    return 1 if differences or not cases else 0


def _record(cases: list[Case]) -> int:
    for case in cases:
        if not case.expected_path.exists():
            case.expected_path.write_text(original.answer_to(case).text)
            sys.stdout.write(f"{case.name}\n")
    return 0


def _difference(case: Case) -> str:
    theirs = case.comparable(original.answer_to(case).text)
    if case.differs is not None:
        same = theirs == case.expected
        return f"{case.name}: said to differ ({case.differs}), but does not\n" if same else ""
    return "" if theirs == case.expected else _table(case, theirs)


def _table(case: Case, theirs: str) -> str:
    lines = [f"{case.name}\n  {'expected':{_WIDTH}} | original\n"]
    for mine, yours in zip_longest(case.expected.splitlines(), theirs.splitlines(), fillvalue=""):
        sign = "|" if mine == yours else "≠"
        lines.append(f"  {mine:{_WIDTH}} {sign} {yours}\n")
    return "".join(lines)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
