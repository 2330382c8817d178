"""Names that a legend puts beside sample lines of pens, whether or not a scale of theirs can be read.

In: the print above a track, upright or on its side. Out: known names with the colour of their pen. Does not
belong here: sample lines themselves (`legend`), and which pens are drawn (`drawn_inks`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from veernet_core.domain.vocabulary import find_curve
from veernet_core.page.ocr.tints import BLACK
from veernet_core.page.results import CurveFound, PenNamed, SectionFound, TextBox
from veernet_core.page.scales.binder import mnemonic_of
from veernet_core.page.scales.candidates import BlockText
from veernet_core.page.scales.legend import stroke_behind
from veernet_core.page.scales.scorer import DOUBTFUL
from veernet_core.page.scales.series import as_member
from veernet_core.page.scales.tokens import numbers_of

_MOST = 0.5
"""Share of a phrase that a known name makes up, at least: the rest is its unit."""


def names_beside_lines(block: BlockText, section: SectionFound) -> dict[int, list[PenNamed]]:
    """The names of a block that stand alone before the coloured sample line of a pen, by the index of their
    track.

    Parameters
    ----------
    block : BlockText
        With the tints of ``legend.with_legend_tints``.
    section : SectionFound
        The block stands above it.
    """
    shown = block.ink
    if shown.hued is not None:  # a light pen is faint in grey
        shown = replace(shown, ink=np.maximum(shown.ink, shown.hued))
    found: dict[int, list[PenNamed]] = {}
    for line in block.lines:
        for frame in block.frames:
            own = [t for t in line if frame.left <= t.x <= frame.right]
            if frame.kind != "track" or not own or own[-1].tint in ("", BLACK):
                continue
            text = " ".join(t.text for t in own)
            if not any(t.is_number for t in own) and stroke_behind(own[-1], frame, shown):
                told = _named([(text, own[-1].tint)], section, frame.tracks[0])
                found.setdefault(frame.tracks[0], []).extend(told)
    return found


def shared_by_legend(
    curves: Sequence[CurveFound], legends: Mapping[int, Sequence[PenNamed]]
) -> list[CurveFound]:
    """Curves, where the one scale of a track bears no known name and the legend names several pens, one for
    each pen, in doubt: mud logs print one scale for all gases.

    Parameters
    ----------
    curves : sequence of CurveFound
        Of one section.
    legends : mapping of int to sequence of PenNamed
        As of ``names_beside_lines``.
    """
    out: list[CurveFound] = []
    for curve in curves:
        names = {n.mnemonic: n for n in legends.get(curve.track_index, ())}
        alone = sum(c.track_index == curve.track_index for c in curves) == 1
        shared = curve.at_most(DOUBTFUL)
        out += [
            replace(as_member(shared, name, pen.colour), printed=pen.printed)
            for name, pen in names.items()
            if alone and len(names) > 1 and _is_nameless(curve)
        ] or [curve]
    return out


def _is_nameless(curve: CurveFound) -> bool:
    """Whether a scale bears no known name, in no colour of its own."""
    named = find_curve(curve.printed) if curve.printed else None
    return named is None and curve.colour in (None, BLACK)


def is_name(text: str) -> bool:
    """Whether a phrase may be a name: two letters or more, and no number."""
    return sum(c.isalpha() for c in text) >= 2 and not numbers_of(text)


def names_on_side(
    boxes: Iterable[TextBox], section: SectionFound, track_index: int
) -> list[PenNamed]:
    """The known names of a track's legend that is printed on its side, in colours.

    Parameters
    ----------
    boxes : iterable of TextBox
        Phrases of the legend, with their tints.
    section : SectionFound
    track_index : int
    """
    told = [(b.text, b.tint) for b in boxes if b.tint not in ("", BLACK)]
    return _named(told, section, track_index)


def _named(
    told: Iterable[tuple[str, str]], section: SectionFound, track_index: int
) -> list[PenNamed]:
    left, right = section.tracks[track_index].borders_at(section.row_top)
    out = []
    for text, colour in told:
        named = find_curve(text)
        if named is not None and named.share > _MOST and not named.kind.is_group:
            rows = (section.row_top, section.row_bottom)
            name = mnemonic_of(text, named.kind)
            out.append(PenNamed(rows, (left, right), name, text, colour))
    return out
