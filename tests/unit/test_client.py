"""The client library against a server that answers as told."""

from __future__ import annotations

import io
import socket

import pytest
from geoscope import (
    ApiError,
    BadRequest,
    Client,
    CodeFailed,
    Conflict,
    Forbidden,
    GeoscopeError,
    NoCredentials,
    NotFound,
    StatementFailed,
    TimedOut,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from geoscope.errors import NotUnderstood

from tests.fakes.web import scripted_web

TOKEN = {"data": {"token": "fresh", "expired": 604800}}


@pytest.fixture
def web():
    with scripted_web() as web:
        yield web


@pytest.fixture
def client(web):
    with Client(web.url, token="known") as client:
        yield client


@pytest.fixture
def scope(client):
    return client.scope("taxi")


def test_a_token_goes_with_every_request(web, client):
    web.tell({"scopes": []})

    assert client.scopes() == []
    assert web.last.headers["Authorization"] == "Token known"


def test_a_password_becomes_a_token_at_the_first_request(web):
    web.tell(TOKEN)
    web.tell({"scopes": []})

    with Client(web.url, username="ann", password="secret") as client:
        client.scopes()

    assert web.asked[0].path == "/token"
    assert web.asked[0].body == {"username": "ann", "password": "secret"}
    assert "Authorization" not in web.asked[0].headers
    assert web.asked[1].headers["Authorization"] == "Token fresh"


def test_an_expired_token_is_renewed_once(web):
    web.tell({"message": "Authorization Failed"}, status=401)
    web.tell(TOKEN)
    web.tell({"scopes": [{"scope": "taxi"}]})

    with Client(web.url, token="old", username="ann", password="secret") as client:
        assert client.scopes() == [{"scope": "taxi"}]

    assert [asked.path for asked in web.asked] == ["/scope", "/token", "/scope"]


def test_without_a_password_an_expired_token_is_an_error(web, client):
    web.tell({"message": "Authorization Failed", "type": "unauthorized"}, status=401)

    with pytest.raises(Unauthorized, match="Authorization Failed"):
        client.scopes()


def test_nothing_to_log_in_with_says_how(web, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("TOKEN", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"GEOSCOPE_CLIENT_{name}", raising=False)

    with pytest.raises(NoCredentials, match="geoscope login"), Client(web.url) as client:
        client.scopes()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (413, TooLarge),
        (429, TooMany),
        (500, ApiError),
        (502, Unavailable),
        (503, Unavailable),
        (504, TimedOut),
    ],
)
def test_each_status_has_its_error(web, client, status, kind):
    web.tell({"message": "because", "type": "some_word"}, status=status)

    with pytest.raises(kind) as caught:
        client.scopes()

    error = caught.value
    assert type(error) is kind
    assert (error.status, error.type, str(error)) == (status, "some_word", "because")


def test_too_many_says_when_to_come_back(web, client):
    web.tell({"message": "slower"}, status=429, Retry_After="30")

    with pytest.raises(TooMany) as caught:
        client.scopes()

    assert caught.value.retry_after_s == 30.0


def test_an_error_in_code_brings_its_traceback(web, scope):
    error = {"ename": "ValueError", "evalue": "no", "traceback": ["a", "b"], "message": "m"}
    web.tell(error, status=400)

    with pytest.raises(CodeFailed) as caught:
        scope.run("raise ValueError('no')")

    assert (caught.value.ename, caught.value.evalue) == ("ValueError", "no")
    assert caught.value.traceback == ["a", "b"]


def test_who_is_no_geoscope_server_is_not_understood(web, client):
    web.tell(b"<html>", status=502)
    web.tell(b"[]")

    with pytest.raises(NotUnderstood, match="HTTP 502"):
        client.scopes()
    with pytest.raises(NotUnderstood, match="HTTP 200"):
        client.scopes()


def test_no_server_is_unreachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(Unreachable, match=url) as caught, Client(url, token="t") as client:
            client.scopes()

    assert isinstance(caught.value, GeoscopeError)


def test_open_sends_name_and_limits(web, client):
    web.tell({"scope": "taxi"})

    scope = client.open("taxi", memory="1GiB")

    assert scope.name == "taxi"
    assert web.last.body == {"scope": "taxi", "memory": "1GiB"}


def test_open_without_a_name_takes_the_servers(web, client):
    web.tell({"scope": "0f3a"})

    assert client.open().name == "0f3a"
    assert web.last.body == {}


def test_names_are_quoted_in_paths(web, client):
    web.tell()

    client.scope("a/b c").close()

    assert (web.last.method, web.last.path) == ("DELETE", "/scope/a%2Fb%20c")


def test_run_gives_value_and_output(web, scope):
    web.tell({"result": 2, "stdout": "hi\n", "stderr": "", "display": [{"text/plain": "x"}]})

    done = scope.run("1 + 1", timeout_s=5)

    assert web.last.body == {"scope": "taxi", "command": "1 + 1", "timeout": 5}
    assert (done.result, done.stdout, done.display) == (2, "hi\n", ({"text/plain": "x"},))


def test_stream_gives_events_as_they_come(web, scope):
    text = 'event: stdout\ndata: {"text": "é\\n"}\n\nevent: done\ndata: {"code": 200}\n\n'
    web.tell(text.encode(), Content_Type="text/event-stream")

    events = list(scope.stream("print('é')"))

    assert web.last.body["stream"] is True
    assert [event.name for event in events] == ["stdout", "done"]
    assert events[0].members == {"text": "é\n"}


def test_query_gives_rows_and_facts(web, scope):
    columns = [{"name": "n", "type": "int"}]
    web.tell({"result": [{"n": 1}], "num_rows": 1, "columns": columns, "warnings": ["w"]})

    result = scope.in_session("other").query("select :n as n", {"n": 1}, limit=5)

    assert list(result) == [{"n": 1}]
    assert (len(result), result.num_rows, result.columns) == (1, 1, columns)
    assert (result.truncated, result.warnings) == (False, ("w",))
    assert web.last.body == {
        **{"scope": "taxi", "session": "other", "sql": "select :n as n"},
        **{"params": {"n": 1}, "limit": 5, "format": "records"},
    }


def test_arrow_becomes_a_table(web, scope):
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"n": [1, 2]})
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    web.tell(stream.getvalue(), X_Truncated="true")

    result = scope.arrow("select n from t")

    assert result.table() == table
    assert result.truncated
    assert web.last.headers["Accept"] == "application/vnd.apache.arrow.stream"


def test_a_map_is_a_picture_with_its_facts(web, scope, tmp_path):
    facts = {"X_Render_Rows": "3", "X_Render_Drawn": "2", "X_Render_Dropped": '{"null": 1}'}
    web.tell(b"\x89PNG", Content_Type="image/png", **facts)

    picture = scope.draw("pointmap", "select p", width=2, height=1, bounding_box=(0, 0, 1, 1))

    assert web.last.path == "/pointmap"
    assert web.last.headers["Accept"] == "image/png"
    assert web.last.body["params"] == {"width": 2, "height": 1, "bounding_box": [0, 0, 1, 1]}
    assert (picture.rows, picture.drawn, picture.dropped) == (3, 2, {"null": 1})
    assert picture.save(tmp_path / "map.png").read_bytes() == b"\x89PNG"


def test_tables_are_loaded_made_and_described(web, scope):
    web.tell({"tables": [{"name": "a", "num_rows": 1}]})
    web.tell({"tables": [{"name": "b", "num_rows": 2}]})
    web.tell({"table": "b", "schema": []})

    assert scope.load({"name": "a", "format": "csv", "path": "a.csv"})[0]["num_rows"] == 1
    assert scope.create("b", "select 1")["num_rows"] == 2
    assert scope.table("b")["table"] == "b"
    assert [asked.path.partition("?")[0] for asked in web.asked] == [
        "/loadfile",
        "/createtable",
        "/table/schema",
    ]


def test_files_go_both_ways(web, scope, tmp_path):
    source = tmp_path / "in.bin"
    source.write_bytes(b"\x00\x01")
    web.tell({"path": "a/b.bin", "bytes": 2})
    web.tell(b"\x02\x03")
    web.tell(b"\x04")
    web.tell({"files": [{"name": "b.bin"}]})

    assert scope.files.put("a/b.bin", source) == 2
    assert (web.last.path, web.last.content) == ("/scope/taxi/files/a/b.bin", b"\x00\x01")
    assert scope.files.get("a/b.bin") == b"\x02\x03"
    assert scope.files.save("a/b.bin", tmp_path / "out.bin") == 1
    assert (tmp_path / "out.bin").read_bytes() == b"\x04"
    assert scope.files.list("a") == [{"name": "b.bin"}]


def test_admins_make_and_change_accounts(web, client):
    web.tell({"user": {}})
    web.tell({"user": {}})
    web.tell()

    client.admin.add_user("ann", "secret")
    client.admin.change_user("ann", role="admin")
    client.admin.remove_user("ann")

    assert web.asked[0].body == {"username": "ann", "password": "secret", "role": "user"}
    assert [asked.method for asked in web.asked] == ["POST", "PATCH", "DELETE"]
    assert web.last.path == "/admin/users/ann"


REPLY = {
    "requestID": "id",
    "signature": "*",
    "results": [{"$1": 1}],
    "results-0": [2, None],
    "warnings": [{"code": 1, "msg": "ASX0002: odd"}],
    "status": "success",
    "metrics": {"resultCount": 3},
}


def test_statements_of_the_query_service_give_their_results(web, scope):
    web.tell(REPLY)

    found = scope.query_service("select $x; select ?;", {"x": 1}, max_warnings=5, timeout="1s")

    assert (found.results, found.rows) == ([[{"$1": 1}], [2, None]], [2, None])
    assert (found.request_id, found.warnings) == ("id", ("ASX0002: odd",))
    assert web.last.path == "/query/service"
    assert web.last.body == {
        "scope": "taxi",
        "session": "spark",
        "statement": "select $x; select ?;",
        "$x": 1,
        "max-warnings": 5,
        "timeout": "1s",
    }


def test_positional_parameters_are_an_array(web, scope):
    web.tell({"requestID": "id", "status": "success", "metrics": {}})

    assert scope.query_service("use d;", (1, "a")).rows == []
    assert web.last.body["args"] == [1, "a"]


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_statement_that_failed_says_how(web, scope, status):
    errors = [{"code": 1, "msg": "ASX1001: Syntax error"}]
    web.tell({"errors": errors, "status": "fatal", "metrics": {}}, status)

    with pytest.raises(StatementFailed, match="ASX1001: Syntax error") as caught:
        scope.query_service("selec")

    assert (caught.value.status, caught.value.type) == (status, "fatal")
    assert caught.value.texts == ["ASX1001: Syntax error"]


STAGES = (
    b'event: state\ndata: {"state": "starting", "stage": "disk", "at_ms": 0.0}\n\n'
    b'event: state\ndata: {"state": "starting", "stage": "spark", "at_ms": 1250.0}\n\n'
)


def test_an_opening_tells_its_stages(web, client):
    web.tell(
        STAGES + b'event: scope\ndata: {"status": "success", "scope": "taxi"}\n\n',
        Content_Type="text/event-stream",
    )
    heard = []

    scope = client.open("taxi", on_stage=lambda *stage: heard.append(stage), memory="1GiB")

    assert scope.name == "taxi"
    assert heard == [("disk", 0.0), ("spark", 1.25)]
    assert web.last.headers["Accept"] == "text/event-stream"
    assert web.last.body == {"scope": "taxi", "memory": "1GiB"}


def test_an_opening_that_fails_on_the_way_raises_its_error(web, client):
    error = b'event: error\ndata: {"code": 503, "type": "no_capacity", "message": "full"}'
    web.tell(STAGES + error + b"\n\n", Content_Type="text/event-stream")

    with pytest.raises(Unavailable, match="full") as raised:
        client.open(on_stage=lambda *_: None)

    assert raised.value.type == "no_capacity"


def test_an_opening_that_is_cut_short_is_no_scope(web, client):
    web.tell(STAGES, Content_Type="text/event-stream")

    with pytest.raises(Unreachable, match="ended before the scope was there"):
        client.open(on_stage=lambda *_: None)


def test_a_server_that_tells_no_stages_answers_as_ever(web, client):
    web.tell({"scope": "taxi"})

    assert client.open(on_stage=lambda *_: None).name == "taxi"
