"""Labels of a form and what belongs to each: beside it, below it, and nothing of its neighbours."""

from __future__ import annotations

import pytest

from veernet_core.page.header.labels import values_by_field
from veernet_core.page.header.lines import lines_of_turn
from veernet_core.page.results import TextBox

CHAR, HEIGHT = 14.0, 28.0


def at(text: str, row: float, left: float) -> TextBox:
    """A box of print whose first letter stands at a column."""
    width = CHAR * len(text)
    return TextBox(text, 0.98, row, left + width / 2, HEIGHT, width)


def read(*boxes: TextBox) -> dict[str, list[str]]:
    """Texts by field, fields without a value left out."""
    values = values_by_field(lines_of_turn(boxes, 0))
    return {key: [v.text for v in found] for key, found in values.items() if found}


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("COMPANY", "company"),
        ("OPERATOR:", "company"),
        ("WELL NAME", "name"),
        ("Well:", "name"),
        ("FIELD", "field_name"),
        ("COUNTY", "county"),
        ("PARISH", "county"),
        ("STATE", "state"),
        ("PROVINCE", "state"),
        ("COUNTRY", "country"),
    ],
)
def test_the_value_beside_a_label_is_that_of_its_field(label: str, field: str) -> None:
    assert read(at(label, 100, 100), at("ACME 12", 100, 300)) == {field: ["ACME 12"]}


@pytest.mark.parametrize("text", ["WELL SERVICES INC", "STATE OF KANSAS", "FIELD PRINT", "WELLS"])
def test_words_that_only_begin_as_a_label_does_are_none(text: str) -> None:
    assert read(at(text, 100, 100), at("ACME 12", 100, 500)) == {}


def test_a_value_in_the_same_box_as_its_label_is_taken_off_it() -> None:
    assert read(at("COMPANY: ACME OIL", 100, 100)) == {"company": ["ACME OIL"]}
    assert read(at("COMPANYTIDEWATER OIL", 100, 100)) == {"company": ["TIDEWATER OIL"]}


def test_words_of_a_value_are_joined_up_to_a_wide_gap() -> None:
    boxes = [at("WELL", 100, 100), at("SMITH", 100, 300), at("NO. 1", 100, 390)]
    assert read(*boxes) == {"name": ["SMITH NO. 1"]}
    far = at("STAMP", 100, 900)
    assert read(*boxes, far) == {"name": ["SMITH NO. 1"]}


def test_a_value_ends_where_the_next_label_of_its_line_begins() -> None:
    found = read(
        at("COUNTY", 100, 100),
        at("BARTON", 100, 210),
        at("STATE", 100, 310),
        at("KANSAS", 100, 388),
    )
    assert found == {"county": ["BARTON"], "state": ["KANSAS"]}


def test_two_labels_in_one_box_are_told_apart() -> None:
    assert read(at("COUNTY BARTON STATE KANSAS", 100, 100)) == {
        "county": ["BARTON"],
        "state": ["KANSAS"],
    }


def test_lines_of_a_form_keep_their_own_values() -> None:
    names = ["COMPANY", "WELL", "FIELD", "COUNTY"]
    fields = ["company", "name", "field_name", "county"]
    boxes = []
    for k, name in enumerate(names):
        boxes += [at(name, 100 + 50 * k, 100), at(f"VALUE {k}X", 100 + 50 * k, 300)]
    assert read(*boxes) == {field: [f"VALUE {k}X"] for k, field in enumerate(fields)}


def test_a_value_too_far_from_its_label_is_not_its_own() -> None:
    assert read(at("WELL", 100, 100), at("SMITH 1", 100, 100 + 4 * CHAR + 15 * HEIGHT)) == {}


def test_each_run_has_a_value_of_its_own_from_left_to_right() -> None:
    found = read(at("DATE", 100, 100), at("3-MAY-72", 97, 500), at("1-APR-71", 100, 300))
    assert found == {"date": ["1-APR-71", "3-MAY-72"]}


def test_a_date_that_ends_another_label_is_no_date_of_the_log() -> None:
    boxes = (at("END", 100, 40), at("DATE", 100, 100), at("1-APR-71", 100, 200))
    assert read(*boxes) == {}
    assert read(at("LOG", 100, 40), *boxes[1:]) == {"date": ["1-APR-71"]}


def test_a_company_on_a_second_line_is_the_end_of_the_name_and_no_label() -> None:
    found = read(at("COMPANY", 100, 100), at("TIDEWATER OIL", 100, 300), at("COMPANY", 135, 300))
    assert found == {"company": ["TIDEWATER OIL COMPANY"]}


def test_the_heading_of_the_next_column_is_no_value() -> None:
    found = read(at("WELL", 100, 100), at("SMITH 1", 100, 300), at("OTHER SERVICES:", 100, 420))
    assert found == {"name": ["SMITH 1"]}


def test_a_number_of_a_well_may_stand_under_its_label() -> None:
    assert read(at("API NO.", 100, 100), at("15-053-00069", 140, 100)) == {"uwi": ["15-053-00069"]}
