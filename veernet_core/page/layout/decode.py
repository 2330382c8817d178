"""From the marks of the layout network to runs of rows and columns, by dynamic programming.

In: `maps.LayoutMaps`, as float probabilities. Out: `RowRun` (what stands on a stretch of rows) and
`Span` (what stands on a stretch of columns), in cells and input columns. Does not belong here: pixels
of the page, how the paper drifts.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal

import numpy as np

from veernet_core.datatypes import F32, F64
from veernet_core.page.layout.maps import AREAS

RowKind = Literal["log", "scales", "form", "blank"]
SpanKind = Literal["blank", "curves", "depth", "other"]
ROW_KINDS: tuple[RowKind, ...] = ("log", "scales", "form", "blank")
SPAN_KINDS: tuple[SpanKind, ...] = ("blank", "curves", "depth", "other")
_INDEX = {name: number for number, name in enumerate(AREAS)}
_TINY = 1e-4


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """Weights of the evidence, fitted with ``veernet calibrate-pages``.

    Attributes
    ----------
    row_switch : price of a change from one kind of rows to another, in nats
    row_edge : what an end of a log that the network marks takes off that price
    blank_share : share of blank cells from which on a row counts as blank
    area_weight : weight of the area of one input column
    line_weight : weight of the log odds of a border
    line_bias : log odds that a border must have to be worth nothing
    seen_bias, seen_weight, block_bias, block_weight
        Logistic regression of "a border stands here" on the log odds of the share of the log's rows
        that show one, and, where there is a scale block, of the block's rows
    line_least : least log odds that count, so that a border that is not inked costs no more
    page_edge : price of a track that runs off the paper
    switch : price of a change between columns without borders of their own
    place_cols, place_grid, place_ink : how far (input columns) a border may stand from its mark, and
        what a grid that fits and ink are worth against that
    cut_bias, cut_left, cut_right, cut_parts, cut_gain, cut_clear
        Logistic regression of "two tracks share a border here" on `splits.Evidence`
    least_sure : confidence from which on a log makes the page a curve log
    sure_bias, sure_odds, sure_purity, sure_grid, sure_whole
        Logistic regression of "both borders of the track are right" on what was seen of it
    """

    row_switch: float = 8.0
    row_edge: float = 5.0
    blank_share: float = 0.93
    area_weight: float = 0.35
    line_weight: float = 2.0
    line_bias: float = 0.5
    seen_bias: float = 0.5
    seen_weight: float = 1.0
    block_bias: float = 1.0
    block_weight: float = 0.5
    line_least: float = -3.0
    page_edge: float = 2.5
    switch: float = 3.0
    place_cols: float = 1.5
    place_grid: float = 6.0
    place_ink: float = 0.7
    cut_bias: float = 0.5
    cut_left: float = 0.4
    cut_right: float = 0.4
    cut_parts: float = 0.5
    cut_gain: float = 4.0
    cut_clear: float = 8.0
    least_sure: float = 0.3
    sure_bias: float = -1.0
    sure_odds: float = 0.6
    sure_purity: float = 0.6
    sure_grid: float = 0.5
    sure_whole: float = 0.5

    @classmethod
    def from_json(cls, raw: Mapping[str, float]) -> DecodeSettings:
        """Settings with the defaults for what is missing."""
        known = {f.name for f in fields(cls)}
        return cls(**{k: float(v) for k, v in raw.items() if k in known})

    def to_json(self) -> dict[str, float]:
        """Plain numbers."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RowRun:
    """Rows of cells ``first <= row < last`` of one kind."""

    kind: RowKind
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Span:
    """Input columns from ``left`` to ``right`` of one kind.

    ``left_odds`` and ``right_odds`` are the log odds of its borders; NaN at the edge of the paper.
    ``purity`` is the mean probability of its kind.
    """

    kind: SpanKind
    left: float
    right: float
    left_odds: float
    right_odds: float
    purity: float


# ---- rows --------------------------------------------------------------------------------------------


def find_rows(areas: F32, edges: F32, settings: DecodeSettings) -> list[RowRun]:
    """Kinds of rows from top to bottom.

    Parameters
    ----------
    areas : float32 [6, rows, cols]
        Probabilities of `maps.AREAS`.
    edges : float32 [2, rows, cols]
        Probabilities of the top and the bottom of a log.
    settings : DecodeSettings
    """
    score = _row_scores(areas, settings)
    count = len(score)
    bonus = settings.row_edge * np.sort(edges, axis=2)[:, :, -edges.shape[2] // 4 :].mean(axis=2)
    bonus = np.maximum(bonus, np.pad(bonus, ((0, 0), (1, 0)))[:, :-1])
    change = settings.row_switch * (1 - np.eye(len(ROW_KINDS)))
    best, back = score[0].copy(), np.zeros(score.shape, np.int64)
    for row in range(1, count):
        price = change.copy()
        price[1:, 0] -= bonus[0, row]
        price[0, 1:] -= bonus[1, row]
        total = best[:, None] - price
        back[row] = total.argmax(axis=0)
        best = total.max(axis=0) + score[row]
    path = np.empty(count, np.int64)
    path[-1] = best.argmax()
    for row in range(count - 1, 0, -1):
        path[row - 1] = back[row, path[row]]
    cuts = np.flatnonzero(np.diff(path)) + 1
    bounds = [0, *cuts.tolist(), count]
    return [RowRun(ROW_KINDS[path[a]], a, b) for a, b in itertools.pairwise(bounds)]


def _row_scores(areas: F32, settings: DecodeSettings) -> F64:
    """Log probability of every kind at every row, [rows, 4]."""
    share = areas.mean(axis=2, dtype=np.float64)
    inked = np.maximum(1 - share[_INDEX["margin"]], _TINY)
    blank = 1 / (1 + np.exp(-(share[_INDEX["margin"]] - settings.blank_share) / 0.02))
    log = share[_INDEX["curves"]] + share[_INDEX["depth"]] + 0.5 * share[_INDEX["other"]]
    parts = np.stack([log, share[_INDEX["scales"]], share[_INDEX["form"]]]) / inked
    scores = np.concatenate([np.clip(parts, 0, 1) * (1 - blank), blank[None]])
    return np.log(scores + 0.02).T


# ---- columns -----------------------------------------------------------------------------------------


def odds(probability: F64) -> F64:
    """Log odds, within sense."""
    p = np.clip(probability, _TINY, 1 - _TINY)
    return np.asarray(np.log(p / (1 - p)), np.float64)


def find_spans(areas: F64, left: F64, right: F64, settings: DecodeSettings) -> list[Span]:
    """Columns of a log from left to right, blank paper left out.

    Parameters
    ----------
    areas : float64 [6, n]
        Mean probability of every class at every input column of the straightened log.
    left, right : float64 [n]
        Log odds of a left and a right border at every input column.
    settings : DecodeSettings
    """
    emission = _emissions(areas, settings)
    bonus_left, bonus_right = (_bonus(o, settings) for o in (left, right))
    count, kinds = emission.shape
    curves = SPAN_KINDS.index("curves")
    best = emission[0].copy()
    best[curves] += max(-settings.page_edge, bonus_left[0])
    back = np.zeros((count, kinds), np.int64)
    for col in range(1, count):
        total = best[:, None] + _moves(bonus_left[col], bonus_right[col - 1], curves, settings)
        again = best[curves] + bonus_left[col] + bonus_right[col - 1]
        back[col] = total.argmax(axis=0)
        gain = total.max(axis=0)
        if again > gain[curves]:
            gain[curves], back[col, curves] = again, kinds
        best = gain + emission[col]
    best[curves] += max(-settings.page_edge, bonus_right[-1])
    return _spans(_trace(best, back, curves), areas, left, right)


def _emissions(areas: F64, settings: DecodeSettings) -> F64:
    blank = areas[_INDEX["margin"]] + areas[_INDEX["form"]] + areas[_INDEX["scales"]]
    parts = np.stack([blank, *(areas[_INDEX[name]] for name in ("curves", "depth", "other"))])
    return settings.area_weight * np.log(parts + 0.02).T


def _bonus(log_odds: F64, settings: DecodeSettings) -> F64:
    return settings.line_weight * (np.maximum(log_odds, settings.line_least) - settings.line_bias)


def _moves(left: float, right: float, curves: int, settings: DecodeSettings) -> F64:
    """Price (negative) or worth of going from one kind (first axis) to the next at a column."""
    kinds = len(SPAN_KINDS)
    moves = np.full((kinds, kinds), -settings.switch)
    moves[:, curves] = left
    moves[curves, :] = right
    np.fill_diagonal(moves, 0.0)
    return moves


def _trace(best: F64, back: np.ndarray, curves: int) -> list[tuple[int, int, int]]:
    """Stretches (kind, first, last column) along the best path; ``len(kinds)`` marks a shared border."""
    kinds = len(SPAN_KINDS)
    state, last = int(best.argmax()), len(back)
    runs = []
    for col in range(len(back) - 1, 0, -1):
        before = int(back[col, state])
        if before == kinds or before != state:
            runs.append((state, col, last))
            last = col
            state = curves if before == kinds else before
    runs.append((state, 0, last))
    return runs[::-1]


def _spans(runs: list[tuple[int, int, int]], areas: F64, left: F64, right: F64) -> list[Span]:
    blank = SPAN_KINDS.index("blank")
    rows = {1: _INDEX["curves"], 2: _INDEX["depth"], 3: _INDEX["other"]}
    spans = []
    for state, first, last in runs:
        if state == blank:
            continue
        at_left = left[first] if first > 0 else np.nan
        at_right = right[last - 1] if last < len(left) else np.nan
        purity = float(areas[rows[state], first:last].mean())
        spans.append(
            Span(SPAN_KINDS[state], first, last - 1, float(at_left), float(at_right), purity)
        )
    return spans
