"""The depth axis of a section: printed numbers say which line is which, printed lines say where.

In: a raster, a section of its layout, an OCR engine, what an index gives. Out: `DepthFound`: an axis with
residual, unit and confidence, or none and the reasons. Nothing is guessed: one label, labels that
contradict each other, two columns that disagree, labels that run upward are refused.
Does not belong here: reading numbers (`depth_labels`), choosing them (`depth_chain`), measuring lines
(`ruler`), putting them together (`depth_column`), finding sections and columns (`layout`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from veernet_core.datatypes import F64, DepthAxis, DepthUnit, Dpi, Finding, Raster
from veernet_core.page.depth.chain import label_weight
from veernet_core.page.depth.column import (
    ColumnFit,
    fit_column,
    numbers_cut_short,
)
from veernet_core.page.depth.refusals import (
    DepthPrior,
    depth_finding,
    disagreement,
    is_depth,
    refusals,
)
from veernet_core.page.depth.search import lines_beside, narrow_places, search_columns
from veernet_core.page.depth.unit import is_customary
from veernet_core.page.ocr.text import TextReader
from veernet_core.page.results import (
    PAGE_WIDTH_IN,
    DepthFound,
    DepthLabel,
    PageLayout,
    SectionFound,
    TrackFound,
)

_SUPPORT = {3: 0.85, 4: 0.93}
_FULL_SUPPORT = 0.98
_CUT_SHARE = 0.15
_CLEAR_LEAD = 1.0
"""Lead of a ruler (`Ruler.lead`) from which its lines are those of the labels wherever these stand: on 33 pages
known by eye it lay between 0.38 and 1.8 where the axis was right, and none was wrong.
"""
_GAP_STEPS, _GAP = 1.5, 100.0


def find_depth(
    raster: Raster,
    section: SectionFound,
    layout: PageLayout,
    reader: TextReader,
    prior: DepthPrior | None = None,
    printed: DepthUnit | None = None,
) -> DepthFound:
    """Find the depth axis of a section, or say why there is none.

    Parameters
    ----------
    raster : Raster
    section : SectionFound
        Its depth columns are read; where they hold no depths, columns of round numbers are looked for.
    layout : PageLayout
        For the resolution.
    reader : TextReader
    prior : DepthPrior, optional
    printed : 'ft', 'm' or None
        What print elsewhere on the page speaks of; a heading over the depth column is believed before it.

    Returns
    -------
    DepthFound
        ``axis`` None: refused; a finding of severity error says why. Anchors lie where depth lines meet
        the centre of the depth column.
    """
    prior = prior or DepthPrior()
    dpi = _resolution(raster, layout)
    known = (prior.unit, prior.source) if prior.unit is not None else None
    columns = [track for track in section.tracks if track.kind == "depth"]

    def fit(column: TrackFound, borders: Sequence[F64 | None]) -> ColumnFit:
        return fit_column(raster, section, column, reader, dpi, known, borders or (None,), printed)

    fits = [fit(column, [None, *lines_beside(section, column)]) for column in columns]
    if not any(is_depth(found) for found in fits):
        strips = search_columns(raster, section, reader, dpi)
        fits += [fit(column, lines_beside(section, column)) for column in strips]
    if not any(is_depth(found) for found in fits):
        places = narrow_places(section, dpi.across, raster.width_px)
        narrow = [fit(column, lines_beside(section, column)) for column in places]
        fits += [found for found in narrow if len(found.chain.members) > 1]
    return judge_columns(fits, section, dpi.down, prior)


def judge_columns(
    fits: Sequence[ColumnFit], section: SectionFound, dpi: float, prior: DepthPrior
) -> DepthFound:
    """Decide between the columns of a section and whether the best of them is to be believed."""
    if not fits:
        return _refused(
            None, [depth_finding("no_depth_column", "No depth column was found.", section)]
        )
    best = max(fits, key=lambda fit: fit.chain.score)
    problems = [*disagreement(fits, best, section), *refusals(best, section, dpi, prior)]
    if problems:
        return _refused(best, problems)
    return _accepted(best, section, dpi)


def _accepted(fit: ColumnFit, section: SectionFound, dpi: float) -> DepthFound:
    assert fit.anchors is not None
    doubts = _doubts(fit, section, dpi)
    confidence = _SUPPORT.get(len(fit.members), _FULL_SUPPORT)
    for _, _, factor in doubts:
        confidence *= factor
    scale = fit.chain.units_per_px
    axis = DepthAxis(fit.unit, fit.anchors, fit.residual_px * scale, source="header")
    return DepthFound(
        axis=axis,
        unit=fit.unit,
        unit_source=fit.unit_source,
        labels=_labels(fit),
        residual=fit.residual_px * scale,
        residual_px=fit.residual_px,
        confidence=confidence,
        findings=tuple(depth_finding(code, text, section) for code, text, _ in doubts),
        is_cut_off=_is_short(fit.anchors, section, fit.step),
    )


def _doubts(fit: ColumnFit, section: SectionFound, dpi: float) -> list[tuple[str, str, float]]:
    """What leaves an axis standing but lowers its confidence: (code, message, factor)."""
    doubts = []
    if fit.unit_source == "guess":
        doubts.append(("unit_guess", f"Nothing tells feet from metres; {fit.unit} assumed.", 0.6))
    if not is_customary(fit.chain.units_per_px * dpi, fit.unit):
        scale = fit.chain.units_per_px * dpi
        message = f"{scale:.1f} {fit.unit} per inch is not a customary depth scale."
        doubts.append(("unusual_depth_scale", message, 0.85))
    if fit.ruler is None:
        doubts.append(
            ("depth_lines_unseen", "No printed depth lines; the axis rests on the numbers.", 0.7)
        )
    elif _is_far(fit):
        message = f"Numbers stand {fit.ruler.offset_px:.0f} px from the lines taken for theirs."
        doubts.append(("depth_offset_large", message, 0.7))
    cut_short = numbers_cut_short(fit)
    if cut_short:
        read = ", ".join(f"{label.value:g}" for label in cut_short[:4])
        share = len(fit.members) / (len(fit.members) + len(cut_short))
        message = f"{read} stand where the other numbers have one more digit before."
        doubts.append(("depth_digit_doubtful", message, share))
    assert fit.anchors is not None
    gap = float(np.diff(fit.anchors[:, 1]).max())
    if gap > max(_GAP_STEPS * fit.step, _GAP):
        message = f"For {gap:.0f} {fit.unit} between two lines nothing says how the paper runs."
        doubts.append(("depth_gap", message, 0.85))
    beyond = _beyond(fit, section)
    if _is_short(fit.anchors, section, fit.step):
        message = f"{beyond:.0f} {fit.unit} beyond the last evidence of depth are left out."
        doubts.append(("depth_cut_off", message, 1.0))
    elif beyond > fit.step:
        message = f"{beyond:.0f} {fit.unit} of the section lie beyond the last evidence."
        doubts.append(("depth_extrapolated", message, 0.9 if beyond < 3 * fit.step else 0.6))
    return doubts


def _is_short(anchors: F64, section: SectionFound, step: float) -> bool:
    """Whether an axis ends before its section does, by more than a label's step but little of the whole:
    a tail of calibration, or a lead-in, that the film carried on the same grid.
    """
    rows = np.array([anchors[0, 0] - section.row_top, section.row_bottom - anchors[-1, 0]])
    per_px = (anchors[-1, 1] - anchors[0, 1]) / (anchors[-1, 0] - anchors[0, 0])
    share = rows.max() / (section.row_bottom - section.row_top)
    return bool(rows.max() * per_px > step and share <= _CUT_SHARE)


def cut_to_depth(section: SectionFound, found: DepthFound) -> SectionFound:
    """The section without the ends that its depth axis does not reach, where it is cut off."""
    if found.axis is None or not found.is_cut_off:
        return section
    rows = found.axis.anchors[:, 0]
    line = float(np.median(np.diff(rows)))
    top = max(section.row_top, float(rows[0]) - line)
    bottom = min(section.row_bottom, float(rows[-1]) + line)
    return replace(section, row_top=top, row_bottom=bottom)


def _is_far(fit: ColumnFit) -> bool:
    """Whether labels stand so far from their lines that the next line might be meant, and nothing in the
    lines themselves rules that out.
    """
    assert fit.ruler is not None
    length = float(np.median([label.length_px for label in fit.members]))
    return abs(fit.ruler.offset_px) > max(0.3 * length, 4.0) and fit.ruler.lead < _CLEAR_LEAD


def _beyond(fit: ColumnFit, section: SectionFound) -> float:
    """Depth units of the section above the first or below the last anchor, whichever is more."""
    assert fit.anchors is not None
    above = fit.anchors[0, 0] - section.row_top
    below = section.row_bottom - fit.anchors[-1, 0]
    return float(max(above, below) * fit.chain.units_per_px)


def _labels(fit: ColumnFit) -> tuple[DepthLabel, ...]:
    """Every plausible number, moved from its centre to the line it names."""
    offset = fit.ruler.offset_px if fit.ruler is not None else 0.0
    used = set(fit.chain.members) if fit.anchors is not None else set()
    return tuple(
        DepthLabel(label.row - offset, label.value, label.confidence, n in used)
        for n, label in enumerate(fit.labels)
        if n in used or label_weight(label) > 0.3
    )


def _refused(fit: ColumnFit | None, findings: Sequence[Finding]) -> DepthFound:
    labels: tuple[DepthLabel, ...] = ()
    suggested = None
    if fit is not None:
        likely = [label for label in fit.labels if label_weight(label) > 0.3]
        labels = tuple(DepthLabel(one.row, one.value, one.confidence, False) for one in likely)
        if fit.anchors is not None and len(fit.anchors) > 1:
            residual = fit.residual_px * fit.chain.units_per_px
            suggested = DepthAxis(fit.unit, fit.anchors, residual, source="guess")
    nan, told = float("nan"), tuple(findings)
    return DepthFound(None, None, None, labels, nan, nan, 0.0, told, suggested=suggested)


def _resolution(raster: Raster, layout: PageLayout) -> Dpi:
    """Measured resolution; an 8.5 in wide page where there is none."""
    usual = raster.width_px / PAGE_WIDTH_IN
    down, across = (value if np.isfinite(value) and value > 0 else usual for value in layout.dpi)
    return Dpi(down, across)
