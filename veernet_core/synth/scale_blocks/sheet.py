"""The sheet on which a block of scales is drawn: words, scales and lines, as hands put them there.

In: places and texts. Out: `Sheet`. Does not belong here: where things stand (`hands`, `surroundings`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_PENS = (
    "#0000ff", "#ff0000", "#00ff00", "#00bf00", "#ff00ff", "#000000", "#8000ff", "#ff8000", "#007f7f",
    "#7f0000", "#00007f", "#ffff00", "#3fbfff", "#970000",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DrawnWord:
    """One text box: its text, middle, size, px, and how sure the engine was."""

    text: str
    row: float
    col: float
    height: float
    width: float
    confidence: float = 0.98
    as_digits: str = ""
    tint: str = ""


@dataclass(frozen=True, slots=True)
class DrawnScale:
    """A scale that is truly there: columns of its ends, their values, and the words that name it."""

    left_px: float
    right_px: float
    left: float
    right: float
    name: str
    log: bool


@dataclass(slots=True)
class Sheet:
    """What is drawn of one block; ``char`` is the width of a letter as part of its size, ``size`` px."""

    rng: np.random.Generator
    char: float
    size: float
    upper: bool
    words: list[DrawnWord] = field(default_factory=list)
    scales: list[DrawnScale] = field(default_factory=list)
    lines: list[tuple[float, float, float, int]] = field(default_factory=list)
    rules: list[tuple[float, float, float]] = field(default_factory=list)
    colours: dict[str, str] = field(default_factory=dict)
    in_colour: bool = False
    tint: str = ""

    def take_pen(self, name: str) -> None:
        """Go on in the colour of a curve; black on most sheets."""
        if self.in_colour:
            number = int(self.rng.integers(len(_PENS)))
            self.tint = self.colours.setdefault(name, _PENS[number])

    def put_pen_down(self) -> None:
        """Go on in black."""
        self.tint = "#000000" if self.in_colour else ""

    def text(self, text: str, row: float, col: float, anchor: str = "c", size: float = 1.0) -> None:
        """Write at a row; ``anchor`` says which point of the text ``col`` is: l, c or r."""
        width = max(4.0, len(text) * self.char * self.size * size)
        middle = {"l": col + width / 2, "c": col, "r": col - width / 2}[anchor]
        height = self.size * size * 1.35
        self.words.append(DrawnWord(text, row, middle, height, width, tint=self.tint))

    def key(self, row: float, left: float, right: float) -> None:
        """The pen of a curve, drawn across its scale: solid, dashed or dotted."""
        self.lines.append((row, left, right, int(self.rng.integers(3))))
