"""Where tracks and the depth column lie across a log.

In: the registered profiles of one log: upright rules and level rules averaged over its whole length.
Out: fields (stretches under one grid) with their grids, and the columns between them. Several readings
are made (where level rules end; runs of evenly spaced upright rules; the usual page of 2.5 in tracks)
and the one that explains the rules best is taken. Does not belong here: how borders wander down the
paper (`layout`), which field holds which curves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from veernet_core.datatypes import F32, F64
from veernet_core.page.layout import grid
from veernet_core.page.layout.grid import GridFound
from veernet_core.page.layout.lines import centroid, find_peaks

_COLUMN_SHARES = (0.2, 0.25, 0.3, 0.333)
_EDGE_CONTRAST = 0.6
_GOOD_ENOUGH, _USUAL_GAIN = 1.17, 0.03
_PARTED_GAIN = 0.15
Span = tuple[float, float]
Settled = tuple[Span, GridFound | None]


@dataclass(frozen=True, slots=True)
class Across:
    """Registered profiles of one log, [width] each, and its upright rules.

    ``peaks`` are columns of rules [n], ``strength`` how inked they are, ``strong`` those that stand out;
    ``level_spans`` are the stretches crossed by level rules.
    """

    rules: F32
    level: F32
    ink: F32
    peaks: F64
    strength: F64
    level_spans: tuple[Span, ...]
    strong: F64

    @property
    def width(self) -> int:
        """Width of the page, px."""
        return len(self.rules)


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields with their grids, columns between or beside them, and how well all this explains the rules."""

    spans: tuple[Span, ...]
    grids: tuple[GridFound | None, ...]
    columns: tuple[Span, ...]
    score: float


def measure_across(rules: F32, level: F32, ink: F32) -> Across:
    """Rules and their strengths from registered profiles."""
    width = len(rules)
    seen = rules[rules > 3]
    least = max(3.0, 0.12 * float(np.percentile(seen, 90))) if len(seen) else 3.0
    columns = find_peaks(rules, max(3, width // 400), least)
    peaks = np.array([centroid(rules, col, 3) for col in columns], np.float64)
    at = np.clip(np.rint(peaks).astype(np.int64), 1, width - 2)
    strength = np.maximum(rules[at], np.maximum(rules[at - 1], rules[at + 1])).astype(np.float64)
    strong = peaks[strength >= 0.3 * np.percentile(strength, 75)] if len(peaks) else peaks
    return Across(rules, level, ink, peaks, strength, tuple(level_spans(level)), strong)


def find_fields(across: Across) -> Fields | None:
    """The reading that explains the upright rules best; None where there are too few rules."""
    if len(across.peaks) < 5:
        return None
    readings = [
        _judge(across, spans) for spans in ([*across.level_spans], _comb_spans(across.strong))
    ]
    best = max(readings, key=lambda reading: reading.score)
    if best.score < _GOOD_ENOUGH or len(best.spans) == 1:
        pages = [*_usual_pages(across), *_completed_pages(best)]
        usual = [_judge(across, spans, settle=False) for spans in pages]
        likely = max(usual, key=lambda reading: reading.score, default=best)
        best = likely if likely.score > best.score + _USUAL_GAIN else best
    return best if best.spans else None


def double_spans(fields: Fields) -> list[Span]:
    """Fields of twenty linear divisions: two tracks under one grid."""
    return [span for span, fit in zip(fields.spans, fields.grids) if _is_double(fit)]


def split_double(across: Across, fields: Fields) -> Fields:
    """The fields with every double one cut at the rule in its middle."""
    spans: list[Span] = []
    grids: list[GridFound | None] = []
    for (left, right), fit in zip(fields.spans, fields.grids):
        if fit is not None and fit.divisions == 20:
            middle = _printed_near(across, 0.5 * (left + right))
            spans += [(left, middle), (middle, right)]
            grids += [replace(fit, divisions=10)] * 2
        else:
            spans.append((left, right))
            grids.append(fit)
    return replace(fields, spans=tuple(spans), grids=tuple(grids))


def _is_double(fit: GridFound | None) -> bool:
    return fit is not None and fit.divisions == 20


# ---- readings --------------------------------------------------------------------------------


def level_spans(level: F32) -> list[Span]:
    """Stretches crossed by level rules: they begin and end sharply, where fading is gradual."""
    width = len(level)
    closed = cv2.morphologyEx(
        level[None], cv2.MORPH_CLOSE, np.ones((1, max(3, width // 150)), np.uint8)
    )[0]
    edge = _edges(closed, max(6, width // 150))
    spans: list[Span] = []
    start: int | None = None
    for col in np.flatnonzero(np.abs(edge) > _EDGE_CONTRAST):
        if edge[col] > 0 and start is None:
            start = int(col)
        elif edge[col] < 0 and start is not None:
            spans.append((float(start), float(col)))
            start = None
    if start is not None:
        inked = np.flatnonzero(closed > 0.3)
        spans.append((float(start), float(inked[-1]) if len(inked) else width - 1.0))
    return spans


def _edges(level: F32, reach: int) -> F32:
    """Contrast of the level to the right against the left of every column, its extremes only."""
    sums = np.concatenate([[0.0], np.cumsum(level, dtype=np.float64)])
    cols = np.arange(len(level))

    def mean(first: NDArray[np.int64], last: NDArray[np.int64]) -> F64:
        low, high = np.clip(first, 0, len(level)), np.clip(last, 0, len(level))
        return np.asarray((sums[high] - sums[low]) / reach)

    right, left = mean(cols + 3, cols + 3 + reach), mean(cols - 2 - reach, cols - 2)
    faint = 0.3 + 0.06 * float(np.percentile(level, 80))
    contrast = (right - left) / (right + left + faint)
    size = np.abs(contrast)
    return np.where(size >= maximum_filter1d(size, 2 * reach + 1), contrast, 0).astype(np.float32)


def _comb_spans(strong: F64) -> list[Span]:
    """Runs of evenly spaced upright rules, where level rules are not printed or too faint."""
    gaps = np.diff(strong)
    if len(gaps) < 4:
        return []
    usual = float(np.median(gaps))
    runs = np.split(strong, np.flatnonzero(gaps > 1.6 * usual) + 1)
    return [(float(run[0]), float(run[-1])) for run in runs if len(run) >= 4]


def _usual_pages(across: Across) -> list[list[Span]]:
    """Track, depth column, double track in the usual proportions, wherever printed rules allow it."""
    width = across.width

    def printed(col: float) -> bool:
        return bool(np.abs(across.peaks - col).min() <= width / 250)

    pages = []
    for i, left in enumerate(across.strong):
        for right in across.strong[i + 1 :]:
            track = right - left
            if not 0.1 * width < track < 0.32 * width:
                continue
            for share in _COLUMN_SHARES:
                start = right + share * track
                marks = (start, start + track, start + 2 * track)
                if marks[2] < width + 0.3 * track and sum(map(printed, marks)) >= 2:
                    double = (float(start), min(float(marks[2]), width - 1.0))
                    pages.append([(float(left), float(right)), double])
    return pages[:40]


def _completed_pages(reading: Fields) -> list[list[Span]]:
    """Usual pages around a field that was found alone."""
    pages: list[list[Span]] = []
    for span, fit in zip(reading.spans, reading.grids):
        if fit is None or fit.divisions not in (10, 20):
            continue
        step = (span[1] - span[0]) / fit.divisions
        for shift in range(-3, 4):
            for share in _COLUMN_SHARES:
                left = span[0] + shift * step
                start = left if fit.divisions == 20 else left + (10 + 10 * share) * step
                first = start - (10 + 10 * share) * step
                pages.append([(first, first + 10 * step), (start, start + 20 * step)])
    return pages


# ---- judging ---------------------------------------------------------------------------------


def _judge(across: Across, spans: list[Span], settle: bool = True) -> Fields:
    """Settle borders and grids of a reading, and say how much it explains."""
    width = across.width
    wide = [span for span in _join(across, spans) if span[1] - span[0] >= width / 60]
    if settle:
        settled = _complete(across, [_settle(across, span) for span in wide])
    else:
        settled = [_fitted(across, span, _grid_of(across, span)) for span in wide]
    settled = [part for span, fit in settled for part in _parted(across, span, fit)]
    fields = [(span, fit) for span, fit in settled if span[1] - span[0] >= width / 24]
    inked = [_mean_level(across, span) for span, _ in fields]
    bounded = [not settle and _bounded(across, span) for span, _ in fields]
    fields = [
        field
        for field, ink, sure in zip(fields, inked, bounded)
        if sure or ink > 0.08 * max(inked) - 0.1
    ]
    if not fields or (not settle and len(fields) < len(settled)):
        return Fields((), (), (), 0.0)
    columns = tuple(
        (a[1], b[0])
        for (a, _), (b, _) in pairwise(settled)
        if width / 150 <= b[0] - a[1] <= width / 6
    )
    columns = columns or _side_column(across, fields)
    score = _explained(across, fields) + 0.15 * _clear(across, columns, fields)
    score += 0.05 * _ends_agree(across, fields)
    return Fields(tuple(s for s, _ in fields), tuple(g for _, g in fields), columns, score)


def _side_column(across: Across, fields: list[Settled]) -> tuple[Span, ...]:
    """A column beside the fields, between the outermost border and the next rule, if it holds ink."""
    width = across.width
    left, right = fields[0][0][0], fields[-1][0][1]
    before = across.strong[
        (across.strong < left - width / 150) & (across.strong > left - width / 6)
    ]
    after = across.strong[
        (across.strong > right + width / 150) & (across.strong < right + width / 6)
    ]
    sides = [(float(before[-1]), left)] if len(before) else []
    sides += [(right, float(after[0]))] if len(after) else []
    inked = [(_mean(across.ink, (a + 4, b - 4)), (a, b)) for a, b in sides]
    inked = [side for side in inked if side[0] > 1.0]
    return (max(inked)[1],) if inked else ()


def _grid_of(across: Across, span: Span) -> GridFound | None:
    inside = (across.strong > span[0] - 5) & (across.strong < span[1] + 5)
    return grid.read_grid(across.strong[inside], *span, across.width / 400)


def _complete(across: Across, settled: list[Settled]) -> list[Settled]:
    """Extend outer linear fields to ten or twenty divisions where the page shows or hides the rest."""
    done = list(settled)
    for place in range(len(done)):
        span, fit = done[place]
        if fit is None or fit.divisions is None or fit.divisions % 10 == 0 or fit.divisions < 7:
            continue
        if fit.divisions == 15 or span[1] - span[0] < across.width / 12:
            continue
        low = done[place - 1][0][1] if place else -0.2 * across.width
        high = done[place + 1][0][0] if place + 1 < len(done) else 1.2 * across.width
        done[place] = _extended(across, span, fit, (low, high))
    return [_fitted(across, span, fit) for span, fit in done]


def _extended(across: Across, span: Span, fit: GridFound, room: Span) -> Settled:
    """The best completion to a multiple of ten divisions, or the field as it is."""
    divisions = fit.divisions or 10
    step = (span[1] - span[0]) / divisions
    missing = -divisions % 10
    best, chosen = 0.5, span
    for before in range(missing + 1):
        left, right = span[0] - before * step, span[1] + (missing - before) * step
        if left < room[0] or right > room[1]:
            continue
        new = [(left + step * k, step) for k in range(before)]
        new += [(span[1] + step * (k + 1), -step) for k in range(missing - before)]
        support = float(np.mean([_line_support(across, col, inward) for col, inward in new]))
        support += 0.2 * _bounded(across, (left, right))
        if support > best:
            best, chosen = support, (left, right)
    return (chosen, _grid_of(across, chosen) or fit) if chosen != span else (span, fit)


def _line_support(across: Across, col: float, inward: float) -> float:
    """Whether a grid line can be at a column: printed, or level rules up to it, or off the page."""
    edge = across.width / 150
    if col < 0 and _mean_level(across, (0, edge)) > 1:
        return 0.6
    if col > across.width and _mean_level(across, (across.width - edge, across.width)) > 1:
        return 0.6
    printed = bool((np.abs(across.peaks - col) <= across.width / 400).any())
    first, last = sorted((col + 0.1 * inward, col + 0.8 * inward))
    reached = _mean_level(across, (first, last)) > 0.15 * float(np.percentile(across.level, 80))
    return 0.6 * printed + 0.6 * reached


def _fitted(across: Across, span: Span, fit: GridFound | None) -> Settled:
    """Move borders that are not printed to where the grid's other lines put them."""
    span = (_printed_near(across, span[0]), _printed_near(across, span[1]))
    if fit is None or fit.score < 0.6:
        return span, fit
    wanted = grid.grid_lines(fit, *span)
    gap = np.abs(across.peaks[:, None] - wanted[None, :])
    nearest = gap.argmin(axis=0)
    hit = gap.min(axis=0) <= across.width / 400
    if hit.sum() < 4:
        return span, fit
    place = (wanted[hit] - span[0]) / (span[1] - span[0])
    weight = np.sqrt(across.strength[nearest[hit]])
    slope, start = np.polyfit(place, across.peaks[nearest[hit]], 1, w=weight)
    left = span[0] if hit[0] else float(start)
    right = span[1] if hit[-1] else float(start + slope)
    return (left, right), fit


def _printed_near(across: Across, col: float) -> float:
    """The printed rule at a column, or the column."""
    nearest = int(np.abs(across.peaks - col).argmin())
    return (
        float(across.peaks[nearest])
        if abs(across.peaks[nearest] - col) <= across.width / 400
        else col
    )


def _join(across: Across, spans: list[Span]) -> list[Span]:
    """Join what only a blot or a thick curve divides: a narrow gap without a rule on each side."""
    joined: list[Span] = []
    for first, last in spans:
        if joined and first - joined[-1][1] < across.width / 60:
            near = max(4.0, across.width / 180)
            bounded = all(
                np.abs(across.strong - col).min() <= near for col in (first, joined[-1][1])
            )
            if not bounded or first - joined[-1][1] < across.width / 150:
                joined[-1] = (joined[-1][0], last)
                continue
        joined.append((first, last))
    return joined


def _settle(across: Across, span: Span) -> Settled:
    """Borders near a stretch's ends that make its upright rules a regular grid, and that grid."""
    left, right = span
    reach = min(across.width / 40, 0.2 * (right - left))
    inner = across.strong[(across.strong > left - reach) & (across.strong < right + reach)]
    usual = float(np.median(np.diff(inner))) if len(inner) > 3 else 0.0
    best, chosen, grid_chosen = -9.0, span, None
    for start in _choices(left, inner, -usual, reach):
        for end in _choices(right, inner, usual, reach):
            if end - start < 0.5 * (right - left):
                continue
            score = _border_score(across, start, left) + _border_score(across, end, right)
            fit = grid.read_grid(inner, start, end, across.width / 400)
            score += 1.5 * grid.plausibility(fit) if fit else 0.0
            if score > best:
                best, chosen, grid_chosen = score, (start, end), fit
    return chosen, grid_chosen


def _choices(edge: float, inner: F64, step: float, reach: float) -> list[float]:
    near = [float(p) for p in inner if abs(p - edge) <= reach]
    ends = [float(inner[0] if step < 0 else inner[-1]) + step] if len(inner) and step else []
    unprinted = [e for e in (*ends, edge) if abs(e - edge) <= reach]
    return near + [e for e in unprinted if all(abs(e - p) > 3 for p in near)]


def _parted(across: Across, span: Span, fit: GridFound | None) -> list[Settled]:
    """A field, or its halves where a rule divides it and each has a grid of its own kind: logarithmic
    resistivity beside linear porosity is printed without a gap, and no one grid explains both."""
    middle = _printed_near(across, 0.5 * (span[0] + span[1]))
    halves = [(span[0], middle), (middle, span[1])]
    grids = [_grid_of(across, half) for half in halves]
    first, second = grids
    if first is None or second is None or not (across.strong == middle).any():
        return [(span, fit)]
    whole = grid.plausibility(fit) if fit is not None else 0.0
    gain = 0.5 * (grid.plausibility(first) + grid.plausibility(second)) - whole
    if gain < _PARTED_GAIN or _kind(first) == _kind(second):
        return [(span, fit)]
    return list(zip(halves, grids))


def _kind(fit: GridFound) -> tuple[str, int | None, float | None]:
    return fit.scale, fit.divisions, fit.decades


def _border_score(across: Across, col: float, edge: float) -> float:
    """Evidence for a border: a printed rule, close to where the stretch ends."""
    near = np.abs(across.peaks - col) < 1.5
    full = float(np.percentile(across.strength, 75))
    printed = min(1.0, float(across.strength[near].max()) / full) if near.any() else 0.0
    return 0.3 * printed - 0.4 * min(1.0, abs(col - edge) / (across.width / 40))


def _explained(across: Across, fields: list[Settled]) -> float:
    """Share of ink in rules that the grids want, and of wanted rules that are there; mean of both."""
    wanted = np.concatenate([grid.grid_lines(fit, *span) for span, fit in fields])
    tolerance = across.width / 400
    gap = np.abs(across.peaks[:, None] - wanted[None, :])
    ink = np.minimum(across.strength, np.percentile(across.strength, 75))
    hit = gap.min(axis=1) <= tolerance
    return float(0.6 * ink[hit].sum() / ink.sum() + 0.4 * (gap.min(axis=0) <= tolerance).mean())


def _bounded(across: Across, span: Span) -> bool:
    """Whether both borders are printed as strongly as the page's rules usually are."""
    usual = 0.5 * float(np.percentile(across.strength, 75))
    return all(
        (across.strength[np.abs(across.peaks - col) <= across.width / 250] > usual).any()
        for col in span
    )


def _ends_agree(across: Across, fields: list[Settled]) -> int:
    """How many of the outermost borders lie where level rules begin or end, 0 to 2."""
    spans = across.level_spans
    if not spans:
        return 0
    near = across.width / 100
    ends = ((fields[0][0][0], spans[0][0]), (fields[-1][0][1], spans[-1][1]))
    return sum(abs(border - end) <= near for border, end in ends)


def _clear(across: Across, columns: tuple[Span, ...], fields: list[Settled]) -> float:
    """Whether the columns are free of level rules, 0 (or none) to 1."""
    if not columns:
        return 0.0
    inside = float(np.mean([_mean_level(across, (a + 3, b - 3)) for a, b in columns]))
    beside = float(np.mean([_mean_level(across, span) for span, _ in fields]))
    return 1 - min(1.0, 2 * inside / (beside + 0.3))


def _mean_level(across: Across, span: Span) -> float:
    return _mean(across.level, span)


def _mean(profile: F32, span: Span) -> float:
    first, last = max(0, round(span[0])), min(len(profile), round(span[1]) + 1)
    return float(profile[first:last].mean()) if last > first else 0.0
