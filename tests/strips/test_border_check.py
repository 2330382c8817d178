"""Borders on printed lines, off them, and where nothing is printed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet_core.config import UNSEEN_BORDER_FRAC
from veernet_core.strips.border_check import (
    LEAST_FRAC,
    border_offsets,
    border_slack,
    held_stretches,
    line_offset,
    printed_offset,
)

ROWS, COLS = 1500, 432
LEFT, RIGHT = 16.0, 416.0


def paper(left: float = LEFT, right: float = RIGHT, share: float = 1.0) -> NDArray[np.uint8]:
    """A track with ten divisions, its borders printed two pixels wide and broken; dirt all over."""
    rng = np.random.default_rng(0)
    ink = (rng.random((ROWS, COLS)) < 0.02).astype(np.uint8) * 255
    for line in np.linspace(left, right, 11):
        column = round(line)
        ink[rng.random(ROWS) < share, column : column + 2] = 255
    return ink


def slack(ink: NDArray[np.uint8]) -> tuple[float, float]:
    return border_slack(border_offsets(ink, LEFT, RIGHT))


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_borders_on_their_lines_are_sure(share: float) -> None:
    assert slack(paper(share=share)) == pytest.approx((0.5 / 400, 0.5 / 400), abs=0.5 / 400)


@pytest.mark.parametrize("off", [-5, 5, 9])
def test_a_line_beside_the_border_tells_how_far_it_is_off(off: int) -> None:
    ink = paper(left=LEFT + off)
    left, right = slack(ink)
    told = printed_offset(border_offsets(ink, LEFT, RIGHT))
    assert told[0] == pytest.approx((off + 0.5) / 400, abs=0.5 / 400)
    assert left == pytest.approx(abs(off + 0.5) / 400, abs=0.5 / 400)
    assert right < 0.003


@pytest.mark.parametrize("what", ["blank", "faint", "smeared", "thick", "far"])
def test_without_a_line_a_border_is_supposed(what: str) -> None:
    ink = paper(share=0.15) if what == "faint" else paper(LEFT + 20, RIGHT - 20)
    if what == "blank":
        ink[:] = 0
    elif what == "smeared":
        ink[:, :40] = ink[:, -40:] = 255
    elif what == "thick":  # a pen that runs where the border should be
        for at in (LEFT, RIGHT):
            ink[:, round(at) - 4 : round(at) + 5] = 255
    assert slack(ink) == (UNSEEN_BORDER_FRAC, UNSEEN_BORDER_FRAC)
    assert np.isnan(printed_offset(border_offsets(ink, LEFT, RIGHT))).all()


def test_the_nearer_of_two_lines_is_the_border() -> None:
    ink = paper()
    ink[:, round(LEFT) - 9 : round(LEFT) - 7] = 255
    assert slack(ink)[0] < 0.003


def test_every_stretch_counts_by_its_rows() -> None:
    ink = paper()
    ink[512:1024, :40] = 0
    stretches = border_offsets(ink, LEFT, RIGHT)
    assert stretches[:, 0].tolist() == [512, 512, 476]
    assert np.isnan(stretches[1, 1])
    off = np.array([abs(stretches[0, 1]), UNSEEN_BORDER_FRAC, abs(stretches[2, 1])])
    expected = np.sqrt(np.average(np.maximum(off, LEAST_FRAC) ** 2, weights=stretches[:, 0]))
    assert border_slack(stretches)[0] == pytest.approx(expected)
    assert abs(printed_offset(stretches)[0]) < 0.003


def test_nothing_to_look_at() -> None:
    assert np.isnan(line_offset(np.zeros((20, COLS), np.uint8), LEFT))
    assert slack(np.zeros((0, COLS), np.uint8)) == (UNSEEN_BORDER_FRAC, UNSEEN_BORDER_FRAC)
    nothing = np.zeros((0, 3))
    assert border_slack(nothing) == (UNSEEN_BORDER_FRAC, UNSEEN_BORDER_FRAC)
    assert np.isnan(printed_offset(nothing)).all()


@pytest.mark.parametrize("off", [2, 3])
def test_a_line_within_a_hundredth_holds_nothing_back(off: int) -> None:
    assert not held_stretches(border_offsets(paper(left=LEFT + off), LEFT, RIGHT)).any()


@pytest.mark.parametrize("off", [-6, 5, 9, 14])
def test_a_border_beside_its_line_holds_the_track_back(off: int) -> None:
    ink = paper(left=LEFT + off)
    held = held_stretches(border_offsets(ink, LEFT, RIGHT))
    assert held[:, 0].all()
    assert not held[:, 1].any()


def test_two_stretches_beside_the_line_hold_and_one_does_not() -> None:
    def bent(stop: int) -> NDArray[np.bool_]:
        ink = np.concatenate([paper()] * 2)
        ink[:stop, 8:25] = paper(left=LEFT + 6)[:stop, 8:25]
        return held_stretches(border_offsets(ink, LEFT, RIGHT))

    assert not bent(512).any()
    assert bent(1024)[:, 0].tolist() == [True, True, False, False, False, False]


def test_where_no_line_is_printed_nothing_is_held_back() -> None:
    assert not held_stretches(border_offsets(paper() * 0, LEFT, RIGHT)).any()
    assert not held_stretches(border_offsets(np.zeros((0, COLS), np.uint8), LEFT, RIGHT)).any()
