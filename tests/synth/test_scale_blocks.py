"""Drawn scale blocks: what is said to be there is there."""

import numpy as np
import pytest

from veernet_core.synth.scale_blocks.curves import ScaleCurve, number_text
from veernet_core.synth.scale_blocks.draw import draw_block
from veernet_core.synth.scale_blocks.hands import HANDS, LAYOUTS, Hand
from veernet_core.synth.scale_blocks.sheet import DrawnWord, Sheet
from veernet_core.synth.scale_blocks.wear import worn_words


def test_same_seed_same_block() -> None:
    a, b = (draw_block(np.random.default_rng(3)) for _ in range(2))
    assert a.words == b.words
    assert a.scales == b.scales
    assert np.array_equal(a.ink, b.ink)


def test_scales_span_tracks_and_have_two_ends() -> None:
    for seed in range(40):
        block = draw_block(np.random.default_rng(seed))
        borders = {x for left, right, _ in block.tracks for x in (left, right)}
        halves = {(left + right) / 2 for left, right, _ in block.tracks}
        joined = {(a + d) / 2 for a, _, _ in block.tracks for _, d, _ in block.tracks}
        assert block.scales
        for scale in block.scales:
            assert scale.left != scale.right
            assert scale.name
            assert {scale.left_px, scale.right_px} <= borders | halves | joined
            assert not scale.log or min(scale.left, scale.right) > 0


def test_several_independent_layouts() -> None:
    assert len(LAYOUTS) >= 8


def sheet(seed: int = 1) -> Sheet:
    return Sheet(np.random.default_rng(seed), 0.6, 20.0, False)


CURVES = [
    ScaleCurve("GR", "GAPI", 0.0, 150.0, False),
    ScaleCurve("RHOB", "G/C3", 1.95, 2.95, False),
    ScaleCurve("ILD", "OHMM", 0.2, 2000.0, True),
]


@pytest.mark.parametrize("hand", HANDS, ids=LAYOUTS)
def test_every_hand_prints_names_numbers_and_pens_of_its_track(hand: Hand) -> None:
    for seed in range(12):
        drawn = sheet(seed)
        top = hand(drawn, 100.0, 600.0, 900.0, CURVES)
        assert {s.name.upper() for s in drawn.scales} == {c.name for c in CURVES}
        assert {(s.left, s.right, s.log) for s in drawn.scales} == {
            (c.left, c.right, c.log) for c in CURVES
        }
        printed = " ".join(word.text.upper() for word in drawn.words)
        assert all(c.name in printed for c in CURVES)
        assert all(100.0 <= s.left_px < s.right_px <= 600.0 for s in drawn.scales)
        # where the next block may begin: no letter of this one reaches above
        assert top <= min(word.row for word in drawn.words) + 2 * drawn.size
        assert len(drawn.lines) >= len(CURVES)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (150.0, ["150", "150.0", "150.", "150.00"]),
        (0.2, ["0.2", "0.2", "0.2", "0.2000"]),
        (-40.0, ["-40", "-40.0", "-40.", "-40.000"]),
        (1000.0, ["1000", "1000.0", "1000.", "1000.0"]),
    ],
)
def test_printers_write_one_number_in_four_ways(value: float, texts: list[str]) -> None:
    rng = np.random.default_rng(0)
    assert [number_text(rng, value, style) for style in range(4)] == texts
    assert {float(text) for text in texts} == {value}


def test_text_stands_where_it_is_said_to() -> None:
    drawn = sheet()
    for anchor in ("l", "c", "r"):
        drawn.text("DEPTH", 50.0, 300.0, anchor)
    width = 5 * 0.6 * 20.0
    assert [word.col for word in drawn.words] == [300 + width / 2, 300, 300 - width / 2]
    assert {(word.width, word.height) for word in drawn.words} == {(width, 27.0)}


def test_a_curve_keeps_its_colour_on_a_sheet_in_colour() -> None:
    drawn = sheet(4)
    drawn.in_colour = True
    tints = []
    for name in ("GR", "SP", "GR"):
        drawn.take_pen(name)
        drawn.text(name, 10.0, 10.0)
        tints.append(drawn.words[-1].tint)
    assert tints[0] == tints[2]
    drawn.put_pen_down()
    assert drawn.tint == "#000000"


def test_wear_loses_and_confuses_words_and_invents_some() -> None:
    words = [DrawnWord(f"{k}00", 10.0 * k, 50.0, 20.0, 30.0) for k in range(1, 60)]
    kept, changed, sure = [], [], []
    for seed in range(60):
        read = worn_words(np.random.default_rng(seed), words)
        assert list(read) == sorted(read, key=lambda w: (w.row, w.col))
        texts = {word.text for word in words}
        kept.append(sum(word.text in texts for word in read))
        changed.append(sum(word.text not in texts for word in read))
        sure += [word.confidence for word in read]
    assert max(kept) >= 55  # hardly worn
    assert min(kept) < 45  # worn out
    assert max(changed) > 5
    assert 0.0 < min(sure) < 0.9 < max(sure) <= 1.0
