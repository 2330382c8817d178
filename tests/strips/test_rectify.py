"""Rectification against truth: lines drawn on a turned page land where they should in the strip."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rectify_support import CONFIG, HEIGHT, WIDTH, TurnedPage, log_of

from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import (
    CurveSpec,
    Section,
    Strip,
    Track,
    TrackGeometry,
)
from veernet_core.strips.rectify import scan_to_strip, strip_blocks, strip_to_scan


def joined(strips: list[Strip]) -> np.ndarray:
    return np.concatenate([s.ink[s.keep_rows[0] : s.keep_rows[1]] for s in strips])


def column_centroid(ink: np.ndarray) -> np.ndarray:
    weight = ink.astype(float)
    return (weight * np.arange(ink.shape[1])).sum(1) / weight.sum(1)


ANGLES = [0.0, 0.7, -1.5, 3.0]


@pytest.mark.parametrize("degrees", ANGLES)
@pytest.mark.parametrize(("dpi", "tolerance"), [(200, 0.05), (300, 0.05), (400, 0.08), (130, 0.1)])
def test_a_curve_lands_at_its_sub_pixel_position(degrees, dpi, tolerance):
    page = TurnedPage(degrees)
    truth = 400.3  # a straight curve, parallel to the borders, at a known fraction
    ink = page.draw(lambda u, v: u - truth)
    (strip,) = strip_blocks(log_of(ink, page.section(), dpi=dpi), CONFIG)
    frac = (truth - page.left_u) / (page.right_u - page.left_u)
    expected = strip.left_col + frac * strip.track_width_px
    found = column_centroid(strip.ink)[5:-5]
    assert np.abs(found - expected).max() < tolerance
    assert np.abs(found - expected).mean() < tolerance / 2


@pytest.mark.parametrize("degrees", ANGLES)
def test_a_wandering_curve_is_recovered_on_the_page(degrees):
    page = TurnedPage(degrees)

    def curve(v):
        return 400.0 + 120.0 * np.sin(v / 90.0)

    slope = 120.0 / 90.0
    ink = page.draw(lambda u, v: (u - curve(v)) / np.sqrt(1 + (slope * np.cos(v / 90.0)) ** 2))
    log = log_of(ink, page.section())
    (strip,) = strip_blocks(log, CONFIG)
    found = column_centroid(strip.ink)
    frac = (found - strip.left_col) / strip.track_width_px
    row, col = strip_to_scan(log, 0, 0, strip.scan_rows, frac)
    u, v = page.to_page(row, col)
    assert np.abs(u - curve(v))[5:-5].max() < 0.25  # a centroid along a row bends at peaks
    assert np.median(np.abs(u - curve(v))) < 0.05


@pytest.mark.parametrize("degrees", ANGLES)
@pytest.mark.parametrize("dpi", [200, 300])
def test_depth_lines_become_level_at_their_reference_row(degrees, dpi):
    page = TurnedPage(degrees)
    spacing = 150.0
    ink = page.draw(lambda u, v: (v + spacing / 2) % spacing - spacing / 2)
    (strip,) = strip_blocks(log_of(ink, page.section(), dpi=dpi), CONFIG)
    inner = strip.ink[:, int(strip.left_col) : int(strip.right_col) + 1].astype(float)
    lines = [v for v in np.arange(0, 2000, spacing) if 120 < page.reference_row(v) < 1380]
    assert len(lines) >= 7
    for v in lines:
        near = np.abs(strip.scan_rows - page.reference_row(v)) < 20
        weight = inner[near]
        rows = (weight * strip.scan_rows[near][:, None]).sum(0) / weight.sum(0)
        np.testing.assert_allclose(rows, page.reference_row(v), atol=0.1 * max(1, dpi / 200))


@settings(max_examples=60, deadline=None)
@given(
    degrees=st.floats(-3, 3),
    row=st.floats(150, 1350),
    frac=st.floats(-0.5, 1.5),
)
def test_strip_to_scan_is_the_geometry_of_a_turned_page(degrees, row, frac):
    page = TurnedPage(degrees)
    log = log_of(np.zeros((HEIGHT, WIDTH), np.uint8), page.section())
    found_row, found_col = strip_to_scan(log, 0, 0, np.array([row]), np.array([frac]))
    u, v = page.to_page(found_row, found_col)
    np.testing.assert_allclose(u, page.left_u + frac * (page.right_u - page.left_u), atol=1e-6)
    np.testing.assert_allclose(page.reference_row(v), row, atol=1e-6)
    back = scan_to_strip(log, 0, 0, found_row, found_col)
    assert back[0][0] == pytest.approx(row, abs=1e-3)
    assert back[1][0] == pytest.approx(frac, abs=1e-6)


def test_strip_to_scan_keeps_nan():
    page = TurnedPage(1.0)
    log = log_of(np.zeros((HEIGHT, WIDTH), np.uint8), page.section())
    row, col = strip_to_scan(log, 0, 0, np.array([500.0, 501.0]), np.array([np.nan, 0.5]))
    assert np.isnan([row[0], col[0]]).all()
    assert np.isfinite([row[1], col[1]]).all()


def test_identity_where_nothing_needs_doing():
    rng = np.random.default_rng(0)
    ink = rng.integers(0, 256, (300, 200), dtype=np.uint8)
    geometry = TrackGeometry("T1", np.array([[0.0, 50.0]]), np.array([[0.0, 149.0]]))
    section = Section("s", 20, 280, None, (Track(geometry, (CurveSpec("GR", "", 0, 1),)),))
    config = DigitiseConfig(strip_dpi=100 / 99 * 200, margin_px=16)
    (strip,) = strip_blocks(log_of(ink, section, dpi=200 * 100 / 99), config)
    assert (strip.left_col, strip.right_col) == (16.0, 114.0)
    np.testing.assert_array_equal(strip.scan_rows, np.arange(20, 280))
    # 99 px of track become 99 columns: frac steps of 99/98 px, exact only at the borders
    np.testing.assert_array_equal(strip.ink[:, 16], ink[20:280, 50])
    np.testing.assert_array_equal(strip.ink[:, 114], ink[20:280, 149])


@pytest.mark.parametrize("dpi", [200, 300, 170])
@pytest.mark.parametrize(("block", "overlap"), [(100, 0), (256, 32), (333, 50), (5000, 256)])
def test_blocks_tile_the_section_and_agree_in_their_overlap(dpi, block, overlap):
    page = TurnedPage(1.2)
    ink = page.draw(lambda u, v: u - 400 - 100 * np.sin(v / 40))
    log = log_of(ink, page.section(), dpi=dpi)
    (whole,) = strip_blocks(log, DigitiseConfig(block_rows=10_000))
    strips = list(strip_blocks(log, DigitiseConfig(block_rows=block, overlap_rows=overlap)))
    np.testing.assert_array_equal(joined(strips), whole.ink)
    for strip in strips:
        n = len(strip.ink)
        own = strip.first_row + strip.keep_rows[0]
        assert own % block == 0
        assert strip.keep_rows[1] - strip.keep_rows[0] == min(block, len(whole.ink) - own)
        assert strip.keep_rows[0] == min(overlap, own)
        assert n - strip.keep_rows[1] == min(
            overlap, len(whole.ink) - own - (strip.keep_rows[1] - strip.keep_rows[0])
        )
        span = slice(strip.first_row, strip.first_row + n)
        np.testing.assert_array_equal(strip.ink, whole.ink[span])
        np.testing.assert_array_equal(strip.scan_rows, whole.scan_rows[span])
    steps = np.diff(whole.scan_rows)
    np.testing.assert_allclose(steps, dpi / 200, rtol=1e-9)
    assert whole.scan_rows[0] >= 99.5
    assert whole.scan_rows[-1] <= 1400.0


@pytest.mark.parametrize("dpi", [300, 400, 800])
def test_fine_texture_is_averaged_not_aliased(dpi):
    ink = np.zeros((1200, 1200), np.uint8)
    ink[::2] = 255
    geometry = TrackGeometry("T1", np.array([[0.0, 100.0]]), np.array([[0.0, 1100.0]]))
    section = Section("s", 0, 1200, None, (Track(geometry, (CurveSpec("GR", "", 0, 1),)),))
    (strip,) = strip_blocks(log_of(ink, section, dpi=dpi), CONFIG)
    inner = strip.ink[4:-4, 20:-20].astype(float)
    assert inner.mean() == pytest.approx(127.5, abs=3)
    # Point sampling would swing by 127; at 300 dpi the texture is 0.75 strip px and partly shows.
    assert inner.std() < (50 if dpi == 300 else 6)


def test_off_the_page_is_paper():
    ink = np.full((200, 100), 255, np.uint8)
    geometry = TrackGeometry("T1", np.array([[0.0, 0.0]]), np.array([[0.0, 99.0]]))
    section = Section("s", 0, 200, None, (Track(geometry, (CurveSpec("GR", "", 0, 1),)),))
    (strip,) = strip_blocks(log_of(ink, section), CONFIG)
    assert not strip.ink[:, :14].any()
    assert not strip.ink[:, -14:].any()
    assert strip.ink[2:-2, 18:-18].min() == 255


def test_order_is_section_block_track_and_reading_goes_forward():
    page = TurnedPage(0.5)
    reads: list[tuple[int, int]] = []
    tracks = tuple(
        Track(TrackGeometry(name, page.knots(a), page.knots(b)), (CurveSpec(name, "", 0, 1),))
        for name, a, b in (("A", 100, 250), ("B", 300, 450), ("C", 450, 600))
    )
    sections = tuple(
        Section(str(k), top, bottom, None, tracks, page.knots(100))
        for k, (top, bottom) in enumerate([(50, 700), (720, 1450)])
    )
    log = log_of(np.zeros((HEIGHT, WIDTH), np.uint8), *sections, reads=reads)
    strips = list(strip_blocks(log, DigitiseConfig(block_rows=300, overlap_rows=20)))
    order = [(s.section_index, s.first_row, s.track_index) for s in strips]
    assert order == sorted(order)
    assert len(strips) == 3 * 3 * 2
    assert len(reads) == 6  # once for all tracks of a block
    assert [r[0] for r in reads] == sorted(r[0] for r in reads)
    assert max(b - a for a, b in reads) < 400


def test_tracks_without_curves_and_sections_without_tracks_are_skipped():
    page = TurnedPage(0.0)
    reads: list[tuple[int, int]] = []
    log = log_of(
        np.zeros((HEIGHT, WIDTH), np.uint8),
        page.section(curves=()),
        Section("empty", 0, 100, None, ()),
        reads=reads,
    )
    assert list(strip_blocks(log, CONFIG)) == []
    assert reads == []


def test_a_border_that_kinks_is_followed():
    rows = np.array([0.0, 600.0, 1500.0])
    left, right = np.array([200.0, 212.0, 206.0]), np.array([600.0, 612.0, 606.0])
    row = np.arange(HEIGHT)
    x = np.interp(row, rows, left) + 0.25 * 400
    cols = np.arange(WIDTH)
    ink = np.rint(255 * np.clip(2 - np.abs(cols[None] - x[:, None]), 0, 1)).astype(np.uint8)
    geometry = TrackGeometry("T1", np.column_stack([rows, left]), np.column_stack([rows, right]))
    section = Section(
        "s", 0, HEIGHT, None, (Track(geometry, (CurveSpec("GR", "", 0, 1),)),), geometry.left_knots
    )
    (strip,) = strip_blocks(log_of(ink, section), CONFIG)
    found = (column_centroid(strip.ink) - strip.left_col) / strip.track_width_px
    # 100 px from the border the depth line sits a row or two off: 0.02 px of drift a row.
    assert np.abs(found - 0.25).max() * 400 < 0.1
