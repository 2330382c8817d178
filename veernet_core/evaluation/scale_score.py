"""Names and scales read from a page, each against the one printed there.

In: true sections, found ones and the scales that were read. Out: `ScaleScore`, one for every printed scale,
and in words what was stated as sure and is not so.
Does not belong here: geometry, traces, tables.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from veernet_core.domain.gazetteer import letters_and_digits
from veernet_core.domain.vocabulary import find_curve
from veernet_core.evaluation.page_match import find_track, found_borders, lies_in
from veernet_core.evaluation.page_truth import TrueCurve, TrueSection, TrueTrack
from veernet_core.page.known.curves import read_values
from veernet_core.page.known.place import Placed
from veernet_core.page.results import CurveFound, next_wraps

_SAME_SCALE = 0.01
_MOST_DIVISIONS = 20


@dataclass(frozen=True, slots=True)
class ScaleScore:
    """What was made of one printed scale.

    Attributes
    ----------
    name_read : bool
        A reading in the track has its name.
    ends_read : bool
        A reading in the track has both its ends and its kind of scale, however sure.
    read : bool
        One reading has both.
    sure : bool
        The reading taken for it is stated as sure; ``sure_right``: and has its name and its ends.
    confidence : float
        Of the reading taken for it; 0 without one.
    found : str
        That reading in words.
    """

    name_read: bool = False
    ends_read: bool = False
    read: bool = False
    sure: bool = False
    sure_right: bool = False
    confidence: float = 0.0
    found: str = ""


NOTHING = ScaleScore()
Scores = dict[tuple[str, str, int], ScaleScore]
"""By section id, track id and place among the track's curves."""


def score_scales(
    sections: Sequence[TrueSection],
    placed: Sequence[Placed],
    curves: Sequence[CurveFound],
    min_confidence: float,
) -> tuple[Scores, list[str]]:
    """Every printed scale with what was read of it, and what is stated as sure and wrong.

    A section found in several parts may be read in any of them.
    """
    scores: Scores = {
        (s.section_id, t.track_id, k): NOTHING
        for s in sections
        for t in s.tracks
        for k in range(len(t.curves))
    }
    wrong: list[str] = []
    for part in placed:
        rows = (part.found.row_top, part.found.row_bottom)
        section = lies_in(rows, sections)
        own = [c for c in curves if c.section_id == part.found.section_id]
        if section is None:
            sure = [c for c in own if confidence(c) >= min_confidence]
            wrong += [f"{part.found.section_id}, no section: {scale_text(c)}" for c in sure]
            continue
        for true, found in _by_track(section, part, own):
            where = f"{section.section_id}/{true.track_id if true is not None else 'no track'}"
            printed = true.curves if true is not None else ()
            divisions = true.divisions if true is not None else None
            for k, score in _match(printed, found, divisions, min_confidence).items():
                key = (section.section_id, true.track_id if true is not None else "", k)
                scores[key] = max(scores[key], score, key=_worth)
            wrong += [f"{where}: {t}" for t in _wrong(printed, found, divisions, min_confidence)]
    return scores, wrong


def _worth(score: ScaleScore) -> tuple[bool, bool, bool, bool, float]:
    return score.sure_right, score.read, score.ends_read, score.name_read, score.confidence


def _by_track(
    section: TrueSection, part: Placed, curves: Sequence[CurveFound]
) -> Iterable[tuple[TrueTrack | None, list[CurveFound]]]:
    """The readings of a found section by the true track they stand in; last those in none."""
    rows = (
        max(part.found.row_top, section.row_top),
        min(part.found.row_bottom, section.row_bottom),
    )
    indices, borders = found_borders(part)
    taken: set[int] = set()
    for track in section.tracks:
        at = find_track(rows, borders, track)
        if at is not None and track.curves:
            taken.add(indices[at])
            yield track, [c for c in curves if c.track_index == indices[at]]
    yield None, [c for c in curves if c.track_index not in taken]


def _match(
    printed: Sequence[TrueCurve],
    found: Sequence[CurveFound],
    divisions: int | None,
    min_confidence: float,
) -> dict[int, ScaleScore]:
    """Readings given to the printed scales they resemble most, one to one."""
    entries = [entry for curve in found for entry in scales_of(curve, printed)]
    pairs = [
        (_likeness(true, entry, divisions), -k, -e)
        for k, true in enumerate(printed)
        for e, entry in enumerate(entries)
    ]
    out: dict[int, ScaleScore] = {}
    used: set[int] = set()
    for likeness, k, e in sorted(pairs, reverse=True):
        if likeness > 0 and -k not in out and -e not in used:
            out[-k] = _score(printed[-k], entries[-e], divisions, min_confidence)
            used.add(-e)
    for k, true in enumerate(printed):
        named = any(_is_named(true, e) for e in entries)
        ends = any(same_scale(true, e, divisions) for e in entries)
        if named or ends:
            out[k] = replace(out.get(k, NOTHING), name_read=named, ends_read=ends)
    return out


def _likeness(true: TrueCurve, found: CurveFound, divisions: int | None) -> float:
    name, ends = _is_named(true, found), same_scale(true, found, divisions)
    if not (name or ends):
        return 0.0
    style = found.style is not None and found.style == true.style
    return 2.0 * name + 2.0 * ends + 0.5 * style + 0.1 * confidence(found)


def _score(
    true: TrueCurve, found: CurveFound, divisions: int | None, min_confidence: float
) -> ScaleScore:
    name, ends = _is_named(true, found), same_scale(true, found, divisions)
    sure = confidence(found) >= min_confidence
    read = name and ends
    text = scale_text(found)
    return ScaleScore(name, ends, read, sure, sure and read, confidence(found), text)


def _wrong(
    printed: Sequence[TrueCurve],
    found: Sequence[CurveFound],
    divisions: int | None,
    min_confidence: float,
) -> list[str]:
    """Sure readings that are no printed scale of the track; where the truth itself is not sure of a
    curve, readings of its name are left alone.
    """
    out = []
    for curve in found:
        if confidence(curve) < min_confidence:
            continue
        for entry in scales_of(curve, printed):
            named = [c for c in printed if _is_named(c, entry)]
            right = any(same_scale(c, entry, divisions) for c in named)
            if not right and all(c.is_stated for c in named):
                out.append(scale_text(entry))
    return out


def scales_of(curve: CurveFound, true: Iterable[TrueCurve]) -> list[CurveFound]:
    """The scales that one reading states: its own, its backups, and the next scale of a curve that wraps
    where the page prints that one.
    """
    left, right = float(curve.left.value), float(curve.right.value)
    ends = [(left, right), *curve.backups]
    if curve.wrap != "none" and not curve.backups:
        ends += next_wraps(left, right)
    out = [
        replace(curve, left=replace(curve.left, value=a), right=replace(curve.right, value=b))
        for a, b in ends
    ]
    kept = 1 + len(curve.backups)
    printed = list(true)
    return out[:kept] + [wrap for wrap in out[kept:] if any(same_scale(c, wrap) for c in printed)]


def confidence(curve: CurveFound) -> float:
    """How sure a reading is of its least sure value; 0 where one was guessed."""
    values = read_values(curve)
    if any(v.source == "guess" for v in values):
        return 0.0
    return min(v.confidence for v in values)


_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")


def _is_named(true: TrueCurve, found: CurveFound) -> bool:
    """Whether a reading bears the curve's name."""
    return same_name(true, str(found.mnemonic.value), found.printed)


def same_name(true: TrueCurve, name: str, printed: str = "") -> bool:
    """Whether a name is the curve's: its mnemonic, its printed name, or another word for the same curve; or
    whether the name delivered beside it is the printed one to the letter.

    A printed name counts with or without what stands in brackets at its end: of ``TG (units)`` the name
    is ``TG``.
    """
    got = letters_and_digits(name)
    bare = _BRACKETS.sub("", true.printed)
    own = {letters_and_digits(text) for text in (true.mnemonic, true.printed, bare, *true.aliases)}
    if got and got in own:
        return True
    if printed and letters_and_digits(printed) in own - {letters_and_digits(true.mnemonic)}:
        return True
    one, two = _kind(name), _kind(true.mnemonic)
    return one is not None and one == two


def _kind(name: str) -> str | None:
    """The one curve that a name stands for; None where it may be any of several."""
    known = find_curve(name)
    if known is None or known.kind.is_group or not known.is_exact or known.share < 1.0:
        return None
    return known.kind.mnemonic


def same_scale(true: TrueCurve, found: CurveFound, divisions: int | None = None) -> bool:
    """Same ends and same kind of scale; of a scale of so much a division, the same span."""
    ends = float(found.left.value), float(found.right.value)
    return same_ends(true, ends, found.scale, divisions)


def same_ends(
    true: TrueCurve, ends: tuple[float, float], scale: str, divisions: int | None = None
) -> bool:
    """As ``same_scale``, of values at the left and the right border."""
    if true.left is None or true.right is None:
        if true.per_division is None:
            return False
        spaces = (ends[1] - ends[0]) / true.per_division
        whole = math.isclose(spaces, round(spaces), abs_tol=1e-6)
        if divisions is not None:
            return whole and round(spaces) == divisions
        return whole and 2 <= round(spaces) <= _MOST_DIVISIONS
    close = all(
        math.isclose(a, b, rel_tol=_SAME_SCALE, abs_tol=1e-6)
        for a, b in zip(ends, (true.left, true.right))
    )
    return close and scale == true.scale


def scale_text(curve: CurveFound) -> str:
    """A reading in words, with how sure it is."""
    unit = "" if curve.unit is None else f" {curve.unit.value}"
    ends = f"{float(curve.left.value):g}..{float(curve.right.value):g}"
    return f"{curve.mnemonic.value} {ends}{unit} {curve.scale} ({confidence(curve):.2f})"
