"""Depths that no well reaches are an error of the sidecar, named by field."""

from __future__ import annotations

import json

import pytest

from veernet_core.errors import SidecarError
from veernet_core.page.known.sidecar.parse import parse_sidecar


def sidecar(depth: dict[str, object], mnemonics: tuple[str, ...] = ("GR",)) -> bytes:
    curves = [{"mnemonic": name, "left": 0, "right": 150} for name in mnemonics]
    track = {"track_id": "T1", "left_px": 10, "right_px": 200, "curves": curves}
    section = {"section_id": "main", "depth": depth, "tracks": [track]}
    return json.dumps({"sections": [section]}).encode()


@pytest.mark.parametrize(
    ("depth", "field"),
    [
        ({"unit": "ft", "anchors": [[10, 7200], [20, 73000]]}, "anchors"),
        ({"unit": "m", "anchors": [[10, 20500], [20, 20600]]}, "anchors"),
        ({"top": 1e9, "bottom": 2e9}, "top"),
        ({"unit": "m", "top": 100, "bottom": 25000}, "bottom"),
    ],
)
def test_a_depth_that_no_well_reaches_is_refused(depth: dict[str, object], field: str) -> None:
    with pytest.raises(SidecarError, match=rf"depth\.{field}: no well is so deep"):
        parse_sidecar(sidecar(depth), "x")


@pytest.mark.parametrize(
    "anchors", [[[10, -500], [20, 12000]], [[10, 0], [20, 40000]], [[10, 49000.5], [20, 49100]]]
)
def test_depths_of_real_wells_are_taken(anchors: list[list[float]]) -> None:
    parse_sidecar(sidecar({"unit": "ft", "anchors": anchors}), "x")


def test_names_that_differ_in_their_coding_alone_are_one_name() -> None:
    names = [
        curve.spec.mnemonic if hasattr(curve, "spec") else curve.mnemonic
        for section in parse_sidecar(sidecar({"unit": "ft"}, ("\u00e9", "e\u0301")), "x").sections
        for track in section.tracks
        for curve in track.curves
    ]
    assert names[0] == "\u00e9"
    assert names[1] in ("\u00e9", "\u00e9_2")
