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

from flows.dashboard.again import (
    failed_id,
    failed_uris,
    item_of,
    place_of,
    settings_of,
    sidecar_in_use,
    version_of,
)
from flows.dashboard.draft import draft_of, is_whole, known_of
from flows.dashboard.exchange import exchange_said
from flows.dashboard.results import UnknownLogError
from flows.dashboard.review import Desk, StaleCorrectionError
from flows.dashboard.scan_image import Scans
from flows.dashboard.suggest import Drafts, offered
from storage.records import Record, jsonable, spec_of
from storage.reviews import read_reviews
from storage.tables import Row
from veernet_core.curve.physical import frac_at
from veernet_core.datatypes import interp_extrapolate, px_at
from veernet_core.errors import SidecarError, VeernetError
from veernet_core.findings import sentence
from veernet_core.page.known.sections import given_sections
from veernet_core.page.known.sidecar import forms, parse_sidecar

_MOST_OVERLAP = 0.02
"""Share of the narrower track that two tracks may share: borders are drawn by hand."""
_MOST_POINTS = 4000
_HISTORY = 20


class Bench:
    """Where logs are corrected; safe to use from several threads.

    Parameters
    ----------
    desk : Desk
    drafts : callable, optional
        Reads a page for what a log lacks; nothing is offered without it.
    """

    def __init__(self, desk: Desk, drafts: Drafts | None = None) -> None:
        self._desk, self._store, self._drafts = desk, desk.store, drafts
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
        known, trouble = known_of(given)
        image = self.scans.image(log_id, int(known.get("turn_deg") or 0))
        sidecar = draft_of(record, known, image.raster.dpi_tag)
        reviews = [r for r in read_reviews(self._store, log_id) if r.action == "correct"]
        state = {
            "log_id": log_id,
            "title": (record["well"]["name"] or record["well"]["uwi"] if record else "") or log_id,
            "source": place.uri if place is not None else "",
            "version": version_of(given),
            "sidecar": sidecar,
            "whole": is_whole(record),
            "references": {s["section_id"]: s["reference_px"] for s in record["sections"]}
            if record is not None else {},
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
        document = forms.without_read(state["sidecar"])
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
        when = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        edit = forms.edit_form(who, when, what or "corrected on the picture")
        document = forms.with_edit(forms.without_read(document), edit)
        text = json.dumps(document, indent=1, ensure_ascii=False)
        before = self.state(said)["sidecar"]
        self.check(log_id, text, json.dumps(forms.without_read(before)))
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
        state, record = self.state(said), self._desk.record(str(said.get("log_id", "")))
        sidecar, note = exchange_said(said, state["sidecar"], record, state["traces"])
        return self.save({"log_id": state["log_id"], "sidecar": sidecar, "note": note,
                          "version": state["version"], "reviewer": said.get("reviewer", "")})  # fmt: skip

    def exchanged(self, said: Mapping[str, Any]) -> Row:
        """As `exchange`, of a ``sidecar`` that is still being corrected: gives it changed, saves nothing.

        Raises
        ------
        VeernetError
        """
        log_id, sidecar = str(said.get("log_id", "")), said.get("sidecar")
        parse_sidecar(json.dumps(sidecar).encode(), "the correction")
        record = self._desk.record(log_id)
        traces = [] if record is None else self._traces(log_id, record)
        changed, note = exchange_said(said, dict(sidecar or {}), record, traces)
        return {"sidecar": changed, "note": note}

    def suggest(self, said: Mapping[str, Any]) -> Row:
        """What a reading of the page offers for what a log lacks; see ``suggest.offered``.

        Raises
        ------
        VeernetError
        """
        log_id = str(said.get("log_id", ""))
        record, place = self._desk.record(log_id), place_of(self._store, log_id)
        if self._drafts is None or place is None:
            return forms.with_sections({}, ())
        item = item_of(place, record, sidecar_in_use(self._store, log_id, place))
        with self._desk.ahead.lock(log_id):
            return offered(self._drafts(item, settings_of(self._store, log_id, record)))

    def ready(self, said: Mapping[str, Any]) -> Row:
        """Whether a log is being digitised ahead: ``{"busy": bool}``."""
        return {"busy": self._desk.ahead.is_busy(str(said.get("log_id", "")))}

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

    def line(self, said: Mapping[str, Any]) -> Row:
        """How far the upright line beside a border lies from it: ``{"off": px}``, None where none is near.

        Parameters
        ----------
        said : mapping
            ``log_id, turn, border`` (a column or ``[row, px]`` knots), ``rows`` (first, last), ``reach``.
        """
        image = self.scans.image(str(said.get("log_id", "")), int(said.get("turn") or 0))
        given = said.get("border")
        try:
            knots = given if isinstance(given, list) else [[0.0, given]]
            border = np.array(knots, dtype=np.float64).reshape(-1, 2)
            first, last = (float(row) for row in said.get("rows") or (0, image.raster.height_px))
            reach = min(max(float(said.get("reach") or 4), 2.0), 60.0)
        except (TypeError, ValueError) as error:
            raise SidecarError("this is no border") from error
        if not len(border) or not np.isfinite(border).all():
            raise SidecarError("this is no border")
        return {"off": image.line_beside(border, (first, last), reach)}

    def depth_line(self, said: Mapping[str, Any]) -> Row:
        """How far the depth line beside a place lies from it: ``{"off": px}``, None where none is near.

        Parameters
        ----------
        said : mapping
            ``log_id, turn, row, col, tilt`` (rows per column), ``columns`` (first, last), ``reach``.
        """
        image = self.scans.image(str(said.get("log_id", "")), int(said.get("turn") or 0))
        try:
            row, col, tilt = (float(said.get(name) or 0) for name in ("row", "col", "tilt"))
            first, last = (float(x) for x in said.get("columns") or (0, image.raster.width_px))
            reach = min(max(float(said.get("reach") or 4), 2.0), 60.0)
        except (TypeError, ValueError) as error:
            raise SidecarError("this is no place on the page") from error
        if not np.isfinite([row, col, tilt, first, last]).all():
            raise SidecarError("this is no place on the page")
        return {"off": image.depth_line_beside(row, col, tilt, (first, last), reach)}

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
    left, right = (px_at(np.array(track[k], float), rows) for k in ("left_px", "right_px"))
    frac = frac_at(value, spec_of(curve["spec"]))
    px = left + np.where((frac < 0) | (frac > 1), frac - np.floor(frac), frac) * (right - left)
    rows = rows + _tilt(section) * (px - px_at(np.array(section["reference_px"], float), rows))
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
         "mnemonic": c["spec"]["mnemonic"], "codes": c["reasons"],
         "reasons": [sentence(code) for code in c["reasons"]],
         "doubtful": c.get("doubtful", [])}
        for c in record["curves"]
    ]  # fmt: skip


def _before(details: str) -> str | None:
    try:
        before = json.loads(details)["before"]
    except (ValueError, KeyError, TypeError):
        return None
    return before if isinstance(before, str) else None
