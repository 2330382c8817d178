"""What a person adds to a curve: checked by name, and honoured in values, rows and path."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import GR, judge, make_curve, make_log, only

from storage.log_files import log_files
from storage.records import log_record
from veernet_core.config import DigitiseConfig
from veernet_core.curve import physical
from veernet_core.datatypes import EVIDENCE, CurveSpec, Raster, Section, Trace
from veernet_core.errors import GeometryError, SidecarError
from veernet_core.page.known.sections import given_sections
from veernet_core.page.known.sidecar import parse_sidecar, sidecar_json


def section_of(*curves: dict[str, Any]) -> Section:
    named = [{"mnemonic": "X", "left": 0, "right": 100, **curve} for curve in curves]
    track = {"track_id": "T1", "left_px": 100, "right_px": 500, "curves": named}
    stated = {
        "edited": [{"who": "M. Okafor", "when": "2026-01-02", "what": "scale"}],
        "sections": [{"row_top": 0, "row_bottom": 1000, "tracks": [track],
                      "depth": {"unit": "ft", "anchors": [[0, 100], [1000, 200]]}}],
    }  # fmt: skip
    page = Raster(1000, 600, False, None, lambda *_: None, lambda *_: None, lambda: ())  # type: ignore
    sidecar = parse_sidecar(json.dumps(stated).encode(), "x.sidecar.json")
    assert sidecar.edited == (("M. Okafor", "2026-01-02", "scale"),)
    again = parse_sidecar(json.dumps(sidecar_json(sidecar)).encode(), "x.sidecar.json")
    assert repr(again) == repr(sidecar)
    return given_sections(sidecar, page)[0][0]


def specs(*curves: dict[str, Any]) -> list[CurveSpec]:
    return list(section_of(*curves).tracks[0].curves)


def value(spec: CurveSpec, px: float) -> float:
    return float(physical.value_at(np.array([(px - 100) / 400]), spec)[0])


def test_a_scale_over_part_of_the_track() -> None:
    (half,) = specs({"left_px": 300, "right_px": 500, "wrap": "one"})
    assert [value(half, px) for px in (300, 400, 500)] == pytest.approx([0, 50, 100])
    assert half.wrap == "none"
    (log,) = specs({"left": 0.2, "right": 20, "scale": "log", "right_px": [[0, 300], [1000, 300]]})
    assert [value(log, px) for px in (100, 200, 300)] == pytest.approx([0.2, 2, 20])


def test_value_of_a_division_tells_the_other_end() -> None:
    assert specs({"right": None, "per_division": 15})[0].right == 150
    assert specs({"left": None, "right": 40, "per_division": -10})[0].left == 140
    assert specs({"per_division": 10})[0].right == 100


def test_a_hybrid_scale_is_linear_between_its_points_and_inverts() -> None:
    points = [[0, 0], [50, 0.5], [500, 1]]
    (spec,) = specs({"left": None, "right": None, "scale": "hybrid", "scale_points": points})
    assert [value(spec, px) for px in (100, 200, 300, 400, 500, 540)] == pytest.approx(
        [0, 25, 50, 275, 500, 590]
    )
    frac = np.linspace(-0.5, 1.5, 21)
    np.testing.assert_allclose(physical.frac_at(physical.value_at(frac, spec), spec), frac)
    falling = replace(spec, left=500, right=0, scale_points=((500, 0), (50, 0.5), (0, 1)))
    np.testing.assert_allclose(physical.frac_at(physical.value_at(frac, falling), falling), frac)


def recovered(section: Section) -> Any:
    spec = section.tracks[0].curves[0]
    rows = np.arange(1000.0)
    straight = Trace(np.full(1000, 0.25), np.full((1000, len(EVIDENCE)), 0.5), rows < 900, rows)
    trace = physical.as_given(straight, spec)
    depth = physical.depth_grid(section, 0.5)
    return physical.recover(trace, np.full(1000, 0.9), spec, section, "T1", depth, DigitiseConfig())


def test_null_rows_are_not_delivered() -> None:
    curve = recovered(section_of({"null_rows": [[200, 300], [500, 500]]}))
    nulled = np.isnan(curve.value) & (curve.depth < 189)
    assert curve.depth[nulled].tolist() == [*np.arange(120, 130.5, 0.5), 150.0]
    assert not curve.observed[nulled].any()
    assert np.isnan(curve.confidence[nulled]).all()
    assert curve.value[curve.depth == 119.5] == pytest.approx(25)


def test_a_redrawn_path_is_used_between_its_ends() -> None:
    curve = recovered(section_of({"redrawn": [[400, 300], [600, 500]]}))
    at = dict(zip(curve.depth.tolist(), curve.value.tolist()))
    assert [at[d] for d in (135.0, 145.0, 150.0, 155.0, 165.0)] == pytest.approx(
        [25, 62.5, 75, 87.5, 25]
    )
    beyond = recovered(section_of({"redrawn": [[850, 100], [980, 100]]}))
    assert beyond.observed[beyond.depth == 195.0].all()
    assert beyond.value[beyond.depth == 195.0] == pytest.approx(0)


@pytest.mark.parametrize(("start", "expected"), [(0, 25), (1, 125), (-1, -75)])
def test_the_wrap_index_at_the_start_is_the_given_one(start: int, expected: float) -> None:
    curve = recovered(section_of({"wrap": "one", "wrap_start": start}))
    assert np.nanmedian(curve.value) == pytest.approx(expected)


def test_a_backup_takes_the_name_of_its_curve() -> None:
    curves = specs({}, {"mnemonic": "X_BU", "left": 100, "right": 200, "backup_of": "X"})
    assert [c.mnemonic for c in curves] == ["X", "X"]
    with pytest.raises(GeometryError, match="backup_of 'Y' names no other curve"):
        specs({}, {"mnemonic": "Z", "backup_of": "Y"})


@pytest.mark.parametrize(
    ("curve", "complaint"),
    [
        ({"left_px": 400, "right_px": 300}, "of the track's width"),
        ({"left_px": 10}, "of the track's width"),
        ({"per_division": 0}, "must not be 0"),
        ({"per_division": 7}, "contradicts right"),
        ({"left": None, "right": None, "per_division": 7}, "needs left or right"),
        ({"scale": "hybrid"}, "need each other"),
        ({"scale_points": [[0, 0], [1, 1]]}, "need each other"),
        ({"scale": "hybrid", "scale_points": [[0, 0], [0, 1]]}, "one direction"),
        ({"scale": "hybrid", "scale_points": [[0, 1], [1, 0]]}, "frac growing"),
        ({"wrap_start": 1}, "at most 0 for wrap none"),
        ({"wrap": "one", "wrap_start": 0.5}, "whole number"),
        ({"null_rows": [[5, 3]]}, "must not lie below"),
        ({"redrawn": [[5, 3]]}, "two or more"),
        ({"redrawn": [[5, 3], [5, 4]]}, "growing rows"),
    ],
)
def test_faulty_additions_are_named(curve: dict[str, Any], complaint: str) -> None:
    with pytest.raises((SidecarError, GeometryError), match=complaint) as caught:
        specs(curve)
    assert "sections[0].tracks[0]" in caught.value.where
    assert caught.value.remedy


def test_the_record_tells_of_additions_only_where_there_are_some() -> None:
    added = replace(GR, null_rows=((1.0, 2.0),), wrap_start=0)
    log = only(make_log(), judge(make_curve(GR)), judge(make_curve(added)))
    plain, told = (curve["spec"] for curve in log_record(log)["curves"])
    assert not {"scale_points", "wrap_start", "null_rows", "redrawn"} & plain.keys()
    assert (told["null_rows"], told["wrap_start"]) == ([[1.0, 2.0]], 0)
    assert "redrawn" not in told
    assert log_record(log)["schema_version"] == 2
    assert log_files(log)
