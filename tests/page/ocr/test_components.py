"""Phrases are found by their ink, lone digits beside borders among them."""

import cv2
import numpy as np
import pytest

from veernet_core.page.ocr.components import find_print

DPI = 200.0


def sheet() -> np.ndarray:
    return np.zeros((300, 900), dtype=np.uint8)


def write(ink: np.ndarray, text: str, col: int, row: int, size: float = 0.8) -> None:
    cv2.putText(ink, text, (col, row), cv2.FONT_HERSHEY_SIMPLEX, size, 255, 2)


def test_words_of_a_line_are_one_phrase_and_far_numbers_their_own() -> None:
    ink = sheet()
    write(ink, "GAMMA RAY", 350, 100)
    write(ink, "0", 40, 100)
    write(ink, "150", 820, 100)
    found = find_print(ink, DPI)
    assert [(p.col0 // 100, p.col1 // 100) for p in sorted(found, key=lambda p: p.col0)] == [
        (0, 0), (3, 4), (8, 8),
    ]  # fmt: skip


def test_numbers_on_both_sides_of_a_wall_stay_apart() -> None:
    ink = sheet()
    write(ink, "6", 430, 100)
    write(ink, "6", 456, 100)
    walls = np.zeros(ink.shape, dtype=bool)
    assert len(find_print(ink, DPI)) == 1
    walls[:, 451:454] = True
    assert len(find_print(ink, DPI, walls)) == 2


@pytest.mark.parametrize(
    "parts",
    [[("-0.15", 0)], [("0.2", 0)], [("2", 0), (".", 22), ("5", 34)]],
    ids=["signed", "pointed", "spaced"],
)
def test_points_and_signs_belong_to_their_number(parts: list[tuple[str, int]]) -> None:
    ink = sheet()
    for text, off in parts:
        write(ink, text, 200 + off, 150)
    cols = np.flatnonzero(ink.any(axis=0))
    (found,) = find_print(ink, DPI)
    assert found.col0 <= cols[0]
    assert found.col1 > cols[-1]


def test_lines_stay_apart() -> None:
    ink = sheet()
    write(ink, "DEPTH", 300, 100)
    write(ink, "FEET", 300, 140)
    assert [p.row0 < 110 for p in find_print(ink, DPI)] == [True, False]


def test_dust_and_blank_paper_are_no_print() -> None:
    rng = np.random.default_rng(0)
    ink = sheet()
    ink[rng.integers(0, 300, 200), rng.integers(0, 900, 200)] = 255
    assert find_print(ink, DPI) == []
    assert find_print(sheet(), DPI) == []
