"""What stands around the scales: boxes, a form above, words and numbers in the depth column.

In: a `Sheet` and the rows that scales use. Out: words and lines on it. Does not belong here: scales (`hands`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from veernet_core.synth.scale_blocks.sheet import Sheet

_FORM = (
    "Database File:", "Dataset Pathname", "Presentation Format", "Charted by: Depth in Feet scaled 1:240",
    "MAIN PASS", "REPEAT SECTION", "5 INCH MAIN LOG", "REMARKS", "RUN 1", "RUN NO. 2", "Replay Scale 1:600",
    "Logged: 12-Mar-1998", "FILE 5", "Depth", "FEET", "1:240 ft", "Geological Descriptions", "Lithology",
    "2\" CORRELATION LOG", "Page 1 of 3", "MUD RM 0.85 @ 75", "BIT SIZE 7 7/8 FROM 1200 TO 7640",
    "CASING 8 5/8 @ 1,204", "API 15-053-00069", "Tool zero at 12.5", "Version 2.10", "OIL SHOW", "Core",
    "All interpretations are opinions based on inferences", "SCALE CHANGE", "S.O. 441", "CALIBRATION",
)  # fmt: skip


def draw_boxes(
    sheet: Sheet, frames: Sequence[tuple[float, float]], top: float, bottom: float
) -> None:
    """A box around the scales of each track, on most sheets."""
    if sheet.rng.random() < 0.7:
        for left, right in frames:
            sheet.rules += [(left, top, bottom), (right, top, bottom)]
            sheet.lines.append((top, left, right, 0))


def draw_form(sheet: Sheet, bottom: float, width: float) -> None:
    """Lines of a form and a table of numbers above the block."""
    rng = sheet.rng
    row = bottom
    for _ in range(int(rng.integers(0, 7))):
        row -= float(rng.uniform(1.2, 3)) * sheet.size
        if rng.random() < 0.75:
            text = str(rng.choice(_FORM))
            sheet.text(
                text, row, float(rng.uniform(0.1, 0.7)) * width, "l", float(rng.uniform(0.7, 1.5))
            )
        else:
            for col in np.linspace(0.05, 0.9, int(rng.integers(2, 7))) * width:
                sheet.text(
                    f"{float(rng.choice((1, 7.875, 12.25, 1204, 75, 8640, 0.5))):g}",
                    row,
                    float(col),
                )


def draw_in_gaps(
    sheet: Sheet, tracks: Sequence[tuple[float, float, bool | None]], top: float, foot: float
) -> None:
    """Words in the depth column, and depth numbers below it."""
    rng = sheet.rng
    for (_, right, _), (left, _, _) in itertools.pairwise(tracks):
        if left - right > 40 and rng.random() < 0.6:
            row = float(rng.uniform(top, max(top + 1, foot)))
            sheet.text(
                str(rng.choice(("DEPTH", "FEET", "1:240", "5", "7200", "ft"))),
                row,
                (left + right) / 2,
            )
