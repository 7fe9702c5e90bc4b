"""A client that was written for AsterixDB, as it comes from PyPI: only a log-in is added."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pyasterix import Connection
from pyasterix.dataframe.base import AsterixDataFrame
from pyasterix.exceptions import DatabaseError

from tests.e2e.conftest import PASSWORD
from tests.e2e.server import User

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

MAKE = """
create type VisitType as { id: int };
create dataset visits(VisitType) primary key id;
insert into visits ([
  {"id": 1, "place": "Harlem", "tip": 2.5, "tags": ["night", "rain"]},
  {"id": 2, "place": "Midtown", "tip": 0.5, "tags": []},
  {"id": 3, "place": "Harlem", "tip": 1.0}
]);
"""


@pytest.fixture(scope="module")
def connection(new_user: Callable[[str], User]) -> Iterator[Connection]:
    user = new_user("asterix")
    user.post("/scope", scope="default")
    with Connection(base_url=user.server.url, timeout=120, max_retries=100) as made:
        # Their client knows no users.
        made.session.auth = (user.name, PASSWORD)
        made.cursor().execute(MAKE)
        yield made
    user.delete("/scope/default")


def test_statements_parameters_and_rows(connection: Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("select value v.place from visits v where v.tip > ? order by v.id", [0.75])

    assert cursor.fetchall() == ["Harlem", "Harlem"]
    assert cursor.rowcount == 2

    cursor.execute("select v.id, v.tags[0] as tag from visits v order by v.id", readonly=True)

    assert cursor.fetchone() == {"id": 1, "tag": "night"}
    assert cursor.fetchall() == [{"id": 2}, {"id": 3}]


def test_its_data_frames_are_built_of_sql_that_is_understood(connection: Connection) -> None:
    frame = AsterixDataFrame(connection, "visits")
    found = frame[frame["tip"] >= 1.0].select(["id", "place"]).order_by("id").execute()

    assert found.fetchall() == [{"id": 1, "place": "Harlem"}, {"id": 3, "place": "Harlem"}]

    grouped = AsterixDataFrame(connection, "visits").group_by("place").agg({"tip": "SUM"})

    # It asks for the sums alone.
    assert sorted(tuple(row.values()) for row in grouped.execute().fetchall()) == [(0.5,), (3.5,)]


def test_an_async_statement_is_polled_to_its_end(connection: Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("select value 1 + 1", mode="async")
    cursor.get_async_result(timeout=60)

    assert cursor.fetchall() == []


def test_a_wrong_statement_is_an_error_of_its_own_kind(connection: Connection) -> None:
    with pytest.raises(DatabaseError, match="ASX1001"):
        connection.cursor().execute("select value from where")
