"""Which reasons that forbid acceptance are right: their precision on curves with truth.

In: judged curves of drawings with the true values. Out: for every reason how many curves had it and how many of
those are in truth bad. One that is wrong more often than right holds back good curves and must go, or become
evidence for the estimate.
Does not belong here: drawing, tracing and reading files (`flows.studies.flags`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from veernet_core import metrics
from veernet_core.config import GatePolicy
from veernet_core.curve import physical
from veernet_core.datatypes import F64, JudgedCurve
from veernet_core.evaluation.traced import NEAR

MAX_OFF = 0.02
"""Share of samples off by more than 1 % of the track's width from which on a curve is bad."""
LEAST_SAMPLES = 10


@dataclass(frozen=True, slots=True)
class FlagCase:
    """One judged curve with what is true of it.

    Attributes
    ----------
    set_name : str
        Which drawings it is of.
    decision : str
    reasons : tuple of str
    r2 : float
        On all samples with a value; NaN where the curve is nearly flat, -inf where nothing was recovered.
    off : float
        Share of them that are off by more than 1 % of the track's width.
    coverage : float
        Share of the true samples that have a value.
    """

    set_name: str
    decision: str
    reasons: tuple[str, ...]
    r2: float
    off: float
    coverage: float

    @property
    def wrong(self) -> bool:
        """Whether R² is below the threshold."""
        return bool(self.r2 < GatePolicy().min_r2)

    @property
    def bad(self) -> bool:
        """Whether R² is below the threshold, or too many samples lie too far off."""
        return self.wrong or self.off > MAX_OFF


def flag_case(set_name: str, judged: JudgedCurve, depth: F64, value: F64) -> FlagCase:
    """Compare a judged curve with its truth.

    Parameters
    ----------
    depth, value : float64 [n]
        Increasing depths in the curve's unit, and true values; NaN where nothing was measured.
    """
    curve, verdict = judged.curve, judged.verdict
    with np.errstate(invalid="ignore", divide="ignore"):
        true = physical.frac_at(value, curve.spec)
    known = np.isfinite(true)
    at = np.interp(curve.depth, depth[known], true[known], np.nan, np.nan)
    both = np.isfinite(curve.frac) & np.isfinite(at)
    coverage = float(both.sum() / max(1, np.isfinite(at).sum()))
    if both.sum() < LEAST_SAMPLES:
        return FlagCase(set_name, verdict.decision, verdict.reasons, -np.inf, 1.0, coverage)
    off = float((np.abs(curve.frac - at)[both] > NEAR).mean())
    flat = metrics.span(at[both]) < GatePolicy().flat_span_frac
    r2 = float("nan") if flat else metrics.r2(curve.frac[both], at[both])
    return FlagCase(set_name, verdict.decision, verdict.reasons, r2, off, coverage)


def flag_table(cases: Sequence[FlagCase]) -> str:
    """Precision of every reason, Markdown; ``any`` is the share of bad ones among all curves."""
    lines = [
        "| Reason | Curves | R² below threshold | Bad | Precision |",
        "|---|---|---|---|---|",
    ]
    reasons = sorted({reason for case in cases for reason in case.reasons})
    for name in [*reasons, "any"]:
        own = [c for c in cases if name == "any" or name in c.reasons]
        bad = sum(c.bad for c in own)
        share = f"{bad / len(own):.2f}" if own else ""
        lines.append(f"| `{name}` | {len(own)} | {sum(c.wrong for c in own)} | {bad} | {share} |")
    return "\n".join(lines)


def yield_line(cases: Sequence[FlagCase]) -> str:
    """How many curves were accepted, how many of those are wrong, and how many good ones there are."""
    least = GatePolicy().min_coverage
    good = [c for c in cases if not c.wrong and c.coverage >= least]
    accepted = [c for c in cases if c.decision == "accept"]
    kept = sum(c.decision == "accept" for c in good)
    wrong = sum(c.wrong for c in accepted)
    return (
        f"{len(cases)} curves: {len(accepted)} accepted, {wrong} of them with R² below "
        f"{GatePolicy().min_r2}; {kept} of {len(good)} good ones accepted; R² > 0.95 on "
        f"{_share(cases, 0.95)}, > 0.99 on {_share(cases, 0.99)}"
    )


def _share(cases: Sequence[FlagCase], least: float) -> str:
    lively = [c.r2 > least for c in cases if not np.isnan(c.r2)]
    return f"{100 * np.mean(lively):.0f} %" if lively else "none"
