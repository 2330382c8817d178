import numpy as np
import pytest

from veernet_core.synth.prints.hands import left_out_hands, text_ink, training_hands
from veernet_core.synth.prints.sheets import PrintSheet, draw_print


def sheets(count: int, wear: bool) -> list[PrintSheet]:
    hands = left_out_hands()
    return [draw_print(np.random.default_rng([3, n]), hands, wear) for n in range(count)]


def test_print_is_ink_and_other_ink_is_not_print() -> None:
    for sheet in sheets(12, wear=False):
        inner = np.asarray(sheet.print, bool)
        near = np.lib.stride_tricks.sliding_window_view(np.pad(sheet.ink, 1), (3, 3)).max((2, 3))
        assert (near[inner] > 60).all()
    whole = [s for s in sheets(40, wear=False) if (s.ink > 128).any()]
    other = [((s.ink > 128) & (s.print == 0)).sum() for s in whole]
    assert np.mean(np.array(other) > 500) > 0.5


def test_a_phrase_has_a_core_where_its_print_is() -> None:
    for sheet in sheets(20, wear=False):
        if sheet.core.any():
            rows, cols = np.nonzero(sheet.core)
            span = sheet.print[max(0, rows.min() - 8) : rows.max() + 8, cols.min() : cols.max() + 1]
            assert span.any()


def test_one_seed_gives_one_sheet_and_wear_changes_only_its_ink_beside_skew() -> None:
    first, again = sheets(1, wear=True)[0], sheets(1, wear=True)[0]
    assert all(
        np.array_equal(getattr(first, k), getattr(again, k)) for k in ("ink", "print", "core")
    )
    assert first.ink.shape == first.print.shape == first.core.shape == (384, 640)


def test_training_never_draws_with_the_hands_left_out() -> None:
    assert not set(left_out_hands()) & set(training_hands())


@pytest.mark.parametrize("hand", left_out_hands())
def test_text_is_as_tall_as_asked_in_every_hand(hand: str | int) -> None:
    assert text_ink("H", hand, 24).shape[0] == pytest.approx(24, rel=0.25)
