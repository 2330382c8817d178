"""Parts of a sidecar that other sources make: in the contract, as given, and written nowhere else."""

from __future__ import annotations

import ast
import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
from sidecar_support import CONTRACT, parse

import flows.dashboard
import storage
from veernet_core.page.known.sidecar import forms
from veernet_core.page.known.sidecar.merge import merge_sidecars, without_ranges
from veernet_core.page.known.sidecar.ranges import given_depths

SPEC = {
    "mnemonic": "GR", "unit": "GAPI", "left": 0.0, "right": 150.0, "scale": "linear", "style": "solid",
    "wrap": "one", "colour": None, "source": "sidecar", "points_px": [], "printed": "GAMMA",
}  # fmt: skip
MEMBERS = frozenset({
    "section_id", "row_top", "row_bottom", "anchors", "left_px", "right_px", "borders_confirmed",
    "noted", "edited", "null_rows", "redrawn", "points", "skip", "turn_deg",
})  # fmt: skip


def test_parts_make_a_sidecar_that_is_read_as_meant() -> None:
    curve = forms.curve_form({**SPEC, "colour": "#007f00", "source": "header"})
    track = forms.with_curves(forms.filled_track({}, "T1", [[100, 50.0]], [[100, 300.0]]), [curve])
    depth = forms.depth_form([(150, 1000.0), (650, 1100.0)], "ft", "template")
    section = forms.with_tracks(forms.section_form("main", (100, 700), depth), [track])
    form = forms.sidecar_form(forms.well_form({"uwi": "15-053", "field_name": "F"}), [section])
    noted = forms.with_notes(form, [forms.note_form("sources_contradict", "They differ.")])
    sidecar = parse(forms.with_edit(noted, forms.edit_form("Ada", "2026-01-02", "scale")))
    assert (sidecar.well.uwi, sidecar.well.field_name) == ("15-053", "F")
    (own,) = sidecar.sections
    assert (own.section_id, own.row_top, own.row_bottom) == ("main", 100, 700)
    assert own.depth is not None
    assert (own.depth.unit, own.depth.source) == ("ft", "template")
    assert own.depth.anchors == ((150, 1000), (650, 1100))
    assert (own.tracks[0].left_px, own.tracks[0].right_px) == (((0, 50),), ((0, 300),))
    (read,) = own.tracks[0].curves or ()
    assert (read.mnemonic, read.right, read.colour, read.source) == ("GR", 150, "#007f00", "header")
    assert sidecar.edited == (("Ada", "2026-01-02", "scale"),)
    assert [f.message for f in sidecar.noted] == ["They differ."]


def test_what_is_not_known_or_usual_is_left_out() -> None:
    assert forms.depth_form([(1, 2)], None) == {"anchors": [[1, 2]]}
    assert forms.depth_form([(1, 2)], "m", "sidecar") == {"unit": "m", "anchors": [[1, 2]]}
    assert forms.range_form(None, None, "ft") == {}
    assert forms.range_form(100.0, None, None) == {"top": 100.0}
    assert forms.prior_form({}, {}) == {}
    assert forms.prior_form({"name": "A"}, {"top": 1.0}) == {
        "well": {"name": "A"}, "sections": [{"depth": {"top": 1.0}}],
    }  # fmt: skip
    assert forms.curve_form(SPEC) == {
        k: SPEC[k] for k in ("mnemonic", "unit", "left", "right", "scale", "style", "wrap")
    }
    assert forms.well_form({"name": "", "county": None, "state": "KS"}) == {"state": "KS"}


def test_notes_are_kept_apart_and_put_back() -> None:
    notes = [forms.note_form("a", "1")]
    plain, none = forms.split_notes({"well": {}})
    assert (plain, none) == ({"well": {}}, [])
    assert forms.split_notes(forms.with_notes(plain, notes)) == (plain, notes)
    assert forms.with_notes({"noted": notes}, [forms.note_form("b", "2")])["noted"] == [
        {"code": "a", "message": "1"}, {"code": "b", "message": "2"},
    ]  # fmt: skip
    assert "noted" not in forms.with_notes(plain, [])


def test_items_have_the_names_that_reading_gives_them() -> None:
    raw = {"sections": [{"row_top": 1}, {"section_id": "R"}, {}]}
    names = list(forms.items_by_id(raw["sections"], "section_id"))
    assert names == [section.section_id for section in parse(raw).sections] == ["S1", "R", "S3"]
    tracks = [{"track_id": "X"}, {}]
    read = parse({"sections": [{"tracks": tracks}]}).sections[0].tracks
    assert list(forms.items_by_id(tracks, "track_id")) == [t.track_id for t in read] == ["X", "T2"]
    assert forms.items_by_id(None, "track_id") == {}


def test_what_is_given_stays_when_the_rest_is_filled_in() -> None:
    section = forms.filled_section({"row_top": 5, "skip": True}, "main", (1, 9))
    assert section == {"section_id": "main", "row_top": 5, "row_bottom": 9, "skip": True}
    track = forms.filled_track({"left_px": 7}, "T1", [[0, 1]], [[0, 20], [9, 22]])
    assert track == {"track_id": "T1", "left_px": 7, "right_px": [[0, 20], [9, 22]]}
    sidecar = forms.with_header({"well": {"name": "A"}, "dpi": 98}, {"name": "B", "uwi": "1"}, 200)
    assert sidecar == {"well": {"name": "A", "uwi": "1"}, "dpi": 98}
    assert forms.with_header({}, {}, None) == {}
    assert forms.with_header({}, {}, 200.0) == {"dpi": 200.0}


@pytest.mark.parametrize(
    ("section", "expected"),
    [({}, False), ({"depth": None}, False), ({"depth": {"top": 1}}, False),
     ({"depth": {"anchors": []}}, False), ({"depth": {"anchors": [[1, 2], [3, 4]]}}, True)],
)  # fmt: skip
def test_a_range_is_no_anchor(section: dict[str, Any], expected: bool) -> None:
    assert forms.has_anchors(section) == expected
    assert forms.gives_more_than_depth(section) is False
    assert forms.gives_more_than_depth({**section, "row_top": 3})


def test_nothing_that_is_given_is_changed_in_place() -> None:
    given = copy.deepcopy(CONTRACT)
    section = given["sections"][0]
    before = json.dumps(given)
    forms.with_depth(section, {})
    forms.with_tracks(section, [])
    forms.with_sections(given, [])
    forms.filled_section(section, "other", (0, 1))
    forms.filled_track(section["tracks"][0], "other", [[0, 1]], [[0, 2]])
    forms.with_header(given, {"name": "B"}, 100)
    forms.with_edit(given, forms.edit_form("a", "b", "c"))
    forms.with_notes(given, [forms.note_form("a", "b")])
    merge_sidecars(given, {"well": {"name": "C"}})
    without_ranges(given)
    assert json.dumps(given) == before


def test_points_and_paths_of_a_curve_go_down_the_page() -> None:
    curve: dict[str, Any] = {"mnemonic": "GR", "null_rows": [[1, 2]]}
    forms.set_points(curve, [(9, 1), (3, 2)])
    assert forms.pairs_of(curve, "points") == [[3, 2], [9, 1]]
    forms.set_redrawn(curve, [(5, 6), (7, 8)], [])
    assert curve["redrawn"] == [[5, 6], [7, 8]]
    assert curve["null_rows"] == [[1, 2]], "those it has stay"
    forms.set_redrawn(curve, [(5, 6), (7, 8)], [(30, 40), (10, 20)])
    assert forms.pairs_of(curve, "null_rows") == [[10, 20], [30, 40]]
    assert forms.pairs_of({}, "redrawn") == []


def test_what_a_machine_saw_is_left_out_and_the_edits_grow() -> None:
    document = {"well": {}, "read": {"page": "curve_log"}, "edited": [{"who": "a"}]}
    assert forms.without_read(document) == {"well": {}, "edited": [{"who": "a"}]}
    assert [e["who"] for e in forms.with_edit(document, {"who": "b"})["edited"]] == ["a", "b"]


def test_depths_of_a_sidecar_are_its_ranges_or_its_anchors_carried_on_to_their_rows() -> None:
    assert given_depths({}) is None
    assert given_depths({"sections": [{"depth": {"unit": "ft"}}]}) is None
    whole = given_depths({"sections": [{"depth": {"top": 100, "unit": "m"}}]})
    assert whole is not None
    assert (whole.top, whole.unit, whole.whole) == (100, "m", True)
    assert math.isnan(whole.bottom)
    assert str(whole) == "100 to ? m"
    anchors = {"unit": "ft", "anchors": [[200, 1000], [400, 1100]]}
    part = given_depths({"sections": [{"row_top": 100, "row_bottom": 600, "depth": anchors}]})
    assert part is not None
    assert (part.top, part.bottom, part.whole) == (950, 1200, False)
    metres = {"top": 500, "bottom": 600, "unit": "m"}
    two = given_depths({"sections": [{"depth": anchors}, {"depth": metres}]})
    assert two is not None
    assert two.unit == "ft"
    assert two.bottom == pytest.approx(600 / 0.3048)
    assert two.within("m").bottom == pytest.approx(600)
    assert two.within(None) is two


def test_ranges_that_are_wrong_are_taken_out_and_nothing_else() -> None:
    known = {
        "well": {"name": "A"},
        "sections": [{"depth": {"top": 1, "bottom": 2, "unit": "ft"}}, {}],
    }
    assert without_ranges(known) == {
        "well": {"name": "A"}, "sections": [{"depth": {"unit": "ft"}}, {}],
    }  # fmt: skip
    assert without_ranges({"well": {}}) == {"well": {}}


def made_members(path: Path) -> set[str]:
    """Members of the contract that a module writes into dictionaries of its own."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        keys: list[ast.expr | None] = list(node.keys) if isinstance(node, ast.Dict) else []
        targets = node.targets if isinstance(node, ast.Assign) else []
        keys += [target.slice for target in targets if isinstance(target, ast.Subscript)]
        found |= {k.value for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str)}
    return found & MEMBERS


@pytest.mark.parametrize(
    "module",
    ["known", "dra", "contradictions", "index_rows", "index_table", "desk_sidecars", "listing"],
)
def test_no_module_of_storage_writes_members_of_a_sidecar(module: str) -> None:
    assert made_members(Path(storage.__path__[0]) / f"{module}.py") == set()


@pytest.mark.parametrize("module", ["draft", "suggest", "exchange", "correct", "again", "review"])
def test_no_module_of_the_desk_writes_members_of_a_sidecar(module: str) -> None:
    members = made_members(Path(flows.dashboard.__path__[0]) / f"{module}.py")
    # names of sections in what the page is told of curves and paths
    assert members <= {"section_id"}


def test_the_forms_are_written_in_their_own_module() -> None:
    path = Path(forms.__file__)
    assert made_members(path) >= {"section_id", "row_top", "anchors", "noted", "edited", "redrawn"}
