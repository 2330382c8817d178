"""The sidecar that a correction begins with: the one in use, filled up with what was read of the log.

In: a log's document and the sidecar in use. Out: a sidecar in which what was read keeps its source. What a
person changes in it belongs to ``correct``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from storage.records import Record
from storage.tables import Row
from veernet_core.datatypes import Dpi
from veernet_core.errors import SidecarError
from veernet_core.page.known.sidecar import forms, parse_sidecar

_SQUARE = 0.01
"""Relative difference of the two resolutions of a scan that counts as none."""


def known_of(given: bytes | None) -> tuple[Row, list[Row]]:
    """What the sidecar in use says, and why it could not be used; of a damaged one the header alone."""
    if given is None:
        return {}, []
    try:
        parse_sidecar(given, "the sidecar")
        known: Row = json.loads(given.decode("utf-8-sig"))
        return known, []
    except SidecarError as error:
        where = f"{error.where}: " if error.where else ""
        trouble = [{"message": f"The sidecar is not used: {where}{error.message}.", "rows": None,
                    "severity": "error"}]  # fmt: skip
    try:
        well = {"well": json.loads(given.decode("utf-8-sig"))["well"]}
        parse_sidecar(json.dumps(well).encode(), "the sidecar")
    except (SidecarError, ValueError, KeyError, TypeError):
        return {}, trouble
    return well, trouble


def draft_of(record: Record | None, known: Row, dpi_tag: Dpi | None) -> Row:
    """The sidecar to change: the one in use, filled up with what was read; what was read keeps its source.

    Header and resolution are filled in too: of a page whose geometry is given they are not read any more.
    """
    if record is None:
        return known or forms.with_sections({}, ())
    dpi = record["scan"]["dpi"] if _is_square(dpi_tag) else None
    known = forms.with_header(known, forms.well_form(record["well"]), dpi)
    given = forms.items_by_id(known.get("sections"), "section_id")
    sections = [
        _section(section, given.pop(section["section_id"], {}), record)
        for section in record["sections"]
    ]
    rest = [section for section in given.values() if forms.gives_more_than_depth(section)]
    return forms.with_sections(known, [*sections, *rest])


def _is_square(dpi_tag: Dpi | None) -> bool:
    """Whether a scan is as dense down as across; of others one number would not tell the resolution."""
    return dpi_tag is None or abs(dpi_tag.down - dpi_tag.across) <= _SQUARE * max(dpi_tag)


def _section(section: Row, given: Mapping[str, Any], record: Record) -> Row:
    rows = (section["row_top"], section["row_bottom"])
    filled = forms.filled_section(given, section["section_id"], rows)
    depth, refused = section["depth"], section.get("depth_refused")
    if not forms.has_anchors(given):
        if depth is not None:
            found = forms.depth_form(thinned(depth["anchors"]), depth["unit"], depth["source"])
            filled = forms.with_depth(filled, found)
        if refused:
            guess = forms.depth_form(thinned(refused["anchors"]), refused["unit"], "guess")
            filled = forms.with_depth(filled, guess)
    own, specs = forms.items_by_id(given.get("tracks"), "track_id"), _specs(section, record)
    tracks = [
        _track(track, own.pop(track["track_id"], {}), specs.get(track["track_id"]))
        for track in section["tracks"]
    ]
    return forms.with_tracks(filled, [*tracks, *own.values()])


def _specs(section: Row, record: Record) -> dict[str, list[Row]]:
    """The curves of a section's tracks; of one without depth, which has none, the scales that were read."""
    if section["depth"] is None:
        return dict(section.get("scales") or {})
    found: dict[str, list[Row]] = {track["track_id"]: [] for track in section["tracks"]}
    for curve in record["curves"]:
        if curve["section_id"] == section["section_id"]:
            found[curve["track_id"]].append(curve["spec"])
    return found


def is_whole(record: Record | None) -> bool:
    """Whether a log's document keeps all that its page offers; older ones lack what was refused."""
    if record is None:
        return False
    return all(s["depth"] is not None or "scales" in s for s in record["sections"])


def thinned(anchors: list[list[float]]) -> list[list[float]]:
    """Anchors that a person can look through: those that the others do not give within a hundredth of
    their spacing.
    """
    points = np.array(anchors, dtype=np.float64)
    keep = [0]
    for index in range(1, len(points) - 1):
        a, b, c = points[keep[-1]], points[index], points[index + 1]
        line = a[1] + (b[0] - a[0]) * (c[1] - a[1]) / (c[0] - a[0])
        if abs(line - b[1]) > 0.01 * (c[1] - a[1]):
            keep.append(index)
    return [anchors[i] for i in [*keep, len(points) - 1]]


def _track(track: Row, given: Mapping[str, Any], specs: list[Row] | None) -> Row:
    """A track; its ``specs`` are None where nothing is known of them: they stay to be read."""
    filled = forms.filled_track(given, track["track_id"], track["left_px"], track["right_px"])
    if given.get("curves") is None and specs is not None:
        return forms.with_curves(filled, [forms.curve_form(spec) for spec in specs])
    return filled
