"""Walk the REST API's own first session on the sample trips; its four pictures go to demo/."""

from __future__ import annotations

import getpass
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

REPOSITORY = Path(__file__).resolve().parent.parent
PICTURES = REPOSITORY / "demo"
SCOPE = "geoscope-demo"
TIMEOUT_S = 300.0

TEXTS = ("VendorID", "tpep_pickup_datetime", "tpep_dropoff_datetime")
BUILDINGS = ("buildingtext_pickup", "buildingtext_dropoff")
TYPES: dict[str, str] = {
    **dict.fromkeys(TEXTS, "string"),
    "passenger_count": "long",
    "trip_distance": "double",
    **{
        f"{end}_{axis}": "double"
        for end in ("pickup", "dropoff")
        for axis in ("longitude", "latitude")
    },
    **dict.fromkeys(("fare_amount", "tip_amount", "total_amount"), "double"),
    **dict.fromkeys(("buildingid_pickup", "buildingid_dropoff"), "long"),
    **dict.fromkeys(BUILDINGS, "string"),
}
MOMENT = "to_timestamp({0}, 'yyyy-MM-dd HH:mm:ss XXXXX') as {0}"
COLUMNS = ", ".join(MOMENT.format(name) if name in TEXTS[1:] else name for name in TYPES)
ON_EARTH = " and ".join(
    f"({end}_longitude between -180 and 180) and ({end}_latitude between -90 and 90)"
    for end in ("pickup", "dropoff")
)
CREATE = f"select {COLUMNS} from old_nyc_taxi where {ON_EARTH}"

WEST, SOUTH, EAST, NORTH = MIDTOWN = (-73.998427, 40.730309, -73.954348, 40.780816)
CORNERS = ((WEST, SOUTH), (EAST, SOUTH), (EAST, NORTH), (WEST, NORTH), (WEST, SOUTH))
AREA = f"POLYGON (({', '.join(f'{x} {y}' for x, y in CORNERS)}))"
POINT = "ST_Point(pickup_longitude, pickup_latitude)"
INSIDE = f"from nyc_taxi where ST_Within({POINT}, ST_GeomFromText('{AREA}'))"
RAMP = ["#115F9A", "#D0F400"]
MAPS: dict[str, tuple[str, dict[str, Any]]] = {
    "pointmap": (
        f"select {POINT} as point {INSIDE}",
        {"point_color": "#2DEF4A", "point_size": 4, "opacity": 0.7},
    ),
    "weighted": (
        f"select {POINT} as point, tip_amount as c, fare_amount as s {INSIDE}",
        {"color_gradient": RAMP, "color_bound": [0, 4], "size_bound": [3, 20], "opacity": 0.8},
    ),
    "heatmap": (
        f"select {POINT} as point, passenger_count as w {INSIDE}",
        {"map_zoom_level": 12},
    ),
    "choropleth": (
        "select ST_GeomFromText(buildingtext_dropoff) as wkt, fare_amount as w from nyc_taxi "
        "where buildingtext_dropoff is not null and buildingtext_dropoff != ''",
        {
            "color_gradient": RAMP,
            "color_bound": [3, 15],
            "opacity": 1.0,
            "aggregation_type": "mean",
        },
    ),
}


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, reply: requests.Response) -> None:
        asked = f"{reply.request.method} {reply.request.path_url}"
        super().__init__(f"{asked}: HTTP {reply.status_code}: {reply.text[:2000]}")


@dataclass
class Walk:
    """One session with the server, and what each of its steps took."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[str, str, float]] = field(default_factory=list)

    def step(
        self,
        path: str,
        body: Mapping[str, Any],
        say: Callable[[requests.Response], str],
        **headers: str,
    ) -> None:
        """POST, and note what came of it; raises Refused."""
        began = time.perf_counter()
        reply = requests.post(
            self.url + path, json=body, headers={**self.headers, **headers}, timeout=TIMEOUT_S
        )
        took = (time.perf_counter() - began) * 1000
        if not reply.ok:
            raise Refused(reply)
        self.lines.append((f"POST {path}", say(reply), took))

    def log_in(self, username: str, password: str) -> None:
        """Later steps carry the token."""

        def keep(reply: requests.Response) -> str:
            self.headers["Authorization"] = f"Token {reply.json()['data']['token']}"
            return f"a token for {username}"

        self.step("/token", {"username": username, "password": password}, keep)

    def forget_scope(self) -> None:
        """A scope of an earlier walk is in the way; none is fine."""
        url = f"{self.url}/scope/{SCOPE}"
        reply = requests.delete(url, headers=self.headers, timeout=TIMEOUT_S)
        if not reply.ok and reply.status_code != requests.codes.not_found:
            raise Refused(reply)


def loaded(reply: requests.Response) -> str:
    """Names and rows of the tables that a reply lists."""
    return ", ".join(
        f"{table['name']}: {table['num_rows']:,} rows" for table in reply.json()["tables"]
    )


def pictured(name: str) -> Callable[[requests.Response], str]:
    """Keep the picture, and say where."""

    def keep(reply: requests.Response) -> str:
        path = PICTURES / f"{name}.png"
        path.write_bytes(reply.content)
        drawn = reply.headers.get("X-Render-Drawn", "?")
        return f"{path.relative_to(REPOSITORY)}, {len(reply.content):,} bytes, drawn {drawn}"

    return keep


def make_tables(walk: Walk) -> None:
    """The seed's own two steps: the raw file, then the typed table."""
    table = {
        "name": "old_nyc_taxi",
        "format": "csv",
        "path": "/samples/nyc_taxi.csv",
        "options": {"header": "True", "delimiter": ","},
        "schema": [{name: kind} for name, kind in TYPES.items()],
    }
    walk.step("/loadfile", {"scope": SCOPE, "tables": [table]}, loaded)
    made = {"name": "nyc_taxi", "sql": CREATE}
    walk.step("/createtable", {"scope": SCOPE, "tables": [made]}, loaded)


def draw(walk: Walk) -> None:
    """The four maps, as pictures."""
    PICTURES.mkdir(exist_ok=True)
    for name, (sql, style) in MAPS.items():
        params = {
            "width": 1024,
            "height": 896,
            "bounding_box": MIDTOWN,
            "coordinate_system": "EPSG:4326",
            **style,
        }
        walk.step(
            f"/{name}",
            {"scope": SCOPE, "sql": sql, "params": params},
            pictured(name),
            Accept="image/png",
        )


def walk_all(walk: Walk, username: str, password: str) -> None:
    """The whole session; raises Refused at the first step that fails."""
    walk.log_in(username, password)
    walk.forget_scope()
    walk.step("/scope", {"scope": SCOPE}, lambda reply: reply.json()["message"])
    make_tables(walk)
    sql = "select count(*) as trips, round(avg(fare_amount), 2) as fare from nyc_taxi"
    walk.step("/query", {"scope": SCOPE, "sql": sql}, lambda reply: str(reply.json()["result"]))
    draw(walk)


def credentials(env: Mapping[str, str]) -> tuple[str, str]:
    """Who walks: GEOSCOPE_CLIENT_USER and _PASSWORD, else the admin with a password typed in."""
    user = env.get("GEOSCOPE_CLIENT_USER") or env.get("GEOSCOPE_ADMIN_USER") or "admin"
    password = env.get("GEOSCOPE_CLIENT_PASSWORD") or env.get("GEOSCOPE_ADMIN_PASSWORD")
    if password:
        return user, password
    if not sys.stdin.isatty():
        sys.exit("set GEOSCOPE_CLIENT_PASSWORD to the password printed at the server's first start")
    return user, getpass.getpass(f"password of {user}: ")


def show(walk: Walk) -> None:
    """The table of what was done."""
    table = Table("step", "result")
    table.add_column("ms", justify="right")
    for step, result, took in walk.lines:
        table.add_row(step, result, f"{took:,.0f}")
    Console().print(table)


def main() -> None:
    """`python -m scripts.demo`; the server: GEOSCOPE_CLIENT_URL, else this machine's port 8080."""
    walk = Walk(os.environ.get("GEOSCOPE_CLIENT_URL", "http://127.0.0.1:8080").rstrip("/"))
    username, password = credentials(os.environ)
    try:
        walk_all(walk, username, password)
    except requests.ConnectionError:
        sys.exit(f"no server answers at {walk.url}; `make run` starts one")
    except Refused as refused:
        show(walk)
        sys.exit(str(refused))
    show(walk)
    print(f"The scope {SCOPE} is still open: `docker ps` shows its container.")


if __name__ == "__main__":
    main()
