"""Curves and units of paper logs, and what is usual for them: the table `vocabulary.toml`, read once.

Out: ``CurveKind`` values and the texts that print each unit. Serves to check what is read; nothing here is ever
a reading by itself. Does not belong here: finding names in a text (`vocabulary`), and what a missing scale
might have been.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from veernet_core.datatypes import Scale, Style, Wrap
from veernet_core.domain.tables import table

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class CurveKind:
    """A curve of the vocabulary.

    Attributes
    ----------
    mnemonic : str
    names : tuple of str
        As printed, upper case, without full stops; hyphens are blanks.
    units : tuple of str
        Usual units, the commonest first.
    ranges : tuple of (unit, left, right)
        Usual values at the left and right edge of the track, by unit, the commonest first.
    bounds : (low, high)
        Outside them a scale end is impossible.
    scales : tuple
        Usual spacing of the grid.
    style, wrap
        Usual pen and off-scale mode.
    is_group : bool
        A heading such as RESISTIVITY: it gives the unit, the curve needs a name of its own.
    is_partial : bool
        Its scale is printed over a part of the track only, often above the name.
    values : tuple of (unit, low, high)
        What rock and hole can measure at all, by unit.
    at_most : tuple of str
        Curves that it never exceeds, by what they are: a mean its maximum.
    is_amplified : bool
        Another curve of the same track, drawn again on a narrower scale.
    """

    mnemonic: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    ranges: tuple[tuple[str, float, float], ...]
    bounds: Range
    scales: tuple[Scale, ...] = ("linear",)
    style: Style = "solid"
    wrap: Wrap = "none"
    is_group: bool = False
    is_partial: bool = False
    values: tuple[tuple[str, float, float], ...] = ()
    at_most: tuple[str, ...] = ()
    is_amplified: bool = False

    def is_usual(self, left: float, right: float, unit: str) -> bool:
        """Whether a scale is one of the usual ones in a unit."""
        return any(u == unit and _same(left, a) and _same(right, b) for u, a, b in self.ranges)

    def possible(self, left: float, right: float, unit: str | None) -> Range | None:
        """Lowest and highest value that such a curve can have; None where nothing is known.

        Without a unit it is that of a scale that is usual in one unit only.
        """
        if unit is None:
            usual = {u for u, _, _ in self.ranges if self.is_usual(left, right, u)}
            unit = usual.pop() if len(usual) == 1 else None
        return next(((low, high) for u, low, high in self.values if u == unit), None)

    def is_ambiguous(self, left: float, right: float, unit: str) -> bool:
        """Whether a zero lost or gained in reading would give another usual scale."""
        others = ((left, right * f) for f in (0.1, 10.0))
        both = ((left * f, right * f) for f in (0.1, 10.0))
        return any(
            self.is_usual(a, b, unit) for a, b in (*others, *both) if (a, b) != (left, right)
        )

    def is_possible(self, left: float, right: float) -> bool:
        """Whether both ends lie within the bounds."""
        low, high = self.bounds
        return all(low <= value <= high for value in (left, right))


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-6 * max(1.0, abs(a), abs(b))


@cache
def curve_kinds() -> tuple[CurveKind, ...]:
    """All curves known by name."""
    families = table("vocabulary")["families"]
    return tuple(
        _kind(families.get(raw.get("family"), {}) | raw) for raw in table("vocabulary")["curves"]
    )


@cache
def unit_texts() -> Mapping[str, tuple[str, ...]]:
    """Units by the texts that print them, in the form of ``vocabulary.words``."""
    return {unit: tuple(texts) for unit, texts in table("vocabulary")["units"].items()}


@cache
def curve_kind(mnemonic: str) -> CurveKind | None:
    """The curve with a mnemonic."""
    return next((kind for kind in curve_kinds() if kind.mnemonic == mnemonic), None)


def name_words() -> tuple[str, ...]:
    """Words that names of curves are made of, besides those of the known names."""
    return tuple(table("vocabulary")["words"])


def _kind(raw: Mapping[str, Any]) -> CurveKind:
    ranges = ((unit, *ends) for unit, pairs in raw.get("ranges", {}).items() for ends in pairs)
    low, high = raw["bounds"]
    return CurveKind(
        raw["mnemonic"],
        tuple(raw["names"]),
        tuple(raw.get("units", ())),
        tuple((unit, left, right) for unit, left, right in ranges),
        (low, high),
        tuple(raw.get("scales", ("linear",))),
        raw.get("style", "solid"),
        raw.get("wrap", "none"),
        raw.get("is_group", False),
        raw.get("is_partial", False),
        tuple((unit, *ends) for unit, ends in raw.get("values", {}).items()),
        tuple(raw.get("at_most", ())),
        raw.get("is_amplified", False),
    )
