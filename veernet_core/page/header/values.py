"""What is read beside a label, how sure it is, and the checks of print that every field shares.

In: text as read. Out: ``Value``, and ``Reading`` values with a confidence.
Does not belong here: which field a value belongs to (`labels`), the rules of single fields (`choice`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from veernet_core.page.results import Reading, T, TextBox

CONFIRMED, CLEAR, LIKELY, DOUBTFUL = 0.96, 0.92, 0.8, 0.5
"""Confidence of a value that is confirmed; of clear print; of a single reading; of a contradicted one."""
CLEAR_OCR, FAIR_OCR = 0.975, 0.93


@dataclass(frozen=True, slots=True)
class Value:
    """Text read for a field; ``gap``: its distance from the label in units of the label's height; ``strength``:
    how plainly it is labelled, see `labels`; ``is_ragged``: a further line of it
    begins far right of the first, so that some of it may not have been read.
    """

    text: str
    confidence: float
    box: TextBox
    gap: float = 0.0
    strength: int = 1
    is_ragged: bool = False


def reading_of(value: Value, text: T, confidence: float) -> Reading[T]:
    """What the header says, with the place where it was read."""
    return Reading(text, "header", confidence, value.box.row, value.box.col)


def clean_text(text: str) -> str:
    """Text of a value without ruled lines, doubled blanks and stray signs at its ends."""
    plain = re.sub(r"\s+", " ", re.sub(r"_+", " ", text)).strip(" :;._-,'|")
    return re.sub(r"^or\s+", "", plain, flags=re.IGNORECASE)
