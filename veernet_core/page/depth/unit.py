"""Feet or metres, by the heading of the depth column, by print, else by the customary depth scales; and along
the hole or straight down.

In: pixels above a depth column, print, or a scale. Out: the unit and where it is known from.
Does not belong here: the depth axis (`column`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from veernet_core.datatypes import DepthUnit, Dpi, Raster
from veernet_core.page.depth.labels import TURNS
from veernet_core.page.ocr.text import TextReader, read_region
from veernet_core.page.results import ReadingSource, SectionFound, TrackFound

FT_PER_IN = (4.0, 10.0, 20.0, 40.0, 50.0, 100.0)
M_PER_IN = (2.54, 5.08, 12.7, 25.4)
SCALE_TOLERANCE = 0.08
_AMBIGUOUS_M_PER_IN = 25.4
"""1:1000 in metres looks like a reduced copy of 1:240 in feet."""
_HEADING_IN = 2.0
_FEWEST_WORDS = 2
_FEET_WORDS = re.compile(r"\b(FEET|FT|FOOT)\b", re.IGNORECASE)
_METRE_WORDS = re.compile(r"(?<!OHM )(?<!OHM-)(?<!FLOW )\b(MET(?:ER|RE)S?|MTRS?)\b", re.IGNORECASE)
_VERTICAL = re.compile(r"(?:\bTVD\b|TRUE VERTICAL DEPTH)\W{0,3}LOG\b", re.IGNORECASE)
_ALONG_HOLE = re.compile(r"(?:\bMD\b|MEASURED DEPTH)\W{0,3}LOG\b", re.IGNORECASE)


def is_true_vertical(texts: Sequence[str]) -> bool:
    """Whether a form calls its log one over true vertical depth, and not one over measured depth too.

    Parameters
    ----------
    texts : sequence of str
        What is printed outside the grids.

    Examples
    --------
    >>> is_true_vertical(["GEOLOGIST'S (TVD) LOG"]), is_true_vertical(["TVD 10,021", "Scale"])
    (True, False)
    """
    along = any(map(_ALONG_HOLE.search, texts))
    return any(map(_VERTICAL.search, texts)) and not along


def printed_unit(texts: Sequence[str]) -> DepthUnit | None:
    """Feet or metres, if the page speaks of one of them only, and more than once.

    Parameters
    ----------
    texts : sequence of str
        What is printed outside the grids.

    Examples
    --------
    >>> printed_unit(["ROP (min/ft)", "Logged Interval (ft): 7710", "Scale 1:240"])
    'ft'
    >>> printed_unit(["DEPTH METRES", "TD 1500 FT"]), printed_unit(["OHM METERS", "OHM METERS"])
    (None, None)
    """
    feet = sum(len(_FEET_WORDS.findall(text)) for text in texts)
    metres = sum(len(_METRE_WORDS.findall(text)) for text in texts)
    if max(feet, metres) < _FEWEST_WORDS or min(feet, metres):
        return None
    return "ft" if feet else "m"


def is_customary(units_per_in: float, unit: DepthUnit) -> bool:
    """Whether logs are printed at a depth scale, in units to the inch."""
    scales = FT_PER_IN if unit == "ft" else M_PER_IN
    return any(abs(units_per_in / s - 1) < SCALE_TOLERANCE for s in scales)


def heading_unit(
    raster: Raster,
    section: SectionFound,
    column: TrackFound,
    reader: TextReader,
    dpi: Dpi,
) -> tuple[DepthUnit, ReadingSource] | None:
    """Feet or metres, if the heading of the depth column says so."""
    top = section.row_top
    left, right = column.borders_at(top)
    margin = 0.25 * dpi.across
    row0, row1 = int(top - _HEADING_IN * dpi.down), int(top + 0.3 * dpi.down)
    boxes = read_region(
        raster,
        row0,
        row1,
        int(left - margin),
        int(right + margin),
        reader,
        TURNS,
        float(np.mean(dpi)),
    )
    text = " ".join(box.text for box in boxes if box.confidence > 0.7)
    feet, metres = bool(_FEET_WORDS.search(text)), bool(_METRE_WORDS.search(text))
    if feet == metres:
        return None
    return ("ft" if feet else "m"), "header"


def unit_by_scales(units_per_px: float, dpi: Dpi, step: float) -> tuple[DepthUnit, ReadingSource]:
    """As `_unit_by_scale`, by both resolutions: the one down the page may itself be measured on lines
    that were taken for those of the other unit.
    """
    unit, source = _unit_by_scale(units_per_px * dpi.down, step)
    across, _ = _unit_by_scale(units_per_px * dpi.across, step)
    return unit, source if across == unit else "guess"


def _unit_by_scale(units_per_in: float, step: float) -> tuple[DepthUnit, ReadingSource]:
    """Feet or metres by the customary scales; ``guess`` where both or neither would be customary."""
    feet = any(abs(units_per_in / s - 1) < SCALE_TOLERANCE for s in FT_PER_IN)
    metres = any(abs(units_per_in / s - 1) < SCALE_TOLERANCE for s in M_PER_IN)
    if feet and not metres:
        return "ft", "template"
    if metres and not feet and step < 100:
        reduced_feet = abs(units_per_in / _AMBIGUOUS_M_PER_IN - 1) < SCALE_TOLERANCE
        return "m", "guess" if reduced_feet else "template"
    return "ft", "guess"
