"""Sidecars: the contract is read exactly, anything else is refused by name, and sections result."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sidecar_support import CONTRACT, CURVE, changed, page, parse

from veernet_core.errors import GeometryError, SidecarError
from veernet_core.page.known.sections import given_sections
from veernet_core.page.known.sidecar import parse_sidecar


def test_the_contract_is_read_exactly():
    sidecar = parse(CONTRACT)
    assert sidecar.well.uwi == "15-053-00069"
    assert sidecar.well.field_name == "F"
    assert sidecar.well.service_company == "S"
    assert (sidecar.well.location, sidecar.well.elevation_gl, sidecar.well.datum) == (
        "L",
        "1501",
        "KB",
    )
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
