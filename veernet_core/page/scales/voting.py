"""What several places of a log say of one scale: what two sections say alike is surer, what is read in two ways
is doubtful.

In: the scales read above every section, and below its foot, where the log prints them again. Out: the same,
surer or less sure, with what only another place tells. Does not belong here: reading them (`reading`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from veernet_core.datatypes import Scale
from veernet_core.page.results import CurveFound, SectionFound
from veernet_core.page.scales.binder import UNNAMED
from veernet_core.page.scales.scorer import DOUBTFUL

_SAME_PLACE = 0.03
_ELSEWHERE = 0.9
"""What a scale that was read for the same track in another section is worth there."""
_TOGETHER = 0.3
"""How often two readings of one print fail together: that share of the doubt stays."""


def with_foot(curves: Sequence[CurveFound], foot: Sequence[CurveFound]) -> list[CurveFound]:
    """The scales of a section, with what the print below its foot says of them.

    A plotter draws both blocks alike and one misreading is made twice: where both say the same, the surer
    counts and no more. Of two readings of one name that have not the same ends the likelier is kept, as
    doubtful as both make it. A scale that only the foot shows counts where the block above has fewer scales in
    its track.

    Parameters
    ----------
    curves, foot : sequence of CurveFound
        Of one section, read above and below it.
    """
    rest = list(foot)

    def take(curve: CurveFound, names: tuple[str, ...], same_ends: bool) -> CurveFound | None:
        fitting = (
            f
            for f in rest
            if (f.track_index, f.last_track) == (curve.track_index, curve.last_track)
            and f.mnemonic.value in names
            and (_ends(f) == _ends(curve)) is same_ends
        )
        best = max(fitting, key=lambda f: f.left.confidence, default=None)
        if best is not None:
            rest.remove(best)
        return best

    alike = [take(c, (c.mnemonic.value,), same_ends=True) for c in curves]
    out = [c if f is None else _as_sure_as(c, f) for c, f in zip(curves, alike, strict=True)]
    alone = [k for k, f in enumerate(alike) if f is None]
    for k in alone:
        other = take(out[k], (out[k].mnemonic.value,), same_ends=False)
        if other is not None and out[k].mnemonic.value != UNNAMED:
            out[k] = _one_of_two(out[k], other)
    for k in alone:  # one scale whose name was read in two ways
        other = take(out[k], tuple({f.mnemonic.value for f in rest} - {UNNAMED}), same_ends=True)
        if other is not None and other.left.confidence > out[k].left.confidence:
            out[k] = _one_of_two(out[k], other)
    return out + _only_below(out, rest, foot)


def _as_sure_as(curve: CurveFound, other: CurveFound) -> CurveFound:
    """A curve with the certainty of another that says the same, where that is surer."""
    names = curve.mnemonic.confidence, other.mnemonic.confidence
    return _at(curve, max(names), max(curve.left.confidence, other.left.confidence))


def _one_of_two(one: CurveFound, other: CurveFound) -> CurveFound:
    """Of two readings that cannot both be right the likelier, with the chance that it is: one of them is right,
    or none. It is never sure: what a log says twice must agree.
    """
    kept = max(one, other, key=lambda c: c.left.confidence)
    p, q = sorted((one.left.confidence, other.left.confidence), reverse=True)
    chance = p * (1.0 - q) / max(1.0 - p * q, 1e-9)
    return kept.at_most(min(chance, DOUBTFUL))


def _only_below(
    curves: Sequence[CurveFound], rest: Sequence[CurveFound], foot: Sequence[CurveFound]
) -> list[CurveFound]:
    """The likeliest named scales that no reading above is like, as many as a track has more of below."""
    out: list[CurveFound] = []
    for track in sorted({f.track_index for f in rest}):
        count = [sum(c.track_index == track for c in some) for some in (foot, curves)]
        own = [f for f in rest if f.track_index == track and f.mnemonic.value != UNNAMED]
        likeliest = sorted(own, key=lambda f: -f.left.confidence)
        out += sorted(likeliest[: max(0, count[0] - count[1])], key=lambda f: f.left.row)
    return out


def voted(
    sections: Sequence[SectionFound], found: Sequence[Sequence[CurveFound]]
) -> list[list[CurveFound]]:
    """Curves of every section, surer where another section says the same of the same track; a track without
    scales takes those of the same track in another section.
    """
    out: list[list[CurveFound]] = []
    for index, section in enumerate(sections):
        own = [_confirmed(c, index, sections, found) for c in found[index]]
        read = {c.track_index for c in own}
        for number, track in enumerate(section.tracks):
            if track.kind == "curves" and number not in read:
                own += _from_elsewhere(index, number, sections, found)
        out.append(own)
    return out


def _confirmed(
    curve: CurveFound,
    index: int,
    sections: Sequence[SectionFound],
    found: Sequence[Sequence[CurveFound]],
) -> CurveFound:
    """A curve, surer for every other section where its name and ends are read alike."""
    for other, curves in enumerate(found):
        if other == index:
            continue
        alike = (c for c in curves if _says_the_same(c, curve))
        for c in alike:
            if _same_track(sections[index], curve.track_index, sections[other], c.track_index):
                curve = _surer(curve, c)
                break
    return curve


def _says_the_same(one: CurveFound, other: CurveFound) -> bool:
    return _ends(one) == _ends(other) and one.mnemonic.value == other.mnemonic.value


def _ends(curve: CurveFound) -> tuple[float, float, Scale]:
    return curve.left.value, curve.right.value, curve.scale


def _surer(curve: CurveFound, other: CurveFound) -> CurveFound:
    """A curve that was read alike in another place: two readings fail together less often."""
    name, ends = (
        1.0 - (1.0 - own) * max(_TOGETHER, 1.0 - its)
        for own, its in (
            (curve.mnemonic.confidence, other.mnemonic.confidence),
            (curve.left.confidence, other.left.confidence),
        )
    )
    return _at(curve, name, ends)


def _at(curve: CurveFound, name: float, ends: float) -> CurveFound:
    """The curve with these confidences of its name and ends."""
    return replace(
        curve,
        mnemonic=replace(curve.mnemonic, confidence=name),
        left=replace(curve.left, confidence=ends),
        right=replace(curve.right, confidence=ends),
    )


def _from_elsewhere(
    index: int,
    number: int,
    sections: Sequence[SectionFound],
    found: Sequence[Sequence[CurveFound]],
) -> list[CurveFound]:
    """Scales of the same track in another section, with less confidence."""
    for other, curves in enumerate(found):
        same = [
            c
            for c in curves
            if other != index
            and _same_track(sections[index], number, sections[other], c.track_index)
        ]
        if same:
            return [
                replace(
                    _at(c, _ELSEWHERE * c.mnemonic.confidence, _ELSEWHERE * c.left.confidence),
                    section_id=sections[index].section_id,
                    track_index=number,
                    last_track=number,
                )
                for c in same
                if c.last_track in (None, c.track_index)
            ]
    return []


def _same_track(a: SectionFound, i: int, b: SectionFound, j: int) -> bool:
    """Whether two sections show a track at the same columns, where they come nearest."""
    upper, lower = (a, b) if a.row_top < b.row_top else (b, a)
    first, second = (i, j) if upper is a else (j, i)
    ends = []
    for section, number, row in ((upper, first, upper.row_bottom), (lower, second, lower.row_top)):
        ends.append(section.tracks[number].borders_at(row))
    width = ends[0][1] - ends[0][0]
    return all(abs(p - q) < _SAME_PLACE * width for p, q in zip(*ends, strict=True))
