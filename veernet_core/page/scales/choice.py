"""Which of the pairs of numbers that could be scales are taken.

In: candidates with their probabilities. Out: those that can stand together, the likeliest first.
Does not belong here: how likely a candidate is (`scorer`), and its name (`naming`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from veernet_core.datatypes import F64
from veernet_core.page.scales.candidates import ScaleCandidate
from veernet_core.page.scales.naming import shares_columns
from veernet_core.page.scales.plausible import is_printed_so

LEAST_SCALE = 0.25
"""Probability from which a scale is passed on, for review."""


def choose(
    candidates: Sequence[ScaleCandidate], rated: F64, least: float = LEAST_SCALE
) -> list[tuple[ScaleCandidate, float]]:
    """Candidates by falling probability, each number used once and each line of a frame once.

    Parameters
    ----------
    candidates : sequence of ScaleCandidate
    rated : float64 [n]
        Their probabilities.
    least : float
        Candidates below it are left out.
    """
    rated = _as_printed(candidates, rated)
    out: list[tuple[ScaleCandidate, float]] = []
    used: set[int] = set()
    for index in np.argsort(-rated, kind="stable"):
        candidate, probability = candidates[index], float(rated[index])
        if probability < least:
            break
        own = set() if candidate.inset else {id(candidate.first), id(candidate.last)}
        same_place = any(c.line == candidate.line and shares_columns(c, candidate) for c, _ in out)
        if own & used or same_place:
            continue
        out.append((candidate, min(1.0, probability)))
        used |= own
    return out


def _as_printed(candidates: Sequence[ScaleCandidate], rated: F64) -> F64:
    """Probabilities, where the same two words can be read as several pairs of numbers: pairs that no scale is
    printed with hand theirs over to the likeliest of those that one may be printed with, as 1 to 100 to 0 to
    100 where the 1 may be a nought with a border.
    """
    out = rated.copy()
    same: dict[tuple[int, int, int], list[int]] = {}
    for n, c in enumerate(candidates):
        if not c.inset:
            same.setdefault((id(c.frame), id(c.first), id(c.last)), []).append(n)
    for group in same.values():
        fit = [n for n in group if is_printed_so(candidates[n])]
        if fit and len(fit) < len(group):
            best = max(fit, key=lambda n: rated[n])
            others = sorted(set(group) - set(fit))
            out[best] = min(1.0, rated[best] + rated[others].sum())
            out[others] = 0.0
    return out
