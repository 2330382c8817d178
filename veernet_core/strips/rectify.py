"""Straight strips out of a crooked page.

In: a `PreparedLog`. Out: `Strip` blocks, each one track of one section in one ink, its borders
vertical, its depth lines horizontal, at the network's resolution; and the way back to the scan.
Does not belong here: finding borders, reading depths, what is drawn in a strip.

Geometry. Strip row i stands for the scan row ``s`` at which its depth line meets the section's
reference line. On paper the depth line is perpendicular to the drifting borders: with the local drift d
(columns per row) it passes through (row, col) = (s - t (x - x_ref), x), where the tilt t is d times the
square of the resolution down by that across. Track borders are taken where this line meets them, not
at row s: at 1 degree of skew that is 0.6 px apart 2,000 px away. Both directions of a strip have the network's
resolution, whatever those of the scan. Pixels are interpolated once, from the scan.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import F64, U8, Dpi, PreparedLog, Raster, Section, Strip, Track, px_at
from veernet_core.strips.ink import separate_ink

_DRIFT_WINDOW_IN = 10.0
_REMAP_ROWS = 1024
_REMAP_STEPS = 32.0
_PLAIN_SCALE = 0.9
_BORDER_ITERATIONS = 4
_PAD_PX = 4


@dataclass(frozen=True, slots=True)
class _Line:
    """Depth lines of one track: where they meet its borders. All float64 [rows]."""

    rows: F64
    left: F64
    right: F64
    reference: F64
    tilt: F64

    def at(self, frac: F64) -> tuple[F64, F64]:
        """(row, col) on the scan; ``frac`` broadcasts against rows along the first axis."""
        shape = (-1,) + (1,) * (np.ndim(frac) - 1)
        left, width, reference, tilt, rows = (
            values.reshape(shape)
            for values in (self.left, self.right - self.left, self.reference, self.tilt, self.rows)
        )
        col = left + frac * width
        return rows - tilt * (col - reference), col


_INVERSE_STEPS = 4


def strip_to_scan(
    log: PreparedLog, section_index: int, track_index: int, scan_rows: F64, frac: F64
) -> tuple[F64, F64]:
    """Where positions in a track lie on the scan.

    Parameters
    ----------
    log : PreparedLog
    section_index, track_index : int
    scan_rows : float64 [n]
        Rows on the section's reference line (`Strip.scan_rows`, `Trace.scan_rows`).
    frac : float64 [n]
        Track position, 0 left border, 1 right border; may lie outside; NaN stays NaN.

    Returns
    -------
    row, col : float64 [n]
        Sub-pixel scan position.
    """
    section = log.sections[section_index]
    rows = np.asarray(scan_rows, dtype=np.float64)
    dpi = log.resolution
    line = _depth_lines(section, section.tracks[track_index], rows, dpi)
    return line.at(np.asarray(frac, dtype=np.float64))


def scan_to_strip(
    log: PreparedLog, section_index: int, track_index: int, row: F64, col: F64
) -> tuple[F64, F64]:
    """Where scan positions lie in a track: the inverse of `strip_to_scan`.

    Parameters
    ----------
    log : PreparedLog
    section_index, track_index : int
    row, col : float64 [n]
        Scan positions.

    Returns
    -------
    scan_rows, frac : float64 [n]
        Row on the section's reference line, and track position.
    """
    section = log.sections[section_index]
    rows = np.asarray(row, dtype=np.float64)
    dpi = log.resolution
    for _ in range(_INVERSE_STEPS):  # a depth line falls by little over a track
        line = _depth_lines(section, section.tracks[track_index], rows, dpi)
        rows = row + line.tilt * (col - line.reference)
    line = _depth_lines(section, section.tracks[track_index], rows, dpi)
    return rows, (col - line.left) / (line.right - line.left)


def strip_blocks(log: PreparedLog, config: DigitiseConfig) -> Iterator[Strip]:
    """Cut a log into rectified strips, reading forward through the scan.

    Yields, for every section, for every block of rows, for every track, for every ink of the track,
    one `Strip`. On a colour scan curves of one ``colour`` share an ink and see only that; else all
    curves of the track share one. Tracks without curves are skipped.

    Parameters
    ----------
    log : PreparedLog
    config : DigitiseConfig
        Uses ``strip_dpi``, ``margin_px``, ``block_rows``, ``overlap_rows``.

    Yields
    ------
    Strip
        ``left_col`` is the margin and ``right_col`` the last column but the margin, the same for
        all blocks of a track. What lies off the page is paper.
    """
    dpi = log.resolution
    for section_index, section in enumerate(log.sections):
        grids = [_Grid(section, track, dpi, config) for track in section.tracks]
        n_rows = max(
            2, round((section.row_bottom - section.row_top) * config.strip_dpi / log.rows_per_in)
        )
        for own in range(0, n_rows, config.block_rows):
            first = max(0, own - config.overlap_rows)
            own_end = min(own + config.block_rows, n_rows)
            last = min(own_end + config.overlap_rows, n_rows)
            keep = (own - first, own_end - first)
            for track_index, inked in _block(log.raster, grids, first, last):
                at = section_index, track_index
                yield _strip(inked, grids[track_index], at, (first, last), keep)


def strip_window(
    log: PreparedLog,
    section_index: int,
    track_index: int,
    rows: tuple[int, int],
    config: DigitiseConfig,
) -> Iterator[Strip]:
    """A few rows of one track, one `Strip` for every ink, with the same pixels as in ``strip_blocks``.

    Parameters
    ----------
    log : PreparedLog
    section_index, track_index : int
    rows : (first, last)
        Of the whole track's strip, half-open.
    config : DigitiseConfig
    """
    section = log.sections[section_index]
    grid = _Grid(section, section.tracks[track_index], log.resolution, config)
    for _, inked in _block(log.raster, [grid], *rows):
        yield _strip(inked, grid, (section_index, track_index), rows, (0, rows[1] - rows[0]))


def _strip(
    inked: _Inked,
    grid: _Grid,
    at: tuple[int, int],
    rows: tuple[int, int],
    keep_rows: tuple[int, int],
) -> Strip:
    """One ink of a block; ``at``: index of section and track."""
    return Strip(
        ink=inked.ink,
        all_ink=inked.all_ink,
        left_col=float(grid.margin),
        right_col=float(grid.margin + grid.width - 1),
        scan_rows=grid.scan_rows(np.arange(*rows, dtype=np.float64)),
        section_index=at[0],
        track_index=at[1],
        curve_indices=inked.curves,
        styles=tuple(grid.track.curves[k].style for k in inked.curves),
        first_row=rows[0],
        keep_rows=keep_rows,
    )


# ---- geometry --------------------------------------------------------------------------------


def _depth_lines(section: Section, track: Track, rows: F64, dpi: Dpi) -> _Line:
    down, across = dpi
    tilt = _drift(section, rows, down) * (down / across) ** 2
    reference = px_at(section.reference_px, rows)
    left, right = (
        _meet(border, rows, reference, tilt)
        for border in (track.geometry.left_knots, track.geometry.right_knots)
    )
    return _Line(rows, left, right, reference, tilt)


def _meet(border: F64, rows: F64, reference: F64, tilt: F64) -> F64:
    """Column where the depth line through each reference row meets a border."""
    col = px_at(border, rows)
    for _ in range(_BORDER_ITERATIONS):  # contracts by drift times tilt, so three digits a round
        col = px_at(border, rows - tilt * (col - reference))
    return col


def _drift(section: Section, rows: F64, dpi: float) -> F64:
    """Columns per row that the section's borders drift by, float64 [rows].

    Mean over all borders of the section, so that a depth line is straight across the tracks; over a
    window of ten inches, because a pixel of noise in a border knot must not swing the far side of
    the line by many rows.
    """
    window = _DRIFT_WINDOW_IN * dpi
    borders = [
        knots
        for track in section.tracks
        for knots in (track.geometry.left_knots, track.geometry.right_knots)
    ]
    if not borders:
        return np.zeros(len(rows))
    return np.asarray(np.mean([_border_drift(b, rows, window) for b in borders], axis=0))


def _border_drift(knots: F64, rows: F64, window: float) -> F64:
    """Mean slope of a border around each row; the window is moved to stay on its knots."""
    if len(knots) < 2:
        return np.zeros(len(rows))
    first, last = knots[0, 0], knots[-1, 0]
    width = min(window, last - first)
    start = np.clip(rows - width / 2.0, first, last - width)
    ends = px_at(knots, np.stack([start, start + width]))
    return np.asarray((ends[1] - ends[0]) / width, dtype=np.float64)


class _Grid:
    """The sampling grid of one track's strip."""

    def __init__(self, section: Section, track: Track, dpi: Dpi, config: DigitiseConfig) -> None:
        self.section, self.track, self.dpi = section, track, dpi
        self.margin = config.margin_px
        self.scale, across = (config.strip_dpi / value for value in dpi)
        rows = np.linspace(section.row_top, section.row_bottom - 1.0, 256)
        mean_width = float(np.mean(track.geometry.right_px(rows) - track.geometry.left_px(rows)))
        self.width = max(2, math.ceil(mean_width * across))
        self.n_cols = self.width + 2 * self.margin
        self.oversample = (_samples(self.scale), _samples(across))

    def scan_rows(self, index: F64) -> F64:
        """Scan row of (fractional) strip rows: pixel edges of strip and section coincide."""
        return np.asarray(self.section.row_top - 0.5 + (index + 0.5) / self.scale)

    def frac(self, col: F64) -> F64:
        """Track position of (fractional) strip columns."""
        return np.asarray((col - self.margin) / (self.width - 1.0))

    def positions(self, first: int, last: int) -> tuple[F64, F64]:
        """Scan (row, col) of every sample of strip rows ``first <= row < last``."""
        samples_down = _sample_centres(first, last, self.oversample[0])
        samples_across = _sample_centres(0, self.n_cols, self.oversample[1])
        rows = self.scan_rows(samples_down)
        line = _depth_lines(self.section, self.track, rows, self.dpi)
        return line.at(self.frac(samples_across)[None, :])

    def extent(self, first: int, last: int) -> tuple[float, float, float, float]:
        """Bounding box (row0, row1, col0, col1) of strip rows on the scan."""
        rows = self.scan_rows(np.arange(first, last, dtype=np.float64))
        line = _depth_lines(self.section, self.track, rows, self.dpi)
        ends = self.frac(np.array([-1.0, self.n_cols]))
        row, col = line.at(ends[None, :])
        return float(row.min()), float(row.max()), float(col.min()), float(col.max())


def _samples(scale: float) -> int:
    """Samples in a strip pixel along one axis, of which there are ``scale`` to a scan pixel."""
    return 1 if scale >= _PLAIN_SCALE else max(2, math.ceil(1.0 / scale))


def _sample_centres(first: int, last: int, oversample: int) -> F64:
    """Centres of ``oversample`` equal parts of every pixel."""
    n = (last - first) * oversample
    return np.asarray(first - 0.5 + (np.arange(n, dtype=np.float64) + 0.5) / oversample)


# ---- pixels ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Inked:
    """Curves that are drawn in one ink, that ink, and all ink where it is not the same."""

    curves: tuple[int, ...]
    ink: U8
    all_ink: U8 | None


def _block(
    raster: Raster, grids: list[_Grid], first: int, last: int
) -> Iterator[tuple[int, _Inked]]:
    """Every track and ink of a block; the scan is read once."""
    used = [(index, grid) for index, grid in enumerate(grids) if grid.track.curves]
    if not used:
        return
    boxes = [grid.extent(first, last) for _, grid in used]
    row0 = min(max(0, math.floor(min(b[0] for b in boxes)) - _PAD_PX), raster.height_px)
    row1 = min(max(row0, math.ceil(max(b[1] for b in boxes)) + _PAD_PX + 1), raster.height_px)
    read = raster.read_rgb if raster.is_colour else raster.read_ink
    band = read(row0, row1)
    for (track_index, grid), box in zip(used, boxes, strict=True):
        col0 = min(max(0, math.floor(box[2]) - _PAD_PX), raster.width_px)
        col1 = min(max(col0, math.ceil(box[3]) + _PAD_PX + 1), raster.width_px)
        window = band[:, col0:col1]
        for inked in _inks(window, grid.track, raster.is_colour):
            ink, all_ink = (
                None if pixels is None else _rectified(pixels, row0, col0, grid, first, last)
                for pixels in (inked.ink, inked.all_ink)
            )
            assert ink is not None
            yield track_index, _Inked(inked.curves, ink, all_ink)


def _inks(window: U8, track: Track, is_colour: bool) -> Iterator[_Inked]:
    """Ink of every group of curves that are drawn in one colour; with the first of them all ink there is."""
    if not is_colour:
        yield _Inked(tuple(range(len(track.curves))), window, None)
        return
    groups: dict[str | None, list[int]] = {}
    for index, curve in enumerate(track.curves):
        groups.setdefault(curve.colour, []).append(index)
    # a coloured line is as much ink as a black one
    everything = None if list(groups) == [None] else 255 - window.min(axis=2)
    for colour, indices in groups.items():
        others = tuple(other for other in groups if other is not None and other != colour)
        ink = separate_ink(np.ascontiguousarray(window), colour, others)
        yield _Inked(tuple(indices), ink, everything)
        everything = None


def _rectified(ink: U8, row0: int, col0: int, grid: _Grid, first: int, last: int) -> U8:
    """Sample strip rows ``first <= row < last`` from a window of ink with corner (row0, col0)."""
    out: U8 = np.zeros((last - first, grid.n_cols), dtype=np.uint8)
    if not ink.size:
        return out
    rows_at_once = max(1, _REMAP_ROWS // grid.oversample[0])
    for start in range(first, last, rows_at_once):
        stop = min(start + rows_at_once, last)
        row, col = grid.positions(start, stop)
        # remap works in 1/32 px: rounding to that here, before the window's corner is subtracted in
        # float32, makes the strip the same whatever the blocks are.
        row, col = (np.rint(values * _REMAP_STEPS) / _REMAP_STEPS for values in (row, col))
        # Only the part that these rows touch: remap cannot address more than 32,767 source rows.
        a = min(max(0, math.floor(float(row.min())) - row0 - _PAD_PX), len(ink))
        b = min(max(a, math.ceil(float(row.max())) - row0 + _PAD_PX), len(ink))
        if a == b:
            continue
        samples = cv2.remap(
            ink[a:b],
            (col - col0).astype(np.float32),
            (row - (row0 + a)).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
        if max(grid.oversample) > 1:
            samples = cv2.resize(samples, (grid.n_cols, stop - start), interpolation=cv2.INTER_AREA)
        out[start - first : stop - first] = samples
    return out
