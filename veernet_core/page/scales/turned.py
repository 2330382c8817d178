"""Scales that are printed on their side, down the grid: as on mud logs of horizontal holes.

In: the raster, a section and its layout. Out: `TurnedScale`s, one for each time a scale is printed. Such a
log is read lying: across a track stand the numbers of all its scales at one border, their names, and the
numbers at the other border, each in the colour of its pen, again and again down the log. What stands together
is laid out as an upright block, so that the same fitted models read it.
Does not belong here: what repeated scales say together (`repeated`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet_core.datatypes import U8, Dpi, Raster
from veernet_core.page.ocr.components import LETTER_INK, Print, find_print
from veernet_core.page.ocr.layers import layer_inks, pens_of
from veernet_core.page.ocr.recognition import recognised_at
from veernet_core.page.ocr.rules import without_rules
from veernet_core.page.ocr.text import READ_DPI, TextReader, rescale, to_raster
from veernet_core.page.results import CurveFound, PenNamed, SectionFound, TextBox
from veernet_core.page.scales.binder import curves_of, read_block_scales
from veernet_core.page.scales.candidates import BlockText, Frame, block_text
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.legend_names import is_name, names_on_side
from veernet_core.page.scales.scorer import ScaleScorer
from veernet_core.page.scales.tokens import Edit, numbers_of, read_tokens

LEAST_TURNED = 0.5
"""Probability from which a scale that is printed on its side counts."""
_BORDER_IN = 0.012
"""Half the width of a border."""
_LEGEND_IN = 2.5
"""How far above the grid names of pens are looked for."""
_WINDOW_IN, _SEAM_IN = 13.0, 1.5
_LETTER_IN = (0.045, 0.16)
"""Height of print down a log, inches."""
_ALIGNED = 0.6
"""How far apart print begins that stands together, in heights of it."""
_BEHIND, _CORE = 0.25, 0.3
"""How far behind print its next figure would stand, in heights, what is left out above and below, of its
height, and ink that counts, of 255."""
_FRONT = 0.4
"""How far behind the others print may begin, in heights: a figure more, and one is lost before it."""
_EDITS: tuple[Edit, ...] = ("none", "letters", "point")
"""What may be changed in print to make a number of it: no rule stands beside it."""
_BORDER = 0.36
"""Share of the track's width at each border where numbers of its scales stand."""
_LINE = 2.0
"""Distance of lines in the upright block, in heights of print."""
_GAP = 0.3
_SAME_ROW_IN = 0.08


@dataclass(frozen=True, slots=True)
class TurnedScale:
    """A scale as it is printed at one place of the log; ``row``: where its print begins."""

    row: float
    curve: CurveFound


@dataclass(frozen=True, slots=True)
class TurnedPrint:
    """What is printed on its side in a section: scales, and the names of legends."""

    scales: tuple[TurnedScale, ...]
    legends: tuple[PenNamed, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Numbers of one pen at both borders of a track, and the name between them, where it was read.

    ``row``: where they begin, on the page. Boxes are in pixels of the lying picture.
    """

    row: float
    first: TextBox
    last: TextBox
    names: tuple[TextBox, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """What was read on a track with the page turned: pairs, and names without numbers (legends)."""

    pairs: tuple[_Pair, ...] = ()
    legend: tuple[TextBox, ...] = ()


def read_turned(
    raster: Raster,
    section: SectionFound,
    dpi: Dpi,
    reader: TextReader,
    scorer: ScaleScorer,
) -> TurnedPrint:
    """Read the scales of a section that are printed on their side.

    Parameters
    ----------
    raster : Raster
        In colour.
    section : SectionFound
    dpi : Dpi
    reader : TextReader
    scorer : ScaleScorer

    Returns
    -------
    TurnedPrint
        Scales by track, each from top to bottom; those of one track and place are read together. None where
        the first stretch of the section shows none.
    """
    lying = _Lying(raster, section, dpi, reader)
    windows = list(_windows(section, raster.height_px, dpi.down))

    def printed(turn: int, count: int) -> TurnedPrint:
        sides = lying.read(turn, windows[:count])
        scales = [
            scale
            for index, side in sides.items()
            for scale in _scales_of(side, section, index, turn, dpi.across, scorer)
        ]
        names = [n for k, side in sides.items() for n in names_on_side(side.legend, section, k)]
        return TurnedPrint(tuple(scales), tuple(names))

    begun = {turn: printed(turn, 1) for turn in (90, 270)}
    turn = max(begun, key=lambda t: sum(s.curve.left.confidence for s in begun[t].scales))
    if all(s.curve.left.confidence < LEAST_TURNED for s in begun[turn].scales):
        return TurnedPrint((), begun[turn].legends)
    return printed(turn, len(windows)) if len(windows) > 1 else begun[turn]


# ---- finding ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lying:
    """A section whose print is turned, and what reads it."""

    raster: Raster
    section: SectionFound
    dpi: Dpi
    reader: TextReader

    def read(self, turn: int, windows: Sequence[tuple[int, int]]) -> dict[int, _Side]:
        """What stands on each track if its print is turned clockwise by ``turn``; rows are read once."""
        indices = [k for k, track in enumerate(self.section.tracks) if track.kind == "curves"]
        pairs: dict[int, list[_Pair]] = {k: [] for k in indices}
        legend: dict[int, list[TextBox]] = {k: [] for k in indices}
        for rows in windows:
            rgb = self.raster.read_rgb(*rows)
            for k in indices:
                new, names = self._read_window(rgb, rows, k, turn)
                pairs[k] += new
                legend[k] += names
        near = _SAME_ROW_IN * self.dpi.down
        return {k: _Side(tuple(_once(pairs[k], near)), tuple(legend[k])) for k in indices}

    def _read_window(
        self, rgb: U8, rows: tuple[int, int], index: int, turn: int
    ) -> tuple[list[_Pair], list[TextBox]]:
        """Pairs and legend of one track in a window."""
        row0, row1 = rows
        scale = min(3.0, READ_DPI / self.dpi.across)
        picture = _lying(rgb, self.section, index, rows, turn, self.dpi.across)
        # columns of the picture that show the legend, above the grid
        above = self.section.row_top - _SAME_ROW_IN * self.dpi.down - row0
        shown = (above, math.inf) if turn == 90 else (-math.inf, row1 - 1 - row0 - above)
        pairs: list[_Pair] = []
        legend: list[TextBox] = []
        for layer in _layers(picture, scale):
            new, names = _read_layer(layer, self.reader, scale, picture.shape[0], shown)
            begins = [row0 + p.row if turn == 90 else row1 - 1 - p.row for p in new]
            pairs += [replace(p, row=row) for p, row in zip(new, begins)]
            legend += names
        return pairs, legend


def _windows(section: SectionFound, height: int, dpi: float) -> Iterator[tuple[int, int]]:
    """Rows of a section, its legend included, in parts that overlap."""
    top = int(max(0, section.row_top - _LEGEND_IN * dpi))
    bottom = int(min(height, section.row_bottom))
    step = int((_WINDOW_IN - _SEAM_IN) * dpi)
    for row0 in range(top, max(top + 1, bottom - int(_SEAM_IN * dpi)), step):
        yield row0, min(bottom, row0 + int(_WINDOW_IN * dpi))


def _lying(
    rgb: U8,
    section: SectionFound,
    index: int,
    rows: tuple[int, int],
    turn: int,
    dpi: float,
) -> U8:
    """A track turned back so that its print stands upright, uint8 [cols, rows, 3]."""
    track = section.tracks[index]
    middle = float(np.clip(sum(rows) / 2, section.row_top, section.row_bottom))
    left, right = track.borders_at(middle)
    inset = max(1, round(_BORDER_IN * dpi))  # the borders themselves are no print
    a, b = max(0, round(left) + inset), min(rgb.shape[1], round(right) + 1 - inset)
    return np.ascontiguousarray(np.rot90(rgb[:, a:b], turn // 90))


@dataclass(frozen=True, slots=True)
class _Layer:
    """Ink of one pen at the resolution of reading, without ruled lines, and the print found in it."""

    tint: str
    ink: U8
    found: tuple[Print, ...]


def _layers(picture: U8, scale: float) -> Iterator[_Layer]:
    low, high = (inches * READ_DPI for inches in _LETTER_IN)
    pens = pens_of(picture)
    for tint, layer in zip(pens, layer_inks(picture, pens)):
        ink, walls = without_rules(rescale(layer, scale), READ_DPI)
        found = [p for p in find_print(ink, READ_DPI, walls) if low <= p.height <= high]
        yield _Layer(tint, ink, tuple(found))


def _read_layer(
    layer: _Layer, reader: TextReader, scale: float, width: int, shown: tuple[float, float]
) -> tuple[list[_Pair], list[TextBox]]:
    """Pairs of numbers in the ink of one pen, and phrases of its legend.

    Only print that begins where other print does, at both borders of the track, is read, and the legend:
    what stands outside of the columns ``shown``. ``width`` of the track in pixels of the page.
    """
    groups = [g for g in _aligned(layer.found) if _spans(g, scale, width)]
    outside = [p for p in layer.found if not shown[0] <= p.col0 / scale <= shown[1]]
    found = list(dict.fromkeys([*itertools.chain(*groups), *outside]))
    known = {
        p: replace(to_raster(box, scale, 0, 0), tint=layer.tint)
        for p, box in recognised_at(layer.ink, found, reader)
    }
    pairs: list[_Pair] = []
    for group in groups:
        if shown[0] <= group[0].col0 / scale <= shown[1]:
            own = [p for p in group if p in known]
            begins = min((p.col0 for p in own), default=0)
            whole = [
                p
                for p in own
                if not _goes_on(p, layer.ink) and p.col0 - begins <= _FRONT * p.height
            ]
            pairs += _pairs(sorted((known[p] for p in whole), key=lambda b: b.row), width)
    return pairs, [known[p] for p in outside if p in known and is_name(known[p].text)]


def _goes_on(p: Print, ink: U8) -> bool:
    """Whether ink of the pen stands right behind print: its last figures may be lost in the curve."""
    margin = round(_CORE * (p.row1 - p.row0))
    behind = ink[p.row0 + margin : p.row1 - margin, p.col1 : p.col1 + round(_BEHIND * p.height)]
    return bool((behind >= LETTER_INK).any())


def _aligned(found: Sequence[Print]) -> list[tuple[Print, ...]]:
    """Print that begins at one place along the log."""
    groups: list[list[Print]] = []
    for p in sorted(found, key=lambda p: p.col0):
        last = groups[-1] if groups else None
        if last is not None and p.col0 - last[0].col0 < _ALIGNED * last[0].height:
            last.append(p)
        else:
            groups.append([p])
    return [tuple(group) for group in groups]


def _spans(group: Sequence[Print], scale: float, width: int) -> bool:
    """Whether print stands at both borders of the track."""
    places = [(p.row0 + p.row1) / 2 / scale / width for p in group]
    return min(places) < _BORDER and max(places) > 1 - _BORDER


def _pairs(boxes: Sequence[TextBox], width: int) -> list[_Pair]:
    """Numbers at both borders, one above the other in the same order; none where their counts differ."""
    numbers = [b for b in boxes if numbers_of(b.text)]
    firsts = [b for b in numbers if b.row < _BORDER * width]
    lasts = [b for b in numbers if b.row > (1 - _BORDER) * width]
    names = tuple(b for b in boxes if is_name(b.text))
    if len(firsts) != len(lasts):
        return []
    own = [(name,) for name in names] if len(names) == len(firsts) else [names] * len(firsts)
    return [
        _Pair(min(a.col - a.width_px / 2, b.col - b.width_px / 2), a, b, n)
        for a, b, n in zip(firsts, lasts, own, strict=True)
    ]


def _once(pairs: Sequence[_Pair], near: float) -> list[_Pair]:
    """Pairs from top to bottom; what two windows both saw counts once."""
    out: list[_Pair] = []
    for pair in sorted(pairs, key=lambda p: (p.row, -len(p.names))):
        again = any(
            abs(pair.row - p.row) < near
            and pair.first.tint == p.first.tint
            and abs(pair.first.row - p.first.row) < pair.first.height_px / 2
            for p in out[-8:]
        )
        out += [] if again else [pair]
    return out


def _scales_of(
    side: _Side,
    section: SectionFound,
    index: int,
    turn: int,
    dpi: float,
    scorer: ScaleScorer,
) -> list[TurnedScale]:
    """Every place of a track read as an upright block."""
    names = _known_names(side)
    out = []
    for group in _places(side.pairs):
        block = _upright(group, names, section, index, turn, dpi)
        for curve in curves_of(read_block_scales(block, scorer, _EDITS), block, section):
            tint = _tint_at(curve, block)
            out.append(TurnedScale(group[0].row, replace(curve, colour=tint or None)))
    return out


def _known_names(side: _Side) -> dict[str, TextBox]:
    """The name of each pen: the phrase of its colour that is read most often and most clearly; the pen itself
    may run over it.
    """
    weight: dict[tuple[str, str], float] = {}
    for box in (*side.legend, *(n for p in side.pairs for n in p.names)):
        key = box.tint, box.text
        weight[key] = weight.get(key, 0.0) + box.confidence**2 * math.sqrt(len(box.text))
    best: dict[str, TextBox] = {}
    for box in (*side.legend, *(n for p in side.pairs for n in p.names)):
        known = best.get(box.tint)
        if known is None or weight[box.tint, box.text] > weight[known.tint, known.text]:
            best[box.tint] = box
    return best


def _places(pairs: Sequence[_Pair]) -> list[list[_Pair]]:
    """Pairs that begin at one place of the log."""
    out: list[list[_Pair]] = []
    for pair in pairs:
        if out and pair.row - out[-1][0].row < 2 * _ALIGNED * pair.first.height_px:
            out[-1].append(pair)
        else:
            out.append([pair])
    return out


def _upright(
    group: Sequence[_Pair],
    names: dict[str, TextBox],
    section: SectionFound,
    index: int,
    turn: int,
    dpi: float,
) -> BlockText:
    """Print of one place as a block of lines: a number at the left border, a name, a number at the right."""
    track = section.tracks[index]
    left, right = track.borders_at(group[0].row)
    order = sorted(group, key=lambda p: p.first.row)
    height = float(np.median([p.first.height_px for p in order]))
    foot = float(section.row_top)
    boxes: list[TextBox] = []
    for number, pair in enumerate(order):
        row = foot - (len(order) - number) * _LINE * height
        # turned clockwise, the top of the lying picture is the right border
        at_left, at_right = (pair.last, pair.first) if turn == 90 else (pair.first, pair.last)
        inset = _GAP * height
        boxes.append(replace(at_left, row=row, col=left + inset + at_left.width_px / 2))
        boxes.append(replace(at_right, row=row, col=right - inset - at_right.width_px / 2))
        shared = sum(p.first.tint == pair.first.tint for p in order) > 1
        name = pair.names[0] if shared and pair.names else names.get(pair.first.tint)
        boxes += [] if name is None else [replace(name, row=row, col=(left + right) / 2)]
    for number, name in enumerate(names.values()):  # the legend of the pens
        row = foot - (len(order) + 2 + number) * _LINE * height
        boxes.append(replace(name, row=row, col=(left + right) / 2))
    lines = len(order) + len(names) + 4
    top = int(foot - lines * _LINE * height)
    blank = np.zeros((max(1, int(foot) - top), int(right) + 8), dtype=np.uint8)
    ink = ScaleInk(blank, top, 0.0, dpi, foot)
    frame = Frame(left, right, (index, index), "track", track.scale, track.decades)
    return block_text(read_tokens(boxes, 0.0, 0.0), ink, [frame])


def _tint_at(curve: CurveFound, block: BlockText) -> str:
    """The colour of the numbers that a curve was read from."""
    near = [t for t in block.tokens if abs(t.y - curve.left.row) < 0.6 * t.height and t.is_number]
    return near[0].tint if near else ""
