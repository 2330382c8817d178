"""Which rows of a path count as observed: where ink of this very curve lies under it.

A path is drawn through every row, also where its curve is gone; what it follows there is a line of the
grid, faint dirt or nothing at all. In: the ink, the paths as columns of it, and their evidence; out:
one flag per row. Short gaps are bridged later, in ``physical``; finding the paths belongs to ``decode``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from veernet_core.datatypes import F64, INKED, U8, Bool, Trace, flag_runs


@dataclass(frozen=True, slots=True)
class ObservedConfig:
    """When a row counts as observed; lengths in strip pixels.

    Attributes
    ----------
    min_mass, mass_rows : least mass, and the rows over which it is averaged
    min_run : shorter observed runs between gaps are dropped
    isolated_rows, isolated_leap : so are runs shorter than that which lie farther from the ends of the runs
        before and after, track widths: letters and smears
    straight_rows, straight : a path that keeps within ``straight`` columns for so many rows may ride
        a line of the grid
    beyond : rows above and below such a stretch in which the line is looked for
    left_share : share of them in which no path may be near the line that nothing but a leap leads to: a flat
        curve that is lost for a while goes on there itself
    line_share, line_contrast : inked share of those rows, and how much more than beside the line
    line_width : a curve drawn over the line makes it wider by this factor
    sure_mass : paths with more mass than this are curves, unless nothing but a leap leads to them
    intrusion_rows, leap : curves of one style that share their ink for so many rows must have come together
        step by step: one that leapt there from more than ``leap`` columns away has no ink of its own
    shared_rows, shared : paths of two styles that keep within ``shared`` columns for so many rows share ink
    lesser : there, the one with so much less mass has no ink of its own
    excursion_rows : nor has one with less mass that leapt there for at least so many rows
    join_rows, stay_rows, inked : nor has one that leapt there, or from there, over paper less inked than that
        share, whatever its mass, for at most so many rows: two that share ink for longer mostly lie on each
        other. Stretches that ``join_rows`` part are one
    """

    min_mass: float = 0.4
    mass_rows: int = 3
    min_run: int = 6
    isolated_rows: int = 20
    isolated_leap: float = 0.1
    straight_rows: int = 21
    straight: float = 2.5
    beyond: int = 250
    left_share: float = 0.5
    line_share: float = 0.3
    line_contrast: float = 2.5
    line_width: float = 1.35
    sure_mass: float = 0.9
    intrusion_rows: int = 20
    leap: float = 15.0
    shared_rows: int = 15
    shared: float = 3.0
    lesser: float = 0.1
    excursion_rows: int = 2
    join_rows: int = 6
    stay_rows: int = 60
    inked: float = 0.9


def observed_rows(
    ink: U8,
    columns: Sequence[F64],
    which: int,
    same_style: Sequence[int],
    masses: Sequence[F64],
    support: Sequence[F64],
    config: ObservedConfig = ObservedConfig(),
) -> Bool:
    """Rows in which path ``which`` follows ink of its curve.

    Parameters
    ----------
    ink : uint8 [rows, cols]
    columns : sequence of float64 [rows]
        All paths of the strip, as columns of ``ink``.
    which : int
    same_style : sequence of int
        The other paths of the same line style.
    masses : sequence of float64 [rows]
        Of all paths.
    support : sequence of float64 [rows]
        Of all paths: inked share of the columns crossed on the way into the row.

    Returns
    -------
    bool [rows]
    """
    mass = masses[which]
    enough = uniform_filter1d(mass, config.mass_rows, mode="nearest") >= config.min_mass
    own_leaps = _leaps(columns[which], support[which], config)
    borrowed = grid_rows(ink, columns, which, mass, own_leaps, config)
    borrowed |= intrusion_rows(columns[which], [columns[k] for k in same_style], config)
    for other in range(len(columns)):
        if other != which and other not in same_style:
            near = np.abs(columns[which] - columns[other]) < config.shared
            leaps = _leaps(columns[other], support[other], config)
            intrudes = _intruding(near, own_leaps, leaps, config)
            other_intrudes = _intruding(near, leaps, own_leaps, config)
            less = _borrowed_rows(columns[which], near, mass, masses[other], config)
            borrowed |= intrudes | (less & ~other_intrudes)
    own = _trim(enough & ~borrowed, mass >= config.min_mass / 2)
    for other in same_style:
        near = np.abs(columns[which] - columns[other]) < config.shared
        goes_on = masses[other] >= config.min_mass
        own = own & ~_isolated_runs(own, near, goes_on, config)
    return drop_short_runs(own, config.min_run)


def drop_isolated(observed: Bool, frac: F64, config: ObservedConfig = ObservedConfig()) -> Bool:
    """Without short runs that lie far from both their neighbours, or from the only one.

    Parameters
    ----------
    observed : bool [rows]
    frac : float64 [rows]
        The path, unfolded, track widths.

    Returns
    -------
    bool [rows]
    """
    out, runs = observed.copy(), flag_runs(observed)
    for k, (start, stop) in enumerate(runs):
        apart = []
        if k > 0:
            apart.append(abs(frac[start] - frac[runs[k - 1][1] - 1]))
        if k + 1 < len(runs):
            apart.append(abs(frac[stop - 1] - frac[runs[k + 1][0]]))
        if stop - start < config.isolated_rows and min(apart, default=0.0) > config.isolated_leap:
            out[start:stop] = False
    return out


def grid_rows(
    ink: U8,
    columns: Sequence[F64],
    which: int,
    mass: F64,
    leaps: Bool,
    config: ObservedConfig = ObservedConfig(),
) -> Bool:
    """Rows in which a path rides a vertical line that goes on where the path does not, [rows].

    Where ink leads to or from there a path with much mass is a curve that happens to lie on the line. Where it
    leapt there, or leaps on from there, it is not: before it begins a curve leaves no ink, and its path waits
    on the heaviest line.
    """
    path = np.nan_to_num(columns[which])
    span = config.straight_rows
    swing = maximum_filter1d(path, span) - minimum_filter1d(path, span)
    straight = maximum_filter1d((swing <= config.straight).astype(np.uint8), span) > 0
    out = np.zeros(len(path), bool)
    for start, stop in flag_runs(straight):
        at = int(np.rint(np.median(path[start:stop])))
        sure = mass[start:stop].mean() >= config.sure_mass
        if not sure or _is_alone(leaps, start, stop):
            least = config.left_share if sure else 0.0
            out[start:stop] = _is_line(ink, columns, at, start, stop, least, config)
    return out


def _is_alone(leaps: Bool, start: int, stop: int) -> bool:
    """Whether a path leaps into or out of rows [start, stop), and has no other way there."""
    above, below = (
        leaps[max(0, start - 2) : start + 3].any(),
        leaps[max(0, stop - 2) : stop + 3].any(),
    )
    return bool((above and (below or stop == len(leaps))) or (below and start == 0))


def without_unjudged_lines(
    traces: Sequence[Trace], width_px: float, config: ObservedConfig = ObservedConfig()
) -> list[Trace]:
    """Blocks of a curve, without the rows of those that keep to a line which a neighbour found to be none of
    the curve: where a path never leaves a line, nothing there tells.

    Parameters
    ----------
    traces : sequence of Trace
        From top to bottom.
    width_px : float
        Of the track.
    """
    within, out = config.straight / width_px, list(traces)
    for way in (1, -1):  # towards the top from what is below, and the other way
        beside: Trace | None = None
        ridden = False
        for k in range(len(out))[::-way]:
            own = out[k]
            at = beside.frac[::way][0] if beside is not None else np.nan
            flat = np.ptp(np.append(own.frac, at)) <= within  # never where a position is missing
            ridden = bool(flat) and (ridden or _waits(beside, way, within))
            if ridden:
                out[k] = replace(own, observed=np.zeros(len(own.frac), bool))
            beside = own if len(own.frac) else None
    return out


def _waits(trace: Trace | None, way: int, within: float) -> bool:
    """Whether a block begins with rows that are not observed, and its curve is elsewhere when it is."""
    if trace is None or trace.observed[::way][0]:
        return False
    frac, seen = trace.frac[::way], np.flatnonzero(trace.observed[::way])
    return len(seen) > 0 and bool(abs(frac[seen[0]] - frac[0]) > within)


def _is_line(
    ink: U8,
    columns: Sequence[F64],
    at: int,
    start: int,
    stop: int,
    least: float,
    config: ObservedConfig,
) -> bool:
    """Whether column ``at`` is inked above and below rows [start, stop) too, as narrowly as in them; at least
    so large a share of the rows there must tell.
    """
    side = 11
    if at < side or at >= ink.shape[1] - side:
        return False
    low, high = max(0, start - config.beyond), min(len(ink), stop + config.beyond)
    beyond = np.r_[low:start, stop:high]
    free = np.all([np.abs(path[beyond] - at) > 7 for path in columns], axis=0)
    if not free.any() or free.mean() < least:
        return False
    dark = ink[low:high, at - side : at + side + 1] > INKED
    around = dark[beyond[free] - low]
    share = around[:, side - 1 : side + 2].any(axis=1).mean()
    beside = np.mean([around[:, c : c + 3].any(axis=1).mean() for c in (1, 3, 17, 19)])
    if share <= config.line_share or share <= config.line_contrast * beside:
        return False
    within = _mean_width(dark[start - low : stop - low, side - 4 : side + 5])
    return within <= config.line_width * _mean_width(around[:, side - 4 : side + 5])


def _mean_width(dark: Bool) -> float:
    """Inked columns per row that has any."""
    return float(dark.sum() / max(1, dark.any(axis=1).sum()))


def drop_short_runs(observed: Bool, least: int) -> Bool:
    """Without runs shorter than ``least`` rows, other than one that begins in the first row."""
    out = observed.copy()
    for start, stop in flag_runs(observed):
        if start > 0 and stop < len(observed) and stop - start < least:
            out[start:stop] = False
    return out


def _trim(observed: Bool, sure: Bool) -> Bool:
    """Without the rows before the first and after the last sure one of every run.

    Averaging over rows lets a run reach beyond its ink, where the path may be anywhere already; a
    bridge must not start from there.
    """
    out = observed.copy()
    for start, stop in flag_runs(observed):
        inside = np.flatnonzero(sure[start:stop])
        first, last = (inside[0], inside[-1] + 1) if len(inside) else (0, 0)
        out[start : start + first] = False
        out[start + last : stop] = False
    return out


def intrusion_rows(
    path: F64, same_style: Sequence[F64], config: ObservedConfig = ObservedConfig()
) -> Bool:
    """Rows in which a path runs on the ink of another of its style, having come there by a leap, [rows].

    Parameters
    ----------
    path : float64 [rows]
    same_style : sequence of float64 [rows]
        Paths of the same line style.
    """
    out = np.zeros(len(path), bool)
    for other in same_style:
        for start, stop in flag_runs(np.abs(path - other) < 1.5):
            came, stayed = _leap(path, start, stop), _leap(other, start, stop)
            if stop - start >= config.intrusion_rows and came > config.leap > 2 * stayed:
                out[start:stop] = True
    return out


def _isolated_runs(own: Bool, near: Bool, goes_on: Bool, config: ObservedConfig) -> Bool:
    """Rows of the runs between two gaps that lie on the ink of another curve of the style, which goes on above
    and below: hardly a row of such a run is the curve's alone, [rows].
    """
    out = np.zeros(len(own), bool)
    for start, stop in flag_runs(own):
        beside = [goes_on[max(0, start - config.min_run) : start], goes_on[stop:][: config.min_run]]
        alone = np.count_nonzero(~near[start:stop])
        if alone < config.min_run and all(len(b) and b.mean() > 0.5 for b in beside):
            out[start:stop] = True
    return out


def _borrowed_rows(
    path: F64, near: Bool, mass: F64, other_mass: F64, config: ObservedConfig
) -> Bool:
    """Rows of the stretches in which a path shares ink that is more the other's, [rows].

    A long stretch must be clearly the other's, a short one come to or left by a leap: off its scale a
    curve leaves no ink, and its path goes where there is some. One that walks in and out, from or to ink of
    its own, runs under the other.
    """
    out = np.zeros(len(near), bool)
    for start, stop in flag_runs(near):
        length, own = stop - start, mass[start:stop].mean()
        ahead = own - other_mass[start:stop].mean()
        leapt = _leap(path, start, stop) > config.leap
        beside = [
            mass[max(0, start - config.shared_rows) : start],
            mass[stop:][: config.shared_rows],
        ]
        from_own_ink = max((m.mean() for m in beside if len(m)), default=0.0) >= config.min_mass
        under = not leapt and from_own_ink and own >= config.min_mass
        stayed = length >= config.shared_rows and ahead < -config.lesser and not under
        out[start:stop] = stayed or (length >= config.excursion_rows and ahead < 0 and leapt)
    return out


def _leaps(path: F64, support: F64, config: ObservedConfig) -> Bool:
    """Rows into which a path leaps over blank paper, otherwise than it moves before and behind, [rows]."""
    around = np.pad(path, (4, 3), mode="edge")
    step = around[4:-3] - around[3:-4]
    before, after = (around[3:-4] - around[:-7]) / 3, (around[7:] - around[4:-3]) / 3
    odd = np.minimum(np.abs(step - before), np.abs(step - after))
    return np.asarray(
        (odd > np.maximum(config.leap, 0.6 * np.abs(step))) & (support < config.inked)
    )


def _intruding(near: Bool, own: Bool, other: Bool, config: ObservedConfig) -> Bool:
    """Rows of the stretches, neither short nor long, in which a path shares ink, and that it came to or left by
    a leap over blank paper, [rows].

    Parameters
    ----------
    near : bool [rows]
        Where the two paths share ink.
    own, other : bool [rows]
        Where the path, and the one it shares with, leap.
    """
    out = np.zeros(len(near), bool)
    joined = ~drop_short_runs(~near, config.join_rows + 1)
    cuts = np.flatnonzero(own | other)
    for start, stop in flag_runs(joined):
        ends = [start, *cuts[(cuts > start) & (cuts < stop)], stop]
        for a, b in pairwise(ends):
            leapt = own[max(0, a - 2) : a + 3].any() or own[max(0, b - 2) : b + 3].any()
            out[a:b] |= leapt and config.shared_rows <= b - a <= config.stay_rows
    return out


def _leap(path: F64, start: int, stop: int) -> float:
    """How far a path moves when it comes to or leaves a stretch, whichever is more."""
    last = len(path) - 1
    ways = [path[max(0, start - 3)] - path[start], path[min(last, stop + 2)] - path[stop - 1]]
    return float(np.abs(ways).max())
