"""Confidence: the calibrated probability that a trace lies within 1 % of the track width.

In: per-row evidence of a trace and the maps of the model bundle; out: a probability per row. The maps
are fitted by ``calibration``; without maps there is no confidence, and nothing can be accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.special import expit, logit

from veernet_core.datatypes import F64, Style


@dataclass(frozen=True, slots=True)
class ConfidenceMap:
    """Score weights and the isotonic map from score to probability, for one line style.

    Attributes
    ----------
    weights : float64 [n_features + 1]
        Logistic weights of ``row_features``; the last is the intercept.
    knots : float64 [m, 2]
        Increasing scores and non-decreasing probabilities, linear between.
    """

    weights: F64
    knots: F64

    def probability(self, evidence: F64, frac: F64) -> F64:
        """Probability per row, [rows]."""
        features = row_features(evidence, frac)
        score = features @ self.weights[:-1] + self.weights[-1]
        out: F64 = np.interp(score, self.knots[:, 0], self.knots[:, 1])
        return out


ConfidenceMaps = Mapping[Style, ConfidenceMap]


def row_features(evidence: F64, frac: F64) -> F64:
    """Features of each row's score.

    Parameters
    ----------
    evidence : float64 [rows, 4]
        Columns of ``datatypes.EVIDENCE``.
    frac : float64 [rows]

    Returns
    -------
    float64 [rows, 8]
    """
    mass, presence, ink, margin = (evidence[:, k] for k in range(4))
    soft = _soft_logit(mass)
    move = np.nan_to_num(np.abs(np.gradient(frac))) if len(frac) > 1 else np.zeros(len(frac))
    return np.column_stack(
        [
            soft,
            uniform_filter1d(soft, 9, mode="nearest") if len(soft) else soft,
            minimum_filter1d(mass, 9, mode="nearest") if len(mass) else mass,
            _soft_logit(presence),
            ink,
            _soft_logit(margin),
            np.minimum(move, 0.1) * 10,
            np.sqrt(np.minimum(move, 0.1)),
        ]
    )


def _soft_logit(p: F64) -> F64:
    return np.asarray(logit(np.clip(p, 0.005, 0.995)))


def raw_confidence(evidence: F64) -> F64:
    """Uncalibrated score in [0, 1], for use before calibration exists: mass times presence."""
    return np.asarray(evidence[:, 0] * expit(_soft_logit(evidence[:, 1])))


def maps_to_json(maps: ConfidenceMaps) -> dict[str, Any]:
    """JSON values of the maps."""
    return {
        style: {
            "weights": [round(float(w), 6) for w in m.weights],
            "knots": [[round(float(a), 6), round(float(b), 6)] for a, b in m.knots],
        }
        for style, m in maps.items()
    }


def maps_from_json(value: Mapping[str, Any]) -> dict[Style, ConfidenceMap]:
    """Inverse of ``maps_to_json``."""
    out: dict[Style, ConfidenceMap] = {}
    for style in ("solid", "dashed", "dotted"):
        if style in value:
            entry = value[style]
            out[style] = ConfidenceMap(np.array(entry["weights"]), np.array(entry["knots"]))
    return out
