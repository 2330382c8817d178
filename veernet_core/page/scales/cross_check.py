"""Given scales and names cross-checked with what the page prints above its tracks.

In: sections as a sidecar gives them, and the scales read above them. Out: findings: what the print
contradicts (``scale_contradicted``, ``name_contradicted``: those curves are for review), and what it confirms.
Print that could not be read says nothing either way.
Does not belong here: reading print (`text`, `scales`), and what is not given (`complete`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from veernet_core.datatypes import CurveSpec, Doubt, Finding, Section, Track
from veernet_core.domain.curve_kinds import CurveKind, curve_kind
from veernet_core.domain.vocabulary import find_curve
from veernet_core.page.results import CurveFound, Printed, next_wraps

Outcome = Literal["scale_confirmed", "scale_contradicted", "name_contradicted"]
"""What print says of a curve: its given scale is printed; another one is; its name stands over another track
or beside another pen. Also the codes of findings and verdicts."""
_UNDOUBTED = 0.9
"""From here on no digit of a printed number was lost in reading."""
_SAME = 0.005
"""Difference of two ends, in spans of the scale, up to which they are the same."""
_UNIT_FACTORS = (1.0, 100.0, 0.01, 1000.0, 0.001)
"""Ends in percent and fractions, or in kg/m3 and g/cm3, are the same scale."""

Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Check:
    """What the print says of one curve."""

    outcome: Outcome
    message: str
    section: Section
    track_id: str
    mnemonic: str

    @property
    def is_confirmed(self) -> bool:
        """Whether the given scale is printed."""
        return self.outcome == "scale_confirmed"

    def finding(self) -> Finding:
        """The same for people."""
        return Finding.of(
            self.outcome,
            self.message,
            rows=(int(self.section.row_top), int(self.section.row_bottom)),
            section_id=self.section.section_id,
            track_id=self.track_id,
            mnemonic=self.mnemonic,
        )


def check_given(
    sections: Sequence[Section], printed: Printed
) -> tuple[tuple[Section, ...], tuple[Finding, ...]]:
    """Sections with what the print says about their given scales and names, and the findings about it."""
    checks = cross_check(sections, printed)
    out = []
    for section in sections:
        own = [check for check in checks if check.section is section]
        against = [Doubt(c.outcome, c.track_id, c.mnemonic) for c in own if not c.is_confirmed]
        seen = tuple((c.track_id, c.mnemonic) for c in own if c.is_confirmed)
        out.append(replace(section, doubts=(*section.doubts, *against), printed=seen))
    return tuple(out), tuple(check.finding() for check in checks)


def cross_check(
    sections: Sequence[Section],
    printed: Printed,
    min_confidence: float = 0.85,
) -> tuple[Check, ...]:
    """What the print says about the scales and names that a person given.

    Parameters
    ----------
    sections : sequence of Section
        Curves of other sources than ``sidecar`` are left out.
    printed : mapping of (section id, track id) to sequence of CurveFound
    min_confidence : float
        From here on print that was read can contradict.

    Returns
    -------
    tuple of Check
        One for every curve that is contradicted or confirmed.
    """
    checks: list[Check] = []
    for section in sections:
        tracks = [_Held(section, track, printed, min_confidence) for track in section.tracks]
        strays = _strays(tracks)
        for held in tracks:
            for name, specs in held.given.items():
                outcome = _against(name, specs, held, strays)
                if outcome is None and held.confirms(specs):
                    outcome = "scale_confirmed", f"The page prints the stated scale of {name}."
                if outcome is not None:
                    checks.append(Check(*outcome, section, held.track_id, name))
    return tuple(checks)


class _Held:
    """A track: what a person given of it by mnemonic, and what was read above it, surely or at all."""

    def __init__(
        self,
        section: Section,
        track: Track,
        printed: Printed,
        min_confidence: float,
    ) -> None:
        self.track_id = track.track_id
        self.given: dict[str, list[CurveSpec]] = defaultdict(list)
        for spec in track.curves:
            if spec.source == "sidecar":
                self.given[spec.mnemonic].append(spec)
        self.kinds = {spec.mnemonic: _kind(spec.mnemonic) for spec in track.curves}
        self.printed = [
            c for c in printed.get((section.section_id, track.track_id), ()) if _has_scale(c)
        ]
        self.sure = [
            c
            for c in self.printed
            if _confidence(c) >= (_UNDOUBTED if _lost_digits(c, track.curves) else min_confidence)
        ]

    def prints(self, kind: str) -> list[CurveFound]:
        """What is surely read of a curve above the track."""
        return [c for c in self.sure if str(c.mnemonic.value) == kind]

    def gives(self, kind: str) -> bool:
        """Whether a curve of a kind is given in the track."""
        return any(k is not None and k.mnemonic == kind for k in self.kinds.values())

    def confirms(self, specs: Sequence[CurveSpec]) -> bool:
        """Whether a given scale is among the printed ones."""
        return any(_is_printed(specs, curve) for curve in self.printed)

    def is_of_another(self, curve: CurveFound, name: str) -> bool:
        """Whether a printed scale is that of another curve, for which nothing else was read: names stand
        close together.
        """
        return any(
            other != name and _is_printed(specs, curve) and not self.names(self.kinds[other])
            for other, specs in self.given.items()
        )

    def names(self, kind: CurveKind | None) -> bool:
        """Whether a scale of a curve was read, surely or not."""
        return kind is not None and any(c.mnemonic.value == kind.mnemonic for c in self.printed)


def _strays(tracks: Sequence[_Held]) -> dict[str, tuple[str, list[str]]]:
    """Curves printed above a track that is not given them, and given only where they are not printed:
    by mnemonic, the track of the print and those of the statements.
    """
    strays = {}
    for held in tracks:
        for kind in {str(c.mnemonic.value) for c in held.sure}:
            elsewhere = [t for t in tracks if t.gives(kind)]
            if elsewhere and not any(t.prints(kind) for t in elsewhere):
                strays[kind] = held.track_id, [t.track_id for t in elsewhere]
    return strays


def _against(
    name: str, specs: list[CurveSpec], held: _Held, strays: Mapping[str, tuple[str, list[str]]]
) -> tuple[Outcome, str] | None:
    """Outcome and message of what contradicts a given curve; None where nothing does."""
    kind = held.kinds[name]
    here = held.prints(kind.mnemonic) if kind is not None else []
    if here and not any(
        _is_printed(specs, curve) or held.is_of_another(curve, name) for curve in here
    ):
        other = ", ".join(sorted({_text(*_ends(c), c.scale) for c in here}))
        given = ", ".join(_text(s.left, s.right, s.scale) for s in specs)
        return "scale_contradicted", f"The page prints {other} for {name}, stated is {given}."
    if _has_other_pen(specs, here, held):
        return "name_contradicted", (
            f"The page draws a solid line beside the scale of {name}; stated is {specs[0].style},"
            " and solid for another curve of the track."
        )
    for stray, (printed, given_in) in strays.items():
        if kind is not None and kind.mnemonic == stray and held.track_id in given_in:
            return "name_contradicted", (
                f"The page prints {name} above track {printed}, not above {held.track_id}."
            )
        if held.track_id == printed and not held.confirms(specs):
            return "name_contradicted", (
                f"The page prints {stray} above track {printed}, where {name} is stated and"
                f" {stray} is not."
            )
    return None


def _has_other_pen(specs: Sequence[CurveSpec], here: Sequence[CurveFound], held: _Held) -> bool:
    """Whether a curve given with a broken pen is printed with a solid one, which is given for another.

    The other way round says nothing: wear breaks lines up, but never closes dashes.
    """
    others = (s for name, rest in held.given.items() for s in rest if name != specs[0].mnemonic)
    return (
        {c.style for c in here if c.style is not None} == {"solid"}
        and all(s.style != "solid" for s in specs)
        and any(s.style == "solid" and s.colour == specs[0].colour for s in others)
    )


def _is_printed(specs: Sequence[CurveSpec], curve: CurveFound) -> bool:
    """Whether a printed scale is a given one, and as many of its backups as are printed are given too."""
    scales = [_ends(curve), *curve.backups]
    wraps = curve.wrap != "none" or any(s.wrap != "none" for s in specs)
    all_scales = scales + next_wraps(*_ends(curve)) if wraps else scales
    given = [(s.left, s.right) for s in specs if s.scale == curve.scale]
    if not any(_same(_ends(curve), own) for own in [*given, *_given_wraps(specs)]):
        return False
    return len(scales) < len(given) or all(any(_same(s, p) for p in all_scales) for s in given)


def _lost_digits(curve: CurveFound, specs: Sequence[CurveSpec]) -> bool:
    """Whether an unusual printed scale is a given one but for digits at either side of a number."""
    kind = curve_kind(str(curve.mnemonic.value))
    if kind is not None and any(kind.is_usual(*_ends(curve), unit) for unit in kind.units):
        return False
    return any(
        all(
            f"{abs(said):g}".startswith(seen) or f"{abs(said):g}".endswith(seen)
            for said, seen in zip((s.left, s.right), (f"{abs(e):g}" for e in _ends(curve)))
        )
        for s in specs
    )


def _given_wraps(specs: Sequence[CurveSpec]) -> list[Ends]:
    """The scales on which curves that wrap come back."""
    return [wrap for s in specs if s.wrap != "none" for wrap in next_wraps(s.left, s.right)]


def _same(one: Ends, two: Ends) -> bool:
    """Whether two scales are the same, whatever their unit."""
    for factor in _UNIT_FACTORS:
        slack = _SAME * abs(two[1] - two[0])
        if all(abs(a * factor - b) <= slack for a, b in zip(one, two)):
            return True
    return False


def _ends(curve: CurveFound) -> Ends:
    return float(curve.left.value), float(curve.right.value)


def _has_scale(curve: CurveFound) -> bool:
    return all(v.source == "header" for v in (curve.mnemonic, curve.left, curve.right))


def _confidence(curve: CurveFound) -> float:
    return min(v.confidence for v in (curve.mnemonic, curve.left, curve.right))


def _kind(mnemonic: str) -> CurveKind | None:
    own = curve_kind(mnemonic.upper())
    named = find_curve(mnemonic) if own is None else None
    return named.kind if named is not None and named.is_exact else own


def _text(left: float, right: float, scale: str) -> str:
    return f"{left:g} to {right:g}" + (" (log)" if scale == "log" else "")
