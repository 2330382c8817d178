"""Scales, steps, gaps and depths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veernet_core.config import DigitiseConfig
from veernet_core.curve import physical
from veernet_core.datatypes import EVIDENCE, CurveSpec, DepthAxis, Section, Trace

CONFIG = DigitiseConfig()
LINEAR = CurveSpec("GR", "GAPI", 0, 150)
REVERSED = CurveSpec("NPHI", "V/V", 0.45, -0.15, style="dashed")
LOG = CurveSpec("ILD", "OHMM", 0.2, 2000, "log")


def axis(rows: int = 2001, per_row: float = 0.1, unit: str = "ft") -> DepthAxis:
    return DepthAxis(unit, np.array([[0.0, 1000.0], [rows - 1.0, 1000.0 + (rows - 1) * per_row]]))  # type: ignore[arg-type]


def section(rows: int = 2001, per_row: float = 0.1, unit: str = "ft") -> Section:
    return Section("main", 0.0, float(rows), axis(rows, per_row, unit), ())


def trace(frac: np.ndarray, observed: np.ndarray | None = None) -> Trace:
    n = len(frac)
    seen = np.ones(n, bool) if observed is None else observed
    evidence = np.repeat(seen[:, None].astype(float), len(EVIDENCE), axis=1)
    return Trace(frac, evidence, seen, np.arange(n, dtype=np.float64))


def with_gap(path: np.ndarray, start: int, stop: int, mass: float, presence: float) -> Trace:
    """A trace along ``path`` with an unobserved run that has such evidence."""
    observed = np.ones(len(path), bool)
    observed[start:stop] = False
    t = trace(path, observed)
    t.evidence[start:stop, :2] = mass, presence
    t.evidence[start:stop, EVIDENCE.index("support")] = 1.0
    return t


def recover(t: Trace, spec: CurveSpec = LINEAR, s: Section | None = None, step: float = 0.5):  # type: ignore[no-untyped-def]
    s = s or section(len(t.frac))
    depth = physical.depth_grid(s, step)
    return physical.recover(t, np.full(len(t.frac), 0.9), spec, s, "T1", depth, CONFIG)


@pytest.mark.parametrize(
    ("spec", "frac", "value"),
    [
        (LINEAR, 0.5, 75.0),
        (LINEAR, 1.2, 180.0),
        (REVERSED, 0.0, 0.45),
        (REVERSED, 0.75, 0.0),
        (LOG, 0.25, 2.0),
        (LOG, 1.0, 2000.0),
    ],
)
def test_scales(spec: CurveSpec, frac: float, value: float) -> None:
    assert physical.value_at(np.array([frac]), spec)[0] == pytest.approx(value)
    assert physical.frac_at(np.array([value]), spec)[0] == pytest.approx(frac)


@given(st.floats(-1, 2))
def test_scale_inverts(frac: float) -> None:
    for spec in (LINEAR, REVERSED, LOG):
        value = physical.value_at(np.array([frac]), spec)
        assert physical.frac_at(value, spec)[0] == pytest.approx(frac, abs=1e-9)


@given(st.floats(900, 1300))
def test_depth_axis_inverts(depth: float) -> None:
    a = DepthAxis("ft", np.array([[5.0, 1000.0], [905.5, 1090.0], [2000.0, 1200.0]]))
    assert a.depth_at(a.row_at(np.array([depth])))[0] == pytest.approx(depth)


@pytest.mark.parametrize("step", [0.5, 0.1, 0.25, 0.1524])
def test_depths_are_whole_multiples_of_the_step(step: float) -> None:
    multiples = physical.depth_grid(section(), step) / step
    assert np.abs(multiples - np.round(multiples)).max() < 1e-6


@pytest.mark.parametrize(
    ("per_row", "unit", "step"),
    [(0.1, "ft", 0.5), (0.25, "ft", 0.5), (0.5, "ft", 1.0), (0.0254, "m", 0.1), (0.127, "m", 0.5)],
)
def test_step_is_never_finer_than_about_two_rows(per_row: float, unit: str, step: float) -> None:
    assert physical.choose_step(axis(2001, per_row, unit), 1.0, CONFIG) == pytest.approx(step)


def test_curve_comes_back_within_half_a_step() -> None:
    rows = np.arange(2001)
    frac = 0.5 + 0.3 * np.sin(rows / 60)
    curve = recover(trace(frac))
    truth = 150 * (0.5 + 0.3 * np.sin((curve.depth - 1000) / 0.1 / 60))
    assert np.nanmax(np.abs(curve.value - truth)) < 0.2
    assert curve.observed.all()


def test_peaks_keep_most_of_their_height() -> None:
    frac = np.full(401, 0.2)
    frac[195:206] += 0.5 * (1 - np.abs(np.arange(-5, 6)) / 5)  # a one-sample spike at 0.5 ft
    curve = recover(trace(frac))
    assert np.nanmax(curve.frac) > 0.2 + 0.85 * 0.5


@pytest.mark.parametrize(
    ("gap_ft", "bridged"), [(3.0, True), (9.5, True), (10.5, False), (40, False)]
)
def test_gaps(gap_ft: float, bridged: bool) -> None:
    frac = np.linspace(0.2, 0.8, 2001)
    observed = np.ones(2001, bool)
    start = 800
    observed[start : start + round(gap_ft * 10) - 1] = False
    curve = recover(trace(np.where(observed, frac, 0.99), observed))
    inside = (curve.depth > 1080.3) & (curve.depth < 1080 + gap_ft - 0.6)
    assert not curve.observed[inside].any()
    if bridged:
        assert (
            np.abs(
                curve.frac[inside] - np.interp(curve.depth[inside], [1000, 1200], [0.2, 0.8])
            ).max()
            < 1e-3
        )
    else:
        assert np.isnan(curve.value[inside]).all()


def test_a_gap_in_which_the_curve_is_elsewhere_stays_open() -> None:
    path = np.full(2001, 0.3)
    blank = recover(with_gap(path, 800, 820, 0.0, 0.1))
    assert np.isfinite(blank.value).all()
    assert not blank.observed.all()
    elsewhere = recover(with_gap(path, 800, 820, 0.0, 0.9))
    inside = (elsewhere.depth > 1080.3) & (elsewhere.depth < 1081.7)
    assert np.isnan(elsewhere.value[inside]).all()


def test_missing_ink_is_bridged_only_where_the_curve_need_not_go_far() -> None:
    far = np.where(np.arange(2001) < 810, 0.3, 0.6)
    curve = recover(with_gap(far, 800, 820, 0.0, 0.1))
    inside = (curve.depth > 1080.3) & (curve.depth < 1081.7)
    assert np.isnan(curve.value[inside]).all()


def test_a_curve_under_another_one_is_bridged_along_its_path() -> None:
    path = 0.3 + 0.1 * np.sin(np.arange(2001) / 12)
    along = recover(with_gap(path, 800, 880, 0.5, 0.9))
    assert not along.observed.all()
    assert np.abs(along.frac - recover(trace(path)).frac).max() < 1e-9
    leapt = path.copy()
    leapt[800:880] += 0.2  # on somebody else's ink
    inside = (along.depth > 1080.3) & (along.depth < 1087.7)
    assert np.isnan(recover(with_gap(leapt, 800, 880, 0.5, 0.9)).frac[inside]).all()
    over_paper = with_gap(path, 800, 880, 0.5, 0.9)
    over_paper.evidence[838:843, EVIDENCE.index("support")] = 0.0
    assert np.isnan(recover(over_paper).frac[inside]).all()


def test_ends_are_not_extrapolated() -> None:
    observed = np.zeros(2001, bool)
    observed[500:1500] = True
    curve = recover(trace(np.full(2001, 0.5), observed))
    assert np.isnan(curve.value[curve.depth < 1049]).all()
    assert np.isnan(curve.value[curve.depth > 1151]).all()


def test_nothing_observed_is_nothing_delivered() -> None:
    curve = recover(trace(np.full(2001, 0.5), np.zeros(2001, bool)))
    assert np.isnan(curve.value).all()
    assert np.isnan(curve.confidence).all()


def test_backup_scale_fills_where_the_finer_is_silent() -> None:
    fine = CurveSpec("RES", "OHMM", 0, 50)
    coarse = CurveSpec("RES", "OHMM", 0, 500, style="dashed")
    on = np.ones(2001, bool)
    on[900:1200] = False
    a = recover(trace(np.where(on, 0.6, 0.99), on), fine)
    b = recover(trace(np.full(2001, 0.3), ~on), coarse)
    (merged,) = physical.merge_backups([b, a])
    middle = (merged.depth > 1091) & (merged.depth < 1119)
    assert np.allclose(merged.value[middle], 150.0, atol=0.5)
    assert np.allclose(merged.value[merged.depth < 1089], 30.0, atol=0.1)
    assert merged.frac[middle].min() > 1  # unfolded position on the finer scale
    assert merged.spec == fine
