"""How long each stage of one tall log takes, measured apart and then together.

In: a height and a resolution; out: a table of seconds and scan rows per second. The log is drawn
here, so anyone can rerun it. Peak memory is the process's own, drawing excluded.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from flows.local.pages import read_scan
from flows.studies.report import Report
from storage import publish
from storage.log_files import log_files
from veernet_core import pipeline
from veernet_core.config import DigitiseConfig
from veernet_core.curve.tracking import traces as decode
from veernet_core.curve.tracking.config import DecodeState
from veernet_core.datatypes import DigitisedLog, Posterior, Strip
from veernet_core.net.bundle import LoadedPredictor, load_predictor
from veernet_core.page.raster import decoding as raster
from veernet_core.strips import rectify
from veernet_core.synth.pages.draw import draw_page, tiff_bytes

WINDOW_ROWS = 4096
TILE_PIXELS = 512 * 512


def draw_scan(folder: Path, rows: int, dpi: int) -> Path:
    """A three-track page of ``rows`` rows as a G4 TIFF with its sidecar."""
    page = draw_page(np.random.default_rng(0), kind="triple_combo", rows=rows, dpi=dpi)
    path = folder / "benchmark.tif"
    path.write_bytes(tiff_bytes(page))
    (folder / "benchmark.sidecar.json").write_text(json.dumps(page.sidecar), encoding="utf-8")
    return path


def measure(path: Path, device: str, precision: str) -> Report:
    """Run the stages one by one, then the whole; returns the report."""
    item, config = read_scan(path), DigitiseConfig()
    predictor = load_predictor(None, device, precision)
    seconds: dict[str, float] = {}
    start = time.perf_counter()
    image = raster.open_raster(item.data, "benchmark")
    for row in range(0, image.height_px, WINDOW_ROWS):
        image.read_ink(row, min(row + WINDOW_ROWS, image.height_px))
    seconds["decode the TIFF"] = time.perf_counter() - start
    log = pipeline.prepare(item, config)
    # the first strip pays for compilation and warm-up
    predictor.predict([next(rectify.strip_blocks(log, config))])
    seconds |= {"rectify": 0.0, "network": 0.0, "trace": 0.0}
    states: dict[tuple[int, tuple[int, ...]], DecodeState] = {}
    clock = time.perf_counter()
    for strip in rectify.strip_blocks(log, config):
        clock = _lap(seconds, "rectify", clock)
        posterior = predictor.predict([strip])[0]
        clock = _lap(seconds, "network", clock)
        specs = [log.sections[0].tracks[strip.track_index].curves[k] for k in strip.curve_indices]
        key = (strip.track_index, strip.curve_indices)
        _, states[key] = decode.trace_block(strip, posterior, specs, states.get(key))
        clock = _lap(seconds, "trace", clock)
    timed = TimedPredictor(predictor)
    start = time.perf_counter()
    (result,) = pipeline.digitise_many([item], timed, config)
    together = time.perf_counter() - start
    assert isinstance(result, DigitisedLog)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        files = log_files(result)
        publish.publish_local(Path(folder), "benchmark", files)
    seconds["write LAS, CSV, Parquet, overlays"] = time.perf_counter() - start
    digest = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()[:12]
    lines = [f"{image.height_px} rows x {image.width_px} px, 3 tracks, {device}, {precision}"]
    for stage, spent in seconds.items():
        lines.append(f"{stage:36s} {spent:7.1f} s {image.height_px / spent:10.0f} rows/s")
    lines.append(f"{'digitised, stages overlapped':36s} {together:7.1f} s")
    lines.append(f"network busy {timed.seconds / timed.span():.0%} of the inference phase")
    achieved, peak_rate = roofline(predictor, timed.tiles / max(timed.seconds, 1e-9))
    lines.append(
        f"network {achieved:.0f} GFLOP/s, {achieved / peak_rate:.0%} of a large matrix product here "
        f"({peak_rate:.0f} GFLOP/s, float32)"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines.append(f"peak memory {peak:.0f} MB; result {digest}")
    figures = {"rows": image.height_px, "cols": image.width_px, "device": device,
               "precision": precision, "seconds": seconds, "seconds_together": together,
               "peak_mb": peak, "result": digest}  # fmt: skip
    return Report("\n".join(lines), **figures)


class TimedPredictor:
    """A predictor that notes how long it was at work, and over what span."""

    def __init__(self, predictor: LoadedPredictor) -> None:
        self._predictor = predictor
        self.model_id, self.calibration = predictor.model_id, predictor.calibration
        self.numerics = predictor.numerics
        self.seconds, self.tiles = 0.0, 0.0
        self.first: float | None = None
        self.last = 0.0

    def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
        """As the predictor's own."""
        start = time.perf_counter()
        self.first = start if self.first is None else self.first
        out = self._predictor.predict(strips)
        self.last = time.perf_counter()
        self.seconds += self.last - start
        self.tiles += sum(s.ink.size for s in strips) / TILE_PIXELS
        return out

    def span(self) -> float:
        """Seconds from the first call's start to the last call's end."""
        return max(1e-9, self.last - (self.first or 0.0))


def roofline(predictor: LoadedPredictor, tiles_per_second: float) -> tuple[float, float]:
    """Arithmetic rate of the network and of a large matrix product, GFLOP/s."""
    model, device = predictor.model, predictor.device
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model(torch.zeros(1, 2, 512, 512, device=device))
    achieved = counter.get_total_flops() * tiles_per_second / 1e9
    n = 2048
    a, b = torch.rand(n, n, device=device), torch.rand(n, n, device=device)
    best = 0.0
    for _ in range(4):
        start = time.perf_counter()
        torch.mm(a, b)
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = max(best, 2 * n**3 / (time.perf_counter() - start) / 1e9)
    return achieved, best


def _lap(seconds: dict[str, float], stage: str, since: float) -> float:
    now = time.perf_counter()
    seconds[stage] += now - since
    return now


def run(rows: int, dpi: int, device: str, precision: str) -> Report:
    """Draw in a process of its own (so that its memory does not count), then measure."""
    with tempfile.TemporaryDirectory() as folder:
        code = (
            "import sys; from pathlib import Path; from flows.studies.benchmark import draw_scan; "
            "draw_scan(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))"
        )
        arguments = [sys.executable, "-c", code, folder, str(rows), str(dpi)]
        subprocess.run(arguments, check=True)
        return measure(Path(folder) / "benchmark.tif", device, precision)
