"""Curves of one name in one track: which of them are one measurement, and what the others are called.

In: the specs of a track. Out: the same with names that tell measurements apart. Curves of one name and
unit on different scales are one measurement with backup scales, and keep the name; on one scale they are
different curves, which must not be mixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from veernet_core.datatypes import CurveSpec, Finding
from veernet_core.page.ocr.tints import same_hue

NAMES_NUMBERED = "names_numbered"


def distinct_names(curves: Sequence[CurveSpec]) -> list[CurveSpec]:
    """The curves in the same order; one whose name stands for another curve already gets a number.

    Examples
    --------
    >>> specs = [CurveSpec("RES", "OHMM", 0, 10), CurveSpec("RES", "OHMM", 0, 10),
    ...          CurveSpec("RES", "OHMM", 0, 100)]
    >>> [spec.mnemonic for spec in distinct_names(specs)]
    ['RES', 'RES_2', 'RES']
    """
    given = {curve.mnemonic for curve in curves}
    measurements: dict[str, dict[str, list[CurveSpec]]] = {}
    named = []
    for curve in curves:
        groups = measurements.setdefault(curve.mnemonic, {})
        name = next((n for n, members in groups.items() if _continues(members, curve)), None)
        if name is None:
            name = _free(curve.mnemonic, given | groups.keys()) if groups else curve.mnemonic
        groups.setdefault(name, []).append(curve)
        named.append(replace(curve, mnemonic=name))
    return named


def numbered_findings(
    given: Sequence[CurveSpec], named: Sequence[CurveSpec], section_id: str, track_id: str
) -> list[Finding]:
    """One finding for every name that several curves of a track share on one scale."""
    found = []
    for name in dict.fromkeys(curve.mnemonic for curve in given):
        pairs = zip(given, named, strict=True)
        names = list(dict.fromkeys(new.mnemonic for old, new in pairs if old.mnemonic == name))
        if len(names) > 1:
            message = (
                f"{len(names)} curves of track {track_id} are called {name}: they are"
                f" {', '.join(names)}, in the order in which they are given or printed."
            )
            found.append(
                Finding.of(
                    NAMES_NUMBERED,
                    message,
                    section_id=section_id,
                    track_id=track_id,
                    mnemonic=name,
                )
            )
    return found


def _continues(members: Sequence[CurveSpec], curve: CurveSpec) -> bool:
    """Whether a curve can be a further scale of the measurement: same unit, a scale not yet there, and no pen
    of another hue than that which was read for it.
    """
    pens = [m.colour for m in members if m.colour and curve.colour and curve.source != "sidecar"]
    if not all(same_hue(str(curve.colour), pen) for pen in pens):
        return False
    same_unit = members[0].unit.casefold() == curve.unit.casefold()
    scales = {(m.scale, *sorted((m.left, m.right))) for m in members}
    return same_unit and (curve.scale, *sorted((curve.left, curve.right))) not in scales


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
