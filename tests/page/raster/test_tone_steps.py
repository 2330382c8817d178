"""Another tone of all the paper from one block on tells of a flipped bit; what is printed does not."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import F64
from veernet_core.page.raster.jpeg_blocks import _tone_step

ROWS, ACROSS = 60, 50
PAPER = 8.0 * 100


def page(noise: float = 8.0) -> F64:
    """Mean tones of blocks: paper, a third of it under ink, and a black line over the whole width."""
    rng = np.random.default_rng(4)
    tone = PAPER + rng.normal(0, noise, (ROWS, ACROSS))
    inked = rng.random((ROWS, ACROSS)) < 0.35
    tone[inked] -= rng.uniform(100, 1500, int(inked.sum()))
    tone[20:22] = -8.0 * 120
    return tone


@pytest.mark.parametrize("step", [-490.0, -280.0, -160.0, 176.0])
@pytest.mark.parametrize("at", [15 * ACROSS + 12, 30 * ACROSS + 25, 45 * ACROSS + 40])
def test_a_step_that_lasts_is_found_at_its_block(step: float, at: int) -> None:
    tone = page().ravel()
    tone[at:] += step
    found = _tone_step(tone, ACROSS)
    assert found is not None
    assert abs(found - at) <= 4


def test_codes_that_were_wrong_before_the_step_do_not_hide_it() -> None:
    tone = page().ravel()
    at = 35 * ACROSS + 20
    tone[at : at + 17] = np.random.default_rng(1).uniform(-900, 900, 17)
    tone[at + 17 :] += 176.0
    found = _tone_step(tone, ACROSS)
    assert found is not None
    assert at - 4 <= found <= at + 21


def test_a_sound_page_has_none() -> None:
    assert _tone_step(page().ravel(), ACROSS) is None


@pytest.mark.parametrize("kind", ["joined", "box", "band", "gradient", "foot", "half"])
def test_what_is_on_paper_is_no_step(kind: str) -> None:
    tone = page()
    if kind == "joined":  # another sheet, along a whole row
        tone[33:] -= 200
    elif kind == "box":
        tone[33:50, 10:40] -= 200
    elif kind == "band":
        tone[33:40] -= 200
    elif kind == "gradient":
        tone -= np.linspace(0, 400, ROWS)[:, None]
    elif kind == "foot":
        tone[-1] -= 300
    else:  # a tinted half of the page, from here to the foot
        tone[33:, ACROSS // 2 :] -= 200
    assert _tone_step(tone.ravel(), ACROSS) is None


def test_too_little_of_a_page_tells_nothing() -> None:
    assert _tone_step(page()[:8].ravel(), ACROSS) is None
