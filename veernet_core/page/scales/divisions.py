"""Scales that tell the value of one division and no ends (``-] 20 mV [+``), as potentials have them.

In: print above a section, its tracks, and the scales already read. Out: ``CurveFound``s whose values count from
the left border: such a curve has no zero on paper.
Does not belong here: scales with ends (`binder`), the colour of pens (`colours`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from veernet_core.domain.vocabulary import find_curve, find_unit
from veernet_core.page.results import CurveFound, Reading, SectionFound, TextBox
from veernet_core.page.scales.binder import mnemonic_of
from veernet_core.page.scales.candidates import BlockText
from veernet_core.page.scales.pens import ScaleRow, bind_pens, level_lines
from veernet_core.page.scales.scorer import DOUBTFUL

_NOTATION = re.compile(
    r"^([-–—−+])\s*[\]\[|)(!Il1]{1,2}\s*(\d{1,3}(?:\.\d+)?)\s*([A-Za-z]{1,3})?\s*[\]\[|)(!Il1]{1,2}\s*([-–—−+])$"
)
"""A sign, a bar, the value of a division, its unit, a bar and the other sign."""
USUAL_DIVISIONS = 10
"""Divisions of a linear track where the grid does not tell them."""
CLEAR, _SURE = 0.9, 0.95
"""Confidence from which print is clear enough to be sure of it; and that of such a scale."""
_ABOVE = 5.0
"""Farthest that a name stands above its scale, in heights of its print."""


def division_scales(
    boxes: Sequence[TextBox], block: BlockText, section: SectionFound, read: Sequence[CurveFound]
) -> list[CurveFound]:
    """Scales of so much a division, from top to bottom.

    Parameters
    ----------
    boxes : sequence of TextBox
        Print above the section, in page pixels.
    block : BlockText
        The same for its ink.
    section : SectionFound
    read : sequence of CurveFound
        Scales with ends; a name that has one gets no other.

    Returns
    -------
    list of CurveFound
        From 0 at the left border to the sum of all divisions; sure where print is clear, the name is known and
        the track has ten divisions.
    """
    out = []
    for box in sorted(boxes, key=lambda b: b.row):
        told = _NOTATION.match(box.text.strip())
        index = track_at(box.col, section)
        if told is None or index is None or told[1] == told[4] or "+" not in (told[1], told[4]):
            continue
        name = _name_of(box, boxes, section, index)
        if name is None or any(c.track_index == index and c.printed == name.text for c in read):
            continue
        out.append(_curve(box, told, name, block, section, index))
    return out


def track_at(col: float, section: SectionFound) -> int | None:
    """Number of the track of curves over which a column stands, in the first row of the section."""
    for index, track in enumerate(section.tracks):
        left, right = track.borders_at(section.row_top)
        if track.kind == "curves" and left < col < right:
            return index
    return None


def _name_of(
    box: TextBox, boxes: Sequence[TextBox], section: SectionFound, index: int
) -> TextBox | None:
    """The nearest words above a scale, over the same track."""
    above = [
        other
        for other in boxes
        if 0 < box.row - other.row < _ABOVE * box.height_px
        and track_at(other.col, section) == index
        and sum(c.isalpha() for c in other.text) > 1
        and not _NOTATION.match(other.text.strip())
    ]
    return max(above, key=lambda other: other.row, default=None)


def _curve(
    box: TextBox,
    told: re.Match[str],
    name: TextBox,
    block: BlockText,
    section: SectionFound,
    index: int,
) -> CurveFound:
    track = section.tracks[index]
    named = find_curve(name.text)
    kind = named.kind if named is not None and named.is_exact else None
    is_clear = kind is not None and min(box.confidence, name.confidence) >= CLEAR
    rising = 1.0 if told[4] == "+" else -1.0
    left, right = track.borders_at(section.row_top)
    lean = block.ink.lean(box.row)
    lines = level_lines(block.ink, left + lean, right + lean)
    pen = next((line for line in reversed(lines) if name.row < line.y < box.row), None)
    if pen is None:
        row = ScaleRow(box.row, box.height_px, left + lean, right + lean, name.row)
        (pen,) = bind_pens([row], block.ink)
    unit = find_unit(told[3]) if told[3] else (kind.units[0] if kind and kind.units else None)
    found = counted_from_left(
        section, index, box, mnemonic_of(name.text, kind), unit, rising * float(told[2]), is_clear
    )
    return replace(
        found,
        style=pen.style if pen is not None else None,
        pen_row=pen.y if pen is not None else float("nan"),
        dash_px=pen.dash_px if pen is not None else 0.0,
        stroke_px=pen.stroke_px if pen is not None else 0.0,
        printed=f"{name.text} {box.text}",
    )


def counted_from_left(
    section: SectionFound,
    index: int,
    box: TextBox,
    mnemonic: str,
    unit: str | None,
    rise: float,
    is_clear: bool,
) -> CurveFound:
    """A curve of so much a division, from 0 at the left border of its track; sure where it is clear and the
    track has ten divisions.

    Parameters
    ----------
    section : SectionFound
    index : int
        Of the track.
    box : TextBox
        The value of a division.
    mnemonic : str
    unit : str, optional
    rise : float
        From one division to the next on its right, in that unit.
    is_clear : bool
        Whether its name and value are beyond doubt.
    """
    track = section.tracks[index]
    left, right = track.borders_at(section.row_top)
    divisions = track.divisions or USUAL_DIVISIONS
    sure = _SURE if is_clear and divisions == USUAL_DIVISIONS else DOUBTFUL
    return CurveFound(
        section_id=section.section_id,
        track_index=index,
        mnemonic=Reading(mnemonic, "header", sure, box.row, left),
        unit=None if unit is None else Reading(unit, "header", sure, box.row),
        left=Reading(0.0, "header", sure, box.row, left),
        right=Reading(divisions * rise, "header", sure, box.row, right),
        scale="linear",
        style=None,
        per_division=abs(rise),
    )
