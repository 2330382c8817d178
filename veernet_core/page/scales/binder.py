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
from dataclasses import replace

from veernet_core.datatypes import Style, Wrap
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
    pair_features,
)
from veernet_core.page.scales.choice import choose
from veernet_core.page.scales.names import NameCandidate, is_unit_only
from veernet_core.page.scales.naming import name_scales, other_colour, relation
from veernet_core.page.scales.pens import PenLine, ScaleRow, bind_pens
from veernet_core.page.scales.scorer import DOUBTFUL, ScaleScorer
from veernet_core.page.scales.tokens import EDITS, Edit
from veernet_core.page.scales.verdict import (
    ReadScale,
    ahead_of,
    goes_on,
    is_doubtful,
    verdict_features,
)

UNNAMED = "UNREAD"
_LONGEST = 24


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
    rated = scorer.scale(pair_features(block, candidates))
    chosen = choose(candidates, rated)
    scales = [scale for scale, _ in chosen]
    named = name_scales(block, scales, scorer)
    read = [
        ReadScale(
            scale,
            probability,
            *own,
            goes_on=goes_on(scale, candidates),
            ahead=ahead_of(scale, probability, candidates, rated),
        )
        for (scale, probability), own in zip(chosen, named, strict=True)
    ]
    sure = scorer.whole(verdict_features(read))
    read = [
        replace(r, sure=min(float(p), DOUBTFUL) if is_doubtful(r, read) else float(p))
        for r, p in zip(read, sure, strict=True)
    ]
    return sorted(read, key=lambda r: (r.scale.frame.tracks, r.scale.y))


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
        stroke_px=0.0 if pen is None else pen.stroke_px,
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
    """The unit printed with the name, between the numbers, or alone near the scale, not with another name."""
    scale = item.scale
    texts = [] if item.name is None else [item.name.text]
    texts.append(" ".join(t.text for t in scale.between if not t.is_number))
    own = texts[0] if item.name is not None else ""
    near = [
        n
        for n in item.names
        if abs(n.y - scale.y) < 2.2 * scale.height
        and (is_unit_only(n.text) or (own and own in n.text))
    ]
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
