"""The scan itself for the page where it is corrected: tiles of any zoom, and curves followed in its ink.

In: an output place and a log id. Out: JPEG tiles in the scan's own colours, made when asked for, and paths of
ink between points that a person set. What is done with them belongs to the page.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np

from flows.dashboard.again import NoSourceError, place_of
from storage.objects import ObjectStore
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import F64, U8, Raster, px_at
from veernet_core.page.raster import decoding
from veernet_core.page.raster.turning import turned
from veernet_core.strips.border_check import line_offset

TILE = 512
"""Side of a tile in pixels."""
_FINE = 4
"""Zooms below this many halvings are read from the scan, the others from a small copy of the whole page."""
_BANDS = 24
_OPEN_SCANS = 2
_MOST_PX = 4_000_000
"""Most pixels in which a path is sought at once."""

_WINDOW, _WINDOWS = 128, 12
"""Rows of a stretch in which the line beside a border is looked for, and their number."""
_DARK = 0.25
"""Distance from the paper's colour from which on a pixel is ink, of its range."""

Points = list[tuple[float, float]]


@dataclass(slots=True)
class ScanImage:
    """An open scan; safe to use from several threads."""

    raster: Raster
    lock: threading.Lock = field(default_factory=threading.Lock)
    small_lock: threading.Lock = field(default_factory=threading.Lock)
    _bands: OrderedDict[int, U8] = field(default_factory=OrderedDict)
    _small: U8 | None = None

    @property
    def levels(self) -> int:
        """Number of zooms; at the last one a pixel is one of the scan's."""
        return 1 + math.ceil(math.log2(max(self.raster.height_px, self.raster.width_px, 2)))

    def tile(self, level: int, x: int, y: int) -> bytes:
        """One tile as JPEG; empty where the page has none."""
        halvings = self.levels - 1 - level
        if not 0 <= halvings < self.levels or min(x, y) < 0:
            return b""
        if halvings < _FINE:
            with self.lock:
                pixels = self._fine(halvings, x, y)
        else:
            pixels = self._coarse(halvings, x, y)
        if not pixels.size:
            return b""
        done, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
        return data.tobytes() if done else b""

    def rows(self, first: int, last: int) -> U8:
        """Rows in the scan's own colours, half-open; uint8 [row, col, 3]."""
        bands = [self._band(k) for k in range(first // TILE, -(-last // TILE))]
        start = first // TILE * TILE
        return np.concatenate(bands)[first - start : last - start]

    def _band(self, index: int) -> U8:
        if index not in self._bands:
            first = index * TILE
            last = min(first + TILE, self.raster.height_px)
            self._bands[index] = self.raster.read_rgb(first, last)
            while len(self._bands) > _BANDS:
                self._bands.popitem(last=False)
        self._bands.move_to_end(index)
        return self._bands[index]

    def _fine(self, halvings: int, x: int, y: int) -> U8:
        side = TILE << halvings
        first, last = y * side, min((y + 1) * side, self.raster.height_px)
        if first >= last or x * side >= self.raster.width_px:
            return np.zeros((0, 0, 3), np.uint8)
        return _reduced(self.rows(first, last)[:, x * side : (x + 1) * side], halvings)

    def _coarse(self, halvings: int, x: int, y: int) -> U8:
        with self.small_lock:
            if self._small is None:
                self._small = self._whole()
        more = halvings - _FINE
        side = TILE << more
        part = self._small[y * side : (y + 1) * side, x * side : (x + 1) * side]
        return _reduced(part, more) if part.size else part

    def _whole(self) -> U8:
        """The page, small; tiles in sight are not kept waiting by it."""
        parts = []
        for top in range(0, self.raster.height_px, TILE << 2):
            with self.lock:
                part = self.raster.read_rgb(top, min(top + (TILE << 2), self.raster.height_px))
            parts.append(_reduced(part, _FINE))
        return np.concatenate(parts)

    def follow(self, points: Sequence[tuple[float, float]], reach_px: float) -> Points:
        """The inked path near a line through points.

        Parameters
        ----------
        points : sequence of (row, col)
            Rows growing, two or more.
        reach_px : float
            How far the path may lie from the line.

        Returns
        -------
        list of (row, col)
            Corners of the path; its first and last row are those of the points.
        """
        rows = np.arange(round(points[0][0]), round(points[-1][0]) + 1)
        guess = px_at(np.array(points, float), rows.astype(np.float64))
        left = max(0, math.floor(guess.min() - reach_px))
        right = min(self.raster.width_px, math.ceil(guess.max() + reach_px) + 1)
        if len(rows) * (right - left) > _MOST_PX:
            raise NoSourceError("the stretch is too long to be followed at once",
                                remedy="Set points on a shorter stretch.")  # fmt: skip
        with self.lock:
            pixels = self.rows(int(rows[0]), int(rows[-1]) + 1)[:, left:right]
        steepest = max(abs(b[1] - a[1]) / max(1.0, b[0] - a[0]) for a, b in pairwise(points))
        path = _darkest_path(pixels, guess - left, reach_px, math.ceil(steepest) + 2)
        corners = cv2.approxPolyDP(
            np.stack([rows, path + left], axis=1).astype(np.float32)[:, None], 0.5, False
        )
        return [(float(row), round(float(col), 2)) for row, col in corners[:, 0]]

    def line_beside(self, border: F64, rows: tuple[float, float], reach_px: float) -> float | None:
        """Distance from a border to the upright line printed beside it; None where there is none.

        Parameters
        ----------
        border : float64 [n, 2]
            ``[row, px]`` knots.
        rows : (first, last)
        reach_px : float
            How far from the border the line may lie.

        Returns
        -------
        float or None
            Pixels, negative to the left.
        """
        first, last = max(0, int(rows[0])), min(self.raster.height_px, int(rows[1]))
        around = np.arange(-math.ceil(reach_px) - 4, math.ceil(reach_px) + 5)
        ink: list[U8] = []
        for start in np.linspace(first, max(first, last - _WINDOW), _WINDOWS).astype(int):
            here = np.arange(start, min(start + _WINDOW, last))
            if not len(here):
                continue
            with self.lock:
                pixels = self.rows(int(here[0]), int(here[-1]) + 1)
            columns = np.rint(px_at(border, here.astype(np.float64))).astype(int)[:, None] + around
            ink.append(_dark_at(pixels, np.arange(len(here))[:, None], columns))
        return _off(ink, around, reach_px)

    def depth_line_beside(
        self, row: float, col: float, tilt: float, columns: tuple[float, float], reach_px: float
    ) -> float | None:
        """Distance from a place to the depth line printed beside it; None where there is none.

        Parameters
        ----------
        row, col : float
        tilt : float
            Rows that depth lines fall per column.
        columns : (first, last)
            Where the line is looked for, half-open.
        reach_px : float
            How far from the place the line may lie.

        Returns
        -------
        float or None
            Pixels, negative upwards.
        """
        across = np.arange(max(0, int(columns[0])), min(self.raster.width_px, int(columns[1])))
        around = np.arange(-math.ceil(reach_px) - 4, math.ceil(reach_px) + 5)
        rows = np.rint(row + tilt * (across - col)).astype(int)[:, None] + around
        first, last = (
            max(0, int(rows.min(initial=0))),
            min(self.raster.height_px, int(rows.max(initial=0)) + 1),
        )
        if not len(across) or last - first < 1 or rows.size > _MOST_PX:
            return None
        with self.lock:
            pixels = self.rows(first, last)
        return _off([_dark_at(pixels, rows - first, across[:, None])], around, reach_px)

    def snap(self, row: float, col: float, reach_px: float) -> float:
        """Column of the inked path nearest to a point, at its row."""
        low = max(0.0, row - 6)
        high = min(self.raster.height_px - 1.0, row + 6)
        path = self.follow([(low, col), (high, col)], reach_px)
        return px_at(np.array(path, float), row)


def _dark_at(pixels: U8, rows: np.ndarray, columns: np.ndarray) -> U8:
    """Ink, 255 or 0, at places of a picture; what lies off it is blank."""
    rows, columns = np.broadcast_arrays(rows, columns)
    tall, wide = pixels.shape[:2]
    inside = (rows >= 0) & (rows < tall) & (columns >= 0) & (columns < wide)
    part = pixels[np.clip(rows, 0, tall - 1), np.clip(columns, 0, wide - 1)]
    paper = np.percentile(pixels.reshape(-1, 3), 80, axis=0)
    dark = np.abs(part - paper).max(axis=2) > _DARK * 255
    return np.where(dark & inside, 255, 0).astype(np.uint8)


def _off(ink: list[U8], around: np.ndarray, reach_px: float) -> float | None:
    """Distance to the line in straightened stretches, whose columns lie ``around`` the place."""
    if not ink:
        return None
    off = line_offset(np.concatenate(ink), -float(around[0]), math.ceil(reach_px))
    return None if np.isnan(off) else off


def _reduced(pixels: U8, halvings: int) -> U8:
    if not halvings:
        return pixels
    size = tuple(max(1, -(-n // (1 << halvings))) for n in pixels.shape[1::-1])
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _darkest_path(pixels: U8, guess: F64, reach_px: float, most_step: int) -> F64:
    """Column of the darkest path from the first to the last row, to a fraction of a pixel."""
    paper = np.percentile(pixels.reshape(-1, 3), 80, axis=0)
    ink = np.abs(pixels.astype(np.float32) - paper).max(axis=2) / 255
    cols = np.arange(pixels.shape[1])
    away = np.abs(cols - guess[:, None]) / max(reach_px, 1.0)
    cost = np.where(away <= 1, 1 - ink + 0.25 * away**2, 9.0)
    steps = np.arange(-most_step, most_step + 1)
    total, back = cost[0], np.zeros(cost.shape, np.int16)
    for r in range(1, len(cost)):
        padded = np.pad(total, most_step, constant_values=np.inf)
        moved = np.stack([padded[most_step + s : most_step + s + len(cols)] for s in steps])
        moved = moved + 0.02 * np.abs(steps)[:, None]
        best = moved.argmin(axis=0)
        back[r] = steps[best]
        total = moved[best, cols] + cost[r]
    at = int(total.argmin())
    path = np.empty(len(cost), np.int64)
    for r in range(len(cost) - 1, -1, -1):
        path[r] = at
        at += int(back[r, at])
    return np.array([_centroid(ink[r], int(c)) for r, c in enumerate(path)])


def _centroid(ink: U8, col: int) -> float:
    part = ink[max(0, col - 2) : col + 3]
    weight = float(part.sum())
    at = np.arange(max(0, col - 2), max(0, col - 2) + len(part))
    return float((part * at).sum() / weight) if weight > 0.2 else float(col)


class Scans:
    """Scans that are open at the desk, by log and turn."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[str, int], ScanImage] = OrderedDict()

    def image(self, log_id: str, turn_deg: int = 0) -> ScanImage:
        """The scan of a log, turned.

        Raises
        ------
        VeernetError
            Where it is not known, gone, or damaged.
        """
        with self._lock:
            if (log_id, turn_deg) not in self._open:
                place = place_of(self._store, log_id)
                if place is None:
                    raise NoSourceError("where this scan lies is not known here", log_id)
                item = place.scan(None)
                raster = decoding.open_raster(item.data, item.ref.uri, DigitiseConfig().limits)
                self._open[log_id, turn_deg] = ScanImage(turned(raster, turn_deg))
                while len(self._open) > _OPEN_SCANS:
                    self._open.popitem(last=False)
            self._open.move_to_end((log_id, turn_deg))
            return self._open[log_id, turn_deg]
