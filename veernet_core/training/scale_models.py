"""Fitting the models of scale reading: which pairs of numbers are scales, which phrases their names.

In: blocks of text with the scales that are truly there, hand-read and drawn. Out: a packed scorer. Pages are
left out by whole wells to calibrate it: the probability of a kept scale is the share that was right on
wells its model had not seen.
Does not belong here: reading print, files, and what the models are used for (`page.scales.binder`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rapidfuzz import fuzz
from scipy.optimize import linear_sum_assignment

from veernet_core.datatypes import F64, Bool
from veernet_core.domain.curve_kinds import CurveKind
from veernet_core.domain.vocabulary import find_curve
from veernet_core.page.results import SectionFound, TextBox, TrackFound
from veernet_core.page.scales.binder import (
    ReadScale,
    choose,
    read_block_scales,
    verdict_features,
)
from veernet_core.page.scales.candidates import (
    BlockText,
    ScaleCandidate,
    block_text,
    find_candidates,
    frames_of,
    pair_features,
)
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.names import (
    NAME_FEATURES,
    SAME_TINT,
    NameCandidate,
    find_names,
    is_unit_only,
    name_features,
)
from veernet_core.page.scales.scorer import (
    DOUBTFUL,
    VERDICT_FEATURES,
    ScaleScorer,
    name_terms,
    pack_scorer,
    raw_output,
)
from veernet_core.page.scales.tokens import read_tokens
from veernet_core.synth.scale_blocks import DPI, DrawnBlock, draw_block

_BORDER, _VALUE = 0.06, 0.01
"""How far borders (of the width) and ends (of the span) of a candidate may lie from a true scale's."""
_TREES: dict[str, Any] = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 24, "min_data_in_leaf": 20,
    "feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 3.0,
    "verbose": -1, "num_threads": 1, "seed": 3, "deterministic": True, "force_row_wise": True,
}  # fmt: skip
_ROUNDS_PAIRS, _ROUNDS_NAMES = 300, 250
_REAL_WEIGHT = 4.0
"""What a hand-read example weighs against a drawn one."""
_LEAST_SAME, _LEAST_PART = 75.0, 88.0
"""Likeness, 0 to 100, from which print is the name that was read by eye, and a part of it."""
_SHORT_NAME = 3
_FEWEST_OUTCOMES = 20
_SURE_SHARE = 0.99
"""Share of the readings of wells left out that are right from the level on that counts as sure."""
_NO_VERDICT = np.zeros((3, len(VERDICT_FEATURES) + 1)) + np.array([[0.0], [1.0], [0.0]])
_NO_LINE = np.array([1.0, *[0.0] * 7])
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


@dataclass(frozen=True, slots=True)
class _Examples:
    """Candidates of one block, their features, and which are right."""

    source: TrueBlock
    candidates: tuple[ScaleCandidate, ...]
    pairs: F64
    is_scale: Bool
    names: F64
    is_name: Bool


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
    out = {of.line: trues[int(row.argmin())] for of, row in zip(scales, gaps, strict=True)}
    for row, col in zip(*linear_sum_assignment(gaps)):
        out[scales[row].line] = trues[col]
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


def _examples(source: TrueBlock) -> _Examples:
    block = source.block
    candidates = tuple(find_candidates(block))
    matches = true_scales(source, candidates)
    right = np.array([m is not None for m in matches], dtype=np.bool_)
    chosen: list[tuple[ScaleCandidate, TrueScale]] = []
    known: set[tuple[int, int]] = set()
    for candidate, true in zip(candidates, matches, strict=True):
        if true is not None and (id(true), candidate.line) not in known:
            known.add((id(true), candidate.line))
            chosen.append((candidate, true))
    taken = [token for c, _ in chosen if not c.inset for token in (c.first, c.last)]
    rows, labels = [np.zeros((0, len(NAME_FEATURES)))], [np.zeros(0, dtype=np.bool_)]
    for candidate, true in chosen:
        names = find_names(block, candidate, taken)
        others = [
            c for c, _ in chosen
            if c is not candidate
            and c.frame.left < candidate.frame.right - 1
            and candidate.frame.left < c.frame.right - 1
        ]  # fmt: skip
        rows.append(name_features(block, candidate, names, others))
        labels.append(np.array([is_same_name(n, true) for n in names], dtype=np.bool_))
    return _Examples(
        source, candidates, pair_features(block, candidates), right, np.vstack(rows),
        np.concatenate(labels),
    )  # fmt: skip


def fit_scales(
    real: Sequence[TrueBlock],
    drawn: Sequence[TrueBlock],
    folds: Mapping[str, int],
    record: Mapping[str, Any],
) -> tuple[bytes, dict[int, bytes]]:
    """Fit the scorer on all wells, and once for every fold without its wells.

    Parameters
    ----------
    real : sequence of TrueBlock
        Hand-read blocks.
    drawn : sequence of TrueBlock
    folds : mapping of well to int
        Which fold leaves a well out.
    record : mapping
        What is kept with the models: settings, counts, versions.

    Returns
    -------
    bytes
        The scorer fitted on everything, calibrated by the folds.
    dict of int to bytes
        For each fold the scorer that never saw its wells, calibrated by the others.
    """
    hand = [_examples(b) for b in real]
    made = [_examples(b) for b in drawn]
    numbers = sorted(set(folds.values()))
    # whether a reading is right is learned where borders are as inexact as they will be
    judged = [e for e in hand if e.source.is_read] or hand
    boosters = {k: _boosters([e for e in hand if folds[e.source.well] != k], made) for k in numbers}
    outcomes = {
        k: _outcomes([e for e in hand if folds[e.source.well] == k], *boosters[k]) for k in numbers
    }
    whole = _boosters(hand, made)
    packed = {}
    for k in [*numbers, None]:
        others = [outcomes[j] for j in numbers if j != k]
        pairs, names = whole if k is None else boosters[k]
        knots = _calibration(np.concatenate([o[0] for o in others]))
        line = _name_line([o[1] for o in others])
        # the same outcomes, calibrated, say when a whole reading is right
        plain = ScaleScorer(pairs, names, knots, line, _NO_VERDICT, "")
        read = [_readings(e, replace(plain, **_of(boosters[j]))) for j in numbers if j != k
                for e in judged if folds[e.source.well] == j]  # fmt: skip
        verdict = _verdict(np.vstack([f for f, _ in read]), np.concatenate([y for _, y in read]))
        notes = {**record, "left_out_fold": k, "wells": sorted(w for w in folds if folds[w] != k)}
        packed[k] = pack_scorer(pairs, names, knots, line, verdict, notes)
    return packed.pop(None), packed  # type: ignore[return-value]


COUNTS = (
    "true scales", "candidate found", "both ends right", "ends and name right", "readings", "sure",
    "sure and wrong",
)  # fmt: skip
"""What `count_readings` counts, in order."""


def count_readings(source: TrueBlock, scorer: ScaleScorer) -> tuple[int, ...]:
    """How the scales of one block are read: see ``COUNTS``.

    A reading is wrong where its ends or its name are those of no true scale of the block.
    """
    candidates = find_candidates(source.block)
    read = read_block_scales(source.block, scorer)
    own = true_scales(source, [r.scale for r in read])

    def is_right(item: ReadScale, true: TrueScale | None) -> bool:
        return true is not None and item.name is not None and is_same_name(item.name, true)

    right = {id(t) for r, t in zip(read, own, strict=True) if is_right(r, t)}
    sure = [(r, t) for r, t in zip(read, own, strict=True) if r.sure > DOUBTFUL]
    return (
        len(source.scales),
        sum(any(is_same_scale(c, t) for c in candidates) for t in source.scales),
        sum(any(is_same_scale(r.scale, t) for r in read) for t in source.scales),
        sum(id(t) in right for t in source.scales),
        len(read),
        len(sure),
        sum(not is_right(r, t) for r, t in sure),
    )


def _boosters(hand: Sequence[_Examples], made: Sequence[_Examples]) -> tuple[Any, Any]:
    return (
        _boost(
            [(e.pairs, e.is_scale) for e in hand],
            [(e.pairs, e.is_scale) for e in made],
            _ROUNDS_PAIRS,
        ),
        _boost(
            [(e.names, e.is_name) for e in hand],
            [(e.names, e.is_name) for e in made],
            _ROUNDS_NAMES,
        ),
    )


def _boost(hand: Sequence[tuple[F64, Bool]], made: Sequence[tuple[F64, Bool]], rounds: int) -> Any:
    import lightgbm

    features = np.vstack([f for f, _ in (*hand, *made)])
    labels = np.concatenate([y for _, y in (*hand, *made)])
    real = sum(len(y) for _, y in hand)
    weights = np.ones(len(labels))
    weights[:real] = _REAL_WEIGHT
    return lightgbm.train(_TREES, lightgbm.Dataset(features, label=labels, weight=weights), rounds)


_Outcomes = tuple[F64, tuple[F64, Bool]]


def _outcomes(left_out: Sequence[_Examples], pairs: Any, names: Any) -> _Outcomes:
    """For wells left out: (output, whether it was right) of the scales chosen; `name_terms` of all phrases near
    true scales, and whether they are the name.
    """
    plain = np.array([[0.0, 0.0], [1.0, 1.0]])
    scorer = ScaleScorer(pairs, names, plain, _NO_LINE, _NO_VERDICT, "")
    scales: list[tuple[float, float]] = []
    for e in left_out:
        for candidate, output in choose(e.candidates, scorer.scale(e.pairs), 0.02):
            true = any(is_same_scale(candidate, t) for t in e.source.scales)
            scales.append((output, float(true)))
    features = np.vstack([np.zeros((0, len(NAME_FEATURES))), *(e.names for e in left_out)])
    is_name = np.concatenate([np.zeros(0, dtype=np.bool_), *(e.is_name for e in left_out)])
    raw = raw_output(names, features) if len(features) else np.zeros(0)
    return np.array(scales).reshape(-1, 2), (name_terms(raw, features), is_name)


def _name_line(outcomes: Sequence[tuple[F64, Bool]]) -> F64:
    """Weights of `name_terms` and a bias, by logistic regression."""
    from sklearn.linear_model import LogisticRegression

    terms, right = np.vstack([t for t, _ in outcomes]), np.concatenate([r for _, r in outcomes])
    if len(right) < _FEWEST_OUTCOMES or len(np.unique(right)) < 2:
        return _NO_LINE
    fit = LogisticRegression(C=10.0, max_iter=500).fit(terms, right)
    return np.append(fit.coef_[0], fit.intercept_[0])


def _of(boosters: tuple[Any, Any]) -> dict[str, Any]:
    return {"pairs": boosters[0], "names": boosters[1]}


def _readings(example: _Examples, scorer: ScaleScorer) -> tuple[F64, Bool]:
    """Verdict features of the readings of a block, and which of them are right as a whole.

    Where the printed names were not noted down, a reading with the right ends under another name is neither
    right nor wrong, and left out.
    """
    read = read_block_scales(example.source.block, scorer)
    own = true_scales(example.source, [r.scale for r in read])
    features, right = [], []
    for row, r, true in zip(verdict_features(read), read, own, strict=True):
        named = true is not None and r.name is not None and is_same_name(r.name, true)
        if named or true is None or true.printed:
            features.append(row)
            right.append(named)
    return np.array(features).reshape(-1, len(VERDICT_FEATURES)), np.array(right, dtype=np.bool_)


def _verdict(features: F64, right: Bool) -> F64:
    """A logistic line on the verdict features, and the level from which nearly all readings are right."""
    from sklearn.linear_model import LogisticRegression

    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    line = LogisticRegression(C=1.0, max_iter=500).fit((features - mean) / spread, right)
    p = line.predict_proba((features - mean) / spread)[:, 1]
    order = np.argsort(-p)
    share = (np.cumsum(right[order]) + 0.0) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= _SURE_SHARE)
    level = float(p[order[enough[-1]]]) if len(enough) else 1.0
    out = np.zeros((3, features.shape[1] + 1))
    out[0, :-1], out[1, :-1], out[2, :-1] = mean, spread, line.coef_[0]
    out[0, -1], out[2, -1] = level, line.intercept_[0]
    return out


def _calibration(outcomes: F64) -> F64:
    """Knots [n, 2] from an output to the share that was right, by a logistic line through the log odds.

    A line and not steps: from some hundred outcomes steps make ties of unlike candidates.
    """
    from sklearn.linear_model import LogisticRegression

    grid = np.concatenate([[0.0], 1 / (1 + np.exp(-np.linspace(-7, 7, 57))), [1.0]])
    if len(outcomes) < _FEWEST_OUTCOMES or len(np.unique(outcomes[:, 1])) < 2:
        return np.stack([grid, grid], axis=1)
    line = LogisticRegression(C=10.0).fit(_log_odds(outcomes[:, :1]), outcomes[:, 1])
    knots: F64 = np.stack([grid, line.predict_proba(_log_odds(grid[:, None]))[:, 1]], axis=1)
    return knots


def _log_odds(p: F64) -> F64:
    clipped = np.clip(p, 1e-4, 1 - 1e-4)
    out: F64 = np.log(clipped / (1 - clipped))
    return out
