"""Shifts of the paper, lies of a sidecar, and the commands that fit and judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import calibration_support
import numpy as np
import pytest
from calibration_support import CONFIG, ROWS, drawn, many

from flows.cli import main as cli
from flows.studies import calibrate as flow
from veernet_core.curve.evidence import confidence, quality
from veernet_core.datatypes import STYLES, Posterior, Style
from veernet_core.evaluation import shifts
from veernet_core.evaluation.quality_fit import (
    GateScore,
    _growing,
    upper_bound,
)
from veernet_core.evaluation.reliability import measure
from veernet_core.evaluation.traced import PixelEvidence, TracedCurve

maps, model = calibration_support.maps, calibration_support.model


@pytest.mark.parametrize("name", [n for n in shifts.SHIFTS if n != "kansas"])
def test_shifts_draw_and_are_reproducible(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shifts, "ROWS", 256)
    one, two = (shifts.SHIFTS[name].draw(3, 1, ()) for _ in range(2))
    assert np.array_equal(one.strip.ink, two.strip.ink)
    assert one.frac.shape == one.visible.shape


def test_kansas_draws_real_shapes() -> None:
    shapes = [("GR", np.sin(np.arange(3000) / k)) for k in range(5, 12)]
    sample = shifts.SHIFTS["kansas"].draw(1, 2, shapes)
    assert sample.strip.ink.shape[0] == shifts.ROWS


def test_pictures_show_what_the_shift_says() -> None:
    plain, moved = (shifts.SHIFTS[n].draw(4, 2, ()) for n in ("none", "borders"))
    assert moved.strip.left_col == plain.strip.left_col - 5
    assert moved.strip.right_col == plain.strip.right_col + 5
    assert np.array_equal(plain.frac, moved.frac, equal_nan=True)
    blank = shifts.SHIFTS["blank"].draw(4, 2, ())
    assert len(blank.specs) == 2
    assert not blank.visible.any()
    ruined = shifts.SHIFTS["destroyed"].draw(4, 0, ())
    whole = shifts.SHIFTS["none"].draw(4, 0, ())
    changed = (ruined.strip.ink != whole.strip.ink).mean(axis=1) > 0.1
    assert changed.mean() == pytest.approx(0.5, abs=0.02)


def test_lies_change_the_truth_and_not_the_trace() -> None:
    curves = [many(k, 1)[0] for k in (7, 8)]
    for name in ("tilt", "scale", "swapped"):
        told = shifts.SHIFTS[name].falsify(curves)
        for before, after in zip(curves, told):
            assert after.trace is before.trace
            assert not np.array_equal(before.truth, after.truth, equal_nan=True)
    assert shifts.SHIFTS["swapped"].falsify(curves[:1]) == []
    tilted = shifts.SHIFTS["tilt"].falsify(curves[:1])[0]
    middle = ROWS // 2
    assert tilted.truth[middle] == pytest.approx(curves[0].truth[middle], abs=0.02)


def test_depth_lines_give_a_tilted_depth_away_and_not_a_true_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tilt = shifts.SHIFTS["tilt"]
    samples = [tilt.draw(5, k, ()) for k in range(6)]
    told = [tilt.seen(s, CONFIG) for s in samples]
    # where no line is seen nothing is said: depth that a person gave is used as given
    assert told.count(("depth_residual",)) >= 5
    assert set(told) <= {("depth_residual",), ()}
    monkeypatch.setattr(shifts, "TILT_FT", 0.0)
    told = [tilt.seen(s, CONFIG) for s in samples]
    assert told.count(()) >= 5
    assert ("depth_residual",) not in told


def fake_predictor() -> Any:
    class Nothing:
        model_id = "nothing"
        numerics = "none"

        def predict(self, strips: list[Any]) -> list[Posterior]:
            shape = strips[0].ink.shape
            position = np.full((3, *shape), 1 / shape[1], np.float16)
            return [Posterior(position, np.full((3, shape[0]), 0.01, np.float32))]

    return Nothing()


def test_flags_of_the_page_reading_hold_every_curve(
    maps: dict[Style, confidence.ConfidenceMap],
    model: quality.QualityModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = [drawn(np.random.default_rng(k), "solid", 0.0) for k in range(4)]
    monkeypatch.setattr(shifts, "traced", lambda sample, posterior, rows_per_ft: good)
    counted = {
        name: shifts.score_shift(
            shifts.shift_cases(name, fake_predictor(), maps, CONFIG, 2, 1), model, CONFIG
        )
        for name in ("none", "scale-guessed", "tilt-known", "scale")
    }
    assert counted["none"].accepted > 0
    assert counted["scale-guessed"].accepted == counted["tilt-known"].accepted == 0
    # a wrong scale stated as sure cannot be seen: the study must count it as bad, not hide it
    assert counted["scale"].accepted_bad == counted["scale"].accepted > 0
    assert shifts.verdict(counted["scale"]) == "BROKEN"
    assert shifts.verdict(counted["scale-guessed"]) == "nothing accepted"


def test_verdict_on_the_promise() -> None:
    score = GateScore
    assert shifts.verdict(score(100, 90, 0, 0, 95, 90)) == "kept"
    assert shifts.verdict(score(100, 20, 0, 0, 95, 20)) == "not disproved"
    assert shifts.verdict(score(100, 50, 10, 0, 60, 40)) == "BROKEN"


def test_the_bound_of_a_share_needs_numbers_to_fall() -> None:
    bound = upper_bound(np.array([0, 10, 60, 200, 5]), np.array([0, 0, 0, 3, 5]))
    assert np.isnan(bound[0])
    assert bound[1] == pytest.approx(1 - 0.05 ** (1 / 10))
    assert bound[2] < 0.05
    assert bound[3] < 0.05
    assert bound[4] == 1.0


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up traces in place of strips that would have to be drawn and followed."""

    def made_up(
        predictor: Any, seed: int, index: int
    ) -> tuple[list[TracedCurve], list[PixelEvidence]]:
        rng = np.random.default_rng([seed, index])
        lost = 0.0 if rng.random() < 0.6 else rng.uniform(0, 0.6)
        curves = [drawn(rng, STYLES[index % len(STYLES)], lost)]
        if index >= 10:
            return curves, []
        p = rng.dirichlet([4, 1, 1, 1], 200).astype(np.float32)
        label = np.array([rng.choice(4, p=q / q.sum()) for q in p.astype(float)], np.uint8)
        return curves, [PixelEvidence(p, label)]

    monkeypatch.setattr("flows.studies.calibrate.trace_sample", made_up)


@pytest.fixture
def plain_bundle(tmp_path: Path) -> Path:
    from veernet_core.net.bundle import pack
    from veernet_core.net.model import NetConfig, VeerNet

    path = tmp_path / "plain.safetensors"
    network = VeerNet(NetConfig((8, 8, 8, 8, 8), decoder_width=8, layers=1))
    path.write_bytes(pack(network, {}, {"config": {}}))
    return path


def test_calibrate_fills_the_bundle_and_draws(
    quick: None, plain_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from veernet_core.net.bundle import unpack

    out, plots = tmp_path / "out.safetensors", tmp_path / "plots"
    argv = ["calibrate", "--model", str(plain_bundle), "-o", str(out), "--count", "120"]
    argv += ["--workers", "1"]
    assert cli.main([*argv, "--plots", str(plots)]) == 0
    told = capsys.readouterr().out
    for part in (
        "temperature",
        "isotonic",
        "global_temperature",
        "pooled",
        "gap at 0.8",
        "gate:",
        "each family",
    ):
        assert part in told
    values = unpack(out.read_bytes()).calibration
    assert {"confidence", "quality", "measured", "measured_pixels", "gate"} <= set(values)
    assert sum(part["curves"] for part in values["gate_left_out"].values()) > 60
    for by_map in values["measured"].values():
        assert {"before", "after", "temperature", "isotonic", "global_temperature"} <= set(by_map)
        for r in by_map.values():
            assert len(r["interval"]) == 2
            assert len(r["bins"][0]) == 3
    assert len(list(plots.glob("reliability-*.png"))) == 3
    json.dumps(values, allow_nan=False)
    assert "by the calibration that the bundle came with" not in told
    anew = flow.run_calibration(out, tmp_path / "anew.safetensors", 60, 22, None)
    assert "by the calibration that the bundle came with" in anew
    again = tmp_path / "again.safetensors"
    flow.run_calibration(plain_bundle, again, 120, 21, None)
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.slow
def test_processes_change_nothing(plain_bundle: Path) -> None:
    numbers = [(21, k) for k in range(5)]
    told = []
    for workers in (1, 2):
        with flow._tracers(plain_bundle.read_bytes(), workers) as run:
            told.append([
                [(c.spec, c.trace.frac.tobytes(), c.trace.evidence.tobytes()) for c in curves]
                for curves, _ in run(flow._trace_one, numbers)
            ])  # fmt: skip
    assert told[0] == told[1]
    assert any(told[0])


def test_too_few_strips_are_refused(
    quick: None, plain_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = plain_bundle.read_bytes()
    assert (
        cli.main(["calibrate", "--model", str(plain_bundle), "--count", "2", "--workers", "1"]) == 2
    )
    assert "--count" in capsys.readouterr().err
    assert plain_bundle.read_bytes() == before


def test_shifts_on_the_command_line(
    plain_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["evaluate", "--shifts", "none", "--model", str(plain_bundle)]) == 2
    assert "not calibrated" in capsys.readouterr().err
    assert cli.main(["evaluate", "--shifts", "earthquake"]) == 2
    monkeypatch.setattr(shifts, "shift_cases", lambda *args, **more: [])
    assert cli.main(["evaluate", "--shifts", "-o", str(tmp_path / "t")]) == 0
    told = capsys.readouterr().out
    assert "Not visible in the ink: tilt-known, scale-guessed, scale, swapped" in told
    assert "kansas was left out" in told
    assert (tmp_path / "t" / "shifts.parquet").exists()


def test_diagrams_are_pictures(maps: dict[Style, confidence.ConfidenceMap]) -> None:
    measured = measure(many(9, 40), maps)
    png = flow.reliability_diagram("solid", {"row": measured["solid"]})
    assert png[:4] == b"\x89PNG"


def test_smoothed_counts_grow_and_stay_near_what_was_counted() -> None:
    accepted = np.array([100.0, 60, 40, 20, 20, 0])
    bad = np.array([5.0, 1, 1, 1, 1, 0])
    smooth = _growing(accepted, bad)
    share = smooth[:-1] / accepted[:-1]
    assert (np.diff(share[::-1]) >= -1e-12).all()
    assert (smooth <= bad + 1e-12).all()
    assert smooth[:2].tolist() == [5, 1]
