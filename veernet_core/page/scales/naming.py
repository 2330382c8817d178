"""Which phrase names which scale of a block: the assignment that is likeliest as a whole.

In: the scales chosen in a block, and the fitted models. Out: a name for every scale, where one is found, and
how scales relate to each other. Does not belong here: which phrases there are and what is measured on them
(`names`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from veernet_core.datatypes import F64
from veernet_core.domain.vocabulary import words
from veernet_core.page.ocr.tints import BLACK, SAME_TINT, tint_gap
from veernet_core.page.scales.candidates import BlockText, ScaleCandidate
from veernet_core.page.scales.names import NameCandidate, find_names, name_features
from veernet_core.page.scales.scorer import ScaleScorer, log_odds
from veernet_core.page.scales.tokens import Token

LEAST_NAME, CLEAR_NAME = 0.2, 0.7
"""Probability from which a name is passed on, and from which a further scale of a curve keeps its own."""
TITLE_IN = 4.0
"""How far above a scale without a name the title of its track is looked for, inches."""
Naming = tuple[NameCandidate | None, float, tuple[NameCandidate, ...]]


def name_scales(
    block: BlockText, scales: Sequence[ScaleCandidate], scorer: ScaleScorer
) -> list[Naming]:
    """The name of every scale, its probability, and all phrases near it.

    Each phrase names one scale, by the assignment that is likeliest as a whole; only a wrap or a backup scale
    shares the name of the scale it continues.
    """
    taken = [token for s in scales if not s.inset for token in (s.first, s.last)]
    phrases = [tuple(find_names(block, scale, taken)) for scale in scales]
    rated = []
    for scale, names in zip(scales, phrases, strict=True):
        others = [s for s in scales if s is not scale and shares_columns(s, scale)]
        probability = scorer.name(name_features(block, scale, names, others))
        rated.append(_headings_last(names, np.asarray(probability)))
    keys = sorted({_identity(n, s) for s, names in zip(scales, phrases) for n in names}, key=str)
    column = {key: i for i, key in enumerate(keys)}
    gain = np.zeros((len(scales), len(keys)))
    best: dict[tuple[int, int], int] = {}
    for row, (names, probability) in enumerate(zip(phrases, rated, strict=True)):
        for index, (name, p) in enumerate(zip(names, probability, strict=True)):
            place = (row, column[_identity(name, scales[row])])
            if p > gain[place]:
                gain[place], best[place] = p, index
    own: list[Naming] = [(None, 0.0, names) for names in phrases]
    if gain.size:
        for row, col in zip(*linear_sum_assignment(-_logit(gain))):
            if gain[row, col] >= LEAST_NAME:
                own[row] = (phrases[row][best[row, col]], float(gain[row, col]), phrases[row])
    for row in _unnamed(own, gain):
        col = int(gain[row].argmax())
        known = zip(own, scales, strict=True)
        if any(_is_repeat(o[0], s, keys[col], scales[row]) for o, s in known):
            own[row] = (phrases[row][best[row, col]], float(gain[row, col]), phrases[row])
    named = [_shared(i, scales, own) for i in range(len(scales))]
    return [
        _titled(block, i, scales, named, taken, scorer) if found[0] is None else found
        for i, found in enumerate(named)
    ]


def _titled(
    block: BlockText,
    index: int,
    scales: Sequence[ScaleCandidate],
    named: Sequence[Naming],
    taken: Sequence[Token],
    scorer: ScaleScorer,
) -> Naming:
    """The known curve in the title of the track, which old forms print once, far above all of its scales; none
    where another scale has it, or one that is none of the same curve might as well.
    """
    scale = scales[index]
    others = [s for s in scales if s is not scale and shares_columns(s, scale)]
    titles = [
        n for n in find_names(block, scale, taken, TITLE_IN) if n.lines_off < 0 and _names_curve(n)
    ]
    rivals = [
        o
        for o, (n, _, _) in zip(scales, named, strict=True)
        if o in others and (n is None or any(_names_same(n, title) for title in titles))
    ]
    if not titles or not all(_goes_on(*_in_order(o, scale)) for o in rivals):
        return named[index]
    rated = np.asarray(scorer.name(name_features(block, scale, titles, others)))
    best = int(rated.argmax())
    if rated[best] < LEAST_NAME:
        return named[index]
    return titles[best], float(rated[best]), tuple(titles)


def _names_curve(name: NameCandidate) -> bool:
    """Whether a phrase is the known name of one curve."""
    return name.named is not None and name.named.share > 0.5 and not _is_heading(name)


def _goes_on(first: ScaleCandidate, other: ScaleCandidate) -> bool:
    """Whether two scales are of one curve; a wrap may be drawn in another colour."""
    how = relation(first, other)
    return how == "wrap" or (how == "backup" and not other_colour(first, other))


def _in_order(a: ScaleCandidate, b: ScaleCandidate) -> tuple[ScaleCandidate, ScaleCandidate]:
    """Two scales, the upper one first."""
    return (a, b) if a.y <= b.y else (b, a)


def _names_same(one: NameCandidate, other: NameCandidate) -> bool:
    return one.named is not None and other.named is not None and one.named.kind is other.named.kind


def _unnamed(own: Sequence[Naming], gain: F64) -> list[int]:
    """Scales without a name though a phrase names them clearly."""
    top = gain.max(axis=1, initial=0.0)
    return [row for row, naming in enumerate(own) if naming[0] is None and top[row] >= CLEAR_NAME]


def _logit(p: F64) -> F64:
    """Log odds above those of having no name; nothing is gained below."""
    out: F64 = np.maximum(0.0, log_odds(p) - np.log(LEAST_NAME / (1 - LEAST_NAME)))
    return out


def _is_repeat(
    named: NameCandidate | None,
    scale: ScaleCandidate,
    identity: tuple[object, ...],
    other: ScaleCandidate,
) -> bool:
    """Whether a scale that has a name is the same one as another, printed once more in its colour."""
    return (
        named is not None
        and scale is not other
        and bool(other.first.tint)
        and _identity(named, scale) == identity
        and not other_colour(scale, other)
    )


def _identity(name: NameCandidate, scale: ScaleCandidate) -> tuple[object, ...]:
    """What makes two phrases one: the place, one over several lines stands where its nearest line does. Where
    colours tell curves apart, a legend and the grid name one curve with the same words in the same colour.
    """
    if not math.isnan(name.tint_gap) and name.tint not in ("", BLACK):
        return words(name.text), round(scale.frame.left), round(scale.frame.right), name.tint
    return round(name.y), round(name.x0 if name.rows == 1 else (name.x0 + name.x1) / 2)


def _shared(index: int, scales: Sequence[ScaleCandidate], own: Sequence[Naming]) -> Naming:
    """A scale's own name, or that of the scale whose wrap or backup it is, if its own is not clear. A
    heading is not passed on: the scales below it may be of several curves. Nor is an amplified curve: the wider
    scale below it is that of the plain one.
    """
    _, probability, names = own[index]
    if probability >= CLEAR_NAME:
        return own[index]
    for other, (theirs, sure, _) in enumerate(own):
        if (
            other != index
            and theirs is not None
            and sure > probability
            and not _is_heading(theirs)
            and not (theirs.named is not None and theirs.named.kind.is_amplified)
            and scales[other].frame == scales[index].frame
            and scales[other].y < scales[index].y
            and relation(scales[other], scales[index]) != "none"
            and not other_colour(scales[other], scales[index])
        ):
            return theirs, sure, names
    return own[index]


def _headings_last(names: Sequence[NameCandidate], rated: F64) -> F64:
    """Probabilities of names; that of a heading is no higher than that of the best name that is none, where
    there is one.
    """
    own = [p for n, p in zip(names, rated, strict=True) if not _is_heading(n)]
    most = max(own, default=0.0)
    if most < LEAST_NAME:
        return rated
    heading = np.array([_is_heading(n) for n in names])
    return np.where(heading, np.minimum(rated, 0.99 * most), rated)


def _is_heading(name: NameCandidate) -> bool:
    """Whether a phrase names a group of curves, which its members stand below with names of their own."""
    return name.named is not None and name.named.kind.is_group


def shares_columns(a: ScaleCandidate, b: ScaleCandidate) -> bool:
    """Whether two scales span a column both."""
    return a.frame.left < b.frame.right - 1 and b.frame.left < a.frame.right - 1


def relation(first: ScaleCandidate, other: ScaleCandidate) -> str:
    """'wrap', 'backup' or 'none': how a further scale of a curve follows its first one."""
    span = first.right - first.left
    shift = (other.left - first.left) / span
    ratio = (other.right - other.left) / span
    if abs(ratio - 1) < 0.01 and abs(shift - round(shift)) < 0.01 and round(shift) != 0:
        return "wrap"
    if other.left == first.left and ratio > 1.5:
        return "backup"
    return "none"


def other_colour(one: ScaleCandidate, other: ScaleCandidate) -> bool:
    """Whether the numbers of two scales are known to be of two colours, at either end: a curve may run through
    the other one.
    """
    pairs = ((one.first, other.first), (one.last, other.last))
    return any(tint_gap(a.tint, b.tint) >= SAME_TINT for a, b in pairs)
