"""The ink of a scale block: its tilt, the line drawn in a scale, and cut-outs for a second reading.

In: the rows above a section. Out: the block's tilt, a line's style, small level images. Coordinates are
``y``, the row once the tilt is undone, and columns of the page.
Does not belong here: text, and what a scale means (`scales`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from veernet_core.datatypes import F64, U8, Bool, Style

_INK = 128
_MAX_TILT, _TILTS = 0.08, 81
_LEAST_DASHES, _LONGEST_DOT_IN, _LONGEST_DASH_IN = 8, 0.035, 0.45
_LINE_SHARE, _MIN_COVER = 0.85, 0.25


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
    """

    ink: U8
    row0: int
    tilt: float
    dpi: float

    def level(self, row: float, col: float) -> float:
        """``y`` of a place on the page."""
        return row - self.tilt * (col - self.ink.shape[1] / 2)

    def cut(self, y: float, height: float, left: float, right: float) -> U8:
        """A level image centred on ``y``, without the ruled lines that cross it.

        Returns
        -------
        uint8 [rows, cols]
            0 paper, 255 ink; cut at the page's edge.
        """
        cols = np.arange(max(0, round(left)), min(self.ink.shape[1], round(right)))
        offsets = np.arange(-round(height / 2), round(height / 2) + 1, dtype=np.float64)
        if len(cols) < 2 or len(offsets) < 2:
            return np.zeros((0, 0), dtype=np.uint8)
        piece = self.ink[self._rows(y, cols, offsets), cols].copy()
        dark = piece >= _INK
        piece[dark.mean(axis=1) > _LINE_SHARE] = 0
        piece[:, dark.mean(axis=0) > _LINE_SHARE] = 0
        return np.ascontiguousarray(piece)

    def style(self, y: float, height: float, left: float, right: float) -> Style | None:
        """Pen of the line drawn with a row of numbers; None where no line can be made out.

        Parameters
        ----------
        y, height : float
            Of the numbers: the line runs through or just below them.
        left, right : float
            Columns of the track's borders.
        """
        line = self._line(y, height, left, right)
        return None if line is None else _style(line, self.dpi)

    def _line(self, y: float, height: float, left: float, right: float) -> Bool | None:
        """Ink along the best line near a row of numbers, bool [cols]."""
        margin = 0.12 * (right - left)
        cols = np.arange(
            max(0, round(left + margin)), min(self.ink.shape[1], round(right - margin))
        )
        if len(cols) < 50:
            return None
        reach = round(0.01 * self.dpi)
        offsets = np.arange(-round(0.5 * height), round(1.6 * height) + 1)
        around = np.arange(offsets[0] - reach, offsets[-1] + reach + 1, dtype=np.float64)
        dark = self.ink[self._rows(y, cols, around), cols] >= _INK
        profiles = np.array([dark[i : i + 2 * reach + 1].any(axis=0) for i in range(len(offsets))])
        cover = profiles.mean(axis=1)
        best = int(np.argmax(cover - 0.15 * np.abs(offsets / height - 0.6)))
        return profiles[best] if cover[best] >= _MIN_COVER else None

    def _rows(
        self, y: float, cols: np.ndarray[tuple[int], np.dtype[np.int64]], offsets: F64
    ) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
        """Row indices [offsets, cols] of level lines at ``y`` plus offsets."""
        base = y + self.tilt * (cols - self.ink.shape[1] / 2) - self.row0
        rows = np.rint(base[None] + offsets[:, None]).astype(np.int64)
        return np.clip(rows, 0, len(self.ink) - 1)


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


def _style(line: Bool, dpi: float) -> Style | None:
    """Of a line by its runs: dashes and dots are regular, a worn solid line is not."""
    if float(line.mean()) > 0.93:
        return "solid"
    edges = np.flatnonzero(np.diff(np.concatenate([[0], line.view(np.int8), [0]])))
    runs, gaps = (edges[1::2] - edges[::2]) / dpi, (edges[2::2] - edges[1:-1:2]) / dpi
    if len(runs) < _LEAST_DASHES or not (_is_regular(runs[1:-1]) and _is_regular(gaps)):
        return None
    typical = float(np.median(runs))
    return (
        "dotted" if typical < _LONGEST_DOT_IN else "dashed" if typical < _LONGEST_DASH_IN else None
    )


def _is_regular(lengths: F64) -> bool:
    """Whether most of the lengths are alike."""
    near = np.abs(lengths - np.median(lengths)) <= 0.35 * np.median(lengths) + 0.01
    return bool(near.mean() >= 0.7)
