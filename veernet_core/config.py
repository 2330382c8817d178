"""Configuration as frozen data with every default visible, and its hash.

Thresholds of the gate live here too, because a verdict must name the policy that made it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace

from veernet_core.datatypes import DepthUnit

UNSEEN_BORDER_FRAC = 0.01
"""How far a track's border may be off, track widths, where no printed line tells."""
UNSEEN_BORDERS = (UNSEEN_BORDER_FRAC, UNSEEN_BORDER_FRAC)
"""The same for the left and the right border of a track."""


@dataclass(frozen=True, slots=True)
class RasterLimits:
    """Guards against bombs and nonsense. Pixels."""

    max_height_px: int = 1_000_000
    max_width_px: int = 20_000
    max_pixels: int = 4_000_000_000


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """Thresholds of the quality gate.

    Attributes
    ----------
    min_r2 : float
        Acceptance threshold for the recovered R² (lower bound, or measured where a reference exists).
    reject_r2 : float
        Below this upper bound a curve is rejected, not reviewed.
    min_coverage : float
        Least share of the curve's depth range that must be observed or bridged.
    max_depth_residual_ft : float
        Largest depth-fit residual (feet) that can be accepted.
    flat_span_frac : float
        Curves that span less of the track are judged by position, not by R².
    flat_max_dx_pct : float
        Largest expected median |dx| in % of track width for flat curves.
    require_printed_scales : bool
        Accept a stated scale only where the same was read on the page; else one that print does not
        contradict is taken at its word.
    hold : str
        Reason code under which a whole run's acceptance is suspended; empty in a healthy run.
    """

    policy_id: str = "gate-1"
    min_r2: float = 0.85
    reject_r2: float = 0.5
    min_coverage: float = 0.8
    max_depth_residual_ft: float = 1.0
    flat_span_frac: float = 0.02
    flat_max_dx_pct: float = 1.0
    require_printed_scales: bool = False
    hold: str = ""

    @property
    def ident(self) -> str:
        """Name of the policy for verdicts: ``policy_id``, with a hash where thresholds were changed."""
        text = json.dumps(asdict(replace(self, hold="")), sort_keys=True)
        if text == json.dumps(asdict(GatePolicy(self.policy_id)), sort_keys=True):
            return self.policy_id
        return f"{self.policy_id}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


@dataclass(frozen=True, slots=True)
class DigitiseConfig:
    """All settings of one digitisation.

    Attributes
    ----------
    step : float or None
        Depth step in the log's unit; None takes 0.5 ft / 0.1 m, coarsened to two strip rows.
    depth_unit : 'ft', 'm' or None
        Used only where nothing else states the unit.
    strip_dpi : float
        Resolution of the rectified strips.
    margin_px : int
        Margin of a strip on each side of the track, strip pixels.
    block_rows, overlap_rows : int
        Strip rows traced at once, and shared with each neighbour.
    max_bridge_ft, max_bridge_m : float
        Longest gap that may be bridged (and flagged); longer ones, and those in which the curve is
        somewhere else, are NULL.
    overlays : bool
        Whether pictures are made.
    min_read_confidence : float
        A value read from the page with less confidence is a guess: reviewed, never accepted.
    """

    step: float | None = None
    depth_unit: DepthUnit | None = None
    strip_dpi: float = 200.0
    margin_px: int = 16
    block_rows: int = 4096
    overlap_rows: int = 256
    max_bridge_ft: float = 10.0
    max_bridge_m: float = 3.0
    overlays: bool = True
    min_read_confidence: float = 0.9
    gate: GatePolicy = field(default_factory=GatePolicy)
    limits: RasterLimits = field(default_factory=RasterLimits)

    def hash(self) -> str:
        """Stable 12-digit hash of all settings."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]
