"""Print that was found, read line by line; short print once more as digits.

In: ink without ruled lines and rectangles of print. Out: ``TextBox``es in the same pixels.
Does not belong here: finding print (`components`, `marked`), and the engine.
"""

from __future__ import annotations

from collections.abc import Sequence

from veernet_core.datatypes import U8
from veernet_core.page.ocr.components import Print
from veernet_core.page.ocr.engine import LineRead
from veernet_core.page.ocr.text import TextReader
from veernet_core.page.results import TextBox

_SHORT = 5
"""Print of so few characters is read as digits as well."""


def recognised(bare: U8, found: Sequence[Print], reader: TextReader) -> list[TextBox]:
    """Print that was found, read; short print once more as digits.

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
    short = [i for i, read in enumerate(reads) if len(read.text) <= _SHORT]
    digits = dict(zip(short, reader.recognise([cuts[i] for i in short], digits_only=True)))
    return [
        (p, _print_box(p, read, digits.get(i, LineRead("", 0.0))))
        for i, (p, read) in enumerate(zip(found, reads))
        if read.text or i in digits
    ]


def _print_box(found: Print, read: LineRead, digits: LineRead) -> TextBox:
    return TextBox(
        as_digits=digits.text if digits.text != read.text else "",
        text=read.text,
        confidence=read.confidence,
        row=(found.row0 + found.row1 - 1) / 2,
        col=(found.col0 + found.col1 - 1) / 2,
        height_px=float(found.row1 - found.row0),
        width_px=float(found.col1 - found.col0),
    )
