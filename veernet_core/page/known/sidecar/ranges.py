"""Which depths a sidecar gives, before it is read: of a range, or of anchors carried on to the section's rows.

In: a decoded sidecar. Out: `DepthRange`. Does not belong here: whether two of them contradict each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from veernet_core.datatypes import FT_PER, DepthUnit

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DepthRange:
    """Depths that a source gives; an end is NaN where it gives none. ``whole``: it gives the whole log, not
    points on it.
    """

    top: float
    bottom: float
    unit: DepthUnit | None
    whole: bool

    def within(self, unit: DepthUnit | None) -> DepthRange:
        """The range in another unit, where both are known."""
        if self.unit is None or unit is None or self.unit == unit:
            return self
        factor = FT_PER[self.unit] / FT_PER[unit]
        return DepthRange(self.top * factor, self.bottom * factor, unit, self.whole)

    def __str__(self) -> str:
        ends = ["?" if math.isnan(end) else f"{end:g}" for end in (self.top, self.bottom)]
        return f"{' to '.join(ends)}{f' {self.unit}' if self.unit else ''}"


def given_depths(given: Given) -> DepthRange | None:
    """All depths that a source gives, as one range; None where it gives none."""
    sections = [s for s in given.get("sections") or () if s.get("depth")]
    units = [s["depth"].get("unit") for s in sections]
    unit: DepthUnit | None = next((u for u in units if u), None)
    ranges = [r.within(unit) for s in sections if (r := _section_depths(s)) is not None]
    if not ranges:
        return None
    tops = [r.top for r in ranges if not math.isnan(r.top)]
    bottoms = [r.bottom for r in ranges if not math.isnan(r.bottom)]
    return DepthRange(
        min(tops, default=math.nan),
        max(bottoms, default=math.nan),
        unit,
        all(r.whole for r in ranges),
    )


def _section_depths(section: Given) -> DepthRange | None:
    """A section's range: as given, else that of its anchors, carried on to its rows where they are given."""
    depth, unit = section["depth"], section["depth"].get("unit")
    top, bottom = depth.get("top"), depth.get("bottom")
    if top is not None or bottom is not None:
        first, last = (math.nan if d is None else float(d) for d in (top, bottom))
        return DepthRange(first, last, unit, True)
    anchors: Sequence[Sequence[float]] = sorted(depth.get("anchors") or ())
    if len(anchors) < 2:
        return None
    depths = [float(anchor[1]) for anchor in anchors]
    for row, pair in (
        (section.get("row_top"), anchors[:2]),
        (section.get("row_bottom"), anchors[-2:]),
    ):
        (row_a, depth_a), (row_b, depth_b) = pair
        if row is not None and row_b != row_a:
            depths.append(depth_a + (row - row_a) * (depth_b - depth_a) / (row_b - row_a))
    return DepthRange(min(depths), max(depths), unit, False)
