"""Traced curves whose evidence tells how far they lie off, and what is fitted to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.config import DigitiseConfig
from veernet_core.curve.evidence import confidence, quality
from veernet_core.datatypes import EVIDENCE, CurveSpec, Style, Trace
from veernet_core.evaluation.confidence_fit import fit_confidence
from veernet_core.evaluation.quality_fit import fit_quality
from veernet_core.evaluation.traced import TracedCurve

CONFIG = DigitiseConfig()


ROWS = 400


def drawn(
    rng: np.random.Generator, style: Style, doubt: float, same_style: bool = False
) -> TracedCurve:
    """A traced curve whose evidence tells, with noise, how far it went off the ink."""
    truth = 0.5 + 0.2 * np.sin(np.arange(ROWS) / rng.uniform(15, 40) + rng.uniform(0, 6))
    lost = rng.random(ROWS // 20) < doubt
    error = np.repeat(np.where(lost, rng.normal(0, 0.15, len(lost)), 0), 20)
    mass = np.clip(np.repeat(np.where(lost, 0.35, 0.92), 20) + rng.normal(0, 0.1, ROWS), 0.02, 0.98)
    known = {"mass": mass, "presence": np.full(ROWS, 0.95), "ink": mass, "margin": mass**2}
    evidence = np.column_stack([known.get(name, np.full(ROWS, 0.9)) for name in EVIDENCE])
    frac = truth + error + rng.normal(0, 0.002, ROWS)
    spec = CurveSpec("C1", "", 0.0, 1.0, style=style)
    track_specs = (spec, replace(spec, mnemonic="C2")) if same_style else (spec,)
    visible = np.ones(ROWS, bool)
    trace = Trace(frac, evidence, visible, np.arange(ROWS) * 1.0)
    return TracedCurve(spec, track_specs, trace, truth, truth, visible, 4.0)


def many(
    seed: int, count: int = 150, styles: tuple[Style, ...] = ("solid", "dashed")
) -> list[TracedCurve]:
    rng = np.random.default_rng(seed)
    return [
        drawn(rng, styles[i % len(styles)], 0.0 if rng.random() < 0.6 else rng.uniform(0, 0.6))
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def maps() -> dict[Style, confidence.ConfidenceMap]:
    """Confidence maps by line style."""
    return fit_confidence(many(1))


@pytest.fixture(scope="module")
def model(maps: dict[Style, confidence.ConfidenceMap]) -> quality.QualityModel:
    """The quality model under these maps, fitted on other curves."""
    return fit_quality(many(2), maps).model
