"""Hands that lay out the scales of one track: stacked, boxed, inline, old form, below, under, legend, halves.

In: a `Sheet`, the track's borders, the lowest row, and curves. Out: words, lines and scales on
the sheet, and the highest row that is used.
Does not belong here: what stands around the scales (`surroundings`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from veernet_core.synth.scale_blocks.curves import ScaleCurve, number_text
from veernet_core.synth.scale_blocks.sheet import DrawnScale, Sheet


def _ends(
    sheet: Sheet,
    curve: ScaleCurve,
    ends: tuple[float, float],
    row: float,
    left: float,
    right: float,
) -> None:
    """The two numbers of a scale, sometimes with others between them."""
    rng = sheet.rng
    style = int(rng.integers(4)) if rng.random() < 0.5 else 0
    inset = float(rng.uniform(0.1, 0.9)) * sheet.size
    a, b = (number_text(rng, v, style) for v in ends)
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
                number_text(rng, float(f"{value:.4g}"), style), row, left + place * (right - left)
            )
    sheet.scales.append(DrawnScale(left, right, *ends, curve.name, curve.log))


def _titled(sheet: Sheet, curve: ScaleCurve) -> tuple[str, str]:
    """Name and unit as printed, in the colour of the curve from here on."""
    sheet.take_pen(curve.name)
    name = curve.name.upper() if sheet.upper else curve.name
    unit = curve.unit if sheet.rng.random() < 0.5 else curve.unit.lower()
    return name, unit


def _stacked(
    sheet: Sheet, left: float, right: float, foot: float, curves: Sequence[ScaleCurve]
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
    sheet: Sheet, left: float, right: float, foot: float, curves: Sequence[ScaleCurve]
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
    sheet: Sheet, left: float, right: float, foot: float, curves: Sequence[ScaleCurve]
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
    sheet: Sheet, left: float, right: float, foot: float, curves: Sequence[ScaleCurve]
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
    sheet: Sheet, left: float, right: float, foot: float, curves: Sequence[ScaleCurve]
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
    sheet: Sheet, left: float, right: float, foot: float, curves: Sequence[ScaleCurve]
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
    sheet: Sheet, left: float, right: float, foot: float, curves: Sequence[ScaleCurve]
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
    sheet: Sheet, left: float, right: float, foot: float, curves: Sequence[ScaleCurve]
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


Hand = Callable[[Sheet, float, float, float, Sequence[ScaleCurve]], float]
HANDS: tuple[Hand, ...] = (
    _stacked, _boxed, _inline, _old_form, _below, _under, _legend, _halves,
)  # fmt: skip
LAYOUTS = tuple(hand.__name__.strip("_") for hand in HANDS)
