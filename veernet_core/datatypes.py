"""The words of the system as frozen data: what every part takes and returns.

Conventions: arrays are ``[row, col]``, row 0 at the top and growing with depth; pixel centres are
integers; ``frac`` is 0 at a track's left edge and 1 at its right edge, and unfolds below 0 or above 1
for wrapped curves; depth stays in the log's own unit; NaN means *not observed*.
Invariants are checked on construction. No behaviour beyond geometry and simple look-ups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from veernet_core.errors import GeometryError, VeernetError
from veernet_core.findings import Severity, entry_of

Style = Literal["solid", "dashed", "dotted"]
Scale = Literal["linear", "log", "hybrid"]
Wrap = Literal["none", "one", "all"]
DepthUnit = Literal["ft", "m"]
Decision = Literal["accept", "review", "reject"]
Source = Literal["sidecar", "header", "template", "guess"]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]
Rng = np.random.Generator

STYLES: tuple[Style, ...] = ("solid", "dashed", "dotted")
FT_PER: dict[DepthUnit, float] = {"ft": 1.0, "m": 1 / 0.3048}
"""Feet in a unit of depth."""
INKED = 110
"""Tone of a strip above which a pixel counts as ink."""
UPRIGHT_PEAK = 0.266
"""Height of the distribution over the columns at an upright curve: a Gaussian 1.5 px wide."""
WRAP_COUNTS: dict[Wrap, int] = {"none": 0, "one": 1, "all": 4}
"""Most wrap count on each side, by off-scale mode."""
RESISTIVITIES = frozenset({"ILD", "ILM", "SFL", "RXO", "RES"})
"""Curves that are plotted on logarithmic scales."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise GeometryError(message)


@dataclass(frozen=True, slots=True)
class Finding:
    """Expected trouble that leaves something useful; for people, never for code to act on.

    Made with ``Finding.of``, which takes the words from the register (``findings``). ``rows`` are scan rows
    ``(first, last)`` the finding concerns, where it concerns some; ``mnemonic`` is the curve, where it
    concerns one.
    """

    code: str
    stage: str
    severity: Severity
    message: str
    remedy: str
    rows: tuple[int, int] | None = None
    section_id: str | None = None
    track_id: str | None = None
    mnemonic: str | None = None

    @classmethod
    def of(
        cls,
        code: str,
        message: str = "",
        *,
        rows: tuple[int, int] | None = None,
        section_id: str | None = None,
        track_id: str | None = None,
        mnemonic: str | None = None,
    ) -> Finding:
        """A finding of a registered code.

        Parameters
        ----------
        code : str
        message : str, optional
            With the figures of this case; the register's sentence where left out.

        Raises
        ------
        KeyError
            Where the register has no such code.
        """
        entry = entry_of(code)
        return cls(
            entry.code,
            entry.stage,
            entry.severity,
            message or entry.sentence,
            entry.remedy,
            rows,
            section_id,
            track_id,
            mnemonic,
        )


@dataclass(frozen=True, slots=True)
class ScanRef:
    """Identity of one scan: where it came from and what its bytes hash to."""

    uri: str
    stem: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ScanInput:
    """One scan to digitise: its identity, its bytes, and its sidecar's bytes if it has one."""

    ref: ScanRef
    data: bytes
    sidecar: bytes | None = None


@dataclass(frozen=True, slots=True)
class FailedScan:
    """A scan that could not be processed, and why."""

    ref: ScanRef
    error: VeernetError


@dataclass(frozen=True, slots=True)
class Raster:
    """A decoded scan that is read by windows of rows.

    Attributes
    ----------
    height_px, width_px : int
    is_colour : bool
        Whether ``read_rgb`` shows more than grey.
    dpi_tag : tuple of float or None
        (horizontal, vertical) resolution the file claims; often wrong.
    read_ink : callable ``(row0, row1) -> uint8 [row1-row0, width_px]``
        0 is paper and 255 full ink, whatever the file's polarity.
    read_rgb : callable ``(row0, row1) -> uint8 [row1-row0, width_px, 3]``
    drain_findings : callable ``() -> tuple of Finding``
        Findings so far (damaged strips, found only on reading).
    """

    height_px: int
    width_px: int
    is_colour: bool
    dpi_tag: tuple[float, float] | None
    read_ink: Callable[[int, int], U8]
    read_rgb: Callable[[int, int], U8]
    drain_findings: Callable[[], tuple[Finding, ...]]

    def __post_init__(self) -> None:
        _require(self.height_px > 0 and self.width_px > 0, "raster without pixels")


@dataclass(frozen=True, slots=True)
class CurveSpec:
    """What is drawn in a track: name, unit, scale and pen of one curve.

    ``left`` and ``right`` are the values at the track's edges (any order; both > 0 for log).
    ``colour`` is ``#rrggbb`` or None. ``points_px`` are optional ``(row, col)`` scan positions known
    to lie on the curve (they tell curves of one style apart).

    Given by a person, mostly empty: ``scale_points`` ``(value, frac)`` of a hybrid scale, linear between them;
    ``wrap_start``, the wrap index at the first row; ``null_rows`` ``(first, last)`` scan rows that are not
    delivered; ``redrawn`` ``(row, frac)``, the path between its first and last row.
    """

    mnemonic: str
    unit: str
    left: float
    right: float
    scale: Scale = "linear"
    style: Style = "solid"
    wrap: Wrap = "none"
    colour: str | None = None
    source: Source = "sidecar"
    points_px: tuple[tuple[float, float], ...] = ()
    scale_points: tuple[tuple[float, float], ...] = ()
    wrap_start: int | None = None
    null_rows: tuple[tuple[float, float], ...] = ()
    redrawn: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        _require(bool(self.mnemonic), "a curve needs a mnemonic")
        _require(
            bool(np.isfinite(self.left)) and bool(np.isfinite(self.right)),
            f"{self.mnemonic}: scale ends must be finite",
        )
        _require(self.left != self.right, f"{self.mnemonic}: scale ends are equal")
        _require(
            (self.scale == "hybrid") == (len(self.scale_points) >= 2),
            f"{self.mnemonic}: a hybrid scale needs two or more scale points",
        )
        _require(
            self.scale != "log" or (self.left > 0 and self.right > 0),
            f"{self.mnemonic}: both ends of a logarithmic scale must be > 0",
        )


@dataclass(frozen=True, slots=True)
class TrackGeometry:
    """Left and right border of a track as ``[row, px]`` knots, linear between them.

    Attributes
    ----------
    left_knots, right_knots : float64 [n, 2]
        Scan row and column; rows strictly increasing; constant beyond the ends.
    """

    track_id: str
    left_knots: F64
    right_knots: F64

    def __post_init__(self) -> None:
        for knots in (self.left_knots, self.right_knots):
            _require(
                knots.ndim == 2 and knots.shape[1] == 2 and len(knots) >= 1,
                f"track {self.track_id}: borders need [row, px] knots",
            )
            _require(
                bool(np.isfinite(knots).all()) and bool((np.diff(knots[:, 0]) > 0).all()),
                f"track {self.track_id}: border rows must increase",
            )
        rows = np.union1d(self.left_knots[:, 0], self.right_knots[:, 0])
        _require(
            bool((self.right_px(rows) - self.left_px(rows) >= 8).all()),
            f"track {self.track_id}: right border must lie right of the left one by 8 px or more",
        )

    def left_px(self, rows: F64) -> F64:
        """Left border column at each scan row."""
        return np.interp(rows, self.left_knots[:, 0], self.left_knots[:, 1])

    def right_px(self, rows: F64) -> F64:
        """Right border column at each scan row."""
        return np.interp(rows, self.right_knots[:, 0], self.right_knots[:, 1])


@dataclass(frozen=True, slots=True)
class DepthAxis:
    """Scan row to depth, piecewise linear through anchors.

    Attributes
    ----------
    unit : 'ft' or 'm'
    anchors : float64 [n, 2]
        (scan row where the depth line meets the reference column, depth); both strictly increasing.
    residual : float
        Robust scatter of the evidence around the fit, in ``unit`` (NaN: not known).
    source : where the anchors came from.
    """

    unit: DepthUnit
    anchors: F64
    residual: float = float("nan")
    source: Source = "sidecar"

    def __post_init__(self) -> None:
        _require(
            self.anchors.ndim == 2 and self.anchors.shape[1] == 2 and len(self.anchors) >= 2,
            "a depth axis needs two or more [row, depth] anchors",
        )
        _require(
            bool(np.isfinite(self.anchors).all())
            and bool((np.diff(self.anchors, axis=0) > 0).all()),
            "depth anchors must increase in row and in depth",
        )

    def depth_at(self, rows: F64) -> F64:
        """Depth at scan rows; extrapolates with the slope of the end segments."""
        return interp_extrapolate(rows, self.anchors[:, 0], self.anchors[:, 1])

    def row_at(self, depths: F64) -> F64:
        """Scan row at depths; the inverse of ``depth_at``."""
        return interp_extrapolate(depths, self.anchors[:, 1], self.anchors[:, 0])


def interp_extrapolate(x: F64, xp: F64, fp: F64) -> F64:
    """Linear between points with increasing ``xp``; beyond the ends with the slope of the end segments."""
    x = np.asarray(x, dtype=np.float64)
    segment = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, len(xp) - 2)
    slope = np.diff(fp) / np.diff(xp)
    out: F64 = fp[segment] + (x - xp[segment]) * slope[segment]
    return out


@dataclass(frozen=True, slots=True)
class Track:
    """One track and the curves drawn in it."""

    geometry: TrackGeometry
    curves: tuple[CurveSpec, ...]

    @property
    def track_id(self) -> str:
        """The track's name in the sidecar and the outputs."""
        return self.geometry.track_id


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason, known from the page, why curves of a section are not accepted.

    ``reason`` is a verdict's; ``track_id`` and ``mnemonic`` say what it is about, None: all there are.
    """

    reason: str
    track_id: str | None = None
    mnemonic: str | None = None

    def concerns(self, track_id: str, mnemonic: str) -> bool:
        """Whether it is about a curve."""
        return self.track_id in (None, track_id) and self.mnemonic in (None, mnemonic)


@dataclass(frozen=True, slots=True)
class Section:
    """A run of rows with one depth axis. ``depth`` is None where it is unknown; rows half-open.

    ``reference_px`` are ``[row, px]`` knots of the line on which the anchors were measured (the
    centre of the depth column; else the left border of the first track); it fixes the tilt's pivot.
    ``doubts`` keep its curves from being accepted; ``printed`` are the curves, by track id and mnemonic, whose
    given scale was read on the page.
    """

    section_id: str
    row_top: float
    row_bottom: float
    depth: DepthAxis | None
    tracks: tuple[Track, ...]
    reference_px: F64 = field(default_factory=lambda: np.zeros((1, 2)))
    doubts: tuple[Doubt, ...] = ()
    printed: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _require(
            self.row_bottom - self.row_top >= 2,
            f"section {self.section_id}: needs two or more rows",
        )


@dataclass(frozen=True, slots=True)
class WellInfo:
    """Header facts as given or read; empty where not known."""

    uwi: str = ""
    name: str = ""
    company: str = ""
    field_name: str = ""
    county: str = ""
    state: str = ""
    country: str = ""
    service_company: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class PreparedLog:
    """A scan with its geometry: all that tracing needs.

    ``dpi`` is the resolution measured from the layout (not the tag).
    """

    scan: ScanRef
    raster: Raster
    well: WellInfo
    sections: tuple[Section, ...]
    dpi: float
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Strip:
    """A block of one rectified track, for curves of one ink.

    Attributes
    ----------
    ink : uint8 [rows, cols]
        0 paper, 255 ink.
    left_col, right_col : float
        Strip columns of the track's borders; a margin lies outside them.
    scan_rows : float64 [rows]
        Scan row, on the section's reference line, of every strip row.
    section_index, track_index : int
    curve_indices : tuple of int
        Which of the track's curves are drawn in this ink.
    styles : tuple of str
        Their line styles, in the same order; empty where nothing is known.
    first_row : int
        Index of this block's first row in the whole track's strip.
    keep_rows : tuple of int
        ``(start, stop)`` rows of this block that are its own; the rest overlaps the neighbours.
    """

    ink: U8
    left_col: float
    right_col: float
    scan_rows: F64
    section_index: int = 0
    track_index: int = 0
    curve_indices: tuple[int, ...] = ()
    styles: tuple[Style, ...] = ()
    first_row: int = 0
    keep_rows: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        _require(
            self.ink.ndim == 2 and self.ink.dtype == np.uint8, "strip ink must be uint8 [row, col]"
        )
        _require(len(self.scan_rows) == self.ink.shape[0], "strip rows and scan rows differ")
        _require(0 <= self.left_col < self.right_col <= self.ink.shape[1], "track outside strip")

    @property
    def track_width_px(self) -> float:
        """Width of the track in strip pixels."""
        return self.right_col - self.left_col


@dataclass(frozen=True, slots=True)
class Posterior:
    """What the network says about a strip.

    Attributes
    ----------
    position : float16 [3, rows, cols]
        For every style class a distribution over the columns of each row (sums to 1): where the
        curves of this style are. Several curves of a style share the mass.
    presence : float32 [3, rows]
        Probability that a curve of this style is drawn at this row.
    mask : float16 [4, rows, cols] or None
        Softmax over background and the three styles.
    """

    position: NDArray[np.float16]
    presence: F32
    mask: NDArray[np.float16] | None = None

    def __post_init__(self) -> None:
        _require(
            self.position.ndim == 3 and self.position.shape[:2] == self.presence.shape,
            "posterior position and presence shapes differ",
        )


class Predictor(Protocol):
    """What the spine needs of a network."""

    model_id: str
    calibration: Mapping[str, Any]

    @property
    def numerics(self) -> str:
        """How it computes: precision, engine and kind of device."""

    def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
        """Posterior of each strip, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Trace:
    """Sub-pixel position of one curve, per strip row.

    Attributes
    ----------
    frac : float64 [rows]
        Position in track widths (unfolded for wraps); NaN where the curve is off its
        scale.
    evidence : float64 [rows, n_evidence]
        Columns named in ``EVIDENCE``, each in [0, 1].
    observed : bool [rows]
        False where the position is bridged.
    scan_rows : float64 [rows]
    wrap_odds, name_odds : float64 [rows] or None
        Chance that the wrap index is right, and that it is this curve and not another one of its style; None
        where there is nothing to mistake it for.
    """

    frac: F64
    evidence: F64
    observed: Bool
    scan_rows: F64
    wrap_odds: F64 | None = None
    name_odds: F64 | None = None

    def __post_init__(self) -> None:
        n = len(self.frac)
        _require(
            len(self.evidence) == n and len(self.observed) == n and len(self.scan_rows) == n,
            "trace arrays differ in length",
        )


EVIDENCE: tuple[str, ...] = ("mass", "presence", "ink", "margin", "support")
"""Per-row evidence of a trace: posterior mass within 3 px, presence, ink under the path, margin of the
path's posterior over the best rival outside it, and inked share of the way from the row above."""


DoubtReason = Literal["crossing", "wrap", "gap", "faint_ink"]


@dataclass(frozen=True, slots=True)
class DoubtfulStretch:
    """A stretch of a curve that is in doubt.

    Attributes
    ----------
    depth_from, depth_to : float
        In the curve's depth unit.
    reason : str
        ``crossing``: another curve of the same style may have been followed; ``wrap``: the wrap index may be
        another; ``gap``: nothing was found, or an excursion between gaps that nothing confirms; ``faint_ink``:
        what was found is faint.
    withheld : bool
        Whether the stretch is delivered without values.
    """

    depth_from: float
    depth_to: float
    reason: DoubtReason
    withheld: bool


@dataclass(frozen=True, slots=True)
class RecoveredCurve:
    """A curve on regular depths.

    Attributes
    ----------
    depth : float64 [n], whole multiples of the step, increasing
    value : float64 [n], in ``spec.unit``; NaN not observed and not bridged
    frac : float64 [n], unfolded track position
    observed : bool [n]; False where bridged or NaN
    confidence : float64 [n]; calibrated P(|dx| <= 1 % of track width); NaN where value is NaN
    evidence : float64 [n, n_evidence]
    doubtful : tuple of DoubtfulStretch
        Stretches in doubt, by depth.
    """

    spec: CurveSpec
    section_id: str
    track_id: str
    depth_unit: DepthUnit
    depth: F64
    value: F64
    frac: F64
    observed: Bool
    confidence: F64
    evidence: F64
    doubtful: tuple[DoubtfulStretch, ...] = ()


@dataclass(frozen=True, slots=True)
class QualityEstimate:
    """What can be known of a curve's R² without its truth, and the evidence it rests on."""

    r2_estimate: float
    r2_lower: float
    r2_upper: float
    coverage: float
    longest_gap: float
    depth_residual: float
    span_frac: float
    expected_abs_dx_pct: float
    r2_reference: float = float("nan")


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """The gate's decision on one curve, with stable reason codes and the policy that made it."""

    decision: Decision
    reasons: tuple[str, ...]
    policy_id: str


@dataclass(frozen=True, slots=True)
class MadeWith:
    """What results are made with, whatever the scan (``provenance``).

    Attributes
    ----------
    model_id : str
    config_hash : str
        What a person chose.
    version : str
        Of the package; for people, never compared (but for results of 0.1.0, which have no more).
    numerics : str
        Precision, engine and device of the network: ``float32 torch cpu``.
    settings_hash : str
        Defaults of all settings.
    algorithms : str
        Version of every stage.
    """

    model_id: str
    config_hash: str
    version: str
    numerics: str = ""
    settings_hash: str = ""
    algorithms: str = ""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a log was made from and with; all but ``version`` equal means equal bytes.

    The fields from ``model_id`` to ``algorithms`` are those of ``MadeWith``. ``options`` are what a person
    chose, by name (JSON text).
    """

    scan_sha256: str
    sidecar_sha256: str
    model_id: str
    config_hash: str
    version: str
    numerics: str = ""
    settings_hash: str = ""
    algorithms: str = ""
    options: str = "{}"


@dataclass(frozen=True, slots=True)
class JudgedCurve:
    """A recovered curve with its quality and verdict."""

    curve: RecoveredCurve
    quality: QualityEstimate
    verdict: GateVerdict


@dataclass(frozen=True, slots=True)
class Overlay:
    """A picture to be stored beside the log: PNG bytes and its file stem."""

    name: str
    png: bytes


@dataclass(frozen=True, slots=True)
class DigitisedLog:
    """Everything known about one scan after the work.

    ``stage_seconds`` are for the run report only and never enter result files.
    """

    scan: ScanRef
    well: WellInfo
    sections: tuple[Section, ...]
    curves: tuple[JudgedCurve, ...]
    findings: tuple[Finding, ...]
    provenance: Provenance
    dpi: float
    overlays: tuple[Overlay, ...] = ()
    stage_seconds: tuple[tuple[str, float], ...] = ()
