"""Fit of the confidence of a row: logistic score, then isotonic map, for each line style."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from veernet_core.curve.evidence import confidence
from veernet_core.datatypes import (
    F64,
    STYLES,
    Style,
)
from veernet_core.evaluation.traced import TracedCurve, near_truth


def fit_confidence(curves: Sequence[TracedCurve]) -> dict[Style, confidence.ConfidenceMap]:
    """Fit score weights and isotonic maps per line style.

    The eight weights are few beside the rows, so both steps use all curves.
    """
    maps: dict[Style, confidence.ConfidenceMap] = {}
    for style in STYLES:
        own = [c for c in curves if c.spec.style == style]
        if len(own) < 8:
            continue
        x, y = _rows(own)
        if y.all() or not y.any():
            continue
        weights = fit_logistic(x, y, _CONFIDENCE_SIGNS, penalty=1e-4)
        score = x @ weights[:-1] + weights[-1]
        # rows of one curve stand or fall together: curves, not rows, bound what can be told apart
        knots = int(np.clip(len(own) // 4, 6, 40))
        maps[style] = confidence.ConfidenceMap(weights, isotonic_knots(score, y, knots))
    return maps


_CONFIDENCE_SIGNS = np.array([1, 1, 1, 1, 1, 1, -1, -1])
"""Mass, presence, ink and margin speak for a row; sideways movement against it."""


def fit_logistic(
    x: F64, y: NDArray[np.bool_], signs: NDArray[np.integer], penalty: float
) -> NDArray[np.float64]:
    """Logistic weights and, last, the intercept, by penalised likelihood under sign constraints.

    Parameters
    ----------
    x : float64 [n, k]
    y : bool [n]
    signs : int [k]
        1: the weight may not be negative; -1: not positive; 0: free.
    penalty : float
        Of half the sum of squared weights, per row.

    Returns
    -------
    float64 [k + 1]
    """
    target = 2.0 * y - 1

    def loss(w: F64) -> tuple[float, F64]:
        margin = target * (x @ w[:-1] + w[-1])
        pull = -target * expit(-margin) / len(x)
        gradient = np.concatenate([x.T @ pull + penalty * w[:-1], [pull.sum()]])
        value = np.logaddexp(0, -margin).mean() + penalty / 2 * (w[:-1] ** 2).sum()
        return float(value), gradient

    bounds = [(0.0 if s > 0 else None, 0.0 if s < 0 else None) for s in signs]
    start = np.zeros(x.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return np.asarray(found.x)


def _rows(curves: Sequence[TracedCurve]) -> tuple[F64, NDArray[np.bool_]]:
    x = [confidence.row_features(c.trace.evidence, c.trace.frac)[c.placed][::3] for c in curves]
    y = [near_truth(c)[c.placed][::3] for c in curves]
    return np.concatenate(x), np.concatenate(y)


def isotonic_knots(score: F64, y: NDArray[np.bool_], knots: int = 40) -> F64:
    """Isotonic fit thinned to quantiles of the score, so that it stays small and smooth."""
    fit = IsotonicRegression(out_of_bounds="clip").fit(score, y.astype(float))
    at = np.unique(np.quantile(score, np.linspace(0, 1, knots)))
    width = max(1, len(score) // (2 * knots))
    order = np.sort(score)
    value = [
        float(fit.predict(order[max(0, i - width) : i + width + 1]).mean())
        for i in np.searchsorted(order, at)
    ]
    # neither certainty nor impossibility can be learned from a finite sample
    value = np.maximum.accumulate(np.clip(value, 0.001, 0.999)).tolist()
    return np.column_stack([at, value])
