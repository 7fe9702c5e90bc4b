"""What AsterixDB's JDBC driver asks and reads, request for request.

The driver is no Maven artifact, so that a test cannot fetch it: this speaks its protocol. Where
somebody has its jar, tests/e2e/jdbc/Probe.java tells what a program sees through it.
"""

from __future__ import annotations

import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.conftest import PASSWORD
from tests.e2e.server import User

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

SLOW = "select x from range(1, 1000000000) x where x < 0"
MAKE = """
create dataverse trips;
use trips;
create type VisitType as {
  id: int, place: string, tip: double?, moment: datetime?, day: date?, tags: [string]?
};
create dataset visits(VisitType) primary key id;
"""
TABLES = """
select ds.DataverseName as TABLE_CAT, ds.DatasetName as TABLE_NAME
from Metadata.`Dataset` ds join Metadata.`Datatype` dt
on ds.DatatypeDataverseName = dt.DataverseName and ds.DatatypeName = dt.DatatypeName
where array_length(dt.Derived.Record.Fields) > 0
and ds.DataverseName = $1 and ds.DatasetName like $2
order by TABLE_NAME
"""
COLUMNS = """
select field.FieldName as name, position,
  case when inner_.Derived.OrderedList is known then 'array' else field.FieldType end as kind,
  field.IsNullable or field.IsMissable as nullable
from Metadata.`Dataset` ds
join Metadata.`Datatype` dt
on ds.DatatypeDataverseName = dt.DataverseName and ds.DatatypeName = dt.DatatypeName
unnest dt.Derived.Record.Fields as field at position
left join Metadata.`Datatype` inner_
on field.FieldType = inner_.DatatypeName and ds.DataverseName = inner_.DataverseName
where ds.DataverseName = $1 and ds.DatasetName = $2
order by position
"""


@dataclass
class Driver:
    """A connection: HTTP Basic from the first request on, every result deferred."""

    http: requests.Session
    url: str

    def ping(self) -> requests.Response:
        return self.http.options(f"{self.url}/query/service", timeout=60)

    def submit(self, sql: str, *args: Any, **more: Any) -> requests.Response:
        body = {
            "client-type": "jdbc",
            "mode": "deferred",
            "statement": sql,
            "signature": True,
            "plan-format": "string",
            "max-warnings": 10,
            "sql-compat": True,
            **more,
        }
        if args:
            body["args"] = list(args)
        headers = {"Accept": "application/json; lossless-adm=true"}
        return self.http.post(f"{self.url}/query/service", json=body, headers=headers, timeout=120)

    def ask(self, sql: str, *args: Any, **more: Any) -> dict[str, Any]:
        """A reply that must be a success."""
        answer = self.submit(sql, *args, **more)
        assert answer.status_code == 200, answer.text
        reply: dict[str, Any] = answer.json()
        assert reply["status"] == "success"
        return reply

    def rows(self, reply: dict[str, Any]) -> list[Any]:
        """What its handle leads to: the end of it below the service's own address."""
        end = reply["handle"].rpartition("/")[2]
        path = f"{self.url}/query/service/result/{end}"
        answer = self.http.get(path, headers={"Accept": "application/json"}, timeout=60)
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()["results"]
        return found

    def query(self, sql: str, *args: Any, **more: Any) -> tuple[dict[str, str], list[Any]]:
        """The types of the columns, and the rows, of a query that may change nothing."""
        reply = self.ask(sql, *args, readonly=True, **more)
        assert reply["plans"]["statementCategory"] == "query"
        signature = reply["signature"]
        return dict(zip(signature["name"], signature["type"], strict=True)), self.rows(reply)

    def update(self, sql: str, *args: Any) -> None:
        assert self.ask(sql, *args)["plans"] == {"statementCategory": "update"}


@pytest.fixture(scope="module")
def driver(new_user: Callable[[str], User]) -> Iterator[Driver]:
    user = new_user("jdbc")
    with requests.Session() as http:
        http.auth = (user.name, PASSWORD)
        made = Driver(http, user.server.url)
        made.ask(MAKE)
        made.update(
            "insert into trips.visits ([{'id': 1, 'place': 'Harlem', 'tip': 2.5,"
            " 'moment': datetime('2020-01-02T03:04:05.678Z'), 'day': date('2020-02-29'),"
            " 'tags': ['a']}, {'id': 2, 'place': 'Midtown', 'tip': null}])"
        )
        yield made
    user.delete("/scope/default")


def test_the_first_request_tells_product_and_version(driver: Driver) -> None:
    answer = driver.ping()

    assert answer.status_code == 200
    product, _, version = answer.headers["Server"].partition("/")
    assert (product, version[0].isdigit()) == ("Geoscope", True)


def test_columns_have_types_and_values_have_tags(driver: Driver) -> None:
    types, rows = driver.query(
        "select id, place, tip, moment, day, tags, nothing from visits order by id",
        dataverse="trips",
    )

    assert types == {
        "id": "int64",
        "place": "string",
        "tip": "double?",
        "moment": "datetime?",
        "day": "date?",
        "tags": "array?",
        "nothing": "any",
    }
    assert rows == [
        {
            "id": 1,
            "place": ":Harlem",
            "tip": "0C:4612811918334230528",
            "moment": "10:1577934245678",
            "day": "11:18321",
            "tags": [":a"],
        },
        {"id": 2, "place": ":Midtown", "tip": None},
    ]


def test_a_star_are_the_columns(driver: Driver) -> None:
    types, rows = driver.query("select * from visits where id = 2", dataverse="trips")

    assert list(types) == ["id", "place", "tip", "moment", "day", "tags"]
    assert rows == [{"id": 2, "place": ":Midtown", "tip": None}]


def test_a_statement_is_prepared_then_run_with_typed_values(driver: Driver) -> None:
    sql = "select v.place from trips.visits v where v.day = ? and v.place like ? and v.tip < ?"
    prepared = driver.ask(sql, **{"compile-only": True})
    types, rows = driver.query(sql, "11:18321", ":H%", "0C:4613937818241073152")

    assert prepared["plans"] == {"statementCategory": "query", "statementParameters": [1, 2, 3]}
    assert "handle" not in prepared
    assert prepared["signature"] == {"name": ["place"], "type": ["string"]}
    assert (types, rows) == ({"place": "string"}, [{"place": ":Harlem"}])


def test_updates_are_prepared_and_run_and_are_no_queries(driver: Driver) -> None:
    sql = "upsert into trips.visits ({'id': ?, 'place': ?})"
    prepared = driver.ask(sql, **{"compile-only": True})
    driver.update(sql, 9, ":gone")
    refused = driver.submit("delete from trips.visits v where v.id = 9", readonly=True)
    driver.update("delete from trips.visits v where v.id = ?", 9)
    _, rows = driver.query("select count(*) as n from trips.visits v")

    assert prepared["plans"] == {"statementCategory": "update", "statementParameters": [1, 2]}
    assert refused.json()["errors"][0]["msg"].startswith("ASX0044")
    assert rows == [{"n": 2}]


@pytest.mark.parametrize(
    "sql", ["use trips", "", "set `a` 'b'", "create dataverse d if not exists"]
)
def test_what_has_no_result_has_no_category(driver: Driver, sql: str) -> None:
    reply = driver.ask(sql)

    assert reply["plans"] == {}
    assert "handle" not in reply


def test_tables_and_columns_are_found_in_metadata(driver: Driver) -> None:
    driver.ask("create table trips.fares as select 1L as id, 'x' as name", dialect="spark")
    _, catalogs = driver.query("select d.DataverseName as c from Metadata.`Dataverse` d order by c")
    _, tables = driver.query(TABLES, ":trips", ":%")
    _, visits = driver.query(COLUMNS, ":trips", ":visits")
    _, fares = driver.query(COLUMNS, ":trips", ":fares")

    assert {":Default", ":Metadata", ":trips"} <= {row["c"] for row in catalogs}
    assert [row["TABLE_NAME"] for row in tables] == [":fares", ":visits"]
    assert [(row["name"], row["kind"], row["nullable"]) for row in visits] == [
        (":id", ":int64", False),
        (":place", ":string", False),
        (":tip", ":double", True),
        (":moment", ":datetime", True),
        (":day", ":date", True),
        (":tags", ":array", True),
    ]
    assert [(row["name"], row["kind"]) for row in fares] == [
        (":id", ":int64"),
        (":name", ":string"),
    ]


def test_of_several_results_the_last_is_read(driver: Driver) -> None:
    types, rows = driver.query("select 1 as a; select 'x' as b")

    assert (types, rows) == ({"b": "string"}, [{"b": ":x"}])


def test_an_explanation_is_in_the_reply(driver: Driver) -> None:
    reply = driver.ask("explain select v.id from trips.visits v")

    assert reply["plans"] == {"statementCategory": "query", "explainOnly": True}
    [text] = reply["results"]
    assert "\n" in text


def test_the_probe_compiles(tmp_path: Path) -> None:
    probe = Path(__file__).parent / "jdbc" / "Probe.java"

    subprocess.run(["javac", "-d", str(tmp_path), str(probe)], check=True, timeout=60)


@pytest.mark.parametrize(
    ("sql", "status", "words"),
    [
        ("select value from", 400, "ASX1001: Syntax error"),
        ("select x from nowhere", 400, "ASX1077: Cannot find dataset nowhere"),
        ("select ? as a", 400, "ASX1086: No value for parameter: $1"),
        ("insert into trips.visits ({'id': 1, 'place': 'x'})", 500, "HYR0033: Inserting duplicate"),
    ],
)
def test_errors_have_the_originals_words(driver: Driver, sql: str, status: int, words: str) -> None:
    answer = driver.submit(sql)

    assert answer.status_code == status
    assert answer.json()["errors"][0]["msg"].startswith(words)


def test_a_query_times_out(driver: Driver) -> None:
    answer = driver.submit(SLOW, timeout="1s")

    assert (answer.status_code, answer.json()["status"]) == (200, "timeout")


def test_a_query_is_cancelled_by_its_context(driver: Driver) -> None:
    context = str(uuid.uuid4())
    stop = threading.Event()

    def cancel() -> None:
        while not stop.wait(0.2):
            path = f"{driver.url}/admin/requests/running"
            requests.delete(
                path, params={"client_context_id": context}, auth=driver.http.auth, timeout=60
            )

    canceller = threading.Thread(target=cancel)
    canceller.start()
    answer = driver.submit(SLOW, client_context_id=context)
    stop.set()
    canceller.join()

    assert answer.status_code == 500
    assert answer.json()["errors"][0]["msg"].startswith("ASX0041: Request has been cancelled")


def test_a_wrong_password_is_refused(driver: Driver) -> None:
    user, _ = driver.http.auth  # type: ignore[misc]
    answer = requests.post(
        f"{driver.url}/query/service",
        json={"statement": "select 1"},
        auth=(str(user), "wrong"),
        timeout=60,
    )

    assert answer.status_code == 401
