"""Which of two curves of one style is which, after they touched."""

from __future__ import annotations

import numpy as np

from veernet_core.curve.tracking.costs import IdentityCosts
from veernet_core.curve.tracking.crossing import (
    blank_columns,
    strokes_across,
)
from veernet_core.curve.tracking.identity import resolve_identities
from veernet_core.curve.tracking.touches import exchange_rows


def test_identity_is_settled_by_the_look_of_whole_stretches() -> None:
    row = np.arange(400.0)
    given = np.stack([100 + 0 * row, 100 + np.abs(row - 200) / 2])
    ink = np.zeros((400, 260), np.uint8)
    ink[:200, 97:104] = 255  # thick above on the left path, below on the right one
    for r in range(400):
        x = int(given[1, r])
        ink[r, x - (3 if r > 200 else 1) : x + (4 if r > 200 else 1)] = 255
    ink[200:, 99:101] = 255
    seen = np.ones((2, 400), bool)
    out, source, odds = resolve_identities(given, seen, ink, given, np.zeros(2))
    assert (source[:, 0] != source[:, -1]).all()
    assert np.allclose(np.sort(out, axis=0), np.sort(given, axis=0))
    assert odds.min() > 0.95


def test_curves_that_look_the_same_are_in_doubt_below_the_place_where_they_ran_together() -> None:
    row = np.arange(900.0)
    apart = 60 * np.clip((np.abs(row - 450) - 60) / 100, 0, 1)
    paths = np.stack([150 - apart, 150 + apart])
    ink = np.zeros((900, 300), np.uint8)
    for path in paths:
        for r in range(900):
            ink[r, int(path[r]) - 1 : int(path[r]) + 2] = 255
    named = np.zeros((2, 2, 900), bool)
    named[0, 1, 20] = named[1, 0, 20] = True  # known points above
    seen = np.ones((2, 900), bool)
    given = paths, seen, ink, paths, np.zeros(2)
    _, _, odds = resolve_identities(*given, anchor_conflicts=named)
    assert odds[:, :380].min() > 0.95
    assert odds[:, 520:].max() < 0.95
    named[0, 1, 880] = named[1, 0, 880] = True  # and below
    _, _, odds = resolve_identities(*given, anchor_conflicts=named)
    assert odds[:, 520:].min() > 0.95


def test_paths_over_a_border_are_not_given_to_a_curve_that_does_not_wrap() -> None:
    row = np.arange(600)
    paths = np.array([np.full(600, 100.0), 100 + 0.2 * np.abs(row - 300)])
    seen, ink, period = np.ones((2, 600), bool), np.zeros((600, 300), np.uint8), np.zeros(2)
    border_crossings = np.zeros((2, 2, 600), bool)
    border_crossings[0, 1, [50, 60, 120, 130, 150, 160]] = True  # above the touch path 1 wraps
    _, source, _ = resolve_identities(
        paths, seen, ink, paths, period, border_crossings=border_crossings
    )
    assert (source == [[0], [1]]).all()
    border_crossings[0, 0, [400, 420, 440, 460, 480, 500]] = True  # and below it path 0
    _, source, _ = resolve_identities(
        paths, seen, ink, paths, period, border_crossings=border_crossings
    )
    assert (source[:, :290] == [[0], [1]]).all()
    assert (source[:, 310:] == [[1], [0]]).all()


def test_a_curve_is_compared_with_what_it_looks_like_nearby() -> None:
    # quiet for long, then much the more active: its mean over the block says nothing of its top
    row = np.arange(8000.0)
    noise = np.random.default_rng(5).uniform(-1, 1, (2, 8000))
    quiet = 60 + noise[0] * np.where(row < 2500, 0.1, 20)
    active = 180 + noise[1] * np.where(row < 2500, 12, 2)
    bounce = 60 * np.exp(-(((row - 300) / 40) ** 2))
    truth = np.stack([quiet + bounce, active - bounce])
    ink = np.zeros((8000, 260), np.uint8)
    for r in range(8000):
        for x in truth[:, r]:
            ink[r, int(x) - 1 : int(x) + 2] = 255
    given = np.where(row < 300, truth[::-1], truth)
    _, source, _ = resolve_identities(given, np.ones((2, 8000), bool), ink, given, np.zeros(2))
    assert (source[:, 100] != source[:, 1000]).all()


def test_paths_that_never_touch_go_to_the_curves_that_may_follow_them() -> None:
    paths = np.repeat([[100.0], [200.0]], 600, axis=1)
    seen, ink, period = np.ones((2, 600), bool), np.zeros((600, 300), np.uint8), np.zeros(2)
    border_crossings = np.zeros((2, 2, 600), bool)
    border_crossings[0, 0, 300] = True

    def order(known_start: list[bool]) -> list[int]:
        _, source, _ = resolve_identities(
            paths,
            seen,
            ink,
            paths,
            period,
            border_crossings=border_crossings,
            known_start=np.array(known_start),
        )
        return [int(v) for v in source[:, 0]]

    assert order([False, False]) == [1, 0]
    assert order([True, True]) == [0, 1]  # once over a border is less than two leaps
    border_crossings[0, 0, [200, 400]] = True
    assert order([True, True]) == [1, 0]


def test_a_wrapped_curve_makes_no_stroke_at_the_border() -> None:
    row = np.arange(300)
    folded = np.stack([np.where(row < 150, 255.0, 5.0), np.full(300, 130.0)])
    unfolded = np.stack([np.where(row < 150, 255.0, 265.0), np.full(300, 130.0)])
    blank = blank_columns(strokes_across(np.zeros((300, 270), np.uint8)))
    costs = IdentityCosts()
    assert not exchange_rows(unfolded, folded, blank, costs, 0, 1).any()
    assert exchange_rows(folded, folded, blank, costs, 0, 1).any()


def test_curves_may_change_places_along_strokes_across_the_track() -> None:
    row = np.arange(400)
    thick, thin = np.where(row < 200, 60.0, 200.0), np.where(row < 200, 200.0, 20.0)
    thin[row >= 200] += 3.0 * (row[row >= 200] % 2)
    ink = np.zeros((400, 260), np.uint8)
    for r in range(400):
        ink[r, int(thick[r]) - 3 : int(thick[r]) + 4] = 255
        ink[r, int(thin[r]) - 1 : int(thin[r]) + 1] = 255
    ink[199:201, 20:201] = 255
    given = np.stack([np.where(row < 200, thick, thin), np.where(row < 200, thin, thick)])
    seen = np.ones((2, 400), bool)
    blank = blank_columns(strokes_across(ink))
    out, _, _ = resolve_identities(given, seen, ink, given, np.zeros(2), blank=blank)
    assert np.allclose(np.sort(out[:, 0]), [60, 200])
    assert np.allclose(out[np.argmin(out[:, 0])], thick)
    apart, _, _ = resolve_identities(given, seen, ink, given, np.zeros(2))
    assert np.allclose(apart, given)


def test_a_rough_and_a_smooth_curve_of_one_pen_are_told_apart() -> None:
    row = np.arange(600.0)
    bounce = 100 + np.abs(row - 300) / 4
    rough = np.random.default_rng(3).normal(0, 2.0, 600)
    given = np.stack(
        [200 - bounce + np.where(row < 300, rough, 0), bounce + np.where(row < 300, 0, rough)]
    )
    ink = np.zeros((600, 260), np.uint8)
    for path in given:
        for r in range(600):
            ink[r, int(path[r]) - 1 : int(path[r]) + 2] = 255
    _, source, _ = resolve_identities(given, np.ones((2, 600), bool), ink, given, np.zeros(2))
    assert (source[:, 50] != source[:, -50]).all()
