"""Hand-read pages are well formed: what measures page reading must itself be sane.

No scan is needed; the format is described in ``data/pages/README.md``.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet_core.datatypes import STYLES, DepthAxis, TrackGeometry

PAGES = Path(__file__).resolve().parents[1] / "data" / "pages"
FILES = sorted(PAGES.glob("*.page.json"))
STEMS = [path.name.removesuffix(".page.json") for path in FILES]
LOGGED = ("main", "repeat")
KINDS = {"header", "scales", "main", "repeat", "tail"}
REASONS = {"cement_bond", "dipmeter", "variable_density", "header_only"}
NUMBERS = {"good", "blotted", "handwritten", "cut off", "none"}
HEADER = {
    "name", "company", "field", "county", "state", "service_company", "date", "run", "uwi", "permit",
    "location", "elevation_kb", "elevation_df", "elevation_gl", "top_logged", "bottom_logged", "td_driller",
    "td_logger", "uncertain_fields",
}  # fmt: skip
CURVE = {"mnemonic", "unit", "left", "right", "scale", "style"}
CURVE_EXTRA = {"backup_of", "colour", "amplified", "spans", "uncertain"}
CURVE_READ = {"printed", "legible", "traceable", "wraps"}
"""What every curve of a page outside development says besides."""
CURVE_READ_EXTRA = {"per_division", "left_px", "right_px", "width"}
NUMBERS_IN_A_TRACK = {
    "33-025-00750-0001", "33-025-02188-0002", "33-025-02191-0002", "33-025-02289-0001",
    "33-025-02292-0003", "33-025-02311-0001",
}  # fmt: skip
"""Cased-hole forms that print the depth numbers within the track of the collars or of the tension."""
PX_PER_FT = (1.5, 16.0)
PX_PER_FT_COARSE = (0.7, 16.0)
"""Rasters of 70 to 100 dpi at 1 or 2 in per 100 ft."""
STRETCH = 0.08
"""How far the paper may stretch between two anchors, as a share of the section's depth scale."""

Json = dict[str, Any]


def read(stem: str) -> Json:
    page: Json = json.loads((PAGES / f"{stem}.page.json").read_text(encoding="utf-8"))
    return page


def sections(stem: str, *kinds: str) -> list[Json]:
    return [s for s in read(stem).get("sections", []) if s["kind"] in (kinds or KINDS)]


def axis(section: Json) -> DepthAxis:
    depth = section["depth"]
    return DepthAxis(depth["unit"], np.asarray(depth["anchors"], dtype=np.float64))


def geometry(track: Json) -> TrackGeometry:
    left, right = (np.asarray(track[side], dtype=np.float64) for side in ("left_px", "right_px"))
    return TrackGeometry(track["track_id"], left, right)


def steps(anchors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels per unit of depth between neighbouring anchors."""
    rise: NDArray[np.float64] = np.diff(anchors[:, 0]) / np.diff(anchors[:, 1])
    return rise


def is_development(stem: str) -> bool:
    return "index" in read(stem)


DEVELOPMENT = [stem for stem in STEMS if is_development(stem)]
LATER = [stem for stem in STEMS if stem not in DEVELOPMENT]


def test_all_paper_scans_and_four_colour_rasters_are_read() -> None:
    colour = [stem for stem in DEVELOPMENT if stem.startswith("33-")]
    assert len(colour) == 4
    assert len(DEVELOPMENT) == 35
    indices = [read(stem)["index"] for stem in DEVELOPMENT]
    assert indices == sorted(set(indices))


def test_pages_read_later_name_their_well() -> None:
    assert len(LATER) == 33
    keys = [read(stem)["well_key"] for stem in LATER]
    assert all(key == key.upper().strip() and key for key in keys)
    for stem, key in zip(LATER, keys):
        assert not stem.startswith("33-") or stem.startswith(key), "an API number names its well"


@pytest.mark.parametrize("stem", STEMS)
def test_kind_of_page(stem: str) -> None:
    page = read(stem)
    assert page["what"]
    assert page["turn_deg"] in (0, 90, 180, 270)
    assert isinstance(page["ordinary"], bool)
    if page["page"] == "not_curve_log":
        assert page["reason"] in REASONS
        assert not page["ordinary"]
        return
    assert page["page"] == "curve_log"
    assert page["depth_numbers"] in NUMBERS
    assert all((80 if is_development(stem) else 70) <= dpi <= 420 for dpi in page["dpi"])
    assert sections(stem, *LOGGED)
    assert sections(stem, "header")


@pytest.mark.parametrize("stem", STEMS)
def test_sections_follow_each_other(stem: str) -> None:
    found = sections(stem)
    ids = [s["section_id"] for s in found]
    assert len(ids) == len(set(ids))
    assert all(s["kind"] in KINDS and s["row_top"] < s["row_bottom"] for s in found)
    assert all(a["row_bottom"] < b["row_top"] for a, b in pairwise(found))


@pytest.mark.parametrize("stem", STEMS)
def test_anchors_lie_in_their_section_and_the_paper_stretches_little(stem: str) -> None:
    for section in sections(stem):
        if section["depth"] is None:
            continue
        anchors = axis(section).anchors
        assert section["row_top"] - 5 <= anchors[0, 0]
        assert anchors[-1, 0] <= section["row_bottom"] + 5
        rise = steps(anchors)
        low, high = PX_PER_FT if is_development(stem) else PX_PER_FT_COARSE
        assert low <= np.median(rise) <= high
        assert np.abs(rise / np.median(rise) - 1.0).max() <= STRETCH


@pytest.mark.parametrize("stem", STEMS)
def test_an_ordinary_log_has_anchors_over_most_of_its_length(stem: str) -> None:
    """Eight of them, on the shorter pages read later six."""
    page = read(stem)
    if not page["ordinary"]:
        pytest.skip("not an ordinary curve log")
    main = sections(stem, "main") or sections(stem, "repeat")
    assert all(s["depth"] is not None for s in main)
    assert sum(len(s["depth"]["anchors"]) for s in main) >= (8 if is_development(stem) else 6)
    longest = max(main, key=lambda s: int(s["row_bottom"]) - int(s["row_top"]))
    rows = axis(longest).anchors[:, 0]
    assert rows[-1] - rows[0] >= 0.75 * (longest["row_bottom"] - longest["row_top"])


@pytest.mark.parametrize("stem", STEMS)
def test_tracks_are_ordered_and_keep_their_width(stem: str) -> None:
    for section in sections(stem, "main", "repeat"):
        tracks = [geometry(t) for t in section["tracks"]]
        assert tracks
        rows = np.linspace(section["row_top"], section["row_bottom"], 50)
        for track in tracks:
            width = track.right_px(rows) - track.left_px(rows)
            assert np.ptp(width) <= 0.03 * np.median(width) + 4
        for left, right in pairwise(tracks):
            assert (right.left_px(rows) - left.right_px(rows) > -2).all()


@pytest.mark.parametrize("stem", STEMS)
def test_depth_column_lies_beside_a_track_and_not_in_it(stem: str) -> None:
    for section in sections(stem, "main"):
        if section["depth_column"] is None:
            assert section["depth"] is None
            continue
        left, right = section["depth_column"]
        narrowest = 15 if is_development(stem) else 0.07 * read(stem)["dpi"][1]
        assert narrowest <= right - left <= 300
        middle = np.array([(section["row_top"] + section["row_bottom"]) / 2.0])
        tracks = [geometry(t) for t in section["tracks"]]
        inside = [
            t.left_px(middle)[0] <= left + 1 and t.right_px(middle)[0] >= right - 1 for t in tracks
        ]
        beside = [
            t.right_px(middle)[0] <= left + 6 or t.left_px(middle)[0] >= right - 6 for t in tracks
        ]
        assert all(beside) or (stem in NUMBERS_IN_A_TRACK and sum(inside) == 1)


@pytest.mark.parametrize("stem", STEMS)
def test_scales_are_possible(stem: str) -> None:
    for section in sections(stem, "main", "repeat"):
        for track in section["tracks"]:
            assert track["scale"] in ("linear", "log", "none")
            assert set(track.get("derived_borders", [])) <= {"left", "right"}
            for curve in track["curves"]:
                extra = set() if is_development(stem) else CURVE_READ | CURVE_READ_EXTRA
                assert set(curve) <= CURVE | CURVE_EXTRA | extra
                check_curve(curve)
                if not is_development(stem):
                    check_what_a_person_could_do(curve)


def check_what_a_person_could_do(curve: Json) -> None:
    """Whether the scale can be read and the line followed."""
    assert set(curve) >= CURVE_READ
    assert curve["printed"] == curve["printed"].strip()
    assert curve["printed"]
    assert isinstance(curve["legible"], bool)
    assert isinstance(curve["wraps"], bool)
    assert curve["traceable"] in ("easy", "hard", "no")
    assert curve.get("width", "thin") in ("thin", "thick")
    unknown = curve["left"] is None or curve["right"] is None
    assert not (curve["legible"] and unknown and "per_division" not in curve)
    assert curve.get("per_division", 1) > 0
    assert ("left_px" in curve) == ("right_px" in curve)
    if "left_px" in curve:
        assert geometry(curve | {"track_id": curve["mnemonic"]})


def check_curve(curve: Json) -> None:
    """Names, style and both ends of one curve's scale."""
    assert set(curve) >= CURVE
    assert curve["mnemonic"] == curve["mnemonic"].upper()
    assert curve["style"] in STYLES or ("printed" in curve and curve["style"] == "dash-dot")
    assert curve["scale"] in ("linear", "log", "hybrid")
    ends = [curve[side] for side in ("left", "right") if curve[side] is not None]
    assert all(np.isfinite(ends))
    if len(ends) == 2:
        assert ends[0] != ends[1]
        assert curve["scale"] != "log" or min(ends) > 0


@pytest.mark.parametrize("stem", STEMS)
def test_header_holds_known_fields(stem: str) -> None:
    page = read(stem)
    header = page.get("header", {})
    assert set(header) <= HEADER
    uncertain = header.get("uncertain_fields", [])
    assert set(uncertain) <= (
        set(header) if is_development(stem) else HEADER - {"uncertain_fields"}
    )
    texts = {key: value for key, value in header.items() if isinstance(value, str)}
    assert all(value.strip() == value and value for value in texts.values())
    depths = [header[k] for k in ("top_logged", "bottom_logged") if k in header]
    assert depths == sorted(depths)
