"""Measures of overlap and of recovered curves, with every pooling named.

In: arrays of prediction and truth; out: plain numbers. Overlap is an instrument reading; the verdict
is on the recovered curve. Cases without any truth or prediction give NaN, never a flattering 0 or 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F64, flag_runs

R2_POINTS = 300


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pixel counts of one class and the ratios that follow."""

    true_positive: int
    false_positive: int
    false_negative: int

    def _ratio(self, top: int, bottom: int) -> float:
        return top / bottom if bottom else float("nan")

    @property
    def precision(self) -> float:
        """Share of what was called the class that is the class."""
        return self._ratio(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float:
        """Share of the class that was found; never quote it without an overlap beside it."""
        return self._ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def f1(self) -> float:
        """Dice coefficient."""
        both = 2 * self.true_positive
        return self._ratio(both, both + self.false_positive + self.false_negative)

    @property
    def iou(self) -> float:
        """Intersection over union."""
        union = self.true_positive + self.false_positive + self.false_negative
        return self._ratio(self.true_positive, union)

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
        )


def overlap(predicted: NDArray[np.integer], truth: NDArray[np.integer], label: int) -> Overlap:
    """Counts of one class over two label images of one shape."""
    p, t = predicted == label, truth == label
    return Overlap(int((p & t).sum()), int((p & ~t).sum()), int((~p & t).sum()))


def pools(per_class: Mapping[int, Overlap]) -> dict[str, float]:
    """IoU pooled in three named ways; class 0 is the background.

    Returns
    -------
    dict
        ``equal_weight`` mean over classes, ``pixel_weighted`` by true pixels, ``curves_only`` mean.
    """
    iou = {c: o.iou for c, o in per_class.items()}
    pixels = {c: o.true_positive + o.false_negative for c, o in per_class.items()}
    known = [c for c in iou if np.isfinite(iou[c])]
    total = sum(pixels[c] for c in known)
    curves = [iou[c] for c in known if c > 0]
    return {
        "equal_weight": float(np.mean([iou[c] for c in known])) if known else float("nan"),
        "pixel_weighted": (
            sum(iou[c] * pixels[c] for c in known) / total if total else float("nan")
        ),
        "curves_only": float(np.mean(curves)) if curves else float("nan"),
    }


def r2(recovered: F64, truth: F64) -> float:
    """Coefficient of determination over samples where both are finite; NaN for fewer than three."""
    both = np.isfinite(recovered) & np.isfinite(truth)
    if both.sum() < 3:
        return float("nan")
    a, b = recovered[both], truth[both]
    spread = float(((b - b.mean()) ** 2).sum())
    return float(1 - ((a - b) ** 2).sum() / spread) if spread > 0 else float("nan")


def span(position: F64) -> float:
    """Range of positions, 2nd to 98th percentile, in their unit."""
    return float(np.quantile(position, 0.98) - np.quantile(position, 0.02))


@dataclass(frozen=True, slots=True)
class CurveScore:
    """How well one curve was recovered. Positions in track widths unless said otherwise.

    Attributes
    ----------
    r2 : float
        On 300 depths spread over the rows where the curve is visible.
    mae, mse : float
        On the same depths, fractions of track width.
    median_dx_pct, p95_dx_pct : float
        |dx| in % of track width over all rows with truth and trace.
    coverage : float
        Share of visible rows with a value.
    longest_invented : float
        Longest run of rows with a value where no curve is visible, in rows.
    span : float
        Range of the truth, 2nd to 98th percentile, track widths.
    """

    r2: float
    mae: float
    mse: float
    median_dx_pct: float
    p95_dx_pct: float
    coverage: float
    longest_invented: float
    span: float


def score_curve(recovered: F64, truth: F64, visible: NDArray[np.bool_]) -> CurveScore:
    """Score a recovered curve against truth, all of shape [rows]."""
    seen = visible & np.isfinite(truth)
    given = np.isfinite(recovered)
    both = seen & given
    nan = float("nan")
    coverage = float(both.sum() / seen.sum()) if seen.any() else nan
    invented = float(longest_run(given & ~seen))
    if both.sum() < 3:
        return CurveScore(nan, nan, nan, nan, nan, coverage, invented, nan)
    rows = np.flatnonzero(seen)
    at = rows[np.linspace(0, len(rows) - 1, min(R2_POINTS, len(rows))).astype(int)]
    at = at[given[at]]
    dx = recovered[at] - truth[at]
    spread = np.abs(recovered[both] - truth[both]) * 100
    return CurveScore(
        r2(recovered[at], truth[at]),
        float(np.abs(dx).mean()) if len(dx) else nan,
        float((dx**2).mean()) if len(dx) else nan,
        float(np.median(spread)),
        float(np.quantile(spread, 0.95)),
        coverage,
        invented,
        span(truth[seen]),
    )


def calibration_error(p: F64, event: NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error over bins of equal width; NaN without any forecast.

    Parameters
    ----------
    p : float64 [n], probabilities
    event : bool [n], whether what was forecast happened
    """
    if not len(p):
        return float("nan")
    which = np.clip((p * bins).astype(int), 0, bins - 1)
    gap = np.bincount(which, p, bins) - np.bincount(which, event, bins)
    return float(np.abs(gap).sum() / len(p))


def longest_run(flags: NDArray[np.bool_]) -> int:
    """Length of the longest run of True."""
    return max((stop - start for start, stop in flag_runs(flags)), default=0)
