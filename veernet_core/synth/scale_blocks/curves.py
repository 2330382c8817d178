"""Curves as headers name them: mnemonic or words, unit, ends of the scale, and how numbers are printed.

In: a random generator. Out: `ScaleCurve`. Does not belong here: where they are printed (`hands`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from veernet_core.domain.curve_kinds import curve_kinds, unit_texts

_LETTERS = "ABCDEFGHIKLMNOPRSTUVWXZ"
_WORDS = (
    "Min", "Max", "Average", "Amplified", "Thickness", "Radius", "Internal", "Gas", "Total", "Temperature",
    "Pressure", "Flow", "Rate", "Deep", "Shallow", "Medium", "Array", "Phase", "Attenuation", "Corrected",
    "Bit", "Size", "Hole", "Volume", "Torque", "Hookload", "Casing", "Collar", "Ratio", "Density", "Porosity",
    "Velocity", "Amplitude", "Porosity", "Uranium", "Thorium", "Potassium", "Cement", "Index", "Filtered",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScaleCurve:
    """A curve of a header; ``further``: ends of its other scales, for a pen off scale or times ten."""

    name: str
    unit: str
    left: float
    right: float
    log: bool
    further: tuple[tuple[float, float], ...] = ()


def draw_curve(rng: np.random.Generator, log: bool) -> ScaleCurve:
    """A curve of the trade or a made-up one; a logarithmic track makes a logarithmic scale likelier."""
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
            return _with_further(rng, ScaleCurve(name, unit, left, right, use_log))
    else:
        name = _made_up_name(rng)
        unit = str(
            rng.choice(("in", "degF", "units", "ppm", "%", "mV", "ohm.m", "lbf", "psi", "", "----"))
        )
    left, right, use_log = _range(rng, log)
    return _with_further(rng, ScaleCurve(name, unit, left, right, use_log))


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


def _with_further(rng: np.random.Generator, curve: ScaleCurve) -> ScaleCurve:
    if rng.random() > 0.15 or curve.log:
        return curve
    span = curve.right - curve.left
    if rng.random() < 0.6:
        return replace(curve, further=((curve.right, curve.right + span),))
    if curve.left == 0:
        return replace(curve, further=((0.0, 10 * curve.right),))
    return curve


def number_text(rng: np.random.Generator, value: float, style: int) -> str:
    """A number as one of four printers writes it: short, with one decimal, with a point, cut at six signs."""
    if style == 0:
        return f"{value:g}"
    if style == 1:
        return f"{value:.1f}"
    if style == 2:
        return f"{value:.4g}" + ("." if value == int(value) and abs(value) >= 10 else "")
    text = f"{value:.4f}"[: 6 if value >= 0 else 7]
    return text.rstrip(".") if abs(value) >= 1000 else text
