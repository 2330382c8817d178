"""Numbers in tables: the decimal mark is told by the values, and what stays open is not guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.numerals import decimal_marks, read_numeral


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("3575", 3575.0, 3575.0),
        ("3575.5", 3575.5, None),
        ("3575,5", None, 3575.5),
        ("3,575", 3575.0, 3.575),
        ("3.575", 3.575, 3575.0),
        ("1,234.5", 1234.5, None),
        ("1.234,5", None, 1234.5),
        ("1,234,567", 1234567.0, None),
        ("1 234,500", None, 1234.5),
        ("1\u00a0234", 1234.0, 1234.0),
        ("1\u202f234.5", 1234.5, None),
        ("1'234.5", 1234.5, None),
        ("0,125", None, 0.125),
        ("3575,000", None, 3575.0),
        (",5", None, 0.5),
        ("5.", 5.0, None),
        ("−999,25", None, -999.25),
        ("3.5755E3", 3575.5, None),
        ("1,23,45", None, None),
        ("1.234.56", None, None),
    ],
)
def test_what_a_text_can_mean(text: str, point: float | None, comma: float | None) -> None:
    numeral = read_numeral(text)
    assert numeral is not None
    assert numeral.values == {
        mark: value for mark, value in ((".", point), (",", comma)) if value is not None
    }


@pytest.mark.parametrize("text", ["", "TD", "3575 ft", "12 34", "nan", "inf", "1e999", "--5"])
def test_what_is_no_number(text: str) -> None:
    numeral = read_numeral(text)
    assert numeral is None or numeral.values == {}


def test_only_values_that_fit_one_mark_prove_it() -> None:
    assert decimal_marks(["3,575", "3575", "x", ""]) == set()
    assert decimal_marks(["3,575", "3575,5"]) == {","}
    assert decimal_marks(["3575.5", "3575,5"]) == {".", ","}


@given(st.integers(0, 10**9), st.integers(0, 99), st.sampled_from([".", ","]))
def test_a_written_number_comes_back(whole: int, hundredths: int, mark: str) -> None:
    other = "," if mark == "." else "."
    for thousands in ("", other, " "):
        text = f"{whole:,}".replace(",", thousands) + f"{mark}{hundredths:02d}"
        numeral = read_numeral(text)
        assert numeral is not None
        assert numeral.mark == mark
        assert numeral.under(None) == pytest.approx(whole + hundredths / 100)
