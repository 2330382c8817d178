"""Which of the numbers read in a depth column are its depth labels.

In: numbers with rows, right or wrong; bounds on the depth scale. Out: the chain of numbers that grow with
the row at one nearly constant rate. A misread digit is off by 25 units or more and does not fit; paper
stretch, folds and unsteady stamping do. Pure arithmetic: no pixels here.
Does not belong here: reading (`depth_labels`), printed lines (`ruler`), decisions (`depth`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from veernet_core.datatypes import F64, Bool
from veernet_core.page.depth.labels import LabelRead

STRETCH = 0.04
"""How far the local scale of paper, drum and scanner may stray from the section's."""
_NEIGHBOURS = 8
_BIN = 0.02
_HYPOTHESES = 6
_QUANTUM = 25.0
_REACH = 12


@dataclass(frozen=True, slots=True)
class Chain:
    """Labels that agree: indices into the list given, the common scale, and the weight of agreement.

    ``units_per_px`` is negative for labels that run upward.
    """

    members: tuple[int, ...]
    units_per_px: float
    score: float


NO_CHAIN = Chain((), 0.0, 0.0)


def best_chain(
    labels: Sequence[LabelRead],
    bounds: tuple[float, float],
    jitter_px: float,
    likely: Sequence[float] = (),
) -> Chain:
    """The heaviest chain of labels, downward or upward.

    Parameters
    ----------
    labels : sequence of LabelRead
        From top to bottom.
    bounds : (float, float)
        Physical bounds of the scale, units per px.
    jitter_px : float
        How far a number may stand from its line, beyond an offset common to all.
    likely : sequence of float
        Customary scales, units per px: a weak preference.

    Returns
    -------
    Chain
        Empty where no two labels agree.
    """
    if len(labels) < 2:
        return NO_CHAIN
    rows = np.array([label.row for label in labels])
    values = np.array([label.value for label in labels])
    weights = np.array([label_weight(label) for label in labels])
    chains = [
        _chain(rows, sign * values, weights, scale, sign, jitter_px, likely)
        for sign in (1.0, -1.0)
        for scale in _scales(rows, sign * values, weights, bounds)
    ]
    best = max(chains, key=lambda chain: chain.score, default=NO_CHAIN)
    return best if len(best.members) > 1 else NO_CHAIN


def label_weight(label: LabelRead) -> float:
    """Belief in a reading before its neighbours are asked: probability, roundness and length."""
    roundness = next(
        (w for step, w in ((100, 1.0), (50, 0.9), (25, 0.7), (10, 0.4)) if label.value % step == 0),
        0.0,
    )
    return label.confidence**2 * roundness * (1.0 if label.value >= 100 else 0.3)


def _scales(rows: F64, values: F64, weights: F64, bounds: tuple[float, float]) -> list[float]:
    """Scales that many neighbouring pairs agree on, most voted first."""
    votes: dict[int, float] = {}
    sums: dict[int, float] = {}
    for lag in range(1, min(_NEIGHBOURS, len(rows) - 1) + 1):
        rise, run = values[lag:] - values[:-lag], rows[lag:] - rows[:-lag]
        scale = np.divide(rise, run, out=np.zeros_like(rise), where=run > 0)
        usable = (scale >= bounds[0]) & (scale <= bounds[1])
        for s, w in zip(scale[usable], (weights[lag:] * weights[:-lag])[usable] / lag):
            key = round(np.log(s) / _BIN)
            votes[key] = votes.get(key, 0.0) + w
            sums[key] = sums.get(key, 0.0) + w * s
    wide = {
        key: sum(votes.get(key + d, 0.0) for d in (-1, 0, 1)) for key in votes if votes[key] > 0
    }
    best = sorted(wide, key=lambda key: -wide[key])[:_HYPOTHESES]
    return [sums[key] / votes[key] for key in best]


def _chain(
    rows: F64,
    values: F64,
    weights: F64,
    scale: float,
    sign: float,
    jitter_px: float,
    likely: Sequence[float],
) -> Chain:
    """Heaviest path over labels whose steps fit the scale (dynamic programming)."""
    total, before = weights.copy(), np.full(len(rows), -1)
    for j in range(1, len(rows)):
        run, rise = rows[j] - rows[:j], values[j] - values[:j]
        fits = _fits(run, rise, scale, jitter_px)
        if fits.any():
            gain = np.where(fits, total[:j], -1.0)
            before[j] = int(gain.argmax())
            total[j] += gain[before[j]]
    members = []
    at = int(total.argmax())
    while at >= 0:
        members.append(at)
        at = int(before[at])
    members.reverse()
    customary = any(abs(scale / s - 1) < 0.08 for s in likely)
    score = float(weights[members].sum()) * (1.0 if customary or not likely else 0.85)
    return Chain(tuple(members), sign * scale, score)


def _fits(run: F64, rise: F64, scale: float, jitter_px: float) -> Bool:
    """Whether steps down the page and in depth belong together."""
    allowed = np.minimum(jitter_px + STRETCH * run, 0.4 * _QUANTUM / scale)
    fits: Bool = (
        (rise > 0) & (np.abs(rise / scale - run) <= allowed) & (run <= _REACH * 100 / scale)
    )
    return fits
