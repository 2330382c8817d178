"""Curves of one track that were traced along the same ink.

In: the recovered curves of a log. Out: of each the other one with which it shares most. Two pens may run on
each other; a curve that does so for long was more likely traced along the other one's ink, or the two changed
places.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from veernet_core.datatypes import F64, RecoveredCurve

SAME_INK = 0.01
"""Distance in track widths within which two curves lie on one ink: that of which confidence speaks."""


def shared_ink(curves: Sequence[RecoveredCurve]) -> list[tuple[str, float]]:
    """With which curve of its track each one shares most ink, and how much.

    Parameters
    ----------
    curves : sequence of RecoveredCurve
        Of all tracks.

    Returns
    -------
    list of (mnemonic, share)
        Share of the curve's observed samples that lie on the other one's; ``("", 0.0)`` where it shares none.

    Examples
    --------
    >>> shared_ink([])
    []
    """
    found = []
    for curve in curves:
        place = (curve.section_id, curve.track_id)
        others = [c for c in curves if c is not curve and (c.section_id, c.track_id) == place]
        shares = [(_share(curve, other), other.spec.mnemonic) for other in others]
        share, name = max(shares, default=(0.0, ""))
        found.append((name, share) if share > 0 else ("", 0.0))
    return found


def _share(curve: RecoveredCurve, other: RecoveredCurve) -> float:
    """Share of a curve's observed samples that lie on another curve, whatever the wraps of the two."""
    own, beside = _drawn(curve), _drawn(other)
    known = np.isfinite(own)
    depth, at = other.depth, np.searchsorted(other.depth, curve.depth)
    there = np.zeros(len(own), dtype=bool)
    inside = at < len(depth)
    there[inside] = np.isclose(depth[at[inside]], curve.depth[inside], rtol=0, atol=1e-6)
    away = np.full(len(own), np.inf)
    away[there] = np.abs(own[there] - beside[at[there]])
    same = np.minimum(away, np.abs(1 - away)) <= SAME_INK
    return float(np.mean(same[known])) if known.any() else 0.0


def _drawn(curve: RecoveredCurve) -> F64:
    """Where a curve is drawn in its track, 0 to 1; NaN where no ink was seen."""
    return np.where(curve.observed, curve.frac - np.floor(curve.frac), np.nan)
