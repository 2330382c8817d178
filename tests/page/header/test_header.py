"""Header forms: fields are found whichever way the form lies, and sure only where something confirms them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import Dpi
from veernet_core.domain.api_number import parse_api_number
from veernet_core.domain.gazetteer import COUNTIES, county_name, county_of_api, service_company
from veernet_core.page.header.dates import parse_date
from veernet_core.page.header.fields import read_header
from veernet_core.page.results import HeaderFound, PageLayout, SectionFound, TextBox

SURE = 0.9
LAYOUT = PageLayout(
    "curve_log",
    0,
    Dpi(200.0, 200.0),
    (SectionFound("main", "main", 4000.0, 9000.0, (), np.zeros((0, 2))),),
)


def box(text: str, row: float, left: float, confidence: float = 0.99) -> TextBox:
    width = 18.0 * len(text)
    return TextBox(text, confidence, row, left + width / 2, 40.0, width)


FORM = [
    box("Schlumberger", 100, 80),
    box("COMPENSATED NEUTRON", 100, 600),
    box("COMPANY", 300, 260),
    box("EXXON COMPANY U.S.A.", 296, 450),
    box("WELL", 430, 262),
    box("JAY P. SMITH #1", 430, 480),
    box("FIELD", 500, 261),
    box("WILDCAT", 502, 480),
    box("COUNTY", 568, 263),
    box("WAYNE", 566, 480),
    box("STATE", 570, 728),
    box("W. VA.", 570, 889),
    box("Location:", 632, 264),
    box("CARTER COORD.", 660, 300),
    box("Other Services:", 630, 933),
    box("DIL", 660, 940),
    box("Elev.: K.B.", 810, 930),
    box("622", 808, 1110),
    box("D.F.", 845, 1010),
    box("621", 845, 1110),
    box("G.L.", 880, 1010),
    box("594", 878, 1110),
    box("Date", 930, 10),
    box("9/10/74", 930, 270),
    box("11/8/74", 932, 750),
    box("Run No.", 965, 10),
    box("ONE", 967, 290),
    box("TWO", 968, 790),
    box("Depth-Driller", 1000, 10),
    box("10468", 1000, 290),
    box("14625", 1002, 790),
    box("Btm. Log Interval", 1035, 10),
    box("10460", 1035, 330),
    box("14591", 1036, 790),
    box("Top Log Interval", 1070, 10),
    box("7100", 1070, 330),
    box("11000", 1071, 790),
]


def turned(boxes: Sequence[TextBox], turn: int, tilt: float = 0.0) -> list[TextBox]:
    """The form turned clockwise by ``turn`` on a page of 2000 px, after a tilt by a small slope."""
    out = []
    for b in boxes:
        row, col = b.row + tilt * b.col, b.col - tilt * b.row
        height = b.height_px + abs(tilt) * b.width_px
        if turn == 0:
            out.append(replace(b, row=row, col=col, height_px=height))
        elif turn == 90:
            out.append(
                replace(
                    b, row=col, col=2000 - row, height_px=b.width_px, width_px=height, turned_deg=90
                )
            )
        elif turn == 180:
            out.append(replace(b, row=2000 - row, col=2000 - col, height_px=height, turned_deg=180))
        else:
            out.append(
                replace(
                    b,
                    row=2000 - col,
                    col=row,
                    height_px=b.width_px,
                    width_px=height,
                    turned_deg=270,
                )
            )
    return out


def sure(header: HeaderFound) -> dict[str, str | float]:
    return {key: v.value for key, v in header.fields.items() if v.confidence >= SURE}


EXPECTED = {
    "company": "EXXON COMPANY U.S.A",
    "name": "JAY P. SMITH #1",
    "field_name": "WILDCAT",
    "county": "Wayne",
    "state": "West Virginia",
    "service_company": "Schlumberger",
    "date": "9/10/74",
    "run": "ONE",
    "bottom_depth": 14591.0,
    "elevation_kb": 622.0,
    "elevation_df": 621.0,
    "elevation_gl": 594.0,
}


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("tilt", [0.0, 0.04, -0.06])
def test_a_form_reads_the_same_however_it_lies(turn: int, tilt: float) -> None:
    header = read_header(turned(FORM, turn, tilt), LAYOUT)
    assert sure(header) == EXPECTED
    assert header.fields["top_depth"].value == 7100.0
    assert {v.source for v in header.fields.values()} == {"header"}


def test_the_order_of_boxes_does_not_matter() -> None:
    assert read_header(FORM[::-1], LAYOUT) == read_header(FORM, LAYOUT)


def test_nothing_on_the_grid_is_header() -> None:
    moved = [replace(b, row=b.row + 4200) for b in FORM]
    assert read_header(moved, LAYOUT).fields == {}
    assert read_header([], LAYOUT).fields == {}


def with_text(old: str, new: str, confidence: float = 0.99) -> list[TextBox]:
    return [
        replace(b, text=new, confidence=confidence, width_px=18.0 * len(new))
        if b.text == old
        else b
        for b in FORM
    ]


@pytest.mark.parametrize(
    ("old", "new", "confidence", "field"),
    [
        ("EXXON COMPANY U.S.A.", "EXXON COMPANY U.S.A.", 0.95, "company"),  # badly read
        ("EXXON COMPANY U.S.A.", "U LGE CLn", 0.99, "company"),  # handwriting
        ("JAY P. SMITH #1", "JAY P. SMITH", 0.99, "name"),  # the number was not seen
        ("JAY P. SMITH #1", "GROYeR ARRlNGTON 3", 0.99, "name"),
        ("WAYNE", "WAYNF", 0.99, "county"),  # not in the list
        ("WAYNE", "HARRIS", 0.99, "county"),  # of another state
        ("W. VA.", "W. YA.", 0.99, "state"),
        ("9/10/74", "9126174", 0.99, "date"),
        ("14591", "145", 0.99, "bottom_depth"),  # far from the depth drilled
        ("14591", "N/A", 0.99, "bottom_depth"),  # the deepest run is missing
        ("622", "6220", 0.99, "elevation_kb"),
    ],
)
def test_doubtful_readings_are_not_sure(old: str, new: str, confidence: float, field: str) -> None:
    header = read_header(with_text(old, new, confidence), LAYOUT)
    assert field not in sure(header)


def test_a_date_is_not_sure_where_an_earlier_run_was_not_read() -> None:
    boxes = [b for b in FORM if b.text != "9/10/74"]
    boxes = [replace(b, col=b.col + 100) if b.text == "11/8/74" else b for b in boxes]
    boxes.append(box("12/1/74", 932, 1200))
    assert "date" not in sure(read_header(boxes, LAYOUT))


def test_the_end_of_another_label_is_none() -> None:
    boxes = [replace(b, col=b.col + 100) if b.text == "Date" else b for b in FORM]
    assert "date" in sure(read_header(boxes, LAYOUT))
    assert "date" not in sure(read_header([*boxes, box("End", 930, 20)], LAYOUT))


def test_a_blank_field_does_not_take_the_state() -> None:
    boxes = [b for b in FORM if b.text not in ("WILDCAT", "STATE", "W. VA.", "COUNTY", "WAYNE")]
    boxes += [box("STATE", 535, 700), box("WEST VIRGINIA", 520, 840)]
    fields = sure(read_header(boxes, LAYOUT))
    assert fields["state"] == "West Virginia"
    assert "field_name" not in fields


def test_two_printings_that_agree_confirm_each_other() -> None:
    weak = with_text("EXXON COMPANY U.S.A.", "EXXON COMPANY U.S.A.", 0.95)
    spine = [box("COMPANY", 1500, 1300), box("EXXON COMPANY, USA", 1500, 1480, 0.97)]
    header = read_header([*weak, *turned(spine, 90)], LAYOUT)
    assert header.fields["company"].confidence >= SURE


def test_two_printings_that_differ_refute_each_other() -> None:
    spine = [box("COMPANY", 1500, 1300), box("POWER OIL COMPANY", 1500, 1480)]
    header = read_header([*FORM, *turned(spine, 90)], LAYOUT)
    assert header.fields["company"].confidence < SURE


def test_labels_and_values_read_as_one_text() -> None:
    boxes = [
        box("COMPANYTIDEWATER OIL CO.", 300, 260),
        box("WELL USA TRACT 357 UNIT 2", 430, 262),
        box("FIELD WILDCAT", 500, 261),
        box("COUNTY POCAHONTAS STATE W. VA.", 568, 263),
    ]
    assert sure(read_header(boxes, LAYOUT)) == {
        "company": "TIDEWATER OIL CO",
        "name": "USA TRACT 357 UNIT 2",
        "field_name": "WILDCAT",
        "county": "Pocahontas",
        "state": "West Virginia",
    }


def test_values_of_several_lines() -> None:
    boxes = [
        box("COMPANY UNITED FUEL GAS", 300, 260),
        box("COMPANY", 372, 480),
        box("WELL", 500, 260),
        box("GROVER ARRINGTON", 495, 480),
        box("#8803 T.R.", 572, 480),
        box("FIELD", 700, 260),
        box("CENTRAL DIVISION", 700, 480),
    ]
    found = sure(read_header(boxes, LAYOUT))
    assert found["company"] == "UNITED FUEL GAS COMPANY"
    assert found["name"] == "GROVER ARRINGTON #8803 T.R"
    assert found["field_name"] == "CENTRAL DIVISION"


@pytest.mark.parametrize(
    ("field", "sure_of"), [("CORRAL CREEK AUSTIN", False), ("AUSTIN NORTH UNIT", True)]
)
def test_a_field_that_goes_on_with_the_county_is_not_sure(field: str, sure_of: bool) -> None:
    boxes = [
        box("FIELD", 300, 260),
        box(field, 300, 600),
        box("COUNTY", 430, 260),
        box("AUSTIN", 430, 400),
        box("STATE", 430, 800),
        box("TEXAS", 430, 940),
    ]
    header = read_header(boxes, LAYOUT)
    assert str(header.fields["field_name"].value) == field
    assert ("field_name" in sure(header)) is sure_of


def test_an_api_number_below_its_label_is_confirmed_by_the_county() -> None:
    boxes = [
        box("API NO:", 300, 40),
        box("42-015-31028", 335, 40),
        box("COUNTY", 430, 260),
        box("AUSTIN", 430, 400),
        box("STATE", 430, 800),
        box("TEXAS", 430, 940),
    ]
    assert sure(read_header(boxes, LAYOUT))["uwi"] == "42-015-31028"
    other = [replace(b, text="42-399-31028") if b.text.startswith("42") else b for b in boxes]
    assert "uwi" not in sure(read_header(other, LAYOUT))


def test_a_text_cut_where_tiles_meet_is_joined_or_not_sure() -> None:
    base = [b for b in FORM if not b.text.startswith("EXXON")]
    left, right = box("EXXON COMP", 296, 450), box("COMPANY U.S.A.", 296, 558)
    assert sure(read_header([*base, left, right], LAYOUT))["company"] == "EXXON COMPANY U.S.A"
    clash = box("OIL CORP", 296, 558)
    assert "company" not in sure(read_header([*base, left, clash], LAYOUT))


def test_prose_makes_no_fields() -> None:
    prose = [
        box("The well name, location and borehole reference data were furnished", 700, 200),
        box("Well surveying services", 760, 200),
        box("STATE OF WEST VIRGINIA DEPARTMENT OF MINES", 820, 200),
        box("Field print", 880, 200),
    ]
    assert sure(read_header(prose, LAYOUT)) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9/10/74", (1974, 9, 10)),
        ("8-8-59", (1959, 8, 8)),
        ("9 JUNE 63", (1963, 6, 9)),
        ("13-JUN-2013", (2013, 6, 13)),
        ("24-Sep-2015", (2015, 9, 24)),
        ("MARCH 3, 1962", (1962, 3, 3)),
        ("2/13/2014", (2014, 2, 13)),
        ("1-1-14", (2014, 1, 1)),
        ("13/13/74", None),
        ("9126174", None),
        ("0-5-60", None),
        ("5-23-1865", None),
        ("JUNK 3, 1962", None),
        ("", None),
    ],
)
def test_dates(text: str, expected: tuple[int, int, int] | None) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    ("api", "county"),
    [
        ("47-053-00069", "Mason"),
        ("33-023-01162", "Divide"),
        ("30-025-09873", "Lea"),
        ("42-399-35488", "Runnels"),
        ("15-053-00069", "Ellsworth"),
        ("47-054-00069", None),
        ("05-001-00069", None),
    ],
)
def test_counties_of_api_numbers(api: str, county: str | None) -> None:
    number = parse_api_number(api)
    assert number is not None
    assert county_of_api(number) == county


def test_lists_hold_every_county_once_and_in_order() -> None:
    sizes = {"West Virginia": 55, "North Dakota": 53, "Kansas": 105, "Oklahoma": 77, "Texas": 254}
    for state, names in COUNTIES.items():
        assert len(set(names)) == len(names), state
        assert len(names) == sizes.get(state, len(names))
    assert county_name("mcdowell", "West Virginia") == "McDowell"
    assert county_name("RIO ARRIBA COUNTY") == "Rio Arriba"
    assert county_name("WAYNE", "Texas") is None


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("SCHLUMBERGER WELL SURVEYING CORPORATION", "Schlumberger Well Surveying Corporation"),
        ("SCHLEMBERGER", "Schlumberger"),
        ("BAKER HUGHES", "Baker Hughes"),
        ("Lane Wells", "Lane-Wells"),
        ("EXXON", None),
        ("", None),
    ],
)
def test_service_companies(text: str, company: str | None) -> None:
    found = service_company(text)
    assert (found[0] if found else None) == company


def test_confidence_is_a_probability() -> None:
    for stated in read_header(FORM, LAYOUT).fields.values():
        assert 0.0 < stated.confidence < 1.0
        assert not math.isnan(stated.row)
