"""What is truly printed in a block of scales, and which candidate and which phrase is which of it.

In: blocks of text, scales read by eye or drawn. Out: `TrueBlock`s, and the true scale of every candidate. Does
not belong here: fitting (`scale_models`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz
from scipy.optimize import linear_sum_assignment

from veernet_core.domain.curve_kinds import CurveKind
from veernet_core.domain.vocabulary import find_curve
from veernet_core.page.ocr.tints import SAME_TINT
from veernet_core.page.results import SectionFound, TextBox, TrackFound
from veernet_core.page.scales.candidates import BlockText, ScaleCandidate, block_text, frames_of
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.names import NameCandidate, find_names, is_unit_only
from veernet_core.page.scales.tokens import read_tokens
from veernet_core.synth.scale_blocks.draw import DPI, DrawnBlock, draw_block

_BORDER, _VALUE = 0.06, 0.01
"""How far borders (of the width) and ends (of the span) of a candidate may lie from a true scale's."""
_LEAST_SAME, _LEAST_PART = 75.0, 88.0
"""Likeness, 0 to 100, from which print is the name that was read by eye, and a part of it."""
_SHORT_NAME = 3
_REPEATED = 0.3
"""What it costs that a true scale is on one more line, in gaps to a name: less than a name that is not seen."""
_BORDER_NOISE_PX = 2.0


@dataclass(frozen=True, slots=True)
class TrueScale:
    """A scale that is truly printed: columns of its ends at the top of the grid, values, and its name."""

    left_px: float
    right_px: float
    left: float
    right: float
    mnemonic: str
    printed: str = ""


@dataclass(frozen=True, slots=True)
class TrueBlock:
    """A block of text with its true scales; ``well`` keeps pages of one well together. ``is_read``: the borders
    of its tracks are those that were found.
    """

    block: BlockText
    scales: tuple[TrueScale, ...]
    well: str
    is_read: bool = False


def drawn_blocks(count: int, seed: int) -> list[TrueBlock]:
    """Drawn blocks ``0 .. count - 1`` of a seed, their borders as inexact as read ones."""
    out = []
    for number in range(count):
        drawn = draw_block(np.random.default_rng([seed, number]))
        out.append(
            _from_drawing(drawn, np.random.default_rng([seed, number, 1]), f"drawn-{number}")
        )
    return out


def _from_drawing(drawn: DrawnBlock, rng: np.random.Generator, well: str) -> TrueBlock:
    tracks = []
    for left, right, log in drawn.tracks:
        off = rng.normal(0.0, _BORDER_NOISE_PX, 2)
        grid = None if log is None else ("log" if log else "linear")
        tracks.append(
            TrackFound(
                np.array([[drawn.top, left + off[0]]]),
                np.array([[drawn.top, right + off[1]]]),
                "curves",
                grid,  # type: ignore[arg-type]
            )
        )
    section = SectionFound(
        "main", "main", drawn.top, drawn.top + 1000, tuple(tracks), np.zeros((0, 2)), 1.0
    )
    boxes = [
        TextBox(w.text, w.confidence, w.row, w.col, w.height, w.width, 0, w.as_digits, tint=w.tint)
        for w in drawn.words
    ]
    ink = ScaleInk(drawn.ink, 0, 0.0, DPI, drawn.top)
    tokens = read_tokens(boxes, 0.0, drawn.ink.shape[1] / 2)
    scales = tuple(
        TrueScale(s.left_px, s.right_px, s.left, s.right, "", s.name) for s in drawn.scales
    )
    return TrueBlock(block_text(tokens, ink, frames_of(section)), scales, well)


def is_same_scale(candidate: ScaleCandidate, true: TrueScale) -> bool:
    """Whether a candidate is a true scale: the same frame and the same ends."""
    width, span = true.right_px - true.left_px, abs(true.right - true.left)
    return (
        abs(candidate.frame.left - true.left_px) < _BORDER * width
        and abs(candidate.frame.right - true.right_px) < _BORDER * width
        and abs(candidate.left - true.left) <= _VALUE * span
        and abs(candidate.right - true.right) <= _VALUE * span
    )


def is_same_name(candidate: NameCandidate, true: TrueScale) -> bool:
    """Whether a phrase is the printed name, or names the curve by the vocabulary."""
    named = candidate.named
    if named is None and is_unit_only(candidate.text):
        return False
    if true.printed and not _digits_fit(candidate.text, true.printed):
        return False
    own, printed = (re.sub(r"[^A-Z0-9]", "", t.upper()) for t in (candidate.text, true.printed))
    if len(own) >= 2 and len(printed) >= 2:
        if candidate.rows > 1:  # several lines are one name only as a whole
            return fuzz.ratio(own, printed) >= _LEAST_SAME
        if _is_like(own, printed):
            return True
    if candidate.rows > 1:
        return False
    return (
        named is not None
        and not named.kind.is_group
        and named.share > 0.5
        and _stands_for(named.kind, true.mnemonic)
    )


_UNIT = re.compile(r"[(\[][^()\[\]]*[)\]]?\s*$")


def _digits_fit(text: str, printed: str) -> bool:
    """Whether a phrase has no number that the printed name has not: C4 is another curve than C1. A short name
    is told from others by each of its characters.
    """
    own, true = (_UNIT.sub("", t.upper()) for t in (text, printed))
    if not set(re.findall(r"\d+", own)) <= set(re.findall(r"\d+", printed)):
        return False
    short = re.sub(r"[^A-Z0-9]", "", true)
    return len(short) > _SHORT_NAME or short in re.sub(r"[^A-Z0-9]", "", text.upper())


def _stands_for(kind: CurveKind, mnemonic: str) -> bool:
    known = find_curve(mnemonic)
    return kind.mnemonic == mnemonic or (known is not None and known.kind is kind)


def _is_like(own: str, printed: str) -> bool:
    if fuzz.ratio(own, printed) >= _LEAST_SAME:
        return True
    enough = len(own) >= 0.4 * len(printed)
    if len(own) >= 3 and (printed in own or (own in printed and enough)):
        return True
    return len(own) >= 5 and enough and fuzz.partial_ratio(own, printed) >= _LEAST_PART


def true_scales(source: TrueBlock, candidates: Sequence[ScaleCandidate]) -> list[TrueScale | None]:
    """Which true scale every candidate is. Several curves of a track may have the same ends; then the names
    that stand nearest to its line tell which of them a line of numbers is.
    """
    same = [tuple(t for t in source.scales if is_same_scale(c, t)) for c in candidates]
    known: dict[tuple[TrueScale, ...], dict[int, TrueScale]] = {}
    for trues in dict.fromkeys(same):
        own = [c for c, t in zip(candidates, same, strict=True) if t == trues]
        known[trues] = _by_line(source.block, own, trues) if len(trues) > 1 else {}
    return [
        None if not trues else known[trues].get(c.line, trues[0])
        for c, trues in zip(candidates, same, strict=True)
    ]


def _by_line(
    block: BlockText, candidates: Sequence[ScaleCandidate], trues: Sequence[TrueScale]
) -> dict[int, TrueScale]:
    """The true scale of every line of numbers: as their names stand nearest as a whole."""
    of_line = {c.line: c for c in sorted(candidates, key=lambda c: c.y)}
    scales = list(of_line.values())
    gaps = np.array([[_name_gap(block, scale, true) for true in trues] for scale in scales])
    # a log that repeats its scales has a true one on several lines
    times = math.ceil(len(scales) / len(trues))
    again = np.concatenate([gaps + n * _REPEATED for n in range(times)], axis=1)
    out = {of.line: trues[int(row.argmin())] for of, row in zip(scales, gaps, strict=True)}
    for row, col in zip(*linear_sum_assignment(again)):
        out[scales[row].line] = trues[col % len(trues)]
    return out


def _name_gap(block: BlockText, scale: ScaleCandidate, true: TrueScale) -> float:
    """How far the nearest print of a true scale's name is from a line of numbers, from 0 to 1: near ones are
    told apart, and of a name that is not seen near any line nothing is known. Print of another colour is that
    of another scale.
    """
    names = find_names(block, scale, (scale.first, scale.last))
    gaps = [
        abs(n.y - scale.y) / scale.height
        for n in names
        if not n.tint_gap >= SAME_TINT and is_same_name(n, true)
    ]
    return 1.0 - math.exp(-min(gaps)) if gaps else 1.0
