"""Every phrase near a scale that could name its curve, described by what can be measured on it.

In: a block's text and the scales chosen in it. Out: ``NameCandidate``s and their features, float64
[n, len(NAME_FEATURES)]. Which phrase names a scale is what a fitted model says (`scorer`).
Does not belong here: which numbers make a scale (`candidates`), the choice (`binder`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz import fuzz

from veernet_core.datatypes import F64
from veernet_core.domain.vocabulary import Named, find_misread, find_unit, words
from veernet_core.page.ocr.tints import BLACK, SAME_TINT, tint_gap
from veernet_core.page.scales.candidates import BlockText, Frame, ScaleCandidate, is_usual
from veernet_core.page.scales.tokens import Token, phrases_of

REACH_LINES, REACH_IN = 6, 1.6
"""How far from its scale a name is looked for: lines of print, and inches."""
CLEAR_SCRAP = 0.8
"""Confidence from which a letter or two are part of a phrase."""
_LIKE = 0.6
"""Likeness from which two phrases of one colour are meant to say the same."""
_BRACES = str.maketrans("{}", "[]")
"""No log is printed with braces: they are worn brackets."""


@dataclass(frozen=True, slots=True)
class NameCandidate:
    """A phrase that may name the curve of a scale.

    ``lines_off``: lines of print between it and the numbers, negative above them. ``tint``: colour of its
    print; ``tint_gap``: how far that is from the colour of the numbers, ``tint_excess``: how much farther than
    that of the phrase whose colour is nearest. ``echo``: how like the likest phrase
    of the same colour elsewhere is, from 0 to 1 (legends repeat names), and ``others``: how many phrases of
    another colour say the same. ``contradicted``: 1 where that likest phrase says something else and is the
    clearer print of the two. NaN where the page tells no colours.
    """

    text: str
    confidence: float
    x0: float
    x1: float
    y: float
    height: float
    lines_off: int
    named: Named | None
    unit: str | None
    rows: int = 1
    agreed: float = math.nan
    tint: str = ""
    tint_gap: float = math.nan
    tint_excess: float = math.nan
    echo: float = math.nan
    others: float = math.nan
    contradicted: float = math.nan


def with_bracket(text: str) -> str:
    """A phrase whose last stroke is the other half of a bracket, as that bracket.

    Examples
    --------
    >>> with_bracket("SP [MV 1"), with_bracket("CALI (IN"), with_bracket("RES 1")
    ('SP [MV]', 'CALI (IN', 'RES 1')
    """
    found = re.fullmatch(r"([^()\[\]]*)([(\[])([^()\[\]]*?)\s*[1lI|jJ!]", text)
    if found is None or not found[3]:
        return text
    return f"{found[1]}{found[2]}{found[3]}{')' if found[2] == '(' else ']'}"


def without_dirt(phrase: Sequence[Token]) -> Sequence[Token]:
    """A phrase without its unclear scraps of a letter or two, if words are left: dirt, and broken brackets."""
    words_left = [t for t in phrase if len(t.text) > 2 or t.confidence >= CLEAR_SCRAP]
    return words_left if any(len(t.text) > 1 for t in words_left) else phrase


def is_unit_only(text: str) -> bool:
    """Whether a phrase is a unit and nothing else.

    Examples
    --------
    >>> is_unit_only("API UNITS"), is_unit_only("(ohm.m)"), is_unit_only("Min ID (in)")
    (True, True, False)
    """
    if find_unit(text) is None:
        return False
    bare = re.sub(r"[(\[][^)\]]*[)\]]?", " ", text)
    letters = sum(c.isalpha() for c in bare)
    return letters < 2 or find_unit(bare) is not None


NAME_FEATURES = (
    "same_line", "lines_off", "heights_off", "off_centre", "overhang", "width_frac", "letters",
    "digits", "word_count", "known_share", "known_exact", "is_unit", "has_unit", "brackets", "capitals",
    "confidence", "height_ratio", "scales_between", "phrases_between", "is_own_line", "usual_for",
    "possible_for", "scale_suits", "is_group", "scales_at_line", "scales_nearer", "is_double",
    "is_part", "nearest_above", "unit_suits", "rows", "other_names_in",
    "agreed", "tint_gap", "tint_excess", "echo", "others", "contradicted",
)  # fmt: skip


def find_names(
    block: BlockText, scale: ScaleCandidate, taken: Sequence[Token], reach_in: float = REACH_IN
) -> list[NameCandidate]:
    """Phrases above, between and below the numbers of a scale, within its frame.

    Parameters
    ----------
    block : BlockText
    scale : ScaleCandidate
    taken : sequence of Token
        Numbers that are ends of some scale: no part of a name.
    reach_in : float
        How far from the scale they may stand, inches.
    """
    ends = {id(token) for token in taken}
    found: list[NameCandidate] = []
    for line_number, line in enumerate(block.lines):
        off = line_number - scale.line
        y = float(np.median([token.y for token in line]))
        if abs(off) > REACH_LINES * 3 or abs(y - scale.y) > reach_in * block.dpi:
            continue
        inside = [t for t in line if id(t) not in ends and _inside(t, scale.frame, block)]
        for phrase in map(without_dirt, phrases_of(inside)):
            text = with_bracket(" ".join(t.text for t in phrase).strip().translate(_BRACES))
            if sum(c.isalpha() for c in text) < 1 or len(text) < 2:
                continue
            found.append(
                NameCandidate(
                    text,
                    min(t.confidence for t in phrase),
                    phrase[0].x0,
                    phrase[-1].x1,
                    float(np.median([t.y for t in phrase])),
                    float(np.median([t.height for t in phrase])),
                    off,
                    find_misread(text),
                    find_unit(text),
                    agreed=min(t.agreed for t in phrase),
                    tint=max(phrase, key=lambda t: t.x1 - t.x0).tint,
                )
            )
    return _with_tints(found + _stacked(found), scale)


def _is_spelled(name: NameCandidate) -> bool:
    """Whether a phrase has a word of two letters at least; pieces of a curve are read as single ones."""
    return any(sum(c.isalpha() for c in word) > 1 for word in name.text.split())


def _with_tints(names: Sequence[NameCandidate], scale: ScaleCandidate) -> list[NameCandidate]:
    """Phrases with what their colours tell; unchanged where the numbers have none. Where no name near is in the
    colour of the numbers, the page prints names in black, and that one is black tells nothing.
    """
    ends = [token.tint for token in (scale.first, scale.last) if token.tint]
    if not ends:
        return list(names)
    gaps_to_ends = [min(tint_gap(end, name.tint) for end in ends) for name in names]
    told = [gap for gap, name in zip(gaps_to_ends, names, strict=True) if _is_spelled(name)]
    least = min((gap for gap in told if not math.isnan(gap)), default=math.nan)
    black_names = not least < SAME_TINT
    texts = {id(name): words(name.text) for name in names}
    out = []
    for name, own in zip(names, gaps_to_ends, strict=True):
        if black_names and name.tint == BLACK:
            out.append(name)
            continue
        apart = [n for n in names if abs(n.y - name.y) > 0.6 * name.height and n.rows == name.rows]
        gaps = [tint_gap(n.tint, name.tint) for n in apart]
        same = [n for n, gap in zip(apart, gaps, strict=True) if gap < SAME_TINT]
        others = [n for n, gap in zip(apart, gaps, strict=True) if gap >= SAME_TINT]
        text = texts[id(name)]
        like = [fuzz.ratio(texts[id(n)], text) / 100 for n in same]
        echo = max(like, default=0.0)
        clearer = any(e == echo and _is_clearer(n, name) for e, n in zip(like, same, strict=True))
        out.append(
            replace(
                name,
                tint_gap=own,
                tint_excess=own - least,
                echo=echo,
                contradicted=float(_LIKE < echo < 1 and clearer),
                others=float(sum(texts[id(n)] == text for n in others)),
            )
        )
    return out


def _is_clearer(one: NameCandidate, other: NameCandidate) -> bool:
    """Whether a phrase is read with more certainty: both ways agree on it, or the engine is surer."""
    agreed = [0.5 if math.isnan(n.agreed) else n.agreed for n in (one, other)]
    return (agreed[0], one.confidence) > (agreed[1], other.confidence)


def _stacked(names: Sequence[NameCandidate]) -> list[NameCandidate]:
    """Names that go over two or three lines: phrases of one size right below each other."""
    out: list[NameCandidate] = []
    last = {id(n): n for n in names}
    chains = [[n] for n in names]
    for chain in chains:
        while len(chain) < 3:
            end = chain[-1]
            below = [
                n for n in last.values()
                if 0.8 * end.height < n.y - end.y < 1.5 * end.height
                and min(n.x1, end.x1) - max(n.x0, end.x0) > 0.3 * min(n.x1 - n.x0, end.x1 - end.x0)
                and 0.7 < n.height / end.height < 1.4
            ]  # fmt: skip
            if not below:
                break
            chain.append(below[0])
            out.append(_whole(chain))
    return out


def _whole(chain: Sequence[NameCandidate]) -> NameCandidate:
    text = " ".join(n.text for n in chain)
    nearest = min(chain, key=lambda n: abs(n.lines_off))
    return NameCandidate(
        text,
        min(n.confidence for n in chain),
        min(n.x0 for n in chain),
        max(n.x1 for n in chain),
        nearest.y,
        nearest.height,
        nearest.lines_off,
        find_misread(text),
        find_unit(text),
        len(chain),
        min(n.agreed for n in chain),
        nearest.tint,
    )


def _inside(token: Token, frame: Frame, block: BlockText) -> bool:
    lean = block.ink.lean(token.y)
    slack = 0.03 * frame.width
    return frame.left + lean - slack <= token.x <= frame.right + lean + slack


def name_features(
    block: BlockText,
    scale: ScaleCandidate,
    names: Sequence[NameCandidate],
    others: Sequence[ScaleCandidate],
) -> F64:
    """What is measured on phrases, float64 [n, len(NAME_FEATURES)].

    Parameters
    ----------
    block : BlockText
    scale : ScaleCandidate
    names : sequence of NameCandidate
        Of `find_names` for this scale.
    others : sequence of ScaleCandidate
        The scales of the block whose frames share columns with this one's, itself left out.
    """
    rows = [_features(block, scale, name, names, others) for name in names]
    return np.array(rows, dtype=np.float64).reshape(-1, len(NAME_FEATURES))


def _features(
    block: BlockText,
    scale: ScaleCandidate,
    name: NameCandidate,
    names: Sequence[NameCandidate],
    others: Sequence[ScaleCandidate],
) -> list[float]:
    lean = block.ink.lean(name.y)
    left, right = scale.frame.left + lean, scale.frame.right + lean
    between, rivals, at_line, nearer = _neighbours(lean, scale, name, names, others)
    above = [n for n in names if n.lines_off < 0]
    letters = [c for c in name.text if c.isalpha()]
    kind = name.named.kind if name.named is not None else None
    unit = name.unit or ""
    plain = words(name.text)
    return [
        float(abs(name.y - scale.y) < 0.6 * scale.height),
        float(name.lines_off),
        (name.y - scale.y) / scale.height,
        abs((name.x0 + name.x1) / 2 - (left + right) / 2) / (right - left),
        max(0.0, left - name.x0, name.x1 - right) / (right - left),
        (name.x1 - name.x0) / (right - left),
        float(len(letters)),
        float(sum(c.isdigit() for c in name.text)),
        float(len(plain.split())),
        name.named.share if name.named is not None else 0.0,
        float(name.named is not None and name.named.is_exact),
        float(kind is None and is_unit_only(name.text)),
        float(bool(unit)),
        float(bool(re.search(r"[(\[]", name.text))),
        sum(c.isupper() for c in letters) / max(1, len(letters)),
        name.confidence,
        name.height / scale.height,
        float(between),
        float(rivals),
        float(_stands_alone(name, names)),
        float(kind is not None and is_usual(kind, scale)),
        np.nan if kind is None else float(kind.is_possible(scale.left, scale.right)),
        np.nan if kind is None else float(scale.scale in kind.scales),
        float(kind is not None and kind.is_group),
        float(at_line),
        float(nearer),
        float(scale.frame.is_double),
        float(scale.frame.kind == "part"),
        float(bool(above) and name is max(above, key=lambda n: n.y)),
        np.nan if kind is None or not unit else float(unit in kind.units),
        float(name.rows),
        float(sum(n.named is not None and n.rows == 1 and n.text in name.text for n in names)),
        name.agreed,
        name.tint_gap,
        name.tint_excess,
        name.echo,
        name.others,
        name.contradicted,
    ]


def _stands_alone(name: NameCandidate, names: Sequence[NameCandidate]) -> bool:
    """Whether no other name of one line stands beside it."""
    return not any(
        abs(n.y - name.y) < 0.5 * name.height for n in names if n is not name and n.rows == 1
    )


def _neighbours(
    lean: float,
    scale: ScaleCandidate,
    name: NameCandidate,
    names: Sequence[NameCandidate],
    others: Sequence[ScaleCandidate],
) -> tuple[int, int, int, int]:
    """Scales and single-line names between a name and its scale, other scales on the name's line, and other
    scales nearer to the name; of scales, those whose frames share columns with the name.
    """
    low, high = sorted((name.y, scale.y))
    overlapping = [
        o for o in others if o.frame.left < name.x1 - lean and o.frame.right > name.x0 - lean
    ]
    between = [o for o in overlapping if low + 0.4 * scale.height < o.y < high - 0.4 * scale.height]
    rivals = [
        n for n in names
        if n is not name and n.rows == 1 and low + 0.3 * scale.height < n.y < high - 0.3 * scale.height
    ]  # fmt: skip
    at_line = [o for o in overlapping if abs(o.y - name.y) < 0.6 * scale.height]
    nearer = [
        o for o in overlapping if abs(o.y - name.y) < abs(scale.y - name.y) - 0.3 * scale.height
    ]
    return len(between), len(rivals), len(at_line), len(nearer)
