"""Pens and names of a track cross-checked with each other, on pages with colour.

In: the inks of a track and the scales read for it. Out: the pens that no scale names, as curves without a
scale, and the scales whose colour is not drawn. Does not belong here: which inks are pens
(`scales.drawn_inks`).
"""

from __future__ import annotations

from collections.abc import Sequence

from veernet_core.datatypes import CurveSpec
from veernet_core.page.ocr.tints import BLACK, same_hue
from veernet_core.page.results import (
    CurveFound,
    InkFound,
    PageReading,
    PenNamed,
    SectionFound,
)
from veernet_core.page.scales.binder import UNNAMED

UNREAD = UNNAMED
"""Mnemonic that stands for a curve whose scale was not read."""
_SAME_BORDER = 0.02
"""Share of a track's width by which the borders of one track differ, at most."""
_NAMED_DEG = 12.0
"""Degrees between the hues of a name in the legend and its pen, at most: others of a legend stand 17 apart."""
_SEEN = 0.005
"""Share of the rows that ink is in, at least: less is a stray word."""


def inks_in(reading: PageReading, section: SectionFound, index: int) -> list[InkFound]:
    """The inks of a track."""
    place = (section.section_id, index)
    return [ink for ink in reading.inks if (ink.section_id, ink.track_index) == place]


def drawn_in(reading: PageReading, section: SectionFound, index: int) -> list[CurveFound]:
    """The scales of a track, those among them that span it and its neighbours."""
    return [
        c
        for c in reading.curves
        if c.section_id == section.section_id
        and c.track_index <= index <= (c.track_index if c.last_track is None else c.last_track)
    ]


def unnamed_pens(inks: Sequence[InkFound], curves: Sequence[CurveFound]) -> list[InkFound]:
    """The pens of a track that none of its scales names. A scale whose pen is not known may be of any of them.

    Parameters
    ----------
    inks : sequence of InkFound
    curves : sequence of CurveFound
        As of ``drawn_in``.
    """
    pens = [ink for ink in inks if ink.is_pen]
    free = [p for p in pens if not any(same_hue(p.colour, c.colour) for c in curves if c.colour)]
    unknown = len({c.printed or c.mnemonic.value for c in curves if c.colour is None})
    return free if len(free) > unknown else []


def legend_of(reading: PageReading, section: SectionFound, index: int) -> list[PenNamed]:
    """The names of pens in the legend of a track."""
    track, found = section.tracks[index], []
    for name in reading.legends:
        left, right = track.borders_at(name.rows[0])
        slack = _SAME_BORDER * (right - left)
        same = abs(left - name.borders[0]) <= slack and abs(right - name.borders[1]) <= slack
        if same and name.rows[0] - 1 <= section.row_top and section.row_bottom <= name.rows[1] + 1:
            found.append(name)
    return found


def specs_of_pens(
    pens: Sequence[InkFound], legend: Sequence[PenNamed], curves: Sequence[CurveFound]
) -> list[CurveSpec]:
    """Pens as curves without a scale: their position across the track, from 0 to 1. A pen has the name that the
    legend gives to its hue, where that is one name and no scale's; else it has none.

    Parameters
    ----------
    pens : sequence of InkFound
        As of ``unnamed_pens``.
    legend : sequence of PenNamed
        As of ``legend_of``.
    curves : sequence of CurveFound
        As of ``drawn_in``.
    """
    taken = {str(curve.mnemonic.value) for curve in curves}
    specs = []
    for pen in pens:
        told = {n.mnemonic: n.printed for n in legend if same_hue(n.colour, pen.colour, _NAMED_DEG)}
        alone = len(told) == 1 and sum(same_hue(p.colour, pen.colour) for p in pens) == 1
        name, printed = next(iter(told.items())) if alone else (UNREAD, "")
        if name in taken:
            name, printed = UNREAD, ""
        spec = CurveSpec(name, "FRAC", 0.0, 1.0, colour=pen.colour, source="guess", printed=printed)
        specs.append(spec)
    return specs


def unread_curves(reading: PageReading, section: SectionFound, index: int) -> list[CurveSpec]:
    """The pens of a track that no scale names, as curves without a scale."""
    drawn = drawn_in(reading, section, index)
    pens = unnamed_pens(inks_in(reading, section, index), drawn)
    return specs_of_pens(pens, legend_of(reading, section, index), drawn)


def not_drawn(
    reading: PageReading, section: SectionFound, curves: Sequence[CurveFound]
) -> list[CurveFound]:
    """The scales in colour whose colour is in none of their tracks.

    Parameters
    ----------
    reading : PageReading
    section : SectionFound
    curves : sequence of CurveFound
        Of the section.
    """
    return [
        curve
        for curve in curves
        if curve.colour
        and not same_hue(curve.colour, BLACK)
        and not _is_drawn(reading, section, curve)
    ]


def _is_drawn(reading: PageReading, section: SectionFound, curve: CurveFound) -> bool:
    last = curve.track_index if curve.last_track is None else curve.last_track
    inks = [ink for k in range(curve.track_index, last + 1) for ink in inks_in(reading, section, k)]
    # a page without colour has no inks to speak of
    return not inks or any(
        ink.presence >= _SEEN and same_hue(str(curve.colour), ink.colour) for ink in inks
    )
