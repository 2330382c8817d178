"""The ink of a scale block: its tilt, the line drawn in a scale, and cut-outs for a second reading.

In: the rows above a section. Out: the block's tilt, a line's style, small level images. Coordinates are
``y``, the row once the tilt is undone, and columns of the page.
Does not belong here: text, and what a scale means (`scales`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F64, U8, Bool, Style, flag_runs

_INK = 128
_MAX_TILT, _TILTS = 0.08, 81
_LEAST_DASHES, _LONGEST_DOT_IN, _LONGEST_DASH_IN = 8, 0.035, 0.45
_FEWEST_LONG, _LONG_DASH_IN = 5, 0.12
_STROKE_IN, _FAINT = 0.035, 32
"""How far from the middle of a level line its ink may reach, and the least ink that counts, of 255."""
_LINE_SHARE, _MIN_COVER, _RULED = 0.85, 0.25, 0.5
_LINE_BELOW, _LINE_ABOVE = (-0.5, 1.6, 0.6), (-1.05, -0.45, -0.75)
_PIERCED_COVER, _WORN_COVER, _PINHOLES_IN, _DIRT_IN = 0.8, 0.7, (0.015, 0.03), 0.017
_BAND, _RULE, _PAD = 1.7, 0.9, 0.18
"""Of a line of print, in heights of its text box: rows looked at, the shortest rule, paper around a word."""
_GLYPH, _THIN, _SPECK, _TOUCH, _NEAR = (0.3, 1.0), 0.07, 0.008, 0.4, 0.45
"""Height of a digit, its least width, the least area of a point, the gap within a number, and how far off
the middle of the line a digit may stand."""


@dataclass(frozen=True, slots=True)
class ScaleInk:
    """Ink of a scale block.

    Attributes
    ----------
    ink : uint8 [rows, cols]
        0 paper, 255 ink; full width of the page.
    row0 : int
        Row of the page of its first row.
    tilt : float
        Slope of its level lines, rows per column.
    dpi : float
    foot : float
        ``y`` at which the columns of the track borders are known: the edge of the grid.
    is_below : bool
        The block lies below the grid, not above it.
    hued : uint8 [rows, cols] or None
        255 where the page has a colour of its own: lines of pens, without the black ones of the form.
    """

    ink: U8
    row0: int
    tilt: float
    dpi: float
    foot: float = 0.0
    is_below: bool = False
    hued: U8 | None = None

    def level(self, row: float, col: float) -> float:
        """``y`` of a place on the page."""
        out: float = row - self.tilt * (col - self.ink.shape[1] / 2)
        return out

    def outside(self) -> F64:
        """``y`` of the rows that lie outside the grid, float64 [n]."""
        first, last = float(self.row0), float(self.row0 + len(self.ink))
        return (
            np.arange(max(first, self.foot), last)
            if self.is_below
            else np.arange(first, min(last, self.foot + 1))
        )

    def level_ink(self, ys: F64, cols: NDArray[np.int64]) -> Bool:
        """Whether level rows are inked, bool [len(ys), len(cols)]; ``ys`` once the tilt is undone."""
        dark: Bool = self.ink[self._rows(0.0, cols, ys), cols] >= _INK
        return dark

    def stroke_px(self, y: float, cols: NDArray[np.int64]) -> float:
        """Width of a level line at ``y``, page pixels: the median of the ink across it, in full pixels.

        Parameters
        ----------
        y : float
            Its row once the tilt is undone.
        cols : int64 [n]
            Columns in which it is inked, with paper close above and below.
        """
        if not len(cols):
            return 0.0
        reach = max(2, round(_STROKE_IN * self.dpi))
        ink = self.ink[self._rows(y, cols, np.arange(-reach, reach + 1.0)), cols]
        return float(np.median(np.where(ink >= _FAINT, ink, 0).sum(axis=0))) / 255.0

    def lean(self, y: float) -> float:
        """How far an upright line has moved to the right at ``y``, px: upright lines tilt with level ones."""
        return self.tilt * (self.foot - y)

    def style(
        self, y: float, height: float, left: float, right: float, above: bool = False
    ) -> Style | None:
        """Pen of the line drawn with a row of numbers; None where no line can be made out.

        Parameters
        ----------
        y, height : float
            Of the numbers: the line runs through or just below them.
        left, right : float
            Columns of the track's borders.
        above : bool
            The line may stand above the numbers; then what is below them is a frame.
        """
        line = self._line(y, height, left, right, _LINE_ABOVE) if above else None
        if line is None:
            line = self._line(y, height, left, right, _LINE_BELOW)
        return None if line is None else style_of(line, self.dpi)

    def cover(self, y: float, height: float, left: float, right: float) -> tuple[float, float]:
        """Share of the columns inked along the best level line below and above a row of numbers."""
        margin = 0.12 * (right - left)
        lean = self.lean(y)
        cols = np.arange(
            max(0, round(left + lean + margin)),
            min(self.ink.shape[1], round(right + lean - margin)),
        )
        if len(cols) < 8:
            return float("nan"), float("nan")
        best = []
        for first, last in ((0.3, 1.8), (-1.8, -0.3)):
            offsets = np.arange(round(first * height), round(last * height) + 1, dtype=np.float64)
            dark = self.ink[self._rows(y, cols, offsets), cols] >= _INK
            thick = dark[:-1] | dark[1:] if len(dark) > 1 else dark
            best.append(float(thick.mean(axis=1).max()) if len(thick) else float("nan"))
        return best[0], best[1]

    def _line(
        self,
        y: float,
        height: float,
        left: float,
        right: float,
        place: tuple[float, float, float],
    ) -> Bool | None:
        """Ink along the best line near a row of numbers, bool [cols].

        ``place``: first and last row to look at, and the likeliest, in heights from the numbers' middle.
        """
        margin = 0.12 * (right - left)
        cols = np.arange(
            max(0, round(left + margin)), min(self.ink.shape[1], round(right - margin))
        )
        if len(cols) < 50:
            return None
        reach = round(0.01 * self.dpi)
        offsets = np.arange(round(place[0] * height), round(place[1] * height) + 1)
        around = np.arange(offsets[0] - reach, offsets[-1] + reach + 1, dtype=np.float64)
        dark = self.ink[self._rows(y, cols, around), cols] >= _INK
        profiles = np.array([dark[i : i + 2 * reach + 1].any(axis=0) for i in range(len(offsets))])
        cover = profiles.mean(axis=1)
        best = int(np.argmax(cover - 0.15 * np.abs(offsets / height - place[2])))
        return profiles[best] if cover[best] >= _MIN_COVER else None

    def _rows(
        self, y: float, cols: NDArray[np.int64], offsets: F64
    ) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
        """Row indices [offsets, cols] of level lines at ``y`` plus offsets."""
        base = y + self.tilt * (cols - self.ink.shape[1] / 2) - self.row0
        rows = np.rint(base[None] + offsets[:, None]).astype(np.int64)
        out: np.ndarray[tuple[int, int], np.dtype[np.int64]] = np.clip(rows, 0, len(self.ink) - 1)
        return out


def find_tilt(ink: U8) -> float:
    """Slope (rows per column) of the level lines in the ink: the sharpest profile wins."""
    step = max(1, ink.shape[1] // 600)
    rows, cols = np.nonzero(ink[::step, ::step] >= _INK)
    if len(rows) < 100:
        return 0.0
    pick = slice(None, None, max(1, len(rows) // 60_000))
    rows, cols = rows[pick], cols[pick]
    slopes = np.linspace(-_MAX_TILT, _MAX_TILT, _TILTS)
    offset = int(_MAX_TILT * ink.shape[1]) + 1
    scores = [
        float(
            (
                np.bincount(np.rint(rows - s * cols).astype(np.int64) + offset).astype(np.float64)
                ** 2
            ).sum()
        )
        for s in slopes
    ]
    return float(slopes[int(np.argmax(scores))])


def style_of(line: Bool, dpi: float) -> Style | None:
    """Style of a line, bool [cols], by its runs: dashes and dots are regular, a worn solid line is not."""
    if float(line.mean()) > 0.93:
        return "solid"
    runs, gaps = _runs(line, dpi)
    pierced = len(gaps) > 0 and bool((np.quantile(gaps, (0.5, 0.9)) < _PINHOLES_IN).all())
    if pierced and line.mean() > _PIERCED_COVER:
        return "solid"
    if _is_broken_evenly(runs, gaps):
        return _broken(runs)
    is_worn = pierced and line.mean() > _WORN_COVER
    runs, gaps = _runs(_without_dirt(line, dpi), dpi)
    return _broken(runs) if _is_broken_evenly(runs, gaps) else "solid" if is_worn else None


def _runs(line: Bool, dpi: float) -> tuple[F64, F64]:
    """Lengths of the runs of ink along a line and of the gaps between them, inches."""
    starts, stops = _ends_of_runs(line).T
    return (stops - starts) / dpi, (starts[1:] - stops[:-1]) / dpi


def dash_length(line: Bool) -> float:
    """Median length of the dashes of a line, bool [cols], those at its ends left out; 0 without any, px."""
    starts, stops = _ends_of_runs(line).T
    dashes = (stops - starts)[1:-1]
    return float(np.median(dashes)) if len(dashes) else 0.0


def _ends_of_runs(flags: Bool) -> NDArray[np.int64]:
    """First and one past the last index of every run of True, [n, 2]."""
    return np.array(flag_runs(flags), dtype=np.int64).reshape(-1, 2)


def _is_broken_evenly(runs: F64, gaps: F64) -> bool:
    if len(runs) < _FEWEST_LONG:
        return False
    fewest = _FEWEST_LONG if np.median(runs) > _LONG_DASH_IN else _LEAST_DASHES
    return len(runs) >= fewest and _is_regular(runs[1:-1]) and _is_regular(gaps)


def _broken(runs: F64) -> Style | None:
    typical = float(np.median(runs))
    return (
        "dotted" if typical < _LONGEST_DOT_IN else "dashed" if typical < _LONGEST_DASH_IN else None
    )


def _without_dirt(line: Bool, dpi: float) -> Bool:
    """A line with its pinholes closed and its specks (ticks cross it, dirt lies beside it) taken out."""
    size = max(2, round(_DIRT_IN * dpi))
    kernel = np.ones((1, size), dtype=np.uint8)
    closed = cv2.morphologyEx(line.astype(np.uint8)[None], cv2.MORPH_CLOSE, kernel)
    clean: Bool = cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel)[0] > 0
    return clean


def _is_regular(lengths: F64) -> bool:
    """Whether most of the lengths are alike."""
    near = np.abs(lengths - np.median(lengths)) <= 0.35 * np.median(lengths) + 0.01
    return bool(near.mean() >= 0.7)
