"""Ruled lines come off, print stays."""

import cv2
import numpy as np

from veernet_core.page.ocr.rules import without_rules, without_strokes_on

DPI = 200.0


def page(rows: int = 200, cols: int = 600) -> np.ndarray:
    return np.zeros((rows, cols), dtype=np.uint8)


def test_frame_lines_are_gone_and_their_upright_ones_are_walls() -> None:
    ink = page()
    cv2.rectangle(ink, (50, 40), (550, 160), 255, 2)
    bare, walls = without_rules(ink, DPI)
    assert bare.mean() < 0.05
    assert walls[100, 48:53].any()
    assert walls[100, 548:553].any()
    assert not walls[:, 200:400].any()


def test_print_beside_a_rule_keeps_its_ink() -> None:
    alone, ruled = page(), page()
    for ink in (alone, ruled):
        cv2.putText(ink, "6", (60, 110), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, 2)
    cv2.line(ruled, (84, 20), (84, 180), 255, 2)
    bare, _ = without_rules(ruled, DPI)
    assert np.array_equal(bare[:, :80], alone[:, :80])
    assert bare[:, 82:].max() == 0


def test_a_letter_that_crosses_a_rule_is_closed_again() -> None:
    ink = page()
    cv2.line(ink, (300, 95), (300, 115), 255, 4)  # a stroke shorter than any rule
    cv2.line(ink, (20, 105), (580, 105), 255, 2)
    bare, _ = without_rules(ink, DPI)
    assert (bare[95:115, 298:303].max(axis=1) > 0).all()
    assert bare[:, :290].max() == 0


def test_blank_paper_stays_blank() -> None:
    bare, walls = without_rules(page(), DPI)
    assert not bare.any()
    assert not walls.any()


def test_a_dash_of_a_border_is_taken_off_and_a_figure_beside_it_is_kept() -> None:
    """`1` `0.45` was read where a dashed border runs up beside a number: 10.45."""
    alone = page()
    cv2.putText(alone, "0.45", (312, 110), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
    dashed = alone.copy()
    for row in range(0, 200, 20):
        cv2.line(dashed, (300, row), (300, row + 10), 255, 2)
    borders = np.array([[300.0, 300.0]])
    assert np.array_equal(without_strokes_on(dashed, borders, DPI), alone)
    assert np.array_equal(without_strokes_on(dashed, borders + 40, DPI), dashed)
    leaning = np.array([[280.0, 320.0]])
    bare = without_strokes_on(dashed, leaning, DPI)
    assert bare[95:110, 298:303].max() == 0
    assert bare[0:10, 298:303].max() == 255
