"""Where wells lie: coordinates that a person gave, the county of an API number, the county as stated."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dashboard_archive import made_archive

from flows.dashboard.archive import read_archive
from flows.dashboard.data import dashboard_data
from flows.dashboard.places import (
    CoordinatesError,
    keep_coordinates,
    places_of,
    read_coordinates,
    well_key,
    why_nowhere,
)
from flows.dashboard.us_map import us_map
from storage.objects import ObjectStore


@pytest.mark.parametrize(
    ("uwi", "county", "state", "name"),
    [
        ("15-053-00069", "", "", "Ellsworth, Kansas"),
        ("API 42003123450000", "", "", "Andrews, Texas"),
        ("", "ELLSWORTH CO.", "KS", "Ellsworth, Kansas"),
        ("", "St. Mary Parish", "Louisiana", "St. Mary, Louisiana"),
        ("15-053-00069", "Barton", "Kansas", "Barton, Kansas"),
        ("", "Ellsworth", "", None),
        ("", "No Such", "Kansas", None),
        ("100/06-12-034-05W4/0", "", "Alberta", None),
    ],
)
def test_counties(uwi: str, county: str, state: str, name: str | None) -> None:
    (place,) = places_of([uwi], [county], [state], {})
    assert (place.name if place else None) == name


@pytest.mark.parametrize(
    ("uwi", "county", "state", "words"),
    [
        ("", "", "", "neither a UWI nor a county"),
        ("", "Ellsworth", "", "without its state"),
        ("", "No Such", "Kansas", "no county No Such, Kansas"),
        ("100/06-12-034-05W4/0", "", "Alberta", "in no table of coordinates"),
        ("17-700-40069", "", "", "API number names no county"),
    ],
)
def test_what_is_not_on_the_map_says_why(uwi: str, county: str, state: str, words: str) -> None:
    assert places_of([uwi], [county], [state], {}) == [None]
    assert words in why_nowhere(uwi, county, state)


def test_a_county_lies_where_it_lies() -> None:
    (place,) = places_of(["15-053-00069"], [""], [""], {})
    assert place is not None
    assert (place.latitude, place.longitude) == pytest.approx((38.7, -98.2), abs=0.05)
    assert not place.exact


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_coordinates_of_a_table_are_kept(tmp_path: Path, kind: str) -> None:
    columns = {
        "API_NUM_NODASH": ["15053000690000", "15053000700000", "", "x1", "100/06-12"],
        "NAD27_LATITUDE": ["38.71", "", "38", "999", "55.25"],
        "NAD27_LONGITUDE": ["-98.25", "-98", "-98", "-98", "-115.5"],
    }
    table = tmp_path / f"wells.{kind}"
    if kind == "csv":
        rows = [columns.keys(), *zip(*columns.values(), strict=True)]
        table.write_text("\n".join(",".join(row) for row in rows) + "\n")
    else:
        pq.write_table(pa.table(columns), table)
    store = ObjectStore(str(tmp_path / "out"))
    assert keep_coordinates(store, table) == 2
    kept = read_coordinates(store)
    assert kept == {"1505300069": (38.71, -98.25), well_key("100/06-12"): (55.25, -115.5)}
    own, other = places_of(["15-053-00069-01", "100/06-12"], ["", ""], ["", ""], kept)
    assert own is not None
    assert (own.name, own.latitude, own.exact) == ("Ellsworth, Kansas", 38.71, True)
    assert other is not None
    assert (other.name, other.exact) == ("", True)


def test_a_table_without_coordinates_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "wells.csv"
    store = ObjectStore(str(tmp_path / "out"))
    for text, what in (
        ("uwi,lat\n1,2\n", "no column longitude"),
        ("uwi,lat,lon\n,1,2\n", "no row"),
    ):
        table.write_text(text)
        with pytest.raises(CoordinatesError, match=what):
            keep_coordinates(store, table)
    assert read_coordinates(store) == {}


def test_the_overview_gets_places_and_years(tmp_path: Path) -> None:
    made_archive(tmp_path, 10)
    table = tmp_path / "wells.csv"
    table.write_text("uwi,latitude,longitude\n15-003-00001,38.1,-95.25\n")
    store = ObjectStore(str(tmp_path))
    keep_coordinates(store, table)
    logs = dashboard_data(read_archive(store))["columns"]["logs"]
    places = logs["places"]
    # odd codes are counties; the well of log 1 has the number 0, that of log 3 has coordinates
    assert set(places["counties"]) == {"Atchison, Kansas", "Barber, Kansas", "Barton, Kansas"}
    assert list(places["outlines"]) == ["Kansas"]
    nowhere = logs["label"]["nowhere"]
    assert "" in nowhere["names"]
    assert len(nowhere["names"]) > 1
    years = np.frombuffer(base64.b64decode(logs["year"]["data"]), "<u2")
    assert years.tolist() == list(range(1935, 1945))


def square(name: str, west: float) -> bytes:
    """A topology of one county, a square of ten degrees, whose border runs back along itself once."""
    ring = [[west, 30], [10, 0], [0, 10], [-10, 0], [0, -10]]
    shape = {"type": "Polygon", "arcs": [[0]]}
    objects = {
        "counties": {"geometries": [{"id": "20053", "properties": {"name": name}, **shape}]},
        "states": {"geometries": [{"id": "20", "properties": {"name": "Kansas"}, **shape}]},
    }
    transform = {"scale": [1, 1], "translate": [0, 0]}
    return json.dumps({"arcs": [ring], "objects": objects, "transform": transform}).encode()


def test_the_map_is_made_of_middles_and_outlines() -> None:
    made = json.loads(us_map(square("Ellsworth", -100)))
    assert made["Kansas"]["counties"] == [["053", "Ellsworth", 35.0, -95.0]]
    (ring,) = made["Kansas"]["outline"]
    assert sorted(zip(ring[::2], ring[1::2], strict=True)) == [
        (-100, 30), (-100, 40), (-90, 30), (-90, 40),
    ]  # fmt: skip
