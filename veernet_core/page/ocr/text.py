"""Text on a page: an OCR engine behind a small protocol, and reading a region of a raster with it.

In: ink (0 paper, 255 ink) and the turns text may have. Out: ``TextBox``es. The engine (RapidOCR's PP-OCR
models on ONNX Runtime) carries its models in its wheel and needs no network; it is loaded on first use.
Does not belong here: what a text means (`depth`, the header readers), and where text may be expected.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F64, U8, Raster
from veernet_core.page.ocr.engine import LineRead, OcrEngine
from veernet_core.page.results import PAGE_WIDTH_IN, TextBox

READ_DPI = 200.0
"""Resolution at which regions are read: print of 8 points is then about 20 px tall."""
_TALL = 1.5
TILE_ROWS, TILE_OVERLAP = 1200, 160
_TURNS = (0, 90, 180, 270)
_SAME_PLACE = 0.4


class TextReader(Protocol):
    """What the page readers need of an OCR engine."""

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        """Find and read all lines of text.

        Parameters
        ----------
        image : uint8 [rows, cols]
            0 paper, 255 ink, at about ``READ_DPI``.
        turns : tuple of int
            How far text may be turned clockwise: any of 0, 90, 180, 270. Of the turns that suit a
            line's shape the one that reads best is kept.

        Returns
        -------
        list of TextBox
            In pixels of ``image``, from top to bottom.
        """
        ...

    def find(self, image: U8) -> list[TextBox]:
        """Where lines of text are, without reading them.

        Returns
        -------
        list of TextBox
            As of `read`, with no text and the confidence 0; ``turned_deg`` is 90 of lines that stand on end,
            whichever way, and 0 of all others.
        """
        ...

    def recognise(self, lines: Sequence[U8], digits_only: bool = False) -> list[LineRead]:
        """Read lines of text that are already cut out and upright.

        Parameters
        ----------
        lines : sequence of uint8 [rows, cols]
            0 paper, 255 ink; one line of text each.
        digits_only : bool
            Read everything as digits: a letter that looks like one counts as that digit.
        """
        ...


class RapidReader:
    """`TextReader` on RapidOCR. One instance serves any number of threads.

    Parameters
    ----------
    threads : int
        Threads of one inference call.
    bfloat16 : bool
        See `OcrEngine`.
    """

    def __init__(self, threads: int = 1, bfloat16: bool = False) -> None:
        self._threads, self._bfloat16 = threads, bfloat16
        self._lock = threading.Lock()
        self._engine: OcrEngine | None = None

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        """See `TextReader.read`."""
        if min(image.shape) < 8 or not image.any():
            return []
        boxes: list[TextBox] = []
        for base in (0, 90):  # lines are found best where they lie level
            own = [turn for turn in turns if turn % 180 == base]
            if own:
                boxes += self._read_level(upright(image, base), base, own, image.shape)
        return sorted(_distinct(boxes), key=lambda box: (box.row, box.col))

    def find(self, image: U8) -> list[TextBox]:
        """See `TextReader.find`."""
        if min(image.shape) < 8 or not image.any():
            return []
        nothing = LineRead("", 0.0)
        quads = self._models().detect(upright(image, 0))
        return [_text_box(quad, nothing, 0 if _is_long(quad) else 90) for quad in quads]

    def _read_level(
        self, level: U8, base: int, turns: list[int], shape: tuple[int, ...]
    ) -> list[TextBox]:
        """Lines along the rows of an image that was turned back by ``base`` degrees."""
        quads = [quad for quad in self._models().detect(level) if _is_long(quad)]
        jobs = [(quad, turn) for quad in quads for turn in turns]
        reads = self.recognise([_cut(level, quad, turn - base) for quad, turn in jobs])
        return [
            _text_box(_turn_back(quad, base, shape), read, turn)
            for (quad, turn), read in zip(jobs, reads)
            if read.text
        ]

    def recognise(self, lines: Sequence[U8], digits_only: bool = False) -> list[LineRead]:
        """See `TextReader.recognise`."""
        usable = [i for i, line in enumerate(lines) if min(line.shape) >= 4]
        reads = self._models().recognise([lines[i] for i in usable], digits_only) if usable else []
        out = [LineRead("", 0.0)] * len(lines)
        for i, read in zip(usable, reads):
            out[i] = read
        return out

    def _models(self) -> OcrEngine:
        with self._lock:
            if self._engine is None:
                self._engine = OcrEngine(self._threads, self._bfloat16)
            return self._engine


def _distinct(boxes: list[TextBox]) -> list[TextBox]:
    """Of readings of one place the best one; a character or two are read as most of the text is turned."""
    letters = dict.fromkeys(_TURNS, 0.0)
    for box in boxes:
        letters[box.turned_deg] += len(box.text) * box.confidence**4
    usual = max(_TURNS, key=lambda turn: letters[turn])
    kept: list[TextBox] = []
    for box in sorted(boxes, key=lambda b: -_worth(b, usual)):
        if all(overlap(box, other) < _SAME_PLACE for other in kept):
            kept.append(box)
    return kept


def _worth(box: TextBox, usual: int) -> float:
    """Rank among rival readings: probability, weight of evidence, and the turn of the other text."""
    return box.confidence**4 * min(len(box.text), 6) * (1.5 if box.turned_deg == usual else 1.0)


def _is_long(quad: F64) -> bool:
    width, height = _extent(quad)
    return height < _TALL * width


def _turn_back(quad: F64, base: int, shape: tuple[int, ...]) -> F64:
    """From the level image to the one it was made of; ``shape`` is that one's."""
    if base == 0:
        return quad
    return np.stack([shape[1] - 1 - quad[:, 1], quad[:, 0]], axis=1)


def _extent(quad: F64) -> tuple[float, float]:
    """Width and height of a quadrilateral on the page."""
    width = max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3]))
    height = max(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[2] - quad[1]))
    return float(width), float(height)


def _cut(image: U8, quad: F64, turn: int) -> U8:
    """Cut a quadrilateral out of the page and set its text upright."""
    width, height = (max(4, round(side)) for side in _extent(quad))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), corners)
    piece: U8 = np.asarray(cv2.warpPerspective(image, matrix, (width, height)), dtype=np.uint8)
    return upright(piece, turn)


def upright(image: NDArray[np.uint8], turned_deg: int) -> U8:
    """Undo a clockwise turn of 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(image, turned_deg // 90))


def _text_box(quad: F64, read: LineRead, turn: int) -> TextBox:
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    return TextBox(
        text=read.text,
        confidence=read.confidence,
        row=float(top + bottom) / 2,
        col=float(left + right) / 2,
        height_px=float(bottom - top),
        width_px=float(right - left),
        turned_deg=turn,
    )


def cut_out(raster: Raster, box: TextBox) -> U8:
    """The pixels of a box as they lie on the page; empty where it lies off it."""
    row0, row1 = box.row - box.height_px / 2, box.row + box.height_px / 2
    col0, col1 = box.col - box.width_px / 2, box.col + box.width_px / 2
    first, last = max(0, int(row0)), min(raster.height_px, int(row1) + 2)
    if last <= first:
        return np.zeros((0, 0), dtype=np.uint8)
    piece: U8 = raster.read_ink(first, last)[:, max(0, int(col0)) : max(0, int(col1) + 2)]
    return piece


# ---- regions of a raster -----------------------------------------------------------------------


def read_region(
    raster: Raster,
    row0: int,
    row1: int,
    col0: int,
    col1: int,
    reader: TextReader,
    turns: tuple[int, ...] = (0,),
    dpi: float | None = None,
    tile_px: tuple[int, int] = (TILE_ROWS, TILE_OVERLAP),
) -> list[TextBox]:
    """Read all text of a rectangle of a page.

    Parameters
    ----------
    raster : Raster
    row0, row1, col0, col1 : int
        Half-open; clipped to the page.
    reader : TextReader
    turns : tuple of int
        See `TextReader.read`.
    dpi : float, optional
        Resolution of the page where it has been measured. Without it the page is taken to be 8.5 in
        wide, because tags are often wrong.
    tile_px : (int, int)
        Rows of a tile and of the overlap of two, at the resolution of reading. Sideways lines longer
        than the overlap may be cut where tiles meet.

    Returns
    -------
    list of TextBox
        In pixels of the raster, from top to bottom. Tall regions are read by overlapping tiles; a line
        on a seam is given once.
    """
    area = (row0, row1, col0, col1)
    return _by_tiles(raster, area, dpi, tile_px, lambda image: reader.read(image, turns))


def find_region(
    raster: Raster, row0: int, row1: int, reader: TextReader, dpi: float
) -> list[TextBox]:
    """Where the lines of text of some rows are, as `TextReader.find`, in pixels of the raster.

    Costs next to nothing where `read_region` has read the same rows level.
    """
    area = (row0, row1, 0, raster.width_px)
    return _by_tiles(raster, area, dpi, (TILE_ROWS, TILE_OVERLAP), reader.find)


def _by_tiles(
    raster: Raster,
    area: tuple[int, int, int, int],
    dpi: float | None,
    tile_px: tuple[int, int],
    work: Callable[[U8], list[TextBox]],
) -> list[TextBox]:
    """What is found on overlapping tiles of an area (rows, columns), from top to bottom."""
    row0, row1 = max(0, area[0]), min(raster.height_px, area[1])
    col0, col1 = max(0, area[2]), min(raster.width_px, area[3])
    if row1 - row0 < 8 or col1 - col0 < 8:
        return []
    scale = min(2.0, READ_DPI / (dpi or raster.width_px / PAGE_WIDTH_IN))
    tile, overlap = (round(rows / scale) for rows in tile_px)
    boxes: list[TextBox] = []
    for top in range(row0, max(row0 + 1, row1 - overlap), tile - overlap):
        ink = raster.read_ink(top, min(top + tile, row1))[:, col0:col1]
        found = work(rescale(ink, scale))
        boxes = join(boxes, [to_raster(box, scale, top, col0) for box in found])
    return sorted(boxes, key=lambda box: (box.row, box.col))


def rescale(ink: U8, scale: float) -> U8:
    """Ink [rows, cols] at another resolution."""
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(
        cv2.resize(np.ascontiguousarray(ink), size, interpolation=how), dtype=np.uint8
    )


def to_raster(box: TextBox, scale: float, row0: int, col0: int) -> TextBox:
    """From pixels of a rescaled tile (centres at integers) to pixels of the raster."""
    return replace(
        box,
        row=(box.row + 0.5) / scale - 0.5 + row0,
        col=(box.col + 0.5) / scale - 0.5 + col0,
        height_px=box.height_px / scale,
        width_px=box.width_px / scale,
    )


def join(boxes: list[TextBox], more: list[TextBox]) -> list[TextBox]:
    """Boxes with those of a further tile; of two that overlap the larger is kept (a seam cut the other).

    A box that nothing was read in gives way to any other: a nought may stand in the rectangle of a stroke.
    """
    kept = list(boxes)
    for box in more:
        rivals = [other for other in kept if overlap(box, other) > 0.5]
        if all(_outdoes(box, other) for other in rivals):
            kept = [other for other in kept if other not in rivals] + [box]
    return kept


def _outdoes(box: TextBox, other: TextBox) -> bool:
    """Whether a box takes the place of another one: of two that were read, or were not, the larger does."""
    return (bool(box.text), _area(box)) > (bool(other.text), _area(other))


def _area(box: TextBox) -> float:
    return box.height_px * box.width_px


def overlap(a: TextBox, b: TextBox) -> float:
    """Shared area in units of the smaller box."""
    rows = min(a.row + a.height_px / 2, b.row + b.height_px / 2) - max(
        a.row - a.height_px / 2, b.row - b.height_px / 2
    )
    if rows <= 0:  # most pairs of a page
        return 0.0
    cols = min(a.col + a.width_px / 2, b.col + b.width_px / 2) - max(
        a.col - a.width_px / 2, b.col - b.width_px / 2
    )
    return max(0.0, rows) * max(0.0, cols) / max(1e-9, min(_area(a), _area(b)))
