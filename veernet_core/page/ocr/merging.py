"""Two readings of one place: of what shows the same print, the one the engine is surer of.

In: boxes that were read in two ways. Out: one set of boxes, with what the other way read.
Does not belong here: finding and reading print.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from veernet_core.page.ocr.text import overlap
from veernet_core.page.results import TextBox

_SAME_PRINT = 0.4
"""Share of the smaller of two boxes from which they show the same print."""
RULE_LIKE = "1lI|!/[](){}"
"""What a piece of a rule is read as."""
_DIRT = "\\'\"`.,:;°*"
"""What dirt is read as, beside that."""
_AS_CLEAR = 0.05
"""How much less clear a reading may be that has all of the other one and more."""


def merged(inked: Sequence[TextBox], marked: Sequence[TextBox]) -> list[TextBox]:
    """Two readings of one region as one: of what overlaps, the reading the engine is surer of.

    What the network marks is kept too where it says all that the other one says and more: it has learned to
    leave rules out, and a faint sign, point or first figure drops out of what is found by its ink.

    Parameters
    ----------
    inked, marked : sequence of TextBox
        Each way's boxes, in the same pixels.

    Returns
    -------
    list of TextBox
        With ``agreed`` and ``also``.
    """
    out: list[TextBox] = []
    for one, other in groups_of(inked, marked):
        if not one or not other:
            out += [replace(box, agreed=0.5) for box in (*one, *other)]
        elif says(one) == says(other):
            out += [replace(box, agreed=1.0) for box in one]
        else:
            lead = -_AS_CLEAR if _adds(says(one), says(other)) else 0.0
            kept, rest = (one, other) if clearness(one) + lead >= clearness(other) else (other, one)
            out += [compared(box, rest, len(kept) == len(rest) == 1) for box in kept]
    return out


def _adds(part: str, whole: str) -> bool:
    """Whether a reading has all of another one and more than a rule can be read as."""
    return part in whole and any(c not in RULE_LIKE + _DIRT for c in whole.replace(part, "", 1))


def groups_of(
    inked: Sequence[TextBox], marked: Sequence[TextBox]
) -> Iterator[tuple[list[TextBox], list[TextBox]]]:
    """Boxes of both ways that show the same print, from left to right."""
    boxes = [*inked, *marked]
    pairs = [
        (i, len(inked) + j)
        for i, a in enumerate(inked)
        for j, b in enumerate(marked)
        if overlap(a, b) > _SAME_PRINT
    ]
    rows, cols = (np.array([p[k] for p in pairs], dtype=np.int64) for k in (0, 1))
    graph = coo_array((np.ones(len(pairs)), (rows, cols)), shape=(len(boxes), len(boxes)))
    count, label = connected_components(graph, directed=False)
    order = sorted(range(len(boxes)), key=lambda i: boxes[i].col)
    groups: list[tuple[list[TextBox], list[TextBox]]] = [([], []) for _ in range(count)]
    for i in order:
        groups[label[i]][int(i >= len(inked))].append(boxes[i])
    yield from groups


def says(boxes: Sequence[TextBox]) -> str:
    """What boxes say together, without blanks."""
    return "".join(box.text for box in boxes).replace(" ", "")


def clearness(boxes: Sequence[TextBox]) -> float:
    """Mean probability of the characters."""
    letters = sum(len(box.text) for box in boxes)
    return sum(len(box.text) * box.confidence for box in boxes) / max(1, letters)


def compared(box: TextBox, others: Sequence[TextBox], is_alone: bool) -> TextBox:
    """A box with the share of its words that the other way read in the same place."""
    theirs = {word for o in others if overlap(box, o) > _SAME_PRINT for word in o.text.split()}
    words = box.text.split()
    share = sum(word in theirs for word in words) / max(1, len(words))
    return replace(box, agreed=share, also=others[0].text if is_alone else "")
