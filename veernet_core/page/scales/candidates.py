"""Every pair of numbers above a track that could be a scale, described by what can be measured on it.

In: tokens of a scale block and the frames (tracks, pairs of tracks, halves of tracks) of a section. Out:
``ScaleCandidate``s and their features, float64 [n, len(PAIR_FEATURES)]. Nothing is decided here: whether a pair
is a scale is what a fitted model says (`scorer`).
Does not belong here: names (`names`), the choice among candidates (`binder`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from veernet_core.datatypes import F64, Scale
from veernet_core.domain.curve_kinds import CurveKind, curve_kinds
from veernet_core.domain.vocabulary import find_curve, find_unit
from veernet_core.page.ocr.tints import tint_gap
from veernet_core.page.results import SectionFound
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.number_rows import ROW, ends_of_row
from veernet_core.page.scales.tokens import (
    Edit,
    Token,
    apart_from_words,
    halves_at,
    lines_of,
    split_at,
    without_borders,
)

FrameKind = Literal["track", "double", "part"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A stretch of columns that a scale may span, at the top of the grid.

    ``tracks``: indices of the first and the last track in the section. ``grid``: spacing of the vertical
    lines where it is known. ``is_printed``: whether a line stands at both ends of it. ``of_double``: one of two
    halves of a track, or the whole of them.
    """

    left: float
    right: float
    tracks: tuple[int, int]
    kind: FrameKind = "track"
    grid: Scale | None = None
    decades: float | None = None
    is_printed: bool = True
    of_double: Literal["", "half", "whole"] = ""

    @property
    def is_double(self) -> bool:
        """Whether it spans two tracks, which are no halves of one."""
        return self.kind == "double" and not self.of_double

    @property
    def width(self) -> float:
        """Columns from border to border."""
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class ScaleCandidate:
    """Two numbers of one line that may stand for the borders of a frame.

    ``support`` and ``misfit`` count the numbers between them that stand where the two ends put them, and
    those that do not. ``inset``: no number stands at a border, the ends follow from three or more between.
    """

    frame: Frame
    first: Token
    last: Token
    left: float
    right: float
    edits: tuple[Edit, Edit]
    scale: Scale
    support: int
    misfit: int
    y: float
    height: float
    between: tuple[Token, ...]
    line: int
    inset: bool = False


@dataclass(frozen=True, slots=True)
class BlockText:
    """Text above one section: tokens, their lines, the ink, and the frames of the section."""

    tokens: tuple[Token, ...]
    lines: tuple[tuple[Token, ...], ...]
    ink: ScaleInk
    frames: tuple[Frame, ...]

    @property
    def dpi(self) -> float:
        """Resolution of the page."""
        return self.ink.dpi


def frames_of(section: SectionFound) -> tuple[Frame, ...]:
    """Tracks with curves, neighbouring pairs of them, and halves of the wide ones."""
    at_top = [
        (index, *track.borders_at(section.row_top), track)
        for index, track in enumerate(section.tracks)
        if track.kind == "curves"
    ]
    frames = [
        Frame(a, b, (i, i), "track", t.scale, t.decades, of_double="half" if t.is_half else "")
        for i, a, b, t in at_top
    ]
    left_of = None
    for (i, a, b, first), (j, c, d, second) in itertools.pairwise(at_top):
        halves = first.is_half and second.is_half and left_of != i
        left_of = j if halves else None
        if halves:
            frames.append(Frame(a, d, (i, j), "double", first.scale, None, of_double="whole"))
        elif c - b < 0.1 * min(b - a, d - c):
            frames.append(Frame(a, d, (i, j), "double"))
    for i, a, b, t in at_top:
        middle = (a + b) / 2
        even = t.divisions is not None and t.divisions % 2 == 0
        frames.append(Frame(a, middle, (i, i), "part", t.scale, None, even))
        frames.append(Frame(middle, b, (i, i), "part", t.scale, None, even))
    return tuple(frames)


def block_text(tokens: Sequence[Token], ink: ScaleInk, frames: Sequence[Frame]) -> BlockText:
    """Put tokens into lines; numbers that run across a border are cut there."""
    borders = sorted({b for f in frames if f.kind != "part" for b in (f.left, f.right)})
    parts = {b for f in frames if f.kind == "part" for b in (f.left, f.right)}
    middles = sorted(parts - set(borders))
    tokens = [
        half
        for t in tokens
        for at in ([b + ink.lean(t.y) for b in borders],)
        for part in split_at(without_borders([t], at), at)
        for half in halves_at(part, [m + ink.lean(t.y) for m in middles])
    ]
    lines = tuple(tuple(line) for line in lines_of(tokens))
    return BlockText(tuple(tokens), lines, ink, tuple(frames))


def find_candidates(block: BlockText) -> list[ScaleCandidate]:
    """All pairs of numbers of a line that stand near the two borders of a frame."""
    found: list[ScaleCandidate] = []
    for number, line in enumerate(block.lines):
        numeric = [token for token in line if token.numbers]
        if len(numeric) < 2:
            continue
        y = float(np.median([token.y for token in numeric]))
        lean = block.ink.lean(y)
        for frame in block.frames:
            found += _in_frame(block, number, line, numeric, frame, lean)
    return found


def _in_frame(
    block: BlockText,
    number: int,
    line: Sequence[Token],
    numeric: Sequence[Token],
    frame: Frame,
    lean: float,
) -> list[ScaleCandidate]:
    left, right = frame.left + lean, frame.right + lean
    firsts = [t for t in numeric if _near(t.x0 - left, t, frame)]
    lasts = [t for t in numeric if _near(right - t.x1, t, frame)]
    found = []
    for a in firsts:
        for b in lasts:
            if a.x1 > b.x0:
                continue
            between = tuple(t for t in line if t.x0 >= a.x1 - 1 and t.x1 <= b.x0 + 1)
            for left_value, left_edit in a.numbers:
                for right_value, right_edit in b.numbers:
                    if left_value == right_value:
                        continue
                    found.append(
                        _candidate(
                            frame, a, b, (left_value, right_value), (left_edit, right_edit),
                            between, left, right, number,
                        )
                    )  # fmt: skip
    inside = [t for t in numeric if t.is_number and left - t.height <= t.x <= right + t.height]
    if len(inside) >= (ROW if found else 3) and (frame.kind == "track" or frame.of_double):
        known = {(c.left, c.right) for c in found}
        row = _inset(frame, inside, left, right, line, number)
        found += [c for c in row if (c.left, c.right) not in known]
    return found


def _near(gap: float, token: Token, frame: Frame) -> bool:
    """Whether a number stands at a border: just inside, or across it."""
    return -2.0 * token.height < gap < max(2.5 * token.height, 0.1 * frame.width)


def _candidate(
    frame: Frame,
    a: Token,
    b: Token,
    ends: tuple[float, float],
    edits: tuple[Edit, Edit],
    between: tuple[Token, ...],
    left: float,
    right: float,
    number: int,
    inset: bool = False,
) -> ScaleCandidate:
    numbers = [t for t in apart_from_words(between) if t.numbers and t is not a]
    places = [((t.x - left) / (right - left), t.numbers[0][0]) for t in numbers]
    fits = {scale: _fits(places, ends, scale) for scale in ("linear", "log")}
    scale = _spacing(frame, ends, fits)
    support = fits[scale]
    return ScaleCandidate(
        frame, a, b, *ends, edits, scale, support, len(places) - support,
        (a.y + b.y) / 2, (a.height + b.height) / 2, between, number, inset,
    )  # fmt: skip


def _fits(places: Sequence[tuple[float, float]], ends: tuple[float, float], scale: str) -> int:
    """How many numbers stand where a scale puts them."""
    a, b = ends
    count = 0
    for place, value in places:
        if scale == "linear":
            expected = (value - a) / (b - a)
        elif min(a, b, value) > 0:
            expected = math.log(value / a) / math.log(b / a)
        else:
            continue
        count += abs(expected - place) < 0.06
    return count


def _spacing(frame: Frame, ends: tuple[float, float], fits: dict[str, int]) -> Scale:
    """By the numbers between the ends, by whole decades where they are many, then by the grid: of 42 scales
    over three whole decades or more none is linear, and fine grids of few pixels are taken for even ones.
    """
    if min(ends) <= 0 or decades(*ends) < 0.9:
        return "linear"
    if fits["log"] > fits["linear"]:
        return "log"
    if fits["linear"] > fits["log"]:
        return "linear"
    whole = abs(decades(*ends) - round(decades(*ends))) < 0.02
    if frame.grid is not None and not (whole and decades(*ends) > 2.5):
        return frame.grid
    return "log" if whole else "linear"


def decades(left: float, right: float) -> float:
    """Decades between two positive ends; 0 where one is not positive."""
    return abs(math.log10(right / left)) if left > 0 and right > 0 else 0.0


def _inset(
    frame: Frame,
    inside: Sequence[Token],
    left: float,
    right: float,
    line: Sequence[Token],
    number: int,
) -> list[ScaleCandidate]:
    """Ends that follow from three or more evenly spaced numbers, none of them at a border."""
    places = np.array([(t.x - left) / (right - left) for t in inside])
    ends = ends_of_row(places, np.array([t.numbers[0][0] for t in inside]))
    if ends is None:
        return []
    return [
        _candidate(
            frame, inside[0], inside[-1], ends, ("none", "none"), tuple(line), left, right, number,
            inset=True,
        )
    ]  # fmt: skip


# ---- features --------------------------------------------------------------------------------------

PAIR_FEATURES = (
    "gap_left_heights", "gap_right_heights", "gap_left_frac", "gap_right_frac", "slant",
    "height_ratio", "confidence_left", "confidence_right", "support", "misfit", "letters_between",
    "names_between", "unit_between", "is_double", "is_part", "is_inset", "frame_in", "above_grid_in",
    "letters_edit", "rule_edit", "sign_edit", "point_edit", "usual", "usual_flipped", "round_span",
    "decades", "whole_decades", "left_zero", "right_zero", "descending", "log_span", "grid_agrees",
    "decades_agree", "cover_below", "cover_above", "rivals", "same_text_box", "height_in",
    "numbers_outside", "words_outside", "digits_left", "digits_right", "is_log",
    "agreed_left", "agreed_right", "tint_ends",
)  # fmt: skip


@cache
def _usual_ranges() -> frozenset[tuple[float, float]]:
    return frozenset((left, right) for kind in curve_kinds() for _, left, right in kind.ranges)


def pair_features(block: BlockText, candidates: Sequence[ScaleCandidate]) -> F64:
    """What is measured on candidates, float64 [n, len(PAIR_FEATURES)]; NaN where it cannot be."""
    rivals: dict[tuple[int, int, int], int] = {}
    for c in candidates:
        key = (c.line, *c.frame.tracks)
        rivals[key] = rivals.get(key, 0) + 1
    cover: dict[tuple[float, float, float], tuple[float, float]] = {}
    rows = []
    for c in candidates:
        place = (round(c.y), c.frame.left, c.frame.right)
        if place not in cover:
            cover[place] = block.ink.cover(c.y, c.height, c.frame.left, c.frame.right)
        rows.append(_features(block, c, rivals[(c.line, *c.frame.tracks)], cover[place]))
    return np.array(rows, dtype=np.float64).reshape(-1, len(PAIR_FEATURES))


def _features(
    block: BlockText, c: ScaleCandidate, rivals: int, cover: tuple[float, float]
) -> list[float]:
    lean = block.ink.lean(c.y)
    gap_left, gap_right = c.first.x0 - c.frame.left - lean, c.frame.right + lean - c.last.x1
    words = " ".join(t.text for t in c.between if not t.is_number)
    named = find_curve(words) if words else None
    line = block.lines[c.line]
    outside = [
        t for t in line
        if (t.x < c.first.x0 or t.x > c.last.x1) and c.frame.left + lean < t.x < c.frame.right + lean
    ]  # fmt: skip
    span = abs(c.right - c.left)
    whole = decades(c.left, c.right)
    return [
        gap_left / c.height,
        gap_right / c.height,
        gap_left / c.frame.width,
        gap_right / c.frame.width,
        abs(c.first.y - c.last.y) / c.height,
        c.first.height / c.last.height,
        c.first.confidence,
        c.last.confidence,
        c.support,
        c.misfit,
        sum(ch.isalpha() for ch in words),
        float(named is not None),
        float(bool(words) and find_unit(words) is not None),
        float(c.frame.is_double),
        float(c.frame.kind == "part"),
        float(c.inset),
        c.frame.width / block.dpi,
        (block.ink.foot - c.y) / block.dpi,
        *(float(sum(e == edit for e in c.edits)) for edit in ("letters", "rule", "sign", "point")),
        float((c.left, c.right) in _usual_ranges()),
        float((c.right, c.left) in _usual_ranges()),
        float(_is_round(span)),
        whole,
        float(whole > 0.9 and abs(whole - round(whole)) < 0.02),
        float(c.left == 0),
        float(c.right == 0),
        float(c.right < c.left),
        math.log10(span),
        0.0 if c.frame.grid is None else 1.0 if c.frame.grid == c.scale else -1.0,
        np.nan if c.frame.decades is None or c.scale != "log" else abs(whole - c.frame.decades),
        *cover,
        float(rivals),
        float(c.first.line == c.last.line),
        c.height / block.dpi,
        float(sum(t.is_number for t in outside)),
        float(sum(not t.is_number for t in outside)),
        float(sum(ch.isdigit() for ch in c.first.text)),
        float(sum(ch.isdigit() for ch in c.last.text)),
        float(c.scale == "log"),
        c.first.agreed,
        c.last.agreed,
        tint_gap(c.first.tint, c.last.tint),
    ]


def _is_round(span: float) -> bool:
    """Whether a tenth of a span has one or two digits, as on grids of ten divisions."""
    digits = span / 10 / 10.0 ** math.floor(math.log10(span / 10))
    return abs(digits * 10 - round(digits * 10)) < 1e-6


def is_usual(kind: CurveKind, scale: ScaleCandidate) -> bool:
    """Whether a scale is one of the usual ones of a curve, in any unit."""
    return any((left, right) == (scale.left, scale.right) for _, left, right in kind.ranges)
