"""The printed depth lines as a ruler: where exactly each one lies.

In: the rows beside a depth column and a rough depth axis. Out: the rows of the lines of each 10 ft (or
5 m, 50 ft ...) at the centre of the depth column, to a fraction of a pixel, where they can be seen.
Does not belong here: depth numbers, and whether an axis is to be believed (`depth`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, median_filter, uniform_filter1d

from veernet_core.datatypes import F32, F64, Bool, Raster
from veernet_core.page.results import TrackFound

_WINDOW_IN, _CLEAR_IN = 0.35, 0.03
_BLOCK_ROWS = 256
_BACKGROUND_IN = 0.16
_LAG_IN, _LAG_BLOCK_IN = 0.06, 8.0
_MIN_SPACING_IN = 0.07
_REACH_IN = 0.1
_BEND_COST = 0.004
_THICK_IN = 0.04
_MIN_CONTRAST, _MIN_SEEN, _MIN_FINE = 0.4, 0.6, 0.3
_HEAVIER, _STRETCH_LINES = 1.1, 6
_AGREE_PX = 4.0
_FADING_LINES, _BOTH_SIDES = 13, 0.7
_WALK_MEMORY, _WALK_MISSES, _WALK_STRENGTH = 12, 6, 0.5


@dataclass(frozen=True, slots=True)
class LineProfile:
    """How much a horizontal line lies on each row, at the centre of the depth column.

    ``strength`` float32 [rows], 0 to about 1, of scan rows ``row0`` and on. ``two_sided``: lines were
    looked for on both sides of the column; a stroke on one side only then has half a line's strength.
    """

    strength: F32
    row0: int
    two_sided: bool = False

    def at(self, rows: F64) -> F64:
        """Strength at fractional scan rows; 0 outside."""
        index = np.arange(len(self.strength)) + self.row0
        return np.interp(rows, index, self.strength, left=0.0, right=0.0)


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
    """

    step: float
    coarse: float
    depths: F64
    rows: F64
    seen: Bool
    offset_px: float
    contrast: float


# ---- profile -----------------------------------------------------------------------------------


def line_profile(
    raster: Raster,
    column: TrackFound,
    rows: tuple[float, float],
    dpi: tuple[float, float],
    reference: F64 | None = None,
) -> LineProfile:
    """Measure horizontal lines on both sides of a depth column, or right of a border.

    Parameters
    ----------
    raster : Raster
    column : TrackFound
        The depth column.
    rows : (float, float)
    dpi : (float, float)
        (down, across).
    reference : float64 [n, 2], optional
        Border ``[row, px]`` where the lines are wanted instead; only its right side is looked at.
    """
    row0, row1 = max(0, int(rows[0])), min(raster.height_px, int(rows[1]) + 1)
    left, right = _side_profiles(raster, column, row0, row1, dpi[1], reference)
    size = 2 * round(_BACKGROUND_IN * dpi[0] / 2) + 1
    left, right = (np.clip(p - median_filter(p, size), 0, None) for p in (left, right))
    two_sided = bool(left.any() and right.any())
    return LineProfile(_centred(left, right, dpi[0]), row0, two_sided)


def _side_profiles(
    raster: Raster, column: TrackFound, row0: int, row1: int, dpi: float, reference: F64 | None
) -> tuple[F32, F32]:
    """Mean ink per row in a window on each side of the column: two float32 [rows] in 0..1."""
    window, clear = _WINDOW_IN * dpi, _CLEAR_IN * dpi
    left_knots, right_knots = column.left_knots, column.right_knots
    if reference is not None:
        left_knots, right_knots = np.array([[0.0, -window]]), reference
    sides = np.zeros((2, row1 - row0), dtype=np.float32)
    for top in range(row0, row1, _BLOCK_ROWS):
        bottom = min(top + _BLOCK_ROWS, row1)
        middle = (top + bottom) / 2
        left = float(np.interp(middle, left_knots[:, 0], left_knots[:, 1]))
        right = float(np.interp(middle, right_knots[:, 0], right_knots[:, 1]))
        ink = raster.read_ink(top, bottom)
        for side, (a, b) in enumerate(
            ((left - window, left - clear), (right + clear, right + window))
        ):
            piece = ink[:, max(0, int(a)) : max(0, int(b))]
            if piece.shape[1] > window / 3:
                sides[side, top - row0 : bottom - row0] = piece.mean(axis=1) / 255.0
    return sides[0], sides[1]


def _centred(left: F32, right: F32, dpi: float) -> F32:
    """Both sides brought to the column's centre: half of their lag each."""
    if not left.any() or not right.any():
        return left if left.any() else right
    lag = _lags(left, right, dpi)
    index = np.arange(len(left), dtype=np.float64)
    a = np.interp(index + lag / 2, index, left)
    b = np.interp(index - lag / 2, index, right)
    both: F32 = (0.25 * (a + b) + 0.5 * np.sqrt(a * b)).astype(np.float32)
    return both


def _lags(left: F32, right: F32, dpi: float) -> F64:
    """Rows by which lines on the left lie below those on the right, per row."""
    reach, block = round(_LAG_IN * dpi), round(_LAG_BLOCK_IN * dpi)
    smooth = [gaussian_filter1d(p, 1.0) for p in (left, right)]
    centres, lags = [], []
    for top in range(0, max(1, len(left) - block // 2), block // 2):
        a, b = (p[top : top + block] for p in smooth)
        shifts = np.arange(-reach, reach + 1)
        inner = slice(reach, len(a) - reach)
        scores = np.array([float((np.roll(a, -s)[inner] * b[inner]).sum()) for s in shifts])
        centres.append(top + len(a) / 2)
        lags.append(float(shifts[scores.argmax()]) if scores.max() > 0 else 0.0)
    steady = median_filter(np.array(lags), min(5, len(lags)), mode="nearest")
    return np.interp(np.arange(len(left)), centres, steady)


# ---- lattice -----------------------------------------------------------------------------------


def fit_ruler(
    profile: LineProfile,
    row_at: Callable[[F64], F64],
    depths: tuple[float, float],
    steps: tuple[tuple[float, float], ...],
    label_px: float,
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
    label_px : float
        Extent of a label down the page: its line lies within it or just beside it.
    dpi : float
        Down.

    Returns
    -------
    Ruler or None
        None where no spacing shows lines.
    """
    for fine, coarse in steps:
        ruler = _fit_lattice(profile, row_at, depths, fine, coarse, label_px, dpi)
        if ruler is not None and ruler.contrast >= _MIN_CONTRAST and ruler.seen.mean() >= _MIN_SEEN:
            return ruler
    return None


def _fit_lattice(
    profile: LineProfile,
    row_at: Callable[[F64], F64],
    depths: tuple[float, float],
    fine: float,
    coarse: float,
    label_px: float,
    dpi: float,
) -> Ruler | None:
    lattice = _lattice(depths, fine)
    if len(lattice) < 3:
        return None
    rough = row_at(lattice)
    spacing = float(np.median(np.diff(rough)))
    if spacing < _MIN_SPACING_IN * dpi:
        return None
    offset = _offset(profile, rough, np.mod(lattice, coarse) == 0, label_px, dpi)
    rows = _track(profile, rough - offset, spacing, dpi)
    strength = profile.at(rows)
    typical = float(np.median(strength))
    if typical < _MIN_FINE * float(np.median(strength[np.mod(lattice, coarse) == 0])):
        return None
    between = _between(profile, rows)
    contrast = (typical - float(between.mean())) / max(typical, 1e-6)
    seen = _seen(strength, between, typical)
    offset += float(np.median((rough - offset - rows)[seen])) if seen.any() else 0.0
    kept = steady(lattice, rows, seen)
    kept |= seen & _borne_out(profile, lattice, rows, kept, typical)
    return Ruler(fine, coarse, lattice, rows, kept, offset, contrast)


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


def _offset(profile: LineProfile, rough: F64, heavy: Bool, label_px: float, dpi: float) -> float:
    """Row of the labels' centres less that of their lines, from all lines at once."""
    reach = label_px / 2 + 0.1 * label_px
    shifts = np.arange(-np.ceil(reach), np.ceil(reach) + 1)
    thickness = uniform_filter1d(profile.strength, 2 * round(_THICK_IN * dpi / 2) + 1)
    blunt = maximum_filter1d(thickness, 5)
    index = np.arange(len(blunt)) + profile.row0
    scores = []
    for shift in shifts:
        on = np.interp(rough - shift, index, blunt, left=0.0, right=0.0)
        weight = on[heavy].mean() if heavy.any() else 0.0
        scores.append((on.mean() + weight) * (1 - 0.3 * (shift / reach) ** 2))
    score = gaussian_filter1d(np.array(scores), 1.0)
    return float(shifts[score.argmax()])


def _track(profile: LineProfile, rows: F64, spacing: float, dpi: float) -> F64:
    """Follow the lines with a small bend from one to the next (Viterbi), then to a fraction of a pixel."""
    reach = int(max(4, min(0.35 * spacing, _REACH_IN * dpi)))
    shifts = np.arange(-reach, reach + 1, dtype=np.float64)
    gain = profile.at(rows[:, None] + shifts)
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
    return _centroid(profile, rows + shifts[state])


def _centroid(profile: LineProfile, rows: F64) -> F64:
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


def extend_ruler(
    profile: LineProfile, ruler: Ruler, rows: tuple[float, float], dpi: float
) -> Ruler:
    """Walk on from line to line beyond both ends, within the rows.

    A walk ends where lines are no longer seen, or where the coarse lines are no longer the heaviest:
    a line may have been skipped before.
    """
    heavy = _Heavy(profile, ruler, dpi)
    down = heavy.agreeing(_walk(profile, ruler, rows, 1))
    up = heavy.agreeing(_walk(profile, ruler, rows, -1))[::-1]
    if not up and not down:
        return ruler
    depths, found, seen = (np.array(part) for part in zip(*up, *down))
    below = depths > ruler.depths[-1]

    def joined(old: F64 | Bool, new: F64 | Bool) -> F64:
        return np.concatenate([new[~below], old, new[below]])

    return Ruler(
        ruler.step,
        ruler.coarse,
        joined(ruler.depths, depths),
        joined(ruler.rows, found),
        joined(ruler.seen, seen).astype(np.bool_),
        ruler.offset_px,
        ruler.contrast,
    )


def beyond(ruler: Ruler, other: Ruler) -> Ruler:
    """The ruler with the lines of another beyond its ends, where both agree on the lines they share."""
    shared = np.isin(other.depths, ruler.depths[ruler.seen]) & other.seen
    if shared.sum() < 3:
        return ruler
    off = other.rows[shared] - np.interp(other.depths[shared], ruler.depths, ruler.rows)
    if np.abs(off).max() > _AGREE_PX:
        return ruler
    above, below = other.depths < ruler.depths[0], other.depths > ruler.depths[-1]

    def joined(own: F64 | Bool, new: F64 | Bool) -> F64:
        return np.concatenate([new[above], own, new[below]])

    return replace(
        ruler,
        depths=joined(ruler.depths, other.depths),
        rows=joined(ruler.rows, other.rows),
        seen=joined(ruler.seen, other.seen).astype(np.bool_),
    )


class _Heavy:
    """Checks by the heavier coarse lines that a walk has not slipped by a fine one."""

    def __init__(self, profile: LineProfile, ruler: Ruler, dpi: float) -> None:
        width = 2 * round(_THICK_IN * dpi / 2) + 1
        self._profile = LineProfile(uniform_filter1d(profile.strength, width), profile.row0)
        self._ruler = ruler
        self._is_told_apart = self._excess(ruler.depths, ruler.rows) > _HEAVIER

    def _excess(self, depths: F64, rows: F64) -> float:
        """Weight of the coarse lines over that of the heaviest other class of lines between them."""
        weight = self._profile.at(rows)
        count = round(self._ruler.coarse / self._ruler.step)
        place = np.rint(depths / self._ruler.step).astype(np.int64) % count
        means = [
            float(weight[place == k].mean()) if (place == k).any() else 0.0 for k in range(count)
        ]
        return means[0] / max(1e-6, *means[1:])

    def agreeing(self, walk: list[tuple[float, float, bool]]) -> list[tuple[float, float, bool]]:
        """The part of a walk up to the last stretch whose coarse lines are the heaviest."""
        stretch = _STRETCH_LINES * round(self._ruler.coarse / self._ruler.step)
        if not self._is_told_apart:
            return walk[:stretch]
        for start in range(0, len(walk), stretch):
            part = walk[max(0, min(start, len(walk) - stretch)) : start + stretch]
            depths, rows, _ = (np.array(column, dtype=np.float64) for column in zip(*part))
            if self._excess(depths, rows) < 1.0:
                return walk[:start]
        return walk


def _walk(
    profile: LineProfile, ruler: Ruler, rows: tuple[float, float], sign: int
) -> list[tuple[float, float, bool]]:
    """Lines (depth, row, seen) beyond one end; ends after several unseen ones, which are left out."""
    index = np.flatnonzero(ruler.seen)
    known = ruler.rows[index][::sign][-_WALK_MEMORY:].tolist()
    at = ruler.depths[index][::sign][-_WALK_MEMORY:].tolist()
    threshold = _WALK_STRENGTH * float(np.median(profile.at(ruler.rows[index])))
    found: list[tuple[float, float, bool]] = []
    depth, missed = float(ruler.depths[-1] if sign > 0 else ruler.depths[0]), 0
    while missed < _WALK_MISSES:
        depth += sign * ruler.step
        pace = (known[-1] - known[0]) / (at[-1] - at[0])
        guess = known[-1] + (depth - at[-1]) * pace
        if depth < 0 or not rows[0] <= guess <= rows[1]:
            break
        row, strength = _peak(profile, guess, 0.12 * abs(pace) * ruler.step)
        seen = strength >= threshold
        found.append((depth, row if seen else guess, seen))
        missed = 0 if seen else missed + 1
        if seen:
            known, at = [*known, row][-_WALK_MEMORY:], [*at, depth][-_WALK_MEMORY:]
    return found[: len(found) - missed] if missed else found


def _peak(profile: LineProfile, row: float, reach: float) -> tuple[float, float]:
    """Strongest line within ``reach`` of a row, and its strength."""
    around = np.arange(row - reach, row + reach + 1)
    best = around[int(profile.at(around).argmax())]
    centre = float(_centroid(profile, np.array([best]))[0])
    return centre, float(profile.at(np.array([centre]))[0])
