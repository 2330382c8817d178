"""What all decoders of pixels share: limits, alpha over paper, bits in use, ranges of damaged rows."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.config import RasterLimits
from veernet_core.errors import TooLargeError
from veernet_core.page.raster.pixels import (
    Damage,
    check_limits,
    merge_damage,
    over_white,
    sixteen_bits,
)


@pytest.mark.parametrize(
    ("height", "width", "said"),
    [(101, 10, "px tall"), (10, 51, "px wide"), (100, 50, "pixels in all")],
)
def test_a_page_over_a_limit_is_refused_and_named(height: int, width: int, said: str) -> None:
    limits = RasterLimits(max_height_px=100, max_width_px=50, max_pixels=4_000)
    check_limits(80, 50, "a.tif", limits)
    with pytest.raises(TooLargeError, match=said) as caught:
        check_limits(height, width, "a.tif", limits)
    assert "a.tif" in str(caught.value)


def test_what_is_clear_is_paper() -> None:
    grey = np.array([[[0, 100, 200]], [[0, 128, 255]]], np.uint8)  # tone, then alpha
    assert over_white(grey, 1, True).tolist() == [[255, 177, 200]]
    rgb = np.array([[[10]], [[20]], [[30]], [[255]]], np.uint8)
    assert over_white(rgb, 3, True).tolist() == [[[10, 20, 30]]]
    assert over_white(rgb, 3, False).tolist() == [[[10, 20, 30]]]


@pytest.mark.parametrize(
    ("top", "bits"), [(0, 10), (1023, 10), (1024, 12), (4095, 12), (16383, 14), (65535, 16)]
)
def test_bits_in_use_by_the_largest_sample(top: int, bits: int) -> None:
    assert sixteen_bits(top) == bits


def test_damage_that_touches_is_one_range_of_its_kind() -> None:
    damage = [
        Damage(30, 40, "damaged"), Damage(0, 10, "damaged"), Damage(10, 12, "damaged"),
        Damage(11, 20, "damaged"),
        Damage(5, 8, "missing"),
    ]  # fmt: skip
    merged = [(d.first, d.last, d.kind) for d in merge_damage(damage)]
    assert merged == [(0, 20, "damaged"), (5, 8, "missing"), (30, 40, "damaged")]
