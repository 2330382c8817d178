"""Forms of mud logs: labels with colons, blocks of several companies, places named in running text."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import Dpi
from veernet_core.page.header.fields import read_header
from veernet_core.page.header.lines import lines_of_turn
from veernet_core.page.header.phrases import named_in_text
from veernet_core.page.results import PageLayout, SectionFound, TextBox

LAYOUT = PageLayout(
    "curve_log",
    0,
    Dpi(150.0, 150.0),
    (SectionFound("main", "main", 4000.0, 9000.0, (), np.zeros((0, 2))),),
)


def box(text: str, row: float, left: float, confidence: float = 0.99) -> TextBox:
    width = 13.0 * len(text)
    return TextBox(text, confidence, row, left + width / 2, 26.0, width)


FORM = [
    box("Weatherford", 137, 428),
    box("Well Name: Bernie A 20-17H 2XC", 414, 226),
    box("Ground Elevation (ft): 2,257'", 490, 112),
    box("K.B. Elevation (ft): 2274.5", 490, 604),
    box("Logged Interval (ft): 8,160'", 516, 128),
    box("To: 11,424'", 516, 560),
    box("Total Depth (ft): 11424", 516, 760),
    box("Location:", 440, 232),
    box("Sec. 24 T149N-R93W Dunn County, ND", 441, 360),
    box("License Number: API:33-025-01275", 467, 170),
    box("Region: Blooming Prairie", 467, 880),
    box("OPERATOR", 797, 571),
    box("Company: Kodiak Oil & Gas Corp.", 836, 223),
    box("Address: 1625 Broadway", 862, 223),
    box("Denver, CO 80202", 888, 340),
    box("GEOLOGIST", 987, 570),
    box("Name: Michael Hillix", 1025, 224),
    box("Company: Columbine Logging Inc.", 1051, 224),
    box("Company Rep: Dave Bellerive", 1314, 60),
    box("Well", 2576, 338),
    box("Rounded", 2576, 420),
    box("Angular 3", 2600, 420),
]
"""A mud log's form, with a legend of sorting (Well, Moderate, Poor) below it."""


def test_every_field_of_a_mud_log_is_its_own() -> None:
    fields = read_header(FORM, LAYOUT).fields
    values = {key: str(found.value) for key, found in fields.items()}
    assert values == {
        "name": "Bernie A 20-17H 2XC",
        "company": "Kodiak Oil & Gas Corp",
        "service_company": "Columbine Logging",
        "county": "Dunn",
        "state": "North Dakota",
        "uwi": "33-025-01275",
        "field_name": "Blooming Prairie",
        "location": "Sec. 24 T149N-R93W Dunn County, ND",
        "elevation_gl": "2257.0",
        "elevation_kb": "2274.5",
        "top_depth": "8160.0",
        "bottom_depth": "11424.0",
    }
    doubted = {key for key, found in fields.items() if found.confidence < 0.9}
    assert doubted == {"field_name", "top_depth"}


def test_a_number_of_a_well_tells_county_and_state() -> None:
    fields = read_header([box("API #: 33-025-02411", 400, 200)], LAYOUT).fields
    assert (fields["state"].value, fields["county"].value) == ("North Dakota", "Dunn")
    doubted = read_header([box("API #: 33-025-02411", 400, 200, 0.9)], LAYOUT).fields
    assert max(doubted[key].confidence for key in ("state", "county")) < 0.9


def test_prose_that_begins_like_a_label_names_no_company() -> None:
    form = [
        box("COMPANY HAS FULL RESPONSIBILITY FOR ALL ENERGY DECISIONS", 900, 100),
        box("COMPANY", 300, 100),
        box("ACME OIL CORPORATION", 300, 300),
    ]
    company = read_header(form, LAYOUT).fields["company"]
    assert company.value == "ACME OIL CORPORATION"
    assert company.confidence >= 0.9


@pytest.mark.parametrize(
    ("printed", "datum"),
    [
        ("K.B.", "KB"),
        ("KB @ 25.5 FT", "KB"),
        ("Rotary Table", "RT"),
        ("D.F.", "DF"),
        ("25 ft above", None),
    ],
)
def test_what_depths_are_measured_from(printed: str, datum: str | None) -> None:
    fields = read_header([box(f"Log Measured From {printed}", 400, 200)], LAYOUT).fields
    assert (fields["datum"].value if "datum" in fields else None) == datum


def test_a_location_with_a_letter_read_wrongly_is_not_sure() -> None:
    for text, sure in (("992' FSL and 1416' FWL", True), ("992' FSL and 1416' RWL", False)):
        location = read_header([box(f"Location: {text}", 400, 200)], LAYOUT).fields["location"]
        assert (location.confidence >= 0.9) == sure


def test_a_parent_company_below_a_name_did_not_run_the_log() -> None:
    form = [box("ThruBit", 100, 100), box("A Schlumberger Company", 130, 100)]
    assert read_header(form, LAYOUT).fields["service_company"].value == "ThruBit"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("1214' FSL & 668' FEL, Dunn County, North Dakota", {"county": ["Dunn"], "state": ["North Dakota"]}),
        ("Divide County ND", {"county": ["Divide"], "state": ["North Dakota"]}),
        (
            "Dunn County, North Dakota-Manning (Field)",
            {"county": ["Dunn"], "state": ["North Dakota"], "field_name": ["Manning"]},
        ),
        ("Dunn County, Texas", {}),  # no such county there
        ("STATE COUNTY", {}),
        ("Call 33 025 for API support", {}),
        ("AP: 33-025-02180", {"uwi": ["33-025-02180"]}),
    ],
)  # fmt: skip
def test_places_in_running_text(text: str, named: dict[str, list[str]]) -> None:
    found = named_in_text(lines_of_turn([box(text, 100, 100)], 0))
    assert {key: [v.text for v in values] for key, values in found.items()} == named
