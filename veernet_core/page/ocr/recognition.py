"""Print that was found, read line by line: short print once more as digits, unclear print with letters apart.

In: ink without ruled lines and rectangles of print. Out: ``TextBox``es in the same pixels.
Does not belong here: finding print (`components`, `marked`), pulling letters apart (`touching`), the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from veernet_core.datatypes import U8, Bool
from veernet_core.page.ocr.components import LETTER_INK, Print
from veernet_core.page.ocr.engine import LineRead
from veernet_core.page.ocr.text import TextReader
from veernet_core.page.ocr.touching import pulled_apart
from veernet_core.page.results import TextBox

_SHORT = 5
"""Print of so few characters is read as digits as well."""
_CLEAR = 0.95
"""Confidence from which a reading needs no second look."""
_LOST = (0.03, 0.2)
"""Share of a line's ink that was taken off from which it is looked at again: an unclear one, a clear one."""
_MARGIN = 0.3
"""Rows above and below a line that are looked at as well, in heights: what was taken off may be part of it."""


def recognised(bare: U8, found: Sequence[Print], reader: TextReader) -> list[TextBox]:
    """Print that was found, read: short print once more as digits, unclear print with letters apart.

    Parameters
    ----------
    bare : uint8 [rows, cols]
        Ink without ruled lines.
    found : sequence of Print
        In its pixels.
    reader : TextReader
    """
    return [box for _, box in recognised_at(bare, found, reader)]


def recognised_at(
    bare: U8, found: Sequence[Print], reader: TextReader
) -> list[tuple[Print, TextBox]]:
    """As ``recognised``, each with the print that was read."""
    cuts = [bare[p.row0 : p.row1, p.col0 : p.col1] for p in found]
    reads = reader.recognise(cuts)
    for i, (apart, read) in pulled(cuts, reads, reader).items():
        cuts[i], reads[i] = apart, read
    digits = _short_as_digits(cuts, reads, reader)
    return [
        (p, _print_box(p, read, digits.get(i, "")))
        for i, (p, read) in enumerate(zip(found, reads))
        if read.text or i in digits
    ]


def _short_as_digits(
    cuts: Sequence[U8], reads: Sequence[LineRead], reader: TextReader
) -> dict[int, str]:
    """What short print says where only digits are allowed, by index; empty where it says the same."""
    short = [i for i, read in enumerate(reads) if len(read.text) <= _SHORT]
    digits = reader.recognise([cuts[i] for i in short], digits_only=True)
    return {i: d.text if d.text != reads[i].text else "" for i, d in zip(short, digits)}


def clearer(boxes: Sequence[TextBox], bare: U8, ink: U8, reader: TextReader) -> list[TextBox]:
    """Print that lost ink before it was read, looked at again in the ink of the page.

    Parameters
    ----------
    boxes : sequence of TextBox
        In pixels of ``bare``.
    bare : uint8 [rows, cols]
        The ink that was read: pale print and lines of a grey grid taken off.
    ink : uint8 [rows, cols]
        The same place with nothing taken off.
    reader : TextReader

    Returns
    -------
    list of TextBox
        In the same order; where the second look reads more clearly, a box says what that reads.
    """
    places = [_place(ink, b) for b in boxes]
    cuts = {
        i: ink[place]
        for i, (b, place) in enumerate(zip(boxes, places))
        if _lost(bare[place], ink[place]) > _LOST[int(b.confidence >= _CLEAR)]
    }
    lines = list(cuts.values())
    reads = reader.recognise(lines)
    digits = _short_as_digits(lines, reads, reader)
    out = list(boxes)
    for n, (i, read) in enumerate(zip(cuts, reads)):
        if read.confidence > out[i].confidence:
            own = digits.get(n, "")
            out[i] = replace(out[i], text=read.text, confidence=read.confidence, as_digits=own)
    return out


def _lost(bare: U8, ink: U8) -> float:
    """Share of the ink of a line that was taken off."""
    dark = ink >= LETTER_INK
    return float((dark & (bare < LETTER_INK)).sum()) / max(1.0, float(dark.sum()))


def _place(ink: U8, box: TextBox) -> tuple[slice, slice]:
    """Rows and columns of a box, with some rows above and below it, and to its sides up to the next paper."""
    tall, wide = (0.5 + _MARGIN) * box.height_px, 0.5 * box.width_px
    rows = slice(max(0, round(box.row - tall)), round(box.row + tall + 1))
    left, right = max(0, round(box.col - wide)), min(ink.shape[1], round(box.col + wide + 1))
    inked: Bool = np.asarray((ink[rows] >= LETTER_INK).any(axis=0))
    for _ in range(round(_MARGIN * box.height_px)):
        left -= int(left > 0 and inked[left - 1])
        right += int(right < ink.shape[1] and inked[right])
    return rows, slice(max(0, left - 1), right + 1)


def pulled(
    cuts: Sequence[U8], reads: Sequence[LineRead], reader: TextReader
) -> dict[int, tuple[U8, LineRead]]:
    """Lines that read more clearly with their touching letters apart, by index, with what they say then.

    Parameters
    ----------
    cuts : sequence of uint8 [rows, cols]
        Upright lines, 0 paper, 255 ink.
    reads : sequence of LineRead
        What they say as they are.
    reader : TextReader
    """
    unclear = [i for i, read in enumerate(reads) if read.confidence < _CLEAR]
    lines = {i: line for i in unclear if (line := pulled_apart(cuts[i])) is not None}
    again = reader.recognise(list(lines.values()))
    return {
        i: (line, read)
        for (i, line), read in zip(lines.items(), again)
        if read.confidence > reads[i].confidence
    }


def _print_box(found: Print, read: LineRead, digits: str) -> TextBox:
    return TextBox(
        as_digits=digits,
        text=read.text,
        confidence=read.confidence,
        row=(found.row0 + found.row1 - 1) / 2,
        col=(found.col0 + found.col1 - 1) / 2,
        height_px=float(found.row1 - found.row0),
        width_px=float(found.col1 - found.col0),
    )
