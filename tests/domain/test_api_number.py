"""API numbers: one well, however its number is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veernet_core.domain.api_number import (
    POSTAL_CODES,
    STATE_CODES,
    ApiNumber,
    find_api_number,
    parse_api_number,
    state_name,
)


@pytest.mark.parametrize(
    "text",
    [
        "15-053-00069",
        "1505300069",
        "15 053 00069",
        "15.053.00069",
        "API 15-053-00069",
        "A.P.I. No.: 15-053-00069",
        "UWI: 1505300069",
        "150530006900",
        "15-053-00069-00",
        "15053000690000",
        "15-053-00069-00-00",
        "15-053-00069-0000",
    ],
)
def test_one_well_however_it_is_written(text: str) -> None:
    api = parse_api_number(text)
    assert api is not None
    assert (api.api10, api.state_name, api.dashed) == ("1505300069", "Kansas", "15-053-00069")


def test_sidetrack_and_event_are_kept() -> None:
    api = parse_api_number("42-399-35488-01-02")
    assert api == ApiNumber("42", "399", "35488", "01", "02")
    assert (api.api12, api.api14) == ("423993548801", "42399354880102")
    assert api.dashed == "42-399-35488-01-02"
    short = parse_api_number("42-399-35488-01")
    assert short is not None
    assert short.dashed == "42-399-35488-01"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "API",
        "15-53-00069",  # county of two digits
        "15-0530-0069",
        "150530006",  # nine digits
        "15053000690",  # eleven
        "99-053-00069",  # no such state
        "15-000-00069",
        "15-053-00000",
        "15-053-O0069",  # a letter
        "15-053-00069 and more",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    assert parse_api_number(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4705300069_gr_i", "47-053-00069"),
        ("33-023-01162-0005", "33-023-01162"),  # a file number follows, not a sidetrack
        ("scan 47-053-00069 run 1.tif", "47-053-00069"),
        ("log", None),
        ("AGI89", None),
        ("4705300069 and 4705300070", None),
    ],
)
def test_found_inside_a_file_name(text: str, expected: str | None) -> None:
    api = find_api_number(text)
    assert (api.dashed if api else None) == expected


@given(
    state=st.sampled_from(sorted(STATE_CODES)),
    county=st.integers(1, 999),
    well=st.integers(1, 99_999),
    sidetrack=st.integers(0, 99),
    event=st.integers(0, 99),
)
def test_every_form_reads_back(
    state: str, county: int, well: int, sidetrack: int, event: int
) -> None:
    api = ApiNumber(state, f"{county:03d}", f"{well:05d}", f"{sidetrack:02d}", f"{event:02d}")
    assert parse_api_number(api.api14) == api
    assert parse_api_number(api.dashed) == api
    wellbore = parse_api_number(api.api12)
    assert wellbore is not None
    assert wellbore.api12 == api.api12


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W. VA.", "West Virginia"),
        ("WEST VIRGINIA", "West Virginia"),
        ("Texas", "Texas"),
        ("TX", "Texas"),
        ("N. Mex.", "New Mexico"),
        ("KANS.", "Kansas"),
        ("Virginia", "Virginia"),
        ("TEXAN", None),
        ("", None),
    ],
)
def test_states_by_any_name(text: str, expected: str | None) -> None:
    assert state_name(text) == expected


def test_every_state_has_a_code() -> None:
    assert set(POSTAL_CODES.values()) <= set(STATE_CODES.values())
