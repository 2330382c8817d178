"""Where two sources on one scan contradict each other: another well, or other depths.

In: two sidecars, each from one source. Out: messages; what is given by only one of the two contradicts
nothing. Which of them is used does not belong here (``storage.known``).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from veernet_core.domain.api_number import parse_api_number, state_name
from veernet_core.page.known.sidecar.ranges import DepthRange, given_depths

Given = Mapping[str, Any]
_SHIFT = 10.0
"""What a lost or an extra digit makes of a depth."""


def depth_contradiction(base: Given, over: Given) -> str:
    """What two sources give of the depths, where both cannot be right; else empty.

    They contradict each other where less than half of the shorter range lies within the other one (of two
    whole ranges: of the longer one), or where an end is ten times the other's.
    """
    one, other = given_depths(base), given_depths(over)
    if one is None or other is None:
        return ""
    same = one.within(other.unit)
    apart = _apart(same, other) or any(
        _is_shifted(a, b) for a, b in ((same.top, other.top), (same.bottom, other.bottom))
    )
    return f"{one} against {other}" if apart else ""


def well_contradictions(base: Given, over: Given) -> list[str]:
    """What two sources give of the well, where they name another one: ``uwi 1 against 2``."""
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


def _apart(one: DepthRange, other: DepthRange) -> bool:
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
