"""GeoGraphix depth registration files (DRA): what a trade system already knows of a scan.

In: the bytes of ``<stem>.dra``. Out: its records, and from them a dict in the sidecar's contract
(`veernet_core.page.known.sidecar`): well, sections with their rows, depth anchors. A file that is malformed,
or that registers another image, is an error: it is never half-used.
Does not belong here: files and folders, merging with other sources (`storage.known`).

Comma-delimited lines, texts with blanks or commas in double quotes::

    FILE,version,depth unit,vendor
    WELL,UWI or API,name,location
    LOG,tif,section name,vertical scale,top depth,left x,top y,base depth,right x,bottom y
    DPTH,depth,x,y          (any number, of the LOG above)
    CURV,left x,top y,right x,bottom y
    HEAD,left x,top y,right x,bottom y

x and y are pixels from the top left corner. Further columns are passed over.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from veernet_core.datatypes import DepthUnit
from veernet_core.domain.api_number import parse_api_number
from veernet_core.errors import VeernetError
from veernet_core.page.known.sidecar.forms import (
    depth_form,
    section_form,
    sidecar_form,
    well_form,
)

DRA_SUFFIX = ".dra"
_UNITS: dict[str, DepthUnit] = {
    "F": "ft",
    "FT": "ft",
    "FEET": "ft",
    "FOOT": "ft",
    "M": "m",
    "METER": "m",
    "METERS": "m",
    "METRE": "m",
    "METRES": "m",
    "METRIC": "m",
    "ENGLISH": "ft",
}
_CORNER_SLACK = 0.02
"""Part of a section's depth range by which its corners may miss the line through its DPTH points."""

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom in px."""


class DraError(VeernetError):
    """A registration file that cannot be used; it is never half-used."""

    code = "bad_dra"
    stage = "sidecar"
    remedy = "Correct the named line, export the registration again, or remove the file."


@dataclass(frozen=True, slots=True)
class DraLog:
    """One registered log section.

    ``points`` are (row, depth) by increasing row: the calibration points, or the section's corners
    where the file has fewer than two points.
    """

    tif: str
    section: str
    vertical_scale: str
    uwi: str
    well: str
    location: str
    rectangle: Rectangle
    points: tuple[tuple[float, float], ...]
    curve_inserts: tuple[Rectangle, ...] = ()
    header: Rectangle | None = None


@dataclass(frozen=True, slots=True)
class DraFile:
    """A whole registration file."""

    name: str
    unit: DepthUnit | None
    vendor: str
    logs: tuple[DraLog, ...]


def parse_dra(data: bytes, name: str) -> DraFile:
    """Read and check a registration file.

    Parameters
    ----------
    data : bytes
        UTF-8, or Latin-1 where it is not.
    name : str
        File name for messages.

    Raises
    ------
    DraError
        Names line, value and remedy.
    """
    reader = _Reader(name)
    for number, fields in _lines(data):
        reader.take(number, fields)
    return reader.finish()


def sidecar_of_dra(dra: DraFile, scan_name: str) -> dict[str, Any]:
    """What a registration file gives of one scan, in the sidecar's contract.

    Parameters
    ----------
    dra : DraFile
    scan_name : str
        File name of the scan; a LOG record concerns it if its TIF has the same stem (in any case).

    Raises
    ------
    DraError
        No LOG record concerns the scan, or those that do name different wells.
    """
    logs = [log for log in dra.logs if _stem(log.tif) == _stem(scan_name)]
    if not logs:
        others = ", ".join(sorted({log.tif for log in dra.logs})) or "nothing"
        raise DraError(
            f"registers {others}, not {scan_name}",
            where=dra.name,
            remedy="Put the right file beside the scan, or correct the file name in its LOG record.",
        )
    if len({(log.uwi, log.well) for log in logs}) > 1:
        raise DraError("names several wells for one image", where=dra.name)
    return sidecar_form(_well(logs[0]), _sections(logs, dra.unit))


def _well(log: DraLog) -> dict[str, Any]:
    api = parse_api_number(log.uwi)
    given = {"uwi": api.dashed if api else log.uwi, "name": log.well}
    if api:
        given["state"] = api.state_name
    return well_form(given)


def _sections(logs: Sequence[DraLog], unit: DepthUnit | None) -> list[dict[str, Any]]:
    names = _unique([_identifier(log.section, i) for i, log in enumerate(logs)])
    sections = []
    for name, log in zip(names, logs, strict=True):
        _, top, _, bottom = log.rectangle
        sections.append(section_form(name, (top, bottom), depth_form(log.points, unit)))
    return sections


def _identifier(text: str, index: int) -> str:
    """A section name that the sidecar allows."""
    clean = re.sub(r"[^A-Za-z0-9_.+-]+", " ", text).strip()[:58]
    return clean or f"S{index + 1}"


def _unique(names: list[str]) -> list[str]:
    return [
        name if names.count(name) == 1 else f"{name} {names[: i + 1].count(name)}"
        for i, name in enumerate(names)
    ]


def _stem(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).stem.casefold()


# ---- records ---------------------------------------------------------------------------------


def _lines(data: bytes) -> list[tuple[int, list[str]]]:
    """Numbered lines as fields, empty ones left out."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    rows = csv.reader(io.StringIO(text), skipinitialspace=True)
    try:
        lines = [(rows.line_num, [field.strip() for field in row]) for row in rows]
    except csv.Error as error:
        raise DraError(f"not a comma-delimited text: {error}", where="line structure") from error
    return [(number, fields) for number, fields in lines if any(fields)]


class _Reader:
    """Collects records in order; DPTH, CURV and HEAD belong to the LOG above them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._unit: DepthUnit | None = None
        self._vendor = ""
        self._has_file = False
        self._well = ("", "", "")
        self._logs: list[DraLog] = []
        self._points: list[list[tuple[float, float]]] = []

    def take(self, number: int, fields: list[str]) -> None:
        where = f"{self._name}: line {number}"
        kind = fields[0].upper()
        if not self._has_file and kind != "FILE":
            raise DraError(f"begins with {fields[0]!r}, not with a FILE record", where=where)
        if kind == "FILE":
            self._file(fields, where)
        elif kind == "WELL":
            padded = [*fields[1:4], "", "", ""]
            self._well = (padded[0], padded[1], padded[2])
        elif kind == "LOG":
            self._log(fields, where)
        elif kind in ("DPTH", "CURV", "HEAD"):
            self._part(kind, fields, where)
        else:
            raise DraError(f"unknown record {fields[0]!r}", where=where)

    def _file(self, fields: list[str], where: str) -> None:
        self._has_file = True
        padded = [*fields[1:4], "", "", ""]
        given = padded[1].upper().rstrip(".")
        if given and given not in _UNITS:
            raise DraError(
                f"unknown depth unit {padded[1]!r}", where=where, remedy="Write FEET or METERS."
            )
        self._unit, self._vendor = _UNITS.get(given), padded[2]

    def _log(self, fields: list[str], where: str) -> None:
        if len(fields) < 10:
            raise DraError(f"a LOG record has 10 fields, this one {len(fields)}", where=where)
        tif, section, vertical_scale = fields[1:4]
        top_depth, left, top, base_depth, right, bottom = _numbers(fields[4:10], where)
        if bottom - top < 2 or base_depth <= top_depth:
            raise DraError(
                f"the section runs from depth {top_depth:g} at row {top:g} to depth {base_depth:g} at"
                f" row {bottom:g}: both must increase downwards",
                where=where,
            )
        corners = ((top, top_depth), (bottom, base_depth))
        rectangle = (left, top, right, bottom)
        self._logs.append(DraLog(tif, section, vertical_scale, *self._well, rectangle, corners))
        self._points.append([])

    def _part(self, kind: str, fields: list[str], where: str) -> None:
        if not self._logs:
            raise DraError(f"{kind} record before any LOG record", where=where)
        wanted = 3 if kind == "DPTH" else 4
        if len(fields) < wanted + 1:
            raise DraError(f"a {kind} record has {wanted + 1} fields", where=where)
        numbers = _numbers(fields[1 : wanted + 1], where)
        log = self._logs[-1]
        if kind == "DPTH":
            self._points[-1].append((numbers[2], numbers[0]))
            return
        rectangle: Rectangle = (numbers[0], numbers[1], numbers[2], numbers[3])
        if kind == "CURV":
            self._logs[-1] = replace(log, curve_inserts=(*log.curve_inserts, rectangle))
        else:
            self._logs[-1] = replace(log, header=rectangle)

    def finish(self) -> DraFile:
        if not self._has_file:
            raise DraError("holds no records", where=self._name)
        pairs = zip(self._logs, self._points, strict=True)
        logs = tuple(_registered(log, points, self._name) for log, points in pairs)
        return DraFile(self._name, self._unit, self._vendor, logs)


def _numbers(fields: Sequence[str], where: str) -> list[float]:
    numbers = []
    for field in fields:
        try:
            number = float(field)
        except ValueError:
            number = float("nan")
        if not abs(number) < 1e9:  # NaN compares false
            raise DraError(f"{field!r} is not a number", where=where)
        numbers.append(number)
    return numbers


def _registered(log: DraLog, points: list[tuple[float, float]], name: str) -> DraLog:
    """The log with its calibration points, if there are two or more, checked against its corners."""
    ordered = sorted(set(points))
    where = f"{name}: {log.section or log.tif}"
    for (row_a, depth_a), (row_b, depth_b) in itertools.pairwise(ordered):
        if row_b <= row_a or depth_b <= depth_a:
            raise DraError(
                f"DPTH points must increase in row and depth: {depth_a:g} at row {row_a:g},"
                f" then {depth_b:g} at row {row_b:g}",
                where=where,
            )
    if len(ordered) < 2:
        return log
    _check_corners(log, ordered, where)
    return replace(log, points=tuple(ordered))


def _check_corners(log: DraLog, points: list[tuple[float, float]], where: str) -> None:
    """Points and corners were typed independently: where they disagree, one of them is wrong."""
    (row_a, depth_a), (row_b, depth_b) = points[0], points[-1]
    slope = (depth_b - depth_a) / (row_b - row_a)
    (top, top_depth), (bottom, base_depth) = log.points
    slack = _CORNER_SLACK * (base_depth - top_depth)
    for row, depth in ((top, top_depth), (bottom, base_depth)):
        expected = depth_a + (row - row_a) * slope
        if abs(expected - depth) > slack:
            raise DraError(
                f"the section's corner says depth {depth:g} at row {row:g}, its DPTH points say"
                f" {expected:.1f}",
                where=where,
            )
