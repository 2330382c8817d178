"""Printed depth numbers: reading them along one depth column.

In: a raster, a depth column, an OCR engine. Out: every number read there with its row, column, turn
and probability, right or wrong; letters, ticks and pieces of curves come out as nothing.
Does not belong here: which of the numbers are to be believed (`depth`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet_core.datatypes import Dpi, Raster, px_at
from veernet_core.page.ocr.engine import LineRead
from veernet_core.page.ocr.recognition import pulled
from veernet_core.page.ocr.text import TextReader, cut_out, read_region, upright
from veernet_core.page.results import TextBox, TrackFound

TURNS = (0, 90, 180, 270)
MAX_DEPTH = 40_000
_TILE_IN, _OVERLAP_IN = 6.0, 0.7
_MARGIN_IN = 0.04
_SPILL_IN = 0.4
_SAMPLE_TILES = 6
_MIN_VOTES, _PLENTY = 3.0, 6.0
"""Votes of round numbers, each at most 1, that decide how numbers are turned, and that need no more tiles."""
_VOTE_SHARE = 0.7
_PUNCTUATION = re.compile(r"[\s.,'’‘`\-–—_:;•°\"~^*|]+")
_NUMBER = re.compile(r"^[A-Za-z]{0,2}(0{0,2}[1-9]\d{1,4})(?:ft|FT|Ft|m|M)?$")


@dataclass(frozen=True, slots=True)
class LabelRead:
    """A number read in a depth column.

    ``row``, ``col``: its centre; ``length_px``, ``width_px``: its extent down and across the page;
    ``turned_deg``: how far it is turned clockwise.
    """

    row: float
    col: float
    value: float
    confidence: float
    length_px: float
    width_px: float
    turned_deg: int


@dataclass(frozen=True, slots=True)
class _Tile:
    row0: int
    row1: int
    col0: int
    col1: int


def read_labels(
    raster: Raster,
    column: TrackFound,
    rows: tuple[float, float],
    reader: TextReader,
    dpi: Dpi,
    zoom: float = 1.0,
) -> list[LabelRead]:
    """Read the numbers of a depth column.

    How the numbers are turned is decided once, on a few tiles spread over the column; only where that
    gives no clear answer are all tiles read in every turn.

    Parameters
    ----------
    raster : Raster
    column : TrackFound
        Where to read; its borders may drift.
    rows : (float, float)
        First and last row.
    reader : TextReader
    dpi : (float, float)
        As measured.
    zoom : float
        Enlargement before reading; bold or blotted print is found better at less than 1.

    Returns
    -------
    list of LabelRead
        From top to bottom.
    """
    tiles = _tiles(raster, column, rows, dpi)
    scale = float(np.mean(dpi)) / zoom
    step = max(1, len(tiles) // _SAMPLE_TILES)
    sample: dict[int, list[LabelRead]] = {}
    for n in range(step // 2, len(tiles), step):
        sample[n] = _read_tile(raster, tiles[n], reader, TURNS, scale)
        read = [label for labels in sample.values() for label in labels]
        if _common_turn(read, _PLENTY) is not None:
            break
    turn = _common_turn([label for labels in sample.values() for label in labels])
    found: list[LabelRead] = []
    for n, tile in enumerate(tiles):
        if turn is None:
            labels = sample.get(n) or _read_tile(raster, tile, reader, TURNS, scale)
        else:
            labels = _read_tile(raster, tile, reader, (turn,), scale)
        found = merge_labels(found, labels)
    return sorted(found, key=lambda label: label.row)


def _tiles(raster: Raster, column: TrackFound, rows: tuple[float, float], dpi: Dpi) -> list[_Tile]:
    """Overlapping windows that follow the column as it drifts."""
    spill = _SPILL_IN * dpi.down
    first, last = max(0, int(rows[0] - spill)), min(raster.height_px, int(rows[1] + spill) + 1)
    height, overlap = round(_TILE_IN * dpi.down), round(_OVERLAP_IN * dpi.down)
    margin = _MARGIN_IN * dpi.across
    tiles = []
    for row0 in range(first, max(first + 1, last - overlap), height - overlap):
        row1 = min(row0 + height, last)
        ends = np.array([row0, (row0 + row1) / 2, row1])
        left = px_at(column.left_knots, ends).min() - margin
        right = px_at(column.right_knots, ends).max() + margin
        tiles.append(_Tile(row0, row1, max(0, int(left)), min(raster.width_px, int(right) + 1)))
    return tiles


def _read_tile(
    raster: Raster, tile: _Tile, reader: TextReader, turns: tuple[int, ...], dpi: float
) -> list[LabelRead]:
    boxes = read_region(raster, tile.row0, tile.row1, tile.col0, tile.col1, reader, turns, dpi)
    return labels_from_boxes(raster, boxes, reader)


def labels_from_boxes(
    raster: Raster, boxes: Sequence[TextBox], reader: TextReader
) -> list[LabelRead]:
    """Numbers among lines of text; lines whose letters touch are read again with these pulled apart, and lines
    that are nearly numbers once more as digits.
    """
    labels = []
    for box in _apart(raster, boxes, reader):
        value = parse_depth(box.text)
        if value is None:
            read = _read_digits(raster, box, reader) if _like_number(box.text) else None
        else:
            read = value, box.confidence
        if read is not None:
            labels.append(_label(box, *read))
    return labels


def _apart(raster: Raster, boxes: Sequence[TextBox], reader: TextReader) -> list[TextBox]:
    """Lines of print; unclear ones as they read with touching letters pulled apart, where that is clearer."""
    lines = [upright(cut_out(raster, box), box.turned_deg) for box in boxes]
    reads = [LineRead(box.text, box.confidence) for box in boxes]
    out = list(boxes)
    for index, (_, read) in pulled(lines, reads, reader).items():
        out[index] = replace(out[index], text=read.text, confidence=read.confidence)
    return out


def _label(box: TextBox, value: float, confidence: float) -> LabelRead:
    return LabelRead(
        box.row, box.col, value, confidence, box.height_px, box.width_px, box.turned_deg
    )


def read_at(
    raster: Raster,
    places: Sequence[tuple[float, float]],
    like: LabelRead,
    reader: TextReader,
) -> list[LabelRead]:
    """Read numbers where they are expected, without looking for text first.

    Parameters
    ----------
    raster : Raster
    places : sequence of (row, col)
        Centres of the expected labels.
    like : LabelRead
        Size and turn of a label of this column; its value plays no part.
    reader : TextReader
    """
    boxes = [
        TextBox("", 0.0, row, col, 1.1 * like.length_px, 1.1 * like.width_px, like.turned_deg)
        for row, col in places
    ]
    lines = [upright(cut_out(raster, box), box.turned_deg) for box in boxes]
    reads = list(reader.recognise(lines))
    for index, (_, read) in pulled(lines, reads, reader).items():
        reads[index] = read
    labels = []
    for box, read in zip(boxes, reads):
        value = parse_depth(read.text)
        if value is not None:
            labels.append(_label(box, value, read.confidence))
    return labels


def parse_depth(text: str) -> float | None:
    """The depth a line of text states, or None."""
    match = _NUMBER.match(_PUNCTUATION.sub("", text))
    if match is None or int(match[1]) > MAX_DEPTH:
        return None
    return float(match[1])


def _like_number(text: str) -> bool:
    """Whether at least half of two to six characters are digits or look like some."""
    text = _PUNCTUATION.sub("", text)
    return 2 <= len(text) <= 6 and 2 * sum(
        c in "0123456789OoQDIl|/!iZzASsGbTB" for c in text
    ) >= len(text)


def _read_digits(raster: Raster, box: TextBox, reader: TextReader) -> tuple[float, float] | None:
    """Read a box once more, as digits only."""
    read = reader.recognise([upright(cut_out(raster, box), box.turned_deg)], digits_only=True)[0]
    value = parse_depth(read.text)
    return None if value is None else (value, read.confidence)


def _common_turn(labels: Sequence[LabelRead], least: float = _MIN_VOTES) -> int | None:
    """The turn that round numbers vote for, or None where they do not agree or are too few."""
    votes = dict.fromkeys(TURNS, 0.0)
    for label in labels:
        if label.value >= 100 and label.value % 25 == 0:
            votes[label.turned_deg] += label.confidence**2
    best = max(TURNS, key=lambda turn: votes[turn])
    if votes[best] < max(least, _VOTE_SHARE * sum(votes.values())):
        return None
    return best


def merge_labels(labels: Sequence[LabelRead], more: Sequence[LabelRead]) -> list[LabelRead]:
    """Add labels; of two readings of one place the longer and surer one stays."""
    kept = list(labels)
    for label in more:
        near = [n for n in range(len(kept) - 1, -1, -1) if _same_place(kept[n], label)]
        if not near:
            kept.append(label)
        elif _rank(label) > _rank(kept[near[0]]):
            kept[near[0]] = label
    return kept


def _same_place(a: LabelRead, b: LabelRead) -> bool:
    reach = max(a.length_px, b.length_px) / 2
    return abs(a.row - b.row) < reach and abs(a.col - b.col) < 2 * reach


def _rank(label: LabelRead) -> tuple[float, float]:
    return len(f"{label.value:.0f}") * (label.confidence > 0.6), label.confidence
