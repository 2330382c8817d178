"""What the scales below the foot of a log add to those above it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from veernet_core.datatypes import Dpi, Raster
from veernet_core.page.results import CurveFound, PageLayout, Reading, SectionFound, TrackFound
from veernet_core.page.scales import reading
from veernet_core.page.scales.voting import with_foot

DPI = Dpi(100.0, 100.0)
TOP, FOOT = 1000, 2000


def curve(
    name: str, ends: tuple[float, float], sure: float, track: int = 0, row: float = 900.0
) -> CurveFound:
    def told(value: Any) -> Reading[Any]:
        return Reading(value, "header", sure, row)

    return CurveFound("log1", track, told(name), None, *map(told, ends), "linear", "solid")


def said(curves: list[CurveFound]) -> list[tuple[str, float, float, float]]:
    return [
        (c.mnemonic.value, c.left.value, c.right.value, round(c.left.confidence, 3)) for c in curves
    ]


def test_two_like_prints_of_one_plotter_are_no_surer_than_the_surer_of_them() -> None:
    above, below = curve("COND", (2000, 0), 0.72), curve("COND", (2000, 0), 0.81)
    assert said(with_foot([above], [below])) == [("COND", 2000, 0, 0.81)]


def test_of_two_ways_of_reading_one_scale_the_likelier_is_kept_with_less_certainty() -> None:
    above, below = curve("CCL", (20, 2), 0.3), curve("CCL", (-20, 20), 0.94)
    ((name, left, right, sure),) = said(with_foot([above], [below]))
    assert (name, left, right) == ("CCL", -20, 20)
    assert sure == 0.89, (
        "never sure, though 0.94 * 0.7 of 0.94 * 0.7 + 0.06 * 0.3 + 0.06 * 0.7 is 0.916"
    )


def test_two_sure_scales_that_contradict_each_other_are_both_in_doubt() -> None:
    ((*_, sure),) = said(with_foot([curve("GR", (0, 150), 0.97)], [curve("GR", (0, 200), 0.95)]))
    assert sure < 0.7


def test_a_scale_that_only_the_foot_shows_counts_where_its_track_has_room() -> None:
    above = [curve("GR", (0, 150), 0.95)]
    others = [curve("SP", (-80, 20), 0.8, row=2100.0), curve("CALI", (6, 16), 0.9, row=2150.0)]
    below = [curve("GR", (0, 150), 0.95), *others]
    names = [name for name, *_ in said(with_foot(above, below))]
    assert names == ["GR", "SP", "CALI"]
    misread = [curve("ERAV", (2.7, 3.7), 0.7)]
    assert said(with_foot(misread, [curve("ERAY", (2.7, 3.7), 0.6)])) == said(misread)


def test_a_name_is_taken_from_the_foot() -> None:
    above, below = curve("UNREAD", (0, 5), 0.1), curve("ROP", (0, 5), 0.93)
    ((name, _, _, sure),) = said(with_foot([above], [below]))
    assert name == "ROP"
    assert sure == 0.89
    misread = curve("TVD", (0, 300), 0.29), curve("UNREAD", (300, 600), 0.03)
    below_it = curve("ROP", (0, 300), 0.95), curve("UNREAD", (300, 600), 0.02)
    names = [name for name, *_ in said(with_foot(misread, below_it))]
    assert names == ["ROP", "UNREAD"], "one scale, not one more"


def read(
    monkeypatch: pytest.MonkeyPatch, above: list[CurveFound], below: list[CurveFound], height: int
) -> tuple[list[tuple[str, float, float, float]], list[tuple[int, int]]]:
    """The scales of a page that goes on below its log, and the rows whose print was read."""
    ink = np.zeros((height, 600), np.uint8)
    raster = Raster(*ink.shape, False, None, lambda a, b: ink[a:b], None, lambda: ())  # type: ignore[arg-type]
    track = TrackFound(np.array([[TOP, 50]]), np.array([[TOP, 250]]), "curves", confidence=1.0)
    section = SectionFound("log1", "main", TOP, FOOT, (track,), np.zeros((0, 2)), 1.0)
    bands: list[tuple[int, int]] = []

    def print_of(_: Any, __: Any, rows: tuple[int, int], *___: Any) -> list[Any]:
        bands.append(rows)
        return []

    def curves_of(_: Any, own: SectionFound, *__: Any, **___: Any) -> list[CurveFound]:
        return below if own.row_top == FOOT else above

    class Reader:
        def print_net(self, data: bytes | None) -> None:
            return None

    monkeypatch.setattr(reading, "read_block_print", print_of)
    monkeypatch.setattr(reading, "_curves", curves_of)
    monkeypatch.setattr(reading, "block_rows", lambda *_: (500, TOP + 60))
    layout = PageLayout("log", 0.0, DPI, (section,))
    return said(list(reading.read_scales(raster, layout, Reader()))), bands  # type: ignore[arg-type]


def test_the_foot_is_read_where_a_scale_is_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    above, below = [curve("GR", (0, 150), 0.6)], [curve("GR", (0, 150), 0.96)]
    scales, bands = read(monkeypatch, above, below, 2300)
    assert scales == [("GR", 0, 150, 0.96)]
    assert bands == [(500, 1060), (FOOT - 60, 2300)]


def test_the_foot_is_left_alone_where_all_is_sure_or_the_page_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    below = [curve("GR", (0, 150), 0.99)]
    assert len(read(monkeypatch, [curve("GR", (0, 150), 0.95)], below, 2300)[1]) == 1
    assert len(read(monkeypatch, [curve("GR", (0, 150), 0.6)], below, FOOT + 10)[1]) == 1
