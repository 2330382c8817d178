"""Real paper: what is accepted lies on ink, and what is delivered reads back.

Needs the scans themselves (folder named by VEERNET_SCANS); sidecars are in ``data/sidecars``.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from veernet_core import pipeline
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import DigitisedLog, ScanRef
from veernet_core.net.bundle import load_predictor

SCANS = os.environ.get("VEERNET_SCANS", "")
SIDECARS = Path(__file__).parent / "data" / "sidecars"
ROWS = 3000

pytestmark = [
    pytest.mark.scans,
    pytest.mark.skipif(not SCANS, reason="VEERNET_SCANS names no folder of real scans"),
]


def digitise(stem: str) -> DigitisedLog:
    """The first rows of the first section of a scan."""
    path = Path(SCANS) / f"{stem}.tif"
    if not path.exists():
        pytest.skip(f"{path.name} is not in VEERNET_SCANS")
    stated = json.loads((SIDECARS / f"{stem}.sidecar.json").read_text(encoding="utf-8"))
    section = stated["sections"][0]
    section["row_bottom"] = min(section["row_bottom"], section["row_top"] + ROWS)
    stated["sections"] = [section]
    data = path.read_bytes()
    ref = ScanRef(path.name, stem, hashlib.sha256(data).hexdigest(), len(data))
    item = pipeline.ScanInput(ref, data, json.dumps(stated).encode())
    (result,) = pipeline.digitise_many([item], load_predictor(), DigitiseConfig(overlays=False))
    assert isinstance(result, DigitisedLog)
    return result


@pytest.mark.parametrize("stem", ["4709901572_gr_n_d", "33-023-01162-0005"])
def test_what_is_accepted_lies_on_ink(stem: str) -> None:
    result = digitise(stem)
    assert result.curves
    for judged in result.curves:
        if judged.verdict.decision == "accept":
            ink = judged.curve.evidence[judged.curve.observed, 2]
            assert ink.mean() > 0.4, judged.curve.spec.mnemonic
            assert judged.quality.coverage >= 0.8


def test_something_is_recovered_from_an_ordinary_log() -> None:
    result = digitise("4709901572_gr_n_d")
    recovered = [np.isfinite(c.curve.value).mean() for c in result.curves]
    assert max(recovered) > 0.9
