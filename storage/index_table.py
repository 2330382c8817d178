"""An archive's index: one row for each scan, with what the archive's clerks already know.

In: a CSV or Parquet table and a map from its columns to our fields. Out: ``IndexTable``, which finds the
row of a scan by file name, URL or API number. Ready maps: ``KANSAS`` (Kansas Geological Survey, list of
scanned logs) and ``TEXAS`` (Railroad Commission, well log list).
Does not belong here: what a row means for a scan (`storage.known`).
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from veernet_core.datatypes import DepthUnit
from veernet_core.domain.api_number import ApiNumber, find_api_number, parse_api_number, state_name
from veernet_core.errors import VeernetError

MatchedBy = Literal["file", "url", "api"]
_PARQUET_MAGIC = b"PAR1"
_DELIMITERS = ",\t|;"
_LAS_NULLS = frozenset({"", "NULL", "NONE", "NAN", "NA", "N/A", "-999.25", "-999"})


class IndexTableError(VeernetError):
    """An index table that cannot be used."""

    code = "bad_index_table"
    stage = "sidecar"
    remedy = "Check the table and the column map (--index-map)."


@dataclass(frozen=True, slots=True)
class IndexRow:
    """What the index says about one scan; empty or None where it says nothing.

    ``top`` and ``bottom`` are logged depths in ``depth_unit``.
    """

    file: str = ""
    url: str = ""
    api: ApiNumber | None = None
    uwi: str = ""
    name: str = ""
    company: str = ""
    field: str = ""
    county: str = ""
    state: str = ""
    country: str = ""
    service_company: str = ""
    date: str = ""
    top: float | None = None
    bottom: float | None = None
    depth_unit: DepthUnit | None = None
    log_type: str = ""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which columns of a table hold which field.

    Attributes
    ----------
    columns : mapping
        Field of ``IndexRow`` (``api`` may be any form of API number) to the column names it may have,
        best first. Case, blanks and underscores do not count.
    depth_unit, state, country, state_code
        What holds for the whole table. ``state_code`` completes 8-digit API numbers (county and well).
    log_types : mapping
        Meaning of log type codes.
    """

    columns: Mapping[str, tuple[str, ...]]
    depth_unit: DepthUnit | None = None
    state: str = ""
    country: str = ""
    state_code: str = ""
    log_types: Mapping[str, str] = field(default_factory=dict)


GENERIC = ColumnMap(
    {
        "file": ("file", "file_name", "image_file_name", "image", "scan", "tif"),
        "url": ("url", "scan_url", "uri", "link"),
        "api": ("api", "api_number", "api_no", "api_num_nodash"),
        "uwi": ("uwi", "well_id"),
        "name": ("well", "well_name", "name", "lease_and_well", "lease_name"),
        "company": ("operator", "company", "operator_name"),
        "field": ("field", "field_name"),
        "county": ("county", "county_name"),
        "state": ("state", "province"),
        "country": ("country",),
        "service_company": ("service_company", "logger", "logging_company"),
        "date": ("date", "log_date", "document_date"),
        "top": ("top", "top_depth", "log_top", "depth_start"),
        "bottom": ("bottom", "bottom_depth", "log_bottom", "depth_stop", "base"),
        "depth_unit": ("depth_unit", "unit"),
        "log_type": ("log_type", "tool", "type"),
    }
)
"""For tables with plain column names."""

KANSAS = ColumnMap(
    {
        "file": ("SCAN_FILE", "FILE_NAME"),
        "url": ("SCAN_URL", "URL"),
        "api": ("API_NUM_NODASH", "API_NUMBER", "API"),
        "name": ("LEASE_AND_WELL", "LEASE_NAME", "LEASE"),
        "company": ("OPERATOR", "CURR_OPERATOR"),
        "field": ("FIELD", "FIELD_NAME"),
        "county": ("COUNTY",),
        "service_company": ("LOGGER",),
        "date": ("LOG_DATE",),
        "top": ("LOG_TOP", "DEPTH_START"),
        "bottom": ("LOG_BOTTOM", "DEPTH_STOP"),
        "log_type": ("TOOL",),
    },
    depth_unit="ft",
    state="Kansas",
    country="USA",
    state_code="15",
)
"""Lists of the Kansas Geological Survey: electric log scans, LAS files."""

TEXAS = ColumnMap(
    {
        "file": ("Image File Name", "IMAGEFILENAME"),
        "url": ("URL", "LINK"),
        "api": ("API Number", "API No", "API", "APINUM"),
        "name": ("Lease Name",),
        "company": ("Operator Name",),
        "field": ("Field Name",),
        "county": ("County Name", "County"),
        "date": ("Document Date",),
        "top": ("Toplogintv", "Top Log Interval"),
        "bottom": ("Btmlogintv", "Bottom Log Interval"),
        "log_type": ("Well Log Type", "Log Type"),
    },
    depth_unit="ft",
    state="Texas",
    country="USA",
    state_code="42",
    log_types={
        "1": "resistivity",
        "2": "conductivity",
        "3": "density porosity",
        "4": "acoustic porosity",
        "5": "neutron porosity",
        "6": "neutron/density porosity",
        "7": "dip",
        "9": "computer processed",
        "10": "lithology",
        "11": "bond",
        "12": "surveys, cased hole",
        "13": "magnetic resonance",
        "14": "other",
        "15": "resistivity and neutron/density porosity",
        "16": "resistivity and acoustic porosity",
        "17": "casing inspection",
    },
)
"""Well log list of the Railroad Commission of Texas; codes by its glossary."""

MAPS: dict[str, ColumnMap] = {"generic": GENERIC, "kansas": KANSAS, "texas": TEXAS}


def parse_column_map(data: bytes, name: str) -> ColumnMap:
    """A column map of one's own: JSON with the members of `ColumnMap`.

    ``{"columns": {"file": "Scan", "api": ["API10", "API"], "top": "From"}, "depth_unit": "m"}``

    Raises
    ------
    IndexTableError
    """
    try:
        stated = json.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise IndexTableError(f"not valid JSON: {error}", where=name) from error
    if not isinstance(stated, dict) or not isinstance(stated.get("columns"), dict):
        raise IndexTableError('must be an object with an object "columns"', where=name)
    _refuse_unknown(stated, {f.name for f in fields(ColumnMap)}, name)
    _refuse_unknown(stated["columns"], {f.name for f in fields(IndexRow)}, f"{name}: columns")
    columns = {key: _names(value, f"{name}: {key}") for key, value in stated["columns"].items()}
    rest = {key: value for key, value in stated.items() if key != "columns"}
    if rest.get("depth_unit") not in (None, "ft", "m"):
        raise IndexTableError('depth_unit must be "ft" or "m"', where=name)
    for key in ("state", "country", "state_code"):
        if not isinstance(rest.get(key, ""), str):
            raise IndexTableError(f"{key} must be text", where=name)
    rest["log_types"] = dict(rest.get("log_types") or {})
    return ColumnMap(columns, **rest)


def _refuse_unknown(stated: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(stated) - known)
    if unknown:
        message = f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}"
        raise IndexTableError(message, where=where)


def _names(value: Any, where: str) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else ()
    if not names or not all(isinstance(name, str) for name in names):
        raise IndexTableError("must be a column name or a list of them", where=where)
    return names


@dataclass(frozen=True, slots=True)
class IndexMatch:
    """A row and how it was found; ``rows`` of the table share the key it was found by."""

    row: IndexRow
    by: MatchedBy
    rows: int


class IndexTable:
    """Rows of an index, found by file name, URL or API number.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        The table, texts by column name.
    column_map : ColumnMap
    name : str
        For messages.

    Raises
    ------
    IndexTableError
        The table has no column by which a scan could be found.
    """

    def __init__(
        self, columns: Mapping[str, Sequence[str]], column_map: ColumnMap, name: str
    ) -> None:
        self._map = column_map
        present = {_plain(column): values for column, values in columns.items()}
        self._columns = {
            key: [present[_plain(c)] for c in names if _plain(c) in present]
            for key, names in column_map.columns.items()
        }
        if not any(self._columns.get(key) for key in ("file", "url", "api", "uwi")):
            raise IndexTableError(
                f"no column names a file, URL or API number; columns: {', '.join(columns) or 'none'}",
                where=name,
            )
        self._n_rows = len(next(iter(columns.values())))
        self._by_key: dict[tuple[MatchedBy, str], list[int]] = defaultdict(list)
        for index in range(self._n_rows):
            for key in self._keys(index):
                self._by_key[key].append(index)

    def __len__(self) -> int:
        return self._n_rows

    def find(self, scan_name: str, uri: str = "") -> IndexMatch | None:
        """What the index says about a scan.

        Looked for by the file name (its stem, in any case), then by URL, then by the API number in the
        file name. Where several rows share the key, only what all of them say is kept: of an API
        number with several logs that is the well, not the depths.

        Parameters
        ----------
        scan_name : str
            File name of the scan.
        uri : str
            Where it came from.
        """
        api = find_api_number(PurePosixPath(scan_name).stem)
        keys: list[tuple[MatchedBy, str]] = [("file", _stem(scan_name)), ("url", uri.casefold())]
        if api is not None:
            keys.append(("api", api.api10))
        for key in keys:
            found = self._by_key.get(key)
            if found:
                rows = [self._row(index) for index in found]
                return IndexMatch(_common(rows), key[0], len(rows))
        return None

    def _keys(self, index: int) -> set[tuple[MatchedBy, str]]:
        keys: set[tuple[MatchedBy, str]] = set()
        file, url = self._text("file", index), self._text("url", index)
        if file:
            keys.add(("file", _stem(file)))
        if url:
            keys |= {("url", url.casefold()), ("file", _stem(urlsplit(url).path))}
        api = self._api(index)
        if api is not None:
            keys.add(("api", api.api10))
        return keys

    def _text(self, key: str, index: int) -> str:
        for values in self._columns.get(key, ()):
            text = " ".join(values[index].split())
            if text.upper() not in _LAS_NULLS:
                return text
        return ""

    def _api(self, index: int) -> ApiNumber | None:
        for key in ("api", "uwi"):
            for values in self._columns.get(key, ()):
                api = _api_number(values[index], self._map.state_code)
                if api is not None:
                    return api
        return None

    def _row(self, index: int) -> IndexRow:
        texts = {f.name: self._text(f.name, index) for f in fields(IndexRow)}
        api = self._api(index)
        top, bottom = _depths(texts["top"], texts["bottom"])
        state = state_name(texts["state"]) or texts["state"] or self._map.state
        return IndexRow(
            file=texts["file"],
            url=texts["url"],
            api=api,
            uwi=api.dashed if api else texts["uwi"],
            name=texts["name"],
            company=texts["company"],
            field=texts["field"],
            county=texts["county"],
            state=state or (api.state_name if api else ""),
            country=texts["country"] or self._map.country,
            service_company=texts["service_company"],
            date=texts["date"],
            top=top,
            bottom=bottom,
            depth_unit=_unit(texts["depth_unit"]) or self._map.depth_unit,
            log_type=self._map.log_types.get(texts["log_type"], texts["log_type"]),
        )


def read_index(data: bytes, column_map: ColumnMap, name: str) -> IndexTable:
    """Read a CSV (comma, tab, bar or semicolon) or Parquet table.

    Raises
    ------
    IndexTableError
    """
    columns = _parquet(data, name) if data[:4] == _PARQUET_MAGIC else _csv(data, name)
    return IndexTable(columns, column_map, name)


def _parquet(data: bytes, name: str) -> dict[str, list[str]]:
    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise IndexTableError(f"not a readable Parquet table: {error}", where=name) from error
    columns: dict[str, list[str]] = {}
    for column in table.column_names:
        values = table.column(column).to_pylist()
        columns[column] = [_as_text(value) for value in values]
    return columns


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # API numbers that went through a float column
    return str(value)


def _csv(data: bytes, name: str) -> dict[str, list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    header = text.splitlines()[0] if text.strip() else ""
    delimiter = max(_DELIMITERS, key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        names = [column.strip() for column in next(rows, [])]
        columns: list[list[str]] = [[] for _ in names]
        for row in rows:
            if not any(row):
                continue
            if len(row) > len(names):
                message = f"line {rows.line_num} has {len(row)} fields, the header {len(names)}"
                raise IndexTableError(message, where=name)
            for index, column in enumerate(columns):
                column.append(row[index] if index < len(row) else "")
    except csv.Error as error:
        raise IndexTableError(f"line {rows.line_num}: {error}", where=name) from error
    if len(set(names)) < len(names) or not names:
        raise IndexTableError("the first line must name every column, each once", where=name)
    return dict(zip(names, columns, strict=True))


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.casefold())


def _stem(name: str) -> str:
    return PurePosixPath(unquote(name).replace("\\", "/")).stem.casefold()


def _api_number(text: str, state_code: str) -> ApiNumber | None:
    digits = re.sub(r"\D", "", text)
    if len(digits) == 8 and state_code:
        return parse_api_number(state_code + digits)
    return parse_api_number(text)


def _depths(top: str, bottom: str) -> tuple[float | None, float | None]:
    """Logged range; a range without extent is one nobody filled in."""
    first, last = _depth(top), _depth(bottom)
    if first is not None and last is not None and last <= first:
        return None, None
    return first, last


def _depth(text: str) -> float | None:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _unit(text: str) -> DepthUnit | None:
    letter = text.strip().casefold()[:1]
    return "ft" if letter == "f" else "m" if letter == "m" else None


def _common(rows: list[IndexRow]) -> IndexRow:
    """What all rows say; of a depth range both ends or none."""
    first = rows[0]
    empty = IndexRow()
    differing = {
        f.name: getattr(empty, f.name)
        for f in fields(IndexRow)
        if len({getattr(row, f.name) for row in rows}) > 1
    }
    if "top" in differing or "bottom" in differing:
        differing |= {"top": None, "bottom": None}
    return replace(first, **differing)
