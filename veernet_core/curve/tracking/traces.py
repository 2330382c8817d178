"""From posterior to traces: the k curves of a track, found jointly, with gaps and wraps.

In: a strip, its posterior and the specs of its curves; out: one ``Trace`` per curve and the state in
which the next block goes on. Works on unfolded columns: a wrapped curve that leaves at the right
border simply walks on into the next lap, where the same ink is seen again.

There is no smoothing here: a smoothed trace loses peaks. Depth and values belong to ``physical``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from veernet_core.curve.evidence.observed import ObservedConfig, drop_islands, observed_rows
from veernet_core.curve.tracking.backups import JoinedScales, backup_chains, join_scales
from veernet_core.curve.tracking.grid_lines import GridLineConfig, trust_in_ink
from veernet_core.curve.tracking.identity import IdentityCosts, resolve_identities
from veernet_core.curve.tracking.joint import (
    SiblingCosts,
    blank_columns,
    crossing_costs,
    follow_siblings,
    move_costs,
    strokes_across,
    unfold,
)
from veernet_core.curve.tracking.off_scale import OffScaleConfig, without_cause
from veernet_core.curve.tracking.viterbi import as_upright, cheapest_path_over, path_mass, unclaimed
from veernet_core.datatypes import (
    F32,
    F64,
    I32,
    INKED,
    LAPS,
    STYLES,
    UPRIGHT_PEAK,
    Bool,
    CurveSpec,
    Posterior,
    Strip,
    Trace,
)


@dataclass(frozen=True, slots=True)
class DecodeConfig:
    """Costs in nats, lengths in strip pixels.

    Attributes
    ----------
    floor : density of the background; its log is what a row without ink costs
    peak : density at an upright curve
    leak : share of another style's evidence that counts, for strokes broken into dashes
    orphan : the same for a style that no curve of the track is drawn in: its ink must be somebody's
    lap_cost : cost per row of being one lap off, which breaks the tie between laps
    border_cost : cost of walking over a border into the next lap
    lap_jump_cost : what a jump without a trace of ink costs more when it leads into another lap
    backup_cost : cost per row of being on a backup scale drawn in another style, which few rows of a log
        are and a doubtful style must not suggest
    scale_cost : the same for one drawn in the same style, which breaks the tie between the scales
    passage_rows, passage : a stretch on a backup scale counts where within so many rows of its beginning
        and of its end the path comes as near as that, in track widths, to the end of the finer scale
    claim_sigma : width within which a curve claims ink against its siblings
    mass_reach : half width of the window that counts as evidence
    dip, no_stroke : a stroke ends where the density falls below that share of its highest, or below that
    off_scale : of a curve that does not wrap, beyond the borders
    observed : which rows of a path count as observed
    siblings, identity : costs of following several curves, and of telling those drawn alike apart; what a
        sideways move costs holds for a lone curve too
    """

    floor: float = 1e-3
    peak: float = UPRIGHT_PEAK
    leak: float = 0.08
    orphan: float = 0.5
    lap_cost: float = 0.01
    border_cost: float = 0.2
    lap_jump_cost: float = 16.0
    backup_cost: float = 0.2
    scale_cost: float = 0.002
    passage_rows: int = 20
    passage: float = 0.15
    claim_sigma: float = 2.5
    mass_reach: int = 3
    dip: float = 0.2
    no_stroke: float = 1e-3
    off_scale: OffScaleConfig = field(default_factory=OffScaleConfig)
    observed: ObservedConfig = field(default_factory=ObservedConfig)
    grid_lines: GridLineConfig = field(default_factory=GridLineConfig)
    siblings: SiblingCosts = field(default_factory=SiblingCosts)
    identity: IdentityCosts = field(default_factory=IdentityCosts)


@dataclass(frozen=True, slots=True)
class DecodeState:
    """Where each curve of a strip ran in the previous block, so that the next one goes on there.

    ``unfolded`` are columns per row from strip row ``first_row`` on.
    """

    first_row: int
    unfolded: tuple[F64, ...]

    def at(self, curve: int, row: int) -> float:
        """Unfolded column of a curve at a strip row; NaN outside the previous block."""
        k = row - self.first_row
        path = self.unfolded[curve]
        return float(path[k]) if 0 <= k < len(path) else float("nan")


@dataclass(slots=True)
class _Path:
    """One curve's path in unfolded columns, relative to ``origin``."""

    spec: CurveSpec
    column: F64
    mass: F64
    presence: F64


@dataclass(frozen=True, slots=True)
class _Axis:
    """Unfolded columns of one curve: which strip column each shows, and its lap.

    A curve that does not wrap may leave its scale: beyond the strip lies a column on either side that
    shows nothing.
    """

    column: I32
    lap: I32
    origin: int

    @classmethod
    def of(cls, strip: Strip, laps: int) -> _Axis:
        cols = strip.ink.shape[1]
        if laps == 0:
            column = np.arange(-1, cols + 1, dtype=np.int32).clip(0, cols - 1)
            lap = np.zeros(cols + 2, np.int32)
            lap[0], lap[-1] = -1, 1
            return cls(column, lap, -1)
        width = strip.track_width_px
        first = int(np.floor(strip.left_col - laps * width))
        last = int(np.ceil(strip.right_col + laps * width))
        unfolded = np.arange(first, last + 1)
        lap = np.floor((unfolded - strip.left_col) / width).astype(np.int32)
        column = np.rint(unfolded - lap * width).astype(np.int32).clip(0, cols - 1)
        return cls(column, lap, first)

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of columns, [rows, cols], as those of places, [rows, places], row after row in memory."""
        return np.take(values, self.column, axis=1)


def trace_block(
    strip: Strip,
    posterior: Posterior,
    specs: Sequence[CurveSpec],
    state: DecodeState | None = None,
    config: DecodeConfig = DecodeConfig(),
) -> tuple[list[Trace], DecodeState]:
    """Trace all curves of one block.

    Parameters
    ----------
    strip : Strip
    posterior : Posterior
        Of the same rows and columns as ``strip.ink``.
    specs : sequence of CurveSpec
        The curves drawn in this strip.
    state : DecodeState, optional
        What the previous block of the same strip returned.

    Returns
    -------
    traces : list of Trace
        For the rows ``strip.keep_rows``, in the order of ``specs``.
    state : DecodeState
    """
    fields = _Fields(strip, posterior, specs, config)
    paths = _joint_paths(fields, strip, specs, state)
    if state is None:
        paths = _name(paths, strip, specs)
    start, stop = strip.keep_rows if strip.keep_rows[1] else (0, len(strip.ink))
    rivals = {style: _best_rival(style, paths, fields, strip) for style in fields.count}
    folded = [_fold(p.column, strip, p.spec) for p in paths]
    support = [stroke_support(fields.ink, p.column, strip) for p in paths]
    traces = [
        _trace(paths, k, folded, support, rivals, fields, strip, slice(start, stop))
        for k in range(len(paths))
    ]
    return traces, DecodeState(strip.first_row, tuple(p.column for p in paths))


class _Fields:
    """Evidence fields of a block, computed once: what each style sees where."""

    def __init__(
        self, strip: Strip, posterior: Posterior, specs: Sequence[CurveSpec], config: DecodeConfig
    ) -> None:
        self.config = config
        self.strip = strip
        presence = posterior.presence.astype(np.float32)
        self.presence = presence
        self.ink = strokes_across(strip.ink)
        self.move_cost = move_costs(config.siblings)
        used = sorted({STYLES.index(s.style) for s in specs})
        self.count = {c: sum(STYLES.index(s.style) == c for s in specs) for c in used}
        seen = {
            c: posterior.position[c].astype(np.float32) * presence[c][:, None]
            for c in range(len(STYLES))
        }
        orphans = [seen[o] for o in seen if o not in self.count]
        stray = np.float32(config.orphan) * np.sum(orphans, axis=0) if orphans else np.float32(0)
        self.orphan_presence = config.orphan * np.max(
            [presence[o] for o in seen if o not in self.count], axis=0, initial=0
        )
        self.density = {c: seen[c] * self.count[c] + stray for c in used}
        self.foreign = {
            c: np.sum([seen[o] for o in used if o != c], axis=0) if len(used) > 1 else stray * 0
            for c in used
        }

    def evidence(self, style: int, free: F32) -> F32:
        """Density of a lone curve; other styles' ink leaks in as far as it is ``free`` of curves."""
        # where the style is absent there is nothing to be broken up
        leak = self.foreign[style] * free * self.presence[style][:, None]
        return np.asarray(self.density[style] + np.float32(self.config.leak) * leak)

    def path_cost(self, density: F32) -> F32:
        """Cost of a lone curve standing in each pixel: a steep stroke, whose evidence is spread over many
        columns, costs no more than an upright one; lines of the grid are not trusted."""
        config = self.config
        trusted = density * trust_in_ink(self.strip.ink, density, config.grid_lines)
        upright = as_upright(trusted, config.peak, config.dip, config.no_stroke)
        return np.asarray(-np.log(upright + np.float32(config.floor)))

    def cost_off_scale(self, style: int, free: F32) -> F32:
        """Cost of a lone curve being beyond the borders, [rows]: ink that is more of its style
        than of the others', and ``free``, must be its own."""
        own = np.maximum(self.density[style] - self.foreign[style], 0) * free
        config = self.config.off_scale
        return np.asarray(config.cost + config.unexplained * own.sum(axis=1).clip(0, 1), np.float32)

    def unclaimed(self, paths: Sequence[F64]) -> F32:
        """Share of the ink that none of the paths accounts for, [rows, cols]; [1, 1] where there are none."""
        if not paths:
            return np.ones((1, 1), np.float32)
        return unclaimed(
            np.stack(list(paths)), self.strip.ink.shape[1], self.config.claim_sigma, 0.92
        )


def _joint_paths(
    fields: _Fields, strip: Strip, specs: Sequence[CurveSpec], state: DecodeState | None
) -> list[_Path]:
    """Paths of all curves: a lone one by dynamic programming, several followed together."""
    before = [
        state.at(k, strip.first_row) if state is not None else np.nan for k in range(len(specs))
    ]
    if len(specs) == 1:
        style = STYLES.index(specs[0].style)
        return [_one_path(fields, strip, specs[0], style, [], before[0])]
    joined = {
        chain: scales
        for chain in backup_chains(specs)
        if (scales := join_scales(strip, [specs[k] for k in chain])) is not None
    }
    paths: dict[int, _Path] = {}
    if all(len(chain) < len(specs) for chain in joined):  # one alone has nobody's ink to know of
        paths |= enumerate(_paths_together(fields, strip, specs, np.array(before)))
    for chain, scales in joined.items():
        others = [_fold(p.column, strip, p.spec) for k, p in paths.items() if k not in chain]
        start = scales.place_of([before[k] for k in chain])
        own = [specs[k] for k in chain]
        paths |= zip(chain, _one_path_on_scales(fields, own, scales, others, start))
    return [paths[k] for k in range(len(specs))]


def _one_path_on_scales(
    fields: _Fields,
    specs: Sequence[CurveSpec],
    joined: JoinedScales,
    strangers: list[F64],
    before: float,
) -> list[_Path]:
    """Paths of a curve and of its backups, which together are one measurement's."""
    config = fields.config
    styles = [STYLES.index(s.style) for s in specs]
    # of all only one is drawn in a row, also where they share a pen
    free = fields.unclaimed(strangers)
    densities = [fields.evidence(c, free) / np.float32(fields.count[c]) for c in styles]
    costs = [fields.path_cost(d) for d in densities]
    scale = joined.scale
    density, cost = (
        np.choose(scale, [np.take(f, joined.column, axis=1) for f in each])
        for each in (densities, costs)
    )
    dear = [config.scale_cost if c == styles[0] else config.backup_cost for c in styles[1:]]
    cost = cost + np.array([0, *dear], np.float32)[scale]
    ink = np.take(fields.ink, joined.column, axis=1)
    path, place = _walk(fields, density, cost, ink, joined.lap, before)
    column = np.interp(place, np.arange(len(joined.column)), joined.column)
    column = np.where(np.abs(column - joined.column[path]) < 8, column, joined.column[path])
    columns, speaks = joined.split(path, column)
    lost = joined.without_passage(
        path, config.passage_rows, config.passage * fields.strip.track_width_px
    )
    out = []
    for k, (spec, style, own) in enumerate(zip(specs, styles, columns)):
        mass, presence = _path_evidence(fields, style, density, path)
        out.append(_Path(spec, own, mass * ((speaks == k) & ~lost), presence))
    return out


def _paths_together(
    fields: _Fields, strip: Strip, specs: Sequence[CurveSpec], before: F64
) -> list[_Path]:
    config, width, left = fields.config, strip.track_width_px, strip.left_col
    used = sorted(fields.count)
    styles = np.array([used.index(STYLES.index(s.style)) for s in specs])
    wraps = np.array([s.wrap != "none" for s in specs])
    # within a style nobody knows yet which of the paths is the one that wraps
    walks = np.array([wraps[styles == s].any() for s in styles])
    period = np.where(walks, width, 0.0)
    by_style = np.stack([fields.density[c] for c in used])
    crossing = crossing_costs(fields.ink, config.siblings)
    begin = np.where(walks, left + (before - left) % width, before)
    found, seen = follow_siblings(by_style, styles, crossing, left, begin, period, config.siblings)
    stranger = _style_misfit(by_style, styles, found, seen)
    found, source = resolve_identities(
        _nearest_laps(found, seen, period),
        seen,
        strip.ink,
        found,
        period,
        stranger,
        blank_columns(fields.ink),
        _barred(found, specs),
        _over_borders(found, seen, period) & (walks & ~wraps)[:, None, None],
        np.isfinite(before),
        config.identity,
    )
    seen = np.take_along_axis(seen, source, axis=0)
    columns = list(np.where(walks[:, None], left + (found - left) % width, found))
    laps = max(LAPS[s.wrap] for s in specs)
    table = np.array([left, width, laps, config.siblings.lap, config.siblings.jump])
    for k in np.flatnonzero(walks):
        home = np.floor((before[k] - left) / width)
        laps_of = unfold(columns[k], seen[k], crossing, table, home)
        columns[k] = _between_seen(columns[k] + width * laps_of, seen[k])
    home_only = walks & ~wraps
    columns = [left + (c - left) % width if h else c for c, h in zip(columns, home_only)]
    return [_final_path(fields, strip, specs, columns, before, k) for k in range(len(specs))]


def _between_seen(unfolded: F64, seen: Bool) -> F64:
    """The path with straight lines where it follows no ink: only there is its lap known."""
    rows = np.flatnonzero(seen)
    if not len(rows):
        return unfolded
    return np.interp(np.arange(len(unfolded)), rows, unfolded[rows])


def _final_path(
    fields: _Fields,
    strip: Strip,
    specs: Sequence[CurveSpec],
    columns: list[F64],
    before: F64,
    k: int,
) -> _Path:
    """Curve ``k`` with its evidence; one that is alone in its style is traced again, to the pixel,
    with the ink of the others known."""
    config, spec = fields.config, specs[k]
    style = STYLES.index(spec.style)
    if fields.count[style] == 1:
        others = [_fold(columns[j], strip, specs[j]) for j in range(len(specs)) if j != k]
        return _one_path(fields, strip, spec, style, others, float(before[k]))
    path = np.rint(_fold(columns[k], strip, spec)).astype(np.int32)
    path = path.clip(0, strip.ink.shape[1] - 1)
    evidence = fields.density[style] + np.float32(config.leak) * fields.foreign[style]
    return _Path(spec, columns[k], *_path_evidence(fields, style, evidence, path))


def _style_misfit(by_style: F32, styles: NDArray[np.int64], found: F64, seen: Bool) -> F64:
    """Cost per row of curve ``c`` following path ``p``: [curves, paths, rows]."""
    near = np.stack([uniform_filter1d(d, 7, axis=1) for d in by_style])
    column = np.rint(np.nan_to_num(found)).astype(int).clip(0, by_style.shape[2] - 1)
    mass = near[:, np.arange(by_style.shape[1]), column].astype(np.float64)
    share = (mass + 0.002) / (mass + 0.002).sum(axis=0)
    return np.asarray(-np.log(share + 0.03)[styles] * seen)


def _barred(found: F64, specs: Sequence[CurveSpec], least_px: float = 8.0) -> Bool:
    """Rows in which a known point of a curve lies on another path than this: [curves, paths, rows].

    Only paths of curves drawn alike compete; where two run together, or none is near, a point says nothing.
    """
    out = np.zeros((len(specs), *found.shape), bool)
    for c, spec in enumerate(specs):
        alike = [p for p, s in enumerate(specs) if s.style == spec.style]
        for row, col in spec.points_px:
            if not 0 <= row < found.shape[1]:
                continue
            away = np.abs(found[alike, int(row)] - col)
            order = np.argsort(away)
            if len(alike) > 1 and away[order[0]] < least_px < away[order[1]]:
                out[c, [alike[k] for k in order[1:]], int(row)] = True
    return out


def _over_borders(found: F64, seen: Bool, period: F64) -> Bool:
    """Rows in which a path comes in over one border, having left over the other, [paths, rows]."""
    out = np.zeros(found.shape, bool)
    for k, p in enumerate(period):
        rows = np.flatnonzero(seen[k])
        if p > 0 and len(rows) > 1:
            out[k, rows[1:]] = np.abs(np.diff(found[k, rows])) > p / 2
    return out


def _nearest_laps(found: F64, seen: Bool, period: F64) -> F64:
    """Paths unfolded by the shortest way; rough, for judging directions only."""
    out = found.copy()
    for k, p in enumerate(period):
        if p > 0 and seen[k].any():
            rows = np.flatnonzero(seen[k])
            steps = np.diff(found[k, rows])
            known = found[k, rows[0]] + np.cumsum(np.append(0.0, steps - p * np.round(steps / p)))
            out[k] = np.interp(np.arange(found.shape[1]), rows, known)
    return out


def _fold(unfolded: F64, strip: Strip, spec: CurveSpec) -> F64:
    if spec.wrap == "none":
        return unfolded
    width = strip.track_width_px
    folded: F64 = strip.left_col + (unfolded - strip.left_col) % width
    return folded


def _one_path(
    fields: _Fields,
    strip: Strip,
    spec: CurveSpec,
    style: int,
    strangers: list[F64],
    before: float,
) -> _Path:
    free = fields.unclaimed(strangers)
    density = fields.evidence(style, free)
    cost = fields.path_cost(density)
    laps = LAPS[spec.wrap]
    if laps == 0:
        beyond = fields.cost_off_scale(style, free)
        return _path_or_off_scale(fields, strip, spec, style, density, cost, beyond, before)
    # few curves ever leave by more than one lap: look further only where the path runs against it
    for tried in sorted({min(laps, 1), laps}):
        path = _path_on(_Axis.of(strip, tried), fields, spec, style, density, cost, before)
        if not _at_last_lap(path, strip, tried):
            break
    return path


def _at_last_lap(path: _Path, strip: Strip, laps: int) -> bool:
    frac = (path.column - strip.left_col) / strip.track_width_px
    return bool(laps and (frac.min() < -laps + 0.02 or frac.max() > laps + 0.98))


def _path_on(
    axis: _Axis,
    fields: _Fields,
    spec: CurveSpec,
    style: int,
    density: F32,
    cost: F32,
    before: float,
) -> _Path:
    config = fields.config
    cost = axis.spread(cost) + (config.lap_cost * np.abs(axis.lap)).astype(np.float32)
    density, ink = axis.spread(density), axis.spread(fields.ink)
    path, column = _walk(fields, density, cost, ink, axis.lap, before - axis.origin)
    mass, presence = _path_evidence(fields, style, density, path)
    return _Path(spec, column.astype(np.float64) + axis.origin, mass, presence)


def _path_or_off_scale(
    fields: _Fields,
    strip: Strip,
    spec: CurveSpec,
    style: int,
    density: F32,
    cost: F32,
    cost_beyond: F32,
    before: float,
) -> _Path:
    """Path of a curve that does not wrap; beyond the strip where it is off its scale."""
    config, axis = fields.config.off_scale, _Axis.of(strip, 0)
    cost, density, ink = axis.spread(cost), axis.spread(density), axis.spread(fields.ink)
    beyond = np.array([0, len(axis.column) - 1])
    cost[:, beyond], density[:, beyond] = cost_beyond[:, None], 0
    came = int(before >= strip.ink.shape[1]) - int(before <= -1)
    for _ in range(config.tries):
        path, column = _walk(fields, density, cost, ink, axis.lap, before - axis.origin)
        mass, presence = _path_evidence(fields, style, density, path)
        side = axis.lap[path]
        found = np.where(side == 0, column, path).astype(np.float64) + axis.origin
        mass = np.where(side == 0, mass, 0.0)
        frac = (found - strip.left_col) / strip.track_width_px
        lost = without_cause(side, frac, mass, came, config)
        if not lost.any():
            break
        cost[np.ix_(np.flatnonzero(lost), beyond)] = -np.log(fields.config.floor)
    return _Path(spec, found, mass, presence)


def _walk(
    fields: _Fields, density: F32, cost: F32, ink: NDArray[np.uint8], lap: I32, before: float
) -> tuple[I32, F32]:
    """Cheapest path over places, and the centroid of the evidence along it, [rows] each.

    Parameters
    ----------
    density, cost, ink : [rows, places]
    lap : int32 [places]
        Lap, or scale, of each place, growing from left to right; a path that nothing is known of begins
        in lap 0.
    before : float
        Place in the row before the first; NaN unknown.
    """
    start = np.where(lap == 0, 0.0, 3.0).astype(np.float32)
    if np.isfinite(before):
        start = np.minimum(0.5 * np.abs(np.arange(len(lap)) - before), 30).astype(np.float32)
    config = fields.config
    path = cheapest_path_over(
        cost,
        start,
        ink,
        fields.move_cost,
        config.siblings.jump,
        lap,
        config.border_cost,
        config.lap_jump_cost,
    )
    reach = np.full(len(path), config.mass_reach + 1, np.int32)
    return path, path_mass(density, path, reach)[0]


def _path_evidence(fields: _Fields, style: int, density: F32, path: I32) -> tuple[F64, F64]:
    """Mass around a path and presence of its style, [rows] each."""
    # a steep stroke spreads its mass over the columns it crosses within the row
    steep = np.abs(np.gradient(path.astype(np.float64))) if len(path) > 1 else np.zeros(1)
    window = (fields.config.mass_reach + np.minimum(steep, 60)).astype(np.int32)
    _, mass = path_mass(density, path, window)
    return mass.clip(0, 1).astype(np.float64), fields.presence[style].astype(np.float64)


def _name(paths: list[_Path], strip: Strip, specs: Sequence[CurveSpec]) -> list[_Path]:
    """Give same-style paths to specs: by known points where given, else from left to right."""
    named = list(paths)
    for pen in {(s.style, s.wrap) for s in specs}:
        members = [k for k, s in enumerate(specs) if (s.style, s.wrap) == pen]
        if len({specs[k].mnemonic for k in members}) < 2:
            continue
        pool = sorted((paths[k] for k in members), key=lambda p: float(np.median(p.column)))
        order = sorted(members, key=lambda k: not specs[k].points_px)
        for k in order:
            best = min(pool, key=lambda p: _distance_to_points(p, strip, specs[k]))
            pool.remove(best)
            named[k] = best
    return named


def _distance_to_points(path: _Path, strip: Strip, spec: CurveSpec) -> float:
    # the pipeline hands points in strip coordinates (strip row, strip column)
    rows = len(path.column)
    inside = [(r, c) for r, c in spec.points_px if 0 <= r < rows]
    if not inside:
        return 0.0
    return float(np.mean([abs(path.column[int(r)] - c) for r, c in inside]))


def _trace(
    paths: Sequence[_Path],
    k: int,
    folded: Sequence[F64],
    support: Sequence[F64],
    rivals: dict[int, F64],
    fields: _Fields,
    strip: Strip,
    rows: slice,
) -> Trace:
    path, style = paths[k], STYLES.index(paths[k].spec.style)
    there = np.maximum(path.presence, fields.orphan_presence)
    twins = [j for j, p in enumerate(paths) if j != k and p.spec.style == path.spec.style]
    masses = [p.mass for p in paths]
    seen = observed_rows(
        strip.ink, folded, k, twins, masses, there, support, fields.config.observed
    )
    margin = path.mass / np.maximum(path.mass + rivals[style], 1e-6)
    ink = ink_under(strip.ink, folded[k])
    evidence = np.column_stack([path.mass, path.presence, ink, margin, support[k]])
    frac = (path.column - strip.left_col) / strip.track_width_px
    if path.spec.wrap == "none":  # beyond the strip: off its scale
        on_strip = (path.column > -1) & (path.column < strip.ink.shape[1])
        frac = np.where(on_strip, frac, np.nan)
    seen = drop_islands(seen, frac, fields.config.observed)
    return Trace(frac[rows], evidence[rows], seen[rows], strip.scan_rows[rows])


def _best_rival(style: int, paths: list[_Path], fields: _Fields, strip: Strip) -> F64:
    """Largest mass of a style in a 7 px window away from all of its traced paths, [rows]."""
    others = [_fold(p.column, strip, p.spec) for p in paths if STYLES.index(p.spec.style) == style]
    free = fields.unclaimed(others)
    left = fields.density[style] * (free > 0.99)
    window = 2 * fields.config.mass_reach + 1
    peak = uniform_filter1d(left, window, axis=1).max(axis=1) * window
    return peak.astype(np.float64).clip(0, 1)


def ink_under(ink: NDArray[np.uint8], column: F64, reach: int = 1) -> F64:
    """Darkest ink within ``reach`` px of a path, averaged over 5 rows; [rows] in [0, 1]."""
    rows, cols = ink.shape
    at = np.rint(np.nan_to_num(column)).astype(int)
    best = np.zeros(rows, np.uint8)
    for offset in range(-reach, reach + 1):
        best = np.maximum(best, ink[np.arange(rows), (at + offset).clip(0, cols - 1)])
    return uniform_filter1d(best.astype(np.float64) / 255, 5, mode="nearest")


def stroke_support(across: NDArray[np.uint8], unfolded: F64, strip: Strip, least: float = 3) -> F64:
    """Share of the columns crossed on the way from the row above that are inked, the worst of 5 rows.

    Moves of up to ``least`` px need no support. [rows] in [0, 1].
    """
    support = _crossed(across, np.nan_to_num(unfolded), strip.left_col, strip.track_width_px, least)
    return np.asarray(minimum_filter1d(support, 5, mode="nearest"))


@numba.njit(cache=True, nogil=True)
def _crossed(
    across: NDArray[np.uint8], unfolded: F64, left: float, width: float, least: float
) -> F64:
    """``stroke_support`` of each row alone."""
    rows, cols = across.shape
    support = np.ones(rows)
    for row in range(1, rows):
        a, b = unfolded[row - 1], unfolded[row]
        if abs(b - a) <= least:
            continue
        first, last = int(np.rint(min(a, b))), int(np.rint(max(a, b)))
        inked = 0
        for way in range(first, last):
            at = way if 0 <= way < cols else int(left + (way - left) % width)
            inked += across[row, min(max(at, 0), cols - 1)] > INKED
        if last > first:
            support[row] = inked / (last - first)
    return support
