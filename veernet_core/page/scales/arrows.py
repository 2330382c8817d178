"""Potentials whose scale is drawn: an arrow between two bars, one division apart, with its value above it.

In: print above a section, its tracks, and the scales already read. Out: ``CurveFound``s whose values count from
the left border: such a curve has no zero on paper. On forms of the fifties to the eighties a minus stands left
of the bars and a plus right of them, or the other way round.
Does not belong here: the same notation as print (`divisions`), and scales with ends (`binder`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from veernet_core.datatypes import Bool, flag_runs
from veernet_core.domain.vocabulary import find_misread
from veernet_core.page.results import CurveFound, SectionFound, TextBox
from veernet_core.page.scales.candidates import BlockText
from veernet_core.page.scales.divisions import CLEAR, USUAL_DIVISIONS, counted_from_left, track_at
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.tokens import numbers_of

_POTENTIAL = "SP"
_VALUES = frozenset({1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0})
"""Millivolts that a division stands for."""
_BAR_IN = (0.06, 0.4)
"""Length of a bar below the value."""
_THICK_IN = 0.04
_APART = (0.85, 1.2)
"""Distance of the bars, in divisions: the form was not always printed with the grid."""
_SIGN_AT = 1.3
"""How far from its bar a sign stands at most, in divisions."""
_SIGN_IN = 0.03
_BELOW = (0.45, 3.0)
"""Where the bars are looked for: from the foot of the value down, in heights of its print from its middle."""


@dataclass(frozen=True, slots=True)
class _Bars:
    """Two upright bars: columns, and rows half-open, of a patch of ink."""

    left: float
    right: float
    top: int
    bottom: int


def arrow_scales(
    boxes: Sequence[TextBox], block: BlockText, section: SectionFound, read: Sequence[CurveFound]
) -> list[CurveFound]:
    """Potentials of so much a division, from left to right.

    Parameters
    ----------
    boxes : sequence of TextBox
        Print above the section, in page pixels.
    block : BlockText
        The same for its ink.
    section : SectionFound
    read : sequence of CurveFound
        Scales already read; a track that has a potential gets no other.

    Returns
    -------
    list of CurveFound
        From 0 at the left border to the sum of all divisions; sure where title and value are clear and both
        signs are seen.
    """
    out = []
    for index, track in enumerate(section.tracks):
        has_one = any(c.track_index == index and c.mnemonic.value == _POTENTIAL for c in read)
        title = _title(boxes, section, index)
        if track.kind == "curves" and not has_one and title is not None:
            found = _read(title, boxes, block, section, index)
            out += [] if found is None else [found]
    return out


def _title(boxes: Sequence[TextBox], section: SectionFound, index: int) -> TextBox | None:
    """The lowest print over a track that names a potential and nothing else."""
    titles = [
        box
        for box in boxes
        if box.turned_deg == 0
        and track_at(box.col, section) == index
        and (named := find_misread(box.text)) is not None
        and named.kind.mnemonic == _POTENTIAL
        and named.share > 0.5
    ]
    return max(titles, key=lambda box: box.row, default=None)


def _read(
    title: TextBox, boxes: Sequence[TextBox], block: BlockText, section: SectionFound, index: int
) -> CurveFound | None:
    """The scale below a title; the clearest number that stands over bars tells it."""
    track = section.tracks[index]
    left, right = track.borders_at(section.row_top)
    divisions = track.divisions or USUAL_DIVISIONS
    values = [
        (box, value)
        for box in sorted(boxes, key=lambda b: -b.confidence)
        for value, edit in numbers_of(box.text)
        if edit == "none" and value in _VALUES and box.row > title.row
        if box.turned_deg == 0 and track_at(box.col, section) == index
    ]
    for told, worth in values:
        signs = _arrow_below(told, block.ink, (right - left) / divisions)
        if signs == (0, 0):
            continue
        rising = 1.0 if signs[1] > 0 or signs[0] < 0 else -1.0
        clear = min(told.confidence, title.confidence) >= CLEAR and signs[0] == -signs[1]
        found = counted_from_left(section, index, told, _POTENTIAL, "MV", rising * worth, clear)
        return replace(found, printed=f"{title.text} {told.text}")
    return None


def _arrow_below(told: TextBox, ink: ScaleInk, division: float) -> tuple[int, int]:
    """Signs left and right of the two bars below a number: -1, 1, and 0 for none; (0, 0) without bars."""
    reach = round((1 + _SIGN_AT) * division)
    first = max(0, round(told.col) - reach)
    rows = [round(told.row + part * told.height_px) - ink.row0 for part in (-0.3, *_BELOW)]
    signs, below, last = (min(max(0, row), len(ink.ink)) for row in rows)
    patch = ink.ink[below:last, first : round(told.col) + reach] >= 128
    if not patch.size:
        return 0, 0
    bars = _bars(patch, division, ink.dpi)
    if bars is None or abs(first + (bars.left + bars.right) / 2 - told.col) > 0.5 * division:
        return 0, 0
    around = ink.ink[signs:last, first : round(told.col) + reach] >= 128
    return _signs(around[: bars.bottom + below - signs], bars, division, ink.dpi)


def _bars(patch: Bool, division: float, dpi: float) -> _Bars | None:
    """The only two bars of a patch, which stand a division apart; None where there are others like them."""
    shortest, longest = (round(inches * dpi) for inches in _BAR_IN)
    thick = max(1, round(_THICK_IN * dpi))
    upright: list[tuple[float, int, int]] = []
    long = np.array([_longest(column, longest) for column in patch.T])
    tall = (long[:, 1] - long[:, 0] >= shortest) & (long[:, 1] - long[:, 0] <= longest)
    for a, b in flag_runs(tall):
        if b - a <= thick:
            k = a + int(np.argmax(long[a:b, 1] - long[a:b, 0]))
            upright.append(((a + b - 1) / 2, int(long[k, 0]), int(long[k, 1])))
    pairs = [
        (one, two)
        for one in upright
        for two in upright
        if _APART[0] * division <= two[0] - one[0] <= _APART[1] * division
        and min(one[2], two[2]) - max(one[1], two[1]) > 0.5 * max(one[2] - one[1], two[2] - two[1])
    ]
    if len(pairs) != 1:
        return None
    ((one, two),) = pairs
    return _Bars(one[0], two[0], min(one[1], two[1]), max(one[2], two[2]))


def _longest(column: Bool, most: int) -> tuple[int, int]:
    """The longest run of ink of a column, none longer than ``most``: borders and rules are no bars."""
    runs = [(a, b) for a, b in flag_runs(column) if b - a <= most]
    return max(runs, key=lambda run: run[1] - run[0], default=(0, 0))


def _signs(patch: Bool, bars: _Bars, division: float, dpi: float) -> tuple[int, int]:
    """The signs to the left and right of the bars: -1, 1, and 0 for none."""
    reach = round(_SIGN_AT * division)
    left, right = round(bars.left), round(bars.right)
    gap = max(2, round(_THICK_IN * dpi))
    beside = (
        patch[:, max(0, left - reach) : max(0, left - gap)],
        patch[:, right + gap : right + reach],
    )
    one, two = (_sign(part, dpi) for part in beside)
    return one, two


def _sign(part: Bool, dpi: float) -> int:
    """What a piece of paper shows: one stroke, two crossing strokes, or neither; specks do not count."""
    if not part.any():
        return 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(part.astype(np.uint8), connectivity=8)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    left, top, width, height = stats[largest, :4]
    if width < max(2, round(_SIGN_IN * dpi)):
        return 0
    ink = labels[top : top + height, left : left + width] == largest
    if height <= 0.4 * width:
        return -1 if ink.mean() > 0.5 else 0
    upright, level = ink.mean(axis=0).max(), ink.mean(axis=1).max()
    corners = np.mean([ink[:2, :2], ink[:2, -2:], ink[-2:, :2], ink[-2:, -2:]])
    crossed = min(upright, level) > 0.7 and corners < 0.5 and 0.5 < width / height < 2
    return int(crossed)
