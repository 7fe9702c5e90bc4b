"""The benchmark's own arithmetic."""

from __future__ import annotations

import pytest

from bench.__main__ import ALL, parts_and_form
from bench.cold import staged
from bench.figures import Figure, markdown, number, quantile
from bench.map_files import points, polygons, ring
from bench.maps import area
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


def test_parts_are_chosen_by_name():
    assert parts_and_form(["maps"]) == ({"maps"}, False)
    assert parts_and_form(["--markdown"]) == (set(ALL), True)


def test_an_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit):
        parts_and_form(["speed"])

    assert ", ".join(ALL) in capsys.readouterr().err


def test_files_for_maps_are_what_their_sql_reads(tmp_path):
    import pyarrow.parquet as pq
    import shapely

    drawn = pq.read_table(points(tmp_path / "points.parquet", 1_500_000).as_posix())
    shapes = pq.read_table(polygons(tmp_path / "polygons.parquet", 50))

    assert drawn.column_names == ["x", "y", "fare", "n"]
    assert drawn.num_rows == 1_500_000
    assert shapely.is_valid(shapely.from_wkt(shapes["wkt"].to_pylist())).all()
    assert shapely.from_wkt(ring(64)).is_valid
    assert len(shapely.get_coordinates(shapely.from_wkt(ring(1_000)))) == 1_001
    assert len({area(run) for run in range(3)}) == 3


def test_a_cold_start_is_shown_stage_by_stage():
    first = {"disk": 40.0, "container": 200.0, "agent": 400.0, "jvm": 100.0, "spark": 1300.0}
    slower = {name: 2 * ms for name, ms in first.items()}

    shown = list(staged([first, slower, first]))

    assert [round(figure.value, 3) for figure in shown] == [0.04, 0.2, 0.4, 0.5, 1.8]
    assert [figure.limit for figure in shown] == [None, None, 0.5, None, 1.7]
    assert [figure.note for figure in shown][-2:] == ["took 0.10 s", "took 1.30 s"]
    assert not shown[-1].holds
