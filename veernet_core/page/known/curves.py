"""Curves of a track: as given, as read, or given without a scale and completed from what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rapidfuzz import fuzz

from veernet_core.datatypes import CurveSpec, Source, Wrap
from veernet_core.domain.curve_kinds import curve_kind
from veernet_core.domain.vocabulary import words
from veernet_core.page.known.sidecar import SidecarCurve
from veernet_core.page.ocr.tints import SAME_TINT, tint_gap
from veernet_core.page.results import CurveFound, Reading

_APART = 0.5
"""Distance of two colours from which the ink of two pens is told apart without doubt."""
_ONE_NAME = 75.0
"""Likeness, 0 to 100, from which two printed names are one, as where names are fitted."""


def spec_of(curve: SidecarCurve) -> CurveSpec | None:
    """A curve as given; None where its scale is not."""
    if curve.left is None or curve.right is None:
        return None
    return CurveSpec(
        curve.mnemonic,
        curve.unit,
        curve.left,
        curve.right,
        curve.scale,
        curve.style,
        curve.wrap,
        curve.colour,
        curve.source,
        curve.points,
        curve.more.scale_points,
    )


def filled(
    given: SidecarCurve, read: Sequence[CurveFound], min_confidence: float, number: int = 0
) -> CurveSpec | SidecarCurve:
    """A given curve; a scale that is not given is taken from the curve of that name.

    Parameters
    ----------
    given : SidecarCurve
    read : sequence of CurveFound
        Of the track.
    min_confidence : float
    number : int
        How many given curves of the track have its name before it: of read curves of one name each is
        taken once, in their order.
    """
    named = [c for c in read if str(c.mnemonic.value).upper() == given.mnemonic.upper()]
    same = _told_apart(named)
    if (given.left is not None and given.right is not None) or not same:
        return spec_of(given) or given
    found = same[min(number, len(same) - 1)]
    ends = [found.left, found.right]
    filled = replace(
        given,
        unit=given.unit or _unit(found),
        left=float(found.left.value) if given.left is None else given.left,
        right=float(found.right.value) if given.right is None else given.right,
        scale=found.scale,
        source=source_of(ends, min_confidence),
    )
    return spec_of(filled) or given


def read_curves(read: Sequence[CurveFound], min_confidence: float) -> list[CurveSpec]:
    """The read scales of a track. A name given twice with one scale and one pen is one curve. With two pens it
    is two curves, with two scales it is in doubt which of them holds (later runs are printed so): then all of
    them are guesses, unless other words and another pen tell each of them ("GR (API)", "GR (from tool)"). Where
    both have the same ends the pen need not be told as surely: the scale is the same one."""
    distinct = _told_apart(read)
    final: list[CurveSpec] = []
    for curve in distinct:
        own = _read_curve(curve, len(distinct), min_confidence)
        namesakes = [c for c in distinct if c.mnemonic.value == curve.mnemonic.value]
        doubtful = any(c is not curve and not _is_another(c, curve) for c in namesakes)
        final += [replace(c, source="guess") for c in own] if doubtful else own
    return final


def _is_another(one: CurveFound, other: CurveFound) -> bool:
    """Whether two curves of one mnemonic are printed with different words and with pens that ink tells apart: a
    red one and a dark red one are not where one of the two may not be drawn at all and their ends differ.
    """
    styles = bool(one.style and other.style) and one.style != other.style
    least = SAME_TINT if _ends(one) == _ends(other) else _APART
    colours = tint_gap(one.colour or "", other.colour or "") >= least
    alike = fuzz.ratio(words(one.printed), words(other.printed))
    return alike < _ONE_NAME and (styles or colours)


def _ends(curve: CurveFound) -> tuple[float, float]:
    return float(curve.left.value), float(curve.right.value)


def _told_apart(read: Sequence[CurveFound]) -> list[CurveFound]:
    """The read scales without those that are printed a second time."""
    distinct: list[CurveFound] = []
    for curve in read:
        if not any(_is_printed_again(curve, first) for first in distinct):
            distinct.append(curve)
    return distinct


def _is_printed_again(curve: CurveFound, first: CurveFound) -> bool:
    """Whether two scales are one, of name and ends, and pen and unit as far as both were read."""
    if curve.mnemonic.value != first.mnemonic.value:
        return False
    ends = [_ends(c) for c in (curve, first)]
    pens = ((curve.style, first.style), (curve.colour, first.colour), (_unit(curve), _unit(first)))
    return ends[0] == ends[1] and all(a == b for a, b in pens if a and b)


def _read_curve(found: CurveFound, in_track: int, min_confidence: float) -> list[CurveSpec]:
    """A read scale, followed by its backups. A pen not read is a guess where it must tell curves apart."""
    source = source_of(read_values(found), min_confidence)
    if found.style is None and found.colour is None and in_track > 1:
        source = "guess"
    curve = CurveSpec(
        str(found.mnemonic.value),
        _unit(found),
        float(found.left.value),
        float(found.right.value),
        found.scale,
        found.style or "solid",
        _wrap(found),
        found.colour,
        source,
        printed=found.printed,
        dash_px=found.dash_px,
        stroke_px=found.stroke_px,
    )
    return [curve, *(replace(curve, left=left, right=right) for left, right in found.backups)]


def _wrap(found: CurveFound) -> Wrap:
    """How often a curve may wrap: headers rarely say so, and then what is usual for its kind; whether it did,
    its ink tells. Backup scales, parts of tracks and logarithms take its place.
    """
    kind = curve_kind(str(found.mnemonic.value))
    plain = found.scale == "linear" and not found.backups and found.part is None
    return kind.wrap if kind is not None and plain and found.wrap == "none" else found.wrap


def read_values(found: CurveFound) -> list[Reading[Any]]:
    """The values that a read scale rests on; the least sure of them tells how sure it is."""
    unit = [found.unit] if found.unit is not None else []
    return [found.mnemonic, found.left, found.right, *unit]


def _unit(found: CurveFound) -> str:
    return "" if found.unit is None else str(found.unit.value)


def source_of(values: Sequence[Reading[Any]], min_confidence: float) -> Source:
    """What values rest on: a guess where one of them is one or is not sure."""
    sources = {v.source for v in values}
    if "guess" in sources or min(v.confidence for v in values) < min_confidence:
        return "guess"
    return "template" if "template" in sources else "header"
