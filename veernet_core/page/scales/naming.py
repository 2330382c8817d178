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
from veernet_core.page.ocr.tints import BLACK, tint_gap
from veernet_core.page.scales.candidates import BlockText, ScaleCandidate
from veernet_core.page.scales.names import SAME_TINT, NameCandidate, find_names, name_features
from veernet_core.page.scales.scorer import ScaleScorer, log_odds

LEAST_NAME, CLEAR_NAME = 0.2, 0.7
"""Probability from which a name is passed on, and from which a further scale of a curve keeps its own."""
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
        rated.append(scorer.name(name_features(block, scale, names, others)))
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
    return [_shared(i, scales, own) for i in range(len(scales))]


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
    """A scale's own name, or that of the scale whose wrap or backup it is, if its own is not clear."""
    _, probability, names = own[index]
    if probability >= CLEAR_NAME:
        return own[index]
    for other, (theirs, sure, _) in enumerate(own):
        if (
            other != index
            and theirs is not None
            and sure > probability
            and scales[other].frame == scales[index].frame
            and scales[other].y < scales[index].y
            and relation(scales[other], scales[index]) != "none"
            and not other_colour(scales[other], scales[index])
        ):
            return theirs, sure, names
    return own[index]


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
