"""What happens to a print: how much is harmed, what is buried, and which ink is still seen."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.synth.heldout.copies import Finish, clean_scan, dirty_scan, surviving


def line_ink(rows: int = 400, cols: int = 200, col: int = 80, width: int = 3) -> np.ndarray:
    ink = np.zeros((rows, cols), np.float32)
    ink[:, col : col + width] = 1.0
    return ink


def test_a_clean_bilevel_scan_is_the_drawing_at_its_threshold() -> None:
    ink = np.array([[0.0, 0.41, 0.43, 1.0]], np.float32)
    finish = clean_scan(np.random.default_rng(0), ink, "bilevel")
    assert finish.ink.tolist() == [[0, 0, 255, 255]]
    assert not finish.buried.any()


def test_a_clean_grey_scan_has_soft_edges_and_keeps_the_ink() -> None:
    ink = line_ink()
    grey = clean_scan(np.random.default_rng(0), ink, "grey").ink
    assert grey[5, 78:80].tolist() == grey[5, 84:82:-1].tolist()
    assert 0 < grey[5, 79] < 60 < grey[5, 80] < 255
    assert grey.sum() / 255 == pytest.approx(ink.sum(), rel=0.02)
    assert (grey[:, 81] > 200).all()


def test_tone_is_drawn_by_lot_where_none_is_given() -> None:
    tones = {
        len(np.unique(clean_scan(np.random.default_rng(s), line_ink(40)).ink)) > 2
        for s in range(12)
    }
    assert tones == {True, False}


def changed(finish: Finish, ink: np.ndarray) -> float:
    return float(((finish.ink > 127) != (ink > 0.5)).mean())


def test_more_harm_changes_more_of_a_drawing() -> None:
    ink = line_ink(800)
    shares = [
        np.mean([changed(dirty_scan(np.random.default_rng(s), ink, harm), ink) for s in range(5)])
        for harm in (0.0, 1.0, 2.0)
    ]
    assert shares[0] < shares[1] < shares[2]
    assert shares[0] < 0.02


def test_a_dirty_scan_keeps_the_size_and_most_of_a_bold_line() -> None:
    ink = line_ink(800)
    for seed in range(5):
        finish = dirty_scan(np.random.default_rng(seed), ink, 0.5)
        assert finish.ink.shape == finish.buried.shape == ink.shape
        assert finish.ink.dtype == np.uint8
        seen = finish.ink[:, 80:83].max(axis=1) > 100
        assert seen.mean() > 0.8


def test_the_same_seed_harms_alike() -> None:
    one, two = (dirty_scan(np.random.default_rng(7), line_ink(), 1.0) for _ in range(2))
    np.testing.assert_array_equal(one.ink, two.ink)


def test_ink_survives_where_it_is_seen_and_not_buried() -> None:
    layer = line_ink()
    ink = (layer * 255).astype(np.uint8)
    buried = np.zeros(layer.shape, np.bool_)
    drawn = np.ones(400, np.bool_)
    assert surviving(layer, Finish(ink, buried), drawn).all()
    ink[100:160] = 0
    buried[250:300] = True
    left = surviving(layer, Finish(ink, buried), drawn)
    assert not left[110:150].any()
    assert not left[260:290].any()
    assert left[:90].all()
    assert left[170:240].all()
    assert left[310:].all()


def test_rows_without_the_curve_never_survive() -> None:
    layer = line_ink()
    drawn = np.arange(400) < 150
    layer[150:] = 0
    finish = Finish(np.full(layer.shape, 255, np.uint8), np.zeros(layer.shape, np.bool_))
    assert surviving(layer, finish, drawn).tolist() == drawn.tolist()


def test_a_gap_between_dashes_follows_the_dashes_around_it() -> None:
    layer = line_ink()
    layer[np.arange(400) % 30 >= 18] = 0
    ink = (layer * 255).astype(np.uint8)
    nothing = np.zeros(layer.shape, np.bool_)
    assert surviving(layer, Finish(ink, nothing), np.ones(400, np.bool_)).all()
    ink[:] = 0
    assert not surviving(layer, Finish(ink, nothing), np.ones(400, np.bool_)).any()
