"""Scales of a page: every section's block read by print, candidates and the fitted models, then voted on.

In: the raster, the layout and an OCR engine. Out: ``CurveFound``s bound to tracks. A log repeats its scales (in
a repeat section, at another depth scale, below its foot): what several blocks say is weighed (`voting`), and a
track whose own block is illegible takes the scales of the same track elsewhere.
Does not belong here: how a block is read (`binder`), and the layout.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from veernet_core.datatypes import F64, Dpi, Raster
from veernet_core.page.models import SHIPPED, PageModels
from veernet_core.page.ocr.marked import PrintMarks, PrintNets
from veernet_core.page.ocr.print_reading import read_print
from veernet_core.page.ocr.text import TextReader, join
from veernet_core.page.ocr.tints import hued_ink
from veernet_core.page.results import CurveFound, PageLayout, PenNamed, SectionFound, TextBox
from veernet_core.page.scales.arrows import arrow_scales
from veernet_core.page.scales.binder import curves_of, read_block_scales
from veernet_core.page.scales.candidates import BlockText, block_text, frames_of
from veernet_core.page.scales.colours import print_colours
from veernet_core.page.scales.divisions import division_scales
from veernet_core.page.scales.halves import with_halves
from veernet_core.page.scales.ink import ScaleInk, find_tilt
from veernet_core.page.scales.legend import (
    held_by_legend,
    with_legend_strokes,
    with_legend_tints,
)
from veernet_core.page.scales.legend_names import names_beside_lines, shared_by_legend
from veernet_core.page.scales.printed_tracks import with_printed_tracks
from veernet_core.page.scales.repeated import with_repeated
from veernet_core.page.scales.scorer import SHIPPED as SCORER_FILE
from veernet_core.page.scales.scorer import SURE, ScaleScorer, shipped_scorer, unpack_scorer
from veernet_core.page.scales.series import with_series
from veernet_core.page.scales.tokens import read_tokens
from veernet_core.page.scales.turned import read_turned
from veernet_core.page.scales.voting import voted, with_foot

ABOVE_IN, TILT_IN = 5.5, 6.0
"""How far above a grid its scales are looked for, and how much of that shows the tilt of the print."""
HIGHEST_IN = 12.0
"""How far above a grid scales may stand in boxes that reach down to it."""
_STEP_IN, _STRAY_IN, _RUNNING, _INKED = 0.5, 0.03, 0.9, 80
"""How boxes are followed upward: rows at a time, how far a border may stray from its column, what share of the
rows it inks, and from which darkness, of 255."""
INTO_GRID_IN, INTO_COLOUR_GRID_IN = 0.6, 1.2
"""How far into the grid scales may be printed; digital logs print them in the first rows."""
DEEPER_IN, _SEAM_IN = 1.2, 0.3
"""How much further down scales are looked for where a track has none or more may follow, as mud logs print them
where drilling began; and how far that begins above."""
NEXT_ROW_IN, _SAME_ROW_IN = 0.5, 0.04
"""How far below a scale the next one of its track stands at most, and what counts as one row."""
_STROKES, _ON_BORDER_IN = ("1", "I", "l", "|", "!"), 0.01
"""How a border reads as print, and how far its middle may lie from where the layout has it: a line's width."""
_LOWEST_FOOT_IN = 0.2
"""Height from which there may be a row of print below a log."""
_LEAST_DEEPER = 0.5
"""Probability from which what is found there counts as a scale."""
PRINT_FILE = "veernet-print.safetensors"
"""Name of the print network among the fitted models."""


class ScaleReader(TextReader, PrintNets, Protocol):
    """What reading scales needs from outside: an OCR engine and the print network, in one object."""


def read_scales(
    raster: Raster,
    layout: PageLayout,
    reader: ScaleReader,
    models: PageModels = SHIPPED,
) -> tuple[CurveFound, ...]:
    """Read the scales of all sections that show curves.

    Parameters
    ----------
    raster : Raster
        Upright.
    layout : PageLayout
    reader : ScaleReader
    models : PageModels
        May hold another scorer or print network than the shipped one.

    Returns
    -------
    tuple of CurveFound
        In the order of sections, tracks and rows.
    """
    return _read(raster, layout, reader, models, adding=False)[1]


def read_scales_and_tracks(
    raster: Raster,
    layout: PageLayout,
    reader: ScaleReader,
    models: PageModels = SHIPPED,
) -> tuple[PageLayout, tuple[CurveFound, ...], tuple[PenNamed, ...]]:
    """As ``read_scales``, with tracks that only the print of scales tells added to the layout, and with the
    names that legends put beside pens.
    """
    return _read(raster, layout, reader, models, adding=True)


def _read(
    raster: Raster, layout: PageLayout, reader: ScaleReader, models: PageModels, adding: bool
) -> tuple[PageLayout, tuple[CurveFound, ...], tuple[PenNamed, ...]]:
    """The scales of all sections, the layout with the tracks that they tell, where these are asked for, and the
    names of legends.
    """
    scorer = models.load(SCORER_FILE, unpack_scorer, shipped_scorer)
    net = reader.print_net(models.files.get(PRINT_FILE))
    sections = [s for s in sorted(layout.sections, key=lambda s: s.row_top) if _is_log(s)]
    found: list[list[CurveFound]] = []
    legends: list[PenNamed] = []
    above = 0.0
    for number, section in enumerate(sections):
        if adding:
            section = sections[number] = with_halves(raster, section, layout.dpi)
        rows = block_rows(raster, section, above, layout.dpi)
        boxes = read_block_print(raster, section, rows, reader, layout.dpi, net)
        told = with_printed_tracks(raster, section, boxes, layout.dpi) if adding else section
        if told is not section:
            section = sections[number] = told
        block = block_of(raster, section, boxes, rows, layout.dpi)
        curves = _curves(raster, section, boxes, block, scorer)
        named = names_beside_lines(block, section)
        legends += [name for own in named.values() for name in own]
        near_end = NEXT_ROW_IN * layout.dpi.down
        late = _unfinished(section, curves, rows[1] - near_end)
        while late and raster.is_colour:
            boxes, rows = _deeper(raster, section, boxes, rows, layout.dpi, reader, net)
            block = block_of(raster, section, boxes, rows, layout.dpi)
            deeper = _curves(raster, section, boxes, block, scorer)
            more = _following(deeper, curves, late, layout.dpi)
            curves += more
            late = {c.track_index for c in more if c.left.row >= rows[1] - near_end}
        curves = shared_by_legend(curves, named)
        if section is sections[-1] and not _all_sure(section, curves):
            curves = with_foot(curves, _at_foot(raster, section, layout.dpi, reader, net, scorer))
        found.append(curves)
        above = section.row_bottom
    by_id = {section.section_id: section for section in sections}
    told_by = tuple(by_id.get(s.section_id, s) for s in layout.sections)
    told_of = tuple(curve for own in voted(sections, found) for curve in own)
    return replace(layout, sections=told_by), told_of, tuple(legends)


def _is_log(section: SectionFound) -> bool:
    return section.kind in ("main", "repeat") and any(t.kind == "curves" for t in section.tracks)


def _curves(
    raster: Raster,
    section: SectionFound,
    boxes: Sequence[TextBox],
    block: BlockText,
    scorer: ScaleScorer,
) -> list[CurveFound]:
    """The scales that the print of a block tells."""
    curves = curves_of(read_block_scales(block, scorer), block, section)
    curves += division_scales(boxes, block, section, curves)
    curves += arrow_scales(boxes, block, section, curves)
    curves = with_series(print_colours(curves, block, raster), block)
    return held_by_legend(with_legend_strokes(curves, block), block)


def _all_sure(section: SectionFound, curves: Sequence[CurveFound]) -> bool:
    """Whether every track of curves has scales, all of them sure."""
    tracks = {n for n, t in enumerate(section.tracks) if t.kind == "curves"}
    read = {c.track_index for c in curves}
    return tracks <= read and all(c.left.confidence >= SURE for c in curves)


def _at_foot(
    raster: Raster,
    section: SectionFound,
    dpi: Dpi,
    reader: TextReader,
    net: PrintMarks | None,
    scorer: ScaleScorer,
) -> list[CurveFound]:
    """The scales that are printed once more below the foot of a log; none where the page ends there."""
    first = round(section.row_bottom - INTO_GRID_IN * dpi.down)
    last = round(min(raster.height_px, section.row_bottom + ABOVE_IN * dpi.down))
    if last - section.row_bottom < _LOWEST_FOOT_IN * dpi.down:
        return []
    rows = max(0, first), last
    below = replace(section, row_top=section.row_bottom, row_bottom=float(last))
    boxes = read_block_print(raster, below, rows, reader, dpi, net)
    block = block_of(raster, below, boxes, rows, dpi)
    block = replace(block, ink=replace(block.ink, is_below=True))
    return _curves(raster, below, boxes, block, scorer)


def _unfinished(section: SectionFound, curves: Sequence[CurveFound], row: float) -> set[int]:
    """Tracks of curves for which no scale was read, or one so far down that more may follow below the row."""
    read = {
        n
        for c in curves
        if c.left.row < row
        for n in range(c.track_index, (c.last_track or c.track_index) + 1)
    }
    late = {c.track_index for c in curves if c.left.row >= row}
    return ({n for n, t in enumerate(section.tracks) if t.kind == "curves"} - read) | late


def _following(
    deeper: Sequence[CurveFound], curves: Sequence[CurveFound], tracks: set[int], dpi: Dpi
) -> list[CurveFound]:
    """Of scales found further down the likely ones that stand next below those of their track."""
    rows = {
        k: max((c.left.row for c in curves if c.track_index == k), default=None) for k in tracks
    }
    out = []
    for curve in sorted(deeper, key=lambda c: c.left.row):
        if curve.track_index not in tracks or curve.left.confidence < _LEAST_DEEPER:
            continue
        last = rows[curve.track_index]
        if last is not None:
            gap_in = (curve.left.row - last) / dpi.down
            if not _SAME_ROW_IN < gap_in <= NEXT_ROW_IN:
                continue
        rows[curve.track_index] = curve.left.row
        out.append(curve)
    return out


def _deeper(
    raster: Raster,
    section: SectionFound,
    boxes: Sequence[TextBox],
    rows: tuple[int, int],
    dpi: Dpi,
    reader: TextReader,
    net: PrintMarks | None,
) -> tuple[list[TextBox], tuple[int, int]]:
    """Print of a block and of some more rows of the grid below it."""
    first = rows[1] - round(_SEAM_IN * dpi.down)
    last = int(min(raster.height_px, section.row_bottom, rows[1] + DEEPER_IN * dpi.down))
    if last <= rows[1]:  # the page or the section ends there
        return list(boxes), rows
    more = read_block_print(raster, section, (first, last), reader, dpi, net)
    return sorted(join(list(boxes), more), key=lambda b: (b.row, b.col)), (rows[0], last)


def read_block_print(
    raster: Raster,
    section: SectionFound,
    rows: tuple[int, int],
    reader: TextReader,
    dpi: Dpi,
    net: PrintMarks | None,
) -> list[TextBox]:
    """The print of a block without the borders of the tracks below it, which run up between the scales."""
    courses = _courses(section, rows, _tilt(raster, rows, dpi))
    return read_print(raster, *rows, reader, dpi.across, net, courses)


def _courses(section: SectionFound, rows: tuple[int, int], tilt: float) -> F64:
    """Borders of tracks, float64 [n, 2]: column in the first row, and columns to the right in a row."""
    at_top = {b for f in frames_of(section) if f.kind != "part" for b in (f.left, f.right)}
    borders = [(b + tilt * (section.row_top - rows[0]), -tilt) for b in sorted(at_top)]
    return np.array(borders, dtype=np.float64).reshape(-1, 2)


def _tilt(raster: Raster, rows: tuple[int, int], dpi: Dpi) -> float:
    """Tilt of the print next to the grid, rows per column."""
    last = min(rows[1], raster.height_px)
    return find_tilt(raster.read_ink(max(rows[0], last - round(TILT_IN * dpi.down)), last))


def block_rows(raster: Raster, section: SectionFound, above: float, dpi: Dpi) -> tuple[int, int]:
    """Rows, half-open, where the scales of a section may be printed; ``above``: where the one before ends."""
    into = INTO_COLOUR_GRID_IN if raster.is_colour else INTO_GRID_IN
    row0 = int(max(0.0, above, section.row_top - ABOVE_IN * dpi.down))
    row0 = _top_of_boxes(raster, section, row0, int(max(0.0, above)), dpi)
    return row0, max(row0 + 8, int(min(raster.height_px, section.row_top + into * dpi.down)))


def _top_of_boxes(raster: Raster, section: SectionFound, row0: int, above: int, dpi: Dpi) -> int:
    """The first row of a form whose boxes go on above ``row0``: the borders of most tracks run up in it."""
    step, slack = round(_STEP_IN * dpi.down), max(1, round(_STRAY_IN * dpi.across))
    tracks = [t.borders_at(section.row_top) for t in section.tracks]
    borders = sorted({round(b) for pair in tracks for b in pair})[1:-1]
    while row0 - step > above and section.row_top - row0 < HIGHEST_IN * dpi.down and borders:
        ink = raster.read_ink(row0 - step, row0) > _INKED
        runs = [ink[:, max(0, b - slack) : b + slack + 1].any(axis=1).mean() for b in borders]
        if np.mean([run > _RUNNING for run in runs]) <= 0.5:
            break
        row0 -= step
    return row0


def block_of(
    raster: Raster,
    section: SectionFound,
    boxes: Sequence[TextBox],
    rows: tuple[int, int],
    dpi: Dpi,
) -> BlockText:
    """The block of a section from text that was read before; ``rows`` half-open."""
    row0, row1 = rows
    ink_rows = raster.read_ink(row0, min(row1, raster.height_px))
    tilt = _tilt(raster, rows, dpi)
    ink = ScaleInk(ink_rows, row0, tilt, dpi.across, section.row_top)
    inside = [b for b in boxes if b.turned_deg == 0 and row0 <= b.row < row1]
    if raster.is_colour:
        rgb = raster.read_rgb(row0, min(row1, raster.height_px))
        inside = with_legend_tints(inside, rgb, row0)
        ink = replace(ink, hued=hued_ink(rgb))
    frames = frames_of(section)
    borders = {b for f in frames if f.kind == "track" for b in (f.left, f.right)}
    print_alone = [b for b in inside if not _is_border(b, borders, ink)]
    return block_text(read_tokens(print_alone, tilt, raster.width_px / 2), ink, frames)


def _is_border(box: TextBox, borders: Collection[float], ink: ScaleInk) -> bool:
    """Whether a stroke that was read as print is a border of a track: it stands on it, not beside it."""
    lean = ink.lean(ink.level(box.row, box.col))
    on = _ON_BORDER_IN * ink.dpi
    return box.text in _STROKES and any(abs(box.col - b - lean) <= on for b in borders)


def read_lying_scales(
    raster: Raster,
    layout: PageLayout,
    curves: Sequence[CurveFound],
    reader: ScaleReader,
    models: PageModels = SHIPPED,
) -> tuple[PageLayout, tuple[CurveFound, ...], tuple[PenNamed, ...]]:
    """Read the scales that are printed on their side, in sections where no upright one is sure.

    Only colours tell such print from the curves it stands among: pages without colour are left as they are.

    Parameters
    ----------
    raster, layout, reader, models
        As of ``read_scales``.
    curves : sequence of CurveFound
        Of ``read_scales``.

    Returns
    -------
    PageLayout, tuple of CurveFound, tuple of PenNamed
        Sections are cut where a scale changes. The names of legends on their side.
    """
    scorer = models.load(SCORER_FILE, unpack_scorer, shipped_scorer)
    if not raster.is_colour:
        return layout, tuple(curves), ()
    sure = {c.section_id for c in curves if c.left.confidence >= SURE}
    read = {
        section.section_id: read_turned(raster, section, layout.dpi, reader, scorer)
        for section in layout.sections
        if _is_log(section) and section.section_id not in sure
    }
    legends = tuple(name for side in read.values() for name in side.legends)
    scales = {section_id: side.scales for section_id, side in read.items()}
    if not any(scales.values()):
        return layout, tuple(curves), legends
    return *with_repeated(layout, curves, scales), legends
