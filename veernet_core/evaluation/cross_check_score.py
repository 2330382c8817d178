"""How well print gives false statements away: true and falsified sidecars cross-checked with one page.

In: a `PageTruth` and the scales read above its tracks. Out: `StatedScore`, counts that can be added up. Every
stated scale is falsified in turn, and every two curves of a section exchange their names and scales.
Does not belong here: reading print, files, tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import cast

from veernet_core.datatypes import (
    CurveSpec,
    Scale,
    Section,
    Style,
    Track,
    TrackGeometry,
    Wrap,
)
from veernet_core.evaluation.page_truth import PageTruth, TrueCurve, TrueSection
from veernet_core.page.results import Printed
from veernet_core.page.scales.cross_check import cross_check

WRONG_SCALE = 1.5
"""Factor by which the span of a falsified scale is too large; of a logarithmic one, by a decade."""


@dataclass(frozen=True, slots=True)
class StatedScore:
    """One page. ``confirmed`` of ``stated`` curves are printed as stated; ``alarms`` are true statements that
    were contradicted; falsified ones are given as (noticed, tried).
    """

    stated: int
    confirmed: int
    alarms: tuple[str, ...]
    wrong_scales: tuple[int, int]
    wrong_names: tuple[int, int]


def score_stated(truth: PageTruth, printed: Printed) -> StatedScore:
    """Hold true and false statements against what was read.

    Parameters
    ----------
    truth : PageTruth
        Curves whose scale is not known, or uncertain, are left out.
    printed : mapping of (section id, track id) to sequence of CurveFound
    """
    sections = stated_sections(truth)
    checks = cross_check(sections, printed)
    names = [(s, t, n) for s in sections for t in s.tracks for n in _names(t)]
    known = {c.message for c in checks}
    scales = [_is_noticed(_with_scale(*place), printed, known) for place in names]
    swaps = [
        _is_noticed(_exchanged(section, *pair), printed, known)
        for section in sections
        for pair in combinations([(t.track_id, n) for t in section.tracks for n in _names(t)], 2)
        if pair[0][1] != pair[1][1]
    ]
    return StatedScore(
        stated=len(names),
        confirmed=sum(c.is_confirmed for c in checks),
        alarms=tuple(c.message for c in checks if not c.is_confirmed),
        wrong_scales=(sum(scales), len(scales)),
        wrong_names=(sum(swaps), len(swaps)),
    )


def stated_sections(truth: PageTruth) -> tuple[Section, ...]:
    """The sections of a page as a true sidecar would state them; those without a known scale are left out."""
    sections = (_section(true) for true in truth.sections)
    return tuple(s for s in sections if any(track.curves for track in s.tracks))


def _section(true: TrueSection) -> Section:
    tracks = [
        Track(
            TrackGeometry(t.track_id, t.left, t.right),
            tuple(_spec(c) for c in t.curves if _is_known(c)),
        )
        for t in true.tracks
    ]
    return Section(true.section_id, true.row_top, true.row_bottom, None, tuple(tracks))


def _is_known(curve: TrueCurve) -> bool:
    return None not in (curve.left, curve.right) and not curve.uncertain


def _spec(curve: TrueCurve) -> CurveSpec:
    assert curve.left is not None
    assert curve.right is not None
    return CurveSpec(
        curve.mnemonic,
        curve.unit,
        curve.left,
        curve.right,
        cast(Scale, curve.scale),
        cast(Style, curve.style),
        cast(Wrap, curve.wrap),
        curve.colour,
    )


def _names(track: Track) -> list[str]:
    return list(dict.fromkeys(spec.mnemonic for spec in track.curves))


def _is_noticed(section: Section, printed: Printed, known: Container[str]) -> bool:
    """Whether a false statement is contradicted where the true one was not."""
    found = cross_check([section], printed)
    return any(not c.is_confirmed and c.message not in known for c in found)


# ---- false statements -----------------------------------------------------------------------------


def _with_scale(section: Section, track: Track, name: str) -> Section:
    """A section with a curve's first scale too wide."""
    first = next(k for k, spec in enumerate(track.curves) if spec.mnemonic == name)
    curves = list(track.curves)
    curves[first] = _too_wide(curves[first])
    return _replaced(section, {track.track_id: curves})


def _too_wide(spec: CurveSpec) -> CurveSpec:
    if spec.scale == "log":
        return replace(spec, right=spec.right * (10.0 if spec.right > spec.left else 0.1))
    return replace(spec, right=spec.left + WRONG_SCALE * (spec.right - spec.left))


def _exchanged(section: Section, one: tuple[str, str], two: tuple[str, str]) -> Section:
    """A section in which two curves, given as (track, mnemonic), stand in each other's place: each pen
    bears the other's name, unit and scale.
    """
    specs = {
        (t.track_id, n): [s for s in t.curves if s.mnemonic == n]
        for t in section.tracks
        for n in _names(t)
    }
    moved = {one: specs[two], two: specs[one]}
    tracks: dict[str, list[CurveSpec]] = defaultdict(list)
    for (track_id, name), own in specs.items():
        put = moved.get((track_id, name), own)
        tracks[track_id] += [replace(s, style=own[0].style, colour=own[0].colour) for s in put]
    return _replaced(section, tracks)


def _replaced(section: Section, curves: Mapping[str, Sequence[CurveSpec]]) -> Section:
    tracks = [replace(t, curves=tuple(curves.get(t.track_id, t.curves))) for t in section.tracks]
    return replace(section, tracks=tuple(tracks))
