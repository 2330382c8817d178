"""Reports of studies, and the benchmark's parts: words for people, figures for programs."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from flows.studies import benchmark
from flows.studies.benchmark import TimedPredictor, draw_scan
from flows.studies.report import Report
from veernet_core.datatypes import Posterior, Strip


def test_a_report_is_its_words_and_carries_figures() -> None:
    report = Report("2 of 3", right=2, of=3)
    assert report == "2 of 3"
    assert report.figures == {"right": 2, "of": 3}
    assert json.loads(report.as_json()) == {"report": "2 of 3", "right": 2, "of": 3}
    assert Report("alone").as_json() == '{"report": "alone"}'


def test_figures_that_are_not_finite_are_null_and_arrays_are_lists() -> None:
    report = Report("R² ü", r2=math.nan, worst=-math.inf, by={"a": np.float32(0.5)}, n=np.int64(3))
    told = json.loads(report.as_json())
    assert told == {"report": "R² ü", "r2": None, "worst": None, "by": {"a": 0.5}, "n": 3}
    assert "ü" in report.as_json(), "people read it too"


@dataclass
class Net:
    """Stands in for a network that takes two seconds for each strip."""

    clock: list[float]
    model_id: str = "m"
    numerics: str = "n"
    calibration: dict[str, object] = field(default_factory=dict)

    def predict(self, strips: list[Strip]) -> list[Posterior]:
        self.clock[0] += 2.0 * len(strips)
        empty = Posterior(np.zeros((3, 1, 1), np.float16), np.zeros((3, 1), np.float32))
        return [empty for _ in strips]


def test_a_timed_predictor_counts_its_work_and_its_span(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(benchmark.time, "perf_counter", lambda: clock[0])
    timed = TimedPredictor(Net(clock))  # type: ignore[arg-type]
    strip = Strip(np.zeros((512, 512), np.uint8), 1.0, 500.0, np.arange(512.0))
    assert len(timed.predict([strip])) == 1
    clock[0] += 6.0
    timed.predict([strip, strip])
    assert (timed.seconds, timed.span(), timed.tiles) == (6.0, 12.0, 3.0)
    assert (timed.model_id, timed.numerics) == ("m", "n")


def test_a_stage_gets_the_seconds_since_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark.time, "perf_counter", lambda: 15.0)
    seconds = {"trace": 1.0}
    assert benchmark._lap(seconds, "trace", 12.0) == 15.0
    assert seconds == {"trace": 4.0}


def test_a_drawn_scan_lies_beside_its_sidecar(tmp_path: Path) -> None:
    path = draw_scan(tmp_path, 1500, 100)
    assert path.name == "benchmark.tif"
    sidecar = json.loads((tmp_path / "benchmark.sidecar.json").read_text())
    assert len(sidecar["sections"][0]["tracks"]) == 3
    from veernet_core.page.raster.decoding import open_raster

    assert open_raster(path.read_bytes(), "x").height_px == 1500
