"""Scales are looked for further down a coloured grid where a track has none, or where another may follow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from veernet_core.datatypes import Dpi, Raster
from veernet_core.page.results import (
    CurveFound,
    PageLayout,
    Reading,
    SectionFound,
    TextBox,
    TrackFound,
)
from veernet_core.page.scales import reading

DPI = Dpi(100.0, 100.0)
TOP, FIRST_END = 1000, 1120
DEEP_END = FIRST_END + round(reading.DEEPER_IN * DPI.down)


def raster(is_colour: bool = True) -> Raster:
    ink = np.zeros((2900, 600), np.uint8)
    return Raster(
        *ink.shape, is_colour, None, lambda a, b: ink[a:b],
        lambda a, b: np.repeat(255 - ink[a:b, :, None], 3, axis=2), lambda: (),
    )  # fmt: skip


def section() -> SectionFound:
    tracks = tuple(
        TrackFound(np.array([[TOP, a]]), np.array([[TOP, a + 200]]), "curves", confidence=1.0)
        for a in (50, 300)
    )
    return SectionFound("main", "main", TOP, 2900, tracks, np.zeros((0, 2)), 1.0)


def curve(name: str, track: int, row: float) -> CurveFound:
    def told(value: Any) -> Reading[Any]:
        return Reading(value, "header", 0.99, row)

    return CurveFound("main", track, told(name), None, told(0.0), told(100.0), "linear", "solid")


def read(
    monkeypatch: pytest.MonkeyPatch, printed: list[CurveFound], is_colour: bool = True
) -> tuple[list[str], list[tuple[int, int]]]:
    """Names that are read, and the rows whose print was, where scales are printed at some rows."""
    bands: list[tuple[int, int]] = []

    def print_of(_: Any, __: Any, rows: tuple[int, int], *___: Any) -> list[TextBox]:
        bands.append(rows)
        return [
            TextBox(str(c.mnemonic.value), 0.9, c.left.row, 100.0, 12.0, 30.0)
            for c in printed
            if rows[0] <= c.left.row < rows[1]
        ]

    def curves_of(_: Any, __: Any, boxes: list[TextBox], *___: Any) -> list[CurveFound]:
        seen = [box.text for box in boxes]
        assert len(seen) == len(set(seen)), "print on the seam is given once"
        return [c for c in printed if c.mnemonic.value in seen]

    class Reader:
        def print_net(self, data: bytes | None) -> None:
            return None

    monkeypatch.setattr(reading, "read_block_print", print_of)
    monkeypatch.setattr(reading, "_curves", curves_of)
    monkeypatch.setattr(reading, "block_rows", lambda *_: (500, FIRST_END))
    layout = PageLayout("log", 0.0, DPI, (section(),))
    curves = reading.read_scales(raster(is_colour), layout, Reader())  # type: ignore[arg-type]
    return [str(c.mnemonic.value) for c in curves], bands


def test_where_every_track_has_its_scales_nothing_more_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names, bands = read(monkeypatch, [curve("GR", 0, 900), curve("TG", 1, 950)])
    assert names == ["GR", "TG"]
    assert bands == [(500, FIRST_END)]


def test_a_track_without_a_scale_is_read_further_down(monkeypatch: pytest.MonkeyPatch) -> None:
    far = curve("TG", 1, DEEP_END - 20)
    names, bands = read(monkeypatch, [curve("GR", 0, 900), curve("ROP", 0, 1400), far])
    assert names == ["GR", "TG"], "the other track keeps what stands above it"
    assert bands[1][1] == DEEP_END
    assert bands[1][0] < FIRST_END
    beyond = replace(far, left=replace(far.left, row=DEEP_END + 5.0))
    assert read(monkeypatch, [curve("GR", 0, 900), beyond])[0] == ["GR"]


def test_a_scale_at_the_end_of_the_block_may_be_followed_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = {"TG": FIRST_END - 10, "C1": FIRST_END + 15, "C2": FIRST_END + 70}
    printed = [curve("GR", 0, 900), *(curve(name, 1, row) for name, row in rows.items())]
    names, bands = read(monkeypatch, printed)
    assert names == ["GR", "TG", "C1"], "what stands too far below is another print of the scales"
    assert len(bands) == 2


def test_rows_are_followed_as_far_as_they_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [FIRST_END - 20 + 40 * k for k in range(8)]
    printed = [curve("GR", 0, 900), *(curve(f"C{k}", 1, row) for k, row in enumerate(rows))]
    names, bands = read(monkeypatch, printed)
    assert names == ["GR", *(f"C{k}" for k in range(8))]
    assert 3 <= len(bands) <= 5


def test_what_is_hardly_a_scale_does_not_count_further_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weak = curve("TG", 1, 1180)
    weak = replace(weak, left=replace(weak.left, confidence=0.3))
    assert read(monkeypatch, [curve("GR", 0, 900), weak])[0] == ["GR"]


def test_black_grids_are_read_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    names, bands = read(monkeypatch, [curve("TG", 1, 1400)], is_colour=False)
    assert (names, len(bands)) == ([], 1)
