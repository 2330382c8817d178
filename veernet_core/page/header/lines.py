"""Lines of print of one turn, in a plane of their own.

In: text boxes of the page. Out: ``Line`` in ``u`` along and ``v`` across the lines, in pixels, free of the
form's tilt. Does not belong here: what the lines say (`labels`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet_core.page.header.values import DOUBTFUL
from veernet_core.page.results import TextBox


@dataclass(frozen=True, slots=True)
class Line:
    """A text in the plane of its turn; ``v`` grows downwards and is free of the form's tilt."""

    text: str
    confidence: float
    u0: float
    u1: float
    v: float
    height: float
    box: TextBox


def lines_of_turn(boxes: Iterable[TextBox], turn: int) -> list[Line]:
    """Lines of one turn, from top to bottom, with the tilt of the form undone and cut lines joined."""
    lines = [_line(box) for box in boxes if box.turned_deg == turn and box.text.strip()]
    if not lines:
        return []
    tilt = _tilt(lines)
    level = [replace(line, v=line.v - tilt * (line.u0 + line.u1) / 2) for line in lines]
    return sorted(_joined(level), key=lambda line: (line.v, line.u0))


def _line(box: TextBox) -> Line:
    along, across = (
        (box.width_px, box.height_px)
        if box.turned_deg % 180 == 0
        else (box.height_px, box.width_px)
    )
    u, v = {
        0: (box.col, box.row),
        90: (box.row, -box.col),
        180: (-box.col, -box.row),
        270: (-box.row, box.col),
    }[box.turned_deg]
    return Line(box.text.strip(), box.confidence, u - along / 2, u + along / 2, v, across, box)


def _tilt(lines: Sequence[Line]) -> float:
    """Slope of the lines of print: that at which most texts stand on common lines."""
    if len(lines) < 8:
        return 0.0
    u = np.array([(line.u0 + line.u1) / 2 for line in lines])
    v = np.array([line.v for line in lines])
    bin_px = max(4.0, 0.3 * float(np.median([line.height for line in lines])))
    slopes = np.linspace(-0.12, 0.12, 97)
    scores = []
    for slope in slopes:
        level = v - slope * u
        counts = np.unique(np.floor(level / bin_px), return_counts=True)[1]
        shifted = np.unique(np.floor(level / bin_px + 0.5), return_counts=True)[1]
        scores.append(float((counts**2).sum() + (shifted**2).sum()) - 20.0 * abs(slope))
    return float(slopes[int(np.argmax(scores))])


def _joined(lines: Sequence[Line]) -> list[Line]:
    """Lines without those that were read twice or cut in two where tiles of the page meet."""
    kept: list[Line] = []
    for line in sorted(lines, key=lambda line: line.u0):
        rival = next((k for k in kept if _overlap(k, line)), None)
        if rival is None:
            kept.append(line)
            continue
        kept.remove(rival)
        kept.append(_join(rival, line))
    return kept


def _overlap(a: Line, b: Line) -> bool:
    shared = min(a.u1, b.u1) - max(a.u0, b.u0)
    return abs(a.v - b.v) < 0.4 * min(a.height, b.height) and shared > 0.5 * min(a.height, b.height)


def _join(a: Line, b: Line) -> Line:
    """Two readings that overlap, ``a`` beginning first, as one; unsure where their letters do not meet."""
    for n in range(min(len(a.text), len(b.text)), 2, -1):
        if a.text[-n:].upper() == b.text[:n].upper():
            confidence = min(a.confidence, b.confidence)
            return replace(a, text=a.text + b.text[n:], confidence=confidence, u1=max(a.u1, b.u1))
    longer = max((a, b), key=lambda line: line.u1 - line.u0)
    return replace(longer, confidence=min(longer.confidence, DOUBTFUL))
