"""Scales of a section: the best consistent choice among what the fitted models rate.

In: the text above a section and a `ScaleScorer`. Out: ``CurveFound``s bound to tracks, every value with its
probability. A number serves one scale, and a line of print holds one scale of a frame; the name of a scale
is the phrase the model rates best, and rows under one name are its wraps or backup scales.
Does not belong here: finding text and tracks, fitting.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet_core.datatypes import F64, Style, Wrap
from veernet_core.domain.curve_kinds import CurveKind
from veernet_core.domain.vocabulary import (
    find_similar_unit,
    find_unit,
    spelled,
    words,
)
from veernet_core.page.results import CurveFound, Reading, SectionFound
from veernet_core.page.scales.candidates import (
    BlockText,
    ScaleCandidate,
    find_candidates,
    is_usual,
    pair_features,
)
from veernet_core.page.scales.choice import choose
from veernet_core.page.scales.names import (
    SAME_TINT,
    NameCandidate,
)
from veernet_core.page.scales.naming import name_scales, other_colour, relation, shares_columns
from veernet_core.page.scales.pens import PenLine, ScaleRow, bind_pens
from veernet_core.page.scales.plausible import is_printed_so, may_be_misread
from veernet_core.page.scales.scorer import DOUBTFUL, VERDICT_FEATURES, ScaleScorer
from veernet_core.page.scales.tokens import EDITS, Edit, numbers_of

UNNAMED = "UNREAD"
_LONGEST = 24


@dataclass(frozen=True, slots=True)
class ReadScale:
    """A chosen scale with its name, where one was found; ``sure``: that all of it is right.

    ``goes_on``: one of its ends may be the middle of a wider scale, whose ends are printed on its line too.
    """

    scale: ScaleCandidate
    probability: float
    name: NameCandidate | None
    name_probability: float
    names: tuple[NameCandidate, ...] = ()
    sure: float = 0.0
    goes_on: bool = False


def read_block_scales(
    block: BlockText, scorer: ScaleScorer, edits: Sequence[Edit] = EDITS
) -> list[ReadScale]:
    """The scales of a block, from top to bottom.

    Parameters
    ----------
    block : BlockText
    scorer : ScaleScorer
    edits : sequence of Edit
        What may be changed in print to make a number of it.
    """
    candidates = [c for c in find_candidates(block) if set(c.edits) <= set(edits)]
    chosen = choose(candidates, scorer.scale(pair_features(block, candidates)))
    scales = [scale for scale, _ in chosen]
    named = name_scales(block, scales, scorer)
    read = [
        ReadScale(scale, probability, *own, goes_on=_goes_on(scale, candidates))
        for (scale, probability), own in zip(chosen, named, strict=True)
    ]
    sure = scorer.whole(verdict_features(read))
    read = [
        replace(r, sure=min(float(p), DOUBTFUL) if is_doubtful(r) else float(p))
        for r, p in zip(read, sure, strict=True)
    ]
    return sorted(read, key=lambda r: (r.scale.frame.tracks, r.scale.y))


def is_doubtful(item: ReadScale) -> bool:
    """Whether a reading speaks against itself, was put right by taking figures away, is one of two that both
    make sense, ends where no border is printed, or has a name that is likelier wrong than right.
    """
    scale = item.scale
    doubted = may_be_misread(scale, item.name) or _is_put_right(scale) or _is_one_of_two(scale)
    cut = item.goes_on or scale.frame.kind == "part"
    return doubted or cut or item.name_probability < 0.5


def _goes_on(scale: ScaleCandidate, candidates: Sequence[ScaleCandidate]) -> bool:
    """Whether a wider scale begins or ends with a number of this one and has the other in its middle."""
    return any(
        wide.frame.width > scale.frame.width
        and ((wide.first is scale.first) != (wide.last is scale.last))
        and any(t is scale.first or t is scale.last for t in wide.between)
        and wide.support > 0
        and wide.misfit == 0
        for wide in candidates
    )


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
    read = [numbers_of(token.text) for token in (scale.first, scale.last)]
    if all(edit == "none" for edit in scale.edits) or not all(read):
        return False
    (left, first), (right, last) = read[0][0], read[1][0]
    whole = first == last == "none" and left != right
    return whole and not is_printed_so(replace(scale, left=left, right=right))


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


# ---- curves ----------------------------------------------------------------------------------------


def curves_of(
    read: Sequence[ReadScale], block: BlockText, section: SectionFound
) -> list[CurveFound]:
    """Curves of a section: rows of one name and frame are one curve with its wraps and backups."""
    groups: list[list[ReadScale]] = []
    for item in read:
        last = groups[-1] if groups else None
        if last is not None and _continues(last, item):
            last.append(item)
        else:
            groups.append([item])
    pens = bind_pens([_row(group[0], block) for group in groups], block.ink)
    return [_curve(group, block, section, pen) for group, pen in zip(groups, pens, strict=True)]


def _row(item: ReadScale, block: BlockText) -> ScaleRow:
    scale = item.scale
    lean = block.ink.lean(scale.y)
    return ScaleRow(
        scale.y,
        scale.height,
        scale.frame.left + lean,
        scale.frame.right + lean,
        math.nan if item.name is None else item.name.y,
    )


def _continues(group: Sequence[ReadScale], item: ReadScale) -> bool:
    """Whether a row is a further scale of the curve above it: same name, and a wrap or a backup of it."""
    first = group[0]
    if item.scale.frame.tracks != first.scale.frame.tracks or item.scale.frame.kind != (
        first.scale.frame.kind
    ):
        return False
    if other_colour(first.scale, item.scale):
        return False
    same = item.name is not None and first.name is not None and _same_name(item.name, first.name)
    unnamed = item.name is None and first.name is not None
    return (same or unnamed) and relation(first.scale, item.scale) != "none"


def _same_name(a: NameCandidate, b: NameCandidate) -> bool:
    if (a.y, a.x0) == (b.y, b.x0):
        return True
    if a.named is not None and b.named is not None and a.named.is_exact and b.named.is_exact:
        return a.named.kind is b.named.kind and words(a.text) == words(b.text)
    return words(a.text) == words(b.text)


def _curve(
    group: Sequence[ReadScale], block: BlockText, section: SectionFound, pen: PenLine | None
) -> CurveFound:
    first = group[0]
    scale = first.scale
    relations = [(relation(scale, item.scale), item) for item in group[1:]]
    wraps = sum(kind == "wrap" for kind, _ in relations)
    backups = tuple((i.scale.left, i.scale.right) for kind, i in relations if kind == "backup")
    wrap: Wrap = "none" if wraps == 0 else "one" if wraps == 1 else "all"
    named = first.name.named if first.name is not None else None
    kind = named.kind if named is not None else None
    unit = _unit(first, block, kind)
    if unit is not None and kind is not None and _is_doubted_in(str(unit.value), scale, kind):
        first = replace(first, sure=min(first.sure, DOUBTFUL))
        unit = replace(unit, confidence=first.sure)
    lean = block.ink.lean(scale.y)
    left, right = scale.frame.left + lean, scale.frame.right + lean
    text = first.name.text if first.name is not None else ""
    return CurveFound(
        section_id=section.section_id,
        track_index=scale.frame.tracks[0],
        mnemonic=Reading(mnemonic_of(text, kind), "header", first.sure, scale.y, left),
        unit=unit,
        left=Reading(scale.left, "header", first.sure, scale.y, left),
        right=Reading(scale.right, "header", first.sure, scale.y, right),
        scale=scale.scale,
        style=pen.style if pen is not None else _style(scale, block),
        pen_row=math.nan if pen is None else pen.y,
        dash_px=0.0 if pen is None else pen.dash_px,
        wrap=wrap,
        backups=backups,
        printed=text,
        last_track=scale.frame.tracks[1],
        part=_part(scale, section),
    )


def _is_doubted_in(unit: str, scale: ScaleCandidate, kind: CurveKind) -> bool:
    """Whether a nought may be lost or gained: 0 to 10 is usual in micrograms of radium, and not in API."""
    ends = (scale.left, scale.right)
    return not kind.is_usual(*ends, unit) and kind.is_ambiguous(*ends, unit)


def _part(scale: ScaleCandidate, section: SectionFound) -> tuple[float, float] | None:
    """Share of the first track that a part scale spans; None for whole tracks."""
    if scale.frame.kind != "part":
        return None
    left, right = section.tracks[scale.frame.tracks[0]].borders_at(section.row_top)
    return (
        round((scale.frame.left - left) / (right - left), 4),
        round((scale.frame.right - left) / (right - left), 4),
    )


def mnemonic_of(printed: str, kind: CurveKind | None) -> str:
    """The standard mnemonic of a known name; else the mnemonic printed in brackets, else the name itself.

    Examples
    --------
    >>> mnemonic_of("Min Thickness (in)", None)
    'MIN_THICKNESS'
    >>> mnemonic_of("LWD_GR [GAPI]", None)
    'LWD_GR'

    A name that may be any of several curves is kept with the words that tell it from the others:

    >>> from veernet_core.domain.curve_kinds import curve_kind
    >>> mnemonic_of("10in Resistivity", curve_kind("RES")), mnemonic_of("RESISTIVITY", curve_kind("RES"))
    ('10IN_RESISTIVITY', 'RES')
    >>> mnemonic_of("DEEP [m0r6]", None)
    'M0R6'
    """
    if kind is not None and not kind.is_group:
        return kind.mnemonic
    inner: str
    for inner in re.findall(r"[(\[]\s*([A-Za-z][A-Za-z0-9_]{1,9})\s*[)\]]", printed):
        is_code = inner.upper() == inner or any(c.isdigit() for c in inner)
        if find_unit(inner) is None and is_code:
            return inner.upper()
    if kind is not None and not re.search(r"\d", re.sub(r"[(\[][^)\]]*[)\]]?", " ", printed)):
        return kind.mnemonic
    bare = re.sub(r"[(\[][^)\]]*[)\]]?", " ", printed)
    name = "_".join(spelled(word) for word in re.findall(r"[A-Z0-9]+", bare.upper()))
    return name[:_LONGEST].strip("_") or UNNAMED


def _unit(item: ReadScale, block: BlockText, kind: CurveKind | None) -> Reading[str] | None:
    """The unit printed with the name, between the numbers, or nearest to the scale."""
    scale = item.scale
    texts = [] if item.name is None else [item.name.text]
    texts.append(" ".join(t.text for t in scale.between if not t.is_number))
    near = [n for n in item.names if abs(n.y - scale.y) < 2.2 * scale.height]
    texts += [n.text for n in sorted(near, key=lambda n: abs(n.y - scale.y))]
    usual = kind.units if kind is not None else ()
    for text in texts:
        unit = find_unit(text)
        if unit is None and usual:
            unit = find_similar_unit(text, usual)
        if unit is not None and (not usual or unit in usual):
            return Reading(unit, "header", item.sure, scale.y)
    for text in texts:
        printed = re.search(r"[(\[]\s*([^)\]]{1,8}?)\s*[)\]]", text)
        if printed is not None and kind is None and find_unit(printed[1]) is None:
            return Reading(printed[1], "header", item.sure, scale.y)
    fitting = {u for u in usual if kind is not None and kind.is_usual(scale.left, scale.right, u)}
    # a range that is usual in one unit only tells it; else the unit stays open, as on the paper
    return Reading(fitting.pop(), "header", item.sure, scale.y) if len(fitting) == 1 else None


def _style(scale: ScaleCandidate, block: BlockText) -> Style | None:
    """Style of what is drawn near the numbers, where no line of their own was found."""
    lean = block.ink.lean(scale.y)
    framed = any(find_unit(t.text) is not None for t in scale.between)
    return block.ink.style(
        scale.y,
        scale.height,
        scale.frame.left + lean,
        scale.frame.right + lean,
        above=framed,
    )
