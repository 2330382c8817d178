"""Ends that no scale is printed with are doubted, usual and round ones are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import Scale
from veernet_core.domain.vocabulary import find_misread, find_unit
from veernet_core.page.scales.candidates import Frame, ScaleCandidate
from veernet_core.page.scales.names import NameCandidate
from veernet_core.page.scales.plausible import may_be_misread
from veernet_core.page.scales.tokens import Token


def scale(left: float, right: float, kind: Scale = "linear") -> ScaleCandidate:
    first, last = (
        Token(f"{v:g}", 0.99, x, x + 9, 20.0, 10.0, 20.0, 0) for v, x in ((left, 1), (right, 490))
    )
    frame = Frame(0.0, 500.0, (0, 0))
    return ScaleCandidate(
        frame, first, last, left, right, ("none", "none"), kind, 0, 0, 20.0, 10.0, (), 0
    )


@pytest.mark.parametrize("ends", [(1, 100), (100, 1), (8, 1000), (1, 1001), (2, 2001), (8, 10099)])
def test_a_border_read_as_a_digit_is_doubted(ends: tuple[float, float]) -> None:
    assert may_be_misread(scale(*ends), None)


@pytest.mark.parametrize(
    "ends",
    [(0, 100), (6, 16), (150, 300), (45, -15), (1.95, 2.95), (-80, 20), (10, 110), (0.2, 1.2)],
)
def test_round_scales_are_not_doubted(ends: tuple[float, float]) -> None:
    assert not may_be_misread(scale(*ends), None)


@pytest.mark.parametrize(("support", "doubted"), [(1, True), (2, False)])
def test_ends_between_which_three_numbers_agree_are_not_doubted(
    support: int, doubted: bool
) -> None:
    inset = replace(scale(5, 5000, "log"), inset=True, support=support)
    assert may_be_misread(inset, None) is doubted


def named(text: str) -> NameCandidate:
    return NameCandidate(
        text, 0.99, 200.0, 300.0, 20.0, 10.0, 0, find_misread(text), find_unit(text)
    )


def test_a_lost_nought_is_looked_for_in_the_printed_unit() -> None:
    assert not may_be_misread(scale(0, 25), named("ROP (min/ft)"))
    assert may_be_misread(scale(0, 25), named("ROP (ft/hr)"))  # 0 to 250 is usual
    assert may_be_misread(scale(0, 25), named("ROP"))
    assert not may_be_misread(scale(0, 10), named("ROP (min/ft)"))
    assert may_be_misread(scale(0, 10), named("ROP (ft/hr)"))


def test_decades_are_not_doubted() -> None:
    assert not may_be_misread(scale(1, 100, "log"), None)
    assert may_be_misread(scale(1, 1001, "log"), None)
    assert np.isclose(scale(1, 100).right, 100)
