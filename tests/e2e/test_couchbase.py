"""Couchbase's client for Analytics, as it comes from PyPI: plain http, user and password."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from acouchbase_analytics.cluster import AsyncCluster
from couchbase_analytics.cluster import Cluster
from couchbase_analytics.credential import Credential
from couchbase_analytics.errors import InvalidCredentialError, QueryError
from couchbase_analytics.errors import TimeoutError as TimedOut
from couchbase_analytics.options import QueryOptions

from tests.e2e.conftest import PASSWORD
from tests.e2e.server import User, until

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

SLOW = "select x from range(1, 1000000000) x where x < 0"
MAKE = """
create type VisitType as { id: int };
create dataset visits(VisitType) primary key id;
upsert into visits ([
  {"id": 1, "place": "Harlem", "tip": 2.5}, {"id": 2, "place": "Midtown", "tip": null}, {"id": 3}
]);
"""


def cluster_of(user: User, password: str = PASSWORD) -> Cluster:
    credential = Credential.from_username_and_password(user.name, password)
    return Cluster.create_instance(user.server.url, credential)


@pytest.fixture(scope="module")
def user(new_user: Callable[[str], User]) -> Iterator[User]:
    made = new_user("couchbase")
    made.post("/scope", scope="default")
    yield made
    made.delete("/scope/default")


@pytest.fixture(scope="module")
def cluster(user: User) -> Iterator[Cluster]:
    made = cluster_of(user)
    made.execute_query(MAKE, QueryOptions(timeout=timedelta(seconds=120))).get_all_rows()
    yield made
    made.shutdown()


def rows(cluster: Cluster, sql: str, **options: Any) -> list[Any]:
    found: list[Any] = cluster.execute_query(sql, QueryOptions(**options)).get_all_rows()
    return found


def test_rows_come_one_by_one_and_metadata_after_them(cluster: Cluster) -> None:
    result = cluster.execute_query("select v.id, v.place, v.tip from visits v order by v.id")

    assert list(result.rows()) == [
        {"id": 1, "place": "Harlem", "tip": 2.5},
        {"id": 2, "place": "Midtown", "tip": None},
        {"id": 3},
    ]
    told = result.metadata()
    assert told.warnings() == []
    assert told.metrics().result_count() == 3
    assert told.metrics().elapsed_time() > timedelta()


def test_parameters_have_numbers_or_names(cluster: Cluster) -> None:
    by_number = "select value v.id from visits v where v.id = ? or v.place = $2 order by v.id"
    by_name = "select value v.place from visits v where v.id = $id"

    assert rows(cluster, by_number, positional_parameters=[1, "Midtown"]) == [1, 2]
    assert rows(cluster, by_name, named_parameters={"id": 2}) == ["Midtown"]
    assert rows(cluster, "select value $t", named_parameters={"t": "11:0"}) == ["11:0"]


def test_many_rows_and_long_ones_are_read(cluster: Cluster) -> None:
    assert sum(rows(cluster, "select value r from range(1, 20000) r")) == 200010000
    assert [len(row) for row in rows(cluster, "select value repeat('x', 1000000)")] == [1000000]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select value from where", "ASX1001: Syntax error"),
        ("select * from nowhere", "ASX1077: Cannot find dataset nowhere"),
        ("insert into visits ({'id': 1})", "HYR0033: Inserting duplicate keys"),
    ],
)
def test_what_is_wrong_is_said_in_the_originals_words(
    cluster: Cluster, sql: str, words: str
) -> None:
    with pytest.raises(QueryError, match=words):
        rows(cluster, sql)


def test_warnings_and_readonly_are_understood(cluster: Cluster) -> None:
    result = cluster.execute_query("select value 'a' + 1", QueryOptions(raw={"max-warnings": 5}))

    assert result.get_all_rows() == [None]
    [warning] = result.metadata().warnings()
    assert warning.message().startswith("ASX0002: Type mismatch")
    with pytest.raises(QueryError, match="ASX0044"):
        rows(cluster, "delete from visits", readonly=True)


def test_who_gives_up_waiting_leaves_nothing_running(user: User, cluster: Cluster) -> None:
    with pytest.raises(TimedOut):
        rows(cluster, SLOW, timeout=timedelta(seconds=1))

    until(lambda: user.ask("GET", "/admin/requests/running").json(), lambda found: found == [])


def test_a_query_is_started_looked_after_and_read_later(cluster: Cluster) -> None:
    handle = cluster.start_query("select value r from range(1, 5) r order by r")
    status = until(handle.fetch_status, lambda found: bool(found.results_ready()))
    result = status.result_handle().fetch_results()

    assert result.get_all_rows() == [1, 2, 3, 4, 5]
    assert result.metadata().metrics().result_count() == 5
    status.result_handle().discard_results()


def test_a_query_that_was_started_is_cancelled(cluster: Cluster) -> None:
    handle = cluster.start_query(SLOW)

    assert not handle.fetch_status().results_ready()

    handle.cancel()

    with pytest.raises(QueryError, match="ASX0041: Request has been cancelled"):
        until(handle.fetch_status, lambda found: bool(found.results_ready()))


def test_its_async_client_reads_the_same(user: User) -> None:
    async def ask() -> list[Any]:
        credential = Credential.from_username_and_password(user.name, PASSWORD)
        cluster = AsyncCluster.create_instance(user.server.url, credential)
        try:
            result = await cluster.execute_query("select value r from range(1, 3) r order by r")
            return [row async for row in result.rows()]
        finally:
            await cluster.shutdown()

    assert asyncio.run(ask()) == [1, 2, 3]


def test_a_wrong_password_is_refused(user: User) -> None:
    cluster = cluster_of(user, "wrong")
    with pytest.raises(InvalidCredentialError):
        rows(cluster, "select 1")
    cluster.shutdown()
