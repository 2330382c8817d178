"""Make the small map of counties that the dashboard ships from ``us-atlas`` (US Census, TopoJSON).

In: its ``counties-10m.json``. Out: ``us-map.json``: by state, the middle of every county with name and code,
and the state's coarse outline. Runs when libraries are fetched (``fetch_libraries``), never in a run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from veernet_core.datatypes import F64

COARSE_DEG = 0.03
"""How far a drawn outline may be off."""
LEAST_DEG2 = 0.02
"""Islands smaller than this are left out."""


def us_map(topology: bytes) -> bytes:
    """The map as JSON: state to ``counties`` [[code, name, latitude, longitude], ...] and ``outline``.

    An outline is a list of rings ``[longitude, latitude, ...]``; degrees.
    """
    document = json.loads(topology)
    arcs = _arcs(document)
    states = {g["id"]: g for g in document["objects"]["states"]["geometries"]}
    found: dict[str, Any] = {
        state["properties"]["name"]: {"counties": [], "outline": _outline(state, arcs)}
        for state in states.values()
    }
    for county in document["objects"]["counties"]["geometries"]:
        lon, lat = _middle(list(_rings(county, arcs)))
        row = [county["id"][2:], county["properties"]["name"], round(lat, 2), round(lon, 2)]
        found[states[county["id"][:2]]["properties"]["name"]]["counties"].append(row)
    for state in found.values():
        state["counties"].sort()
    text = json.dumps(found, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return (text + "\n").encode()


def _arcs(document: Any) -> list[F64]:
    """Lines of the topology, [n, 2] longitude and latitude."""
    scale, offset = (np.array(document["transform"][key]) for key in ("scale", "translate"))
    return [np.cumsum(np.array(arc), axis=0) * scale + offset for arc in document["arcs"]]


def _rings(geometry: Any, arcs: Sequence[F64]) -> Iterator[F64]:
    """Outer rings of a polygon or several."""
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    for polygon in polygons:
        parts = [arcs[k] if k >= 0 else arcs[~k][::-1] for k in polygon[0]]
        yield np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def _area(ring: F64) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2)


def _middle(rings: Sequence[F64]) -> tuple[float, float]:
    """Centre of the area of the largest ring."""
    ring = max(rings, key=_area)
    x, y = (ring - ring[0]).T
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    whole = float(np.sum(cross))
    middle = [
        float(np.sum((v[:-1] + v[1:]) * cross)) / (3 * whole) if whole else v.mean() for v in (x, y)
    ]
    return float(middle[0] + ring[0, 0]), float(middle[1] + ring[0, 1])


def _outline(state: Any, arcs: Sequence[F64]) -> list[list[float]]:
    rings = sorted(_rings(state, arcs), key=_area, reverse=True)
    kept = [ring for ring in rings if _area(ring) > LEAST_DEG2] or rings[:1]
    return [np.round(_coarse(ring), 2).ravel().tolist() for ring in kept]


def _coarse(ring: F64) -> F64:
    """The ring with as few points as keep it near (Douglas and Peucker)."""
    points = cv2.approxPolyDP(ring.astype(np.float32)[:, None], COARSE_DEG, closed=True)
    return np.asarray(points[:, 0], dtype=np.float64)
