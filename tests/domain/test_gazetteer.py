"""Tables of states, counties and service companies: whole, in the order of their codes, and found in print."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veernet_core.domain.api_number import POSTAL_CODES, STATE_CODES, parse_api_number, state_name
from veernet_core.domain.gazetteer import (
    COUNTIES,
    SERVICE_COMPANIES,
    county_name,
    county_of_api,
    letters_and_digits,
    service_company,
)
from veernet_core.domain.tables import table

NUMBER_OF_COUNTIES = {
    "West Virginia": 55, "New Mexico": 32, "North Dakota": 53, "Kansas": 105, "Oklahoma": 77, "Texas": 254,
}  # fmt: skip
"""How many counties these states have, not taken from the table. New Mexico has one more, Cibola, whose code
breaks the order."""


def test_every_county_is_listed_once_under_a_state_that_there_is() -> None:
    assert {state: len(names) for state, names in COUNTIES.items()} == NUMBER_OF_COUNTIES
    for state, names in COUNTIES.items():
        assert state in STATE_CODES.values()
        assert len(set(names)) == len(names)
        assert not any("_" in name for name in names)


@pytest.mark.parametrize("state", [s for s in NUMBER_OF_COUNTIES if s != "Texas"])
def test_counties_are_in_the_order_of_the_alphabet_as_their_codes_are(state: str) -> None:
    plain = [letters_and_digits(name).replace("MC", "MAC") for name in COUNTIES[state]]
    out_of_order = sum(a > b for a, b in itertools.pairwise(plain))
    assert out_of_order <= 2, "names with Mc or La in front are filed differently"


@pytest.mark.parametrize(
    ("number", "county"),
    [
        ("15-053-00069", "Ellsworth"),
        ("42-501-00001", "Yoakum"),
        ("35-153-00001", "Woodward"),
        ("33-023-01135", "Divide"),
        ("30-025-09873", "Lea"),
        ("47-109-00001", "Wyoming"),
        ("15-052-00001", None),
        ("15-211-00001", None),
        ("05-001-00001", None),
    ],
)
def test_an_api_number_says_its_county_where_that_is_listed(
    number: str, county: str | None
) -> None:
    api = parse_api_number(number)
    assert api is not None
    assert county_of_api(api) == county


@given(st.sampled_from([(s, n) for s, names in COUNTIES.items() for n in names]))
def test_a_county_is_found_however_it_is_printed(place: tuple[str, str]) -> None:
    state, name = place
    for text in (
        name,
        name.upper(),
        f"{name} County",
        f"{name.upper()} CO.",
        name.replace(" ", ""),
    ):
        assert county_name(text, state) == name


def test_a_county_of_another_state_or_of_none_is_not_found() -> None:
    assert county_name("Ellsworth", "Texas") is None
    assert county_name("Ellsworth") == "Ellsworth"
    assert county_name("Atlantis") is None
    assert county_name("Ellsworth", "Nowhere") is None


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("SCHLUMBERGER", "Schlumberger"),
        ("Schlumberger Well Surveying Corp", "Schlumberger Well Surveying Corporation"),
        ("HALLIBURT0N", "Halliburton"),
        ("Dresser-Atlas", "Dresser Atlas"),
        ("Welex, a Halliburton Company", "Welex"),
        ("Acme Oil", None),
        ("", None),
    ],
)
def test_a_service_company_is_found_in_what_is_printed(text: str, company: str | None) -> None:
    found = service_company(text)
    assert (found[0] if found else None) == company
    assert found is None or 0.88 <= found[1] <= 1.0


def test_states_have_one_name_in_every_notation() -> None:
    assert set(POSTAL_CODES.values()) <= set(STATE_CODES.values())
    assert set(table("places")["old_abbreviations"].values()) <= set(POSTAL_CODES.values())
    for text in ("Kansas", "KS", "Kans.", "kansas"):
        assert state_name(text) == "Kansas"
    assert state_name("W. Va.") == "West Virginia"
    assert state_name("Bavaria") is None
    assert len(STATE_CODES) >= 51
    assert len(SERVICE_COMPANIES) == len(set(SERVICE_COMPANIES))


def test_a_table_is_read_once_and_one_that_is_not_there_is_missed() -> None:
    assert table("places") is table("places")
    assert {"units", "words"} <= table("vocabulary").keys()
    with pytest.raises(FileNotFoundError):
        table("nothing")
