"""The loss study: identities, equal budgets, resumption, and what the tables say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from flows.cli import main as cli
from flows.studies import compare as study
from veernet_core.training import compare
from veernet_core.training.loss_study import against_published, best_by, decision_matrix
from veernet_core.training.strip_pools import CURVES, TINY, Stage, StudyConfig, draw_pool

NAMES = ("dice", "tversky 0.3/0.7", "focal", "row-wise CE")


def test_tversky_at_one_half_is_dice() -> None:
    value, gradient = compare.tversky_is_dice()
    assert value < 1e-6
    assert gradient < 1e-7


def test_every_required_loss_is_a_candidate() -> None:
    names = set(compare.CANDIDATES)
    assert {"dice", "focal", "lovasz", "smoothed CE", "row-wise CE"} <= names
    assert all(beta > alpha for alpha, beta in compare.TVERSKY_SWEEP)
    assert any(c.position and c.mask for c in compare.CANDIDATES.values())


def test_class_weights_are_derived_from_the_split() -> None:
    split = compare.derive_weights((0.97, 0.03))
    assert split.inverse_ratio == pytest.approx(97 / 3)
    assert split.used[1] / split.used[0] == pytest.approx(np.sqrt(97 / 3))
    assert "32.3 on curve pixels" in split.text()
    words = compare.published_weight()
    assert "97 : 3 balances at 32.3" in words
    assert "42 belongs to 2.33 %" in words
    assert compare.derive_weights((1.0, 0.0)).inverse_ratio == np.inf


@pytest.mark.parametrize("stage", ["binary", "multiclass"])
def test_pools_hold_at_most_one_curve_of_a_class(stage: Stage) -> None:
    pool = draw_pool(TINY, stage, 4)
    classes = len(CURVES[stage])
    assert pool.x.shape[1] == classes
    assert pool.mask.max() <= classes
    share = pool.share(classes + 1)
    assert share.sum() == pytest.approx(1)
    # labels and picture agree: where a mask says curve, the curve's own column is near
    n, rows, cols = np.nonzero(pool.mask)
    c = pool.mask[n, rows, cols] - 1
    assert np.median(np.abs(pool.x[n, c, rows] - cols)) < 4


def test_test_strips_are_the_same_for_all_seeds_and_never_trained_on() -> None:
    one = draw_pool(TINY, "binary", 1, test=True)
    two = draw_pool(TINY, "binary", 2, test=True)
    assert np.array_equal(one.ink, two.ink)
    trained = draw_pool(TINY, "binary", 1)
    assert not np.array_equal(one.ink[0, :64], trained.ink[0])


def test_same_seed_same_network_and_a_loss_of_its_own() -> None:
    weights = [
        torch.cat([p.flatten() for p in compare.train(TINY, "binary", n, 5).parameters()])
        for n in ("dice", "dice", "lovasz")
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_position_and_mask_of_a_perfect_answer_score_perfectly() -> None:
    test = draw_pool(TINY, "binary", 0, test=True)
    strips = compare._strips(test)
    column = np.arange(test.ink.shape[2])
    gaussian = np.exp(-0.5 * (column - test.x[0, 0][:, None]) ** 2).astype(np.float32)
    found = [compare._by_path(gaussian, strips[0])] + [np.full(320, np.nan)] * (len(strips) - 1)
    truth = (test.x[0, 0] - test.left[0]) / (test.right[0] - test.left[0])
    seen = test.visible[0, 0] > 0
    assert np.median(np.abs(found[0] - truth)[seen]) < 0.002
    figures = compare._graded(test, 0, found, "")
    assert 0 <= figures["mae"] < 1  # what was not exported counts as the middle of the track


def test_the_path_is_the_cheapest_of_all() -> None:
    from itertools import product

    rng = np.random.default_rng(4)
    for _ in range(20):
        cost = rng.random((5, 4)) * 3

        def total(path: tuple[int, ...], cost: np.ndarray = cost) -> float:
            moves = np.minimum(0.5 * np.abs(np.diff(path)), 0.8)
            return float(cost[np.arange(5), list(path)].sum() + moves.sum())

        found = compare.cheapest_path(cost, 0.5, 0.8)
        assert total(tuple(found)) == pytest.approx(min(map(total, product(range(4), repeat=5))))


def test_pixel_ece() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(200_000).astype(np.float32)
    event = rng.random(200_000) < p
    assert compare.pixel_ece(p, event) < 0.01
    assert compare.pixel_ece(np.sqrt(p), event) > 0.1
    assert np.isnan(compare.pixel_ece(np.zeros(3, np.float32), np.zeros(3, bool)))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    study.run_study(tmp_path, TINY, ["multiclass"], NAMES, seeds=2, workers=1)
    return tmp_path


def test_study_writes_tables_plane_and_words(out: Path) -> None:
    runs = pd.read_parquet(out / "losses.parquet")
    assert len(runs) == 2 * len(NAMES) * 2
    assert runs.groupby("loss")["steps"].nunique().eq(1).all()
    summary = pd.read_parquet(out / "summary.parquet")
    assert {"mae_sd", "mse_sd", "r2_sd"} <= set(summary.columns)
    words = (out / "losses.md").read_text()
    for part in ("Class weights", "97 : 3", "Tversky at 0.5/0.5 is Dice", "Against the published"):
        assert part in words
    assert (out / "error-plane-multiclass.png").read_bytes()[:4] == b"\x89PNG"
    small = json.loads((out / "losses.json").read_text())
    assert small["best"]["multiclass"]["error on the curve"] in NAMES
    assert len((out / "losses.json").read_bytes()) < 20_000


def test_a_killed_study_goes_on(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (out / "losses.md").read_bytes()
    gone = sorted((out / "runs").glob("*focal*"))
    gone[0].unlink()
    ran: list[str] = []
    real = compare.run_one

    def watched(config: StudyConfig, stage: Stage, name: str, seed: int) -> object:
        ran.append(name)
        return real(config, stage, name, seed)

    monkeypatch.setattr(compare, "run_one", watched)
    study.run_study(out, TINY, ["multiclass"], NAMES, seeds=2, workers=1)
    assert ran == ["focal"]
    assert (out / "losses.md").read_bytes() == before


def summary_of(rows: dict[str, tuple[float, float, float]]) -> pd.DataFrame:
    """Recall, precision and MAE per loss, both curves alike."""
    return pd.DataFrame(
        [
            {"stage": "multiclass", "loss": loss, "curve": curve, "recall": r, "precision": p,
             "iou": 0.3, "mae": mae, "mae_centroid": mae, "seeds": 2}
            for loss, (r, p, mae) in rows.items()
            for curve in CURVES["multiclass"]
        ]
    )  # fmt: skip


def test_the_matrix_ranks_by_what_is_asked() -> None:
    nan = float("nan")
    summary = summary_of(
        {
            "dice": (0.5, 0.6, 0.04),
            "tversky 0.3/0.7": (0.8, 0.3, 0.06),
            "focal": (0.9, 0.2, 0.05),
            "row-wise CE": (nan, nan, 0.01),
        }
    )
    table = decision_matrix(summary, "multiclass")
    best = best_by(table)
    assert best["recall"] == "focal"
    assert best["tunable asymmetry"] == "dice"  # of the family with a knob, the least error
    assert best["error on the curve"] == "row-wise CE"
    by_loss = table.set_index("loss")
    assert by_loss["knob_range"]["dice"] == pytest.approx(0.6)
    assert np.isnan(by_loss["knob_range"]["focal"])


def test_difference_from_the_published_result_is_stated() -> None:
    base = {
        "dice": (0.5, 0.6, 0.02),
        "tversky 0.3/0.7": (0.8, 0.3, 0.03),
        "focal": (0.9, 0.2, 0.01),
    }
    lines = against_published(summary_of(base))
    published = [line for line in lines if "published MAE" in line]
    assert "1 of 3 there and 3 of 3 here, which differs" in published[0]
    assert "3 of 3 there and 3 of 3 here, the same place" in published[1]
    assert len(against_published(summary_of({"dice": (0.5, 0.6, 0.02)}))) == 1


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["compare-losses", "--tiny", "-o", str(tmp_path), "--seeds", "1", "--workers", "1"]
    assert cli.main([*argv, "--stages", "binary", "--losses", "dice", "lovasz"]) == 0
    assert "Which loss" in capsys.readouterr().out
    assert cli.main([*argv, "--losses", "magic"]) == 2
    assert cli.main([*argv[:1], "--steps", "0"]) == 2
