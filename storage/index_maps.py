"""What the columns of an archive's index mean: the fields of a row, and maps from columns to them.

In: a map as JSON, or one of the ready ones: ``KANSAS`` (Kansas Geological Survey, list of scanned logs)
and ``TEXAS`` (Railroad Commission, well log list). Reading tables and finding rows
(``storage.index_table``) do not belong here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from storage.numerals import Mark
from veernet_core.datatypes import DepthUnit
from veernet_core.domain.api_number import ApiNumber
from veernet_core.errors import VeernetError


class IndexTableError(VeernetError):
    """An index table that cannot be used."""

    code = "bad_index_table"


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
    unique_names : bool
        Whether no two scans of the archive have one file name: a row then holds for a scan of its name in
        whatever folder.
    """

    columns: Mapping[str, tuple[str, ...]]
    depth_unit: DepthUnit | None = None
    state: str = ""
    country: str = ""
    state_code: str = ""
    log_types: Mapping[str, str] = field(default_factory=dict)
    decimal: Mark | None = None
    unique_names: bool = False


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
    decimal=".",
    state="Kansas",
    country="USA",
    state_code="15",
    unique_names=True,
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
    decimal=".",
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
    unique_names=True,
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
        given = json.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise IndexTableError(f"not valid JSON: {error}", where=name) from error
    if not isinstance(given, dict) or not isinstance(given.get("columns"), dict):
        raise IndexTableError('must be an object with an object "columns"', where=name)
    _refuse_unknown(given, {f.name for f in fields(ColumnMap)}, name)
    _refuse_unknown(given["columns"], {f.name for f in fields(IndexRow)}, f"{name}: columns")
    columns = {key: _names(value, f"{name}: {key}") for key, value in given["columns"].items()}
    rest = {key: value for key, value in given.items() if key != "columns"}
    if rest.get("depth_unit") not in (None, "ft", "m"):
        raise IndexTableError('depth_unit must be "ft" or "m"', where=name)
    if rest.get("decimal") not in (None, ".", ","):
        raise IndexTableError('decimal must be "." or ","', where=name)
    for key in ("state", "country", "state_code"):
        if not isinstance(rest.get(key, ""), str):
            raise IndexTableError(f"{key} must be text", where=name)
    if not isinstance(rest.get("unique_names", False), bool):
        raise IndexTableError("unique_names must be true or false", where=name)
    rest["log_types"] = dict(rest.get("log_types") or {})
    return ColumnMap(columns, **rest)


def _refuse_unknown(given: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        message = f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}"
        raise IndexTableError(message, where=where)


def _names(value: Any, where: str) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else ()
    if not names or not all(isinstance(name, str) for name in names):
        raise IndexTableError("must be a column name or a list of them", where=where)
    return names
