"""What comes out: recovered curves, their quality and verdicts, and the log with its provenance."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from veernet_core.datatypes.page import CurveSpec, Section, WellInfo
from veernet_core.datatypes.scan import Finding, ScanRef
from veernet_core.datatypes.words import F64, Bool, Decision, DepthUnit

DoubtReason = Literal["crossing", "wrap", "gap", "faint_ink", "impossible", "border", "print"]


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
        what was found is faint; ``impossible``: no rock or hole has such a value; ``border``: a border of the
        track lies beside its printed line; ``print``: letters or figures were followed, and no curve.
    withheld : bool
        Whether the stretch is delivered without values.
    """

    depth_from: float
    depth_to: float
    reason: DoubtReason
    withheld: bool

    @property
    def hides_curve(self) -> bool:
        """Whether the curve was followed here, and only its values are withheld."""
        return self.withheld and self.reason not in ("gap", "print")


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
    told_apart : bool
        Whether its dashes tell it from the other curve of its style.
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
    told_apart: bool = False


@dataclass(frozen=True, slots=True)
class QualityEstimate:
    """What can be known of a curve's R² without its truth, and the evidence it rests on.

    ``coverage`` is the share of the depths from its first value to its last that have one.
    """

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

    @property
    def parts(self) -> tuple[str, ...]:
        """All that makes results differ; the version only where nothing finer is known."""
        if not self.algorithms:
            return self.model_id, self.config_hash, self.version
        made = (self.model_id, self.config_hash, self.numerics, self.settings_hash)
        return (*made, self.algorithms)


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

    @property
    def made_with(self) -> MadeWith:
        """What it was made with, whatever the scan."""
        return MadeWith(**{f.name: getattr(self, f.name) for f in fields(MadeWith)})


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
