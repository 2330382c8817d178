"""What the network and the ink say of a block, worked out once for all of its curves.

In: a strip, its posterior and the specs of its curves. Out: what each line style sees where, and what a path
there costs. Which path is taken is decided in `lone` and `together`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from veernet_core.curve.tracking.config import DecodeConfig
from veernet_core.curve.tracking.crossing import crossing_costs, move_costs, strokes_across
from veernet_core.curve.tracking.grid_lines import trust_in_ink
from veernet_core.curve.tracking.viterbi import as_upright, path_mass, unclaimed
from veernet_core.datatypes import F32, F64, I32, STYLES, CurveSpec, Posterior, Strip


@dataclass(slots=True)
class Path:
    """One curve's path in unfolded columns, relative to ``origin``."""

    spec: CurveSpec
    column: F64
    mass: F64
    presence: F64
    name_odds: F64 | None = None


class Fields:
    """Evidence fields of a block, computed once: what each style sees where."""

    def __init__(
        self, strip: Strip, posterior: Posterior, specs: Sequence[CurveSpec], config: DecodeConfig
    ) -> None:
        self.config = config
        self.strip = strip
        presence = posterior.presence.astype(np.float32)
        self.presence = presence
        self.ink = strokes_across(strip.ink)
        self.move_cost = move_costs(config.joint)
        self.crossing = crossing_costs(self.ink, config.joint)
        used = sorted({STYLES.index(s.style) for s in specs})
        self.count = {c: sum(STYLES.index(s.style) == c for s in specs) for c in used}
        seen = {
            c: posterior.position[c].astype(np.float32) * presence[c][:, None]
            for c in range(len(STYLES))
        }
        orphans = [seen[o] for o in seen if o not in self.count]
        stray = np.float32(config.orphan) * _sum(orphans) if orphans else np.float32(0)
        self.density = {c: seen[c] * self.count[c] + stray for c in used}
        self.foreign = {
            c: _sum([seen[o] for o in used if o != c]) if len(used) > 1 else stray * 0 for c in used
        }

    def evidence(self, style: int, free: F32) -> F32:
        """Density of a lone curve; other styles' ink leaks in as far as it is ``free`` of curves."""
        # where the style is absent there is nothing to be broken up
        leak: F32 = self.foreign[style] * free
        leak *= self.presence[style][:, None]
        leak *= np.float32(self.config.leak)
        leak += self.density[style]
        return leak

    def path_cost(self, density: F32) -> F32:
        """Cost of a lone curve standing in each pixel: a steep stroke, whose evidence is spread over many
        columns, costs no more than an upright one; lines of the grid are not trusted.
        """
        config = self.config
        trusted = density * trust_in_ink(self.strip.ink, density, config.grid_lines)
        cost = as_upright(trusted, config.peak, config.dip, config.no_stroke)
        cost += np.float32(config.floor)
        np.log(cost, out=cost)
        return np.negative(cost, out=cost)

    def cost_off_scale(self, style: int, free: F32) -> F32:
        """Cost of a lone curve being beyond the borders, [rows]: ink that is more of its style
        than of the others', and ``free``, must be its own.
        """
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


def _sum(arrays: Sequence[F32]) -> F32:
    """Their sum, without a copy of all of them."""
    total = arrays[0]
    for array in arrays[1:]:
        total = total + array
    return total


def fold(unfolded: F64, strip: Strip, spec: CurveSpec) -> F64:
    """Columns of the strip that unfolded ones of a curve show."""
    if spec.wrap == "none":
        return unfolded
    width = strip.track_width_px
    folded: F64 = strip.left_col + (unfolded - strip.left_col) % width
    return folded


def path_evidence(fields: Fields, style: int, density: F32, path: I32) -> tuple[F64, F64]:
    """Mass around a path and presence of its style, [rows] each."""
    # a steep stroke spreads its mass over the columns it crosses within the row
    steep = np.abs(np.gradient(path.astype(np.float64))) if len(path) > 1 else np.zeros(1)
    window = (fields.config.mass_reach + np.minimum(steep, 60)).astype(np.int32)
    _, mass = path_mass(density, path, window)
    return mass.clip(0, 1).astype(np.float64), fields.presence[style].astype(np.float64)
