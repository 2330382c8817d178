"""Tracks that print and lines tell where the layout found none, or one in the wrong place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from text_support import as_raster

from veernet_core.datatypes import U8, Dpi
from veernet_core.page.known.tracks import MIN_TRACK_CONFIDENCE
from veernet_core.page.results import SectionFound, TextBox, TrackFound
from veernet_core.page.scales.printed_tracks import CONFIDENCE, with_printed_tracks

DPI, TOP, ROWS, WIDTH = Dpi(100.0, 100.0), 300, 1500, 900


def paper(lines: Sequence[int], lean: float = 0.0) -> U8:
    """Lines from the first row of the grid to the last, three pixels wide."""
    image = np.zeros((ROWS, WIDTH), dtype=np.uint8)
    for row in range(TOP, ROWS):
        for line in lines:
            at = line + round(lean * (row - TOP))
            image[row, max(0, at - 1) : at + 2] = 255
    return image


def word(text: str, row: float, x0: float, confidence: float = 0.97) -> TextBox:
    width = 8.0 * len(text)
    return TextBox(text, confidence, row, x0 + width / 2, 14.0, width)


def scale(left: str, name: str, right: str, span: tuple[int, int], row: float) -> list[TextBox]:
    """A row of a form: a number at either border, and a name between."""
    middle = sum(span) / 2 - 4.0 * len(name)
    ends = word(left, row, span[0] + 3), word(right, row, span[1] - 2 - 8.0 * len(right))
    return [ends[0], word(name, row, middle), ends[1]]


def track(
    left: float, right: float, kind: str = "curves", confidence: float = 0.1, lean: float = 0.0
) -> TrackFound:
    knots = (np.array([[TOP, px], [ROWS, px + lean * (ROWS - TOP)]]) for px in (left, right))
    return TrackFound(*knots, kind, confidence=confidence)  # type: ignore[arg-type]


def told(image: U8, boxes: list[TextBox], *tracks: TrackFound) -> list[tuple[int, int, float]]:
    section = SectionFound("main", "main", TOP, ROWS, tracks, np.zeros((0, 2)), 1.0)
    found = with_printed_tracks(as_raster(image), section, boxes, DPI)
    return [
        (round(left), round(right), t.confidence)
        for t in found.tracks
        for left, right in [t.borders_at(TOP)]
    ]


A, B, C = (26, 272), (354, 599), (599, 845)
LINES = [*A, *B, C[1]]
FORM = [
    *scale("0", "GR", "150", A, 200),
    *scale("14", "BOREID", "4", B, 200),
    *scale("4", "BOREID", "14", C, 200),
    *scale("14", "DCAL", "4", B, 222),
    *scale("4", "DCAL", "14", C, 222),
]


def test_tracks_without_a_grid_are_told_by_their_scales_and_lines() -> None:
    good = track(*A, confidence=0.8)
    assert told(paper(LINES), FORM, good) == [(*A, 0.8), (*B, CONFIDENCE), (*C, CONFIDENCE)]
    assert CONFIDENCE < MIN_TRACK_CONFIDENCE  # only a sure scale at its borders confirms them


def test_a_track_set_beside_its_scales_makes_room_for_the_one_they_tell() -> None:
    wrong = track(0, A[1])
    assert told(paper([*A, 75, 149]), FORM[:3], wrong) == [(*A, CONFIDENCE)]


def test_what_is_left_of_a_track_stays_if_it_is_wide_enough() -> None:
    merged = track(B[0], C[1])
    assert told(paper(LINES), FORM[3:6], merged) == [(*B, CONFIDENCE), (B[1], C[1], CONFIDENCE)]


def test_tracks_with_scales_of_their_own_and_tracks_seen_clearly_are_not_touched() -> None:
    halves = [*scale("0", "SP", "50", (354, 476), 180), *scale("60", "CCL", "90", (476, 599), 180)]
    image = paper([354, 476, 599])
    whole = track(*B)
    assert told(image, [*scale("0", "GR", "9", B, 200), *halves], whole) == [(*B, 0.1)]
    clear = track(340, 620, confidence=0.9)
    assert told(image, halves, clear) == [(340, 620, 0.9)]
    column = track(400, 500, "depth")
    assert told(image, FORM[3:6], column) == [(400, 500, 0.1)]


def test_the_line_under_a_number_in_the_middle_is_no_border() -> None:
    boxes = [*scale("0", "GAPI", "150", B, 200), word("75", 200, 468)]
    for middle in range(
        468, 500, 4
    ):  # wherever it is printed, also where its end stands at the line
        assert told(paper([354, middle, 599]), boxes, track(*B)) == [(*B, 0.1)]


def test_tracks_that_were_taken_for_one_are_told_apart_by_a_row_of_scales() -> None:
    """Also where a number of the next track stands at the far border by chance."""
    row = [*scale("310", "TT", "210", (26, 190), 200), *scale("0", "AMP", "100", (190, 354), 200)]
    merged = track(26, 356)
    found = told(paper([26, 190, 354]), row, merged)
    assert found == [(26, 190, CONFIDENCE), (190, 354, CONFIDENCE)]


def test_numbers_without_lines_or_names_and_unclear_print_tell_nothing() -> None:
    assert told(paper([]), FORM) == []
    assert told(paper(LINES), [b for b in FORM if b.text not in ("GR", "BOREID", "DCAL")]) == []
    unclear = [word(b.text, b.row, b.col - b.width_px / 2, 0.5) for b in FORM]
    assert told(paper(LINES), unclear) == []


def test_a_track_leans_as_its_neighbours_do() -> None:
    leaning = track(*A, confidence=0.9, lean=0.02)
    section = SectionFound("main", "main", TOP, ROWS, (leaning,), np.zeros((0, 2)), 1.0)
    found = with_printed_tracks(as_raster(paper(LINES, 0.02)), section, FORM, DPI)
    left, right = found.tracks[1].borders_at(ROWS)
    assert abs(left - B[0] - 24) < 2
    assert abs(right - B[1] - 24) < 2
