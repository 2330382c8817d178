"""Fit which of two paths is which below a touch: `curve.tracking.touch_odds`.

In: tracks with truth, and what a network says of them. Out: the fitted model as JSON values, and how often it
is wrong. First the model learns the touches whose right way the truth tells, by where the paths run above and
below; then what a touch, the line styles and the appearance say is weighed by the chance of all touches of a
strip together, as `curve.tracking.identity` decides them.
Does not belong here: drawing tracks, and running a network (`flows.studies.fit_touches`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from torch import Tensor, nn
from torch.nn import functional

from veernet_core.curve.tracking.appearance import (
    looks_around,
    nearness,
    stretch_appearances,
    stretch_sums,
    stroke_rows,
)
from veernet_core.curve.tracking.config import DEFAULT_CONFIG
from veernet_core.curve.tracking.fields import Fields
from veernet_core.curve.tracking.identity import (
    by_order,
    exchanged_states,
    style_costs,
    touches_of,
    viterbi,
)
from veernet_core.curve.tracking.together import Found, find_paths
from veernet_core.curve.tracking.touch_features import touch_features
from veernet_core.curve.tracking.touch_odds import TouchOdds
from veernet_core.datatypes import F64, Bool, CurveSpec, Posterior, Rng, Strip

MOST_NATS = 2.9
"""Most that the two ways through one touch can differ by: of touches of tracks left out for which more was
claimed one in 26 was taken wrongly."""
SPREADS = (0.25, 0.08, 0.12, 1.2, 0.8, 0.12)
"""Standard deviations of the appearance of a stretch from which the fit starts."""
HIDDEN = 16
STEPS, EPOCHS = 800, 15
"""Of learning single touches, and of weighing the evidence of whole strips."""
SMOOTH = 1000
"""Pairs of smooth curves to learn from, beside the tracks."""
_SOME, _BATCH = 256, 12
_FAR_PX = 20.0
"""Distance from the truth beyond which a row is no worse."""
_NAT_PX = 16.0
"""Pixels, summed over rows, by which a way may be worse than the best one for a nat."""
_MOST_DOUBT = 6.0
_SURE, _LEFT = 2.0, 1.0
"""Nats by which the truth must speak against one way through a touch, and most against the other."""


@dataclass(frozen=True, slots=True)
class Case:
    """The touches of one strip: stretches between them, and the permutations of curves over paths in each.

    Attributes
    ----------
    features : float64 [touches, 2, features]
    swap : int64 [touches, permutations]
        What each becomes where the two paths are exchanged.
    doubt : float64 [stretches, permutations]
        Nats against it by the truth.
    fixed, style : float64 [stretches, permutations]
        Costs of crossing borders, and of line styles.
    misfit : float64 [stretches, curves, paths, appearances]
        By ``SPREADS``.
    """

    features: F64
    swap: NDArray[np.int64]
    doubt: F64
    fixed: F64
    style: F64
    misfit: F64


def case_of(
    strip: Strip, posterior: Posterior, specs: Sequence[CurveSpec], frac: F64, visible: Bool
) -> Case | None:
    """What a strip teaches; None where no paths touch.

    Parameters
    ----------
    frac : float64 [curves, rows]
        True positions, unfolded.
    visible : bool [curves, rows]
    """
    fields = Fields(strip, posterior, specs, DEFAULT_CONFIG)
    found = find_paths(fields, strip, specs, np.full(len(specs), np.nan))
    return _case(found, _away(strip, specs, frac, visible, found.folded))


def smooth_case(rng: Rng, rows: int = 800) -> Case | None:
    """Two smooth curves of one pen, whose paths are known but for the side that each takes below a touch: the
    paths change places there by lot. Half of them run on each other for a while and part to either side.
    """
    one, two = (
        gaussian_filter1d(rng.normal(size=rows), np.exp(rng.uniform(1.8, 5.6))) for _ in range(2)
    )
    one, two = (150 + rng.uniform(10, 60) * (y - y.mean()) / y.std() for y in (one, two))
    if rng.random() < 0.5:
        far = np.clip(
            (np.abs(np.arange(rows) % 400 - 200) - rng.uniform(3, 90)) / rng.uniform(5, 90), 0, 1
        )
        side = np.repeat(rng.choice([-1.0, 1.0], rows // 200 + 2), 400)[200 : 200 + rows]
        two = one + side * far * (np.abs(two - one) + 8)
    true = np.stack([one, two])
    near = np.abs(one - two) < rng.uniform(2, 4)
    paths = np.where(near, true.mean(axis=0), true) + rng.normal(
        0, rng.choice([0.0, 0.1, 0.3]), true.shape
    )
    starts = near & ~np.append(False, near[:-1])
    swapped = np.cumsum(starts & (rng.random(rows) < 0.5)) % 2 == 1
    paths = np.where(swapped, paths[::-1], paths)
    ink = np.zeros((rows, 400), np.uint8)
    width = rng.integers(1, 5, 2) if rng.random() < 0.15 else np.full(2, rng.integers(0, 5))
    for y, pen in zip(true, width):
        line = np.stack([y, np.arange(rows)], axis=1).round().astype(np.int32)
        cv2.polylines(ink, [line], False, 255 if pen else 0, max(int(pen), 1))
    away = np.minimum(np.abs(paths[None] - true[:, None]), _FAR_PX)
    seen, none = np.ones(paths.shape, bool), np.zeros((2, *paths.shape))
    found = Found(paths, seen, ink, paths, np.zeros(2), none, None, None, none > 0, None, None)
    return _case(found, away)


def _case(found: Found, away: F64) -> Case | None:
    """``away``: distance of each path from each curve, px, [curves, paths, rows]."""
    costs = DEFAULT_CONFIG.identity
    curves, rows = found.paths.shape
    touches = touches_of(found.paths, found.period, found.folded, found.blank, costs)
    if not touches:
        return None
    bounds = [0, *((t.start + t.stop) // 2 for t in touches), rows]
    states = list(permutations(range(curves)))
    total = by_order(states, stretch_sums(away, bounds))
    few = np.tile([0.0, 1.5 * _NAT_PX], (len(touches), 1))
    _, orders = viterbi(states, touches, few, total)
    strokes = stroke_rows(found.ink, found.paths, found.folded)
    looks, weight = stretch_appearances(strokes, found.seen, touches, bounds, costs)
    assert found.style_cost is not None
    assert found.border_crossings is not None
    over = stretch_sums(found.border_crossings.astype(np.float64), bounds)
    swap = exchanged_states(states, touches)
    return Case(
        touch_features(found.paths, found.seen, strokes, found.period, touches),
        np.stack([swap[t.one, t.two] for t in touches]),
        np.minimum((total - total.min(axis=1, keepdims=True)) / _NAT_PX, _MOST_DOUBT),
        costs.border * by_order(states, over),
        style_costs(states, found.style_cost, bounds, costs),
        _misfits(looks, weight, np.array(orders), nearness(bounds, costs)),
    )


def _away(strip: Strip, specs: Sequence[CurveSpec], frac: F64, visible: Bool, folded: F64) -> F64:
    """Distance of each path from the truth of each curve, px, [curves, paths, rows]; 0 where it is not seen."""
    width = strip.track_width_px
    wraps = np.array([spec.wrap != "none" for spec in specs])[:, None, None]
    d = folded[None] - (strip.left_col + frac * width)[:, None]
    d = np.where(wraps, d - width * np.round(d / width), d)
    known = (visible & np.isfinite(frac))[:, None]
    return np.where(known, np.minimum(np.abs(np.nan_to_num(d)), _FAR_PX), 0.0)


def _misfits(looks: F64, weight: F64, orders: NDArray[np.int64], near: F64) -> F64:
    """Squared distances of the appearance of each path from that of each curve around it."""
    mean = looks_around(looks, weight, orders, near)
    z = (looks[:, None] - mean[:, :, None]) / np.array(SPREADS)
    return np.asarray(0.5 * z**2 * np.minimum(weight, 4.0)[:, None, :, None])


@dataclass(frozen=True, slots=True)
class _Batch:
    """Cases of one number of curves, filled up with touches that nothing can be exchanged at."""

    features: Tensor
    swap: Tensor
    doubt: Tensor
    fixed: Tensor
    style: Tensor
    misfit: Tensor
    empty: Tensor
    states: Tensor


class _Model(nn.Module):
    """The model in training: weights of a network, of the styles and of the appearance."""

    def __init__(self, mean: Tensor, spread: Tensor) -> None:
        super().__init__()
        self.mean, self.spread = mean, spread
        sizes = [len(mean), HIDDEN, HIDDEN, 1]
        self.linear = [nn.Linear(a, b) for a, b in pairwise(sizes)]
        self.layers = nn.ModuleList(self.linear)
        nn.init.zeros_(self.linear[-1].weight)
        self.gain = nn.Parameter(torch.zeros(()))
        self.style = nn.Parameter(torch.zeros(()))
        self.appearance = nn.Parameter(torch.zeros(len(SPREADS)))

    def nats(self, features: Tensor) -> Tensor:
        """Log odds of going on as given, against an exchange."""
        x = (features - self.mean) / self.spread
        for k, layer in enumerate(self.linear):
            x = layer(functional.gelu(x, approximate="tanh") if k else x)
        nats = torch.exp(self.gain) * (x[..., 0, 0] - x[..., 1, 0])
        return nats.clamp(-MOST_NATS, MOST_NATS)

    def turns(self, features: Tensor) -> Tensor:
        """Cost of going on as given, and of an exchange, [..., 2]."""
        nats = self.nats(features)
        return torch.stack([functional.softplus(-nats), functional.softplus(nats)], dim=-1)

    def emission(self, batch: _Batch, most: float) -> Tensor:
        """Cost of every permutation in every stretch, [cases, stretches, permutations]."""
        misfit = (batch.misfit * torch.exp(self.appearance)).sum(-1).clamp(max=most)
        looks = torch.zeros_like(batch.style)
        for curve in range(batch.states.shape[1]):
            looks = looks + misfit[:, :, curve][:, :, batch.states[:, curve]]
        return batch.fixed + torch.exp(self.style) * batch.style + looks


def _nats(model: _Model, batch: _Batch) -> Tensor:
    """Nats that the truth of each case costs, [cases]."""
    emission = model.emission(batch, DEFAULT_CONFIG.identity.appearance_most)
    shut = torch.tensor([0.0, 60.0])
    turns = torch.where(batch.empty[..., None], shut, model.turns(batch.features))
    costs = torch.cat([emission, emission + batch.doubt])
    turns, swap = torch.cat([turns, turns]), torch.cat([batch.swap, batch.swap])
    total = -costs[:, 0]
    for k in range(swap.shape[1]):
        change = torch.gather(total, 1, swap[:, k]) - turns[:, k, 1:]
        total = torch.logaddexp(total - turns[:, k, :1], change) - costs[:, k + 1]
    ways = torch.logsumexp(total, dim=1)
    return ways[: len(emission)] - ways[len(emission) :]


def _batches(cases: Sequence[Case]) -> list[_Batch]:
    out = []
    for curves in sorted({case.misfit.shape[1] for case in cases}):
        some = [case for case in cases if case.misfit.shape[1] == curves]
        some.sort(key=lambda case: len(case.swap))
        out += [_batch(some[k : k + _BATCH]) for k in range(0, len(some), _BATCH)]
    return out


def _batch(cases: Sequence[Case]) -> _Batch:
    curves = cases[0].misfit.shape[1]
    states = np.array(list(permutations(range(curves))))
    most = max(len(case.swap) for case in cases)

    def filled(name: str, rows: int) -> Tensor:
        parts = [getattr(case, name) for case in cases]
        out = np.zeros((len(parts), rows, *parts[0].shape[1:]), np.float32)
        for place, part in zip(out, parts):
            place[: len(part)] = part
        return torch.from_numpy(out)

    swap = np.tile(np.arange(len(states)), (len(cases), most, 1))
    for place, case in zip(swap, cases):
        place[: len(case.swap)] = case.swap
    length = torch.tensor([len(case.swap) for case in cases])
    return _Batch(
        filled("features", most),
        torch.from_numpy(swap),
        filled("doubt", most + 1),
        filled("fixed", most + 1),
        filled("style", most + 1),
        filled("misfit", most + 1),
        torch.arange(most)[None] >= length[:, None],
        torch.from_numpy(states),
    )


def labelled(case: Case) -> F64:
    """1 where the truth says that the two paths of a touch go on as given, -1 exchanged, 0 where neither."""
    above, below = case.doubt[:-1], case.doubt[1:]
    keep = (above + below).min(axis=1)
    change = (above + np.take_along_axis(below, case.swap, axis=1)).min(axis=1)
    told = (np.abs(change - keep) >= _SURE) & (np.minimum(keep, change) <= _LEFT)
    return np.where(told, np.sign(change - keep), 0.0)


def fit_touches(cases: Sequence[Case], seed: int) -> dict[str, Any]:
    """The model, JSON-ready as `touch_odds.odds_from_json` reads it.

    Parameters
    ----------
    cases : sequence of Case
    seed : int
        Of first weights and of the order of the touches.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    smooth = [case for _ in range(SMOOTH) if (case := smooth_case(rng)) is not None]
    features, sides = _all_labelled([*cases, *smooth])
    every = features.reshape(-1, features.shape[2])
    model = _Model(every.mean(dim=0), every.std(dim=0) + 1e-3)
    _learn_touches(model, features, sides, rng)
    _weigh(model, _batches(cases), rng)
    return _as_json(model)


def _all_labelled(cases: Sequence[Case]) -> tuple[Tensor, Tensor]:
    """Features and labels of the touches that have one."""
    sides = np.concatenate([labelled(case) for case in cases])
    features = np.concatenate([case.features for case in cases])[sides != 0]
    return torch.from_numpy(features).float(), torch.from_numpy(sides[sides != 0]).float()


def _learn_touches(model: _Model, features: Tensor, sides: Tensor, rng: Rng) -> None:
    optimiser = torch.optim.AdamW(model.layers.parameters(), lr=3e-3, weight_decay=1.0)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=STEPS)
    for _ in range(STEPS):
        some = rng.integers(0, len(sides), _SOME)
        loss = functional.softplus(-model.nats(features[some]) * sides[some]).mean()
        _step(loss, optimiser, rate)


def _weigh(model: _Model, batches: Sequence[_Batch], rng: Rng) -> None:
    weights = [model.gain, model.style, model.appearance]
    optimiser = torch.optim.Adam(weights, lr=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.02, total_steps=EPOCHS * len(batches))
    for _ in range(EPOCHS):
        for k in rng.permutation(len(batches)):
            # a strip that nothing can explain must not decide everything
            nats = _nats(model, batches[k]).clamp(max=60).sum() / (~batches[k].empty).sum()
            _step(nats, optimiser, rate)


def _step(loss: Tensor, optimiser: torch.optim.Optimizer, rate: Any) -> None:
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()
    rate.step()


def _as_json(model: _Model) -> dict[str, Any]:
    def rounded(values: Tensor) -> Any:
        return np.round(values.detach().numpy().astype(np.float64), 5).tolist()

    spread = np.array(SPREADS) / np.exp(model.appearance.detach().numpy() / 2)
    scales = [1.0] * (len(model.linear) - 1) + [float(torch.exp(model.gain.detach()))]
    layers = [
        {"weight": rounded(scale * m.weight), "offset": rounded(scale * m.bias)}
        for scale, m in zip(scales, model.linear)
    ]
    return {
        "mean": rounded(model.mean),
        "spread": rounded(model.spread),
        "layers": layers,
        "most": MOST_NATS,
        "style": round(float(torch.exp(model.style.detach())), 5),
        "appearance": np.round(spread, 5).tolist(),
    }


def share_wrong(cases: Sequence[Case], odds: TouchOdds) -> tuple[int, float]:
    """How many touches the truth tells the way through, and the share that a model has wrong."""
    right = np.concatenate([labelled(case) * odds.nats(case.features) for case in cases])
    sides = np.concatenate([labelled(case) for case in cases])
    return int((sides != 0).sum()), float((right[sides != 0] <= 0).mean())
