"""``veernet fit-gate``: another quality model in the bundle, from tracks that are drawn once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calibration_support import drawn as made

from flows.cli import main as cli
from flows.studies import fit_gate
from flows.studies.drawn_tracks import pack_track, unpack_track
from flows.studies.fit_gate import Drawn, run_fit_gate
from veernet_core.config import DigitiseConfig
from veernet_core.curve.evidence.confidence import maps_to_json
from veernet_core.datatypes import F64, STYLES, CurveSpec
from veernet_core.evaluation.confidence_fit import fit_confidence
from veernet_core.evaluation.papers import CHECK_PAPERS, PAPERS
from veernet_core.evaluation.quality_fit import (
    TARGET_BAD,
    fit_level,
    fit_quality,
    score_families,
    total_score,
)
from veernet_core.evaluation.traced import TracedCurve
from veernet_core.net.bundle import pack, unpack
from veernet_core.net.model import NetConfig, VeerNet


def some(seed: int, index: int, papers: Sequence[str] = tuple(PAPERS)) -> list[TracedCurve]:
    rng = np.random.default_rng([seed, index])
    lost = 0.0 if rng.random() < 0.6 else rng.uniform(0, 0.6)
    curve = made(rng, STYLES[index % len(STYLES)], lost)
    return [replace(curve, paper=papers[index % len(papers)])]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """Seed, number and count of shapes of every track that was drawn; the tracks are made up."""
    calls: list[tuple[int, int, int]] = []

    def made_up(
        predictor: Any, seed: int, index: int, shapes: Sequence[F64], papers: Mapping[str, Any]
    ) -> tuple[list[TracedCurve], list[Any]]:
        calls.append((seed, index, len(shapes)))
        return some(seed, index, tuple(papers)), []

    monkeypatch.setattr(fit_gate, "trace_sample", made_up)
    monkeypatch.setattr(fit_gate, "_shapes", lambda table, training: [np.zeros(9)] * (1 + training))
    return calls


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    curves = [c for k in range(60) for c in some(5, k)]
    maps = fit_confidence(curves)
    values = {
        "confidence": maps_to_json(maps),
        "quality": fit_quality(curves, maps).model.to_json(),
    }
    network = VeerNet(NetConfig((8, 8, 8, 8, 8), decoder_width=8, layers=1))
    path = tmp_path_factory.mktemp("gate") / "b.safetensors"
    path.write_bytes(pack(network, values, {"config": {}, "kept": 1}))
    return path


def test_the_gate_is_fitted_on_other_tracks_than_it_is_checked_on(
    asked: list[tuple[int, int, int]], calibrated: Path, tmp_path: Path
) -> None:
    out, folder = tmp_path / "out.safetensors", tmp_path / "drawn"
    drawn = Drawn(invented=60, logged=30, check=40, seed=7)
    report = run_fit_gate(calibrated, out, drawn, Path("wells.parquet"), folder, with_weights=True)
    assert len(asked) == 130
    # invented, real shapes of wells for training, and of those kept for measuring
    assert {(seed, shapes) for seed, _, shapes in asked} == {(7, 0), (9, 2), (8, 1)}
    before, after = unpack(calibrated.read_bytes()), unpack(out.read_bytes())
    assert after.calibration["confidence"] == before.calibration["confidence"]
    assert after.calibration["quality"] != before.calibration["quality"]
    assert set(after.calibration["gate_checked"]) == set(CHECK_PAPERS)
    assert set(after.calibration["gate_left_out"]) == set(PAPERS)
    assert after.calibration["gate"]["curves"] == 40
    assert after.record["kept"] == 1
    assert after.record["gate_fitted_on"] == {
        "weights": True, "seed": 7, "invented": 60, "logged": 30, "check": 40,
        "papers": list(PAPERS), "check_papers": list(CHECK_PAPERS),
    }  # fmt: skip
    for words in ("what the others taught", "that fitted nothing", "the bundle came with"):
        assert words in report

    asked.clear()
    again = tmp_path / "again.safetensors"
    run_fit_gate(calibrated, again, drawn, Path("wells.parquet"), folder, with_weights=True)
    assert asked == []
    assert again.read_bytes() == out.read_bytes()

    # the calibration is none of the network: what was drawn for it serves the new bundle, too
    run_fit_gate(out, again, drawn, Path("wells.parquet"), folder)
    assert asked == []
    weights, level = (unpack(path.read_bytes()).calibration["quality"] for path in (out, again))
    assert {**weights, "level": 0} == {**level, "level": 0}


def test_what_cannot_be_fitted_is_refused(
    calibrated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["fit-gate", "--model", str(calibrated), "--tracks", str(tmp_path), "--logged", "3"]
    assert cli.main(words) == 2
    assert "--curves" in capsys.readouterr().err
    plain = tmp_path / "plain.safetensors"
    plain.write_bytes(pack(unpack(calibrated.read_bytes()).model(), {}, {}))
    assert cli.main(["fit-gate", "--model", str(plain), "--tracks", str(tmp_path)]) == 2
    assert "veernet calibrate" in capsys.readouterr().err


def test_a_track_comes_back_as_it_was() -> None:
    curve = some(3, 1)[0]
    spec = replace(curve.spec, points_px=((1.0, 2.0),), dash_px=4.0)
    trace = replace(curve.trace, name_odds=np.linspace(0, 1, len(curve.trace.frac)))
    before = replace(curve, spec=spec, trace=trace, track_specs=(spec, CurveSpec("B", "", 0, 1)))
    (after,) = unpack_track(pack_track([before]))
    assert (after.spec, after.track_specs) == (before.spec, before.track_specs)
    assert (after.spec.dash_px, after.paper) == (4.0, before.paper)
    assert (after.rows_per_ft, after.border_slack) == (before.rows_per_ft, before.border_slack)
    assert after.trace.wrap_odds is None
    for name in ("frac", "evidence", "observed", "scan_rows", "name_odds"):
        a, b = getattr(after.trace, name), getattr(before.trace, name)
        assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    for name in ("truth", "course", "visible"):
        a, b = getattr(after, name), getattr(before, name)
        assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    assert unpack_track(pack_track([])) == []


def test_the_level_is_the_boldest_that_keeps_the_promise() -> None:
    curves = [c for k in range(120) for c in some(11, k)]
    maps = fit_confidence(curves)
    rash = replace(fit_quality(curves, maps).model, level=0.0)
    fitted = fit_level(curves, maps, rash)
    risk = {
        level: total_score(
            score_families(curves, maps, replace(rash, level=level), DigitiseConfig()).values()
        ).bad_share_upper
        for level in (0.0, fitted.level, fitted.level - 0.05)
    }
    assert risk[fitted.level] <= TARGET_BAD < risk[0.0]
    assert risk[fitted.level - 0.05] > risk[fitted.level]
