"""The sidecar that a correction begins with: the one in use, filled up with what was read of the log.

In: a log's document and the sidecar in use. Out: a sidecar in which what was read keeps its source. What a
person changes in it belongs to ``correct``.
"""

from __future__ import annotations

import json

import numpy as np

from storage.records import Record
from storage.tables import Row
from veernet_core.datatypes import Dpi
from veernet_core.errors import SidecarError
from veernet_core.page.known.sidecar import parse_sidecar

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
        return known if known else {"sections": []}
    read = {"field" if k == "field_name" else k: v for k, v in record["well"].items() if v}
    if well := {**read, **(known.get("well") or {})}:
        known = {**known, "well": well}
    if "dpi" not in known and _is_square(dpi_tag):
        known = {**known, "dpi": record["scan"]["dpi"]}
    ids = {s.get("section_id", f"S{i + 1}"): s for i, s in enumerate(known.get("sections") or ())}
    sections = [_section(section, ids.pop(section["section_id"], {}), record)
                for section in record["sections"]]  # fmt: skip
    rest = [s for s in ids.values() if s.get("tracks") or s.get("skip") or "row_top" in s]
    return {**known, "sections": [*sections, *rest]}


def _is_square(dpi_tag: Dpi | None) -> bool:
    """Whether a scan is as dense down as across; of others one number would not tell the resolution."""
    return dpi_tag is None or abs(dpi_tag.down - dpi_tag.across) <= _SQUARE * max(dpi_tag)


def _section(section: Row, given: Row, record: Record) -> Row:
    own = {t.get("track_id", f"T{i + 1}"): t for i, t in enumerate(given.get("tracks") or ())}
    depth = section["depth"]
    filled: Row = {**given, "section_id": section["section_id"]}
    filled.setdefault("row_top", section["row_top"])
    filled.setdefault("row_bottom", section["row_bottom"])
    if depth is not None and not (given.get("depth") or {}).get("anchors"):
        source = {} if depth["source"] == "sidecar" else {"source": depth["source"]}
        filled["depth"] = {"unit": depth["unit"], "anchors": thinned(depth["anchors"]), **source}
    refused = section.get("depth_refused")
    if refused and not (given.get("depth") or {}).get("anchors"):
        anchors = thinned(refused["anchors"])
        filled["depth"] = {"unit": refused["unit"], "anchors": anchors, "source": "guess"}
    specs = _specs(section, record)
    filled["tracks"] = [
        _track(track, own.pop(track["track_id"], {}), specs.get(track["track_id"]))
        for track in section["tracks"]
    ] + list(own.values())
    return filled


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


def _track(track: Row, given: Row, specs: list[Row] | None) -> Row:
    """A track; its ``specs`` are None where nothing is known of them: they stay to be read."""
    filled: Row = {**given, "track_id": track["track_id"]}
    for side in ("left_px", "right_px"):
        filled.setdefault(side, track[side] if len(track[side]) > 1 else track[side][0][1])
    if given.get("curves") is None and specs is not None:
        filled["curves"] = [_curve(spec) for spec in specs]
    return filled


def _curve(spec: Row) -> Row:
    names = ("mnemonic", "unit", "left", "right", "scale", "style", "wrap")
    out = {name: spec[name] for name in names}
    out |= {"colour": spec["colour"]} if spec.get("colour") else {}
    return out | ({} if spec["source"] == "sidecar" else {"source": spec["source"]})
