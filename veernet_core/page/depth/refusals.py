"""What speaks against the depth axis of a section: too few labels, rivals, scatter, other columns, the index.

In: columns with what was fitted to them, and what is known of the depths before. Out: findings; none: the best
column is believed. Does not belong here: what only lowers its confidence (`axis`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from veernet_core.datatypes import F64, FT_PER, DepthUnit, Finding
from veernet_core.page.depth.chain import label_weight
from veernet_core.page.depth.column import ColumnFit
from veernet_core.page.depth.unit import is_customary
from veernet_core.page.results import ReadingSource, SectionFound

_MAX_ERROR_FT = 2.0
_OFFSET_SHARE = 0.15
_MANY, _MANY_LINELESS = 12, 20
_RIVAL_LABELS, _RIVAL_SHARE = 3, 0.3
_PHASE_SHARE = 0.25
_INDEX_SLACK, _INDEX_SLACK_SHARE = 200.0, 0.03


@dataclass(frozen=True, slots=True)
class DepthPrior:
    """What is known of a section's depths before it is read; None where nothing is.

    ``top`` and ``bottom``: the logged interval, in the log's own unit. A prior can cast doubt on an axis
    and settle its unit; it never makes an axis.
    """

    unit: DepthUnit | None = None
    top: float | None = None
    bottom: float | None = None
    source: ReadingSource = "index"


def refusals(fit: ColumnFit, section: SectionFound, dpi: float, prior: DepthPrior) -> list[Finding]:
    """Everything that speaks against believing a column."""
    plausible = {label.value for label in fit.labels if label_weight(label) > 0.3}
    if not plausible:
        return [
            depth_finding(
                "no_depth_labels", "No depth number could be read in the depth column.", section
            )
        ]
    if len(fit.chain.members) < 2:
        seen = ", ".join(f"{value:g}" for value in sorted(plausible)[:8])
        return [
            depth_finding(
                "too_few_depth_labels", f"No two depth numbers agree (read: {seen}).", section
            )
        ]
    if fit.chain.units_per_px < 0:
        values = [label.value for label in fit.members]
        message = f"{len(values)} depth numbers run upward, from {values[-1]:g} to {values[0]:g}."
        return [depth_finding("labels_run_upward", message, section)]
    checks = (_too_few(fit), _rival(fit), _scatter(fit), _lineless(fit, dpi), _outside(fit, prior))
    return [depth_finding(code, text, section, rows) for code, text, rows in filter(None, checks)]


def is_depth(fit: ColumnFit) -> bool:
    """Whether enough numbers of a column run downward for it to be one of depths, right or wrong: a pair of
    numbers in a column of signs is none, and the depths are still to be found.
    """
    return len(fit.chain.members) > 1 and fit.chain.units_per_px > 0 and _too_few(fit) is None


_Check = tuple[str, str, tuple[float, float] | None] | None


def _too_few(fit: ColumnFit) -> _Check:
    """The fewer labels agree, the closer they must follow each other.

    Four or more make an axis if a quarter of those between first and last were read, three if half were.
    Two never do: neighbours that are both misread alike still look like a scale. Numbers that are no
    multiples of 25 (any table holds some) need six, nearly all of them read, or twice as many and a quarter
    of them read, on printed lines; without lines more than any table holds at one rate.
    """
    members = fit.members
    count = len(members)
    density = (count - 1) * fit.step / (members[-1].value - members[0].value)
    if fit.step < 25:
        dense, many = count >= 6 and density >= 0.8, count >= _MANY and density >= 0.25
        enough = (dense or many) if fit.ruler is not None else dense and count >= _MANY_LINELESS
    else:
        enough = (count >= 4 and density >= 0.25) or (count == 3 and density >= 0.5)
    if enough:
        return None
    values = ", ".join(f"{label.value:g}" for label in members[:8])
    return "too_few_depth_labels", f"Only {count} depth numbers agree ({values}).", None


def _rival(fit: ColumnFit) -> _Check:
    """Another set of labels that agree among themselves but not with the best."""
    rivals = fit.rivals
    if len(rivals) < _RIVAL_LABELS or fit.rival.score < _RIVAL_SHARE * fit.chain.score:
        return None
    rows = rivals[0].row, rivals[-1].row
    own = fit.members[0].row, fit.members[-1].row
    span = f"{rivals[0].value:g} to {rivals[-1].value:g}"
    if rows[0] > own[1] or rows[1] < own[0]:
        return "depth_restarts", f"{len(rivals)} depth numbers form a second run, {span}.", rows
    return "labels_contradict", f"{len(rivals)} depth numbers contradict the rest: {span}.", rows


def _scatter(fit: ColumnFit) -> _Check:
    """Labels too far from where the axis puts them."""
    allowed = (
        _max_error(fit)
        if fit.ruler is None
        else max(_max_error(fit), _PHASE_SHARE * fit.ruler.step)
    )
    if fit.label_residual <= allowed:
        return None
    message = f"Depth numbers scatter by {fit.label_residual:.1f} {fit.unit} around the axis."
    return "labels_scatter", message, None


def _lineless(fit: ColumnFit, dpi: float) -> _Check:
    """Without printed lines a label's own row is uncertain by a share of its length."""
    if fit.ruler is not None:
        return None
    if not is_customary(fit.chain.units_per_px * dpi, fit.unit):
        scale = fit.chain.units_per_px * dpi
        message = (
            f"No printed depth lines bear out {scale:.1f} {fit.unit} per inch, no customary scale."
        )
        return "depth_lines_missing", message, None
    length = float(np.median([label.length_px for label in fit.members]))
    doubt = _OFFSET_SHARE * length * fit.chain.units_per_px
    if doubt <= _max_error(fit) / 2:
        return None
    message = f"No printed depth lines; numbers alone leave {doubt:.1f} {fit.unit} of doubt."
    return "depth_lines_missing", message, None


def _outside(fit: ColumnFit, prior: DepthPrior) -> _Check:
    """Labels outside the logged interval of the index."""
    top, bottom = fit.members[0].value, fit.members[-1].value
    reference = prior.bottom if prior.bottom is not None else bottom
    slack = _INDEX_SLACK + _INDEX_SLACK_SHARE * reference
    low = prior.top is not None and bottom < prior.top - slack
    high = prior.bottom is not None and bottom > prior.bottom + slack
    if not (low or high):
        return None
    stated = " to ".join(
        "?" if depth is None else f"{depth:g}" for depth in (prior.top, prior.bottom)
    )
    return (
        "depth_outside_index",
        f"Labels run from {top:g} to {bottom:g}; the index says {stated}.",
        None,
    )


def disagreement(
    fits: Sequence[ColumnFit], best: ColumnFit, section: SectionFound
) -> list[Finding]:
    """Other columns that give other depths."""
    for other in fits:
        if other is best or other.anchors is None or best.anchors is None or len(other.members) < 3:
            continue
        rows = best.anchors[:, 0]
        rows = rows[(rows >= other.anchors[0, 0]) & (rows <= other.anchors[-1, 0])]
        if not len(rows):
            continue
        own = np.interp(rows, best.anchors[:, 0], best.anchors[:, 1])
        others = np.interp(rows, other.anchors[:, 0], other.anchors[:, 1])
        if float(np.abs(own - others).max()) > _max_error(best) / 2:
            return [_columns_finding(best, other, own, others, section)]
    return []


def _columns_finding(
    best: ColumnFit, other: ColumnFit, own: F64, others: F64, section: SectionFound
) -> Finding:
    ratio = abs(best.chain.units_per_px / other.chain.units_per_px)
    mixed = min(abs(ratio * FT_PER["m"] - 1), abs(ratio / FT_PER["m"] - 1)) < 0.02
    code = "mixed_units" if mixed else "depth_columns_disagree"
    message = f"Two depth columns state {own[0]:.1f} and {others[0]:.1f} for the same row."
    return depth_finding(code, message, section)


def _max_error(fit: ColumnFit) -> float:
    """The largest error an axis may have, in its unit."""
    return _MAX_ERROR_FT / FT_PER[fit.unit]


def depth_finding(
    code: str, message: str, section: SectionFound, rows: tuple[float, float] | None = None
) -> Finding:
    """A finding about the depths of a section, at some rows of it or all."""
    first, last = rows or (section.row_top, section.row_bottom)
    span = (round(first), round(last))
    return Finding.of(code, message, rows=span, section_id=section.section_id)
