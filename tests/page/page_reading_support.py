"""Readings of a page of which every number is known, and sidecars that are merged with them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np

from veernet_core.datatypes import DepthAxis, Dpi, Raster
from veernet_core.page.drafts.draft import draft_of
from veernet_core.page.known import place as known_place
from veernet_core.page.known.sections import KnownPage, read_sections
from veernet_core.page.known.sidecar import Sidecar, parse_sidecar
from veernet_core.page.results import (
    CurveFound,
    DepthFound,
    DepthLabel,
    HeaderFound,
    PageLayout,
    PageReading,
    Reading,
    SectionFound,
    TrackFound,
)

HEIGHT, WIDTH = 5000, 1700


def column(px: float) -> np.ndarray:
    return np.array([[1000.0, px], [4000.0, px + 3.0]])


def track(left: float, right: float, kind: str = "curves", confidence: float = 0.9) -> TrackFound:
    return TrackFound(column(left), column(right), kind, "linear", 10, confidence=confidence)  # type: ignore[arg-type]


def section(
    name: str = "main", top: float = 1000, bottom: float = 3000, **changes: Any
) -> SectionFound:
    tracks = (track(100, 580), track(580, 740, "depth"), track(740, 1220), track(1220, 1700 - 8))
    found = SectionFound(name, "main", top, bottom, tracks, np.zeros((0, 2)), 0.9)
    return replace(found, **changes)


def layout(*sections: SectionFound, **changes: Any) -> PageLayout:
    return replace(PageLayout("curve_log", 0, Dpi(200.0, 200.0), sections), **changes)


def stated(value: float | str, confidence: float = 0.97, source: str = "header") -> Reading:
    return Reading(value, source, confidence)  # type: ignore[arg-type]


def curve(name: str, index: int, left: float, right: float, **changes: Any) -> CurveFound:
    found = CurveFound(
        "main", index, stated(name), stated("U"), stated(left), stated(right), "linear", "solid"
    )
    return replace(found, **changes)


AXIS = DepthAxis("ft", np.array([[1100.0, 500.0], [2900.0, 680.0]]), 0.1, "header")


LABELS = (DepthLabel(1100.0, 500.0, 0.99, True), DepthLabel(1700.0, 999.0, 0.4, False))


DEPTH = DepthFound(AXIS, "ft", "header", LABELS, 0.1, 1.0, 0.97)


READING = PageReading(
    layout(section()),
    {"main": DEPTH},
    HeaderFound({"name": stated("SMITH 1"), "county": stated("NESS", 0.5)}),
    (
        curve("GR", 0, 0, 150),
        replace(curve("CALI", 0, 6, 16, style="dashed"), left=stated(6, 0.6)),
        curve("RHOB", 2, 1.95, 2.95, backups=((1.0, 2.0),)),
        replace(curve("DT", 3, 140, 40), left=stated(140, 0.3, "template")),
    ),
)


def parse(value: Any) -> Sidecar:
    return parse_sidecar(json.dumps(value).encode(), "s.sidecar.json")


def merged(value: Any = None, read: PageReading = READING) -> tuple[Sidecar | None, PageReading]:
    given = None if value is None else parse(value)
    return given, replace(read, layout=known_place.place(given, read.layout, HEIGHT)[0])


def completed(value: Any = None, read: PageReading = READING) -> KnownPage:
    return read_sections(*merged(value, read), page())


def draft(value: Any = None, read: PageReading = READING) -> Sidecar:
    given, placed = merged(value, read)
    return draft_of(read_sections(given, placed, page()), given, placed)


def page() -> Raster:
    def unread(row0: int, row1: int) -> np.ndarray:
        raise AssertionError("geometry must not read pixels")

    return Raster(HEIGHT, WIDTH, False, Dpi(200.0, 200.0), unread, unread, lambda: ())
