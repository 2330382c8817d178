"""What print, scales and depths of a page say of one another: kinds, certainty, notes.

In: the layout, text, scales and depths that were read. Out: the same, surer or less sure.
Does not belong here: reading any of them, and the order of it (`reading`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from veernet_core.datatypes import Finding
from veernet_core.page.results import CLEAR_PRINT, CurveFound, DepthFound, PageLayout, TextBox
from veernet_core.page.scales.scorer import DOUBTFUL, SURE

_FEWEST_MENTIONS = 2
_OTHER_SURVEYS = (
    ("cement_bond", r"(CEMENT|CASING) ?BOND|VARIABLE ?DENSITY"),
    ("dipmeter", r"DIP ?METER|CORRELATION CURVES"),
    ("velocity_survey", r"VELOCITY SURVEY|(3|THREE).?D(IMENSIONAL)? VELOCITY|CHECK ?SHOT"),
)
"""What print on pages without curves of rock properties says."""
_SCALES_OF_A_LOG = 2
"""Surely read scales beside a depth axis that no other page has."""
LOOKS_DOUBTFUL = "layout_doubtful"
"""Finding: a page does not look like a log."""


def sure_where_depth_is(
    curves: Sequence[CurveFound], depths: Mapping[str, DepthFound]
) -> tuple[CurveFound, ...]:
    """Curves, none of them sure in a section without depth below or above one that has it: legends are printed
    once more below a log, with tracks and scales, and no log.
    """
    logs = {section_id for section_id, depth in depths.items() if depth.axis is not None}
    return tuple(c.at_most(DOUBTFUL) if logs and c.section_id not in logs else c for c in curves)


def found_by_print(
    found: PageLayout, curves: Sequence[CurveFound], depths: Mapping[str, DepthFound]
) -> PageLayout:
    """The layout, of a curve log where only its looks were in doubt and print tells one: a section with an axis
    and two surely read scales or more.
    """
    doubts = [f for f in found.findings if f.code != "page_turned"]
    if found.kind != "unknown" or {f.code for f in doubts} != {LOOKS_DOUBTFUL}:
        return found
    axes = {key for key, d in depths.items() if d.axis is not None and d.confidence >= SURE}
    sure = [c.section_id for c in curves if min(c.left.confidence, c.right.confidence) >= SURE]
    if any(sure.count(section_id) >= _SCALES_OF_A_LOG for section_id in axes):
        rest = tuple(f for f in found.findings if f not in doubts)
        return replace(found, kind="curve_log", findings=rest)
    return found


def values_from_border(curves: Sequence[CurveFound]) -> list[Finding]:
    """Findings of curves whose scale has no ends."""
    return [
        Finding.of("values_from_border", section_id=c.section_id, mnemonic=str(c.mnemonic.value))
        for c in curves
        if c.per_division
    ]


def kind_by_title(found: PageLayout, boxes: Sequence[TextBox]) -> PageLayout:
    """Cast doubt on a page whose print names a survey that shows no curves to be digitised."""
    lines = [box.text.upper() for box in boxes if box.confidence >= CLEAR_PRINT]
    for code, pattern in _OTHER_SURVEYS:
        named = [line for line in lines if re.search(pattern, line)]
        if found.kind == "curve_log" and len(named) >= _FEWEST_MENTIONS:
            return replace(
                found, kind="unknown", findings=(*found.findings, _other(code, named[0]))
            )
    return found


def _other(code: str, text: str) -> Finding:
    return Finding.of(
        code,
        f"The page says {text!r}: it may show no curves that can be digitised.",
    )
