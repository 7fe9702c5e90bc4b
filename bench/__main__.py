"""`make bench`: every figure with its limit; exit status 1 where one is above it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator

from geoscope import Client, Scope

from bench import cold, hops, load, maps, pool, query_service, rows, spatial, tables
from bench.figures import Figure, markdown, number, show
from bench.server import control_plane

IN_A_SCOPE: dict[str, Callable[[Scope], Iterator[Figure]]] = {
    "hops": hops.figures,
    "query-service": query_service.figures,
    "rows": rows.figures,
    "tables": tables.figures,
    "spatial": spatial.figures,
    "maps": maps.figures,
}
NEEDS = {"spatial": {"tables"}}
ALL = ("cold", "pool", *IN_A_SCOPE)


def parts_and_form(arguments: list[str]) -> tuple[set[str], bool]:
    """Which parts to measure (all, or those named and what they need); whether as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="*", metavar="part", help=f"of {', '.join(ALL)}")
    parser.add_argument("--markdown", action="store_true", help="the table for README.md")
    found = parser.parse_args(arguments)
    named = set(found.part or ALL)
    if not named <= set(ALL):
        parser.error(f"no part {', '.join(sorted(named - set(ALL)))}; there are {', '.join(ALL)}")
    return named.union(*(NEEDS.get(name, set()) for name in named)), found.markdown


def measure(client: Client, parts: set[str]) -> Iterator[Figure]:
    """The figures of these parts, in order."""
    if "cold" in parts:
        yield from cold.figures(client)
    if "pool" in parts:
        yield from pool.figures()
    if not parts & IN_A_SCOPE.keys():
        return
    scope = client.open("bench")
    scope.query("select 1 as one")
    for name, figures in IN_A_SCOPE.items():
        if name in parts:
            yield from figures(scope)


def main() -> None:
    """Measure, show, and say by the exit status whether every limit holds."""
    if sys.argv[1:2] == ["load"]:
        sys.exit(load.main(sys.argv[2:]))
    parts, as_markdown = parts_and_form(sys.argv[1:])
    done: list[Figure] = []
    try:
        with control_plane() as client:
            for figure in measure(client, parts):
                print(f"{figure.what}: {number(figure.value)} {figure.unit}", file=sys.stderr)
                done.append(figure)
    finally:
        print(markdown(done)) if as_markdown else show(done)
    sys.exit(0 if all(figure.holds for figure in done) else 1)


if __name__ == "__main__":
    main()
