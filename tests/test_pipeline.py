"""The spine end to end on drawn pages: from TIFF bytes to judged curves, and what must never happen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_network import small_predictor

from storage.log_files import log_files
from veernet_core import metrics, pipeline
from veernet_core.config import DigitiseConfig, GatePolicy
from veernet_core.datatypes import DigitisedLog, Posterior, ScanRef, Strip
from veernet_core.pipeline import FailedScan, ScanInput
from veernet_core.synth.pages.draw import draw_page, tiff_bytes
from veernet_core.synth.pages.plans import SyntheticPage

CONFIG = DigitiseConfig(overlays=False)


@pytest.fixture(scope="module")
def page() -> SyntheticPage:
    return draw_page(
        np.random.default_rng(4), kind="gamma_neutron", rows=1800, dpi=200, skew_deg=0.7
    )


def scan(page: SyntheticPage, sidecar: Any = ..., stem: str = "w") -> ScanInput:
    data = tiff_bytes(page)
    stated = page.sidecar if sidecar is ... else sidecar
    ref = ScanRef(f"{stem}.tif", stem, hashlib.sha256(data).hexdigest(), len(data))
    return ScanInput(ref, data, None if stated is None else json.dumps(stated).encode())


def one(item: ScanInput, predictor: Any = None, config: DigitiseConfig = CONFIG) -> Any:
    (result,) = pipeline.digitise_many([item], predictor or small_predictor(), config)
    return result


@pytest.fixture(scope="module")
def plain(page: SyntheticPage) -> DigitisedLog:
    """The page digitised as its sidecar says."""
    result = one(scan(page))
    assert isinstance(result, DigitisedLog)
    return result


def truth_r2(page: SyntheticPage, result: DigitisedLog) -> dict[str, float]:
    scores = {}
    for judged in result.curves:
        curve = judged.curve
        depth, value = page.truth[f"{curve.track_id}/{curve.spec.mnemonic}"]
        known = np.interp(curve.depth, depth, value, left=np.nan, right=np.nan)
        scores[curve.spec.mnemonic] = metrics.r2(curve.value, known)
    return scores


def test_a_clean_page_comes_back(page: SyntheticPage, plain: DigitisedLog) -> None:
    scores = truth_r2(page, plain)
    assert set(scores) == {"GR", "NEU"}
    assert min(scores.values()) > 0.9
    for judged in plain.curves:
        steps = judged.curve.depth / 0.5
        assert np.abs(steps - np.round(steps)).max() < 1e-9


def test_same_input_same_bytes_whatever_the_company(page: SyntheticPage) -> None:
    config = DigitiseConfig()
    alone = one(scan(page), config=config)
    other = draw_page(np.random.default_rng(9), kind="sonic", rows=1600, dpi=200)
    crowd = [scan(other, stem="a"), scan(page), scan(other, stem="b")]
    results = list(pipeline.digitise_many(crowd, small_predictor(), config))
    assert [r.scan.stem if isinstance(r, DigitisedLog) else r.ref.stem for r in results] == [
        "a",
        "w",
        "b",
    ]
    assert isinstance(results[1], DigitisedLog)
    assert log_files(alone) == log_files(results[1])


def test_block_size_does_not_change_the_curves(page: SyntheticPage, plain: DigitisedLog) -> None:
    parts = one(scan(page), config=replace(CONFIG, block_rows=600, overlap_rows=200))
    for a, b in zip(plain.curves, parts.curves):
        both = np.isfinite(a.curve.frac) & np.isfinite(b.curve.frac)
        assert both.mean() > 0.9
        assert np.quantile(np.abs(a.curve.frac - b.curve.frac)[both], 0.98) < 0.005


def test_one_bad_scan_never_stops_the_others(page: SyntheticPage) -> None:
    good = scan(page)
    bad = [
        ScanInput(ScanRef("x.tif", "x", "0", 4), b"junk"),
        ScanInput(ScanRef("y.tif", "y", "0", 0), b""),
        ScanInput(good.ref, good.data, b'{"sections": [{"row_topp": 1}]}'),
    ]
    results = list(pipeline.digitise_many([bad[0], good, *bad[1:]], small_predictor(), CONFIG))
    assert [isinstance(r, FailedScan) for r in results] == [True, False, True, True]
    for failed in (results[0], results[2], results[3]):
        assert isinstance(failed, FailedScan)
        assert failed.error.remedy
        assert failed.error.where


def test_without_a_sidecar_nothing_is_invented(page: SyntheticPage) -> None:
    result = one(scan(page, None))
    assert result.curves == ()
    assert "no_geometry" in {f.code for f in result.findings}


def test_without_depth_nothing_is_delivered_but_it_is_said(page: SyntheticPage) -> None:
    stated = json.loads(json.dumps(page.sidecar))
    del stated["sections"][0]["depth"]
    result = one(scan(page, stated))
    assert result.curves == ()
    assert {"depth_unknown", "no_depth"} & {f.code for f in result.findings}


def test_the_network_is_spared_sections_whose_curves_nobody_gets(page: SyntheticPage) -> None:
    stated = json.loads(json.dumps(page.sidecar))
    del stated["sections"][0]["depth"]
    seen: list[int] = []

    class Counting(Blind):
        def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
            seen.append(len(strips))
            return super().predict(strips)

    item = scan(page, stated)
    (spared,) = pipeline.digitise_many([item], Counting(), DigitiseConfig())
    assert not seen
    (whole,) = pipeline.digitise_many([item], Counting(), DigitiseConfig(), whole=True)
    assert seen
    assert isinstance(spared, DigitisedLog)
    assert isinstance(whole, DigitisedLog)
    assert (spared.overlays, spared.findings) == (whole.overlays, whole.findings)
    assert {o.name.split("-")[0] for o in spared.overlays} == {"overlay", "strip"}


class Blind:
    """A network that sees nothing, without calibration."""

    model_id = "blind"
    numerics = "none"
    calibration: Mapping[str, Any] = {}

    def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
        out = []
        for strip in strips:
            rows, cols = strip.ink.shape
            flat = np.full((3, rows, cols), 1 / cols, np.float16)
            out.append(Posterior(flat, np.zeros((3, rows), np.float32)))
        return out


def test_depth_anchors_that_the_printed_lines_contradict_go_to_review(
    page: SyntheticPage, plain: DigitisedLog
) -> None:
    stated = json.loads(json.dumps(page.sidecar))
    anchors = stated["sections"][0]["depth"]["anchors"]
    top = anchors[0][1]
    for anchor in anchors:
        anchor[1] = top + (anchor[1] - top) * 1.04
    false = one(scan(page, stated))
    assert isinstance(false, DigitisedLog)
    assert plain.sections[0].depth is not None
    assert plain.sections[0].depth.residual < 0.6
    assert not any("depth_residual" in c.verdict.reasons for c in plain.curves)
    assert all("depth_residual" in c.verdict.reasons for c in false.curves)


def test_given_depth_that_no_printed_line_confirms_is_used_and_said(page: SyntheticPage) -> None:
    result = one(scan(replace(page, image=page.image * 0)))
    assert isinstance(result, DigitisedLog)
    assert result.curves
    assert not any("depth_unchecked" in c.verdict.reasons for c in result.curves)
    (told,) = [f for f in result.findings if f.code == "depth_unchecked"]
    assert (told.section_id, told.severity) == (result.sections[0].section_id, "info")


def test_a_border_beside_its_printed_line_is_told_and_counts(
    page: SyntheticPage, plain: DigitisedLog
) -> None:
    moved = json.loads(json.dumps(page.sidecar))
    track = moved["sections"][0]["tracks"][0]
    knots, by = track["left_px"], -7.0
    track["left_px"] = (
        [[row, col + by] for row, col in knots] if isinstance(knots, list) else knots + by
    )
    told, lower = [], []
    for result in (plain, one(scan(page, moved))):
        told.append({(f.code, f.track_id) for f in result.findings if f.code == "borders_off"})
        lower.append(result.curves[0].quality)
    track_id = page.sidecar["sections"][0]["tracks"][0]["track_id"]
    assert told == [set(), {("borders_off", track_id)}]
    assert lower[1].r2_estimate - lower[1].r2_lower > lower[0].r2_estimate - lower[0].r2_lower


def test_a_blind_network_delivers_nothing(page: SyntheticPage) -> None:
    result = one(scan(page), Blind())
    assert result.curves
    for judged in result.curves:
        assert judged.verdict.decision == "reject"
        assert "uncalibrated_model" not in judged.verdict.reasons  # it has nothing to be sure of
        assert np.isnan(judged.curve.value).all()
    assert not any(name.endswith(".las") for name in log_files(result))


def test_an_uncalibrated_bundle_accepts_nothing(page: SyntheticPage) -> None:
    class Uncalibrated:
        model_id = "uncalibrated"
        numerics = "none"
        calibration: Mapping[str, Any] = {}

        def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
            return small_predictor().predict(strips)

    result = one(scan(page), Uncalibrated())
    assert {c.verdict.decision for c in result.curves} <= {"review", "reject"}
    assert all("uncalibrated_model" in c.verdict.reasons for c in result.curves)


def test_a_stricter_policy_never_accepts_more(plain: DigitisedLog) -> None:
    order = {"reject": 0, "review": 1, "accept": 2}
    before = [2] * len(plain.curves)
    for threshold in (-5.0, 0.5, 0.85, 0.99, 1.0):
        judged = pipeline.judge(plain, GatePolicy(min_r2=threshold))
        now = [order[c.verdict.decision] for c in judged.curves]
        assert all(b >= n for b, n in zip(before, now))
        before = now


def test_curves_of_one_style_without_known_points_go_to_review() -> None:
    page = draw_page(np.random.default_rng(2), kind="twin_solids", rows=1500, dpi=200)
    result = one(scan(page))
    pair = [c for c in result.curves if c.curve.track_id == "T1"]
    assert len(pair) == 2
    for judged in pair:
        assert judged.verdict.decision != "accept"
        assert "identity_ambiguous" in judged.verdict.reasons
