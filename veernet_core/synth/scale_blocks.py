"""Scale blocks as an OCR engine would report them: words with their places, and what they mean.

In: a random generator. Out: `DrawnBlock`s of several independent layouts (boxed, ruled, inline, stacked,
legends, halves), with the misreadings of worn print, the form text above, and the scales that are truly
there. Nothing is rendered but the lines, since reading words is not what is learned from them.
Does not belong here: pictures of pages (`pages`), and what is measured on a block (`page.scales`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from veernet_core.datatypes import U8
from veernet_core.domain.curve_kinds import curve_kinds, unit_texts

DPI = 200.0
_TRACK_WIDTHS_IN = (1.0, 1.5, 2.0, 2.4, 2.5, 2.8, 5.0)
_IN_COLOUR = 0.35
_PENS = (
    "#0000ff", "#ff0000", "#00ff00", "#00bf00", "#ff00ff", "#000000", "#8000ff", "#ff8000", "#007f7f",
    "#7f0000", "#00007f", "#ffff00", "#3fbfff", "#970000",
)  # fmt: skip
_LETTERS = "ABCDEFGHIKLMNOPRSTUVWXZ"
_WORDS = (
    "Min", "Max", "Average", "Amplified", "Thickness", "Radius", "Internal", "Gas", "Total", "Temperature",
    "Pressure", "Flow", "Rate", "Deep", "Shallow", "Medium", "Array", "Phase", "Attenuation", "Corrected",
    "Bit", "Size", "Hole", "Volume", "Torque", "Hookload", "Casing", "Collar", "Ratio", "Density", "Porosity",
    "Velocity", "Amplitude", "Porosity", "Uranium", "Thorium", "Potassium", "Cement", "Index", "Filtered",
)  # fmt: skip
_FORM = (
    "Database File:", "Dataset Pathname", "Presentation Format", "Charted by: Depth in Feet scaled 1:240",
    "MAIN PASS", "REPEAT SECTION", "5 INCH MAIN LOG", "REMARKS", "RUN 1", "RUN NO. 2", "Replay Scale 1:600",
    "Logged: 12-Mar-1998", "FILE 5", "Depth", "FEET", "1:240 ft", "Geological Descriptions", "Lithology",
    "2\" CORRELATION LOG", "Page 1 of 3", "MUD RM 0.85 @ 75", "BIT SIZE 7 7/8 FROM 1200 TO 7640",
    "CASING 8 5/8 @ 1,204", "API 15-053-00069", "Tool zero at 12.5", "Version 2.10", "OIL SHOW", "Core",
    "All interpretations are opinions based on inferences", "SCALE CHANGE", "S.O. 441", "CALIBRATION",
)  # fmt: skip
_CONFUSED = {"0": "O8", "1": "l7|", "2": "Z7", "5": "S6", "6": "G8", "8": "B3", "4": "A", "9": "g",
             "O": "0Q", "I": "l1", "E": "F", "R": "K", "S": "5", "A": "4", "N": "M", "T": "7"}  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class DrawnBlock:
    """Words and lines above a grid whose first row is ``top``.

    ``tracks``: (left, right, logarithmic grid or None) of each track. ``ink`` uint8 [rows, cols]: the lines.
    """

    words: tuple[DrawnWord, ...]
    ink: U8
    top: float
    tracks: tuple[tuple[float, float, bool | None], ...]
    scales: tuple[DrawnScale, ...]


@dataclass(slots=True)
class _Sheet:
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


@dataclass(frozen=True, slots=True)
class _Curve:
    name: str
    unit: str
    left: float
    right: float
    log: bool
    further: tuple[tuple[float, float], ...] = ()


def draw_block(rng: np.random.Generator) -> DrawnBlock:
    """Draw one block."""
    size = float(rng.uniform(11, 30))
    sheet = _Sheet(rng, float(rng.uniform(0.45, 0.75)), size, bool(rng.random() < 0.5))
    if rng.random() < _IN_COLOUR:
        sheet.in_colour = True
        sheet.put_pen_down()
    tracks = _tracks(rng)
    top = float(rng.uniform(700, 1100))
    hand = _HANDS[int(rng.integers(len(_HANDS)))]
    by_track: list[list[_Curve]] = []
    frames: list[tuple[float, float]] = []
    index = 0
    while index < len(tracks):
        left, right, log = tracks[index]
        double = (
            index + 1 < len(tracks) and abs(tracks[index + 1][0] - right) < 2 and rng.random() < 0.2
        )
        if double:
            right = tracks[index + 1][1]
            index += 1
        frames.append((left, right))
        by_track.append([_curve(rng, bool(log)) for _ in range(int(rng.integers(1, 6)))])
        index += 1
    foot = top - float(rng.uniform(0.3, 2.5)) * size
    highest = top
    for (left, right), curves in zip(frames, by_track, strict=True):
        highest = min(highest, hand(sheet, left, right, foot, curves))
        sheet.put_pen_down()
    _boxes(sheet, frames, highest - 2 * size, foot + 0.8 * size)
    _form(sheet, highest - 3 * size, tracks[-1][1])
    _in_gaps(sheet, tracks, highest, foot)
    words = _worn(rng, sheet.words)
    return DrawnBlock(words, _ink(sheet, top, tracks), top, tuple(tracks), tuple(sheet.scales))


def _tracks(rng: np.random.Generator) -> list[tuple[float, float, bool | None]]:
    at = float(rng.uniform(20, 200))
    out: list[tuple[float, float, bool | None]] = []
    for n in range(int(rng.integers(1, 5))):
        width = float(rng.choice(_TRACK_WIDTHS_IN)) * DPI
        if n and rng.random() < 0.5:
            at += float(rng.uniform(0.3, 1.2)) * DPI
        grid = None if rng.random() < 0.3 else bool(rng.random() < 0.25)
        out.append((at, at + width, grid))
        at += width
    return out


def _curve(rng: np.random.Generator, log: bool) -> _Curve:
    if rng.random() < 0.6:
        kind = curve_kinds()[int(rng.integers(len(curve_kinds())))]
        name = str(rng.choice(kind.names)) if rng.random() < 0.6 else kind.mnemonic
        unit = str(rng.choice(kind.units)) if kind.units else ""
        if unit and rng.random() < 0.5:
            unit = str(rng.choice(unit_texts().get(unit, (unit,))))
        if kind.ranges and rng.random() < 0.8:
            _, left, right = kind.ranges[int(rng.integers(len(kind.ranges)))]
            use_log = min(left, right) > 0 and "log" in kind.scales and (log or rng.random() < 0.5)
            use_log = use_log and max(left, right) / min(left, right) >= 9
            return _with_further(rng, _Curve(name, unit, left, right, use_log))
    else:
        name = _made_up_name(rng)
        unit = str(
            rng.choice(("in", "degF", "units", "ppm", "%", "mV", "ohm.m", "lbf", "psi", "", "----"))
        )
    left, right, use_log = _range(rng, log)
    return _with_further(rng, _Curve(name, unit, left, right, use_log))


def _made_up_name(rng: np.random.Generator) -> str:
    letters = "".join(rng.choice(list(_LETTERS), int(rng.integers(2, 5))))
    roll = rng.random()
    if roll < 0.3:
        return letters + (str(rng.integers(1, 99)) if rng.random() < 0.4 else "")
    name = " ".join(rng.choice(_WORDS, int(rng.integers(1, 4)), replace=False))
    return (
        f"{name} ({letters})"
        if roll < 0.6
        else f"{name} [{letters.lower()}]"
        if roll < 0.7
        else name
    )


def _range(rng: np.random.Generator, log: bool) -> tuple[float, float, bool]:
    if log and rng.random() < 0.7:
        low = float(rng.choice((0.1, 0.2, 1, 2, 10)))
        left, right = low, low * 10.0 ** int(rng.integers(1, 5))
        return left, right, True
    step = float(rng.choice((0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 20, 25, 50, 100, 500, 1000)))
    low = 0.0 if rng.random() < 0.6 else step * int(rng.integers(-10, 20))
    high = low + 10 * step
    low, high = (float(f"{v:.6g}") for v in (low, high))
    return (high, low, False) if rng.random() < 0.2 else (low, high, False)


def _with_further(rng: np.random.Generator, curve: _Curve) -> _Curve:
    if rng.random() > 0.15 or curve.log:
        return curve
    span = curve.right - curve.left
    if rng.random() < 0.6:
        return replace(curve, further=((curve.right, curve.right + span),))
    if curve.left == 0:
        return replace(curve, further=((0.0, 10 * curve.right),))
    return curve


def _number(rng: np.random.Generator, value: float, style: int) -> str:
    if style == 0:
        return f"{value:g}"
    if style == 1:
        return f"{value:.1f}"
    if style == 2:
        return f"{value:.4g}" + ("." if value == int(value) and abs(value) >= 10 else "")
    text = f"{value:.4f}"[: 6 if value >= 0 else 7]
    return text.rstrip(".") if abs(value) >= 1000 else text


# ---- hands: each lays out the scales of one track from the grid upwards and returns its highest row --------


def _ends(
    sheet: _Sheet, curve: _Curve, ends: tuple[float, float], row: float, left: float, right: float
) -> None:
    """The two numbers of a scale, sometimes with others between them."""
    rng = sheet.rng
    style = int(rng.integers(4)) if rng.random() < 0.5 else 0
    inset = float(rng.uniform(0.1, 0.9)) * sheet.size
    a, b = (_number(rng, v, style) for v in ends)
    if rng.random() < 0.07:
        sheet.text(a, row, left)
        sheet.text(b, row, right)
    else:
        sheet.text(a, row, left + inset, "l")
        sheet.text(b, row, right - inset, "r")
    if rng.random() < 0.15:
        places = (0.5,) if rng.random() < 0.7 else (0.2, 0.4, 0.6, 0.8)
        for place in places:
            value = (
                ends[0] * (ends[1] / ends[0]) ** place
                if curve.log
                else ends[0] + place * (ends[1] - ends[0])
            )
            sheet.text(
                _number(rng, float(f"{value:.4g}"), style), row, left + place * (right - left)
            )
    sheet.scales.append(DrawnScale(left, right, *ends, curve.name, curve.log))


def _titled(sheet: _Sheet, curve: _Curve) -> tuple[str, str]:
    """Name and unit as printed, in the colour of the curve from here on."""
    sheet.take_pen(curve.name)
    name = curve.name.upper() if sheet.upper else curve.name
    unit = curve.unit if sheet.rng.random() < 0.5 else curve.unit.lower()
    return name, unit


def _stacked(
    sheet: _Sheet, left: float, right: float, foot: float, curves: Sequence[_Curve]
) -> float:
    """Name, unit below it, numbers below both, the pen below them."""
    row, middle = foot, (left + right) / 2
    gap = float(sheet.rng.uniform(1.2, 1.8)) * sheet.size
    for curve in reversed(curves):
        name, unit = _titled(sheet, curve)
        sheet.key(row - 0.6 * gap, left, right)
        for ends in reversed(((curve.left, curve.right), *curve.further)):
            row -= gap
            _ends(sheet, curve, ends, row, left, right)
        row -= gap
        if unit and sheet.rng.random() < 0.8:
            sheet.text(unit, row, middle, size=0.85)
            row -= gap
        sheet.text(name, row, middle, size=float(sheet.rng.uniform(0.9, 1.6)))
        row -= float(sheet.rng.uniform(0.3, 1.5)) * gap
    return row


def _boxed(
    sheet: _Sheet, left: float, right: float, foot: float, curves: Sequence[_Curve]
) -> float:
    """A box for each curve: its name, the pen, and below it the numbers with the unit between them."""
    row, middle = foot, (left + right) / 2
    gap = float(sheet.rng.uniform(1.1, 1.6)) * sheet.size
    for curve in reversed(curves):
        name, unit = _titled(sheet, curve)
        for ends in reversed(((curve.left, curve.right), *curve.further)):
            row -= gap
            _ends(sheet, curve, ends, row, left, right)
            if unit:
                sheet.text(f"({unit})" if sheet.rng.random() < 0.5 else unit, row, middle)
        sheet.key(row - 0.7 * gap, left, right)
        row -= 1.4 * gap
        sheet.text(name, row, middle)
        row -= 0.6 * gap
        if sheet.rng.random() < 0.7:
            sheet.lines.append((row, left, right, 0))
    return row


def _inline(
    sheet: _Sheet, left: float, right: float, foot: float, curves: Sequence[_Curve]
) -> float:
    """Numbers with the name between them, the pen below or above."""
    row, middle = foot, (left + right) / 2
    gap = float(sheet.rng.uniform(1.2, 2.6)) * sheet.size
    brackets = int(sheet.rng.integers(4))
    below = sheet.rng.random() < 0.7
    for curve in reversed(curves):
        name, unit = _titled(sheet, curve)
        row -= gap
        title = (
            (f"{name} ({unit})", f"{name} [{unit}]", f"{name} {unit}", name)[brackets]
            if unit
            else name
        )
        for number, ends in enumerate(reversed(((curve.left, curve.right), *curve.further))):
            row -= gap if number else 0
            _ends(sheet, curve, ends, row, left, right)
            sheet.text(title, row, middle)
        sheet.key(row + (0.55 if below else -0.55) * gap, left, right)
    return row - gap


def _old_form(
    sheet: _Sheet, left: float, right: float, foot: float, curves: Sequence[_Curve]
) -> float:
    """A large title with its unit far above, then rows of numbers on ruled lines; several scales share it."""
    rng = sheet.rng
    row, middle = foot, (left + right) / 2
    gap = float(rng.uniform(1.8, 3.2)) * sheet.size
    for curve in reversed(curves[:3]):
        name, unit = _titled(sheet, replace(curve, name=curve.name.upper()))
        for ends in reversed(((curve.left, curve.right), *curve.further)):
            row -= gap
            _ends(sheet, curve, ends, row, left, right)
            sheet.key(row + 0.6 * sheet.size, left, right)
            if rng.random() < 0.1:
                sheet.text("RUN #2", row, left + 0.3 * (right - left))
        row -= float(rng.uniform(1.0, 1.8)) * gap
        if unit:
            sheet.text(unit.upper(), row, middle)
            row -= float(rng.uniform(1.2, 2.0)) * sheet.size
        sheet.text(name, row, middle, size=float(rng.uniform(1.2, 2.0)))
        row -= gap
    return row


def _below(
    sheet: _Sheet, left: float, right: float, foot: float, curves: Sequence[_Curve]
) -> float:
    """The name with its unit on the pen's line, the numbers below it at the borders."""
    row, middle = foot, (left + right) / 2
    gap = float(sheet.rng.uniform(1.1, 1.5)) * sheet.size
    for curve in reversed(curves):
        name, unit = _titled(sheet, curve)
        row -= gap
        _ends(sheet, curve, (curve.left, curve.right), row, left, right)
        row -= gap
        sheet.key(row + 0.4 * gap, left, right)
        sheet.text(f"{name}({unit})" if unit else name, row, middle)
    return row - gap


def _under(
    sheet: _Sheet, left: float, right: float, foot: float, curves: Sequence[_Curve]
) -> float:
    """The numbers on the pen's line, the name above them and the unit below."""
    row, middle = foot, (left + right) / 2
    gap = float(sheet.rng.uniform(1.0, 1.4)) * sheet.size
    for curve in reversed(curves):
        name, unit = _titled(sheet, curve)
        row -= gap
        if unit:
            sheet.text(f"({unit})", row, middle)
        row -= gap
        _ends(sheet, curve, (curve.left, curve.right), row, left, right)
        sheet.key(row + 0.3 * gap, left, right)
        row -= float(sheet.rng.uniform(0.3, 1.1)) * gap
        sheet.text(name, row, middle)
        row -= float(sheet.rng.uniform(0.5, 1.2)) * gap
    return row


def _legend(
    sheet: _Sheet, left: float, right: float, foot: float, curves: Sequence[_Curve]
) -> float:
    """A legend of names and pens above, and the scales printed small inside the first rows of the grid."""
    rng = sheet.rng
    row = foot + float(rng.uniform(0.5, 2)) * sheet.size
    small = float(rng.uniform(0.5, 0.8))
    gap = small * sheet.size * float(rng.uniform(1.25, 1.7))
    whole = sheet.size
    for curve in curves:
        name, unit = _titled(sheet, curve)
        sheet.size = whole * small
        _ends(sheet, curve, (curve.left, curve.right), row, left, right)
        sheet.text(f"{name} ({unit})" if unit else name, row, (left + right) / 2)
        sheet.size = whole
        row += gap
    row = foot - 3 * sheet.size
    for curve in reversed(curves):
        name, unit = _titled(sheet, curve)
        sheet.text(f"{name} ({unit})" if unit else name, row, left + 0.5 * sheet.size, "l")
        sheet.key(row, left + 0.6 * (right - left), right - sheet.size)
        row -= 1.4 * sheet.size
    return row


def _halves(
    sheet: _Sheet, left: float, right: float, foot: float, curves: Sequence[_Curve]
) -> float:
    """Two scales side by side, each on a half of the track, above those of the whole."""
    rng = sheet.rng
    row = _below(sheet, left, right, foot, curves[2:]) if len(curves) > 2 else foot
    middle = (left + right) / 2
    gap = 1.3 * sheet.size
    row -= gap
    inline = rng.random() < 0.5
    for (a, b), curve in zip(((left, middle), (middle, right)), curves[:2]):
        name, unit = _titled(sheet, curve)
        _ends(sheet, replace(curve, further=()), (curve.left, curve.right), row, a, b)
        title = f"{name}({unit})" if unit else name
        sheet.text(title, row if inline else row - gap, (a + b) / 2, size=0.9)
        sheet.key(row - 0.6 * gap, a, b)
    sheet.lines.append((row + 0.7 * gap, left, right, 0))
    return row - 2 * gap


_Hand = Callable[[_Sheet, float, float, float, Sequence[_Curve]], float]
_HANDS: tuple[_Hand, ...] = (
    _stacked, _boxed, _inline, _old_form, _below, _under, _legend, _halves,
)  # fmt: skip
LAYOUTS = tuple(hand.__name__.strip("_") for hand in _HANDS)


# ---- surroundings ------------------------------------------------------------------------------------


def _boxes(sheet: _Sheet, frames: Sequence[tuple[float, float]], top: float, bottom: float) -> None:
    if sheet.rng.random() < 0.7:
        for left, right in frames:
            sheet.rules += [(left, top, bottom), (right, top, bottom)]
            sheet.lines.append((top, left, right, 0))


def _form(sheet: _Sheet, bottom: float, width: float) -> None:
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


def _in_gaps(
    sheet: _Sheet, tracks: Sequence[tuple[float, float, bool | None]], top: float, foot: float
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


def _worn(rng: np.random.Generator, words: Sequence[DrawnWord]) -> tuple[DrawnWord, ...]:
    """What an engine makes of the print: letters confused, rules read along, words lost or run together."""
    wear = float(rng.choice((0.0, 0.02, 0.06, 0.15)))
    rule = float(rng.choice((0.0, 0.0, 0.1, 0.4)))
    out: list[DrawnWord] = []
    for word in words:
        if rng.random() < 0.02 + wear / 2:
            continue
        text, confidence = word.text, float(rng.uniform(0.93, 1.0))
        if rng.random() < 2 * wear and text:
            place = int(rng.integers(len(text)))
            swaps = _CONFUSED.get(text[place])
            if swaps:
                text = text[:place] + str(rng.choice(list(swaps))) + text[place + 1 :]
                confidence = float(rng.uniform(0.4, 0.95))
        if rng.random() < (rule if text[-1:].isdigit() else wear):
            text = (
                text + "|1"[int(rng.integers(2))]
                if rng.random() < 0.5
                else "|1"[int(rng.integers(2))] + text
            )
        if rng.random() < wear and text.startswith("-"):
            text = text[1:]
        size = word.height * float(rng.uniform(0.92, 1.1))
        row = word.row + float(rng.normal(0, 0.06)) * word.height
        tint = _faded(rng, word.tint)
        out.append(replace(word, text=text, confidence=confidence, height=size, row=row, tint=tint))
    for _ in range(int(rng.poisson(60 * wear * wear + 0.5))):
        out.append(
            DrawnWord(
                str(rng.choice(("1", "I", "-", "7", "L", ".", "f", "11", "l"))),
                float(rng.uniform(100, 1100)), float(rng.uniform(20, 1700)),
                float(rng.uniform(8, 30)), 10.0, float(rng.uniform(0.2, 0.97)),
            )
        )  # fmt: skip
    return tuple(sorted(out, key=lambda w: (w.row, w.col)))


def _faded(rng: np.random.Generator, tint: str) -> str:
    """A colour as it is measured on print; "" where little ink is seen."""
    if not tint or rng.random() < 0.02:
        return ""
    parts = [int(tint[k : k + 2], 16) for k in (1, 3, 5)]
    red, green, blue = np.clip(np.array(parts) + rng.normal(0, 8, 3), 0, 255).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _ink(sheet: _Sheet, top: float, tracks: Sequence[tuple[float, float, bool | None]]) -> U8:
    """Lines of the block, uint8 [rows, cols], 255 ink."""
    ink = np.zeros((int(top) + 120, int(tracks[-1][1]) + 150), dtype=np.uint8)
    for row, left, right, style in sheet.lines:
        period = (1, 40, 10)[style]
        thick = int(sheet.rng.integers(1, 4))
        for start in range(int(left), int(right), period):
            stop = int(right) if period == 1 else start + int(0.6 * period)
            cv2.line(ink, (start, int(row)), (min(stop, int(right)), int(row)), 255, thick)
            if period == 1:
                break
    for col, first, last in sheet.rules:
        cv2.line(ink, (int(col), int(first)), (int(col), int(last)), 255, 2)
    return ink
