"""Feet or metres: by the words of the page, and by the scales at which logs are printed."""

from __future__ import annotations

import pytest

from veernet_core.datatypes import Dpi
from veernet_core.page.depth.unit import (
    FT_PER_IN,
    M_PER_IN,
    is_customary,
    is_true_vertical,
    printed_unit,
    unit_by_scales,
)


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (["DEPTH FEET", "1:240 FT"], "ft"),
        (["DEPTH METRES", "LOGGED IN METERS"], "m"),
        (["DEPTH MTRS", "MTR"], "m"),
        (["FEET"], None),  # one word is too few
        (["DEPTH FEET", "FT", "METRES"], None),
        (["RES OHM METERS", "OHM-METERS"], None),
        (["FLOW METER", "FLOW METER"], None),
        (["PERFECT LIFT", "SHIFTED"], None),  # no words of their own
        ([], None),
    ],
)
def test_the_page_must_speak_of_one_unit_and_more_than_once(
    texts: list[str], unit: str | None
) -> None:
    assert printed_unit(texts) == unit


@pytest.mark.parametrize("scale", FT_PER_IN)
def test_customary_scales_of_feet(scale: float) -> None:
    assert is_customary(scale, "ft")
    assert is_customary(1.05 * scale, "ft")
    assert not is_customary(1.12 * scale, "ft")


@pytest.mark.parametrize("scale", M_PER_IN)
def test_customary_scales_of_metres(scale: float) -> None:
    assert is_customary(scale, "m")
    assert not is_customary(0.85 * scale, "m")


@pytest.mark.parametrize(
    ("per_in", "step", "unit", "source"),
    [
        (20.0, 100.0, "ft", "template"),  # 1:240
        (50.0, 100.0, "ft", "template"),  # 1:600
        (5.08, 25.0, "m", "template"),  # 1:200
        (12.7, 25.0, "m", "template"),  # 1:500
        (25.4, 50.0, "m", "guess"),  # 1:1000, or 1:240 in feet copied smaller
        (5.08, 100.0, "ft", "guess"),  # numbers every hundred metres at 1:200 are not printed
        (33.0, 100.0, "ft", "guess"),  # of no usual scale
    ],
)
def test_the_scale_tells_the_unit(per_in: float, step: float, unit: str, source: str) -> None:
    assert unit_by_scales(per_in / 200, Dpi(200.0, 200.0), step) == (unit, source)


def test_resolutions_that_tell_different_units_make_a_guess() -> None:
    assert unit_by_scales(20.0 / 200, Dpi(200.0, 200.0), 100.0) == ("ft", "template")
    assert unit_by_scales(5.08 / 200, Dpi(down=200.0, across=787.4), 25.0) == ("m", "guess")


@pytest.mark.parametrize(
    ("texts", "vertical"),
    [
        (["GEOLOGIST'S (TVD) LOG"], True),
        (["True Vertical Depth Log", "Scale 5 in / 100 ft"], True),
        (["TVD LOG", "MEASURED DEPTH LOG"], False),  # a form for both
        (["Measured Depth Log", "TVD: 8,462.12'"], False),
        (["TVD 10,021", "LOGGED TVD"], False),
    ],
)
def test_only_a_form_that_calls_its_log_so_has_true_vertical_depths(
    texts: list[str], vertical: bool
) -> None:
    assert is_true_vertical(texts) == vertical
