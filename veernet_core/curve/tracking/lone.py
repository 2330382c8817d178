"""The path of one curve down a block, the ink of the others known: shortest path over its unfolded columns.

A wrapped curve that leaves at the right border walks on into the next wrap, where the same ink is seen again;
one that does not wrap may leave its scale; one with backup scales walks on along the next of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from veernet_core.curve.tracking.backups import JoinedScales
from veernet_core.curve.tracking.fields import Fields, Path, path_evidence
from veernet_core.curve.tracking.off_scale import without_cause
from veernet_core.curve.tracking.viterbi import cheapest_path_over, path_mass
from veernet_core.datatypes import F32, F64, I32, STYLES, WRAP_COUNTS, CurveSpec, Strip


@dataclass(frozen=True, slots=True)
class WrapAxis:
    """Unfolded columns of one curve: which strip column each shows, and its wrap index.

    A curve that does not wrap may leave its scale: beyond the strip lies a column on either side that
    shows nothing.
    """

    column: I32
    wrap: I32
    origin: int

    @classmethod
    def of(cls, strip: Strip, wraps: int) -> WrapAxis:
        """The columns of so many wraps on each side of the track."""
        cols = strip.ink.shape[1]
        if wraps == 0:
            column = np.arange(-1, cols + 1, dtype=np.int32).clip(0, cols - 1)
            wrap = np.zeros(cols + 2, np.int32)
            wrap[0], wrap[-1] = -1, 1
            return cls(column, wrap, -1)
        width = strip.track_width_px
        first = int(np.floor(strip.left_col - wraps * width))
        last = int(np.ceil(strip.right_col + wraps * width))
        unfolded = np.arange(first, last + 1)
        wrap = np.floor((unfolded - strip.left_col) / width).astype(np.int32)
        column = np.rint(unfolded - wrap * width).astype(np.int32).clip(0, cols - 1)
        return cls(column, wrap, first)

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of columns, [rows, cols], as those of places, [rows, places], row after row in memory."""
        return np.take(values, self.column, axis=1)


def follow_alone(
    fields: Fields,
    strip: Strip,
    spec: CurveSpec,
    style: int,
    others: list[F64],
    before: float,
) -> Path:
    """Path of one curve.

    Parameters
    ----------
    others : list of float64 [rows]
        Columns of the track's other curves; their ink is claimed.
    before : float
        Unfolded column in the row before the first; NaN unknown.
    """
    free = fields.unclaimed(others)
    density = fields.evidence(style, free)
    cost = fields.path_cost(density)
    wraps = WRAP_COUNTS[spec.wrap]
    if wraps == 0:
        beyond = fields.cost_off_scale(style, free)
        return _path_or_off_scale(fields, strip, spec, style, density, cost, beyond, before)
    # few curves ever leave by more than one wrap: look further only where the path runs against it
    for tried in sorted({min(wraps, 1), wraps}):
        path = _path_on(WrapAxis.of(strip, tried), fields, spec, style, density, cost, before)
        if not _at_last_wrap(path, strip, tried):
            break
    return path


def _at_last_wrap(path: Path, strip: Strip, wraps: int) -> bool:
    frac = (path.column - strip.left_col) / strip.track_width_px
    return bool(wraps and (frac.min() < -wraps + 0.02 or frac.max() > wraps + 0.98))


def _path_on(
    axis: WrapAxis,
    fields: Fields,
    spec: CurveSpec,
    style: int,
    density: F32,
    cost: F32,
    before: float,
) -> Path:
    config = fields.config
    cost = axis.spread(cost)
    cost += (config.wrap_cost * np.abs(axis.wrap)).astype(np.float32)
    density, ink = axis.spread(density), axis.spread(fields.ink)
    path, column = _walk(fields, density, cost, ink, axis.wrap, before - axis.origin)
    mass, presence = path_evidence(fields, style, density, path)
    return Path(spec, column.astype(np.float64) + axis.origin, mass, presence)


def _path_or_off_scale(
    fields: Fields,
    strip: Strip,
    spec: CurveSpec,
    style: int,
    density: F32,
    cost: F32,
    cost_beyond: F32,
    before: float,
) -> Path:
    """Path of a curve that does not wrap; beyond the strip where it is off its scale."""
    config, axis = fields.config.off_scale, WrapAxis.of(strip, 0)
    cost, density, ink = axis.spread(cost), axis.spread(density), axis.spread(fields.ink)
    beyond = np.array([0, len(axis.column) - 1])
    cost[:, beyond], density[:, beyond] = cost_beyond[:, None], 0
    came = int(before >= strip.ink.shape[1]) - int(before <= -1)
    for _ in range(config.tries):
        path, column = _walk(fields, density, cost, ink, axis.wrap, before - axis.origin)
        mass, presence = path_evidence(fields, style, density, path)
        side = axis.wrap[path]
        found = np.where(side == 0, column, path).astype(np.float64) + axis.origin
        mass = np.where(side == 0, mass, 0.0)
        frac = (found - strip.left_col) / strip.track_width_px
        lost = without_cause(side, frac, mass, came, config)
        if not lost.any():
            break
        cost[np.ix_(np.flatnonzero(lost), beyond)] = -np.log(fields.config.floor)
    return Path(spec, found, mass, presence)


def follow_on_scales(
    fields: Fields,
    specs: Sequence[CurveSpec],
    joined: JoinedScales,
    others: list[F64],
    before: float,
) -> list[Path]:
    """Paths of a curve and of its backups, which together are one measurement's."""
    config = fields.config
    styles = [STYLES.index(s.style) for s in specs]
    # of all only one is drawn in a row, also where they share a pen
    free = fields.unclaimed(others)
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
    path, place = _walk(fields, density, cost, ink, joined.zone, before)
    column = np.interp(place, np.arange(len(joined.column)), joined.column)
    column = np.where(np.abs(column - joined.column[path]) < 8, column, joined.column[path])
    columns, speaks = joined.split(path, column)
    lost = joined.without_passage(
        path, config.passage_rows, config.passage * fields.strip.track_width_px
    )
    out = []
    for k, (spec, style, own) in enumerate(zip(specs, styles, columns)):
        mass, presence = path_evidence(fields, style, density, path)
        out.append(Path(spec, own, mass * ((speaks == k) & ~lost), presence))
    return out


def _walk(
    fields: Fields, density: F32, cost: F32, ink: NDArray[np.uint8], zone: I32, before: float
) -> tuple[I32, F32]:
    """Cheapest path over places, and the centroid of the evidence along it, [rows] each.

    Parameters
    ----------
    density, cost, ink : [rows, places]
    zone : int32 [places]
        Wrap index, or scale, of each place, growing from left to right; a path that nothing is known of begins
        in zone 0.
    before : float
        Place in the row before the first; NaN unknown.
    """
    start = np.where(zone == 0, 0.0, 3.0).astype(np.float32)
    if np.isfinite(before):
        start = np.minimum(0.5 * np.abs(np.arange(len(zone)) - before), 30).astype(np.float32)
    config = fields.config
    path = cheapest_path_over(
        cost,
        start,
        ink,
        fields.move_cost,
        config.joint.jump,
        zone,
        config.border_cost,
        config.wrap_jump_cost,
    )
    reach = np.full(len(path), config.mass_reach + 1, np.int32)
    return path, path_mass(density, path, reach)[0]
