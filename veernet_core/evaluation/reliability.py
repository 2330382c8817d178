"""Reliability: whether an event happens as often as forecast, and how other maps would do.

In: forecasts and events. Out: calibration errors with intervals, and a comparison of maps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from veernet_core.curve.evidence import confidence
from veernet_core.datatypes import (
    F64,
    STYLES,
    Style,
)
from veernet_core.evaluation.confidence_fit import isotonic_knots
from veernet_core.evaluation.traced import LEAST_PIXEL, PixelEvidence, TracedCurve, near_truth


@dataclass(frozen=True, slots=True)
class Reliability:
    """Calibration of probabilities against events.

    Attributes
    ----------
    ece_width, ece_mass : float
        Expected calibration error over 15 bins of equal width and of equal mass.
    low, high : float
        95 % bootstrap interval of ``ece_mass``.
    low_width, high_width : float
        The same of ``ece_width``.
    gap_80 : float
        Mean probability minus share of events where the probability is >= 0.8; > 0: over-confident.
    bins : float64 [m, 3]
        Mean probability, share of events, count of the equal-width bins.
    """

    ece_width: float
    ece_mass: float
    low: float
    high: float
    gap_80: float
    bins: F64
    low_width: float = float("nan")
    high_width: float = float("nan")


def reliability(p: F64, event: NDArray[np.bool_], groups: F64, seed: int = 0) -> Reliability:
    """Measure calibration; the bootstrap resamples whole groups (curves), not rows."""
    width = np.clip((p * 15).astype(int), 0, 14)
    mass = np.searchsorted(np.quantile(p, np.linspace(0, 1, 16)[1:-1]), p)
    draws = np.column_stack(
        [_resampled_ece(p, event, bins, groups, seed) for bins in (width, mass)]
    )
    high = p >= 0.8
    gap = float(p[high].mean() - event[high].mean()) if high.any() else float("nan")
    bins = [
        (float(p[width == b].mean()), float(event[width == b].mean()), float((width == b).sum()))
        for b in range(15)
        if (width == b).any()
    ]
    ends = np.quantile(draws, [0.025, 0.975], axis=0)
    return Reliability(
        _ece(p, event, width),
        _ece(p, event, mass),
        float(ends[0, 1]),
        float(ends[1, 1]),
        gap,
        np.array(bins),
        float(ends[0, 0]),
        float(ends[1, 0]),
    )


def _resampled_ece(
    p: F64, event: NDArray[np.bool_], bins: NDArray[np.integer], groups: F64, seed: int
) -> F64:
    """ECE of 200 draws of whole groups with replacement, float64 [200]."""
    names, group = np.unique(groups, return_inverse=True)
    cells, columns = len(names), int(bins.max()) + 1
    flat = group * columns + bins
    gap = np.bincount(flat, p - event, cells * columns).reshape(cells, columns)
    rows = np.bincount(group, minlength=cells)
    weight = np.random.default_rng(seed).multinomial(cells, np.full(cells, 1 / cells), 200)
    return np.asarray(np.abs(weight @ gap).sum(axis=1) / (weight @ rows))


def _ece(p: F64, event: NDArray[np.bool_], bins: NDArray[np.integer]) -> float:
    total = 0.0
    for b in np.unique(bins):
        here = bins == b
        total += here.sum() * abs(float(p[here].mean()) - float(event[here].mean()))
    return float(total / max(1, len(p)))


def measure(
    curves: Sequence[TracedCurve],
    maps: confidence.ConfidenceMaps,
) -> dict[Style, dict[str, Reliability]]:
    """Reliability per style before (mass times presence) and after calibration."""
    out: dict[Style, dict[str, Reliability]] = {}
    for style, asked in row_forecasts(curves, maps).items():
        sure = np.concatenate(
            [
                maps[style].probability(c.trace.evidence, c.trace.frac)[c.placed]
                for c in curves
                if c.spec.style == style
            ]
        )
        out[style] = {
            "before": reliability(asked.p, asked.event, asked.group),
            "after": reliability(sure, asked.event, asked.group),
        }
    return out


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Probabilities, what happened, and which of them belong together (one curve, one strip)."""

    p: F64
    event: NDArray[np.bool_]
    group: F64


def row_forecasts(
    curves: Sequence[TracedCurve], maps: confidence.ConfidenceMaps
) -> dict[Style, Forecasts]:
    """Per style the uncalibrated confidence of every row with a position, and whether it was near."""
    out: dict[Style, Forecasts] = {}
    for style in maps:
        own = [c for c in curves if c.spec.style == style]
        if own:
            out[style] = Forecasts(
                np.concatenate(
                    [confidence.raw_confidence(c.trace.evidence[c.placed]) for c in own]
                ),
                np.concatenate([near_truth(c)[c.placed] for c in own]),
                np.concatenate([np.full(c.placed.sum(), float(k)) for k, c in enumerate(own)]),
            )
    return out


def pixel_forecasts(pixels: Sequence[PixelEvidence]) -> dict[Style, Forecasts]:
    """Per style the mask's probability of the class, and whether the pixel is of that class."""
    out: dict[Style, Forecasts] = {}
    for k, style in enumerate(STYLES, start=1):
        parts = [
            (e.p[given, k].astype(np.float64), e.label[given] == k, np.full(given.sum(), float(i)))
            for i, e in enumerate(pixels)
            if e.p.shape[1] > k
            for given in [e.p[:, k] >= LEAST_PIXEL]
        ]
        if parts and sum(len(p) for p, _, _ in parts):
            out[style] = Forecasts(*(np.concatenate(column) for column in zip(*parts)))
    return out


def temperature(p: F64, event: NDArray[np.bool_]) -> float:
    """Temperature of greatest likelihood: ``expit(logit(p) / T)`` forecasts the event."""
    score = _logit(p)
    sign = 2.0 * event - 1

    def loss(log_t: float) -> float:
        return float(np.logaddexp(0, -sign * score * np.exp(-log_t)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def _logit(p: F64) -> F64:
    return np.asarray(logit(np.clip(p, 1e-4, 1 - 1e-4)))


@dataclass(frozen=True, slots=True)
class MapStudy:
    """One event before and after several maps, per style, on forecasts that fitted none of them.

    Attributes
    ----------
    measured : style to map to Reliability
        Maps: ``before``; ``temperature`` and ``isotonic``, one per style; ``global_temperature``,
        one for all styles together.
    pooled : map to Reliability
        All styles in one diagram: what pooling hides.
    temperatures : style, or ``global``, to temperature
    """

    measured: Mapping[Style, Mapping[str, Reliability]]
    pooled: Mapping[str, Reliability]
    temperatures: Mapping[str, float]


def compare_maps(fit: dict[Style, Forecasts], test: dict[Style, Forecasts]) -> MapStudy:
    """Fit plain maps on one set of forecasts and measure them on another."""
    styles = [style for style in fit if style in test]
    everything = temperature(
        np.concatenate([fit[s].p for s in styles]), np.concatenate([fit[s].event for s in styles])
    )
    temperatures = {"global": everything}
    mapped: dict[str, dict[str, F64]] = {}
    for style in styles:
        own = temperature(fit[style].p, fit[style].event)
        knots = isotonic_knots(fit[style].p, fit[style].event)
        temperatures[style] = own
        p = test[style].p
        mapped[style] = {
            "before": p,
            "temperature": np.asarray(expit(_logit(p) / own)),
            "isotonic": np.interp(p, knots[:, 0], knots[:, 1]),
            "global_temperature": np.asarray(expit(_logit(p) / everything)),
        }
    measured = {
        style: {
            name: reliability(q, test[style].event, test[style].group)
            for name, q in mapped[style].items()
        }
        for style in styles
    }
    events = np.concatenate([test[s].event for s in styles])
    groups = np.concatenate([1e6 * k + test[s].group for k, s in enumerate(styles)])
    pooled = {
        name: reliability(np.concatenate([mapped[s][name] for s in styles]), events, groups)
        for name in ("before", "global_temperature")
    }
    return MapStudy(measured, pooled, temperatures)
