"""Two curves of a track that changed places: the sidecar under which each is where the other one was.

In: a log's document, the sidecar to change and the curves' paths. Out: the changed sidecar. Saving it
and digitising the log again belongs to ``correct``.

Curves of one style are told apart by points that they are known to go through; their ink is followed as before.
Curves of different styles are redrawn along each other's path.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flows.dashboard.results import UnknownLogError
from storage.records import Record
from storage.tables import Row
from veernet_core.datatypes import F64, interp_extrapolate
from veernet_core.errors import SidecarError
from veernet_core.page.known.sidecar import forms

EVERY_PX = 10.0
"""Rows between two points that name a curve."""
_LEAST = 2

Path = Sequence[Sequence[float] | None]
"""``[row, px]``, None between runs of samples."""


def exchange_said(
    said: Mapping[str, Any], sidecar: Row, record: Record | None, traces: Sequence[Row]
) -> tuple[Row, str]:
    """The sidecar under which two curves that a person names have changed places, and that in words.

    Parameters
    ----------
    said : mapping
        ``section_id, track_id, mnemonic, other``, ``depth`` from which on, ``depth_to`` up to which (left out:
        to the foot).
    sidecar : dict
    record : Record or None
    traces : sequence of dict
        Paths of the log's curves: ``section_id, track_id, mnemonic, path``.

    Raises
    ------
    UnknownLogError, SidecarError
    """
    wanted = {k: str(said.get(k, "")) for k in ("section_id", "track_id", "mnemonic", "other")}
    sections = {s["section_id"]: s for s in (record or {"sections": ()})["sections"]}
    if wanted["section_id"] not in sections:
        raise UnknownLogError("it has no such section", str(said.get("log_id", "")))
    place = (wanted["section_id"], wanted["track_id"])
    names = (wanted["mnemonic"], wanted["other"])
    paths = {t["mnemonic"]: t["path"] for t in traces
             if (t["section_id"], t["track_id"]) == place and t["mnemonic"] in names}  # fmt: skip
    try:
        last = None if said.get("depth_to") is None else float(said["depth_to"])
        depths = (float(said["depth"]), last)
    except (KeyError, TypeError, ValueError) as error:
        raise SidecarError("a depth is no number", remedy="Type depths of the log.") from error
    if last is not None and last <= depths[0]:
        raise SidecarError(
            "the last depth lies above the first", remedy="Type the upper one first."
        )
    changed = exchanged(sidecar, sections[place[0]], place[1], paths, depths)
    to = "" if last is None else f" to {last:g}"
    return changed, f"{names[0]} and {names[1]} changed places from {depths[0]:g}{to}"


def exchanged(
    sidecar: Row,
    section: Row,
    track_id: str,
    paths: Mapping[str, Path],
    depths: tuple[float, float | None],
) -> Row:
    """The sidecar with two curves in each other's places between two depths.

    Parameters
    ----------
    sidecar : dict
        With every section, track and curve of the log.
    section : dict
        The section as ``log.json`` has it.
    track_id : str
    paths : mapping of two mnemonics to paths
    depths : (float, float or None)
        First and last depth; None: to the foot of the section.

    Raises
    ------
    SidecarError
        Where the curves are not there, or there is nothing to exchange.
    """
    if section["depth"] is None:
        raise SidecarError("the section has no depth", remedy="Set depth lines on the scan first.")
    anchors = np.array(section["depth"]["anchors"], dtype=np.float64)
    top, bottom = (
        section["row_bottom"] if depth is None else _row_of(anchors, depth) for depth in depths
    )
    changed: Row = copy.deepcopy(sidecar)
    own = next(s for s in changed["sections"] if s["section_id"] == section["section_id"])
    track: Row = next((t for t in own["tracks"] if t["track_id"] == track_id), {"curves": []})
    curves = {c["mnemonic"]: c for c in track["curves"] if c["mnemonic"] in paths}
    if len(curves) != len(paths) or len(paths) != 2:
        raise SidecarError(f"track {track_id} does not have these two curves")
    one, two = paths
    within = {name: _between(paths[name], top, bottom) for name in paths}
    if min(len(path) for path in within.values()) < _LEAST:
        raise SidecarError("one of the curves has no value there", remedy="Choose another depth.")
    same = curves[one].get("style", "solid") == curves[two].get("style", "solid")
    before = {name: copy.deepcopy(curve) for name, curve in curves.items()}
    for name, other in ((one, two), (two, one)):
        if same:
            own = _outside(paths[name], top, bottom)
            _set_points(curves[name], before[other], (own, within[other]), (top, bottom))
        else:
            _set_redrawn(curves[name], within[other], (top, bottom))
    return changed


def _row_of(anchors: F64, depth: float) -> float:
    return float(interp_extrapolate(np.array([depth]), anchors[:, 1], anchors[:, 0])[0])


def _outside(path: Path, top: float, bottom: float) -> F64:
    """Points of a path above and below a range of rows, [n, 2]."""
    points = [point for point in path if point is not None and not top <= point[0] <= bottom]
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def _between(path: Path, top: float, bottom: float) -> F64:
    """Points of a path in a range of rows, [n, 2]."""
    points = [point for point in path if point is not None and top <= point[0] <= bottom]
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def _set_points(curve: Row, other: Row, parts: tuple[F64, F64], rows: tuple[float, float]) -> None:
    """Let a curve go through points of its own path outside the rows and of the other's within them.

    Its own are needed too: points on one side alone would exchange the curves as wholes. Points that were given
    stay, those within the rows with the other curve.
    """
    top, bottom = rows
    kept = [p for p in forms.pairs_of(curve, "points") if not top <= p[0] <= bottom]
    moved = [p for p in forms.pairs_of(other, "points") if top <= p[0] <= bottom]
    new = [[round(float(r), 1), round(float(c), 1)] for path in parts for r, c in _thinned(path)]
    forms.set_points(curve, [*kept, *moved, *new])


def _thinned(path: F64) -> F64:
    steps = np.flatnonzero(np.diff(np.floor(path[:, 0] / EVERY_PX), prepend=-1) > 0)
    return path[steps]


def _set_redrawn(curve: Row, path: F64, rows: tuple[float, float]) -> None:
    """Draw a curve along a path; where the path has no value the curve has none either."""
    top, bottom = rows
    if any(not top <= row <= bottom for row, _ in forms.pairs_of(curve, "redrawn")):
        raise SidecarError(
            f"{curve['mnemonic']} is redrawn elsewhere already",
            remedy="Redraw both curves on the scan, from the top down.",
        )
    gaps = np.flatnonzero(np.diff(path[:, 0]) > 4 * np.median(np.diff(path[:, 0])))
    nulls = [[float(path[k, 0]) + 1, float(path[k + 1, 0]) - 1] for k in gaps]
    kept = [n for n in forms.pairs_of(curve, "null_rows") if n[1] < top or n[0] > bottom]
    drawn = [[round(float(r), 1), round(float(c), 2)] for r, c in path]
    forms.set_redrawn(curve, drawn, [*kept, *nulls])
