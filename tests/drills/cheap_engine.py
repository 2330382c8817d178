"""A stand-in for the digitiser in drills and tests of the orchestration. Never for real work.

Select it with ``VEERNET_TEST_ENGINE=cheap_engine:engine`` and this folder on ``PYTHONPATH``. It
reads real scans and gives made-up curves that depend on the scan's bytes alone, in microseconds
(or in ``CHEAP_ENGINE_MS`` of busy work per log). Words in a scan's name ask for trouble:

    crash   the decoder's process dies           hang   the decoder never ends
    greedy  the decoder wants all memory         oom    inference is out of memory
    deadly  the whole worker dies                slow   one second of work
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from veernet_core import __version__
from veernet_core.config import DigitiseConfig, GatePolicy
from veernet_core.datatypes import (
    EVIDENCE,
    CurveSpec,
    DepthAxis,
    DigitisedLog,
    GateVerdict,
    JudgedCurve,
    Overlay,
    Provenance,
    QualityEstimate,
    RecoveredCurve,
    Section,
    Track,
    TrackGeometry,
    WellInfo,
)
from veernet_core.errors import OutOfMemoryError
from veernet_core.pipeline import FailedScan, ScanInput

SPECS = (
    CurveSpec("GR", "GAPI", 0.0, 150.0),
    CurveSpec("ILD", "OHMM", 0.2, 2000.0, scale="log", style="dashed"),
)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


class CheapEngine:
    """Made-up curves at once."""

    decoder_check = "cheap_check:check"

    def __init__(self) -> None:
        self.model_id = os.environ.get("CHEAP_ENGINE_MODEL", "cheap-1")
        self.numerics = os.environ.get("CHEAP_ENGINE_NUMERICS", "float32 made-up cpu")
        self._work_s = float(os.environ.get("CHEAP_ENGINE_MS", "0")) / 1000

    def digitise(
        self, items: Iterable[ScanInput], config: DigitiseConfig
    ) -> Iterator[DigitisedLog | FailedScan]:
        """One result per item, in order."""
        for item in items:
            name = PurePosixPath(item.ref.uri).name
            if "deadly" in name:
                os._exit(137)
            if "oom" in name:
                yield FailedScan(item.ref, OutOfMemoryError("made up", item.ref.uri))
                continue
            _spin(1.0 if "slow" in name else self._work_s)
            yield made_up_log(item, self.model_id, config)

    def judge(self, log: DigitisedLog, policy: GatePolicy) -> DigitisedLog:
        """Verdicts from the made-up bound."""
        curves = []
        for judged in log.curves:
            good = judged.quality.r2_lower >= policy.min_r2
            verdict = GateVerdict("accept" if good else "review", ("r2_bound",), policy.policy_id)
            curves.append(replace(judged, verdict=verdict))
        return replace(log, curves=tuple(curves))


def engine() -> CheapEngine:
    """The stand-in, for ``VEERNET_TEST_ENGINE``."""
    return CheapEngine()


def made_up_log(item: ScanInput, model_id: str, config: DigitiseConfig) -> DigitisedLog:
    """Curves of 400 samples that depend on the scan's bytes alone."""
    rng = np.random.default_rng(int(item.ref.sha256[:12], 16))
    knots = np.array([[0.0, 10.0]]), np.array([[0.0, 110.0]])
    axis = DepthAxis("ft", np.array([[0.0, 1000.0], [400.0, 1200.0]]), 0.1)
    track = Track(TrackGeometry("T1", *knots), SPECS)
    curves = tuple(_curve(spec, rng, config) for spec in SPECS)
    made = Provenance(
        scan_sha256=item.ref.sha256,
        sidecar_sha256=hashlib.sha256(item.sidecar).hexdigest() if item.sidecar else "",
        model_id=model_id,
        config_hash=config.hash(),
        version=__version__,
    )
    return DigitisedLog(
        scan=item.ref,
        well=WellInfo(uwi=item.ref.sha256[:14], name=item.ref.stem),
        sections=(Section("main", 0.0, 400.0, axis, (track,)),),
        curves=curves,
        findings=(),
        provenance=made,
        dpi=200.0,
        overlays=(Overlay("overlay-main-T1", PNG),) if config.overlays else (),
    )


def _curve(spec: CurveSpec, rng: np.random.Generator, config: DigitiseConfig) -> JudgedCurve:
    n = 400
    frac = np.clip(0.5 + np.cumsum(rng.normal(0, 0.01, n)), 0, 1)
    if spec.scale == "log":
        value = spec.left * (spec.right / spec.left) ** frac
    else:
        value = spec.left + (spec.right - spec.left) * frac
    curve = RecoveredCurve(
        spec=spec,
        section_id="main",
        track_id="T1",
        depth_unit="ft",
        depth=np.arange(2000, 2000 + n) * 0.5,
        value=value,
        frac=frac,
        observed=np.ones(n, dtype=np.bool_),
        confidence=np.full(n, 0.9),
        evidence=np.full((n, len(EVIDENCE)), 0.9),
    )
    lower = float(rng.uniform(0.7, 1.0))
    quality = QualityEstimate(min(lower + 0.05, 1.0), lower, 1.0, 1.0, 0.0, 0.1, 0.5, 0.2)
    return JudgedCurve(curve, quality, GateVerdict("review", (), config.gate.policy_id))


def _spin(seconds: float) -> None:
    """Use so much processor time (not wall time, so that a busy machine changes nothing)."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
