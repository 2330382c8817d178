"""What speaks against a scale that was read, whatever its probability.

In: a scale and the phrase that names it. Out: whether a person has to look. Does not belong here: how likely a
reading is (`scorer`), and which is chosen (`binder`).
"""

from __future__ import annotations

from veernet_core.domain.curve_kinds import CurveKind
from veernet_core.page.scales.candidates import ScaleCandidate, decades
from veernet_core.page.scales.names import NameCandidate

_MOST_DIGITS, _WHOLE = 3, 0.02
"""Most digits that count of an end of a scale, and how far from whole the decades of a scale may be."""
_AGREEING = 2
"""Numbers besides the first one that stand where ends put them that are not printed."""
_SMALL = 0.125
"""An end that may be a nought, in spans of the scale."""


def may_be_misread(scale: ScaleCandidate, name: NameCandidate | None) -> bool:
    """Whether a reading speaks against itself.

    A lost point or zero would make an unusual scale usual, no end stands at a border and fewer than three
    numbers say what they are, a known curve has ends or a kind of scale that it never has, or the numbers are
    none that scales are printed with: a rule or a border was read with them.
    """
    named = name.named if name is not None else None
    if scale.inset and scale.support < _AGREEING:
        return True
    ends = (scale.left, scale.right)
    units = _units(named.kind, name) if named is not None else ()
    if named is not None and any(named.kind.is_usual(*ends, unit) for unit in units):
        return False
    if not is_printed_so(scale):
        return True
    if named is None:
        return False
    if named.is_exact and (
        not named.kind.is_possible(*ends) or scale.scale not in named.kind.scales
    ):
        return True
    return any(named.kind.is_ambiguous(*ends, unit) for unit in units)


def _units(kind: CurveKind, name: NameCandidate | None) -> tuple[str, ...]:
    """The unit printed with a name, if the curve has it; all that the curve may have otherwise."""
    printed = name.unit if name is not None else None
    return (printed,) if printed is not None and printed in kind.units else tuple(kind.units)


def is_printed_so(scale: ScaleCandidate) -> bool:
    """Whether scales are printed with such numbers: ends have three digits that count at most, and are whole
    decades or a round span apart.
    """
    ends = (scale.left, scale.right)
    if any(_digits(end) > _MOST_DIGITS for end in ends):
        return False
    if scale.scale == "log":
        whole = decades(*ends)
        return abs(whole - round(whole)) < _WHOLE
    return _digits(scale.right - scale.left) < _MOST_DIGITS and not any(
        map(_is_zero, ends, ends[::-1])
    )


def _is_zero(end: float, other: float) -> bool:
    """Whether a small end of an even scale was read for a nought at a border: with 0 the span is rounder, as 0
    to 100 is than 1 to 100.
    """
    span = abs(other - end)
    return 0 < abs(end) <= _SMALL * span and _digits(other) < _digits(span)


def _digits(value: float) -> int:
    """Digits of a number that count: of 1500 two, of 0.25 two, of 1001 four."""
    return len(f"{abs(value):.6g}".replace(".", "").lstrip("0").rstrip("0"))
