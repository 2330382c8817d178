"""The overlay is read back pixel by pixel: curves lie where they were put, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from factories import CALI, GR, ILD

from veernet_core.curve.overlay import COLOURS, OverlayCurve, _plan, _runs, draw_overlay
from veernet_core.datatypes import CurveSpec

LEFT, RIGHT = 16.0, 216.0
PLAIN = replace(GR, wrap="none")


def curve(frac: np.ndarray, spec: CurveSpec = PLAIN, **changes: object) -> OverlayCurve:
    rows = np.arange(len(frac), dtype=np.float64)
    plain = OverlayCurve(spec, rows, frac.astype(np.float64), np.isfinite(frac))
    return replace(plain, **changes)  # type: ignore[arg-type]


def draw(
    rows: int, *curves: OverlayCurve, image: np.ndarray | None = None, **more: object
) -> bytes:
    blank = np.zeros((rows, 232), np.uint8) if image is None else image
    options = {"scan_rows": np.arange(float(rows)), "depth": 7000 + np.arange(rows) / 10.0,
               "depth_unit": "ft", "title": "t"} | more  # fmt: skip
    return draw_overlay(blank, curves, LEFT, RIGHT, **options)  # type: ignore[arg-type]


def pixels(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].astype(int)


def body(png: bytes, rows: int, curves: int) -> np.ndarray:
    """Pixels of the first panel's strip, for pictures at full size with one panel."""
    layout = _plan(rows, 232, curves)
    assert (layout.scale, layout.panels) == (1.0, 1)
    left = layout.left_px(0)
    return pixels(png)[layout.head_px : layout.head_px + rows, left : left + 232]


def centres(part: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Column of a colour in every row, weighted by how far a pixel is from white towards it."""
    towards = 255 - np.array(colour)
    weight = ((255 - part) @ towards) / (towards @ towards)
    grey = np.ptp(part, axis=2) < 30
    weight = np.where(grey, 0.0, weight)
    total = weight.sum(axis=1)
    columns = (weight * np.arange(part.shape[1])).sum(axis=1)
    return np.divide(columns, total, out=np.full(len(part), np.nan), where=total > 0.3)


def test_curve_lies_where_it_was_put() -> None:
    frac = 0.5 + 0.3 * np.sin(np.arange(800) / 60)
    found = centres(body(draw(800, curve(frac)), 800, 1), COLOURS[0])
    truth = LEFT + frac * (RIGHT - LEFT)
    assert np.isfinite(found[2:-2]).all()
    assert np.nanmax(np.abs(found - truth)[2:-2]) < 0.6
    assert abs(np.nanmean(found - truth)) < 0.1


def test_gap_stays_empty_and_bridge_is_dashed_and_paler() -> None:
    frac = np.full(600, 0.5)
    frac[200:260] = np.nan
    observed = np.isfinite(frac)
    observed[400:500] = False
    part = body(draw(600, curve(frac, observed=observed)), 600, 1)
    near = part[:, 112:121]
    drawn = np.ptp(near, axis=2).max(axis=1) > 30
    assert drawn[:199].all()
    assert not drawn[202:258].any()
    assert 0.3 < drawn[402:498].mean() < 0.75
    solid, pale = near[100:180].min(axis=1).mean(axis=0), near[402:498][drawn[402:498]].min(axis=1)
    assert pale.mean() > solid.mean() + 20


def test_a_stretch_without_values_is_dotted_and_never_looks_like_one_with_values() -> None:
    withheld = np.zeros(600, bool)
    withheld[200:400] = True
    part = body(draw(600, curve(np.full(600, 0.5), withheld=withheld)), 600, 1)
    coloured = np.ptp(part[:, 112:121], axis=2).max(axis=1) > 60
    assert coloured[:199].all()
    assert coloured[401:].all()
    assert 0.1 < coloured[202:398].mean() < 0.5
    kinds = [kind for kind, _ in _runs(curve(np.full(600, 0.5), withheld=withheld), LEFT, RIGHT)]
    assert kinds == ["observed", "withheld", "observed"]


def test_a_bridge_and_a_lone_sample_without_values_are_withheld() -> None:
    frac = np.array([0.1, 0.2, 0.2, np.nan, 0.5, np.nan])
    observed = np.array([True, False, False, False, True, False])
    withheld = np.array([False, True, True, False, True, False])
    runs = _runs(curve(frac, observed=observed, withheld=withheld), LEFT, RIGHT)
    assert [(kind, len(line)) for kind, line in runs] == [("withheld", 3), ("withheld", 2)]


def test_wrap_is_folded_without_a_fly_back_line() -> None:
    frac = np.linspace(0.8, 1.2, 400)
    part = body(draw(400, curve(frac, replace(GR, wrap="one"))), 400, 1)
    found = centres(part, COLOURS[0])
    truth = LEFT + (frac - np.floor(frac)) * (RIGHT - LEFT)
    steady = np.abs(np.arange(400) - 200) > 8
    assert np.nanmax(np.abs(found - truth)[steady]) < 1.0
    middle = np.ptp(part[:, 70:160], axis=2)
    assert middle.max() < 30


def test_without_wrap_a_curve_may_leave_into_the_margin() -> None:
    runs = list(_runs(curve(np.array([0.98, 1.02, 1.04])), LEFT, RIGHT))
    assert len(runs) == 1
    np.testing.assert_allclose(runs[0][1][:, 1], [212, 220, 224])


def test_runs_cut_at_gaps_and_keep_lone_samples() -> None:
    frac = np.array([0.1, 0.2, np.nan, 0.5, np.nan, 0.3, 0.4, 0.5])
    observed = np.array([True, True, False, True, False, True, False, True])
    runs = [(kind, len(line)) for kind, line in _runs(curve(frac, observed=observed), LEFT, RIGHT)]
    assert runs == [("observed", 2), ("bridged", 3), ("observed", 2)]
    assert list(_runs(curve(np.full(5, np.nan)), LEFT, RIGHT)) == []


def test_ink_is_shown_grey_and_light() -> None:
    image = np.zeros((300, 232), np.uint8)
    image[:, 50] = 255
    part = body(draw(300, image=image), 300, 0)
    ink = part[50, 50]
    assert np.ptp(ink) == 0
    assert 140 < ink[0] < 190
    assert (part[50, 60] == 255).all()
    scan = np.full((300, 232, 3), 255, np.uint8)
    scan[:, 50] = 0
    assert (body(draw(300, image=scan), 300, 0) == part).all()


@pytest.mark.parametrize("rows", [2, 700, 5_000, 20_001, 90_000])
def test_long_logs_stay_viewable_and_complete(rows: int) -> None:
    marks = np.full(rows, np.nan)
    marks[[0, rows // 2, rows - 1]] = 0.5
    image = pixels(draw(rows, curve(marks)))
    layout = _plan(rows, 232, 1)
    assert image.shape == (layout.height_px, layout.width_px, 3)
    assert image.shape[0] <= 16_000
    assert image.shape[1] <= 12_000
    assert layout.panels == 1 or image.shape[0] > 1_000
    coloured = np.ptp(image[layout.head_px :], axis=2) > 40
    spots, _ = cv2.connectedComponents(coloured.astype(np.uint8))
    assert spots - 1 == (3 if rows > 2 else 1)


def test_scale_of_long_logs_is_about_100_dpi() -> None:
    assert _plan(20_000, 540, 3).scale == 1.0
    assert _plan(100_000, 540, 3).scale == 0.5
    huge = _plan(240_000, 540, 3)
    assert huge.width_px * huge.height_px < 60e6


def test_a_line_over_panels_is_drawn_in_all_of_them() -> None:
    rows = 12_000
    image = pixels(draw(rows, curve(np.full(rows, 0.25))))
    layout = _plan(rows, 232, 1)
    assert layout.panels > 2
    for panel in range(layout.panels):
        left = layout.left_px(panel)
        part = image[layout.head_px : layout.head_px + layout.panel_px, left : left + 232]
        found = centres(part, COLOURS[0])
        inside = np.isfinite(found)
        assert inside.sum() >= min(layout.panel_px, rows - panel * layout.panel_px) - 2
        assert abs(np.nanmean(found) - 66.0) < 0.3


def test_bytes_repeat_and_depend_on_the_curve() -> None:
    frac = np.full(300, 0.5)
    assert draw(300, curve(frac)) == draw(300, curve(frac))
    assert draw(300, curve(frac)) != draw(300, curve(frac + 0.01))
    chunks = draw(300, curve(frac))
    assert b"tIME" not in chunks
    assert b"tEXt" not in chunks


def test_odd_text_and_missing_depth() -> None:
    odd = replace(CALI, mnemonic="<b>井\u202e\n", unit="مرحبا")
    long = "x" * 400
    many = [curve(np.full(50, 0.1 * i), odd, decision="review", note=long) for i in range(9)]
    assert draw(50, *many, title=long, depth=None)
    assert draw(50, *many, depth=np.full(50, np.nan))
    assert draw(50, curve(np.full(50, 0.5), ILD), depth=np.zeros(50))


def test_depth_ticks_lie_at_their_depth() -> None:
    rows = 900
    depth = 7000.0 + np.arange(rows) / 10.0
    part = body(draw(rows, depth=depth), rows, 0)
    faint = np.flatnonzero((part[:, 30:200].max(axis=2) < 250).all(axis=1))
    np.testing.assert_array_equal(faint, np.arange(0, rows, 100))


def test_contradicting_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="depths"):
        draw(50, depth=np.zeros(49))
    with pytest.raises(ValueError, match="differ in length"):
        curve(np.zeros(5), row=np.zeros(4))
    with pytest.raises(ValueError, match="differ in length"):
        curve(np.zeros(5), withheld=np.zeros(6, bool))
    with pytest.raises(ValueError, match="uint8"):
        draw(50, image=np.zeros((50, 232)))
