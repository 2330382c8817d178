"""Lines of print as the known names that they may be."""

from __future__ import annotations

import string

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet_core.page.ocr.known_words import as_known, log_likelihood

SIGNS = ["", *string.ascii_letters, *string.digits, *" .,-/()[]<>?"]
PLACE = {sign: k for k, sign in enumerate(SIGNS)}


def posterior(*steps: dict[str, float]) -> NDArray[np.float32]:
    """Probabilities of signs, a step of a blank after each."""
    out = np.full((2 * len(steps), len(SIGNS)), 1e-6, np.float32)
    out[1::2, 0] = 1.0
    for row, step in zip(out[::2], steps):
        for sign, p in step.items():
            row[PLACE[sign]] = p
        row[0] = max(1e-6, 1 - sum(step.values()))
    return out


def clear(text: str) -> list[dict[str, float]]:
    return [{sign: 0.99} for sign in text]


def either(one: str, other: str, p: float = 0.6) -> dict[str, float]:
    return {one: p, other: 0.97 - p}


def test_a_letter_that_may_be_another_makes_the_name_that_logs_print() -> None:
    worn = posterior(*clear("RH"), either("D", "O"), *clear("B(G/C3)"))
    assert as_known("RHDB(G/C3)", worn, SIGNS) == "RHOB(G/C3)"


def test_what_is_printed_clearly_stays_whatever_it_resembles() -> None:
    assert as_known("RHDB", posterior(*clear("RHDB")), SIGNS) == "RHDB"
    assert as_known("GRT2", posterior(*clear("GRT2")), SIGNS) == "GRT2"


def test_a_bracket_that_was_read_as_a_letter_is_one_behind_a_known_name() -> None:
    worn = posterior(*clear("CALI"), either("C", "("), *clear("IN)"))
    assert as_known("CALICIN)", worn, SIGNS) == "CALI(IN)"


def test_a_unit_behind_the_bracket_speaks_for_name_and_bracket() -> None:
    """`CALI(IN` of a worn header: the engine gives the bracket little, but nothing else there makes a unit."""
    bracket = {"C": 0.9, "(": 0.002}
    assert as_known("CALICIN", posterior(*clear("CALI"), bracket, *clear("IN")), SIGNS) == "CALI(IN"
    assert as_known("CALICXQ", posterior(*clear("CALI"), bracket, *clear("XQ")), SIGNS) == "CALICXQ"


def test_a_scrap_of_two_letters_is_no_name_by_a_guess() -> None:
    assert as_known("BE", posterior({"B": 0.9}, either("E", "S", 0.9)), SIGNS) == "BE"


@pytest.mark.parametrize("letters", [38, 39, 40, 41, 60])
def test_a_line_of_any_length_is_read(letters: int) -> None:
    line = ("AVERAGE INTERNAL DIAMETER " * 3)[:letters].strip()
    assert as_known(line, posterior(*clear(line)), SIGNS) == line


@pytest.mark.parametrize("text", ["150", "", "G", "0.2000"])
def test_numbers_and_single_signs_are_not_looked_at(text: str) -> None:
    assert as_known(text, posterior(*clear(text or "1")), SIGNS) == text


def test_a_known_name_stays_as_it_is_printed() -> None:
    for text in ("GR (GAPI)", "Gamma Ray", "DPHI("):
        assert as_known(text, posterior(*clear(text)), SIGNS) == text


def test_the_likelihood_sums_over_all_ways_to_say_a_text() -> None:
    """Two steps, one sign: it is said in the first, in the second, or in both."""
    p = np.array([[0.4, 0.6], [0.3, 0.7]])
    assert np.exp(log_likelihood(np.log(p), "A", {"A": 1})) == pytest.approx(
        0.6 * 0.3 + 0.4 * 0.7 + 0.6 * 0.7
    )
    assert log_likelihood(np.log(p), "AA", {"A": 1}) == -np.inf
    assert log_likelihood(np.log(p), "B", {"A": 1}) == -np.inf
