"""The printed depth lines as a ruler: where exactly each one lies.

In: a profile of the lines beside a depth column, a rough depth axis through its numbers. Out: the rows of
the lines of each 10 ft (or 5 m, 50 ft ...) at the centre of the depth column, to a fraction of a pixel,
where they can be seen.
Does not belong here: depth numbers, measuring lines (`profile`), lines beyond the numbers (`walk`), and
whether an axis is to be believed (`axis`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, median_filter, uniform_filter1d

from veernet_core.datatypes import F64, Bool
from veernet_core.page.depth.profile import LineProfile

_MIN_SPACING_IN = 0.07
_REACH_IN = 0.1
_BEND_COST = 0.004
_FAR_LABEL, _PHASES, _SAME_PX = 0.3, 5, 2.0
_LABEL_WEIGHT = 0.25
"""A label off its place by its scatter, in units of the strength of a line."""
THICK_IN = 0.04
_MIN_CONTRAST, _MIN_SEEN, _MIN_FINE = 0.4, 0.6, 0.3
_FADING_LINES, _BOTH_SIDES = 13, 0.7


@dataclass(frozen=True, slots=True)
class Ruler:
    """Depth lines found on a lattice of whole multiples of ``step``; those of ``coarse`` are heavier.

    Attributes
    ----------
    depths, rows : float64 [n]
    seen : bool [n]
        Whether a line was found there; the row is otherwise what its neighbours suggest.
    offset_px : float
        Row of a label's centre less the row of its line.
    contrast : float
        Median strength on the lattice less the mean between its lines, in units of the former.
    lead : float
        By how much these lines suit the labels better than the next best, which lie beside them.
    """

    step: float
    coarse: float
    depths: F64
    rows: F64
    seen: Bool
    offset_px: float
    contrast: float
    lead: float = float("inf")


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of the labels of a depth column: their depths [n], increasing; how far the row of one
    strays from those of its neighbours, px; their usual extent down the page, px.
    """

    depths: F64
    scatter_px: float
    length_px: float

    def pull(self, lattice: F64) -> tuple[F64, F64]:
        """Scatter, px, and weight of the rows that labels give to lines at depths [m].

        Between two labels lines share the weight of one; beyond the last the scatter grows.
        """
        space = float(np.median(np.diff(self.depths)))
        outside = np.maximum(self.depths[0] - lattice, lattice - self.depths[-1])
        scatter = self.scatter_px * (1 + 2 * np.maximum(outside, 0) / space)
        share = float(np.median(np.diff(lattice))) / space if len(lattice) > 1 else 1.0
        return scatter, np.where(
            np.isin(lattice, self.depths), 1.0, min(1.0, share)
        ) * _LABEL_WEIGHT


# ---- lattice -----------------------------------------------------------------------------------


def fit_ruler(
    profile: LineProfile,
    row_at: Callable[[F64], F64],
    depths: tuple[float, float],
    steps: tuple[tuple[float, float], ...],
    labels: Labels,
    dpi: float,
) -> Ruler | None:
    """Find the depth lines near where labels say they should be.

    Parameters
    ----------
    profile : LineProfile
    row_at : callable
        Rough axis through the centres of the labels: depths to rows.
    depths : (float, float)
        First and last depth to look for.
    steps : tuple of (fine, coarse)
        Customary spacings of lines in depth units, the first that shows is taken; the coarse lines are
        drawn heavier.
    labels : Labels
        A label's line lies within its extent or just beside it, for all labels at the same place of theirs.
    dpi : float
        Down.

    Returns
    -------
    Ruler or None
        None where no spacing shows lines.
    """
    for fine, coarse in steps:
        ruler = _fit_lattice(profile, row_at, depths, fine, coarse, labels, dpi)
        if ruler is not None and ruler.contrast >= _MIN_CONTRAST and ruler.seen.mean() >= _MIN_SEEN:
            return ruler
    return None


def _fit_lattice(
    profile: LineProfile,
    row_at: Callable[[F64], F64],
    depths: tuple[float, float],
    fine: float,
    coarse: float,
    labels: Labels,
    dpi: float,
) -> Ruler | None:
    lattice = _lattice(depths, fine)
    if len(lattice) < 3:
        return None
    rough = row_at(lattice)
    spacing = float(np.median(np.diff(rough)))
    if spacing < _MIN_SPACING_IN * dpi:
        return None
    heavy = np.mod(lattice, coarse) == 0
    pull = labels.pull(lattice)
    offset, rows, lead = _phase(profile, rough, heavy, spacing, pull, labels.length_px, dpi)
    strength = profile.at(rows)
    typical = float(np.median(strength))
    if typical < _MIN_FINE * float(np.median(strength[heavy])):
        return None
    between = _between(profile, rows)
    contrast = (typical - float(between.mean())) / max(typical, 1e-6)
    seen = _seen(strength, between, typical)
    offset += float(np.median((rough - offset - rows)[seen])) if seen.any() else 0.0
    kept = steady(lattice, rows, seen)
    kept |= seen & _borne_out(profile, lattice, rows, kept, typical)
    return Ruler(fine, coarse, lattice, rows, kept, offset, contrast, lead)


def _between(profile: LineProfile, rows: F64) -> F64:
    """Mean strength between neighbouring lines of a lattice, [n - 1]; finer lines count by their share."""
    shares = np.linspace(0.15, 0.85, 29)
    away = rows[:-1, None] + shares * np.diff(rows)[:, None]
    strength: F64 = profile.at(away).mean(axis=1)
    return strength


def _seen(strength: F64, between: F64, typical: float) -> Bool:
    """Lines as strong as lines usually are; where a copy fades, those that stand out of what is left."""
    local = median_filter(strength, _FADING_LINES, mode="nearest")
    around = median_filter(between, _FADING_LINES, mode="nearest")
    beside = np.maximum(np.r_[around[:1], around], np.r_[around, around[-1:]])
    faint = strength > np.maximum(0.4 * local, 3 * beside)
    seen: Bool = (strength > 0.04) & ((strength > 0.4 * typical) | faint)
    return seen


def _borne_out(profile: LineProfile, depths: F64, rows: F64, kept: Bool, typical: float) -> Bool:
    """Lines off their neighbours' course that are lines nevertheless: the film jerked.

    They are strong on both sides of the column, and nothing is seen where their neighbours want them.
    """
    if not profile.two_sided or kept.sum() < 2:
        return np.zeros(len(rows), dtype=np.bool_)
    wanted = np.interp(depths, depths[kept], rows[kept])
    around = wanted[:, None] + np.arange(-2.0, 3.0)
    empty = profile.at(around).max(axis=1) < 0.3 * typical
    own_flank = np.abs(rows - wanted) <= 5
    out: Bool = (own_flank | empty) & (profile.at(rows) > _BOTH_SIDES * typical)
    return out


def _lattice(depths: tuple[float, float], step: float) -> F64:
    first, last = np.ceil(depths[0] / step), np.floor(depths[1] / step)
    return np.arange(first, last + 1) * step


def _phase(
    profile: LineProfile,
    rough: F64,
    heavy: Bool,
    spacing: float,
    pull: tuple[F64, F64],
    label_px: float,
    dpi: float,
) -> tuple[float, F64, float]:
    """Row of the labels' centres less that of their lines, the rows of the lines, and the lead.

    Each offset at which lines lie is followed along the whole log and judged on the lines it leads to:
    their strength, that of the heavy ones, how the labels scatter around them, and how far they are.
    """
    width = 2 * round(THICK_IN * dpi / 2) + 1
    thick = replace(profile, strength=uniform_filter1d(profile.strength, width))
    reach = 0.6 * label_px
    found: list[tuple[float, float, F64]] = []
    for start in _offsets(profile, thick, rough, heavy, reach):
        rows = _track(profile, rough - start, spacing, pull, dpi)
        offset = _middle(rough - rows, pull[1])
        if any(abs(offset - other) < _SAME_PX for _, other, _ in found):
            continue
        rows = _track(profile, rough - offset, spacing, pull, dpi)
        offset = _middle(rough - rows, pull[1])
        scatter, weight = pull
        strays = weight * np.log1p(0.5 * ((rough - offset - rows) / scatter) ** 2)
        on = thick.at(rows) / max(1e-6, float(np.percentile(thick.strength, 99)))
        worth = float(on.mean() + (on[heavy].mean() if heavy.any() else 0.0))
        worth *= 1 - _FAR_LABEL * min(1.0, (offset / reach) ** 2)
        found.append((worth - float(strays.mean()), offset, rows))
    found.sort(key=lambda way: -way[0])
    apart = [way[0] for way in found[1:] if abs(way[1] - found[0][1]) >= _SAME_PX]
    lead = found[0][0] - apart[0] if apart else float("inf")
    return found[0][1], found[0][2], lead


def _middle(away: F64, weight: F64) -> float:
    """Weighted median."""
    order = np.argsort(away)
    share = np.cumsum(weight[order])
    return float(away[order][int(np.searchsorted(share, 0.5 * share[-1]))])


def _offsets(
    profile: LineProfile, thick: LineProfile, rough: F64, heavy: Bool, reach: float
) -> list[float]:
    """Offsets within reach at which lines lie, likeliest first: those that all lines share, and the one at
    which they are thickest within some pixels, on paper that stretches.
    """
    shifts = np.arange(-np.ceil(reach), np.ceil(reach) + 1)
    blunt = replace(thick, strength=maximum_filter1d(thick.strength, 5))
    far = 1 - _FAR_LABEL * (shifts / reach) ** 2

    def scores(of: LineProfile, smooth: float) -> F64:
        on = of.at(rough[:, None] - shifts)
        extra = on[heavy].mean(axis=0) if heavy.any() else 0.0
        score: F64 = gaussian_filter1d((on.mean(axis=0) + extra) * far, smooth)
        return score

    sharp = scores(profile, 1.0)
    tops = np.flatnonzero((sharp[1:-1] >= sharp[:-2]) & (sharp[1:-1] > sharp[2:])) + 1
    tops = tops[np.argsort(-sharp[tops])][:_PHASES]
    return [float(shifts[scores(blunt, 1.0).argmax()]), *map(float, shifts[tops])]


def _track(
    profile: LineProfile, rows: F64, spacing: float, pull: tuple[F64, F64], dpi: float
) -> F64:
    """Follow the lines with a small bend from one to the next (Viterbi), then to a fraction of a pixel.

    ``pull``: scatter, px, and weight of what the labels say of each line: among fine lines that all look
    alike only the labels tell one from the next.
    """
    reach = int(max(4, min(0.35 * spacing, _REACH_IN * dpi)))
    shifts = np.arange(-reach, reach + 1, dtype=np.float64)
    scatter, weight = (part[:, None] for part in pull)
    gain = profile.at(rows[:, None] + shifts) - weight * np.log1p(0.5 * (shifts / scatter) ** 2)
    bend = -_BEND_COST * (shifts[:, None] - shifts[None, :]) ** 2 * (200.0 / dpi) ** 2
    total, back = gain[0].copy(), np.zeros(gain.shape, dtype=np.intp)
    for k in range(1, len(rows)):
        ways = total[:, None] + bend
        back[k] = ways.argmax(axis=0)
        total = ways.max(axis=0) + gain[k]
    state = np.empty(len(rows), dtype=np.intp)
    state[-1] = int(total.argmax())
    for k in range(len(rows) - 1, 0, -1):
        state[k - 1] = back[k, state[k]]
    return centroid(profile, rows + shifts[state])


def centroid(profile: LineProfile, rows: F64) -> F64:
    """Centre of the line within 3 px of each row."""
    around = rows[:, None] + np.arange(-3.0, 4.0)
    weight = profile.at(around)
    total = weight.sum(axis=1)
    centre = (weight * around).sum(axis=1) / np.maximum(total, 1e-9)
    return np.where(total > 0.05, centre, rows)


def steady(depths: F64, rows: F64, seen: Bool) -> Bool:
    """Seen lines without single strays.

    A stray bends the sequence one way and both its neighbours the other; paper that stretches or folds
    bends it one way only, and is kept.
    """
    keep = seen.copy()
    for _ in range(3):
        index = np.flatnonzero(keep)
        if len(index) < 5:
            break
        d, r = depths[index], rows[index]
        share = (d[1:-1] - d[:-2]) / (d[2:] - d[:-2])
        off = r[1:-1] - r[:-2] - share * (r[2:] - r[:-2])
        beside = np.r_[0.0, off[:-1]] + np.r_[off[1:], 0.0]
        bad = np.abs(off) > max(2.5, 5 * float(np.median(np.abs(off))))
        bad &= beside * np.sign(off) < -0.5 * np.abs(off)
        bad &= np.abs(off) >= np.maximum(np.abs(np.r_[0.0, off[:-1]]), np.abs(np.r_[off[1:], 0.0]))
        if not bad.any():
            break
        keep[index[1:-1][bad]] = False
    return keep
