"""Rectification of colour scans: a strip for each ink."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rectify_support import CONFIG, HEIGHT, WIDTH, TurnedPage, log_of

from veernet_core.config import UNSEEN_BORDERS, DigitiseConfig
from veernet_core.datatypes import (
    CurveSpec,
    Section,
    Track,
    TrackGeometry,
)
from veernet_core.strips.border_check import border_offsets, border_slack
from veernet_core.strips.rectify import strip_blocks


def test_curves_of_one_colour_share_a_strip_and_see_only_their_ink():
    rgb = np.full((400, 300, 3), 255, np.uint8)
    rgb[:, 100:103], rgb[:, 200:203] = (255, 0, 0), (0, 0, 255)
    rgb[::25] = 128
    geometry = TrackGeometry("T1", np.array([[0.0, 50.0]]), np.array([[0.0, 250.0]]))
    specs = tuple(
        CurveSpec(name, "", 0, 1, colour=colour)
        for name, colour in (("A", "#ff0000"), ("B", "#0000ff"), ("C", "#ff0000"), ("D", None))
    )
    section = Section("s", 0, 400, None, (Track(geometry, specs),))
    red, blue, rest = strip_blocks(log_of(rgb, section), CONFIG)
    assert [s.curve_indices for s in (red, blue, rest)] == [(0, 2), (1,), (3,)]
    at_red = round(red.left_col + 0.255 * red.track_width_px)
    at_blue = round(red.left_col + 0.755 * red.track_width_px)
    rows = np.arange(5, 20)
    assert red.ink[rows, at_red].min() > 200
    assert red.ink[rows, at_blue].max() < 20
    assert blue.ink[rows, at_blue].min() > 200
    assert blue.ink[rows, at_red].max() < 20
    assert rest.ink[rows][:, [at_red, at_blue]].max() < 20
    assert rest.ink[25, 60] > 60
    # all ink comes with the first pen only
    assert red.all_ink is not None
    assert red.all_ink[rows][:, [at_red, at_blue]].min() > 200
    assert red.all_ink[rows, at_red - 20].max() < 20
    assert blue.all_ink is None
    assert rest.all_ink is None


def test_the_picture_of_a_colour_scan_shows_pens_that_no_curve_has():
    rgb = np.full((400, 300, 3), 255, np.uint8)
    rgb[:, 100:103], rgb[:, 200:203] = (0, 156, 0), 0
    geometry = TrackGeometry("T1", np.array([[0.0, 50.0]]), np.array([[0.0, 250.0]]))
    specs = tuple(CurveSpec(name, "", 0, 1, colour="#009c00") for name in ("GR", "DCAL"))
    section = Section("s", 0, 400, None, (Track(geometry, specs),))
    (strip,) = strip_blocks(log_of(rgb, section), CONFIG)
    at_green, at_black = (
        round(strip.left_col + frac * strip.track_width_px) for frac in (0.255, 0.755)
    )
    assert strip.ink[:, at_green].min() > 200
    assert strip.ink[:, at_black].max() < 20
    assert strip.all_ink is not None
    assert strip.all_ink.shape == strip.ink.shape
    assert strip.all_ink[:, [at_green, at_black]].min() > 200
    assert strip.all_ink[:, at_black + 20].max() < 20
    (grey,) = strip_blocks(log_of(rgb.max(axis=2), section), CONFIG)
    assert grey.all_ink is None


@settings(max_examples=40, deadline=None)
@given(
    top=st.floats(0, 1480),
    height=st.floats(3, 400),
    dpi=st.floats(60, 800),
    degrees=st.floats(-4, 4),
    margin=st.integers(0, 40),
)
def test_any_geometry_gives_whole_strips(top, height, dpi, degrees, margin):
    page = TurnedPage(degrees)
    bottom = min(top + height, float(HEIGHT))
    log = log_of(np.full((HEIGHT, WIDTH), 255, np.uint8), page.section(top, bottom), dpi=dpi)
    config = DigitiseConfig(margin_px=margin, block_rows=200, overlap_rows=30)
    strips = list(strip_blocks(log, config))
    rows = np.concatenate([s.scan_rows[s.keep_rows[0] : s.keep_rows[1]] for s in strips])
    assert len(rows) == max(2, round((bottom - top) * 200 / dpi))
    assert (np.diff(rows) > 0).all()
    assert len({(s.left_col, s.right_col, s.ink.shape[1]) for s in strips}) == 1
    assert strips[0].left_col == margin
    assert strips[0].ink.shape[1] == strips[0].right_col + margin + 1


def test_where_one_ink_is_all_there_is_it_comes_once():
    """A grey scan, and a colour scan whose curves have no colour, show all ink anyway."""
    grey = np.zeros((400, 300), np.uint8)
    geometry = TrackGeometry("T1", np.array([[0.0, 50.0]]), np.array([[0.0, 250.0]]))
    section = Section("s", 0, 400, None, (Track(geometry, (CurveSpec("A", "", 0, 1),)),))
    for page in (grey, np.full((400, 300, 3), 255, np.uint8)):
        (strip,) = strip_blocks(log_of(page, section), CONFIG)
        assert strip.all_ink is None
        assert strip.printed is strip.ink


def test_borders_printed_black_are_seen_beside_a_coloured_pen():
    rgb = np.full((1200, 600, 3), 255, np.uint8)
    rgb[:, 99:102] = rgb[:, 499:502] = 0
    rgb[:, 250:253] = (255, 0, 0)
    geometry = TrackGeometry("T1", np.array([[0.0, 100.0]]), np.array([[0.0, 500.0]]))
    spec = CurveSpec("A", "", 0, 1, colour="#ff0000")
    section = Section("s", 0, 1200, None, (Track(geometry, (spec,)),))
    (strip,) = strip_blocks(log_of(rgb, section), CONFIG)
    ends = strip.left_col, strip.right_col
    assert border_slack(border_offsets(strip.ink, *ends)) == UNSEEN_BORDERS
    seen = border_slack(border_offsets(strip.printed, *ends))
    assert max(seen) < 0.002
