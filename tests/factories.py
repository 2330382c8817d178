"""Hand-made results for tests of everything that comes after digitising.

In: nothing. Out: a ``DigitisedLog`` whose every number is known. No pixels are decoded here.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import cv2
import numpy as np

from veernet_core.datatypes import (
    EVIDENCE,
    F64,
    Bool,
    CurveSpec,
    Decision,
    DepthAxis,
    DepthUnit,
    DigitisedLog,
    Finding,
    GateVerdict,
    JudgedCurve,
    Overlay,
    Provenance,
    QualityEstimate,
    RecoveredCurve,
    ScanRef,
    Section,
    Track,
    TrackGeometry,
    WellInfo,
)

GR = CurveSpec("GR", "GAPI", 0.0, 150.0, wrap="one")
CALI = CurveSpec("CALI", "IN", 6.0, 16.0, style="dashed")
ILD = CurveSpec("ILD", "OHMM", 0.2, 2000.0, scale="log", style="dashed")
NPHI = CurveSpec("NPHI", "V/V", 0.45, -0.15, style="dashed", source="header")


def make_curve(
    spec: CurveSpec,
    section_id: str = "main",
    track_id: str = "T1",
    unit: DepthUnit = "ft",
    step: float = 0.5,
    first: int = 14400,
    count: int = 401,
    holes: tuple[tuple[int, int], ...] = (),
    bridged: tuple[tuple[int, int], ...] = (),
    frac: F64 | None = None,
) -> RecoveredCurve:
    """A smooth curve at depths ``(first + i) * step``; ``holes`` are NaN, ``bridged`` flagged."""
    index = np.arange(count)
    if frac is None:
        phase = int(hashlib.sha256(spec.mnemonic.encode()).hexdigest()[:4], 16) / 1e4
        frac = 0.5 + 0.3 * np.sin(index / 17.0 + phase) + 0.1 * np.sin(index / 3.1)
    frac = frac.astype(np.float64)
    if spec.scale == "log":
        value = spec.left * (spec.right / spec.left) ** frac
    else:
        value = spec.left + (spec.right - spec.left) * frac
    confidence = 0.95 - 0.2 * (0.5 + 0.5 * np.sin(index / 40.0))
    observed: Bool = np.ones(count, dtype=np.bool_)
    for start, stop in bridged:
        observed[start:stop] = False
        confidence[start:stop] = 0.3
    for start, stop in holes:
        observed[start:stop] = False
        value[start:stop] = frac[start:stop] = confidence[start:stop] = np.nan
    return RecoveredCurve(
        spec=spec,
        section_id=section_id,
        track_id=track_id,
        depth_unit=unit,
        depth=(first + index) * step,
        value=value,
        frac=frac,
        observed=observed,
        confidence=confidence,
        evidence=np.full((count, len(EVIDENCE)), 0.8),
    )


def judge(
    curve: RecoveredCurve,
    decision: Decision = "accept",
    r2: tuple[float, float, float] = (0.97, 0.93, 0.99),
    reasons: tuple[str, ...] = ("ok",),
    r2_reference: float = float("nan"),
) -> JudgedCurve:
    """The curve with a verdict; coverage is counted, the other figures are plausible constants."""
    quality = QualityEstimate(
        r2_estimate=r2[0],
        r2_lower=r2[1],
        r2_upper=r2[2],
        coverage=float(np.isfinite(curve.value).mean()) if len(curve.value) else 0.0,
        longest_gap=12.5 if np.isnan(curve.value).any() else 0.0,
        depth_residual=0.21,
        span_frac=0.8,
        expected_abs_dx_pct=0.4,
        r2_reference=r2_reference,
    )
    return JudgedCurve(curve, quality, GateVerdict(decision, reasons, "gate-1"))


def make_track(track_id: str, left: float, right: float, *specs: CurveSpec) -> Track:
    """A track with borders that drift by two pixels."""
    left_knots = np.array([[100.0, left], [4000.0, left + 2.0]])
    right_knots = np.array([[100.0, right], [4000.0, right + 2.0]])
    return Track(TrackGeometry(track_id, left_knots, right_knots), specs)


def make_section(
    section_id: str, unit: DepthUnit, top: float, base: float, *tracks: Track
) -> Section:
    """A section of scan rows 100 to 4100."""
    axis = DepthAxis(unit, np.array([[150.0, top], [4000.0, base]]), residual=0.21)
    return Section(section_id, 100.0, 4100.0, axis, tracks)


def tiny_png(shade: int = 200) -> bytes:
    """A PNG of 40 x 30 pixels."""
    done, data = cv2.imencode(".png", np.full((40, 30, 3), shade, dtype=np.uint8))
    assert done
    return bytes(data.tobytes())


def make_log(
    stem: str = "smith_1-22", uwi: str = "15-053-00069", name: str = "Smith #1-22"
) -> DigitisedLog:
    """Two sections with five curves: three accepted, one in review, one rejected."""
    main = make_section(
        "main", "ft", 7200.0, 7400.0, make_track("T1", 200, 700, GR, CALI),
        make_track("T2", 860, 1360, ILD),
    )  # fmt: skip
    repeat = make_section("repeat", "ft", 7300.0, 7340.0, make_track("T3", 860, 1360, GR, NPHI))
    curves = (
        judge(make_curve(GR, holes=((100, 125),), bridged=((200, 210),)), r2_reference=0.981),
        judge(make_curve(CALI, first=14420, count=361), "review", (0.88, 0.79, 0.94),
              ("r2_bound_below_threshold",)),
        judge(make_curve(ILD, track_id="T2", first=14410, count=380)),
        judge(make_curve(GR, "repeat", "T3", first=14600, count=81)),
        judge(make_curve(NPHI, "repeat", "T3", first=14600, count=81, holes=((0, 50),)), "reject",
              (0.31, 0.02, 0.44), ("r2_estimate_below_threshold", "low_coverage")),
    )  # fmt: skip
    sha = hashlib.sha256(stem.encode()).hexdigest()
    finding = Finding(
        "fold", "page", "warning", "The paper is folded here.", "Check depths near the fold.",
        rows=(1200, 1260), section_id="main",
    )  # fmt: skip
    return DigitisedLog(
        scan=ScanRef(f"/archive/in/{stem}.tif", stem, sha, 123456),
        well=WellInfo(uwi, name, "Great Plains Oil Co.", "Hugoton", "Ellsworth", "KS", "USA",
                      "Schlumberger", "1962-04-17"),
        sections=(main, repeat),
        curves=curves,
        findings=(finding,),
        provenance=Provenance(sha, "", "veernet-0.1-test", "abcdef123456", "0.1.0"),
        dpi=200.0,
        overlays=(Overlay("overlay-main-T1", tiny_png()), Overlay("overlay-main-T2", tiny_png(90))),
        stage_seconds=(("decode", 0.5), ("infer", 1.25)),
    )  # fmt: skip


def only(log: DigitisedLog, *curves: JudgedCurve) -> DigitisedLog:
    """The log with one section ``main`` and just these curves."""
    return replace(log, sections=log.sections[:1], curves=curves, overlays=())


def wavy_curve(n: int = 200, seen: float = 1.0, mass: float = 0.95) -> RecoveredCurve:
    """A gamma ray that swings between 0.3 and 0.7 of the track; its first share ``seen`` was observed."""
    depth = np.arange(n) * 0.5
    frac = 0.5 + 0.2 * np.sin(depth / 5)
    value = np.where(np.arange(n) < seen * n, 150 * frac, np.nan)
    evidence = np.full((n, len(EVIDENCE)), mass)
    return RecoveredCurve(
        CurveSpec("GR", "GAPI", 0, 150),
        "main",
        "T1",
        "ft",
        depth,
        value,
        np.where(np.isfinite(value), frac, np.nan),
        np.isfinite(value),
        np.where(np.isfinite(value), mass, np.nan),
        evidence,
    )
