"""The printed grid of a track: vertical divisions or decades.

In: straightened profiles of rules. Out: kind and divisions of a track's grid. Does not belong here: where
tracks begin and end (`layout`), horizontal lines (`depth_lines`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from veernet_core.datatypes import F64, Scale
from veernet_core.page.layout.lines import PageProfiles, find_peaks

_LINEAR_PRIOR = {
    10: 1.0,
    20: 1.0,
    30: 0.95,
    5: 0.95,
    4: 0.92,
    15: 0.9,
    8: 0.88,
    12: 0.85,
    6: 0.85,
    16: 0.8,
    25: 0.8,
    9: 0.8,
    7: 0.75,
    11: 0.9,
    21: 0.9,
    14: 0.75,
    2: 0.8,
    18: 0.8,
    19: 0.8,
    17: 0.75,
}
_DECADES = (1, 2, 3, 4, 5, 6)
_ALL_LINES = tuple(range(1, 10))
_MULTIPLES = ((_ALL_LINES, 1.0, 0.0), ((1, 5), 0.9, 0.9), ((1,), 0.9, 0.0))
"""Lines of a decade that may stand out, what their agreement is worth, and the least that counts: fewer
lines agree more easily by chance."""
_STARTS = (1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class GridFound:
    """Vertical grid of one track; ``score`` is the share of its lines that were seen, less false ones.

    ``multiples``: which lines of each decade of a logarithmic grid stand out; fine ones fade first.
    """

    scale: Scale
    divisions: int | None
    decades: float | None
    decade_start: float | None
    score: float
    multiples: tuple[int, ...] = _ALL_LINES


_HALVES = GridFound("linear", 2, None, None, 0.7)
"""A rule in the middle and no other: of ten divisions the heavier fifth line alone is left."""


def read_grid(
    lines_px: F64, left_px: float, right_px: float, tolerance_px: float
) -> GridFound | None:
    """Linear or logarithmic, from the columns of vertical lines inside a track.

    Parameters
    ----------
    lines_px : float64 [n]
        Columns of vertical lines.
    left_px, right_px : float
        The track's borders.
    tolerance_px : float
        How far a rule may lie from where a grid wants it.

    Returns
    -------
    GridFound or None
        None where no regular grid explains the rules.
    """
    width = right_px - left_px
    inner = (lines_px - left_px) / width
    margin = tolerance_px / width
    inner = inner[(inner > 2 * margin) & (inner < 1 - 2 * margin)]
    if len(inner) == 1 and abs(inner[0] - 0.5) <= margin:
        return _HALVES
    if len(inner) < 2:
        return None
    guesses = [_match(inner, _linear(n), margin, "linear", n) for n in _LINEAR_PRIOR if n > 2]
    for decades in _DECADES:
        for start in _STARTS:
            for multiples, worth, least in _MULTIPLES:
                wanted = _logarithmic(decades, start, multiples)
                fit = _match(inner, wanted, margin, "log", decades, start)
                score = worth * fit.score if fit.score >= least else 0.0
                guesses.append(replace(fit, score=score, multiples=multiples))
    best = max(guesses, key=plausibility)
    return best if best.score > 0.45 else None


def plausibility(found: GridFound) -> float:
    """Score of a grid, less for divisions that are rarely printed."""
    return found.score * (_LINEAR_PRIOR[found.divisions] if found.divisions else 0.97)


def grid_lines(found: GridFound | None, left_px: float, right_px: float) -> F64:
    """Columns of the vertical lines a grid asks for, its borders among them."""
    inner = np.zeros(0)
    if found is not None and found.divisions:
        inner = _linear(found.divisions)
    elif found is not None and found.decades and found.decade_start:
        inner = _logarithmic(int(found.decades), found.decade_start, found.multiples)
    return left_px + (right_px - left_px) * np.concatenate([[0.0], inner, [1.0]])


def _linear(divisions: int) -> F64:
    return np.arange(1, divisions) / divisions


def _logarithmic(decades: int, start: float, multiples: tuple[int, ...]) -> F64:
    """Places of the lines of every decade, without the two borders.

    Few lines of each decade say nothing where they divide the track nearly evenly: none are given then.
    """
    if len(multiples) < 9 and start == 1.0:
        return np.zeros(0)
    values = np.concatenate([np.array(multiples) * 10.0**k for k in range(decades + 1)])
    places = np.log10(values / start) / decades
    return places[(places > 1e-6) & (places < 1 - 1e-6)]


def _match(
    seen: F64, wanted: F64, margin: float, scale: Scale, count: int, start: float | None = None
) -> GridFound:
    """Harmonic mean of the shares of wanted places seen and of seen rules wanted."""
    if len(wanted) == 0:
        return GridFound(scale, None, None, None, 0.0)
    gap = np.abs(seen[:, None] - wanted[None, :])
    apart = np.diff(np.concatenate([[0.0], wanted, [1.0]]))
    reach = np.minimum(margin, 0.3 * np.minimum(apart[:-1], apart[1:]))
    found = (gap <= reach[None, :]).any(axis=0).mean()
    explained = (gap <= reach[None, :]).any(axis=1).mean()
    score = 2 * found * explained / max(found + explained, 1e-9)
    if scale == "linear":
        return GridFound(scale, count, None, None, float(score))
    return GridFound(scale, None, float(count), start, float(score))


def rhythm(profiles: PageProfiles, rows: tuple[int, int]) -> float:
    """How evenly spaced horizontal lines are: the best peak of their autocorrelation in windows, 0 to 1."""
    band = profiles.band_px
    part = profiles.rows[rows[0] : rows[1]].astype(np.float32)
    best = 0.0
    for window in np.array_split(part, max(1, len(part) // (60 * band))):
        ink = window.mean(axis=1)
        ink = np.clip(ink - uniform_filter1d(ink, 2 * band), 0, 60)
        power = np.abs(np.fft.rfft(ink - ink.mean(), 2 * len(ink))) ** 2
        auto = np.fft.irfft(power)[: 12 * band]
        auto = (auto / (auto[0] + 1e-6)).astype(np.float32)
        tops = find_peaks(auto, 3, 0.05)
        tops = tops[tops >= max(6, band // 4)]
        best = max([best, *auto[tops].tolist()])
    return float(best)
