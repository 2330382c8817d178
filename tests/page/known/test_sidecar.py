"""Sidecars: the contract is read exactly, anything else is refused by name, and sections result."""

from __future__ import annotations

import copy
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veernet_core.datatypes import Dpi, Raster, Section, Track, TrackGeometry
from veernet_core.errors import GeometryError, SidecarError
from veernet_core.page.known.page_dpi import layout_dpi
from veernet_core.page.known.sections import given_sections
from veernet_core.page.known.sidecar import parse_sidecar, sidecar_json

CONTRACT = {
    "well": {
        "uwi": "15-053-00069", "name": "A 1", "company": "C", "field": "F", "county": "K",
        "state": "KS", "country": "US", "service_company": "S", "date": "1981-02-03",
    },
    "sections": [
        {
            "section_id": "main", "row_top": 18100, "row_bottom": 37000,
            "depth": {"unit": "ft", "anchors": [[18342.0, 7200.0], [20310.5, 7300.0]]},
            "tracks": [
                {
                    "track_id": "T1", "left_px": 715.0,
                    "right_px": [[18100, 1210.0], [37000, 1216.5]],
                    "curves": [
                        {
                            "mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150,
                            "scale": "linear", "style": "solid", "wrap": "one",
                        }
                    ],
                }
            ],
        }
    ],
}  # fmt: skip


def parse(value: object):
    return parse_sidecar(json.dumps(value).encode(), "well.sidecar.json")


def page(height: int = 40_000, width: int = 2016, dpi: float | None = 200.0) -> Raster:
    def unread(row0: int, row1: int) -> np.ndarray:
        raise AssertionError("geometry must not read pixels")

    tag = None if dpi is None else Dpi(dpi, dpi)
    return Raster(height, width, False, tag, unread, unread, lambda: ())


def changed(path: str, value: object) -> dict:
    """The contract with one field set (or, with ..., removed) at a path such as sections.0.depth."""
    out = copy.deepcopy(CONTRACT)
    node: object = out
    *parents, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    for key in parents:
        node = node[key]  # type: ignore[index]
    if value is ...:
        del node[last]  # type: ignore[attr-defined]
    else:
        node[last] = value  # type: ignore[index]
    return out


CURVE = "sections.0.tracks.0.curves.0"


def test_the_contract_is_read_exactly():
    sidecar = parse(CONTRACT)
    assert sidecar.well.uwi == "15-053-00069"
    assert sidecar.well.field_name == "F"
    assert sidecar.well.service_company == "S"
    sections, findings = given_sections(sidecar, page())
    assert findings == ()
    (section,) = sections
    assert (section.section_id, section.row_top, section.row_bottom) == ("main", 18100, 37000)
    assert section.depth is not None
    assert section.depth.unit == "ft"
    np.testing.assert_allclose(section.depth.depth_at(np.array([18342.0, 20310.5])), [7200, 7300])
    (track,) = section.tracks
    np.testing.assert_allclose(track.geometry.left_px(np.array([0.0, 30000.0])), 715.0)
    np.testing.assert_allclose(
        track.geometry.right_px(np.array([18100.0, 37000.0])), [1210, 1216.5]
    )
    (curve,) = track.curves
    assert (curve.mnemonic, curve.unit, curve.left, curve.right) == ("GR", "GAPI", 0, 150)
    assert (curve.scale, curve.style, curve.wrap, curve.source) == (
        "linear",
        "solid",
        "one",
        "sidecar",
    )
    np.testing.assert_array_equal(section.reference_px, track.geometry.left_knots)


def test_byte_order_mark_and_null_are_tolerated():
    data = b"\xef\xbb\xbf" + json.dumps(changed("well.name", None)).encode()
    assert parse_sidecar(data, "x").well.name == ""


@pytest.mark.parametrize("value", [{}, {"well": {}}, {"sections": []}])
def test_everything_is_optional_but_without_sections_nothing_is_found(value):
    for sidecar in (None, parse(value)):
        sections, findings = given_sections(sidecar, page())
        assert sections == ()
        assert [f.code for f in findings] == ["no_geometry"]
        assert findings[0].remedy


@pytest.mark.parametrize(
    ("path", "value", "where", "what"),
    [
        ("wel", {}, "wel", "Did you mean 'well'"),
        ("well.uwj", "1", "well.uwj", "Did you mean 'uwi'"),
        ("well.uwi", 15, "well.uwi", "must be text, got 15"),
        ("well", [], "well", "must be an object"),
        ("sections", {}, "sections", "must be a list"),
        ("sections.0.row_top", "18100", "sections[0].row_top", 'must be a number, got "18100"'),
        ("sections.0.row_top", True, "sections[0].row_top", "must be a number, got true"),
        ("sections.0.row_bottom", 18101, "sections[0].row_bottom", "below row_top"),
        ("sections.0.section_id", "a/b", "sections[0].section_id", "letters"),
        ("sections.0.depth.unit", "feet", "sections[0].depth.unit", "one of ft, m"),
        ("sections.0.depth.anchors", [[1, 2]], "sections[0].depth.anchors", "two or more"),
        ("sections.0.depth.anchors.1", [20310.5], "sections[0].depth.anchors[1]", "pair"),
        ("sections.0.depth.anchors.1", [20310.5, 7000], "sections[0].depth.anchors[1]", "increase"),
        ("sections.0.depth.bottom", 1, "sections[0].depth.bottom", ""),
        (
            "sections.0.depth_column",
            {"left_px": 3},
            "sections[0].depth_column",
            "right_px is missing",
        ),
        ("sections.0.tracks.0.left_px", [], "sections[0].tracks[0].left_px", "number"),
        (
            "sections.0.tracks.0.left_px",
            [[5, 1], [5, 2]],
            "sections[0].tracks[0].left_px[1]",
            "rows",
        ),
        (f"{CURVE}.mnemonic", ..., "sections[0].tracks[0].curves[0]", "mnemonic is missing"),
        (f"{CURVE}.left", "0", "sections[0].tracks[0].curves[0].left", 'number, got "0"'),
        (f"{CURVE}.scale", "logarithmic", "sections[0].tracks[0].curves[0].scale", "linear, log"),
        (f"{CURVE}.scale", "log", "sections[0].tracks[0].curves[0].left", "> 0"),
        (f"{CURVE}.right", 0, "sections[0].tracks[0].curves[0].right", "differ"),
        (f"{CURVE}.style", "dash", "sections[0].tracks[0].curves[0].style", "dashed"),
        (f"{CURVE}.wrap", "once", "sections[0].tracks[0].curves[0].wrap", "none, one, all"),
        (f"{CURVE}.colour", "greenish", "sections[0].tracks[0].curves[0].colour", "CSS"),
        (f"{CURVE}.color", "red", "sections[0].tracks[0].curves[0].color", "Did you mean 'colour'"),
        (
            "sections.0.tracks.0.borders_confirmed",
            1,
            "sections[0].tracks[0].borders_confirmed",
            "true",
        ),
        (f"{CURVE}.points", [[1, 2, 3]], "sections[0].tracks[0].curves[0].points[0]", "pair"),
    ],
)
def test_malformed_fields_are_named(path, value, where, what):
    stated = changed(path, value)
    if path.endswith("bottom") and "depth" in path:
        stated["sections"][0]["depth"]["top"] = 5
    with pytest.raises(SidecarError) as refusal:
        parse(stated)
    assert refusal.value.where == f"well.sidecar.json: {where}"
    assert what in str(refusal.value)
    assert refusal.value.remedy


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "not valid JSON"),
        (b"{", "line 1"),
        (b"[1]", "must be an object"),
        (b"\xff\xfe{}", "UTF-8"),
        (b'{"well": {}, "well": {}}', "twice"),
        (rb'{"well": {"name": "A \ud83d B"}}', r"\\ud83d is half of a character, after '.*A '"),
        (rb'{"we\udc00ll": {}}', r"\\udc00 is half of a character"),
        (b'{"sections": [{"row_top": NaN}]}', "finite number"),
        (b'{"sections": [{"row_top": 1e999}]}', "finite number"),
        (b'{"sections": [{"row_bottom": -Infinity}]}', "finite number"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"sections": [{"section_id": "a"}, {"section_id": "a"}]}', "used twice"),
        (b'{"sections": [{"tracks": [{}, {"track_id": "T1"}]}]}', "used twice"),
        (b'{"sections": [{"row_top": ' + b"9" * 400 + b"}]}", r"smaller than 1e\+15"),
        (b'{"sections": [{"row_top": 1e300}]}', r"smaller than 1e\+15"),
    ],
)
def test_broken_files_are_refused(data, what):
    with pytest.raises(SidecarError, match=what) as refusal:
        parse_sidecar(data, "well.sidecar.json")
    assert refusal.value.where.startswith("well.sidecar.json")


def test_number_with_thousands_of_digits_is_refused_as_json():
    with pytest.raises(SidecarError):
        parse_sidecar(b'{"sections": [{"row_top": ' + b"9" * 5000 + b"}]}", "x")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    path=st.sampled_from(
        ["well", "sections", "sections.0", "sections.0.depth", "sections.0.depth.anchors",
         "sections.0.tracks", "sections.0.tracks.0", "sections.0.tracks.0.right_px",
         "sections.0.tracks.0.curves", CURVE, f"{CURVE}.left", f"{CURVE}.colour"]
    ),
    value=JSON,
)  # fmt: skip
def test_whatever_a_field_holds_it_is_used_or_refused(path, value):
    try:
        given_sections(parse(changed(path, value)), page())
    except (SidecarError, GeometryError) as refusal:
        assert refusal.where.startswith("well.sidecar.json")  # noqa: PT017


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(data):
    try:
        parse_sidecar(data, "x")
    except SidecarError as refusal:
        assert refusal.where.startswith("x")  # noqa: PT017


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


# ---- resolution ------------------------------------------------------------------------------


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
