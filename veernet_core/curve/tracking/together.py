"""The paths of all curves of a block: one alone, several together, a measurement over its backup scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from veernet_core.curve.tracking.backups import backup_chains, join_scales
from veernet_core.curve.tracking.config import DecodeState
from veernet_core.curve.tracking.crossing import blank_columns
from veernet_core.curve.tracking.fields import Fields, Path, fold, path_evidence
from veernet_core.curve.tracking.identity import resolve_identities
from veernet_core.curve.tracking.joint import follow_together
from veernet_core.curve.tracking.lone import follow_alone, follow_on_scales
from veernet_core.curve.tracking.value_costs import costs_of_pens
from veernet_core.curve.tracking.wraps import unfold
from veernet_core.datatypes import F32, F64, STYLES, U8, WRAP_COUNTS, Bool, CurveSpec, Strip


def joint_paths(
    fields: Fields, strip: Strip, specs: Sequence[CurveSpec], state: DecodeState | None
) -> list[Path]:
    """Paths of all curves: a lone one by dynamic programming, several followed together."""
    before = [
        state.at(k, strip.first_row) if state is not None else np.nan for k in range(len(specs))
    ]
    if len(specs) == 1:
        style = STYLES.index(specs[0].style)
        return [follow_alone(fields, strip, specs[0], style, [], before[0])]
    joined = {
        chain: scales
        for chain in backup_chains(specs)
        if (scales := join_scales(strip, [specs[k] for k in chain])) is not None
    }
    paths: dict[int, Path] = {}
    if all(len(chain) < len(specs) for chain in joined):  # one alone has nobody's ink to know of
        paths |= enumerate(follow_track(fields, strip, specs, np.array(before)))
    for chain, scales in joined.items():
        others = [fold(p.column, strip, p.spec) for k, p in paths.items() if k not in chain]
        start = scales.place_of([before[k] for k in chain])
        own = [specs[k] for k in chain]
        paths |= zip(chain, follow_on_scales(fields, own, scales, others, start))
    return [paths[k] for k in range(len(specs))]


class Found(NamedTuple):
    """Paths of a track before it is settled which curve each follows, and what tells: the parameters of
    ``resolve_identities``, in their order.
    """

    paths: F64
    seen: Bool
    ink: U8
    folded: F64
    period: F64
    style_cost: F64 | None
    blank: F32 | None
    anchor_conflicts: Bool | None
    border_crossings: Bool | None
    known_start: Bool | None
    value_cost: F64 | None


def find_paths(fields: Fields, strip: Strip, specs: Sequence[CurveSpec], before: F64) -> Found:
    """Paths of several curves, one for each; ``before`` as in ``follow_track``."""
    config, width, left = fields.config, strip.track_width_px, strip.left_col
    used = sorted(fields.count)
    styles = np.array([used.index(STYLES.index(s.style)) for s in specs])
    wraps = np.array([s.wrap != "none" for s in specs])
    # within a style nobody knows yet which of the paths is the one that wraps
    walks = np.array([wraps[styles == s].any() for s in styles])
    period = np.where(walks, width, 0.0)
    by_style = np.stack([fields.density[c] for c in used])
    begin = np.where(walks, left + (before - left) % width, before)
    found, seen = follow_together(
        by_style, styles, fields.crossing, left, begin, period, config.joint
    )
    return Found(
        _shortest_way(found, seen, period),
        seen,
        strip.ink,
        found,
        period,
        _style_costs(by_style, styles, found, seen),
        blank_columns(fields.ink),
        _anchor_conflicts(found, specs),
        _over_borders(found, seen, period) & (walks & ~wraps)[:, None, None],
        np.isfinite(before),
        costs_of_pens(specs, styles.tolist(), (found - left) / width, seen),
    )


def follow_track(
    fields: Fields, strip: Strip, specs: Sequence[CurveSpec], before: F64
) -> list[Path]:
    """Paths of several curves; ``before`` are their columns in the row before the first, NaN unknown."""
    config, width, left = fields.config, strip.track_width_px, strip.left_col
    crossing = fields.crossing
    given = find_paths(fields, strip, specs, before)
    wraps, walks = np.array([s.wrap != "none" for s in specs]), given.period > 0
    found, source, odds = resolve_identities(*given, costs=config.identity)
    seen = np.take_along_axis(given.seen, source, axis=0)
    columns = list(np.where(walks[:, None], left + (found - left) % width, found))
    most = max(WRAP_COUNTS[s.wrap] for s in specs)
    table = np.array([left, width, most, config.joint.wrap, config.joint.jump])
    for k in np.flatnonzero(walks):
        home = np.floor((before[k] - left) / width)
        wraps_of = unfold(columns[k], seen[k], crossing, table, home)
        columns[k] = _between_seen(columns[k] + width * wraps_of, seen[k])
    home_only = walks & ~wraps
    columns = [left + (c - left) % width if h else c for c, h in zip(columns, home_only)]
    final = [_final_path(fields, strip, specs, columns, before, k) for k in range(len(specs))]
    alone = [fields.count[STYLES.index(s.style)] == 1 for s in specs]
    return [p if lone else replace(p, name_odds=sure) for p, lone, sure in zip(final, alone, odds)]


def _between_seen(unfolded: F64, seen: Bool) -> F64:
    """The path with straight lines where it follows no ink: only there is its wrap index known."""
    rows = np.flatnonzero(seen)
    if not len(rows):
        return unfolded
    return np.interp(np.arange(len(unfolded)), rows, unfolded[rows])


def _final_path(
    fields: Fields,
    strip: Strip,
    specs: Sequence[CurveSpec],
    columns: list[F64],
    before: F64,
    k: int,
) -> Path:
    """Curve ``k`` with its evidence; one that is alone in its style is traced again, to the pixel,
    with the ink of the others known.
    """
    config, spec = fields.config, specs[k]
    style = STYLES.index(spec.style)
    if fields.count[style] == 1:
        others = [fold(columns[j], strip, specs[j]) for j in range(len(specs)) if j != k]
        return follow_alone(fields, strip, spec, style, others, float(before[k]))
    path = np.rint(fold(columns[k], strip, spec)).astype(np.int32)
    path = path.clip(0, strip.ink.shape[1] - 1)
    evidence = fields.density[style] + np.float32(config.leak) * fields.foreign[style]
    return Path(spec, columns[k], *path_evidence(fields, style, evidence, path))


def _style_costs(by_style: F32, styles: NDArray[np.int64], found: F64, seen: Bool) -> F64:
    """Cost per row of curve ``c`` following path ``p``: [curves, paths, rows]."""
    near = np.stack([uniform_filter1d(d, 7, axis=1) for d in by_style])
    column = np.rint(np.nan_to_num(found)).astype(int).clip(0, by_style.shape[2] - 1)
    mass = near[:, np.arange(by_style.shape[1]), column].astype(np.float64)
    share = (mass + 0.002) / (mass + 0.002).sum(axis=0)
    return np.asarray(-np.log(share + 0.03)[styles] * seen)


def _anchor_conflicts(found: F64, specs: Sequence[CurveSpec], least_px: float = 8.0) -> Bool:
    """Rows in which a known point of a curve lies on another path than this: [curves, paths, rows].

    Only paths of curves of one style compete; where two run together, or none is near, a point says nothing.
    """
    out = np.zeros((len(specs), *found.shape), bool)
    for c, spec in enumerate(specs):
        same_style = [p for p, s in enumerate(specs) if s.style == spec.style]
        for row, col in spec.points_px:
            if not 0 <= row < found.shape[1]:
                continue
            away = np.abs(found[same_style, int(row)] - col)
            order = np.argsort(away)
            if len(same_style) > 1 and away[order[0]] < least_px < away[order[1]]:
                out[c, [same_style[k] for k in order[1:]], int(row)] = True
    return out


def _over_borders(found: F64, seen: Bool, period: F64) -> Bool:
    """Rows in which a path comes in over one border, having left over the other, [paths, rows]."""
    out = np.zeros(found.shape, bool)
    for k, p in enumerate(period):
        rows = np.flatnonzero(seen[k])
        if p > 0 and len(rows) > 1:
            out[k, rows[1:]] = np.abs(np.diff(found[k, rows])) > p / 2
    return out


def _shortest_way(found: F64, seen: Bool, period: F64) -> F64:
    """Paths unfolded by the shortest way; rough, for judging directions only."""
    out = found.copy()
    for k, p in enumerate(period):
        if p > 0 and seen[k].any():
            rows = np.flatnonzero(seen[k])
            steps = np.diff(found[k, rows])
            known = found[k, rows[0]] + np.cumsum(np.append(0.0, steps - p * np.round(steps / p)))
            out[k] = np.interp(np.arange(found.shape[1]), rows, known)
    return out
