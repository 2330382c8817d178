"""Pens and names of a track held against each other, on pages with colour.

In: the inks of a track and the scales read for it. Out: the pens that no scale names, as curves without a
scale, and the scales whose colour is not drawn. Does not belong here: which inks are pens
(`scales.drawn_inks`).
"""

from __future__ import annotations

from collections.abc import Sequence

from veernet_core.datatypes import CurveSpec
from veernet_core.page.ocr.tints import BLACK, same_hue
from veernet_core.page.results import CurveFound, InkFound, PageReading, SectionFound

UNREAD = "UNREAD"
"""Mnemonic that stands for a curve whose scale was not read."""
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


def spec_of_pen(pen: InkFound) -> CurveSpec:
    """A pen as a curve without a scale: its position across the track, from 0 to 1."""
    return CurveSpec(UNREAD, "FRAC", 0.0, 1.0, colour=pen.colour, source="guess")
