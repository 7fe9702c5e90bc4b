"""AsterixDB's clients against the real stack: the seed's samples, datasets, jobs that survive."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.e2e.conftest import PASSWORD
from tests.e2e.server import ADMIN_PASSWORD, Server, User

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

ID = re.compile(r'(?<="requestID": ")[0-9a-f-]{36}')
TIME = re.compile(r'(?<=Time": ")[0-9.]+(ns|µs|us|ms|s)(?=")')
JOB = re.compile(r"(?<=/)\d+-0")
SLOW = "select count(*) from range(1, 3000000) a where a % 7 = 1"

IMMEDIATE = """{
\t"requestID": "ID",
\t"clientContextID": "xyz",
\t"signature": "*",
\t"results": [ {
\t\t"$1" : 1
\t} ]
\t,
\t"status": "success",
\t"metrics": {
\t\t"elapsedTime": "TIME",
\t\t"executionTime": "TIME",
\t\t"resultCount": 1,
\t\t"resultSize": 15
\t}
}
"""
DEFERRED = """{
\t"requestID": "ID",
\t"signature": "*",
\t"handle": "URL/query/service/result/JOB",
\t"status": "success",
\t"metrics": {
\t\t"elapsedTime": "TIME",
\t\t"executionTime": "TIME",
\t\t"resultCount": 0,
\t\t"resultSize": 0
\t}
}
"""
ASYNC = """{
\t"requestID": "ID",
\t"signature": "*",
\t"status": "running",
\t"handle": "URL/query/service/status/JOB",
\t"metrics": {
\t\t"elapsedTime": "TIME",
\t\t"executionTime": "TIME",
\t\t"resultCount": 0,
\t\t"resultSize": 0
\t}
}
"""


def ask(user: User, statement: str, **parameters: str) -> requests.Response:
    """A form, as the seed's curl lines send it."""
    return requests.post(
        f"{user.server.url}/query/service",
        data={"statement": statement, "scope": "sqlpp", **parameters},
        headers={"Authorization": f"Token {user.token}"},
        timeout=120,
    )


def rows(user: User, statement: str, **parameters: str) -> Any:
    """The results of a request that must succeed."""
    answer = ask(user, statement, **parameters).json()
    assert answer["status"] == "success", answer
    return answer["results"]


def plain(user: User, text: str) -> str:
    """A reply without what differs from one to the next."""
    text = ID.sub("ID", TIME.sub("TIME", text)).replace(user.server.url, "URL")
    return JOB.sub("JOB", text)


def get(user: User, url: str) -> requests.Response:
    return requests.get(url, headers={"Authorization": f"Token {user.token}"}, timeout=60)


def ended(user: User, handle: str) -> Any:
    """The status document once the job has ended."""
    ends = time.monotonic() + 120
    while (document := get(user, handle).json())["status"] == "running":
        assert time.monotonic() < ends, document
        time.sleep(0.02)
    return document


@pytest.fixture(scope="module")
def sqlpp(new_user: Callable[[str], User]) -> Iterator[User]:
    """A user with a scope for statements."""
    user = new_user("asterix")
    user.post("/scope", scope="sqlpp")
    yield user
    user.delete("/scope/sqlpp")


def test_the_seeds_samples(sqlpp: User) -> None:
    immediate = ask(sqlpp, "select 1;", pretty="true", client_context_id="xyz")
    deferred = ask(sqlpp, "select 1;", mode="deferred")
    submitted = ask(sqlpp, "select 1;", mode="async")

    assert plain(sqlpp, immediate.text) == IMMEDIATE
    assert plain(sqlpp, deferred.text) == DEFERRED
    assert plain(sqlpp, submitted.text) == ASYNC
    assert immediate.headers["Content-Type"] == "application/json; charset=utf-8"
    result = get(sqlpp, deferred.json()["handle"])
    assert result.text == '[ { "$1": 1 }\n ]\n'
    assert result.headers["Content-Type"] == "application/json"
    document = ended(sqlpp, submitted.json()["handle"])
    assert document["status"] == "success"
    assert get(sqlpp, document["handle"]).text == result.text
    assert get(sqlpp, document["handle"]).status_code == 404


def test_the_same_without_a_scope_of_ones_own(new_user: Callable[[str], User]) -> None:
    newcomer = new_user("curl")
    answer = requests.post(
        f"{newcomer.server.url}/query/service",
        data={"statement": "select 1;"},
        auth=(newcomer.name, PASSWORD),
        timeout=120,
    )

    assert answer.json()["results"] == [{"$1": 1}]
    assert [each["scope"] for each in newcomer.get("/scope")["scopes"]] == ["default"]
    newcomer.delete("/scope/default")


def test_a_dataset_is_a_table_for_everybody(sqlpp: User) -> None:
    made = ask(
        sqlpp,
        "create type Place as {id: int, name: string};"
        "create dataset Places(Place) primary key id;"
        'insert into Places ([{"id": 1, "name": "Bronx", "x": 2.5}, {"id": 2, "name": "Queens"}]);'
        "select value p from Places p order by p.id;",
    ).json()
    again = ask(sqlpp, 'insert into Places ({"id": 2, "name": "Again"});')

    assert made["results"] == [{"id": 1, "name": "Bronx", "x": 2.5}, {"id": 2, "name": "Queens"}]
    assert again.status_code == 500
    assert "HYR0033" in again.json()["errors"][0]["msg"]
    seen = sqlpp.post("/query", scope="sqlpp", sql="select id, name from Places order by id")
    assert seen["result"] == [{"id": 1, "name": "Bronx"}, {"id": 2, "name": "Queens"}]


def test_tables_of_the_scope_are_datasets(sqlpp: User) -> None:
    table = {"name": "trips", "format": "csv", "path": "/samples/nyc_taxi.csv"}
    sqlpp.post("/loadfile", scope="sqlpp", tables=[table])
    counted = sqlpp.post("/query", scope="sqlpp", sql="select count(*) as n from trips")["result"]

    assert rows(sqlpp, "select value count(*) from trips") == counted
    grouped = rows(
        sqlpp,
        "select passenger_count as p, count(*) as n from trips group by passenger_count "
        "order by n desc limit 1",
    )
    ours = sqlpp.post(
        "/query",
        scope="sqlpp",
        sql="select passenger_count as p, count(*) as n from trips group by passenger_count "
        "order by n desc limit 1",
        format="records",
    )
    assert grouped == ours["result"]


def streamed(user: User, scope: str, statement: str) -> requests.Response:
    """Rows by Spark SQL, as they come."""
    return requests.post(
        f"{user.server.url}/query/service",
        data={"statement": statement, "scope": scope, "dialect": "spark"},
        headers={"Authorization": f"Token {user.token}"},
        stream=True,
        timeout=120,
    )


def test_rows_stream_before_the_last_one_is_made(sqlpp: User) -> None:
    with streamed(sqlpp, "sqlpp", "select id from range(0, 3000000)") as answer:
        pieces = answer.iter_content(1 << 16)
        began = b""
        while len(began) < 1024:
            began += next(pieces)
        rest = sum(map(len, pieces))
    assert b'{ "id": 0 }' in began
    assert rest > 30_000_000


@pytest.fixture(scope="module")
def small(new_user: Callable[[str], User]) -> Iterator[User]:
    """A user whose scope `small` has the least memory that one may have."""
    user = new_user("stream")
    user.post("/scope", scope="small", memory="1GiB")
    yield user
    user.delete("/scope/small")


@pytest.mark.parametrize(
    "statement",
    [
        "select id from range(0, 1000000000000)",
        "select repeat('x', 1000000) as text from range(0, 1000000)",
    ],
)
def test_a_small_scope_streams_more_than_it_could_ever_hold(small: User, statement: str) -> None:
    received = 0
    with streamed(small, "small", statement) as answer:
        for piece in answer.iter_content(1 << 20):
            received += len(piece)
            if received > 300_000_000:
                break

    assert received > 300_000_000
    assert small.post("/query", scope="small", sql="select 1 as n")["result"] == [1]


def test_a_client_that_leaves_ends_its_job(sqlpp: User) -> None:
    statement = "select a.id from range(0, 2000000) a join range(0, 2000000) b on a.id < b.id"
    streamed(sqlpp, "sqlpp", statement).close()

    busy = "spark.sparkContext.statusTracker().getActiveJobsIds()"
    ends = time.monotonic() + 60
    while running(sqlpp) or sqlpp.post("/command", scope="sqlpp", command=busy)["result"]:
        assert time.monotonic() < ends
        time.sleep(0.1)


def running(user: User) -> list[Any]:
    """The user's requests that have not ended."""
    found: list[Any] = user.ask("GET", "/admin/requests/running").json()
    return found


def test_a_running_job_can_be_cancelled(sqlpp: User) -> None:
    submitted = ask(sqlpp, SLOW, mode="async", client_context_id="slow").json()
    url = f"{sqlpp.server.url}/admin/requests/running"
    headers = {"Authorization": f"Token {sqlpp.token}"}
    listed = running(sqlpp)

    gone = requests.delete(
        url, params={"client_context_id": "slow"}, headers=headers, timeout=60
    ).status_code

    assert [each["uuid"] for each in listed] == [submitted["requestID"]]
    assert gone == 200
    document = ended(sqlpp, submitted["handle"])
    assert document["status"] == "failed"
    assert "ASX0041" in document["errors"][0]["msg"]


def test_sixty_four_jobs_at_once_all_end(sqlpp: User) -> None:
    handles: list[str] = []

    def submit(number: int) -> None:
        statement = f"select value sum(x) from range(0, {number}) x"
        handles.append(ask(sqlpp, statement, mode="async").json()["handle"])

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    documents = [ended(sqlpp, handle) for handle in handles]
    values = sorted(get(sqlpp, document["handle"]).json()[0] for document in documents)
    assert values == sorted(sum(range(number + 1)) for number in range(64))


def test_another_users_handle_is_not_there(sqlpp: User, new_user: Callable[[str], User]) -> None:
    handle = ask(sqlpp, "select 1;", mode="deferred").json()["handle"]
    stranger = new_user("mallory")

    assert get(stranger, handle).status_code == 404
    assert get(stranger, handle.replace("result", "status")).status_code == 404
    assert get(sqlpp, handle).status_code == 200


def test_jobs_survive_a_killed_control_plane(own_server: Server) -> None:
    user = User.log_in(own_server, "admin", ADMIN_PASSWORD)
    user.post("/scope", scope="sqlpp")
    finished = ask(user, "select 1;", mode="async").json()["handle"]
    ended(user, finished)
    running = ask(user, SLOW, mode="async").json()["handle"]
    before = own_server.url

    own_server.kill()
    own_server.start()

    for handle, expected in ((finished, [{"$1": 1}]), (running, None)):
        document = ended(user, handle.replace(before, own_server.url))
        assert document["status"] == "success", document
        result = get(user, document["handle"]).json()
        assert expected is None or result == expected
