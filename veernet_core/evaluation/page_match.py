"""Which found section is which true one, and which found track which true one.

In: true and found geometry, on the upright page. Out: matches. Does not belong here: scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from veernet_core.datatypes import F64, px_at
from veernet_core.evaluation.page_truth import PageTruth, TrueSection, TrueTrack
from veernet_core.page.known.place import Placed

Borders = tuple[F64, F64]
"""Left and right knots ``[row, px]`` of a track."""
Rows = tuple[float, float]


def turned_truth(truth: PageTruth, turn_deg: int, size_px: tuple[int, int]) -> PageTruth:
    """The truth of a page of (height, width), on the page as ``turn_deg`` leaves it.

    Only a half turn moves it: the truth of a page on its side is told of the upright one.
    """
    if turn_deg != 180:
        return truth
    height, width = size_px

    def turn(knots: F64) -> F64:
        return np.array([height - 1, width - 1]) - knots[::-1]

    sections = []
    for s in truth.sections:
        anchors = s.anchors[::-1] * [-1, 1] + [height - 1, 0] if len(s.anchors) else s.anchors
        tracks = tuple(replace(t, left=turn(t.right), right=turn(t.left)) for t in s.tracks)
        top, bottom = height - s.row_bottom, height - s.row_top
        sections.append(replace(s, row_top=top, row_bottom=bottom, anchors=anchors, tracks=tracks))
    return replace(truth, sections=tuple(sections))


def down_to(placed: Sequence[Placed], seen_to: float) -> tuple[Placed, ...]:
    """Found sections down to the row that the truth reaches; those that begin below it are left out."""
    kept = [p for p in placed if p.found.row_top < seen_to]
    return tuple(
        p
        if p.found.row_bottom <= seen_to
        else replace(p, found=replace(p.found, row_bottom=seen_to))
        for p in kept
    )


def common_rows(one: Rows, two: Rows) -> float:
    """Rows that two stretches share; negative where they lie apart."""
    return min(one[1], two[1]) - max(one[0], two[0])


def find_section(true: TrueSection, placed: Iterable[Placed]) -> Placed | None:
    """The found section that shares most rows with a true one; None below half of them."""

    def share(p: Placed) -> float:
        common = common_rows((p.found.row_top, p.found.row_bottom), _rows(true))
        return common / (true.row_bottom - true.row_top)

    best = max(placed, key=share, default=None)
    return best if best is not None and share(best) >= 0.5 else None


def lies_in(rows: Rows, sections: Iterable[TrueSection]) -> TrueSection | None:
    """The true section that holds at least half of some rows, or half of which they hold."""

    def share(true: TrueSection) -> float:
        shorter = min(rows[1] - rows[0], true.row_bottom - true.row_top)
        return common_rows(rows, _rows(true)) / max(1.0, shorter)

    best = max(sections, key=share, default=None)
    return best if best is not None and share(best) >= 0.5 else None


def find_track(rows: Rows, borders: Sequence[Borders], track: TrueTrack) -> int | None:
    """Index of the borders that cover a true track best at the middle of some rows; None below half."""
    row = (rows[0] + rows[1]) / 2
    left, right = _at(row, (track.left, track.right))

    def share(index: int) -> float:
        a, b = _at(row, borders[index])
        return (min(b, right) - max(a, left)) / max(1.0, max(b, right) - min(a, left))

    best = max(range(len(borders)), key=share, default=None)
    return best if best is not None and share(best) >= 0.5 else None


def border_distances(true: TrueSection, track: TrueTrack, found: Borders | None) -> F64:
    """Distance, px, of found borders at the true knots within the section; inf without any."""
    errors = []
    for side, knots in enumerate((track.left, track.right)):
        rows = np.clip(knots[:, 0], true.row_top, true.row_bottom)
        want = px_at(knots, rows)
        got = np.full(len(rows), np.inf) if found is None else px_at(found[side], rows)
        errors.append(np.abs(got - want))
    return np.concatenate(errors)


def found_borders(placed: Placed) -> tuple[list[int], list[Borders]]:
    """Indices and borders of the tracks of a found section that show curves."""
    tracks = placed.found.tracks
    indices = [t.index for t in placed.tracks]
    return indices, [(tracks[k].left_knots, tracks[k].right_knots) for k in indices]


def _rows(true: TrueSection) -> Rows:
    return true.row_top, true.row_bottom


def _at(row: float, borders: Borders) -> tuple[float, float]:
    return px_at(borders[0], row), px_at(borders[1], row)
