"""One depth column, from its pixels to knots of a depth axis.

In: a raster, the column, an OCR engine. Out: `ColumnFit`: the numbers read, the chain of them that agrees,
rival chains, the unit, the printed lines as a ruler, knots. Nothing is decided here.
Does not belong here: whether the fit is to be believed (`depth`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet_core.datatypes import F64, DepthUnit, Dpi, Raster, px_at
from veernet_core.page.depth.chain import NO_CHAIN, Chain, best_chain, label_weight
from veernet_core.page.depth.labels import (
    LabelRead,
    merge_labels,
    read_at,
    read_labels,
)
from veernet_core.page.depth.profile import LineProfile, line_profile
from veernet_core.page.depth.ruler import Labels, Ruler, fit_ruler, steady
from veernet_core.page.depth.unit import FT_PER_IN, M_PER_IN, heading_unit, unit_by_scales
from veernet_core.page.depth.walk import beyond, extend_ruler
from veernet_core.page.ocr.text import TextReader
from veernet_core.page.results import ReadingSource, SectionFound, TrackFound

_UNITS_PER_IN = (3.0, 140.0)
_JITTER_IN = 0.06
_MARGIN_IN = 0.1
"""A section often begins and ends on a line, which is then wanted whole."""
_STEPS: dict[DepthUnit, tuple[tuple[float, float], ...]] = {
    "ft": ((10.0, 50.0), (50.0, 100.0), (20.0, 100.0), (100.0, 500.0)),
    "m": ((5.0, 25.0), (10.0, 50.0), (25.0, 50.0), (50.0, 100.0)),
}
_LIKELY = 0.5
SECOND_ZOOM = 0.67
_INFILL_ROUNDS = 8
_FULL_SHARE = 0.75
_END_LABELS = 6


@dataclass(frozen=True, slots=True)
class ColumnFit:
    """What one depth column says.

    Attributes
    ----------
    labels : tuple of LabelRead
        Everything read, right or wrong.
    chain : Chain
        Those that agree; empty where no two do.
    rival : Chain
        The best chain among the labels that ``chain`` neither uses nor explains as misread.
    unit, unit_source
        Source ``guess`` where nothing on the page tells feet from metres.
    ruler : Ruler or None
        Printed depth lines, where they bear the labels out.
    anchors : float64 [n, 2]
        (row, depth) knots, increasing; empty for an upward or empty chain.
    residual_px : float
        Robust scatter of the evidence (lines, or labels without lines) around the knots.
    label_residual : float
        Robust scatter of the labels around the knots, in depth units.
    """

    labels: tuple[LabelRead, ...]
    chain: Chain = NO_CHAIN
    rival: Chain = NO_CHAIN
    unit: DepthUnit = "ft"
    unit_source: ReadingSource = "guess"
    ruler: Ruler | None = None
    anchors: F64 | None = None
    residual_px: float = float("nan")
    label_residual: float = float("nan")

    @property
    def members(self) -> list[LabelRead]:
        """Labels of the chain, from top to bottom."""
        return [self.labels[n] for n in self.chain.members]

    @property
    def rivals(self) -> list[LabelRead]:
        """Labels of the rival chain."""
        return [self.labels[n] for n in self.rival.members]

    @property
    def step(self) -> float:
        """Usual difference of neighbouring labels of the chain, in depth units."""
        return usual_step(self.members)


def usual_step(members: Sequence[LabelRead]) -> float:
    """Customary spacing of labels that nearly all labels are multiples of; 0 for fewer than two."""
    if len(members) < 2:
        return 0.0
    for step in (100.0, 50.0, 25.0, 20.0):
        if sum(label.value % step == 0 for label in members) >= 0.8 * len(members):
            return step
    return 10.0


def fit_column(
    raster: Raster,
    section: SectionFound,
    column: TrackFound,
    reader: TextReader,
    dpi: Dpi,
    known_unit: tuple[DepthUnit, ReadingSource] | None,
    references: Sequence[F64 | None] = (None,),
    printed: DepthUnit | None = None,
) -> ColumnFit:
    """Read a depth column and fit knots of a depth axis to it.

    Parameters
    ----------
    raster : Raster
    section : SectionFound
        For its rows, and its depth lines where the column's own surroundings show none.
    column : TrackFound
    reader : TextReader
    dpi : Dpi
    known_unit : (unit, source) or None
        From an index or a sidecar.
    references : sequence of float64 [n, 2] or None
        Borders ``[row, px]`` where lines are looked for, till some are seen; None is the column's centre.
    printed : 'ft', 'm' or None
        What print elsewhere on the page speaks of.
    """
    rows = (section.row_top, section.row_bottom)
    labels = read_labels(raster, column, rows, reader, dpi)
    chain, rival = _chains(labels, dpi.down)
    if _is_thin(labels, chain, rows):
        again = read_labels(raster, column, rows, reader, dpi, zoom=SECOND_ZOOM)
        labels = sorted(merge_labels(labels, again), key=lambda label: label.row)
        chain, rival = _chains(labels, dpi.down)
    for _ in range(_INFILL_ROUNDS):
        before = chain
        if chain.units_per_px > 0:
            labels = _infill(raster, column, rows, labels, chain, reader)
            chain, rival = _chains(labels, dpi.down)
        if len(chain.members) <= len(before.members):
            break
    fit = ColumnFit(tuple(labels), chain, rival)
    if len(chain.members) < 2:
        return fit
    heading = known_unit or heading_unit(raster, section, column, reader, dpi)
    if heading is None and printed is not None:
        heading = printed, "header"
    unit, source = heading or unit_by_scales(abs(chain.units_per_px), dpi, fit.step)
    fit = replace(fit, unit=unit, unit_source=source)
    if chain.units_per_px < 0:
        return fit
    margin = _MARGIN_IN * dpi.down
    around = rows[0] - margin, rows[1] + margin
    for reference in references:
        found = _with_axis(
            fit, line_profile(raster, column, around, dpi, reference), rows, dpi.down
        )
        if found.ruler is not None:
            break
    return found


# ---- chains ------------------------------------------------------------------------------------


def _chains(labels: Sequence[LabelRead], dpi: float) -> tuple[Chain, Chain]:
    """The best chain and its rival among labels that it does not explain."""
    bounds = (_UNITS_PER_IN[0] / dpi, _UNITS_PER_IN[1] / dpi)
    likely = [s / dpi for s in FT_PER_IN + M_PER_IN]

    def fit(among: Sequence[int]) -> Chain:
        chain = best_chain([labels[n] for n in among], bounds, _JITTER_IN * dpi, likely)
        return replace(chain, members=tuple(among[n] for n in chain.members))

    chain = fit(range(len(labels)))
    if not chain.members:
        return chain, chain
    rest = [n for n in range(len(labels)) if n not in chain.members]
    other = fit(rest)
    if len(other.members) >= 2 and _drops_digits(labels, chain, other):
        chain, rest = other, [n for n in range(len(labels)) if n not in other.members]
    rival = fit([n for n in rest if not _explains(labels, chain, labels[n])])
    return chain, rival


def _is_thin(labels: Sequence[LabelRead], chain: Chain, rows: tuple[float, float]) -> bool:
    """Whether fewer labels agree than the length of the section lets expect."""
    step = usual_step([labels[n] for n in chain.members])
    if not step:
        return True
    expected = (rows[1] - rows[0]) * abs(chain.units_per_px) / step
    return len(chain.members) < max(5.0, _FULL_SHARE * expected)


def _infill(
    raster: Raster,
    column: TrackFound,
    rows: tuple[float, float],
    labels: list[LabelRead],
    chain: Chain,
    reader: TextReader,
) -> list[LabelRead]:
    """Read again where the chain expects labels that were not found, not knowing what should be there."""
    members = [labels[n] for n in chain.members]
    step = usual_step(members)
    expected = np.arange(members[0].value - 3 * step, members[-1].value + 3.5 * step, step)
    expected = expected[expected > 0]
    places = row_of(members)(expected)
    known = np.array([label.row for label in members])
    like = _typical(members)
    far = np.abs(places[:, None] - known[None, :]).min(axis=1) > like.length_px
    places = places[far & (places > rows[0] - like.length_px) & (places < rows[1] + like.length_px)]
    side = np.median([label.col - px_at(column.left_knots, label.row) for label in members])
    wanted = [(float(row), px_at(column.left_knots, row) + float(side)) for row in places]
    again = read_at(raster, wanted, like, reader)
    return sorted(merge_labels(labels, again), key=lambda label: label.row)


def _typical(members: Sequence[LabelRead]) -> LabelRead:
    """A label of median size."""
    return replace(
        members[len(members) // 2],
        length_px=float(np.median([label.length_px for label in members])),
        width_px=float(np.median([label.width_px for label in members])),
    )


def row_of(members: Sequence[LabelRead]) -> Callable[[F64], F64]:
    """Rough axis through labels: depths to rows; beyond the ends with the slope of the last few."""
    values = np.array([label.value for label in members])
    rows = np.array([label.row for label in members])
    few = min(4, len(values) - 1)
    top = (rows[few] - rows[0]) / (values[few] - values[0])
    bottom = (rows[-1] - rows[-1 - few]) / (values[-1] - values[-1 - few])

    def row_at(depths: F64) -> F64:
        inner = np.interp(depths, values, rows)
        above, below = np.minimum(depths - values[0], 0), np.maximum(depths - values[-1], 0)
        result: F64 = inner + above * top + below * bottom
        return result

    return row_at


def _expected(labels: Sequence[LabelRead], chain: Chain, row: float) -> float:
    """Depth that a downward chain gives to a row."""
    members = [labels[n] for n in chain.members]
    values = np.array([label.value for label in members])
    rows = np.array([label.row for label in members])
    inside = float(np.interp(row, rows, values))
    beyond: float = min(row - rows[0], 0) + max(row - rows[-1], 0)
    return inside + chain.units_per_px * beyond


def _explains(labels: Sequence[LabelRead], chain: Chain, label: LabelRead) -> bool:
    """Whether a label is what the chain expects there with digits dropped, the commonest misreading."""
    step = usual_step([labels[n] for n in chain.members])
    if step == 0:
        return False
    expected = round(_expected(labels, chain, label.row) / step) * step
    return f"{label.value:.0f}" in f"{expected:.0f}"


def numbers_cut_short(fit: ColumnFit) -> list[LabelRead]:
    """Likely numbers that are the expected ones without the first digit, where all numbers that agree begin
    with a 1: one was lost in these, or a rule beside the others was read as one.
    """
    if fit.step == 0 or any(f"{label.value:.0f}"[0] != "1" for label in fit.members):
        return []
    out = []
    for n, label in enumerate(fit.labels):
        expected = round(_expected(fit.labels, fit.chain, label.row) / fit.step) * fit.step
        is_cut = f"{expected:.0f}"[1:] == f"{label.value:.0f}"
        if n not in fit.chain.members and is_cut and label_weight(label) > _LIKELY:
            out.append(label)
    return out


def _drops_digits(labels: Sequence[LabelRead], chain: Chain, other: Chain) -> bool:
    """Whether ``chain`` is ``other`` with its leading digit lost, the commonest fault of readings."""
    if (
        other.units_per_px * chain.units_per_px <= 0
        or abs(other.units_per_px / chain.units_per_px - 1) > 0.03
    ):
        return False
    label = labels[chain.members[len(chain.members) // 2]]
    longer = round(_expected(labels, other, label.row) / 25) * 25
    return f"{longer:.0f}".endswith(f"{label.value:.0f}") and longer != label.value


# ---- axis --------------------------------------------------------------------------------------


def _with_axis(
    fit: ColumnFit, profile: LineProfile, rows: tuple[float, float], dpi: float
) -> ColumnFit:
    """Knots of the axis: printed lines where they can be seen, else the labels themselves."""
    members = fit.members
    row_at = row_of(_well_placed(members))
    reach = (members[0].value - fit.step, members[-1].value + fit.step)
    ruler = fit_ruler(profile, row_at, reach, _STEPS[fit.unit], _placed(members), dpi)
    if ruler is not None:
        ruler = extend_ruler(profile, ruler, rows, dpi)
        ruler = _finer_ends(fit, profile, ruler, rows, dpi)
        knots = np.stack([ruler.rows, ruler.depths], axis=1)[ruler.seen]
        inside = (knots[:, 0] >= rows[0] - 1) & (knots[:, 0] <= rows[1] + 1)
        knots, offset = knots[inside], ruler.offset_px
        residual = _bend_scatter(knots)
    else:
        ruler, offset = None, 0.0
        knots = np.array([(label.row, label.value) for label in members])
        residual = _bend_scatter(knots)
    off = np.array(
        [label.row - offset - np.interp(label.value, knots[:, 1], knots[:, 0]) for label in members]
    )
    scatter = 1.4826 * float(np.median(np.abs(off - np.median(off)))) * fit.chain.units_per_px
    return replace(fit, ruler=ruler, anchors=knots, residual_px=residual, label_residual=scatter)


def _finer_ends(
    fit: ColumnFit,
    profile: LineProfile,
    ruler: Ruler,
    rows: tuple[float, float],
    dpi: float,
) -> Ruler:
    """The ruler, gone on with by finer lines where they show at an end of a copy that has lost them elsewhere:
    coarse lines alone cannot be counted far beyond the last number.
    """
    steps = tuple(step for step in _STEPS[fit.unit] if step[0] < ruler.step)
    for members in (fit.members[:_END_LABELS], fit.members[-_END_LABELS:]):
        if not steps or len(members) < _END_LABELS:
            continue
        reach = (members[0].value, members[-1].value)
        own = fit_ruler(profile, row_of(_well_placed(members)), reach, steps, _placed(members), dpi)
        if own is not None:
            ruler = beyond(ruler, extend_ruler(profile, own, rows, dpi))
    return ruler


def _placed(members: Sequence[LabelRead]) -> Labels:
    """Labels as evidence of lines; two say nothing of how far one strays, and are given half a number's
    extent.
    """
    well = _well_placed(members)
    knots = np.array([(label.row, label.value) for label in well])
    length = float(np.median([label.length_px for label in members]))
    scatter = _bend_scatter(knots)
    scatter = max(1.0, scatter) if np.isfinite(scatter) else length / 2
    return Labels(knots[:, 1], scatter, length)


def _well_placed(members: Sequence[LabelRead]) -> list[LabelRead]:
    """Labels without those whose centre strays: print beside a number shifts its box."""
    values = np.array([label.value for label in members])
    rows = np.array([label.row for label in members])
    keep = steady(values, rows, np.ones(len(members), dtype=np.bool_))
    return [label for label, kept in zip(members, keep) if kept]


def _bend_scatter(knots: F64) -> float:
    """Robust scatter of knots around the line between their neighbours, in rows (NaN under three)."""
    if len(knots) < 3:
        return float("nan")
    rows, depths = knots.T
    share = (depths[1:-1] - depths[:-2]) / (depths[2:] - depths[:-2])
    off = rows[1:-1] - rows[:-2] - share * (rows[2:] - rows[:-2])
    out: float = 1.4826 * float(np.median(np.abs(off))) / np.sqrt(1.5)
    return out
