"""Scales that are printed again and again down a log: what they say together, and where they change.

In: `TurnedScale`s of a section. Out: the curves of its parts, and the section cut where a scale changes: from
there on the same pen counts otherwise. What is read once otherwise than before and after is a misreading.
Does not belong here: reading one place (`turned`).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from veernet_core.page.results import CurveFound, PageLayout, SectionFound
from veernet_core.page.scales.scorer import DOUBTFUL
from veernet_core.page.scales.turned import LEAST_TURNED, TurnedScale

_ONE_PLACE = 0.02
"""Share of the section within which two scales change at one place."""
Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Run:
    """Readings of one pen that follow each other and say the same."""

    ends: Ends
    readings: tuple[TurnedScale, ...]

    @property
    def row(self) -> float:
        """Where it is first printed."""
        return self.readings[0].row


def with_repeated(
    layout: PageLayout, curves: Sequence[CurveFound], read: Mapping[str, Sequence[TurnedScale]]
) -> tuple[PageLayout, tuple[CurveFound, ...]]:
    """The layout with sections cut where their scales change, and all curves.

    Parameters
    ----------
    layout : PageLayout
    curves : sequence of CurveFound
        As read upright above the sections; they give way in tracks of which print on its side says more.
    read : dict of str to sequence of TurnedScale
        By section id.
    """
    sections: list[SectionFound] = []
    out: list[CurveFound] = []
    taken = {s.section_id for s in layout.sections}
    for section in layout.sections:
        own = [c for c in curves if c.section_id == section.section_id]
        pens = _surer(_pens(read.get(section.section_id, ())), own)
        replaced = {pen[0].readings[0].curve.track_index for pen in pens}
        own = [c for c in own if c.track_index not in replaced]
        for part in _parts(section, pens, taken):
            sections.append(part)
            out += [replace(c, section_id=part.section_id) for c in own]
            out += [_curve_in(part, pen, pens) for pen in pens]
    return replace(layout, sections=tuple(sections)), tuple(out)


def _surer(pens: Sequence[list[_Run]], upright: Sequence[CurveFound]) -> list[list[_Run]]:
    """Pens of tracks of which print on its side says more surely what is drawn than upright print does."""
    best: dict[int, float] = {}
    for pen in pens:
        for scale in (r for run in pen for r in run.readings):
            index = scale.curve.track_index
            best[index] = max(best.get(index, 0.0), scale.curve.left.confidence)
    known: dict[int, float] = {}
    for curve in upright:
        known[curve.track_index] = max(
            known.get(curve.track_index, 0.0), curve.left.confidence, curve.mnemonic.confidence
        )
    return [
        pen
        for pen in pens
        for index in (pen[0].readings[0].curve.track_index,)
        if best[index] > known.get(index, 0.0)
    ]


def _pens(read: Sequence[TurnedScale]) -> list[list[_Run]]:
    """Readings of each pen, in runs from top to bottom; misreadings are left out."""
    pens: dict[tuple[int, str, str | None], list[TurnedScale]] = {}
    for scale in read:
        c = scale.curve
        if c.left.confidence >= LEAST_TURNED:
            pens.setdefault((c.track_index, str(c.mnemonic.value), c.colour), []).append(scale)
    return [_runs(own) for own in pens.values()]


def _runs(readings: Sequence[TurnedScale]) -> list[_Run]:
    """Runs of equal ends; one reading between two equal ones is a misreading."""
    ordered = sorted(readings, key=lambda r: r.row)
    ends = [_ends(r.curve) for r in ordered]
    kept = [
        r
        for k, r in enumerate(ordered)
        if not (0 < k < len(ends) - 1 and ends[k - 1] == ends[k + 1] != ends[k])
    ]
    groups = itertools.groupby(kept, key=lambda r: _ends(r.curve))
    return [_Run(own_ends, tuple(own)) for own_ends, own in groups]


def _ends(curve: CurveFound) -> Ends:
    return float(curve.left.value), float(curve.right.value)


def _parts(
    section: SectionFound, pens: Sequence[Sequence[_Run]], taken: set[str]
) -> list[SectionFound]:
    """The section cut where a scale changes; the first part keeps its name."""
    near = _ONE_PLACE * (section.row_bottom - section.row_top)
    cuts: list[float] = []
    for row in sorted(run.row for pen in pens for run in pen[1:]):
        if not cuts or row - cuts[-1] > near:
            cuts.append(row)
    edges = [section.row_top, *cuts, section.row_bottom]
    out = []
    for number, (top, bottom) in enumerate(itertools.pairwise(edges)):
        name = section.section_id if number == 0 else _free(section.section_id, taken)
        taken.add(name)
        lines = section.depth_lines
        inside = (lines[:, 0] >= top) & (lines[:, 0] <= bottom)
        out.append(
            replace(
                section, section_id=name, row_top=top, row_bottom=bottom, depth_lines=lines[inside]
            )
        )
    return out


def _free(name: str, taken: set[str]) -> str:
    return next(f"{name}_{k}" for k in itertools.count(2) if f"{name}_{k}" not in taken)


def _curve_in(
    part: SectionFound, pen: Sequence[_Run], pens: Sequence[Sequence[_Run]]
) -> CurveFound:
    """What a pen says in a part, as sure as its surest reading: all of one print are misread alike. Where a
    scale changes, one reading alone may be a misreading, unless another pen changes at the same place.
    """
    middle = (part.row_top + part.row_bottom) / 2
    begun = [run for run in pen if run.row <= middle]
    run = begun[-1] if begun else pen[0]
    best = max((r.curve for r in run.readings), key=lambda c: c.left.confidence)
    sure = min(best.left.confidence, 1.0 if _is_firm(run, part, pen, pens) else DOUBTFUL)
    values = {
        name: replace(value, confidence=sure)
        for name in ("mnemonic", "left", "right", "unit")
        if (value := getattr(best, name)) is not None
    }
    return replace(best, section_id=part.section_id, **values)


def _is_firm(
    run: _Run, part: SectionFound, pen: Sequence[_Run], pens: Sequence[Sequence[_Run]]
) -> bool:
    """Whether nothing speaks against a run in a part of the section."""
    changes = [r for other in pens for r in other[1:]]
    if not changes:
        return True
    near = _ONE_PLACE * (part.row_bottom - part.row_top)
    inside = [r for r in run.readings if part.row_top - near <= r.row <= part.row_bottom]
    if not inside or len({r.ends for r in pen}) < len(pen):
        return False  # nothing is read here, or a scale comes back: it was misread twice
    together = [
        r
        for other in pens
        if other is not pen
        for r in other[1:]
        if len(r.readings) > 1 and abs(r.row - run.row) <= near
    ]
    return len(pen) == 1 or len(run.readings) > 1 or bool(together)
