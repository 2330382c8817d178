"""Text on a page: an OCR engine behind a small protocol, and reading a region of a raster with it.

In: ink (0 paper, 255 ink) and the turns text may have. Out: ``TextBox``es. The engine (RapidOCR's PP-OCR
models on ONNX Runtime) carries its models in its wheel and needs no network; it is loaded on first use.
Does not belong here: what a text means (`depth`, the header readers), and where text may be expected.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F32, F64, U8, Raster
from veernet_core.page.results import TextBox

READ_DPI = 200.0
"""Resolution at which regions are read: print of 8 points is then about 20 px tall."""
DIGITS = "0123456789"
_DETECT_SCALE = 0.75
_LINE_HEIGHT = 48
_BATCH = 8
_TALL = 1.5
TILE_ROWS, TILE_OVERLAP = 1200, 160
_PAGE_WIDTH_IN = 8.5
_TURNS = (0, 90, 180, 270)
_SAME_PLACE = 0.4
_ALPHABET = frozenset(map(chr, range(32, 127))) | frozenset("°²³µμΩ½¼¾±×•–—’“”")
_LOOKALIKES = {
    "0": "OoQD",
    "1": "Il|/!i",
    "2": "Zz",
    "4": "A",
    "5": "Ss",
    "6": "Gb",
    "7": "T?",
    "8": "B",
}


@dataclass(frozen=True, slots=True)
class LineRead:
    """What one line of text says, and the mean probability of its characters (0 if empty)."""

    text: str
    confidence: float


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
    """

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._engine: _Engine | None = None

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
        out = [LineRead("", 0.0)] * len(lines)
        usable = [i for i, line in enumerate(lines) if min(line.shape) >= 4]
        usable.sort(key=lambda i: lines[i].shape[1] / lines[i].shape[0])
        for start in range(0, len(usable), _BATCH):
            part = usable[start : start + _BATCH]
            for i, read in zip(
                part, self._models().recognise([lines[i] for i in part], digits_only)
            ):
                out[i] = read
        return out

    def _models(self) -> _Engine:
        with self._lock:
            if self._engine is None:
                self._engine = _Engine(self._threads)
            return self._engine


class _Engine:
    """The two networks of RapidOCR: where text is, and what one line says."""

    def __init__(self, threads: int) -> None:
        from rapidocr import RapidOCR  # loads ONNX Runtime: only when something is to be read

        runtime = "EngineConfig.onnxruntime"
        engine: Any = RapidOCR(
            params={
                "Global.log_level": "error",
                f"{runtime}.intra_op_num_threads": threads,
                f"{runtime}.inter_op_num_threads": 1,
                "Det.limit_type": "max",
                "Det.limit_side_len": 4096,
            }
        )
        self._detector: Any = engine._load_det_model()
        self._recogniser: Any = engine._load_rec_model()
        characters: list[str] = list(self._recogniser.postprocess_op.character)
        self._classes = [i for i, c in enumerate(characters) if i == 0 or c in _ALPHABET]
        self._characters = [characters[i] for i in self._classes]
        self._digit_classes = [
            [characters.index(c) for c in digit + _LOOKALIKES.get(digit, "") if c in characters]
            for digit in DIGITS
        ]

    def detect(self, image: U8) -> list[F64]:
        """Corners of each line of text: float64 [4, 2] of (col, row), clockwise from the top left."""
        size = (
            max(32, round(image.shape[1] * _DETECT_SCALE)),
            max(32, round(image.shape[0] * _DETECT_SCALE)),
        )
        paper = cv2.resize(255 - image, size, interpolation=cv2.INTER_AREA)
        found = self._detector(cv2.cvtColor(paper, cv2.COLOR_GRAY2BGR))
        if found.boxes is None:
            return []
        back = np.array([image.shape[1] / size[0], image.shape[0] / size[1]])
        return [np.asarray(quad, dtype=np.float64) * back for quad in found.boxes]

    def recognise(self, lines: Sequence[U8], digits_only: bool) -> list[LineRead]:
        """Read one batch of upright lines."""
        posterior: F32 = self._recogniser.session(_batch(lines))
        if digits_only:
            blank = posterior[..., :1]
            digits = [
                posterior[..., classes].sum(-1, keepdims=True) for classes in self._digit_classes
            ]
            return [_greedy(p, ["", *DIGITS]) for p in np.concatenate([blank, *digits], axis=-1)]
        return [_greedy(p, self._characters) for p in posterior[..., self._classes]]


def _batch(lines: Sequence[U8]) -> F32:
    """Lines scaled to the network's height, paper white, padded to one width: float32 [n, 3, 48, width]."""
    widths = [max(16, round(line.shape[1] * _LINE_HEIGHT / line.shape[0])) for line in lines]
    width = max(96, 16 * -(-max(widths) // 16))
    batch = np.zeros((len(lines), 3, _LINE_HEIGHT, width), dtype=np.float32)
    for n, (line, own) in enumerate(zip(lines, widths)):
        shrinks = line.shape[0] > _LINE_HEIGHT
        scaled = cv2.resize(
            line, (own, _LINE_HEIGHT), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        batch[n, :, :, :own] = 1.0 - scaled.astype(np.float32) / 127.5
    return batch


def _greedy(posterior: F32, characters: Sequence[str]) -> LineRead:
    """Best path through a connectionist posterior [steps, classes]; class 0 is the blank."""
    best = posterior.argmax(axis=1)
    keep = (best > 0) & np.concatenate([[True], best[1:] != best[:-1]])
    if not keep.any():
        return LineRead("", 0.0)
    text = "".join(characters[c] for c in best[keep])
    return LineRead(text.strip(), float(posterior.max(axis=1)[keep].mean()))


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
    row0, row1 = max(0, row0), min(raster.height_px, row1)
    col0, col1 = max(0, col0), min(raster.width_px, col1)
    if row1 - row0 < 8 or col1 - col0 < 8:
        return []
    scale = min(2.0, READ_DPI / (dpi or raster.width_px / _PAGE_WIDTH_IN))
    tile, overlap = (round(rows / scale) for rows in tile_px)
    boxes: list[TextBox] = []
    for top in range(row0, max(row0 + 1, row1 - overlap), tile - overlap):
        ink = raster.read_ink(top, min(top + tile, row1))[:, col0:col1]
        found = reader.read(rescale(ink, scale), turns)
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
    """Boxes with those of a further tile; of two that overlap the larger is kept (a seam cut the other)."""
    kept = list(boxes)
    for box in more:
        rivals = [other for other in kept if overlap(box, other) > 0.5]
        if all(_area(box) > _area(other) for other in rivals):
            kept = [other for other in kept if other not in rivals] + [box]
    return kept


def _area(box: TextBox) -> float:
    return box.height_px * box.width_px


def overlap(a: TextBox, b: TextBox) -> float:
    """Shared area in units of the smaller box."""
    rows = min(a.row + a.height_px / 2, b.row + b.height_px / 2) - max(
        a.row - a.height_px / 2, b.row - b.height_px / 2
    )
    cols = min(a.col + a.width_px / 2, b.col + b.width_px / 2) - max(
        a.col - a.width_px / 2, b.col - b.width_px / 2
    )
    return max(0.0, rows) * max(0.0, cols) / max(1e-9, min(_area(a), _area(b)))
