"""The command `geoscope` against a server that answers as told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from geoscope import trips
from geoscope.cli import app, commands
from typer.testing import CliRunner

from tests.fakes.web import scripted_web
from wire.charts import parse

SAMPLE = Path(__file__).parents[2] / "samples" / "nyc_taxi.csv"


@pytest.fixture
def web(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"GEOSCOPE_CLIENT_{name}", raising=False)
    with scripted_web() as web:
        monkeypatch.setenv("GEOSCOPE_CLIENT_URL", web.url)
        monkeypatch.setenv("GEOSCOPE_CLIENT_TOKEN", "known")
        yield web


@pytest.fixture
def geoscope(monkeypatch):
    def run(*arguments: str, typed: str = ""):
        return CliRunner().invoke(commands, arguments, input=typed, catch_exceptions=False)

    return run


def test_login_keeps_the_token_for_later_commands(web, geoscope, monkeypatch):
    monkeypatch.delenv("GEOSCOPE_CLIENT_TOKEN")
    web.tell({"data": {"token": "fresh"}})
    web.tell({"scopes": []})

    done = geoscope("login", "-u", "ann", "--password-stdin", typed="secret\n")
    geoscope("scope", "list")

    assert done.exit_code == 0
    assert "secret" not in done.output
    assert web.asked[0].body == {"username": "ann", "password": "secret"}
    assert web.last.headers["Authorization"] == "Token fresh"


def test_logout_ends_the_token(web, geoscope):
    web.tell()

    assert geoscope("logout", "--all").exit_code == 0
    assert (web.last.method, web.last.path) == ("DELETE", "/token?all=true")


def test_scopes_are_listed(web, geoscope):
    web.tell({"scopes": [{"scope": "taxi", "state": "idle", "reason": None}]})

    assert "taxi" in geoscope("scope", "list").output


def test_run_prints_output_and_value(web, geoscope):
    text = (
        'event: stdout\ndata: {"text": "hello\\n"}\n\n'
        'event: state\ndata: {"state": "running"}\n\n'
        'event: done\ndata: {"code": 200, "result": 42}\n\n'
    )
    web.tell(text.encode())

    assert geoscope("run", "taxi", "print('hello')\n42").output == "hello\n42\n"


def test_run_reads_code_from_standard_input(web, geoscope):
    web.tell(b'event: done\ndata: {"code": 200, "result": null}\n\n')

    geoscope("run", "taxi", typed="x = 1\n")

    assert web.last.body["command"] == "x = 1\n"


def test_a_failed_command_prints_its_traceback_and_exits_1(web, monkeypatch, capsys):
    reply = {"code": 400, "ename": "E", "evalue": "v", "traceback": ["line 1", "E: v [x]"]}
    web.tell(f"event: done\ndata: {json.dumps(reply)}\n\n".encode())
    monkeypatch.setattr("sys.argv", ["geoscope", "run", "taxi", "fail()"])

    with pytest.raises(SystemExit) as caught:
        app()

    assert caught.value.code == 1
    assert capsys.readouterr().err == "line 1\nE: v [x]\n"


def test_an_error_is_one_line_and_exit_1(web, monkeypatch, capsys):
    web.tell({"message": "scope taxi not found!", "type": "scope_not_found"}, status=404)
    monkeypatch.setattr("sys.argv", ["geoscope", "scope", "close", "taxi"])

    with pytest.raises(SystemExit) as caught:
        app()

    assert caught.value.code == 1
    assert capsys.readouterr().err == "geoscope: scope taxi not found!\n"


@pytest.mark.parametrize(
    ("form", "expected"), [("json", '[{"n": 1, "t": "é"}]'), ("table", "é"), ("csv", "n,t\n1,é\n")]
)
def test_rows_are_printed_in_the_form_asked_for(web, geoscope, form, expected):
    if form == "csv":
        web.tell("n,t\n1,é\n".encode())
    else:
        web.tell({"result": [{"n": 1, "t": "é"}], "columns": [{"name": "n"}, {"name": "t"}]})

    assert expected in geoscope("query", "taxi", "select 1", "--format", form).output


def test_values_of_sqlpp_are_printed_one_a_line(web, geoscope):
    web.tell({"results": [{"a": "é"}], "results-0": [1, None], "status": "success"})

    printed = geoscope("sqlpp", "taxi", "select 'é' a; select value 1;")

    assert printed.output.splitlines() == ['{"a": "é"}', "1", "null"]
    assert web.last.body["statement"] == "select 'é' a; select value 1;"


def test_a_map_is_written_to_a_file(web, geoscope, tmp_path):
    web.tell(b"\x89PNG", X_Render_Rows="2", X_Render_Drawn="1", X_Render_Dropped='{"null": 1}')
    out = tmp_path / "map.png"

    done = geoscope(
        *("map", "taxi", "pointmap", "select p", "--box=-1,-2,3,4", "-o", str(out)),
        *("--set", "point_size=5", "--set", "point_color=#FF0000"),
    )

    assert out.read_bytes() == b"\x89PNG"
    assert "1 of 2 rows drawn, dropped: 1 null" in done.output
    params = web.last.body["params"]
    assert params["bounding_box"] == [-1.0, -2.0, 3.0, 4.0]
    assert (params["point_size"], params["point_color"]) == (5, "#FF0000")


def test_accounts_are_made_with_a_password_from_standard_input(web, geoscope):
    web.tell({"user": {}})

    geoscope("user", "add", "ann", "--role", "admin", "--password-stdin", typed="secret\n")

    assert web.last.body == {"username": "ann", "password": "secret", "role": "admin"}


def test_the_demo_walks_the_whole_first_session(web, geoscope, tmp_path):
    web.tell({"message": "scope geoscope-demo not found!"}, status=404)
    web.tell({"scope": "geoscope-demo"})
    web.tell({"tables": [{"name": "old_nyc_taxi", "num_rows": 2869}]})
    web.tell({"tables": [{"name": "nyc_taxi", "num_rows": 2869}]})
    web.tell({"result": [{"trips": 2869}]})
    for _ in trips.MAPS:
        web.tell(b"\x89PNG", X_Render_Rows="9", X_Render_Drawn="8")

    done = geoscope("demo", "--folder", str(tmp_path / "demo"))

    assert done.exit_code == 0
    assert [asked.path for asked in web.asked[1:]] == [
        *("/scope", "/loadfile", "/createtable", "/query"),
        *("/pointmap", "/weighted", "/heatmap", "/choropleth"),
        *("/fishnetmap", "/icon_viz", "/unique_value_choropleth"),
    ]
    assert len(list((tmp_path / "demo").glob("*.png"))) == len(trips.MAPS)
    assert "8 of 9 rows drawn" in done.output
    assert all(step in done.output for step in ("old_nyc_taxi: 2,869 rows", "POST /choropleth"))


def test_the_demos_schema_is_the_samples():
    with SAMPLE.open() as file:
        header = file.readline().strip().split(",")

    assert list(trips.SCHEMA) == header


@pytest.mark.parametrize("chart", trips.MAPS)
def test_the_demos_styles_are_those_of_the_charts(chart):
    _, style = trips.MAPS[chart]
    params = json.loads(json.dumps(trips.FRAME | style))

    assert parse(chart, params).chart == chart


def test_an_opening_shows_its_stages_beside_the_name(web, geoscope):
    body = b'event: state\ndata: {"stage": "spark", "at_ms": 1250.0}\n\n'
    web.tell(body + b'event: scope\ndata: {"scope": "taxi"}\n\n', Content_Type="text/event-stream")

    done = geoscope("scope", "open", "taxi", "--progress")

    assert done.stdout == "taxi\n"
    assert done.stderr == "  1.25 s  spark\n"


def test_an_opening_without_a_terminal_prints_the_name_alone(web, geoscope):
    web.tell({"scope": "taxi"})

    done = geoscope("scope", "open")

    assert (done.stdout, done.stderr) == ("taxi\n", "")
    assert "Accept" not in web.last.headers or "event" not in web.last.headers["Accept"]
