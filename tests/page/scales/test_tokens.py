"""Words and the numbers they can stand for."""

from dataclasses import replace

import pytest

from veernet_core.page.results import TextBox
from veernet_core.page.scales.tokens import (
    Token,
    apart_from_words,
    halves_at,
    lines_of,
    numbers_of,
    phrases_of,
    read_tokens,
    split_at,
    without_borders,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("150", 150.0), ("0.2", 0.2), (".25", 0.25), ("-0.15", -0.15), ("20000.", 20000.0),
        ("10,000", 10000.0), ("0,45", 0.45), ("10K", 10000.0), ("O", 0.0), ("l50", 150.0), ("−80", -80.0),
        ("0.4500", 0.45), ("6|", 6.0),
    ],
)  # fmt: skip
def test_first_value_of_a_number(text: str, value: float) -> None:
    assert numbers_of(text)[0][0] == value


@pytest.mark.parametrize("text", ["GAPI", "(in)", "RAY", "", "-", "7/8", "12-Mar-98", "1:240"])
def test_words_are_no_numbers(text: str) -> None:
    assert numbers_of(text) == ()


def test_a_rule_read_as_a_one_can_be_taken_off() -> None:
    assert (16.0, "rule") in numbers_of("161")
    assert (-15.0, "sign") in numbers_of("15")
    assert (0.2, "point") in numbers_of("02")


TOKEN = Token("", 0.99, 0, 30, 0, 20, 0, 0)


def box(text: str, row: float, col: float, width: float, height: float = 20) -> TextBox:
    return TextBox(text, 0.99, row, col, height, width)


def test_a_number_joined_to_a_name_is_cut_off() -> None:
    tokens = read_tokens([box("0 GR (GAPI) 150", 100, 200, 300)], 0.0, 200)
    assert [t.text for t in tokens] == ["0", "GR", "(GAPI)", "150"]
    assert tokens[0].x0 == pytest.approx(50)
    assert tokens[-1].x1 == pytest.approx(350)


def test_tilt_is_undone() -> None:
    tilted = [box("0", 100 - 10, 0, 20), box("150", 100 + 10, 1000, 50)]
    tokens = read_tokens(tilted, 0.02, 500)
    assert [t.y for t in tokens] == pytest.approx([100, 100])
    assert len(lines_of(tokens)) == 1


def test_a_token_across_a_border_is_two() -> None:
    (token,) = read_tokens([box("6,6", 100, 500, 60)], 0.0, 500)
    first, second = split_at([token], [500.0])
    assert (first.text, second.text) == ("6", "6")
    assert first.x1 < 500 < second.x0


def test_the_stroke_of_a_border_is_no_part_of_a_number() -> None:
    """`-0.15!` read across the border at 1649 is -0.15; a stroke that stands elsewhere, and a 1, are kept."""
    crossing = Token("-0.15!", 0.99, 1588, 1654, 0, 18, 0, 0)
    (bare,) = without_borders([crossing], [1169.0, 1649.0])
    assert bare.text == "-0.15"
    assert bare.x1 < 1649
    assert numbers_of(bare.text)[0] == (-0.15, "none")
    assert without_borders([crossing], [1700.0]) == [crossing]
    (left,) = without_borders([Token("|0.45", 0.9, 1166, 1216, 0, 18, 0, 0)], [1169.0])
    assert left.text == "0.45"
    assert left.x0 > 1169
    ends_in_one = Token("151", 0.9, 1620, 1653, 0, 18, 0, 0)
    assert without_borders([ends_in_one], [1649.0]) == [ends_in_one]


def test_phrases_end_at_wide_gaps() -> None:
    tokens = read_tokens(
        [box("Bit", 50, 100, 40), box("Size", 50, 150, 45), box("16", 50, 400, 30)], 0, 0
    )
    (line,) = lines_of(tokens)
    assert [[t.text for t in p] for p in phrases_of(line)] == [["Bit", "Size"], ["16"]]


def test_a_point_that_was_read_is_not_lost_to_the_reader_of_digits() -> None:
    token = Token("0.2", 0.99, 0, 30, 0, 20, 0, 0, as_digits="02")
    assert 2.0 not in {value for value, _ in token.numbers}
    assert token.numbers[0] == (0.2, "none")


def test_what_the_other_way_of_reading_says_is_a_rival_value() -> None:
    token = Token("16l", 0.9, 0, 30, 0, 20, 0, 0, also="16")
    assert 16.0 in {value for value, _ in token.numbers}


def test_two_numbers_over_the_middle_of_a_double_track_are_two() -> None:
    both = Token("6,6", 0.99, 485.0, 515.0, 20.0, 14.0, 20.0, 0)
    assert [t.text for t in halves_at(both, [500.0])] == ["6", "6"]
    first, second = halves_at(both, [500.0])
    assert first.x1 < 500 < second.x0
    assert halves_at(both, [510.0]) == halves_at(both, []) == [both]
    assert halves_at(replace(both, text="66"), [500.0]) == [replace(both, text="66")]


def test_a_word_that_is_read_clearly_in_both_ways_is_no_number() -> None:
    """A reader of digits makes something of any letters: 4 of AM, 40 of AO."""
    assert replace(TOKEN, text="AM", as_digits="4", agreed=1.0).numbers == ()
    assert replace(TOKEN, text="AM", as_digits="4", agreed=0.5).numbers[0][0] == 4.0
    assert replace(TOKEN, text="IO", as_digits="10", agreed=1.0).numbers[0][0] == 10.0
    assert replace(TOKEN, text="O", agreed=1.0).numbers[0][0] == 0.0


def test_numbers_among_words_belong_to_the_name() -> None:
    line = read_tokens([box('AM = 16"', 100, 300, 120), box("75", 100, 520, 30)], 0.0, 300)
    assert [t.text for t in apart_from_words(line)] == ["75"]
