"""Settings of tracing, and what one block of a strip hands to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from veernet_core.curve.evidence.observed import ObservedConfig
from veernet_core.curve.tracking.costs import IdentityCosts, JointCosts
from veernet_core.curve.tracking.grid_lines import GridLineConfig
from veernet_core.curve.tracking.off_scale import OffScaleConfig
from veernet_core.datatypes import F64, UPRIGHT_PEAK


@dataclass(frozen=True, slots=True)
class DecodeConfig:
    """Costs in nats, lengths in strip pixels.

    Attributes
    ----------
    floor : density of the background; its log is what a row without ink costs
    peak : density at an upright curve
    leak : share of another style's evidence that counts, for strokes broken into dashes
    orphan : the same for a style that no curve of the track is drawn in: its ink must be somebody's
    wrap_cost : cost per row and wrap of not being at home, which breaks the tie between wraps
    border_cost : cost of walking over a border into the next wrap
    wrap_jump_cost : what a jump without a trace of ink costs more when it leads into another wrap
    wrap_change : cost of every wrap index that a move changes, when the chances of wraps are summed up
    wrap_mended : chance of the decoded wrap index below which the likeliest one takes its place
    backup_cost : cost per row of being on a backup scale drawn in another style, which few rows of a log
        are and a doubtful style must not suggest
    scale_cost : the same for one drawn in the same style, which breaks the tie between the scales
    passage_rows, passage : a stretch on a backup scale counts where within so many rows of its beginning
        and of its end the path comes as near as that, in track widths, to the end of the finer scale
    claim_sigma : width within which a curve claims ink against the other curves of the track
    mass_reach : half width of the window that counts as evidence
    dip, no_stroke : a stroke ends where the density falls below that share of its highest, or below that
    off_scale : of a curve that does not wrap, beyond the borders
    observed : which rows of a path count as observed
    joint, identity : costs of following several curves, and of telling those of one style apart; what a
        sideways move costs holds for a lone curve too
    """

    floor: float = 1e-3
    peak: float = UPRIGHT_PEAK
    leak: float = 0.08
    orphan: float = 0.5
    wrap_cost: float = 0.01
    border_cost: float = 0.2
    wrap_jump_cost: float = 16.0
    wrap_change: float = 0.3
    wrap_mended: float = 0.05
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
    joint: JointCosts = field(default_factory=JointCosts)
    identity: IdentityCosts = field(default_factory=IdentityCosts)


@dataclass(frozen=True, slots=True)
class DecodeState:
    """Where each curve of a strip ran in the previous block, so that the next one goes on there.

    ``unfolded`` are columns per row from strip row ``first_row`` on; ``wrap_chances`` the chances of the wrap
    indices there.
    """

    first_row: int
    unfolded: tuple[F64, ...]
    wrap_chances: tuple[F64, ...] = ()

    def at(self, curve: int, row: int) -> float:
        """Unfolded column of a curve at a strip row; NaN outside the previous block."""
        k = row - self.first_row
        path = self.unfolded[curve]
        return float(path[k]) if 0 <= k < len(path) else float("nan")

    def chances_at(self, curve: int, row: int) -> F64 | None:
        """Chances of a curve's wrap indices at a strip row; None outside the previous block."""
        k = row - self.first_row
        chances = self.wrap_chances[curve] if self.wrap_chances else None
        return chances[k] if chances is not None and 0 <= k < len(chances) else None


DEFAULT_CONFIG = DecodeConfig()
