"""One story per part of the API, told by a user to the real server, engine, image and Spark."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import cv2
import docker
import numpy as np
import pyarrow as pa
import pytest
import requests
from geoscope import trips

from tests.e2e.server import Server, User

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

SAMPLE = "/samples/nyc_taxi.csv"
MIDTOWN = [-73.998427, 40.730309, -73.954348, 40.780816]
BOX = {"width": 300, "height": 200, "coordinate_system": "EPSG:4326", "bounding_box": MIDTOWN}
SCHEMA = [
    {"VendorID": "string"},
    {"tpep_pickup_datetime": "string"},
    {"tpep_dropoff_datetime": "string"},
    {"passenger_count": "int"},
    {"trip_distance": "double"},
    {"pickup_longitude": "double"},
    {"pickup_latitude": "double"},
    {"dropoff_longitude": "double"},
    {"dropoff_latitude": "double"},
    {"fare_amount": "double"},
    {"tip_amount": "double"},
    {"total_amount": "double"},
    {"buildingid_pickup": "int"},
    {"buildingid_dropoff": "int"},
    {"buildingtext_pickup": "string"},
    {"buildingtext_dropoff": "string"},
]
SEED_SQL = (
    "select VendorID, to_timestamp(tpep_pickup_datetime,'yyyy-MM-dd HH:mm:ss XXXXX') as "
    "tpep_pickup_datetime, to_timestamp(tpep_dropoff_datetime,'yyyy-MM-dd HH:mm:ss XXXXX') as "
    "tpep_dropoff_datetime, passenger_count, trip_distance, pickup_longitude, pickup_latitude, "
    "dropoff_longitude, dropoff_latitude, fare_amount, tip_amount, total_amount, "
    "buildingid_pickup, buildingid_dropoff, buildingtext_pickup, buildingtext_dropoff from "
    "old_nyc_taxi where (pickup_longitude between -180 and 180) and (pickup_latitude between -90 "
    "and 90) and (dropoff_longitude between -180 and 180) and  (dropoff_latitude between -90 and "
    "90)"
)
WITHIN = (
    "ST_Within(ST_Point(pickup_longitude, pickup_latitude), ST_GeomFromText('POLYGON "
    "((-73.998427 40.730309, -73.954348 40.730309, -73.954348 40.780816 ,-73.998427 40.780816, "
    "-73.998427 40.730309))'))"
)
POINT = "ST_Point(pickup_longitude, pickup_latitude) as point"
MAPS: dict[str, tuple[str, dict[str, Any]]] = {
    "pointmap": (
        f"select {POINT} from nyc_taxi where {WITHIN}",
        {"point_color": "#2DEF4A", "point_size": 3, "opacity": 0.5},
    ),
    "weighted": (
        f"select {POINT}, tip_amount as c, fare_amount as s from nyc_taxi where {WITHIN}",
        {
            "color_gradient": ["#0000FF", "#FF0000"],
            "color_bound": [0, 2],
            "size_bound": [0, 10],
            "opacity": 1.0,
        },
    ),
    "heatmap": (
        f"select {POINT}, passenger_count as w from nyc_taxi where {WITHIN}",
        {"map_zoom_level": 10},
    ),
    "choropleth": (
        "select ST_GeomFromText(buildingtext_dropoff) as wkt, passenger_count as w from nyc_taxi",
        {"color_gradient": ["#0000FF", "#FF0000"], "color_bound": [2.5, 5], "opacity": 1},
    ),
    "fishnetmap": (
        f"select {POINT}, passenger_count as w from nyc_taxi where {WITHIN}",
        {"cell_size": 8},
    ),
    "icon_viz": (f"select {POINT} from nyc_taxi where {WITHIN}", {"icon": trips.PIN}),
    "unique_value_choropleth": (
        "select ST_GeomFromText(buildingtext_dropoff) as wkt, VendorID from nyc_taxi",
        {"unique_value_infos": {"CMT": "#1b9e77", "VTS": "#d95f02"}},
    ),
}


@pytest.fixture(scope="module")
def seeded(alice: User, taxi: str) -> str:
    """The scope with the seed's two tables."""
    item = {
        "name": "old_nyc_taxi",
        "format": "csv",
        "path": SAMPLE,
        "options": {"header": "True", "delimiter": ","},
        "schema": SCHEMA,
    }
    alice.post("/loadfile", scope=taxi, session="spark", tables=[item])
    alice.post("/createtable", scope=taxi, tables=[{"name": "nyc_taxi", "sql": SEED_SQL}])
    return taxi


def picture(png: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Its RGBA pixels."""
    found = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA).astype(np.uint8)


class TestSeed:
    def test_query_gives_bare_values_for_one_column(self, alice: User, seeded: str) -> None:
        sql = "select fare_amount from nyc_taxi limit 1"

        bare = alice.post("/query", scope=seeded, sql=sql)
        rows = alice.post("/query", scope=seeded, sql=sql, collect_result="1")

        assert bare["result"] == [5.8]
        assert rows["result"] == [{"fare_amount": 5.8}]
        assert rows["num_rows"] == 1

    def test_create_table_by_sql(self, alice: User, seeded: str) -> None:
        made = alice.post(
            "/query", scope=seeded, sql="create table new_table as (select * from nyc_taxi)"
        )
        table = alice.get(f"/table/{seeded}/spark/new_table")

        assert made["result"] == []
        assert table["num_rows"] > 1000
        assert table["schema"][:2] == [
            {"VendorID": "string"},
            {"tpep_pickup_datetime": "timestamp"},
        ]
        alice.post("/query", scope=seeded, sql="drop table new_table")

    @pytest.mark.parametrize("chart", MAPS)
    def test_map_of_the_seed(self, alice: User, seeded: str, chart: str) -> None:
        sql, style = MAPS[chart]

        reply = alice.post(f"/{chart}", scope=seeded, sql=sql, params={**BOX, **style})

        pixels = picture(base64.b64decode(reply["result"]))
        facts = reply["render"]
        assert pixels.shape == (200, 300, 4)
        assert facts["drawn"] > 100
        assert facts["rows"] == facts["drawn"] + sum(facts["dropped"].values())
        assert (pixels[:, :, 3] > 0).sum() > 100

    def test_picture_itself_with_its_facts_in_headers(self, alice: User, seeded: str) -> None:
        sql, style = MAPS["pointmap"]
        body = {"scope": seeded, "sql": sql, "params": {**BOX, **style}}

        answer = alice.ask("POST", "/pointmap", body, headers={"Accept": "image/png"})

        assert answer.headers["content-type"] == "image/png"
        assert int(answer.headers["X-Render-Drawn"]) > 100
        assert picture(answer.content).shape == (200, 300, 4)


class TestCommand:
    def test_value_output_and_variables(self, alice: User, taxi: str) -> None:
        alice.post("/command", scope=taxi, command="x = 20")

        reply = alice.post("/command", scope=taxi, command="print('hello')\nx * 2 + 2")

        assert reply["result"] == 42
        assert reply["stdout"] == "hello\n"
        names = {variable["name"] for variable in alice.get(f"/scope/{taxi}")["variables"]}
        assert "x" in names

    def test_figure_arrives_as_png_and_frame_as_html(self, alice: User, taxi: str) -> None:
        code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"

        figure = alice.post("/command", scope=taxi, command=code)
        frame = alice.post(
            "/command", scope=taxi, command="import pandas as pd\npd.DataFrame({'a': [1]})"
        )

        png = base64.b64decode(figure["display"][0]["image/png"])
        assert png.startswith(b"\x89PNG")
        assert any("<table" in bundle.get("text/html", "") for bundle in frame["display"])

    def test_exception_is_400_with_its_traceback(self, alice: User, taxi: str) -> None:
        error = alice.fails(400, "/command", scope=taxi, command="1 / 0")

        assert error["ename"] == "ZeroDivisionError"
        assert error["evalue"] == "division by zero"
        assert any("1 / 0" in line for line in error["traceback"])

    def test_timeout_interrupts_and_keeps_the_namespace(self, alice: User, taxi: str) -> None:
        alice.post("/command", scope=taxi, command="kept = 1")

        error = alice.fails(504, "/command", scope=taxi, command="while True: pass", timeout=1)

        assert error["type"] == "timeout"
        assert alice.post("/command", scope=taxi, command="kept")["result"] == 1

    def test_stream_tells_output_as_it_comes(self, alice: User, taxi: str) -> None:
        body = {"scope": taxi, "command": "print('one')\n2", "stream": True}

        answer = alice.ask("POST", "/command", body)

        events = [block.split("\n") for block in answer.text.strip().split("\n\n")]
        names = [lines[0].removeprefix("event: ") for lines in events]
        last = json.loads(events[-1][1].removeprefix("data: "))
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "stdout" in names
        assert names[-1] == "done"
        assert last["result"] == 2
        assert last["stdout"] == "one\n"

    def test_tables_and_views_are_seen_on_both_sides(self, alice: User, seeded: str) -> None:
        alice.post(
            "/command",
            scope=seeded,
            command="spark.range(3).createOrReplaceTempView('made_in_python')",
        )
        counted = alice.post("/query", scope=seeded, sql="select count(*) from made_in_python")
        alice.post("/query", scope=seeded, sql="create temp view made_in_sql as select 7 as n")
        seen = alice.post(
            "/command", scope=seeded, command="spark.table('made_in_sql').collect()[0].n"
        )

        assert counted["result"] == [3]
        assert seen["result"] == 7

    def test_mllib_has_its_functions(self, alice: User, taxi: str) -> None:
        code = (
            "from pyspark.ml.functions import array_to_vector, vector_to_array\n"
            "row = spark.sql('select array(1D, 2D) as xs')\n"
            "row.select(vector_to_array(array_to_vector('xs')).alias('back')).first().back"
        )
        assert alice.post("/command", scope=taxi, command=code)["result"] == [1, 2]

    def test_function_of_the_namespace_runs_in_tasks(self, alice: User, taxi: str) -> None:
        code = "def double(n):\n    return n * 2\nspark.udf.register('double_it', double, 'int')"
        alice.post("/command", scope=taxi, command=code)

        assert alice.post("/query", scope=taxi, sql="select double_it(21)")["result"] == [42]


class TestTables:
    def test_the_real_files_load(self, alice: User, taxi: str, shared_data: Path) -> None:
        for name in ("nyc_taxi_buildings_10k.csv", "nyc_taxi_zones.zip", "nyc_uber_fares_10k.csv"):
            with (shared_data / name).open("rb") as source:
                put = alice.ask("PUT", f"/scope/{taxi}/files/{name}", data=source)
            assert put.json()["bytes"] == (shared_data / name).stat().st_size

        reply = alice.post(
            "/loadfile",
            scope=taxi,
            tables=[
                {"name": "trips", "format": "csv", "path": "nyc_taxi_buildings_10k.csv"},
                {"name": "zones", "format": "shapefile", "path": "nyc_taxi_zones.zip"},
                {"name": "uber", "format": "csv", "path": "nyc_uber_fares_10k.csv"},
            ],
        )

        trips, zones, uber = reply["tables"]
        assert (trips["num_rows"], len(trips["schema"])) == (9_999, 16)
        assert zones["num_rows"] == 263
        assert uber["num_rows"] == 9_999
        columns = alice.get(f"/table/{taxi}/spark/zones")["columns"]
        assert [c["srid"] for c in columns if c["type"] == "geometry"] == [2263]

    def test_absurd_points_are_dropped_and_counted(self, alice: User, taxi: str) -> None:
        sql = f"select {POINT} from uber"
        params = {**BOX, "bounding_box": [-74.3, 40.4, -73.6, 41.0]}

        facts = alice.post("/pointmap", scope=taxi, sql=sql, params=params)["render"]

        assert facts["rows"] == 9_999
        assert facts["dropped"]["outside"] + facts["dropped"].get("untransformable", 0) > 100
        assert facts["rows"] == facts["drawn"] + sum(facts["dropped"].values())

    def test_all_tables_of_a_request_or_none(self, alice: User, taxi: str) -> None:
        good = {"name": "half", "format": "csv", "path": SAMPLE}
        bad = {"name": "other", "format": "csv", "path": "absent.csv"}

        error = alice.fails(400, "/loadfile", scope=taxi, tables=[good, bad])

        assert "other" in error["message"]
        assert "absent.csv" in error["message"]
        assert alice.ask("GET", f"/table/{taxi}/spark/half").status_code == 404

    def test_rows_that_do_not_fit_are_counted_and_shown(self, alice: User, taxi: str) -> None:
        alice.ask("PUT", f"/scope/{taxi}/files/bad.csv", data=b"n,t\n1,a\nx,b\ny,c\n")
        item = {"name": "bad", "format": "csv", "path": "bad.csv", "options": {"header": "true"}}
        item |= {"schema": [{"n": "int"}, {"t": "string"}]}

        error = alice.fails(400, "/loadfile", scope=taxi, tables=[item])

        assert "2" in error["message"]
        assert "x" in error["message"]

    def test_saved_files_come_back(self, alice: User, taxi: str) -> None:
        target = {"sql": "select 1 as a, 'x' as b", "format": "csv", "path": "out/one.csv"}
        target |= {"options": {"header": "true"}}

        alice.post("/savefile", scope=taxi, tables=[target])
        again = alice.fails(400, "/savefile", scope=taxi, tables=[target])

        item = {"name": "back", "format": "csv", "path": "out/one.csv"}
        alice.post("/loadfile", scope=taxi, tables=[item])
        rows = alice.post("/query", scope=taxi, sql="select * from back")["result"]
        assert again["type"] == "save_failed"
        assert rows == [{"a": 1, "b": "x"}]


class TestQuery:
    SQL = "select 1 as a, 'x,y' as b, ST_Point(1, 2) as g"

    @pytest.mark.parametrize("form", ["csv", "arrow", "geojson"])
    def test_other_formats(self, alice: User, taxi: str, form: str) -> None:
        body = {"scope": taxi, "sql": self.SQL, "format": form}

        answer = alice.ask("POST", "/query", body)

        assert answer.status_code == 200, answer.text
        assert answer.headers["X-Num-Rows"] == "1"
        assert answer.headers["X-Truncated"] == "false"
        if form == "csv":
            assert answer.text.splitlines() == ["a,b,g", '1,"x,y",POINT (1 2)']
        elif form == "arrow":
            table = pa.ipc.open_stream(io.BytesIO(answer.content)).read_all()
            assert table.column_names == ["a", "b", "g"]
        else:
            feature = answer.json()["features"][0]
            assert feature["geometry"] == {"type": "Point", "coordinates": [1.0, 2.0]}

    def test_values_records_and_bound_parameters(self, alice: User, taxi: str) -> None:
        values = alice.post("/query", scope=taxi, sql=self.SQL, format="values")
        bound = alice.post(
            "/query", scope=taxi, sql="select :s as s, :n as n", params={"s": "'; drop", "n": 3}
        )

        assert values["result"] == [[1, "x,y", "POINT (1 2)"]]
        assert bound["result"] == [{"s": "'; drop", "n": 3}]

    def test_limit_tells_that_rows_were_cut(self, alice: User, taxi: str) -> None:
        cut = alice.post("/query", scope=taxi, sql="select id from range(10)", limit=4)

        assert cut["result"] == [0, 1, 2, 3]
        assert cut["truncated"] is True

    def test_error_has_sparks_class_and_position(self, alice: User, taxi: str) -> None:
        error = alice.fails(400, "/query", scope=taxi, sql="select nope from range(1)")

        assert "UNRESOLVED_COLUMN" in error["ename"] + error["evalue"] + error["message"]
        assert "\tat org.apache" not in json.dumps(error)

    def test_unknown_scope_and_session(self, alice: User, taxi: str) -> None:
        scope = alice.fails(404, "/query", scope="absent", sql="select 1")
        session = alice.fails(404, "/query", scope=taxi, session="absent", sql="select 1")

        assert scope["message"] == "scope absent not found!"
        assert session["message"] == "session absent not found!"


class TestSessions:
    def test_a_second_session_has_its_own_views(self, alice: User, taxi: str) -> None:
        alice.post(
            "/session", scope=taxi, session="second", configs={"spark.sql.ansi.enabled": "false"}
        )
        alice.post(
            "/query", scope=taxi, session="second", sql="create temp view mine as select 1 as n"
        )

        other = alice.fails(400, "/query", scope=taxi, sql="select * from mine")
        lenient = alice.post("/query", scope=taxi, session="second", sql="select int('x') as n")
        name = alice.post(
            "/command", scope=taxi, command="second.conf.get('spark.sql.ansi.enabled')"
        )

        assert "mine" in other["message"]
        assert lenient["result"] == [None]
        assert name["result"] == "false"
        alice.delete(f"/session/{taxi}/second")

    def test_another_master_is_409(self, alice: User, taxi: str) -> None:
        body = {"scope": taxi, "session": "far", "master-addr": "spark://elsewhere:7077"}

        answer = alice.ask("POST", "/session", body)

        assert answer.status_code == 409
        assert answer.json()["type"] == "session_needs_own_context"


class TestFiles:
    def test_round_trip_listing_and_deletion(self, alice: User, taxi: str) -> None:
        content = bytes(range(256)) * 10_000
        base = f"/scope/{taxi}/files"

        put = alice.ask("PUT", f"{base}/deep/er/blob.bin", data=content).json()
        got = alice.ask("GET", f"{base}/deep/er/blob.bin")
        listed = alice.get(f"{base}/deep/er")["files"]
        alice.delete(f"{base}/deep/er/blob.bin")

        assert put["bytes"] == len(content)
        assert got.content == content
        assert [(f["name"], f["bytes"], f["is_dir"]) for f in listed] == [
            ("blob.bin", len(content), False)
        ]
        assert alice.ask("GET", f"{base}/deep/er/blob.bin").status_code == 404

    def test_links_and_dots_do_not_lead_out(self, alice: User, taxi: str) -> None:
        alice.post("/command", scope=taxi, command="import os\nos.symlink('/etc/passwd', 'leak')")

        leak = alice.ask("GET", f"/scope/{taxi}/files/leak")
        dots = alice.ask("GET", f"/scope/{taxi}/files/%2e%2e/catalog")

        assert leak.status_code == 400
        assert dots.status_code == 400


class TestOperators:
    def test_docker_shows_whose_container_it_is(
        self, alice: User, taxi: str, server: Server, engine: docker.DockerClient
    ) -> None:
        (container,) = [
            c for c in server.containers(engine) if c.labels.get("geoscope.scope") == taxi
        ]

        assert container.name == f"gs-{alice.name}-{taxi}"
        assert container.labels["geoscope.user"] == alice.name
        assert re.fullmatch(r"\d+:\d+", container.attrs["Config"]["User"])

    def test_health_ready_metrics_and_docs_need_no_token(self, server: Server) -> None:
        for path in ("/health", "/ready", "/metrics", "/docs"):
            answer = requests.get(server.url + path, timeout=30)
            assert answer.status_code == 200, (path, answer.text)
