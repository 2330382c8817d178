"""One value for each field of a form: which of several readings, and how sure it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from veernet_core.page.header.choice import CHOOSERS
from veernet_core.page.header.labels import STATED
from veernet_core.page.header.numbers import depths_and_elevations
from veernet_core.page.header.values import CLEAR, CONFIRMED, DOUBTFUL, LIKELY, Value, clean_text
from veernet_core.page.results import TextBox


def read(text: str, confidence: float = 0.99, gap: float = 1.0) -> Value:
    return Value(text, confidence, TextBox(text, confidence, 120.0, 300.0, 20.0, 200.0), gap)


def chosen(field: str, *values: Value) -> tuple[str | float, float] | None:
    found = CHOOSERS[field](values)
    return None if found is None else (found.value, found.confidence)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("__ACME OIL__", "ACME OIL"),
        ("  ACME   OIL. ", "ACME OIL"),
        (": or  ACME", "ACME"),
        ("ACME_OIL", "ACME OIL"),
        ("___", ""),
    ],
)
def test_ruled_lines_and_stray_signs_are_taken_off(text: str, plain: str) -> None:
    assert clean_text(text) == plain


def test_a_value_keeps_the_place_where_it_was_read() -> None:
    found = CHOOSERS["company"]([read("ACME OIL COMPANY")])
    assert found is not None
    assert (found.row, found.col, found.source) == (120.0, 300.0, "header")


@pytest.mark.parametrize(
    ("field", "values", "want"),
    [
        ("company", [read("ACME OIL COMPANY")], ("ACME OIL COMPANY", CLEAR)),
        ("company", [read("ACME OIL COMPANY", 0.95)], ("ACME OIL COMPANY", LIKELY)),
        ("company", [read("ACME OIL COMPANY", 0.5)], ("ACME OIL COMPANY", DOUBTFUL)),
        ("company", [read("SMITH")], ("SMITH", LIKELY)),  # no word that companies have
        ("company", [read("ACME OIL CO"), read("ACME OIL CO.", 0.95)], ("ACME OIL CO", CONFIRMED)),
        ("company", [read("ACME OIL CO"), read("ACME OIL C0")], ("ACME OIL CO", CLEAR)),
        ("company", [read("ACME OIL COMPANY"), read("ZENITH GAS")], ("ACME OIL COMPANY", DOUBTFUL)),
        ("company", [read("12"), read("--")], None),
        ("name", [read("SMITH NO. 1")], ("SMITH NO. 1", CLEAR)),
        ("name", [read("SMITH")], ("SMITH", LIKELY)),  # a well has a number
        (
            "name",
            [read("SUN 149-93-07D-12H")],
            ("SUN 149-93-07D-12H", CLEAR),
        ),  # more digits than letters
        ("field_name", [read("WEST BEND")], ("WEST BEND", CLEAR)),
    ],
)
def test_free_text(field: str, values: list[Value], want: tuple[str, float] | None) -> None:
    assert chosen(field, *values) == want


@pytest.mark.parametrize(
    ("field", "values", "want"),
    [
        ("state", [read("KANSAS")], ("Kansas", CONFIRMED)),
        ("state", [read("TX", 0.85)], ("Texas", LIKELY)),
        ("state", [read("KANSAS"), read("TEXAS")], None),  # of two one is wrong
        ("state", [read("DEPTH")], None),
        ("country", [read("U.S.A.")], ("USA", CONFIRMED)),
        ("country", [read("CANADA", 0.6)], ("Canada", LIKELY)),
        ("country", [read("ATLANTIS")], None),
        ("run", [read("ONE")], ("ONE", CLEAR)),
        ("run", [read("2")], ("2", LIKELY)),
        ("run", [read("17")], None),
        ("uwi", [read("15-053-00069")], ("15-053-00069", CLEAR)),
        ("uwi", [read("API 15-053-00069", 0.9)], ("15-053-00069", LIKELY)),
        ("uwi", [read("99-999-99999")], None),
    ],
)
def test_fields_of_which_all_values_are_known(
    field: str, values: list[Value], want: tuple[str, float] | None
) -> None:
    assert chosen(field, *values) == want


def test_what_is_labelled_most_plainly_is_the_value() -> None:
    legend, stated = read("SUBROUNDED ANGULAR CORE 3"), replace(read("SMITH 1-2H"), strength=STATED)
    assert chosen("name", legend, stated) == ("SMITH 1-2H", CLEAR)
    crew = replace(
        read("J. BROWN, P. GREEN"), strength=STATED
    )  # OPERATOR: of the truck, no company
    assert chosen("company", crew, read("ACME OIL COMPANY")) == ("ACME OIL COMPANY", CLEAR)


def test_state_and_county_may_share_a_box_with_others() -> None:
    assert chosen("state", read("U.S.A. / NORTH DAKOTA")) == ("North Dakota", CONFIRMED)
    assert chosen("county", read("DUNN / ND")) == ("Dunn", CONFIRMED)


def test_of_two_numbers_of_wells_none_is_sure() -> None:
    found = chosen("uwi", read("33-025-02411"), read("33-025-02412"))
    assert found == ("33-025-02411", LIKELY)


def test_the_date_is_that_of_the_first_run_if_its_column_is_read() -> None:
    assert chosen("date", read("12-MAR-1957")) == ("12-MAR-1957", CLEAR)
    assert chosen("date", read("XX-57"), read("3-4-1958", gap=2.0)) == ("3-4-1958", LIKELY)
    later = read("12-MAR-1957", gap=9.0), read("3-4-1958", gap=12.0)  # room for a run before both
    assert chosen("date", *later) == ("12-MAR-1957", LIKELY)
    assert chosen("date", read("NOT A DATE")) is None


def measured(**rows: list[str]) -> dict[str, tuple[str | float, float]]:
    found = depths_and_elevations({key: [read(t) for t in texts] for key, texts in rows.items()})
    return {key: (value.value, value.confidence) for key, value in found.items()}


def test_the_bottom_is_confirmed_by_the_depth_that_was_reached() -> None:
    sure = measured(bottom_depth=["7,640"], depth_logger=["7,645 FT"], top_depth=["1200"])
    assert sure == {"bottom_depth": (7640.0, CONFIRMED), "top_depth": (1200.0, LIKELY)}
    other = measured(bottom_depth=["7,640"], depth_logger=["9,100"])
    assert other["bottom_depth"] == (7640.0, LIKELY)


def test_over_several_runs_the_deepest_and_the_highest_count() -> None:
    found = measured(
        bottom_depth=["3500", "7640"], top_depth=["3490", "350"], depth_driller=["7640"]
    )
    assert found == {"bottom_depth": (7640.0, CONFIRMED), "top_depth": (350.0, LIKELY)}
    missing = measured(bottom_depth=["3500"], top_depth=["3490", "350"], depth_driller=["3500"])
    assert missing["bottom_depth"] == (3500.0, LIKELY)  # the deepest run may be the one not read


def test_what_is_no_depth_says_nothing() -> None:
    assert measured(bottom_depth=["SEE REMARKS", "7", "99999"]) == {}
    assert measured(top_depth=["350"]) == {}
    assert "top_depth" not in measured(bottom_depth=["300"], top_depth=["350"])


def test_elevations_confirm_one_another() -> None:
    near = measured(elevation_kb=["1,512.5 FT"], elevation_gl=["1501"])
    assert near == {"elevation_kb": (1512.5, CONFIRMED), "elevation_gl": (1501.0, CONFIRMED)}
    apart = measured(elevation_kb=["1512"], elevation_gl=["150"])
    assert {confidence for _, confidence in apart.values()} == {DOUBTFUL}
