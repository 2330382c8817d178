"""Fax machines scan twice as densely across as down: depth, curves and pictures come out all the same."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from veernet_core import metrics, pipeline
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import DepthAxis, DigitisedLog, Dpi, Raster, ScanRef, Section
from veernet_core.net.bundle import load_predictor
from veernet_core.page.known.page_dpi import layout_dpi_down
from veernet_core.pipeline import ScanInput
from veernet_core.synth.pages.draw import draw_page
from veernet_core.synth.pages.plans import SyntheticPage


@pytest.fixture(scope="module")
def page() -> SyntheticPage:
    return draw_page(
        np.random.default_rng(4), kind="gamma_neutron", rows=2600, dpi=200, skew_deg=0.7
    )


def scaled(value: Any, factor: float) -> Any:
    """A position in pixels on a page of another size; pixel centres are integers."""
    if isinstance(value, (int, float)):
        return (value + 0.5) * factor - 0.5
    return [[(row + 0.5) * factor - 0.5, other] for row, other in value]


def faxed(page: SyntheticPage, across_dpi: int, down_dpi: int, tag: bool = True) -> ScanInput:
    """The page as a fax machine scans it: a Group 3 file with its sidecar."""
    fx, fy = across_dpi / page.dpi, down_dpi / page.dpi
    height, width = (round(n * f) for n, f in zip(page.image.shape, (fy, fx), strict=True))
    fx, fy = width / page.image.shape[1], height / page.image.shape[0]
    ink = cv2.resize(page.image, (width, height), interpolation=cv2.INTER_AREA) > 80
    sink = io.BytesIO()
    options = {"dpi": (across_dpi, down_dpi)} if tag else {}
    Image.fromarray(~ink).save(sink, "TIFF", compression="group3", **options)
    sidecar = json.loads(json.dumps(page.sidecar))
    for section in sidecar["sections"]:
        for name in ("row_top", "row_bottom"):
            section[name] = max(0.0, min(height, section[name] * fy))
        section["depth"]["anchors"] = scaled(section["depth"]["anchors"], fy)
        for track in section["tracks"]:
            for name in ("left_px", "right_px"):
                knots = track[name]
                if isinstance(knots, list):
                    knots = [[row, scaled(px, fx)] for row, px in scaled(knots, fy)]
                else:
                    knots = scaled(knots, fx)
                track[name] = knots
    ref = ScanRef("fax.tif", "fax", hashlib.sha256(sink.getvalue()).hexdigest(), 1)
    return ScanInput(ref, sink.getvalue(), json.dumps(sidecar).encode())


def digitised(item: ScanInput) -> DigitisedLog:
    (log,) = pipeline.digitise_many([item], load_predictor(), DigitiseConfig())
    assert isinstance(log, DigitisedLog)
    return log


def r2(page: SyntheticPage, log: DigitisedLog) -> dict[str, float]:
    scores = {}
    for judged in log.curves:
        curve = judged.curve
        depth, value = page.truth[f"{curve.track_id}/{curve.spec.mnemonic}"]
        known = np.interp(curve.depth, depth, value, left=np.nan, right=np.nan)
        scores[curve.spec.mnemonic] = metrics.r2(curve.value, known)
    return scores


def picture(log: DigitisedLog) -> tuple[int, int]:
    shape = cv2.imdecode(np.frombuffer(log.overlays[0].png, np.uint8), cv2.IMREAD_COLOR).shape
    return shape[0], shape[1]


@pytest.fixture(scope="module")
def plain(page: SyntheticPage) -> DigitisedLog:
    return digitised(faxed(page, 200, 200))


@pytest.mark.slow
@pytest.mark.parametrize(("across", "down"), [(200, 100), (204, 98)])
def test_a_fax_gives_the_log_of_the_plain_scan(
    page: SyntheticPage, plain: DigitisedLog, across: int, down: int
) -> None:
    log = digitised(faxed(page, across, down))
    scores, whole = r2(page, log), r2(page, plain)
    assert scores.keys() == whole.keys() == {"GR", "NEU"}
    for name, score in scores.items():
        assert score > min(0.9, whole[name] - 0.05), (name, score, whole[name])
    for one, other in zip(log.curves, plain.curves, strict=True):
        a, b = one.curve, other.curve
        assert a.depth[1] - a.depth[0] == b.depth[1] - b.depth[0] == 0.5
        assert abs(a.depth[0] - b.depth[0]) <= 1.0
        assert abs(a.depth[-1] - b.depth[-1]) <= 1.0
        assert abs(np.isfinite(a.value).mean() - np.isfinite(b.value).mean()) < 0.05
    # paper is shown as it is, not half as tall
    assert picture(log)[0] == pytest.approx(picture(plain)[0], rel=0.02)
    assert picture(log)[1] == pytest.approx(picture(plain)[1], rel=0.04)


def raster(tag: Dpi | None) -> Raster:
    return Raster(3000, 1700, False, tag, lambda *_: None, lambda *_: None, lambda: ())  # type: ignore


def section(ft_per_row: float) -> Section:
    axis = DepthAxis("ft", np.array([[0.0, 1000.0], [1000.0, 1000.0 + 1000 * ft_per_row]]), 0.1)
    return Section("main", 0.0, 3000.0, axis, ())


@pytest.mark.parametrize(
    ("tag", "ft_per_row", "down"),
    [
        (Dpi(98, 204), 20 / 98, 98.0),  # 1:240
        (
            Dpi(100, 200),
            50 / 100,
            100.0,
        ),  # 1:600, and 1:1200 if it were square: the tag is believed
        (Dpi(100, 200), 4 / 200, None),  # 1:48 only if rows are as dense as columns
        (Dpi(196, 204), 20 / 196, None),
        (Dpi(391, 204), 20 / 391, 391.0),
        (None, 0.1, None),
        (Dpi(100, 200), 0.0321, 100.0),
    ],
)
def test_the_ratio_of_the_tag_is_taken_unless_the_depth_contradicts_it(
    tag: Dpi | None, ft_per_row: float, down: float | None
) -> None:
    across = 200.0 if tag is None else tag.across
    found = layout_dpi_down((section(ft_per_row),), across, raster(tag))
    assert found == (None if down is None else pytest.approx(down, rel=1e-6))


def test_a_given_resolution_goes_before_the_tag() -> None:
    assert layout_dpi_down((), 200.0, raster(None), Dpi(100.0, 200.0)) == pytest.approx(100.0)
    assert layout_dpi_down((), 200.0, raster(Dpi(100, 200)), Dpi(200.0, 200.0)) is None
