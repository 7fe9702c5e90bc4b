"""New York taxi trips, as the REST API's own document loads, cleans and draws them."""

from __future__ import annotations

from typing import Any, Final

FILE: Final = "/samples/nyc_taxi.csv"
RAW_TABLE: Final = "old_nyc_taxi"
TABLE: Final = "nyc_taxi"

_TEXTS = ("VendorID", "tpep_pickup_datetime", "tpep_dropoff_datetime")
_PLACES = ("pickup_longitude", "pickup_latitude", "dropoff_longitude", "dropoff_latitude")

SCHEMA: Final[dict[str, str]] = {
    **dict.fromkeys(_TEXTS, "string"),
    "passenger_count": "long",
    "trip_distance": "double",
    **dict.fromkeys(_PLACES, "double"),
    **dict.fromkeys(("fare_amount", "tip_amount", "total_amount"), "double"),
    **dict.fromkeys(("buildingid_pickup", "buildingid_dropoff"), "long"),
    **dict.fromkeys(("buildingtext_pickup", "buildingtext_dropoff"), "string"),
}
"""The file's columns, in its order."""

LOAD: Final[dict[str, Any]] = {
    "name": RAW_TABLE,
    "format": "csv",
    "path": FILE,
    "options": {"header": "True", "delimiter": ","},
    "schema": [{name: kind} for name, kind in SCHEMA.items()],
}

_MOMENT = "to_timestamp({0},'yyyy-MM-dd HH:mm:ss XXXXX') as {0}"
_SELECTED = ", ".join(_MOMENT.format(n) if n.endswith("_datetime") else n for n in SCHEMA)
_ON_EARTH = " and ".join(
    f"({name} between {span})"
    for name in _PLACES
    for span in ("-180 and 180" if name.endswith("longitude") else "-90 and 90",)
)

CREATE: Final = f"select {_SELECTED} from {RAW_TABLE} where {_ON_EARTH}"  # noqa: S608

QUERY: Final = f"select count(*) as trips, round(avg(fare_amount), 2) as fare from {TABLE}"  # noqa: S608

BOX: Final = (-73.998427, 40.730309, -73.954348, 40.780816)
"""Midtown Manhattan: the ground that the maps show."""

_AREA = (
    "POLYGON ((-73.998427 40.730309, -73.954348 40.730309, -73.954348 40.780816 ,"
    "-73.998427 40.780816, -73.998427 40.730309))"
)
_POINT = "ST_Point(pickup_longitude, pickup_latitude)"
_INSIDE = f"from {TABLE} where ST_Within({_POINT}, ST_GeomFromText('{_AREA}'))"
_BUILDING = "ST_GeomFromText(buildingtext_dropoff)"

FRAME: Final[dict[str, Any]] = {
    "width": 1024,
    "height": 896,
    "bounding_box": BOX,
    "coordinate_system": "EPSG:4326",
}

PIN: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAYCAMAAADEfo0+AAAASFBMVEXfWFneJSrjKSnzwcHiKCrXJygAAAD/AADk"
    "KSrTGxz++/vWJSauAADTJSfRJSTbJyjYJifdJyh/AADYJyfvrKzxuLmqVVXUHyDn8PLwAAAAGHRSTlP/DMv/u/0A"
    "Afv//zQDUBSxcdACk///A/8B+RB5AAAAuklEQVR42k2QWxaDMAhEsdbBFBM1Prr/nXYg2paPHLgZJhABVNFZzlaY"
    "AuLH8hgYj6WykKplHoeI8VlQRc+7Jlk7FSxev1NKThZIWZkk2XdxshYxv5cXI0iW7ILdwZG8p4HDQd+AhcVfy2V6"
    "9LdpezZdz24Q7X6DDT4YN/tNauCkHbZ7l42FgNvdCuNPCHBeknFu/4FJrQHTKQCmkFDAOoDCwuELSDhLOFyALsOY"
    "Q9AA03mtVf9Bzq0DH5+rC9SxJOlEAAAAAElFTkSuQmCC"
)
"""A red pin, 16 x 24 pixels: a PNG in base64."""

_RAMP = ("#115f9a", "#d0f400")

MAPS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "pointmap": (
        f"select {_POINT} as point {_INSIDE}",
        {"point_color": "#2DEF4A", "point_size": 4, "opacity": 0.7},
    ),
    "weighted": (
        f"select {_POINT} as point, tip_amount as c, fare_amount as s {_INSIDE}",
        {"color_gradient": _RAMP, "color_bound": [0, 4], "size_bound": [3, 20], "opacity": 0.8},
    ),
    "heatmap": (
        f"select {_POINT} as point, passenger_count as w {_INSIDE}",
        {"map_zoom_level": 12},
    ),
    "choropleth": (
        f"select {_BUILDING} as wkt, fare_amount as w from {TABLE} "  # noqa: S608
        "where buildingtext_dropoff != ''",
        {"color_gradient": _RAMP, "color_bound": [3, 15], "aggregation_type": "mean"},
    ),
    "fishnetmap": (
        f"select {_POINT} as point, passenger_count as w {_INSIDE}",
        {"cell_size": 14, "cell_spacing": 2},
    ),
    "icon_viz": (
        f"select {_POINT} as point {_INSIDE} and tip_amount > 4 order by pickup_latitude desc",
        {"icon": PIN, "icon_size": [32, 48], "anchor": "bottom"},
    ),
    "unique_value_choropleth": (
        f"select {_BUILDING} as wkt, VendorID as label from {TABLE} "  # noqa: S608
        "where buildingtext_dropoff != ''",
        {"unique_value_infos": {"CMT": "#1b9e77", "VTS": "#d95f02", "DDS": "#7570b3"}},
    ),
}
"""A map of each kind: SQL and style, the style adapted so that the sample shows something."""
