"""What a server says when it is up: where it is, the password it made, a first session."""

from __future__ import annotations

from typing import Final

from control.server import Started

SESSION: Final = """\
A first session:

  URL={url}
  TOKEN=$(curl -s $URL/token -d '{{"username": "{admin}", "password": "{password}"}}' \\
    | python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["token"])')
  curl -s $URL/scope -H "Authorization: Token $TOKEN" -d '{{"scope": "first"}}'
  curl -s $URL/loadfile -H "Authorization: Token $TOKEN" -d '{{"scope": "first", "tables": [
    {{"name": "nyc_taxi", "format": "csv", "path": "/samples/nyc_taxi.csv"}}]}}'
  curl -s $URL/query -H "Authorization: Token $TOKEN" -d '{{"scope": "first",
    "sql": "select count(*) as trips, avg(fare_amount) as fare from nyc_taxi"}}'
  curl -s $URL/pointmap -H "Authorization: Token $TOKEN" -H "Accept: image/png" \\
    -o pointmap.png -d '{{"scope": "first",
    "sql": "select ST_Point(pickup_longitude, pickup_latitude) as point from nyc_taxi",
    "params": {{"width": 1024, "height": 896, "coordinate_system": "EPSG:4326",
      "bounding_box": [-74.05, 40.65, -73.75, 40.87], "point_size": 3, "opacity": 0.5}}}}'
"""


def welcome(server: Started) -> str:
    """The text for the operator's terminal."""
    url, password = server.url, server.made_password
    lines = [f"\nGeoscope serves at {url}, driver {server.driver}; docs at {url}/docs"]
    lines += [f"\n*** NOTE: {notice} ***" for notice in server.notices]
    if password is not None:
        lines.append(f"\nAdmin {server.admin}, password (shown this once): {password}")
    shown = password or "<your password>"
    session = SESSION.format(url=url, admin=server.admin, password=shown)
    return "\n".join([*lines, "", session, ""])
