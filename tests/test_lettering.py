"""Print inside the grid: rows that were followed along letters are told from rows of the curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.config import DigitiseConfig
from veernet_core.curve.gate import judge_curves
from veernet_core.datatypes import (
    EVIDENCE,
    U8,
    CurveSpec,
    DepthAxis,
    DoubtfulStretch,
    PreparedLog,
    Raster,
    ScanRef,
    Section,
    Style,
    Trace,
    Track,
    TrackGeometry,
    WellInfo,
)
from veernet_core.errors import ReadingError
from veernet_core.lettering import find_lettering
from veernet_core.page.ocr.text import TILE_OVERLAP, TILE_ROWS
from veernet_core.page.results import TextBox
from veernet_core.recovery import Calibration, recover_curves
from veernet_core.track_record import ScanRecord

ROWS, LEFT, RIGHT = 3000, 100, 300
CONFIG = DigitiseConfig()
WORD = TextBox("ROP (min/ft)", 0.97, 140.0, 76.0, 120.0, 20.0, 90)
"""In pixels of the strip's first window: rows 80 to 200, a little left of the middle of the track."""


class Reads:
    """Finds the same lines wherever it looks, and remembers how often that was."""

    def __init__(self, *boxes: TextBox) -> None:
        self.boxes, self.times, self.width = boxes, 0, 0

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        self.times += 1
        self.width = image.shape[1]
        return list(self.boxes)

    def find(self, image: U8) -> list[TextBox]:
        raise AssertionError

    def recognise(self, lines: list[U8], digits_only: bool = False) -> list[object]:
        raise AssertionError


def record(frac: np.ndarray, style: Style = "solid", right: int = RIGHT) -> ScanRecord:
    """One curve over 3,000 rows, 0.1 ft each, at the strips' own resolution."""
    knots = np.array([[0.0, float(LEFT)]]), np.array([[0.0, float(right)]])
    axis = DepthAxis("ft", np.array([[0.0, 500.0], [1000.0, 600.0]]), 0.0)
    track = Track(TrackGeometry("T1", *knots), (CurveSpec("ROP", "MIN/FT", 0, 10, style=style),))
    section = Section("main", 0, ROWS, axis, (track,))

    def ink(row0: int, row1: int) -> U8:
        return np.zeros((row1 - row0, right + 100), np.uint8)

    raster = Raster(ROWS, right + 100, False, None, ink, ink, tuple)
    log = PreparedLog(ScanRef("w.tif", "w", "0", 1), raster, WellInfo(), (section,), 200.0)
    out = ScanRecord(log, None, False)
    evidence = np.full((ROWS, len(EVIDENCE)), 0.95)
    rows = np.arange(ROWS, dtype=np.float64) - 0.5 + 0.5
    out.tracks[0][0]._traces[0] = [Trace(frac, evidence, np.isfinite(frac), rows)]
    return out


def late_curve() -> np.ndarray:
    """Letters are followed from row 90 to 190; the curve begins at row 600."""
    frac = np.full(ROWS, np.nan)
    frac[90:150] = frac[155:190] = 0.3
    frac[600:] = 0.5 + 0.3 * np.sin(np.arange(ROWS - 600) / 40)
    return frac


def test_letters_before_the_curve_begins_are_no_samples_of_it() -> None:
    scan = record(late_curve())
    lettering = find_lettering(scan, Reads(WORD), CONFIG)
    (rows,) = lettering.values()
    assert np.flatnonzero(rows).tolist() == [*range(90, 150), *range(155, 190)]

    sections, nothing = scan.log.sections, Calibration.from_json({})
    estimated = recover_curves(sections, scan, nothing, CONFIG, lettering)
    (judged,) = judge_curves(estimated, sections, CONFIG.gate)
    curve = judged.curve
    assert not np.isfinite(curve.value[curve.depth < 559.9]).any()
    assert np.isfinite(curve.value[curve.depth > 560.1]).all()
    # what was never curve does not count as a part of it that is missing
    assert judged.quality.coverage == 1.0
    told = [d for d in curve.doubtful if d.reason == "print"]
    assert told == [
        DoubtfulStretch(509.0, pytest.approx(514.9), "print", True),
        DoubtfulStretch(515.5, pytest.approx(518.9), "print", True),
    ]


def test_a_dot_before_the_curve_begins_is_no_sample_of_it() -> None:
    """The nought of a scale printed in the grid, 50 ft above the first ink, is no letter to any reader."""
    frac = late_curve()
    frac[:600] = np.nan
    frac[90:106] = 0.02
    (rows,) = find_lettering(record(frac), Reads(), CONFIG).values()
    assert np.flatnonzero(rows).tolist() == [*range(90, 106)]
    frac[106:200] = 0.02  # a stretch of the curve is taller than a letter
    assert find_lettering(record(frac), Reads(), CONFIG) == {}


def test_a_dot_in_the_course_of_a_curve_stays() -> None:
    frac = late_curve()
    frac[:600] = np.nan
    frac[1000:1100] = np.nan
    frac[1050:1060] = 0.5
    assert find_lettering(record(frac), Reads(), CONFIG) == {}


def test_a_curve_that_runs_through_a_word_stays() -> None:
    frac = late_curve()
    frac[:600] = 0.3
    assert find_lettering(record(frac), Reads(WORD), CONFIG) == {}


def test_letters_that_a_solid_curve_joins_at_the_top_are_told_and_dashes_stay() -> None:
    """Print and curve are so near each other that the gap would be bridged."""
    frac = late_curve()
    frac[230:600] = 0.5
    (rows,) = find_lettering(record(frac), Reads(WORD), CONFIG).values()
    assert np.flatnonzero(rows).tolist() == [*range(90, 150), *range(155, 190)]
    assert find_lettering(record(frac, "dashed"), Reads(WORD), CONFIG) == {}


@pytest.mark.parametrize(
    "box",
    [
        replace(WORD, col=30.0),  # beside the path
        replace(WORD, text="mN"),
        replace(WORD, text="----------"),  # a dashed line on its side
        replace(WORD, confidence=0.7),
        replace(WORD, text="wwww"),  # a curve that swings
        replace(WORD, width_px=150.0),  # taller than any title
    ],
)
def test_only_clear_print_under_the_path_counts(box: TextBox) -> None:
    assert find_lettering(record(late_curve()), Reads(box), CONFIG) == {}


def test_nothing_is_read_where_a_curve_goes_on_and_on() -> None:
    reader = Reads(WORD)
    frac = np.full(ROWS, 0.5)
    assert find_lettering(record(frac), reader, CONFIG) == {}
    assert reader.times == 0


def test_letters_far_down_are_read_where_they_stand_alone() -> None:
    frac = np.full(ROWS, np.nan)
    frac[400:2000], frac[2400:2440] = 0.5, 0.3
    box = replace(WORD, row=120.0, height_px=60.0)  # the window begins 100 rows above
    (rows,) = find_lettering(record(frac), Reads(box), CONFIG).values()
    assert np.flatnonzero(rows).tolist() == list(range(2400, 2440))


def test_of_a_broad_track_only_what_is_near_the_path_is_read() -> None:
    frac = late_curve()
    frac[90:150] = frac[155:190] = 0.8
    at = 16 + 0.8 * 999
    reader = Reads(replace(WORD, col=at - int(at - 200)))
    (rows,) = find_lettering(record(frac, right=1100), reader, CONFIG).values()
    assert np.flatnonzero(rows).tolist() == [*range(90, 150), *range(155, 190)]
    assert reader.width == 401


def test_a_reader_that_breaks_is_told_as_such() -> None:
    class Broken(Reads):
        def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
            raise OSError("no model")

    with pytest.raises(ReadingError):
        find_lettering(record(late_curve()), Broken(), CONFIG)


def test_a_long_window_is_read_by_tiles_like_a_page() -> None:
    """Short stretches follow each other over 2,500 rows; letters stand in what the second tile shows."""

    class Once(Reads):
        def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
            super().read(image, turns)
            assert len(image) <= TILE_ROWS
            return list(self.boxes) if self.times == 2 else []

    frac = np.full(ROWS, np.nan)
    for row in range(90, 2600, 170):
        frac[row : row + 40] = 0.3
    reader = Once(WORD)
    (rows,) = find_lettering(record(frac), reader, CONFIG).values()
    assert reader.times == 3
    # the second tile begins at row 1,040 and its word at row 1,120
    assert TILE_ROWS - TILE_OVERLAP == 1040
    assert np.flatnonzero(rows).tolist() == [*range(1110, 1150)]
