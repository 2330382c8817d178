"""How well a page was read, against what a person read on it or what was drawn.

In: a `PageTruth` (from a hand-read ``<stem>.page.json``, or from the sidecar of a drawn page) and a
`PageReading`. Out: `PageScore`, plain counts and errors that can be added up over pages.
Does not belong here: running readers, files, tables.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from veernet_core.datatypes import F64, FT_PER, DepthUnit
from veernet_core.domain.api_number import state_name
from veernet_core.domain.gazetteer import SERVICE_COMPANIES, letters_and_digits
from veernet_core.page.known.complete import LOGGED, Placed, place
from veernet_core.page.results import CurveFound, HeaderFound, PageReading, TrackFound, next_laps

BORDER_TOLERANCE_PX = 3.0
"""At 200 dpi."""
_SAME_SECTION = 0.8
_SAME_SCALE = 0.01
_SAME_TEXT = 0.9
_FIELDS = {"field": "field_name"}
HEADER_FIELDS = (
    "uwi", "name", "company", "field_name", "county", "state", "service_company", "date",
)  # fmt: skip
Outcome = Literal["registered", "review", "refused", "not_found"]


@dataclass(frozen=True, slots=True)
class TrueTrack:
    """Borders as ``[row, px]`` knots, and the curves' scales as stated (JSON objects)."""

    track_id: str
    left: F64
    right: F64
    curves: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class TrueSection:
    """A main or repeat section; ``anchors`` float64 [n, 2] (row, depth), empty where none were read."""

    section_id: str
    row_top: float
    row_bottom: float
    unit: DepthUnit
    anchors: F64
    tracks: tuple[TrueTrack, ...]


@dataclass(frozen=True, slots=True)
class PageTruth:
    """What is true of a page. Rows and columns are of the page as stored.

    ``must_refuse``: no curve log, or a log on which the depth cannot be known. ``ordinary``: a log whose
    depth should be registered; on others refusing is as right.
    """

    is_log: bool
    must_refuse: bool
    turn_deg: int
    dpi: tuple[float, float] | None
    sections: tuple[TrueSection, ...]
    header: Mapping[str, str] = field(default_factory=dict)
    not_scored: frozenset[str] = frozenset()
    ordinary: bool = True


@dataclass(frozen=True, slots=True)
class SectionScore:
    """One true section.

    Attributes
    ----------
    errors_ft : float64 [n]
        Depth error at each anchor; empty where no axis was given.
    tolerance_ft : float
        0.5 ft, or two pixels where that is coarser.
    border_px : float64 [m]
        Distance of the found border at every true knot, px at 200 dpi; inf where none was found.
    has_depth : bool
        Whether the truth knows depths of it.
    """

    section_id: str
    found: bool
    outcome: Outcome
    errors_ft: F64
    tolerance_ft: float
    border_px: F64
    has_depth: bool = True


@dataclass(frozen=True, slots=True)
class PageScore:
    """One page: kind, sections, header fields and scales.

    ``refused``: nothing on the page could be accepted: no log, or none with a depth. ``wrong`` lists
    what was stated with confidence and is not so, for people to look at.
    """

    is_log: bool
    must_refuse: bool
    kind_right: bool
    refused: bool
    sections: tuple[SectionScore, ...]
    extra_sections: int
    header_right: int
    header_stated: int
    header_true: int
    scales_right: int
    scales_stated: int
    scales_true: int
    wrong: tuple[str, ...] = ()
    ordinary: bool = True


# ---- truth ----------------------------------------------------------------------------------------


def truth_from_json(data: bytes) -> PageTruth:
    """A hand-read page (format: ``tests/data/pages/README.md``), or a sidecar of a drawn one."""
    raw = json.loads(data)
    sections = tuple(
        _true_section(s) for s in raw.get("sections") or () if s.get("kind", "main") in LOGGED
    )
    header = raw.get("header") or raw.get("well") or {}
    names = {_FIELDS.get(k, k): str(v) for k, v in header.items() if isinstance(v, str | int) and v}
    uncertain = {_FIELDS.get(k, k) for k in header.get("uncertain_fields") or ()}
    dpi = raw.get("dpi")
    is_log = raw.get("page", "curve_log") == "curve_log"
    return PageTruth(
        is_log=is_log,
        must_refuse=not is_log or bool(raw.get("must_refuse")),
        turn_deg=raw.get("turn_deg") or 0,
        dpi=None if dpi is None else (float(dpi[0]), float(dpi[1])),
        sections=sections,
        header={k: v for k, v in names.items() if k not in uncertain},
        not_scored=frozenset(uncertain),
        ordinary=is_log and bool(raw.get("ordinary", True)),
    )


def _true_section(raw: Mapping[str, Any]) -> TrueSection:
    depth = raw.get("depth") or {}
    return TrueSection(
        raw.get("section_id", "main"),
        float(raw["row_top"]),
        float(raw["row_bottom"]),
        depth.get("unit") or "ft",
        np.array(depth.get("anchors") or [], dtype=np.float64).reshape(-1, 2),
        tuple(_true_track(t) for t in raw.get("tracks") or () if t.get("left_px") is not None),
    )


def _true_track(raw: Mapping[str, Any]) -> TrueTrack:
    return TrueTrack(
        raw.get("track_id", ""),
        _knots(raw["left_px"]),
        _knots(raw["right_px"]),
        tuple(raw.get("curves") or ()),
    )


def _knots(value: Any) -> F64:
    return np.array(value if isinstance(value, list) else [[0.0, value]], dtype=np.float64)


# ---- scoring --------------------------------------------------------------------------------------


def score_page(
    truth: PageTruth, reading: PageReading, size_px: tuple[int, int], min_confidence: float = 0.9
) -> PageScore:
    """Compare a reading with the truth.

    Parameters
    ----------
    truth : PageTruth
    reading : PageReading
    size_px : (height, width)
        Of the page as stored.
    min_confidence : float
        From here on a value counts as stated.
    """
    turn = reading.layout.turn_deg
    upright_height = size_px[turn % 180 != 0]
    _, placed, _ = place(None, reading.layout, upright_height)
    truth = turned_truth(truth, turn, size_px)
    pairs = [(true, _find(true, placed)) for true in truth.sections]
    sections = tuple(_score_section(t, p, reading, min_confidence) for t, p in pairs)
    matched = {p.found.section_id for _, p in pairs if p is not None}
    wrong: list[str] = []
    if turn != truth.turn_deg:
        wrong.append(f"turn {turn} instead of {truth.turn_deg}")
    header = _score_header(truth, reading.header, min_confidence, wrong)
    scales = _score_scales(pairs, reading.curves, min_confidence, wrong)
    return PageScore(
        is_log=truth.is_log,
        must_refuse=truth.must_refuse,
        kind_right=(reading.layout.kind == "curve_log" and bool(placed)) == truth.is_log,
        refused=reading.layout.kind != "curve_log"
        or not any(_is_registered(p, reading, min_confidence) for p in placed),
        sections=sections,
        extra_sections=sum(p.found.section_id not in matched for p in placed),
        header_right=header[0],
        header_stated=header[1],
        header_true=header[2],
        scales_right=scales[0],
        scales_stated=scales[1],
        scales_true=scales[2],
        wrong=tuple(wrong),
        ordinary=truth.ordinary,
    )


def turned_truth(truth: PageTruth, turn_deg: int, size_px: tuple[int, int]) -> PageTruth:
    """The truth of a page of (height, width), on the page as ``turn_deg`` leaves it.

    Only a half turn moves it: the truth of a page on its side is told of the upright one.
    """
    if turn_deg != 180:
        return truth
    height, width = size_px

    def turn(knots: F64) -> F64:
        return np.array([height - 1, width - 1]) - knots[::-1]

    sections = []
    for s in truth.sections:
        anchors = s.anchors[::-1] * [-1, 1] + [height - 1, 0] if len(s.anchors) else s.anchors
        tracks = tuple(
            TrueTrack(t.track_id, turn(t.right), turn(t.left), t.curves) for t in s.tracks
        )
        top, bottom = height - s.row_bottom, height - s.row_top
        sections.append(TrueSection(s.section_id, top, bottom, s.unit, anchors, tracks))
    return replace(truth, sections=tuple(sections))


def _find(true: TrueSection, placed: tuple[Placed, ...]) -> Placed | None:
    """The found section that shares most rows with a true one; None below half of them."""

    def share(p: Placed) -> float:
        common = min(p.found.row_bottom, true.row_bottom) - max(p.found.row_top, true.row_top)
        return common / (true.row_bottom - true.row_top)

    best = max(placed, key=share, default=None)
    return best if best is not None and share(best) >= 0.5 else None


def _is_registered(placed: Placed, reading: PageReading, min_confidence: float) -> bool:
    depth = reading.depths.get(placed.found.section_id)
    return depth is not None and depth.axis is not None and depth.confidence >= min_confidence


def _score_section(
    true: TrueSection, placed: Placed | None, reading: PageReading, min_confidence: float
) -> SectionScore:
    across = reading.layout.dpi[1]
    if placed is None:
        count = sum(len(t.left) + len(t.right) for t in true.tracks)
        borders = np.full(count, np.inf)
        has_depth = len(true.anchors) > 0
        return SectionScore(
            true.section_id, False, "not_found", np.zeros(0), 0.5, borders, has_depth
        )
    rows = [true.row_top, true.row_bottom, placed.found.row_top, placed.found.row_bottom]
    common = min(rows[1], rows[3]) - max(rows[0], rows[2])
    union = max(rows[1], rows[3]) - min(rows[0], rows[2])
    depth = reading.depths.get(placed.found.section_id)
    axis = depth.axis if depth is not None else None
    errors, tolerance = np.zeros(0), 0.5
    if axis is not None and len(true.anchors):
        to_ft = FT_PER[true.unit]
        own_ft = FT_PER[axis.unit]
        errors = np.abs(axis.depth_at(true.anchors[:, 0]) * own_ft - true.anchors[:, 1] * to_ft)
        per_px = np.diff(true.anchors[:, 1]).sum() / np.diff(true.anchors[:, 0]).sum()
        tolerance = max(0.5, 2 * float(per_px) * to_ft)
    outcome: Outcome = "refused"
    if axis is not None:
        outcome = "registered" if _is_registered(placed, reading, min_confidence) else "review"
    borders = _border_errors(true, placed) * 200.0 / across
    return SectionScore(
        true.section_id,
        common / union >= _SAME_SECTION,
        outcome,
        errors,
        tolerance,
        borders,
        len(true.anchors) > 0,
    )


def _border_errors(true: TrueSection, placed: Placed) -> F64:
    """Distance, px, of the found borders at the true knots within the section."""
    errors = []
    for track in true.tracks:
        found = _same_track(track, placed)
        for knots, own in (
            (track.left, found.left_knots if found is not None else None),
            (track.right, found.right_knots if found is not None else None),
        ):
            rows = np.clip(knots[:, 0], true.row_top, true.row_bottom)
            want = np.interp(rows, *knots.T)
            got = np.interp(rows, *own.T) if own is not None else np.full(len(rows), np.inf)
            errors.append(np.abs(got - want))
    return np.concatenate(errors) if errors else np.zeros(0)


def _same_track(true: TrueTrack, placed: Placed) -> TrackFound | None:
    index = _track_index(true, placed)
    return None if index is None else placed.found.tracks[index]


def _track_index(true: TrueTrack, placed: Placed) -> int | None:
    """Index of the found track that covers a true one best, None below half."""
    row = (placed.found.row_top + placed.found.row_bottom) / 2
    left, right = (float(np.interp(row, *knots.T)) for knots in (true.left, true.right))

    def share(index: int) -> float:
        track = placed.found.tracks[index]
        a, b = (float(np.interp(row, *k.T)) for k in (track.left_knots, track.right_knots))
        return (min(b, right) - max(a, left)) / max(1.0, max(b, right) - min(a, left))

    best = max((t.index for t in placed.tracks), key=share, default=None)
    return best if best is not None and share(best) >= 0.5 else None


# ---- header and scales ----------------------------------------------------------------------------


def _score_header(
    truth: PageTruth, header: HeaderFound, min_confidence: float, wrong: list[str]
) -> tuple[int, int, int]:
    right = stated = 0
    for name in HEADER_FIELDS:
        value = header.fields.get(name)
        if value is None or value.confidence < min_confidence or name in truth.not_scored:
            continue
        stated += 1
        want = truth.header.get(name, "")
        if same_text(name, want, str(value.value)):
            right += 1
        else:
            wrong.append(f"{name}: {value.value!r} ({value.confidence:.2f}) instead of {want!r}")
    return right, stated, sum(name in truth.header for name in HEADER_FIELDS)


def same_text(name: str, want: str, got: str) -> bool:
    """Whether two header values say the same, apart from spelling of spaces, marks and a letter or two."""
    if name == "uwi":
        a, b = (re.sub(r"\D", "", text) for text in (want, got))
        return bool(a) and (a.startswith(b) or b.startswith(a)) and min(len(a), len(b)) >= 10
    if name == "state":
        return state_name(want) is not None and state_name(want) == state_name(got)
    if name == "date":
        return sorted(_numbers(want)) == sorted(_numbers(got)) or letters_and_digits(
            want
        ) == letters_and_digits(got)
    a, b = letters_and_digits(want), letters_and_digits(got)
    if not a or not b:
        return False
    if name == "service_company" and got in SERVICE_COMPANIES and a.startswith(b):
        return True  # the listed company's name, without WELL SURVEYING CORPORATION and the like
    digits = _numbers(want) == _numbers(got)
    return digits and difflib.SequenceMatcher(None, a, b, autojunk=False).ratio() >= _SAME_TEXT


_MONTHS = {m: i for i, m in enumerate(
    ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1)}  # fmt: skip


def _numbers(text: str) -> list[int]:
    """Numbers of a text; names of months count as theirs, years of two digits as 19xx."""
    named = re.sub("[A-Z]{3,}", lambda m: f" {_MONTHS.get(m[0][:3], '')} ", text.upper())
    return [int(n) - 1900 if 1900 <= int(n) < 2000 else int(n) for n in re.findall(r"\d+", named)]


def _score_scales(
    pairs: list[tuple[TrueSection, Placed | None]],
    curves: tuple[CurveFound, ...],
    min_confidence: float,
    wrong: list[str],
) -> tuple[int, int, int]:
    right = stated = true = 0
    for section, placed in pairs:
        for track in section.tracks:
            known = [
                c for c in track.curves if c.get("left") is not None and not c.get("uncertain")
            ]
            true += len(known)
            index = _track_index(track, placed) if placed is not None else None
            if placed is None or index is None:
                continue
            for curve in curves:
                here = (curve.section_id, curve.track_index) == (placed.found.section_id, index)
                if not here or _confidence(curve) < min_confidence:
                    continue
                for one in _laps(curve, track.curves):
                    stated += 1
                    if any(_same_scale(one, c) for c in track.curves):
                        right += 1
                    else:
                        wrong.append(f"{section.section_id}/{track.track_id}: {_scale_text(one)}")
    return right, stated, true


def _laps(curve: CurveFound, true: Sequence[Mapping[str, Any]]) -> list[CurveFound]:
    """The scales that one reading states: its own, its backups, and the next lap of a curve that wraps
    where the page prints that lap."""
    left, right = float(curve.left.value), float(curve.right.value)
    ends = [(left, right), *curve.backups]
    if curve.wrap != "none" and not curve.backups:
        ends += next_laps(left, right)
    laps = [
        replace(curve, left=replace(curve.left, value=a), right=replace(curve.right, value=b))
        for a, b in ends
    ]
    kept = 1 + len(curve.backups)
    return laps[:kept] + [lap for lap in laps[kept:] if any(_same_scale(lap, c) for c in true)]


def _confidence(curve: CurveFound) -> float:
    values = [curve.mnemonic, curve.left, curve.right]
    values += [] if curve.unit is None else [curve.unit]
    if any(v.source == "guess" for v in values):
        return 0.0
    return min(v.confidence for v in values)


def _same_scale(curve: CurveFound, true: Mapping[str, Any]) -> bool:
    """Same ends and kind of scale; a curve marked uncertain in the truth matches by its name."""
    if true.get("uncertain"):
        return letters_and_digits(str(curve.mnemonic.value)) == letters_and_digits(
            str(true.get("mnemonic", ""))
        )
    if true.get("left") is None or true.get("right") is None:
        return False
    ends = ((float(curve.left.value), true["left"]), (float(curve.right.value), true["right"]))
    close = all(math.isclose(a, b, rel_tol=_SAME_SCALE, abs_tol=1e-6) for a, b in ends)
    return close and curve.scale == true.get("scale", "linear")


def _scale_text(curve: CurveFound) -> str:
    unit = "" if curve.unit is None else curve.unit.value
    return (
        f"{curve.mnemonic.value} {curve.left.value}..{curve.right.value} {unit} {curve.scale}"
        f" ({_confidence(curve):.2f})"
    )
