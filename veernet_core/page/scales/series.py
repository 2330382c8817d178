"""Scales printed once for a series of curves, as one for C1 to C4.

In: the curves read in a block and its text. Out: the same curves, with one for each of a series. The legend
tells their colours. Does not belong here: reading names and numbers (`binder`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from veernet_core.page.results import CurveFound
from veernet_core.page.scales.candidates import BlockText
from veernet_core.page.scales.scorer import DOUBTFUL
from veernet_core.page.scales.tokens import Token

_SERIES = re.compile(r"\b([A-Za-z]{1,3})(\d)\s*(?:[-–—]|to)\s*\1(\d)\b")


def names_of_series(printed: str) -> tuple[str, ...]:
    """The names a series stands for; none where a name is that of one curve.

    Examples
    --------
    >>> names_of_series("C1-C4 (PPM)"), names_of_series("C1 (ppm)"), names_of_series("GR-2")
    (('C1', 'C2', 'C3', 'C4'), (), ())
    """
    found = _SERIES.search(printed)
    if found is None or not int(found[2]) < int(found[3]):
        return ()
    return tuple(f"{found[1].upper()}{k}" for k in range(int(found[2]), int(found[3]) + 1))


def with_series(curves: Sequence[CurveFound], block: BlockText) -> list[CurveFound]:
    """Curves, each series as its members, which are sure only where the legend names every one of them."""
    out: list[CurveFound] = []
    for curve in curves:
        names = names_of_series(curve.printed)
        legend = [_in_legend(name, curve, block) for name in names]
        shared = curve.at_most(DOUBTFUL) if None in legend else curve
        out += [
            as_member(shared, name, word.tint or None if word is not None else None)
            for name, word in zip(names, legend, strict=True)
        ] or [curve]
    return out


def as_member(shared: CurveFound, name: str, colour: str | None) -> CurveFound:
    """A scale that several pens share as that of one of them, by its name and colour."""
    named = replace(shared.mnemonic, value=name)
    return replace(shared, mnemonic=named, colour=colour, style=None)


def _in_legend(name: str, curve: CurveFound, block: BlockText) -> Token | None:
    """The word of the block over the track that is a name and nothing else, farthest from the numbers."""
    frames = [f for f in block.frames if f.tracks[0] == curve.track_index]
    words = [
        t
        for t in block.tokens
        if t.text.upper() == name and any(f.left <= t.x <= f.right for f in frames)
    ]
    return min(words, key=lambda t: t.y, default=None)
