"""Fitting the models of scale reading: which pairs of numbers are scales, which phrases their names.

In: blocks of text with the scales that are truly there, hand-read and drawn. Out: a packed scorer. Pages are
left out by whole wells to calibrate it: the probability of a kept scale is the share that was right on
wells its model had not seen.
Does not belong here: reading print, files, and what the models are used for (`page.scales.binder`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from veernet_core.datatypes import F64, Bool
from veernet_core.page.scales.binder import read_block_scales
from veernet_core.page.scales.candidates import (
    ScaleCandidate,
    find_candidates,
    pair_features,
)
from veernet_core.page.scales.choice import choose
from veernet_core.page.scales.names import (
    NAME_FEATURES,
    find_names,
    name_features,
)
from veernet_core.page.scales.scorer import (
    DOUBTFUL,
    VERDICT_FEATURES,
    ScaleScorer,
    log_odds,
    name_terms,
    pack_scorer,
    raw_output,
)
from veernet_core.page.scales.verdict import ReadScale, is_doubtful, verdict_features
from veernet_core.training.true_scales import (
    TrueBlock,
    TrueScale,
    is_same_name,
    is_same_scale,
    true_scales,
)

_TREES: dict[str, Any] = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 24, "min_data_in_leaf": 20,
    "feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 3.0,
    "verbose": -1, "num_threads": 1, "seed": 3, "deterministic": True, "force_row_wise": True,
}  # fmt: skip
_ROUNDS_PAIRS, _ROUNDS_NAMES = 300, 250
_REAL_WEIGHT = 4.0
"""What a hand-read example weighs against a drawn one."""
_FEWEST_OUTCOMES = 20
_SURE_SHARE, _HELD = 0.99, 0.1
"""Share of the readings of wells left out that are right from the level on that counts as sure, and how freely
the weights that tell it may grow: some hundred readings bear no more."""
_NO_VERDICT = np.zeros((3, len(VERDICT_FEATURES) + 1)) + np.array([[0.0], [1.0], [0.0]])
_NO_LINE = np.array([1.0, *[0.0] * 7])


@dataclass(frozen=True, slots=True)
class _Examples:
    """Candidates of one block, their features, and which are right."""

    source: TrueBlock
    candidates: tuple[ScaleCandidate, ...]
    pairs: F64
    is_scale: Bool
    names: F64
    is_name: Bool


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
                for e in hand if folds[e.source.well] == j]  # fmt: skip
        features, right, firm = zip(*read, strict=True)
        verdict = _verdict(np.vstack(features), np.concatenate(right), np.concatenate(firm))
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


def _readings(example: _Examples, scorer: ScaleScorer) -> tuple[F64, Bool, Bool]:
    """Verdict features of the readings of a block, which of them are right as a whole, and which can be sure at
    all.

    Where the printed names were not noted down, a reading with the right ends under another name is neither
    right nor wrong, and left out.
    """
    read = read_block_scales(example.source.block, scorer)
    own = true_scales(example.source, [r.scale for r in read])
    features, right, firm = [], [], []
    for row, r, true in zip(verdict_features(read), read, own, strict=True):
        named = true is not None and r.name is not None and is_same_name(r.name, true)
        if named or true is None or true.printed:
            features.append(row)
            right.append(named)
            firm.append(not is_doubtful(r, read))
    return (
        np.array(features).reshape(-1, len(VERDICT_FEATURES)),
        np.array(right, dtype=np.bool_),
        np.array(firm, dtype=np.bool_),
    )


def _verdict(features: F64, right: Bool, firm: Bool) -> F64:
    """A logistic line on the verdict features, and the level from which nearly all readings are right of those
    that can be sure.
    """
    from sklearn.linear_model import LogisticRegression

    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    line = LogisticRegression(C=_HELD, max_iter=500).fit((features - mean) / spread, right)
    p = line.predict_proba((features - mean) / spread)[:, 1]
    order = np.argsort(-p, kind="stable")
    order = order[firm[order]]
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
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
    line = LogisticRegression(C=10.0).fit(log_odds(outcomes[:, :1]), outcomes[:, 1])
    knots: F64 = np.stack([grid, line.predict_proba(log_odds(grid[:, None]))[:, 1]], axis=1)
    return knots
