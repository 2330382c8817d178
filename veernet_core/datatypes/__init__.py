"""The words of the system as frozen data: what every part takes and returns.

Conventions: arrays are ``[row, col]``, row 0 at the top and growing with depth; pixel centres are
integers; ``frac`` is 0 at a track's left edge and 1 at its right edge, and unfolds below 0 or above 1
for wrapped curves; depth stays in the log's own unit; NaN means *not observed*.
Invariants are checked on construction. No behaviour beyond geometry and simple look-ups.

In the order of the work: `scan`, `page`, `strip`, `log`; `words` are what they share. Other parts import from
here.
"""

from veernet_core.datatypes.log import (
    DigitisedLog,
    DoubtfulStretch,
    DoubtReason,
    GateVerdict,
    JudgedCurve,
    MadeWith,
    Overlay,
    Provenance,
    QualityEstimate,
    RecoveredCurve,
)
from veernet_core.datatypes.page import (
    CurveSpec,
    DepthAxis,
    Doubt,
    PreparedLog,
    Section,
    Track,
    TrackGeometry,
    WellInfo,
    interp_extrapolate,
    px_at,
)
from veernet_core.datatypes.scan import FailedScan, Finding, Raster, ScanInput, ScanRef
from veernet_core.datatypes.strip import EVIDENCE, Posterior, Predictor, Strip, Trace
from veernet_core.datatypes.words import (
    DEEPEST,
    F32,
    F64,
    FT_PER,
    I32,
    INKED,
    RESISTIVITIES,
    STYLES,
    U8,
    UPRIGHT_PEAK,
    WRAP_COUNTS,
    Bool,
    Decision,
    DepthUnit,
    Dpi,
    Rng,
    Scale,
    Source,
    Style,
    Wrap,
    flag_runs,
)

__all__ = [
    "DEEPEST",
    "EVIDENCE",
    "F32",
    "F64",
    "FT_PER",
    "I32",
    "INKED",
    "RESISTIVITIES",
    "STYLES",
    "U8",
    "UPRIGHT_PEAK",
    "WRAP_COUNTS",
    "Bool",
    "CurveSpec",
    "Decision",
    "DepthAxis",
    "DepthUnit",
    "DigitisedLog",
    "Doubt",
    "DoubtReason",
    "DoubtfulStretch",
    "Dpi",
    "FailedScan",
    "Finding",
    "GateVerdict",
    "JudgedCurve",
    "MadeWith",
    "Overlay",
    "Posterior",
    "Predictor",
    "PreparedLog",
    "Provenance",
    "QualityEstimate",
    "Raster",
    "RecoveredCurve",
    "Rng",
    "Scale",
    "ScanInput",
    "ScanRef",
    "Section",
    "Source",
    "Strip",
    "Style",
    "Trace",
    "Track",
    "TrackGeometry",
    "WellInfo",
    "Wrap",
    "flag_runs",
    "interp_extrapolate",
    "px_at",
]
