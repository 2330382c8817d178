"""Where wells lie, for the map of the overview: coordinates that a person gave, else the middle of the county.

In: UWIs, counties and states as the logs give them; a table of coordinates (``keep_coordinates``). Out: a name
and degrees. Counties are those of the United States (``us_map``); an API number says its county. Nothing here
decides about a log.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from storage.ledger import ROOT
from storage.objects import ObjectStore
from storage.tables import parquet_bytes
from veernet_core.domain.api_number import POSTAL_CODES, STATE_CODES, parse_api_number
from veernet_core.errors import VeernetError

MAP = "us-map.json"
COORDINATES = ROOT + "coordinates.parquet"
_COLUMNS = {
    "uwi": ("uwi", "api", "apinumber", "apino", "apinumnodash", "wellid"),
    "latitude": ("latitude", "lat", "nad27latitude", "nad83latitude", "surfacelatitude"),
    "longitude": ("longitude", "lon", "long", "nad27longitude", "nad83longitude", "surfacelongitude"),
}  # fmt: skip
"""What a table's columns may be called, without case, blanks and underscores."""


class CoordinatesError(VeernetError):
    """A table that gives no coordinates of wells."""

    code = "bad_coordinates"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a well lies; degrees, north and east are positive. ``exact``: the well's own coordinates."""

    name: str
    latitude: float
    longitude: float
    exact: bool = False


def places_of(
    uwis: Sequence[str],
    counties: Sequence[str],
    states: Sequence[str],
    coordinates: Mapping[str, tuple[float, float]],
) -> list[Place | None]:
    """The place of every log; None where neither coordinates nor a listed county is known."""
    found = []
    for uwi, county, state in zip(uwis, counties, states, strict=True):
        place = _county_place(_bare(county), state.strip()) or _api_place(uwi)
        at = coordinates.get(well_key(uwi)) if coordinates and uwi else None
        if at is not None:
            place = Place(place.name if place else "", *at, exact=True)
        found.append(place)
    return found


def why_nowhere(uwi: str, county: str, state: str) -> str:
    """Why a log that has no place is not on the map, and what would put it there."""
    if county.strip() and state.strip():
        where = f"{county.strip()}, {state.strip()}"
        return f"no county {where} is known; a table of coordinates places it"
    if county.strip():
        return "a county is stated without its state"
    if not uwi.strip():
        return "neither a UWI nor a county is stated"
    if parse_api_number(uwi):
        return "its API number names no county; a table of coordinates places it"
    return "its UWI is in no table of coordinates, and is no API number (United States)"


def outlines(names: Sequence[str]) -> dict[str, list[list[float]]]:
    """Outlines of the states that places like "Ellsworth, Kansas" lie in: rings of longitude and latitude."""
    wanted = {name.rpartition(", ")[2] for name in names}
    return {state: known["outline"] for state, known in _map().items() if state in wanted}


def well_key(uwi: str) -> str:
    """What a well is found by: the ten digits of an API number, else the letters and digits of its UWI."""
    api = parse_api_number(uwi)
    return api.api10 if api else re.sub(r"[^a-z0-9]", "", uwi.casefold())


def keep_coordinates(store: ObjectStore, table: Path) -> int:
    """Keep the coordinates of a CSV or Parquet table with the results; returns how many wells have them.

    Raises
    ------
    CoordinatesError
        Where a column is missing or no row has all three values.
    StorageError
    """
    try:
        read = pq.read_table(table) if table.suffix == ".parquet" else pa_csv.read_csv(table)
    except (pa.ArrowException, OSError) as error:
        raise CoordinatesError(f"no table that can be read ({error})", str(table)) from error
    named = {re.sub(r"[^a-z0-9]", "", name.casefold()): name for name in read.column_names}
    columns = {}
    for key, names in _COLUMNS.items():
        own = [named[name] for name in names if name in named]
        if not own:
            raise CoordinatesError(
                f"no column {key}", str(table), remedy=f"Name one of: {', '.join(names)}."
            )
        columns[key] = read[own[0]].cast(pa.string()).to_pylist()
    rows = {}
    for uwi, *degrees in zip(*columns.values(), strict=True):
        at = _degrees(degrees)
        if uwi and at is not None:
            rows[well_key(uwi)] = at
    if not rows:
        raise CoordinatesError("no row has a UWI and both degrees", str(table))
    data = {
        "well": list(rows),
        "latitude": [a for a, _ in rows.values()],
        "longitude": [b for _, b in rows.values()],
    }
    store.put(COORDINATES, parquet_bytes(pa.table(data)))
    return len(rows)


def read_coordinates(store: ObjectStore) -> dict[str, tuple[float, float]]:
    """Coordinates kept with the results, by ``well_key``."""
    data = store.get_or_none(COORDINATES)
    if data is None:
        return {}
    table = pq.read_table(io.BytesIO(data))
    columns = (table[name].to_pylist() for name in ("well", "latitude", "longitude"))
    return {well: (latitude, longitude) for well, latitude, longitude in zip(*columns, strict=True)}


def _degrees(texts: Sequence[str | None]) -> tuple[float, float] | None:
    try:
        latitude, longitude = (float(text or "nan") for text in texts)
    except ValueError:
        return None
    fits = abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude, longitude) != (0, 0)
    return (latitude, longitude) if fits else None


@cache
def _map() -> dict[str, Any]:
    file = package_files("flows.dashboard") / "library" / MAP
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


@cache
def _by_name() -> dict[tuple[str, str], Place]:
    return {
        (state, key): Place(f"{name}, {state}", latitude, longitude)
        for state, known in _map().items()
        for code, name, latitude, longitude in known["counties"]
        for key in (code, _bare(name))
    }


@cache
def _bare(county: str) -> str:
    """A county's name for comparing: without the kind of district, blanks and stops."""
    text = re.sub(r"\b(county|parish|borough|co)\b\.?", "", county.casefold())
    return re.sub(r"[^a-z]", "", re.sub(r"\bst\b\.?", "saint", text))


@cache
def _county_place(county: str, state: str) -> Place | None:
    """A county by its bare name and its state's name or postal abbreviation."""
    if not county or not state:
        return None
    whole = POSTAL_CODES.get(state.upper().replace(".", ""), state.title())
    return _by_name().get((whole, county))


def _api_place(uwi: str) -> Place | None:
    """The county that an API number names: two digits of the state, three of the county."""
    digits = re.sub(r"\D", "", uwi)
    return (
        _api_county(digits[:5]) if len(digits) in (10, 12, 14) and parse_api_number(uwi) else None
    )


@cache
def _api_county(digits: str) -> Place | None:
    return _by_name().get((STATE_CODES.get(digits[:2], ""), digits[2:]))
