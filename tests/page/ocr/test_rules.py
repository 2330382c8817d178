"""Ruled lines come off, print stays."""

import cv2
import numpy as np

from veernet_core.page.ocr.rules import without_rules

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
