"""Where two sources on one scan contradict each other: another well, or other depths.

In: two sidecars, each from one source. Out: messages; what is given by only one of the two contradicts
nothing. Which of them is used does not belong here (``storage.known``).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from veernet_core.datatypes import FT_PER, DepthUnit
from veernet_core.domain.api_number import parse_api_number, state_name

Given = Mapping[str, Any]
_SHIFT = 10.0
"""What a lost or an extra digit makes of a depth."""


@dataclass(frozen=True, slots=True)
class _Range:
    """Depths that a source states; an end is NaN where it states none. ``whole``: it states the whole log,
    not points on it.
    """

    top: float
    bottom: float
    unit: DepthUnit | None
    whole: bool

    def within(self, unit: DepthUnit | None) -> _Range:
        """The range in another unit, where both are known."""
        if self.unit is None or unit is None or self.unit == unit:
            return self
        factor = FT_PER[self.unit] / FT_PER[unit]
        return _Range(self.top * factor, self.bottom * factor, unit, self.whole)

    def __str__(self) -> str:
        ends = ["?" if math.isnan(end) else f"{end:g}" for end in (self.top, self.bottom)]
        return f"{' to '.join(ends)}{f' {self.unit}' if self.unit else ''}"


def depth_contradiction(base: Given, over: Given) -> str:
    """What two sources state of the depths, where both cannot be right; else empty.

    They contradict each other where less than half of the shorter range lies within the other one (of two
    whole ranges: of the longer one), or where an end is ten times the other's.
    """
    one, other = _depths(base), _depths(over)
    if one is None or other is None:
        return ""
    same = one.within(other.unit)
    apart = _apart(same, other) or any(
        _is_shifted(a, b) for a, b in ((same.top, other.top), (same.bottom, other.bottom))
    )
    return f"{one} against {other}" if apart else ""


def well_contradictions(base: Given, over: Given) -> list[str]:
    """What two sources state of the well, where they name another one: ``uwi 1 against 2``."""
    one, other = base.get("well") or {}, over.get("well") or {}
    found = []
    for key, differ in (("uwi", _other_number), ("name", _other_name), ("county", _other_text)):
        pair = str(one.get(key) or ""), str(other.get(key) or "")
        if all(pair) and differ(*pair):
            found.append(f"{key} {pair[0]!r} against {pair[1]!r}")
    pair = str(one.get("state") or ""), str(other.get("state") or "")
    if all(pair) and _other_text(*(state_name(text) or text for text in pair)):
        found.append(f"state {pair[0]!r} against {pair[1]!r}")
    return found


def _apart(one: _Range, other: _Range) -> bool:
    ends = (one.top, one.bottom, other.top, other.bottom)
    if any(math.isnan(end) for end in ends):
        return False
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    lengths = sorted((one.bottom - one.top, other.bottom - other.top))
    return shared < 0.5 * lengths[one.whole and other.whole]


def _is_shifted(one: float, other: float) -> bool:
    """Whether one depth is ten times the other, to the digits that people write."""
    return any(
        math.isclose(a * _SHIFT, b, rel_tol=0.01) for a, b in ((one, other), (other, one)) if a > 0
    )


def _depths(given: Given) -> _Range | None:
    """All depths that a source states, as one range."""
    sections = [s for s in given.get("sections") or () if s.get("depth")]
    units = [s["depth"].get("unit") for s in sections]
    unit: DepthUnit | None = next((u for u in units if u), None)
    ranges = [r.within(unit) for s in sections if (r := _section_depths(s)) is not None]
    if not ranges:
        return None
    tops = [r.top for r in ranges if not math.isnan(r.top)]
    bottoms = [r.bottom for r in ranges if not math.isnan(r.bottom)]
    return _Range(
        min(tops, default=math.nan),
        max(bottoms, default=math.nan),
        unit,
        all(r.whole for r in ranges),
    )


def _section_depths(section: Given) -> _Range | None:
    """A section's range: as given, else that of its anchors, carried on to its rows where they are given."""
    depth, unit = section["depth"], section["depth"].get("unit")
    top, bottom = depth.get("top"), depth.get("bottom")
    if top is not None or bottom is not None:
        first, last = (math.nan if d is None else float(d) for d in (top, bottom))
        return _Range(first, last, unit, True)
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
    return _Range(min(depths), max(depths), unit, False)


def _other_number(one: str, other: str) -> bool:
    numbers = [parse_api_number(text) for text in (one, other)]
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0].api10 != numbers[1].api10
    return _other_text(one, other)


def _other_text(one: str, other: str) -> bool:
    words = [re.sub(r"\b(county|parish|co)\b|\W|_", "", _folded(text)) for text in (one, other)]
    return words[0] != words[1]


def _other_name(one: str, other: str) -> bool:
    """Whether two names share no word, or no number: people abbreviate and turn them round."""
    for kind in (r"[^\W\d_]{2,}", r"\d+"):
        first, second = (set(re.findall(kind, _folded(text))) for text in (one, other))
        if first and second and not first & second:
            return True
    return False


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
