"""What a sidecar makes of a page: tracks, curves, rows, resolution."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sidecar_support import CONTRACT, CURVE, changed, page, parse

from veernet_core.datatypes import Section, Track, TrackGeometry
from veernet_core.errors import GeometryError
from veernet_core.page.known.page_dpi import layout_dpi
from veernet_core.page.known.sections import given_sections
from veernet_core.page.known.sidecar import parse_sidecar, sidecar_json


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("#00FF7f", "#00ff7f"),
        ("red", "#ff0000"),
        ("RebeccaPurple", "#663399"),
        (" navy ", "#000080"),
    ],
)
def test_colours_become_hex(stated, expected):
    (section,), _ = given_sections(parse(changed(f"{CURVE}.colour", stated)), page())
    assert section.tracks[0].curves[0].colour == expected


def test_points_reach_the_spec():
    (section,), _ = given_sections(parse(changed(f"{CURVE}.points", [[19000, 800.5]])), page())
    assert section.tracks[0].curves[0].points_px == ((19000.0, 800.5),)


def test_confirmed_borders_reach_the_track():
    for stated in (True, False):
        sidecar = parse(changed("sections.0.tracks.0.borders_confirmed", stated))
        (section,), _ = given_sections(sidecar, page())
        assert section.tracks[0].borders_confirmed is stated
        again = parse_sidecar(json.dumps(sidecar_json(sidecar)).encode(), "well.sidecar.json")
        assert again.sections[0].tracks[0].borders_confirmed is stated


def test_reference_line_is_the_centre_of_the_depth_column():
    column = {"left_px": 500, "right_px": [[18000, 700], [38000, 720]]}
    (section,), _ = given_sections(parse(changed("sections.0.depth_column", column)), page())
    rows = np.array([18000.0, 28000.0, 38000.0])
    np.testing.assert_allclose(np.interp(rows, *section.reference_px.T), [600, 605, 610])


def test_what_is_left_out_is_reported_and_not_invented():
    (section,), findings = given_sections(
        parse({"sections": [{"tracks": [{"curves": [{"mnemonic": "GR"}]}]}]}), page()
    )
    assert (section.section_id, section.row_top, section.row_bottom) == ("S1", 0, 40_000)
    assert section.depth is None
    assert section.tracks == ()
    assert [f.code for f in findings] == ["depth_unknown", "track_unknown"]
    assert all(f.remedy and f.section_id == "S1" for f in findings)


def test_curve_without_scale_is_dropped():
    (section,), findings = given_sections(parse(changed(f"{CURVE}.left", ...)), page())
    assert section.tracks[0].curves == ()
    assert [(f.code, f.track_id) for f in findings] == [("scale_unknown", "T1")]


@pytest.mark.parametrize(
    "depth", [{"unit": "ft", "top": 7200, "bottom": 9000}, {"anchors": [[1, 2], [3, 4]]}]
)
def test_a_depth_range_or_a_missing_unit_is_no_axis(depth):
    sidecar = parse(changed("sections.0.depth", depth))
    (section,), findings = given_sections(sidecar, page())
    assert section.depth is None
    assert [f.code for f in findings] == ["depth_unknown"]
    stated = sidecar.sections[0].depth
    assert stated is not None
    assert stated.top == depth.get("top")


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("sections.0.row_top", -500, "rows -500 to"),
        ("sections.0.row_top", -3, "rows -3 to"),
        ("sections.0.row_bottom", 40_500, "to 40500"),
        ("sections.0.row_bottom", 40_003, "to 40003"),
        ("sections.0.depth.anchors", [[-900, 7200], [20310, 7300]], "row -900"),
        ("sections.0.depth.anchors", [[18342, 7200], [70310, 7300]], "row 70310"),
        ("sections.0.tracks.0.left_px", -9000, "columns -9000 to"),
        ("sections.0.tracks.0.right_px", 90_000, "to 90000"),
    ],
)
def test_rows_and_columns_off_the_page_are_errors_that_name_them(path, value, named):
    with pytest.raises(GeometryError) as refusal:
        given_sections(parse(changed(path, value)), page())
    assert named in refusal.value.message
    assert refusal.value.where.startswith("well.sidecar.json: sections[0]")
    assert refusal.value.remedy


@pytest.mark.parametrize(("top", "bottom"), [(0, 40_000), (-1, 40_001), (-0.5, 39_999.5)])
def test_rows_at_the_edge_are_taken(top, bottom):
    stated = changed("sections.0.row_top", top)
    stated["sections"][0]["row_bottom"] = bottom
    (section,), _ = given_sections(parse(stated), page())
    assert section.row_top == max(0, top)
    assert section.row_bottom == min(40_000, bottom)


def test_a_border_off_the_paper_is_said_and_nothing_else():
    (section,), findings = given_sections(
        parse(changed("sections.0.tracks.0.left_px", -60)), page()
    )
    assert [f.code for f in findings] == ["border_off_page"]
    assert "-60" in findings[0].message
    assert section.tracks[0].geometry.left_px(np.array([20_000.0]))[0] == -60


def test_what_lies_outside_is_refused():
    with pytest.raises(GeometryError, match="outside the scan"):
        given_sections(parse(CONTRACT), page(height=30_000))
    with pytest.raises(GeometryError, match="outside the scan") as refusal:
        given_sections(parse(CONTRACT), page(height=18_000))
    assert refusal.value.where == "well.sidecar.json: sections[0]"
    with pytest.raises(GeometryError, match="outside the scan") as refusal:
        given_sections(parse(CONTRACT), page(height=18_101))  # one row is left: too few
    assert refusal.value.where == "well.sidecar.json: sections[0]"
    with pytest.raises(GeometryError, match="track T1 spans") as refusal:
        given_sections(parse(CONTRACT), page(width=400))
    assert refusal.value.where == "well.sidecar.json: sections[0].tracks[0]"
    with pytest.raises(GeometryError, match="right border") as refusal:
        given_sections(parse(changed("sections.0.tracks.0.left_px", 1212)), page())
    assert refusal.value.where == "well.sidecar.json: sections[0].tracks[0]"


def section_of(*spans: tuple[float, float]) -> Section:
    tracks = tuple(
        Track(TrackGeometry(f"T{i}", np.array([[0.0, a]]), np.array([[0.0, b]])), ())
        for i, (a, b) in enumerate(spans)
    )
    return Section("s", 0, 1000, None, tracks)


LAYOUTS = {
    "2.4|0.8|2.4|2.4": ((0, 2.4), (3.2, 5.6), (5.6, 8.0)),
    "2.5|0.75|2.5|2.5": ((0, 2.5), (3.25, 5.75), (5.75, 8.25)),
    "2.4|0.8|4.8": ((0, 2.4), (3.2, 8.0)),
    "2.5|0.75|5.0": ((0, 2.5), (3.25, 8.25)),
    "one single": ((0, 2.4),),
    "one double": ((3.2, 8.0),),
    "two singles": ((0, 2.5), (3.25, 5.75)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dpi", [100, 200, 300, 400])
@pytest.mark.parametrize("lie", [0.5, 1.0, 2.0, None])
def test_layout_gives_the_resolution_whatever_the_tag_says(layout, dpi, lie):
    left = 0.3 * dpi
    spans = tuple((left + a * dpi, left + b * dpi) for a, b in LAYOUTS[layout])
    raster = page(width=round(8.9 * dpi), dpi=None if lie is None else dpi * lie)
    found = layout_dpi((section_of(*spans),), raster)
    assert found == pytest.approx(dpi, rel=0.022)
    if lie == 1.0:
        assert found == dpi


def test_resolution_without_tracks_and_its_limits():
    assert layout_dpi((), page(dpi=300)) == 300
    assert layout_dpi((), page(dpi=None)) == 200
    assert layout_dpi((), page(dpi=4000)) == 800
    assert layout_dpi((section_of((0, 20)),), page(dpi=None)) == 50
    assert layout_dpi((section_of((0, 5000)), section_of()), page(width=6000, dpi=None)) == 800


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(8, 4000), min_size=1, max_size=4), st.none() | st.floats(1, 2000))
def test_resolution_is_always_plausible(widths, tag):
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    section = section_of(*itertools.pairwise(edges.tolist()))
    assert 50 <= layout_dpi((section,), page(width=20_000, dpi=tag)) <= 800
