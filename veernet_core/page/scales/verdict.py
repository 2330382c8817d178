"""Whether a whole reading is right, name and both ends: what tells it, and what keeps it from being sure.

In: the scales chosen in a block with their names. Out: the features that the fitted verdict weighs, and the
kinds of reading that a person has to look at whatever their probability.
Does not belong here: choosing scales (`choice`), naming them (`naming`), the weights (`scorer`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet_core.datatypes import F64
from veernet_core.domain.vocabulary import words
from veernet_core.page.ocr.tints import SAME_TINT
from veernet_core.page.scales.candidates import ScaleCandidate, is_usual
from veernet_core.page.scales.names import NameCandidate
from veernet_core.page.scales.naming import relation, shares_columns
from veernet_core.page.scales.plausible import is_printed_so, may_be_misread
from veernet_core.page.scales.scorer import VERDICT_FEATURES
from veernet_core.page.scales.tokens import is_struck_nought, numbers_of

_ALONE = 8.0
"""How far a reading without rivals is ahead, log odds."""


@dataclass(frozen=True, slots=True)
class ReadScale:
    """A chosen scale with its name, where one was found; ``sure``: that all of it is right.

    ``goes_on``: one of its ends may be the middle of a wider scale, whose ends are printed on its line too.
    ``ahead``: how far it is ahead of the best other reading of one of its numbers, and of the best scale of
    its line over another frame, in log odds.
    """

    scale: ScaleCandidate
    probability: float
    name: NameCandidate | None
    name_probability: float
    names: tuple[NameCandidate, ...] = ()
    sure: float = 0.0
    goes_on: bool = False
    ahead: tuple[float, float] = (_ALONE, _ALONE)


def is_doubtful(item: ReadScale, read: Sequence[ReadScale]) -> bool:
    """Whether a reading ends where no border is printed, is logarithmic on a grid that is not, or lost a figure
    that makes another scale; or speaks against itself, was put right by taking figures away or is one of two
    that both make sense, unless the scale beside it is the same; or has a name that is likelier wrong than
    right, unless it is the known name of what is usually drawn with such ends and names no other of ``read``.
    """
    scale = item.scale
    uneven = scale.scale == "log" and scale.frame.grid == "linear" and not scale.support
    if item.goes_on or not scale.frame.is_printed or uneven or _lost_a_figure(scale):
        return True
    if _speaks_against_itself(item) and not _has_plain_mate(item, read):
        return True
    return item.name_probability < 0.5 and not (
        _suits_its_name(item) and not _namesakes(item, read)
    )


def _speaks_against_itself(item: ReadScale) -> bool:
    scale = item.scale
    doubted = may_be_misread(scale, item.name) or _is_put_right(scale) or _is_one_of_two(scale)
    return doubted or _is_struck(scale)


def _is_struck(scale: ScaleCandidate) -> bool:
    """Whether an end is a nought with a stroke beside it or the one of a logarithm, and no grid tells which."""
    struck = [is_struck_nought(token.text) for token in (scale.first, scale.last)]
    if not any(struck) or scale.frame.grid is not None:
        return False
    left, right = (
        1.0 if nought else end
        for nought, end in zip(struck, (scale.left, scale.right), strict=True)
    )
    return left == right or is_printed_so(replace(scale, left=left, right=right, scale="log"))


def _has_plain_mate(item: ReadScale, read: Sequence[ReadScale]) -> bool:
    """Whether another scale between the same borders has the same ends, plainly read: a misreading does not
    give the numbers that are printed beside it.
    """
    own = item.scale
    return any(
        other is not item
        and other.scale.frame == own.frame
        and (other.scale.left, other.scale.right) == (own.left, own.right)
        and not _speaks_against_itself(other)
        for other in read
    )


def _suits_its_name(item: ReadScale) -> bool:
    """Whether the name is that of a known curve, no heading, and its numbers are usual for it."""
    named = item.name.named if item.name is not None else None
    if named is None or named.share <= 0.5 or named.kind.is_group:
        return False
    return is_usual(named.kind, item.scale)


def goes_on(scale: ScaleCandidate, candidates: Sequence[ScaleCandidate]) -> bool:
    """Whether a wider scale begins or ends with a number of this one and has the other in its middle; of one
    that is the same to both sides the sign is printed, else two scales meet at their noughts.
    """
    return any(
        wide.frame.width > scale.frame.width
        and not (
            "sign" in wide.edits and wide.left == -wide.right and 0.0 in (scale.left, scale.right)
        )
        and ((wide.first is scale.first) != (wide.last is scale.last))
        and any(t is scale.first or t is scale.last for t in wide.between)
        and wide.support > 0
        and wide.misfit == 0
        for wide in candidates
    )


def ahead_of(
    scale: ScaleCandidate, probability: float, candidates: Sequence[ScaleCandidate], rated: F64
) -> tuple[float, float]:
    """See ``ReadScale.ahead``."""
    on_line = [(c, p) for c, p in zip(candidates, rated, strict=True) if c.line == scale.line]
    others = [
        p
        for c, p in on_line
        if c.frame.tracks == scale.frame.tracks
        and (c.left, c.right) != (scale.left, scale.right)
        and (c.first is scale.first or c.last is scale.last)
    ]
    elsewhere = [
        p
        for c, p in on_line
        if c.frame is not scale.frame
        and c.frame.kind != "part"
        and not (c.frame.of_double == "half" and scale.frame.of_double == "whole")
        and shares_columns(c, scale)
    ]
    return _lead(probability, others), _lead(probability, elsewhere)


def _lead(probability: float, rivals: Sequence[float]) -> float:
    return _log_odds(probability) - _log_odds(max(rivals)) if rivals else _ALONE


def _is_one_of_two(scale: ScaleCandidate) -> bool:
    """Whether the numbers were taken from the second way of reading them, and those of the first make a scale
    too.
    """
    read = [numbers_of(token.text) for token in (scale.first, scale.last)]
    if not all(read) or scale.inset:
        return False
    ends = (scale.left, scale.right)
    if all(end in {v for v, _ in own} for end, own in zip(ends, read, strict=True)):
        return False
    left, right = (own[0][0] for own in read)
    return left != right and is_printed_so(replace(scale, left=left, right=right))


def _is_put_right(scale: ScaleCandidate) -> bool:
    """Whether a figure was taken for a border: no scale is printed with the numbers as they were read."""
    as_read = _as_read(scale)
    return as_read is not None and not is_printed_so(as_read)


def _lost_a_figure(scale: ScaleCandidate) -> bool:
    """Whether a figure was taken off as a border though a scale is printed with it, too (150000, not 50000)."""
    as_read = _as_read(scale)
    return "rule" in scale.edits and as_read is not None and is_printed_so(as_read)


def _as_read(scale: ScaleCandidate) -> ScaleCandidate | None:
    """The scale with its numbers as they were read, where it has others; None where they make none."""
    read = [numbers_of(token.text) for token in (scale.first, scale.last)]
    if all(edit == "none" for edit in scale.edits) or not all(read):
        return None
    (left, first), (right, last) = read[0][0], read[1][0]
    whole = first == last == "none" and left != right
    return replace(scale, left=left, right=right) if whole else None


def verdict_features(read: Sequence[ReadScale]) -> F64:
    """What tells whether a whole reading is right, float64 [n, len(VERDICT_FEATURES)]."""
    rows = []
    places = [_name_place(item) for item in read]
    for place, item in zip(places, read, strict=True):
        scale, named = item.scale, item.name.named if item.name is not None else None
        kind = named.kind if named is not None and named.share > 0.5 else None
        unit_near = any(n.unit for n in item.names if abs(n.y - scale.y) < 2.5 * scale.height)
        rows.append(
            [
                _log_odds(item.probability),
                _log_odds(item.name_probability),
                float(kind is not None),
                float(kind is not None and is_usual(kind, scale)),
                float(kind is not None and not kind.is_possible(scale.left, scale.right)),
                float(any(edit != "none" for edit in scale.edits)),
                min(scale.first.confidence, scale.last.confidence),
                float(min(scale.support, 2)),
                float(min(scale.misfit, 3)),
                float(unit_near),
                float(scale.inset),
                float(kind is not None and bool(kind.ranges) and not is_usual(kind, scale)),
                float(("." in scale.first.text) != ("." in scale.last.text)),
                _agreed(scale.first.agreed, scale.last.agreed),
                0.5 if item.name is None else _agreed(item.name.agreed),
                _out_of_place(place, places),
                *_colour_evidence(item),
                float(min(2, _namesakes(item, read))),
                float(min(3, _mates(item, read))),
                *item.ahead,
            ]
        )
    return np.array(rows, dtype=np.float64).reshape(-1, len(VERDICT_FEATURES))


def _colour_evidence(item: ReadScale) -> tuple[float, float]:
    """Whether the name is in the colour of the numbers (1; -1 if not) and how well a phrase of that colour
    repeats it; 0 where the page tells no colours.
    """
    name = item.name
    if name is None or math.isnan(name.tint_gap):
        return 0.0, 0.0
    near = name.tint_gap < SAME_TINT and name.tint_excess < SAME_TINT / 2
    return 1.0 if near else -1.0, 0.0 if math.isnan(name.echo) else name.echo


def _namesakes(item: ReadScale, read: Sequence[ReadScale]) -> int:
    """How many other scales over the same columns bear the same name with other ends, wraps and backups left
    out.
    """
    name = item.name
    return sum(
        other is not item
        and name is not None
        and other.name is not None
        and words(other.name.text) == words(name.text)
        and shares_columns(other.scale, item.scale)
        and (other.scale.left, other.scale.right) != (item.scale.left, item.scale.right)
        and relation(other.scale, item.scale) == "none"
        and relation(item.scale, other.scale) == "none"
        for other in read
    )


def _mates(item: ReadScale, read: Sequence[ReadScale]) -> int:
    """How many other scales over the same columns, of other names, have the same ends: print that is read alike
    again is hardly misread.
    """
    own = item.scale
    return sum(
        other is not item
        and shares_columns(other.scale, own)
        and (other.scale.left, other.scale.right) == (own.left, own.right)
        and other.name is not None
        and item.name is not None
        and words(other.name.text) != words(item.name.text)
        for other in read
    )


def _agreed(*shares: float) -> float:
    """The least share of words that both ways of reading agree on; 0.5 where one of them is unknown."""
    return min(0.5 if math.isnan(share) else share for share in shares)


def _name_place(item: ReadScale) -> float:
    """How far the name stands below its numbers, in heights of them; NaN without a name."""
    return math.nan if item.name is None else (item.name.y - item.scale.y) / item.scale.height


def _out_of_place(place: float, places: Sequence[float]) -> float:
    """How far a name is from where names stand in its block, in heights, at most 4; 0 where none tells."""
    usual = [p for p in places if not math.isnan(p)]
    if math.isnan(place) or len(usual) < 3:
        return 0.0
    return min(4.0, abs(place - float(np.median(usual))))


def _log_odds(p: float) -> float:
    clipped = min(max(p, 1e-3), 1 - 1e-3)
    return math.log(clipped / (1 - clipped))
