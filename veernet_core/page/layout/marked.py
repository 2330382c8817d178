"""Geometry of a page without a sidecar, from the marks of the layout network.

In: a raster and the network. Out: `results.PageLayout`, with findings for what could not be made out.
The network says what lies where; rules measured on the page's own pixels say exactly where. Does not
belong here: the network, dynamic programming over its maps (`decode`), any reading of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from veernet_core.datatypes import F32, F64, Raster
from veernet_core.page.layout import courses, decode, grid, lines, lines_at, places, splits, widths
from veernet_core.page.layout.courses import Course, LogProfiles, StraightPage
from veernet_core.page.layout.decode import DecodeSettings, RowRun, Span
from veernet_core.page.layout.depth_lines import read_depth_lines
from veernet_core.page.layout.grid import GridFound
from veernet_core.page.layout.maps import CELL, INPUT_WIDTH, LayoutNet, page_input, probabilities
from veernet_core.page.layout.splits import Odds
from veernet_core.page.results import SectionFound, TrackFound

_PAGE_IN = 8.25
_LEAST_WIDTH = 1 / 60
_SAME_BORDER = 0.012
_DOUBLE = 20
"""Divisions of a track of which a half is a track elsewhere."""
_RARE = 1e-3
"""Share of rows with a mark below which no border is seen."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The network's maps as probabilities, and how large their cells are on the page.

    ``areas`` float32 [6, cells, 320], ``lines`` [2, cells, 640], ``edges`` [2, cells, 320].
    """

    areas: F32
    lines: F32
    edges: F32
    col_px: float
    cell_px: float
    height_px: int

    def cells(self, row_px: float) -> int:
        """The row of cells that holds a page row."""
        return int(np.clip(row_px / self.cell_px, 0, self.areas.shape[1] - 1))


@dataclass(frozen=True, slots=True)
class LogFound:
    """A log: its rows of cells, rules, columns with borders in registered page columns, and grids.

    ``whole`` are the columns before tracks that share borders were told apart.
    """

    first: int
    last: int
    profiles: LogProfiles
    spans: tuple[Span, ...]
    borders: tuple[tuple[float, float], ...]
    grids: tuple[GridFound | None, ...]
    odds: Odds
    whole: tuple[tuple[Span, tuple[float, float]], ...]


def read_marks(raster: Raster, net: LayoutNet) -> Marks:
    """Let the network mark the page."""
    page = page_input(raster)
    maps = net.mark(page.layers)
    return Marks(
        probabilities(maps.areas), probabilities(maps.lines), probabilities(maps.edges),
        page.col_px, CELL * page.row_px, raster.height_px,
    )  # fmt: skip


def find_logs(
    marks: Marks, page: StraightPage, settings: DecodeSettings
) -> tuple[list[RowRun], list[LogFound]]:
    """Kinds of rows, and the logs among them with their columns."""
    used = -(-marks.height_px // marks.cell_px)
    runs = decode.find_rows(marks.areas[:, : int(used)], marks.edges[:, : int(used)], settings)
    logs: list[LogFound] = []
    for place, run in enumerate(runs):
        if run.kind != "log":
            continue
        log = _read_log(marks, page, run, blocks_of(runs, place), settings)
        if log is None:
            continue
        if logs and _goes_on(marks, page, runs, logs[-1], log):
            whole = RowRun("log", logs[-1].first, log.last)
            log = _read_log(marks, page, whole, blocks_of(runs, place), settings) or log
            logs.pop()
        logs.append(log)
    return runs, logs


def _goes_on(
    marks: Marks, page: StraightPage, runs: Sequence[RowRun], above: LogFound, below: LogFound
) -> bool:
    """Whether two logs are one: nothing but blank paper between them, and their borders run on."""
    between = [r for r in runs if above.last <= r.first and r.last <= below.first]
    printed = any(r.kind != "blank" and _has_ink(marks, page, r) for r in between)
    if printed or len(above.borders) != len(below.borders):
        return False
    ends = np.array(above.borders) + above.profiles.drift[-1]
    starts = np.array(below.borders) + below.profiles.drift[0]
    return bool(np.abs(ends - starts).max() < _SAME_BORDER * page.profiles.width_px)


def _has_ink(marks: Marks, page: StraightPage, run: RowRun) -> bool:
    first, last = bands_of(marks, page, run)
    return float(page.profiles.ink[first + 1 : last - 1].mean()) > 1 if last - first > 3 else True


def blocks_of(runs: Sequence[RowRun], place: int) -> list[RowRun]:
    """Scale blocks next to a log."""
    return [run for run in runs[max(0, place - 2) : place + 3] if run.kind == "scales"]


def bands_of(marks: Marks, page: StraightPage, run: RowRun) -> tuple[int, int]:
    """Bands of rows of the page's profiles that a run covers."""
    band = page.profiles.band_px
    last = int(np.ceil(run.last * marks.cell_px / band))
    return int(run.first * marks.cell_px / band), min(page.profiles.bands, last)


def _read_log(
    marks: Marks,
    page: StraightPage,
    run: RowRun,
    blocks: Sequence[RowRun],
    settings: DecodeSettings,
) -> LogFound | None:
    first, last = bands_of(marks, page, run)
    if last - first < 8:
        return None
    profiles = courses.log_profiles(page, first, last)
    drift = _cell_drift(marks, page, profiles, run)
    own = marks.areas[:, run.first : run.last]
    areas = np.stack([lines.straighten(a, 0.5 * drift).mean(axis=0) for a in own])
    odds = line_odds(marks, page, profiles, run, blocks, settings)
    spans = decode.find_spans(
        np.repeat(areas, CELL, axis=1).astype(np.float64), odds.left, odds.right, settings
    )
    spans = splits.joined([s for s in spans if s.right - s.left >= _LEAST_WIDTH * INPUT_WIDTH])
    spans = splits.widened(spans, odds)
    if not any(span.kind == "curves" for span in spans):
        return None
    width = page.profiles.width_px
    whole = tuple((span, _place(marks, profiles, span, width)) for span in spans)
    cut = [part for span, border in whole for part in _cut(profiles, span, border, odds, settings)]
    kept = tuple(span for span, _ in cut)
    borders = places.settled(cut, profiles, marks.col_px, settings)
    borders = places.off_paper(kept, borders, profiles)
    kept, borders = widths.rejoined(kept, borders, profiles)
    borders = widths.evened(kept, borders, profiles)
    borders = lines_at.on_thick(kept, borders, profiles, courses.mean_ink(page, profiles))
    borders = lines_at.side_by_side(kept, borders, profiles, marks.col_px)
    grids = tuple(_grid(profiles, s, b, width) for s, b in zip(kept, borders))
    return LogFound(run.first, run.last, profiles, kept, borders, grids, odds, whole)


def _cut(
    profiles: LogProfiles,
    span: Span,
    border: tuple[float, float],
    odds: Odds,
    settings: DecodeSettings,
) -> list[tuple[Span, tuple[float, float]]]:
    """Tracks of a stretch under one or several grids."""
    if span.kind != "curves":
        return [(span, border)]
    cols = splits.cuts(profiles, border, odds, settings)
    edges = [border[0], *cols, border[1]]
    return list(zip(splits.cut_span(span, cols, odds), pairwise(edges)))


def _cell_drift(marks: Marks, page: StraightPage, profiles: LogProfiles, run: RowRun) -> F64:
    """Drift at every row of cells of a run, in input columns; beyond the log as the paper drifts."""
    band = page.profiles.band_px
    bands = np.arange(page.profiles.bands)
    drift = page.drift.copy()
    drift[profiles.first : profiles.last] = profiles.drift
    drift[: profiles.first] += profiles.drift[0] - page.drift[profiles.first]
    drift[profiles.last :] += profiles.drift[-1] - page.drift[profiles.last - 1]
    rows = (np.arange(run.first, run.last) + 0.5) * marks.cell_px / band - 0.5
    return np.interp(rows, bands, drift) / marks.col_px


def line_odds(
    marks: Marks,
    page: StraightPage,
    profiles: LogProfiles,
    run: RowRun,
    blocks: Sequence[RowRun],
    settings: DecodeSettings,
) -> Odds:
    """Log odds of borders at every input column, from the log and the scale blocks beside it."""
    sides = []
    for side in (0, 1):
        own, block = line_shares(marks, page, profiles, run, blocks, side)
        total = settings.seen_bias + settings.seen_weight * decode.odds(own)
        if block is not None:
            total = total + settings.block_bias + settings.block_weight * decode.odds(block)
        sides.append(np.asarray(total, np.float64))
    rare = float(decode.odds(np.array([_RARE]))[0])
    unseen = settings.seen_bias + settings.seen_weight * rare
    if blocks:
        unseen += settings.block_bias + settings.block_weight * rare
    return Odds(sides[0], sides[1], marks.col_px, unseen)


def line_shares(
    marks: Marks,
    page: StraightPage,
    profiles: LogProfiles,
    run: RowRun,
    blocks: Sequence[RowRun],
    side: int,
) -> tuple[F64, F64 | None]:
    """Share of rows that show a border at every input column, in the log and in its scale block."""
    own = _line_share(marks, page, profiles, run, side)
    if not blocks:
        return own, None
    shares = [_line_share(marks, page, profiles, block, side) for block in blocks]
    return own, np.asarray(np.max(shares, axis=0))


def _line_share(
    marks: Marks, page: StraightPage, profiles: LogProfiles, run: RowRun, side: int
) -> F64:
    drift = _cell_drift(marks, page, profiles, run)
    seen = lines.straighten(marks.lines[side, run.first : run.last], drift)
    return np.asarray(maximum_filter1d(seen, 3, axis=1).mean(axis=0), np.float64)


# ---- borders -----------------------------------------------------------------------------------------


def _place(marks: Marks, profiles: LogProfiles, span: Span, width: int) -> tuple[float, float]:
    """Borders of a span, at the rules of the page where there are any near."""

    def nearest(col: float, odds: float) -> float:
        at = (col + 0.5) * marks.col_px - 0.5
        if not np.isfinite(odds) or len(profiles.peaks) == 0:
            return at
        gap = np.abs(profiles.peaks - at)
        near = gap <= max(3.0, 2.5 * marks.col_px)
        if not near.any():
            return at
        cols = np.clip(np.rint(profiles.peaks).astype(np.int64), 0, width - 1)
        worth = np.where(
            near, profiles.rules[cols] * np.exp(-0.5 * (gap / (1.2 * marks.col_px + 0.5)) ** 2), -1
        )
        return float(profiles.peaks[int(worth.argmax())])

    return nearest(span.left, span.left_odds), nearest(span.right, span.right_odds)


def _grid(
    profiles: LogProfiles, span: Span, border: tuple[float, float], width: int
) -> GridFound | None:
    if span.kind != "curves":
        return None
    inside = (profiles.strong > border[0] - 5) & (profiles.strong < border[1] + 5)
    return grid.read_grid(profiles.strong[inside], *border, width / 400)


# ---- sections ----------------------------------------------------------------------------------------


def log_section(
    page: StraightPage,
    marks: Marks,
    log: LogFound,
    name: str,
    settings: DecodeSettings,
    depth_lines: bool = True,
) -> SectionFound:
    """A log as a section with tracks, depth columns and depth lines."""
    edges = np.array([edge for border in log.borders for edge in border])
    course = courses.log_course(page, log.profiles, edges)
    top = float(log.first * marks.cell_px)
    bottom = log.last * marks.cell_px
    if bottom > marks.height_px - 2 * marks.cell_px:
        bottom = float(marks.height_px)
    parts = zip(log.spans, log.borders, log.grids)
    found = [
        _track(course, log.profiles, *part, settings)
        for part in parts
        if part[0].kind in ("curves", "depth")
    ]
    found.sort(key=lambda track: float(track.left_knots[0, 1]))
    level = _depth_lines(page, log, course, (top, bottom)) if depth_lines else np.zeros((0, 2))
    sure = [track.confidence for track in found if track.kind == "curves"]
    return SectionFound(
        name, "main", top, bottom, tuple(found), level, float(np.mean(sure)) if sure else 0.0
    )


def evidence(span: Span, seen: GridFound | None) -> tuple[float, float, float, float]:
    """What speaks for a track: the weaker border's log odds, the log odds of its area, how well a grid
    fits, whether both borders are on the paper.
    """
    odds = [o for o in (span.left_odds, span.right_odds) if np.isfinite(o)]
    weakest = float(np.clip(min(odds, default=-3.0), -6, 6))
    purity = float(np.clip(decode.odds(np.array([span.purity]))[0], -4, 4))
    return weakest, purity, seen.score if seen is not None else 0.0, float(len(odds) == 2)


def track_confidence(span: Span, seen: GridFound | None, settings: DecodeSettings) -> float:
    """Probability that both borders of a track are right."""
    weights = (settings.sure_odds, settings.sure_purity, settings.sure_grid, settings.sure_whole)
    total = settings.sure_bias + float(np.dot(weights, evidence(span, seen)))
    return float(1 / (1 + np.exp(-total)))


def _track(
    course: Course,
    profiles: LogProfiles,
    span: Span,
    border: tuple[float, float],
    seen: GridFound | None,
    settings: DecodeSettings,
) -> TrackFound:
    curves = span.kind == "curves"
    return TrackFound(
        course.knots(border[0]),
        course.knots(border[1]),
        "curves" if curves else "depth",
        seen.scale if seen else None,
        seen.divisions if seen else None,
        seen.decades if seen else None,
        seen.decade_start if seen else None,
        track_confidence(span, seen, settings) if curves else span.purity,
        _middle(course, profiles, border) if seen and seen.divisions == _DOUBLE else None,
    )


def _middle(course: Course, profiles: LogProfiles, border: tuple[float, float]) -> F64 | None:
    """The rule nearest to the middle of a track; None where none stands within a fifth of a division."""
    width = border[1] - border[0]
    off = np.abs(profiles.strong - 0.5 * sum(border))
    if not (off <= width / (5 * _DOUBLE)).any():
        return None
    return course.knots(float(profiles.strong[off.argmin()]))


def inch_px(log: LogFound) -> float:
    """Pixels per inch, roughly: the usual page is 8.25 in wide."""
    return (log.borders[-1][1] - log.borders[0][0]) / _PAGE_IN


def _depth_lines(
    page: StraightPage, log: LogFound, course: Course, ends: tuple[float, float]
) -> F64:
    """Level lines at the middle of the depth column, else at the left border of the first track."""
    rows = np.arange(round(ends[0]), round(ends[1]))
    columns = [b for s, b in zip(log.spans, log.borders) if s.kind == "depth"]
    tracks = [b for s, b in zip(log.spans, log.borders) if s.kind == "curves"]
    col = 0.5 * sum(columns[0]) if columns else tracks[0][0]
    smooth = gaussian_filter1d(course.columns(col), 4)
    pivot = np.interp(rows, course.rows, smooth)
    slope = -np.interp(rows, course.rows, np.gradient(smooth) / page.profiles.band_px)
    return read_depth_lines(
        page.profiles, (int(rows[0]), int(rows[-1]) + 1), pivot, slope, inch_px(log)
    )[0]
