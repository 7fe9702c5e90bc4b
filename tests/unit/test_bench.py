"""The benchmark's own arithmetic."""

from __future__ import annotations

import pytest

from bench.__main__ import parts_and_form
from bench.figures import Figure, markdown, number, quantile
from bench.tables import Repeated


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.csv"
    path.write_bytes(b"a,b\n1,2\n3,4")
    return path


def test_a_repeated_file_has_one_header(small):
    repeated = Repeated(small, 2)
    length = len(repeated)

    text = b"".join(iter(lambda: repeated.read(5), b""))

    assert text == b"a,b\n1,2\n3,4\n1,2\n3,4\n"
    assert length == len(text)


def test_quantiles_lie_among_the_values():
    values = [float(n) for n in range(1, 201)]

    assert quantile(values, 0.5) == pytest.approx(100.5, abs=1)
    assert quantile(values, 0.95) == pytest.approx(190, abs=1)


def test_a_figure_holds_within_its_limit():
    assert Figure("a", 4.5, "s", 4.5).holds
    assert not Figure("a", 4.6, "s", 4.5).holds
    assert Figure("a", 1e9, "s").holds


def test_numbers_have_no_exponents():
    assert [number(n) for n in (33750.2, 4.4567, 0.01234)] == ["33,750", "4.46", "0.0123"]


def test_figures_as_markdown_are_a_table():
    lines = markdown([Figure("cold", 5, "s", 4.5, "why")]).splitlines()

    assert lines[2:] == [
        "| figure | measured | limit |  | note |",
        "| --- | --- | --- | --- | --- |",
        "| cold | 5 s | 4.5 s | ABOVE | why |",
    ]


def test_a_part_brings_what_it_needs():
    assert parts_and_form(["maps"]) == ({"maps", "tables"}, False)
    assert parts_and_form(["--markdown"]) == ({"cold", "hops", "tables", "maps"}, True)


def test_an_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit):
        parts_and_form(["speed"])

    assert "cold, hops, tables, maps" in capsys.readouterr().err
