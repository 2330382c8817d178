"""Golden outputs of every stage, from one small page that is stored as it was drawn once.

``python tests/golden.py`` writes them anew. It refuses where a stage gives other results under the same
version: raise the stage's number in ``veernet_core.provenance.ALGORITHMS`` first, so that results made before
are known to be outdated.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from factories import make_log  # noqa: E402

from flows.engine.page_engines import PageEngines  # noqa: E402
from storage.log_files import log_files  # noqa: E402
from veernet_core import pipeline  # noqa: E402
from veernet_core.config import DigitiseConfig, GatePolicy  # noqa: E402
from veernet_core.curve import gate  # noqa: E402
from veernet_core.curve.tracking.traces import trace_block  # noqa: E402
from veernet_core.datatypes import DigitisedLog, QualityEstimate, ScanRef  # noqa: E402
from veernet_core.net.bundle import load_predictor  # noqa: E402
from veernet_core.page.layout.page_layout import read_layout  # noqa: E402
from veernet_core.pipeline import ScanInput  # noqa: E402
from veernet_core.provenance import ALGORITHMS  # noqa: E402
from veernet_core.strips.rectify import strip_blocks  # noqa: E402

PAGE = ROOT / "tests/data/golden/page.tif"
STORED = ROOT / "tests/data/golden/golden.json"
TOLERANCE = {"network": 0.02, "tracking": 0.01, "values": 0.2, "quality": 0.02}
"""What rounding on another machine may move; 0.001 where nothing is named."""
_POINTS = 16


def golden() -> dict[str, list[Any]]:
    """Results of every stage, a few numbers or texts each."""
    data = PAGE.read_bytes()
    sidecar = PAGE.with_suffix(".sidecar.json").read_bytes()
    item = ScanInput(
        ScanRef("page.tif", "page", hashlib.sha256(data).hexdigest(), 1), data, sidecar
    )
    config = DigitiseConfig(overlays=False)
    predictor = load_predictor(device="cpu")
    log = pipeline.prepare(item, config)
    strip = next(iter(strip_blocks(log, config)))
    posterior = predictor.predict([strip])[0]
    specs = [log.sections[0].tracks[strip.track_index].curves[k] for k in strip.curve_indices]
    traces, _ = trace_block(strip, posterior, specs, None)
    (result,) = pipeline.digitise_many([item], predictor, config)
    assert isinstance(result, DigitisedLog)
    columns = np.arange(strip.ink.shape[1])
    mean_col = (posterior.position.astype(np.float64) * columns).sum(axis=2)
    return {
        "decode": _points(log.raster.read_ink(0, log.raster.height_px).mean(axis=1)),
        "page": _layout(read_layout(log.raster, PageEngines().layout_net())),
        "strips": [
            *strip.ink.shape,
            strip.left_col,
            strip.right_col,
            *_points(strip.ink.mean(axis=1)),
        ],
        "network": [
            *_points(mean_col[0] / len(columns)),
            *posterior.presence.mean(axis=1).tolist(),
        ],
        "tracking": [v for trace in traces for v in _points(trace.frac)],
        "values": [v for c in result.curves for v in _points(c.curve.value)],
        "quality": [v for c in result.curves for v in (c.quality.r2_estimate, c.quality.r2_lower)],
        "gate": [*_gate(), *(t for c in result.curves for t in c.verdict.reasons)],
        "files": _files(),
    }


def _points(values: Any) -> list[float | None]:
    """Some of many numbers, evenly spaced; NaN is None."""
    chosen = np.asarray(values, np.float64)[np.linspace(0, len(values) - 1, _POINTS).astype(int)]
    return [None if np.isnan(v) else round(float(v), 6) for v in chosen]


def _layout(layout: Any) -> list[Any]:
    """Kind of page, and rows and borders of its sections."""
    found: list[Any] = [layout.kind]
    for section in layout.sections:
        found += [float(section.row_top), float(section.row_bottom)]
        for track in section.tracks:
            found += [track.kind, float(track.left_knots[0, 1]), float(track.right_knots[0, 1])]
    return found


def _gate() -> list[str]:
    """Verdicts over a grid of estimates."""
    out: list[str] = []
    for r2, coverage, span in product(
        (-1.0, 0.3, 0.84, 0.86, float("nan")), (0.5, 0.9), (0.01, 1.0)
    ):
        estimate = QualityEstimate(r2, r2 - 0.02, r2 + 0.01, coverage, 0.0, 0.0, span, 0.5)
        verdict = gate.judge(estimate, (), GatePolicy())
        out += [verdict.decision, *verdict.reasons]
    return out


def _files() -> list[str]:
    """Digests of what is written of a made-up log, without what it was made with."""
    out = []
    for name, data in log_files(make_log("a"), "a").items():
        if name.endswith((".las", ".csv")):
            kept = b"\n".join(line for line in data.splitlines() if b"ersion" not in line)
            out += [name, hashlib.sha256(kept).hexdigest()[:16]]
    return out


def differs(stage: str, old: list[Any], new: list[Any]) -> bool:
    """Whether results of a stage are others, beyond what rounding may move."""
    limit = TOLERANCE.get(stage, 0.001)
    if len(old) != len(new):
        return True
    return any(
        abs(a - b) > limit if isinstance(a, int | float) and isinstance(b, int | float) else a != b
        for a, b in zip(old, new, strict=True)
    )


def updated(
    stored: Mapping[str, Any], now: Mapping[str, list[Any]], versions: Mapping[str, int]
) -> dict[str, Any]:
    """What is to be stored; a stage with other results must have another version.

    Raises
    ------
    ValueError
        Names the stages whose version must be raised.
    """
    same = [
        stage
        for stage, values in now.items()
        if stage in stored
        and stored[stage]["version"] == versions[stage]
        and differs(stage, stored[stage]["values"], values)
    ]
    if same:
        raise ValueError(
            f"other results under the same version: raise ALGORITHMS of {', '.join(same)}"
        )
    return {stage: {"version": versions[stage], "values": values} for stage, values in now.items()}


def main() -> None:
    """Write the golden outputs anew, where that is allowed."""
    stored = json.loads(STORED.read_text()) if STORED.is_file() else {}
    STORED.write_text(json.dumps(updated(stored, golden(), ALGORITHMS), indent=1) + "\n")


if __name__ == "__main__":
    main()
