"""Correcting a log on its picture: what is known of it as a sidecar to change, and the checked change.

In: an output place, and what a person set on the picture. Out: the state that the page begins with, and a
correction for the desk (``review``), which digitises the log again. Pixels belong to ``scan_image``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np

from flows.dashboard.again import failed_id, failed_uris, place_of, sidecar_in_use, version_of
from flows.dashboard.exchange import exchanged
from flows.dashboard.results import UnknownLogError
from flows.dashboard.review import Desk, StaleCorrectionError
from flows.dashboard.scan_image import Scans
from storage.records import Record, jsonable, spec_of
from storage.reviews import read_reviews
from storage.tables import Row
from veernet_core.curve.physical import frac_at
from veernet_core.datatypes import interp_extrapolate
from veernet_core.errors import SidecarError, VeernetError
from veernet_core.findings import sentence
from veernet_core.page.known.sections import given_sections
from veernet_core.page.known.sidecar import parse_sidecar

_MOST_OVERLAP = 0.02
"""Share of the narrower track that two tracks may share: borders are drawn by hand."""
_MOST_POINTS = 4000
_SQUARE = 0.01
_HISTORY = 20


class Bench:
    """Where logs are corrected; safe to use from several threads."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._store = desk, desk.store
        self.scans = Scans(desk.store)

    def failed(self, said: Mapping[str, Any]) -> Row:
        """The log id of a scan that failed.

        Raises
        ------
        UnknownLogError
        """
        uri = str(said.get("uri", ""))
        if uri not in failed_uris(self._store):
            raise UnknownLogError("no scan of this name failed here", uri[:200])
        return {"log_id": failed_id(self._store, uri)}

    def state(self, said: Mapping[str, Any]) -> Row:
        """What the page begins with: picture, sidecar to change, curves as they are now.

        Raises
        ------
        VeernetError
        """
        log_id = str(said.get("log_id", ""))
        record = self._desk.record(log_id)
        place = place_of(self._store, log_id)
        given = sidecar_in_use(self._store, log_id, place)
        known, trouble = _known(given)
        image = self.scans.image(log_id, int(known.get("turn_deg") or 0))
        sidecar = _draft(record, known, image.raster.dpi_tag)
        reviews = [r for r in read_reviews(self._store, log_id) if r.action == "correct"]
        state = {
            "log_id": log_id,
            "title": (record["well"]["name"] or record["well"]["uwi"] if record else "") or log_id,
            "source": place.uri if place is not None else "",
            "version": version_of(given),
            "sidecar": sidecar,
            "page": {"width": image.raster.width_px, "height": image.raster.height_px,
                     "levels": image.levels, "turn": int(sidecar.get("turn_deg") or 0)},
            "curves": [] if record is None else _curves(record),
            "findings": trouble + ([] if record is None else record["findings"]),
            "traces": [] if record is None else self._traces(log_id, record),
            "history": [{"who": r.reviewer, "when": r.when, "what": r.note,
                         "before": _before(r.details)} for r in reviews[-_HISTORY:]],
        }  # fmt: skip
        plain: Row = jsonable(state)
        return plain

    def warm(self, said: Mapping[str, Any]) -> Row:
        """Have a log digitised in the background as it stands: what does not change is then kept for the save.

        Raises
        ------
        VeernetError
        """
        state = self.state(said)
        document = {k: v for k, v in state["sidecar"].items() if k != "read"}
        return {"begun": self._desk.warm(state["log_id"], json.dumps(document))}

    def save(self, said: Mapping[str, Any]) -> Row:
        """Check a correction against the page and hand it to the desk.

        Parameters
        ----------
        said : mapping
            ``log_id, sidecar`` (an object), ``version, reviewer, note``.

        Returns
        -------
        dict
            What the sidecar holds, and its ``edit`` (who, when, what), by which the page knows its own work
            again; where somebody else corrected the log in the meantime, ``stale`` says who, ``state`` is as
            of now, and nothing was done.

        Raises
        ------
        VeernetError
        """
        log_id, document = str(said.get("log_id", "")), said.get("sidecar")
        if not isinstance(document, dict):
            raise SidecarError("the correction holds no sidecar")
        who, what = str(said.get("reviewer", "")).strip(), str(said.get("note", "")).strip()
        edit = {"who": who, "when": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "what": what or "corrected on the picture"}  # fmt: skip
        document = {k: v for k, v in document.items() if k != "read"}
        document["edited"] = [*(document.get("edited") or []), edit]
        text = json.dumps(document, indent=1, ensure_ascii=False)
        before = self.state(said)["sidecar"]
        self.check(log_id, text, json.dumps({k: v for k, v in before.items() if k != "read"}))
        try:
            found = self._desk.correct({**said, "sidecar": text, "note": edit["what"]})
            return {**found, "edit": edit}
        except StaleCorrectionError as error:
            return {"stale": f"{error.message}. {error.remedy}", "state": self.state(said)}

    def exchange(self, said: Mapping[str, Any]) -> Row:
        """Put two curves of a track in each other's places, and digitise the log again.

        Parameters
        ----------
        said : mapping
            ``log_id, section_id, track_id, mnemonic, other``, ``depth`` from which on, ``depth_to`` up to which
            (left out: to the foot), ``reviewer``.

        Raises
        ------
        VeernetError
        """
        log_id = str(said.get("log_id", ""))
        state, record = self.state(said), self._desk.record(log_id)
        wanted = {k: str(said.get(k, "")) for k in ("section_id", "track_id", "mnemonic", "other")}
        section = next((s for s in (record or {"sections": ()})["sections"]
                        if s["section_id"] == wanted["section_id"]), None)  # fmt: skip
        if section is None:
            raise UnknownLogError("it has no such section", log_id)
        place = (wanted["section_id"], wanted["track_id"])
        names = (wanted["mnemonic"], wanted["other"])
        paths = {t["mnemonic"]: t["path"] for t in state["traces"]
                 if (t["section_id"], t["track_id"]) == place and t["mnemonic"] in names}  # fmt: skip
        last = said.get("depth_to")
        depths = (float(said["depth"]), None if last is None else float(last))
        sidecar = exchanged(state["sidecar"], section, place[1], paths, depths)
        words = f"{names[0]} and {names[1]} changed places from {depths[0]:g}"
        note = words + ("" if depths[1] is None else f" to {depths[1]:g}")
        return self.save({"log_id": log_id, "sidecar": sidecar, "version": state["version"],
                          "reviewer": said.get("reviewer", ""), "note": note})  # fmt: skip

    def check(self, log_id: str, text: str, before: str = "{}") -> None:
        """Refuse a sidecar that does not fit the page, or puts one track over another.

        Tracks that lay over each other before may go on to do so: nobody put them there by this change.

        Raises
        ------
        VeernetError
        """
        overlaps = self._overlaps(log_id, text, "the correction")
        try:
            known = self._overlaps(log_id, before, "the sidecar before")
        except VeernetError:
            known = {}
        for pair, share in overlaps.items():
            if share > max(_MOST_OVERLAP, known.get(pair, 0.0) + _MOST_OVERLAP):
                section, name, after = pair
                raise SidecarError(
                    f"tracks {name} and {after} of section {section} lie over each other",
                    remedy="Drag their borders apart, or remove one of them.",
                )

    def _overlaps(self, log_id: str, text: str, source: str) -> dict[tuple[str, str, str], float]:
        """Share of the narrower track that neighbours have in common, by section and tracks."""
        given = parse_sidecar(text.encode(), source)
        image = self.scans.image(log_id, given.turn_deg or 0)
        sections, _ = given_sections(given, image.raster)
        found: dict[tuple[str, str, str], float] = {}
        for section in sections:
            rows = np.linspace(section.row_top, section.row_bottom, 5)
            spans = [(t.track_id, t.geometry.left_px(rows), t.geometry.right_px(rows))
                     for t in section.tracks]  # fmt: skip
            spans.sort(key=lambda span: (float(span[1].mean()), span[0]))
            for (name, left, right), (after, start, stop) in pairwise(spans):
                width = np.minimum(right - left, stop - start)
                share = float(((right - start) / width).max())
                one, two = sorted((name, after))
                found[section.section_id, one, two] = share
        return found

    def follow(self, said: Mapping[str, Any]) -> Row:
        """Follow the ink through points: ``log_id, turn, points, reach``; one point: its column alone."""
        image = self.scans.image(str(said.get("log_id", "")), int(said.get("turn") or 0))
        page = image.raster
        points = sorted(
            (min(max(float(r), 0.0), page.height_px - 1.0), min(max(float(c), 0.0), page.width_px - 1.0))
            for r, c in said.get("points") or ()
        )  # fmt: skip
        reach = min(max(float(said.get("reach") or 12), 2.0), 200.0)
        if len(points) == 1:
            return {"path": [[points[0][0], image.snap(*points[0], reach)]]}
        if any(b[0] - a[0] < 1 for a, b in pairwise(points)) or not points:
            raise SidecarError("two points lie in one row", remedy="Set them further apart.")
        return {"path": [list(point) for point in image.follow(points, reach)]}

    def tile(self, said: Mapping[str, str]) -> bytes:
        """One tile of the picture: ``log_id, turn, z, x, y``."""
        image = self.scans.image(said.get("log_id", ""), int(said.get("turn") or 0))
        return image.tile(*(int(said.get(name) or 0) for name in ("z", "x", "y")))

    def _traces(self, log_id: str, record: Record) -> list[Row]:
        _, samples = self._desk.result(log_id)
        starts = np.cumsum([0, *(int(c["samples"]) for c in record["curves"])])
        sections = {s["section_id"]: s for s in record["sections"]}
        found = []
        for curve, start in zip(record["curves"], starts):
            section = sections.get(curve["section_id"])
            part = samples.slice(start, int(curve["samples"]))
            if section is not None and section["depth"] and len(part):
                found.append(
                    _trace(curve, section, part["depth"].to_numpy(), part["value"].to_numpy())
                )
        return found


def _trace(curve: Row, section: Row, depth: Any, value: Any) -> Row:
    """A curve's path on the scan: ``[row, px]``, None between runs of samples."""
    every = max(1, len(depth) // _MOST_POINTS)
    depth, value = depth[::every], value[::every].astype(np.float64)
    anchors = np.array(section["depth"]["anchors"], dtype=np.float64)
    rows = interp_extrapolate(depth.astype(np.float64), anchors[:, 1], anchors[:, 0])
    track = next(t for t in section["tracks"] if t["track_id"] == curve["track_id"])
    left, right = (np.interp(rows, *np.array(track[k], float).T) for k in ("left_px", "right_px"))
    frac = frac_at(value, spec_of(curve["spec"]))
    px = left + np.where((frac < 0) | (frac > 1), frac - np.floor(frac), frac) * (right - left)
    rows = rows + _tilt(section) * (
        px - np.interp(rows, *np.array(section["reference_px"], float).T)
    )
    path = [[round(float(r), 1), round(float(p), 1)] if np.isfinite(p) else None
            for r, p in zip(rows, px)]  # fmt: skip
    return {"section_id": curve["section_id"], "track_id": curve["track_id"],
            "mnemonic": curve["spec"]["mnemonic"], "path": path}  # fmt: skip


def _tilt(section: Row) -> float:
    """Rows that a depth line falls per column: it stands square on the borders."""
    drifts = []
    for track in section["tracks"]:
        for side in ("left_px", "right_px"):
            knots = np.array(track[side], dtype=np.float64)
            if len(knots) > 1:
                drifts.append((knots[-1, 1] - knots[0, 1]) / (knots[-1, 0] - knots[0, 0]))
    return -float(np.median(drifts)) if drifts else 0.0


def _curves(record: Record) -> list[Row]:
    return [
        {"section_id": c["section_id"], "track_id": c["track_id"], "decision": c["decision"],
         "mnemonic": c["spec"]["mnemonic"], "reasons": [sentence(code) for code in c["reasons"]],
         "doubtful": c.get("doubtful", [])}
        for c in record["curves"]
    ]  # fmt: skip


def _before(details: str) -> str | None:
    try:
        before = json.loads(details)["before"]
    except (ValueError, KeyError, TypeError):
        return None
    return before if isinstance(before, str) else None


def _known(given: bytes | None) -> tuple[Row, list[Row]]:
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


def _draft(record: Record | None, known: Row, dpi_tag: tuple[float, float] | None) -> Row:
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


def _is_square(dpi_tag: tuple[float, float] | None) -> bool:
    """Whether a scan is as dense down as across; of others one number would not tell the resolution."""
    return dpi_tag is None or abs(dpi_tag[0] - dpi_tag[1]) <= _SQUARE * max(dpi_tag)


def _section(section: Row, given: Row, record: Record) -> Row:
    own = {t.get("track_id", f"T{i + 1}"): t for i, t in enumerate(given.get("tracks") or ())}
    depth = section["depth"]
    filled: Row = {**given, "section_id": section["section_id"]}
    filled.setdefault("row_top", section["row_top"])
    filled.setdefault("row_bottom", section["row_bottom"])
    if depth is not None and not (given.get("depth") or {}).get("anchors"):
        source = {} if depth["source"] == "sidecar" else {"source": depth["source"]}
        filled["depth"] = {"unit": depth["unit"], "anchors": _thinned(depth["anchors"]), **source}
    # without depth there are no curves, but there may be scales on the page: they stay to be read
    specs = None
    if depth is not None:
        specs = [c for c in record["curves"] if c["section_id"] == section["section_id"]]
    filled["tracks"] = [
        _track(track, own.pop(track["track_id"], {}), specs) for track in section["tracks"]
    ] + list(own.values())
    return filled


def _thinned(anchors: list[list[float]]) -> list[list[float]]:
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
    filled: Row = {**given, "track_id": track["track_id"]}
    for side in ("left_px", "right_px"):
        filled.setdefault(side, track[side] if len(track[side]) > 1 else track[side][0][1])
    if given.get("curves") is None and specs is not None:
        filled["curves"] = [_curve(c["spec"]) for c in specs if c["track_id"] == track["track_id"]]
    return filled


def _curve(spec: Row) -> Row:
    names = ("mnemonic", "unit", "left", "right", "scale", "style", "wrap")
    out = {name: spec[name] for name in names}
    out |= {"colour": spec["colour"]} if spec.get("colour") else {}
    return out | ({} if spec["source"] == "sidecar" else {"source": spec["source"]})
