"""One sidecar from a person's, a registration file and an index row."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from storage.dra import DraError
from storage.index_table import IndexRow
from storage.known import known_sidecar, sidecar_of_index
from veernet_core.domain.api_number import parse_api_number
from veernet_core.errors import SidecarError
from veernet_core.page.known.sidecar import parse_sidecar
from veernet_core.page.known.sidecar.merge import merge_sidecars

ROW = IndexRow(
    api=parse_api_number("15-053-00069"),
    uwi="15-053-00069",
    name="SMITH 1",
    company="Acme",
    state="Kansas",
    top=1000.0,
    bottom=3000.0,
    depth_unit="ft",
)
DRA = b"""\
FILE,1,FEET,Acme
WELL,150530006900,Smith #1,
LOG,a.tif,MAIN,5,2500,210,4000,2600,1890,5000
"""


def known(person: dict[str, Any] | None, dra: bytes | None, row: IndexRow | None) -> dict[str, Any]:
    data = json.dumps(person).encode() if person is not None else None
    merged = known_sidecar(data, dra, sidecar_of_index(row) if row else None, "a.tif")
    assert merged is not None
    parse_sidecar(merged, "a.sidecar.json")
    result: dict[str, Any] = json.loads(merged)
    return result


def test_nothing_known_is_nothing() -> None:
    assert known_sidecar(None, None, None, "a.tif") is None


def test_a_lone_sidecar_is_handed_on_untouched() -> None:
    assert known_sidecar(b"  { }", None, None, "a.tif") == b"  { }"


def test_an_index_row_gives_the_well_and_a_prior() -> None:
    stated = known(None, None, ROW)
    assert stated["well"]["name"] == "SMITH 1"
    assert stated["sections"] == [{"depth": {"top": 1000.0, "bottom": 3000.0, "unit": "ft"}}]


def test_a_row_that_says_nothing_states_nothing() -> None:
    assert sidecar_of_index(IndexRow()) == {}


def test_the_person_wins_over_the_registration_and_that_over_the_index() -> None:
    stated = known({"well": {"name": "Smith No. 1A"}}, DRA, ROW)
    assert stated["well"]["name"] == "Smith No. 1A"
    assert stated["well"]["company"] == "Acme"
    assert known(None, DRA, ROW)["well"]["name"] == "Smith #1"


def test_two_corrected_anchors_need_nothing_else() -> None:
    anchors = [[4100.0, 2511.0], [4900.0, 2591.0]]
    person = {"sections": [{"section_id": "MAIN", "depth": {"anchors": anchors}}]}
    (section,) = known(person, DRA, ROW)["sections"]
    assert section["depth"] == {"anchors": anchors, "unit": "ft", "top": 1000.0, "bottom": 3000.0}
    assert (section["row_top"], section["row_bottom"]) == (4000.0, 5000.0)


def test_a_lone_section_needs_no_name() -> None:
    (section,) = known({"sections": [{"row_top": 4200}]}, DRA, None)["sections"]
    assert (section["section_id"], section["row_top"]) == ("MAIN", 4200)


def test_the_prior_holds_for_every_section_stated() -> None:
    person = {"sections": [{"section_id": "a"}, {"section_id": "b", "depth": {"top": 5}}]}
    first, second = known(person, None, ROW)["sections"]
    assert first["depth"] == {"top": 1000.0, "bottom": 3000.0, "unit": "ft"}
    assert second["depth"] == {"top": 5, "unit": "ft"}


def test_a_prior_in_other_units_is_converted() -> None:
    person = {"sections": [{"depth": {"unit": "m"}}]}
    (section,) = known(person, None, ROW)["sections"]
    assert section["depth"]["top"] == pytest.approx(304.8)
    assert section["depth"]["unit"] == "m"


def test_a_prior_that_contradicts_the_anchors_is_dropped() -> None:
    person = {"sections": [{"depth": {"unit": "ft", "anchors": [[10, 9000], [500, 9100]]}}]}
    (section,) = known(person, None, ROW)["sections"]
    assert set(section["depth"]) == {"unit", "anchors"}


def test_tracks_and_curves_are_matched_by_name() -> None:
    base = {
        "sections": [
            {
                "section_id": "s",
                "tracks": [
                    {"track_id": "T1", "left_px": 1, "curves": [{"mnemonic": "GR", "left": 0}]},
                    {"track_id": "T2", "left_px": 9},
                ],
            }
        ]
    }
    over = {
        "sections": [
            {
                "section_id": "s",
                "tracks": [
                    {"track_id": "T2", "right_px": 20},
                    {
                        "track_id": "T1",
                        "curves": [{"mnemonic": "GR", "right": 150}, {"mnemonic": "SP"}],
                    },
                ],
            }
        ]
    }
    (section,) = merge_sidecars(base, over)["sections"]
    assert section["tracks"] == [
        {
            "track_id": "T1",
            "left_px": 1,
            "curves": [{"mnemonic": "GR", "left": 0, "right": 150}, {"mnemonic": "SP"}],
        },
        {"track_id": "T2", "left_px": 9, "right_px": 20},
    ]


def test_merging_changes_neither_side_and_nothing_is_neutral() -> None:
    base = {"well": {"name": "x"}, "sections": [{"section_id": "s", "depth": {"top": 1}}]}
    before = copy.deepcopy(base)
    assert merge_sidecars(base, {}) == base
    assert merge_sidecars({}, base) == base
    assert merge_sidecars(base, base) == base
    assert base == before


def test_faults_are_told_by_their_own_names() -> None:
    with pytest.raises(SidecarError, match="weel"):
        known_sidecar(b'{"weel": {}}', None, sidecar_of_index(ROW), "a.tif")
    with pytest.raises(DraError, match=r"a\.tif"):
        known_sidecar(None, DRA, sidecar_of_index(ROW), "b.tif")


def test_equal_inputs_give_equal_bytes() -> None:
    row = sidecar_of_index(ROW)
    assert known_sidecar(b"{}", DRA, row, "a.tif") == known_sidecar(b"{}", DRA, row, "a.tif")


def test_equal_names_are_matched_in_their_order() -> None:
    def track(*curves: dict[str, Any]) -> dict[str, Any]:
        return {"sections": [{"tracks": [{"curves": list(curves)}]}]}

    base = track({"mnemonic": "R", "left": 0}, {"mnemonic": "R", "left": 1})
    over = track(*({"mnemonic": "R", "unit": unit} for unit in "abc"))
    curves = merge_sidecars(base, over)["sections"][0]["tracks"][0]["curves"]
    assert curves == [
        {"mnemonic": "R", "left": 0, "unit": "a"},
        {"mnemonic": "R", "left": 1, "unit": "b"},
        {"mnemonic": "R", "unit": "c"},
    ]
