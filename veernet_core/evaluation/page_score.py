"""How well a page was read, against what is true of it.

In: a `PageTruth` and a `PageReading`. Out: `PageScore`: plain counts and errors that can be added up over
pages, and a `ScaleScore` for every printed scale.
Does not belong here: running readers, traces, files, tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from veernet_core.datatypes import F64, FT_PER, Bool
from veernet_core.evaluation.header_score import score_header
from veernet_core.evaluation.page_match import (
    border_distances,
    common_rows,
    down_to,
    find_section,
    find_track,
    found_borders,
    turned_truth,
)
from veernet_core.evaluation.page_truth import PageTruth, TrueSection
from veernet_core.evaluation.scale_score import ScaleScore, score_scales
from veernet_core.page.known.place import Placed, place
from veernet_core.page.known.unnamed import unread_curves
from veernet_core.page.results import CurveFound, PageReading, Reading

BORDER_TOLERANCE_PX = 3.0
"""At 200 dpi."""
_SAME_SECTION = 0.8
_MEASURED_PX = 2.0
"""How well an anchor is known; smaller errors are no slips."""
Outcome = Literal["registered", "review", "refused", "not_found"]


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
    in_column : bool [m]
        Whether that knot is of a column of text or pictures, which is no track to be found.
    has_depth : bool
        Whether the truth knows depths of it.
    slipped : bool
        Whether the depth is off at an anchor by half the space between two printed lines, or more.
    """

    section_id: str
    found: bool
    outcome: Outcome
    errors_ft: F64
    tolerance_ft: float
    border_px: F64
    in_column: Bool
    has_depth: bool = True
    slipped: bool = False


@dataclass(frozen=True, slots=True)
class PageScore:
    """One page: kind, sections, header fields and scales.

    ``refused``: nothing on the page could be accepted: no log, or none with a depth. ``scales`` by section,
    track and place among the track's curves. ``wrong`` lists what was stated with confidence and is not
    so, for people to look at; ``wrong_scales`` those among it.
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
    wrong: tuple[str, ...] = ()
    wrong_scales: tuple[str, ...] = ()
    ordinary: bool = True
    scales: Mapping[tuple[str, str, int], ScaleScore] = field(default_factory=dict)


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
    _, everything, _ = place(None, reading.layout, upright_height)
    turned = turned_truth(truth, turn, size_px)
    placed = down_to(everything, truth.seen_to)
    pairs = [(true, find_section(true, placed)) for true in turned.sections]
    matched = {p.found.section_id for _, p in pairs if p is not None}
    wrong: list[str] = []
    if turn != truth.turn_deg:
        wrong.append(f"turn {turn} instead of {truth.turn_deg}")
    header = score_header(truth, reading.header, min_confidence, wrong)
    read = (*reading.curves, *_named_pens(reading))
    scales, wrong_scales = score_scales(turned.sections, placed, read, min_confidence)
    return PageScore(
        is_log=truth.is_log,
        must_refuse=truth.must_refuse,
        kind_right=(reading.layout.kind == "curve_log" and bool(everything)) == truth.is_log,
        refused=reading.layout.kind != "curve_log"
        or not any(_is_registered(p, reading, min_confidence) for p in everything),
        sections=tuple(_score_section(t, p, reading, min_confidence) for t, p in pairs),
        extra_sections=sum(p.found.section_id not in matched for p in placed),
        header_right=header[0],
        header_stated=header[1],
        header_true=header[2],
        wrong=(*wrong, *wrong_scales),
        wrong_scales=tuple(wrong_scales),
        ordinary=truth.ordinary,
        scales=scales,
    )


def _named_pens(reading: PageReading) -> list[CurveFound]:
    """Pens without a scale that the legend names, as readings without ends."""
    none = Reading(float("nan"), "guess", 0.0)
    found = []
    for section in reading.layout.sections:
        for index in range(len(section.tracks)):
            for spec in unread_curves(reading, section, index):
                if spec.printed:
                    name = Reading(spec.mnemonic, "guess", 0.0)
                    found.append(
                        CurveFound(
                            section.section_id,
                            index,
                            name,
                            None,
                            none,
                            none,
                            "linear",
                            None,
                            spec.colour,
                            printed=spec.printed,
                        )
                    )
    return found


def _is_registered(placed: Placed, reading: PageReading, min_confidence: float) -> bool:
    depth = reading.depths.get(placed.found.section_id)
    return depth is not None and depth.axis is not None and depth.confidence >= min_confidence


def _score_section(
    true: TrueSection, placed: Placed | None, reading: PageReading, min_confidence: float
) -> SectionScore:
    has_depth = len(true.anchors) > 0
    in_column = np.repeat(
        np.array([t.is_column for t in true.tracks], np.bool_),
        [len(t.left) + len(t.right) for t in true.tracks],
    )
    if placed is None:
        borders = np.full(len(in_column), np.inf)
        return SectionScore(
            true.section_id, False, "not_found", np.zeros(0), 0.5, borders, in_column, has_depth
        )
    rows, found = (true.row_top, true.row_bottom), (placed.found.row_top, placed.found.row_bottom)
    union = max(rows[1], found[1]) - min(rows[0], found[0])
    depth = reading.depths.get(placed.found.section_id)
    axis = depth.axis if depth is not None else None
    errors, tolerance, slipped = np.zeros(0), 0.5, False
    if axis is not None and has_depth:
        to_ft = FT_PER[true.unit]
        own_ft = FT_PER[axis.unit]
        errors = np.abs(axis.depth_at(true.anchors[:, 0]) * own_ft - true.anchors[:, 1] * to_ft)
        per_px = _ft_per_px(true)
        tolerance = max(0.5, 2 * per_px)
        slipped = _has_slipped(errors, placed.found.depth_lines, per_px)
    outcome: Outcome = "refused"
    if axis is not None:
        outcome = "registered" if _is_registered(placed, reading, min_confidence) else "review"
    return SectionScore(
        true.section_id,
        common_rows(rows, found) / union >= _SAME_SECTION,
        outcome,
        errors,
        tolerance,
        _border_errors(true, placed) * 200.0 / reading.layout.dpi.across,
        in_column,
        has_depth,
        slipped,
    )


def _ft_per_px(true: TrueSection) -> float:
    rise = np.diff(true.anchors, axis=0).sum(axis=0)
    return float(rise[1] / rise[0]) * FT_PER[true.unit]


def _has_slipped(errors_ft: F64, lines: F64, ft_per_px: float) -> bool:
    """Whether an error is half the median space between the printed lines or more."""
    if len(lines) < 3 or not len(errors_ft):
        return False
    space = float(np.median(np.diff(np.sort(lines[:, 0])))) * ft_per_px
    return bool(errors_ft.max() >= max(0.5 * space, _MEASURED_PX * ft_per_px))


def _border_errors(true: TrueSection, placed: Placed) -> F64:
    """Distance, px, of the found borders at the true knots within the section."""
    rows = (placed.found.row_top, placed.found.row_bottom)
    _, borders = found_borders(placed)
    errors = [np.zeros(0)]
    for track in true.tracks:
        at = find_track(rows, borders, track)
        errors.append(border_distances(true, track, None if at is None else borders[at]))
    return np.concatenate(errors)


def outcomes(sections: Sequence[SectionScore], outcome: Outcome) -> int:
    """How many sections came out so."""
    return sum(s.outcome == outcome for s in sections)
