"""Print inside a grid that was followed as if it were a curve: legends, notes, figures in a pen's colour.

In: a traced scan and an OCR engine. Out: the rows of each curve that lie on print. Only two kinds of places are
read: stretches that stand alone, which a curve seldom does and print always, and the first rows of a section,
where scales may reach into the grid. A curve that runs through a word goes on before and behind it, and stays.
What stands alone before a curve begins or after it ended, and is no taller than a letter, need not be read: it
tells nothing of the curve, and is most often the nought of a scale.
Does not belong here: scales and names (`page.scales`), and what becomes of such rows (`curve.evidence.doubts`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet_core.config import DigitiseConfig
from veernet_core.curve import physical
from veernet_core.datatypes import Bool, Section, Strip, Style, Trace, flag_runs
from veernet_core.errors import ReadingError, VeernetError, of_scan
from veernet_core.page.ocr.text import TILE_OVERLAP, TILE_ROWS, TextReader, join
from veernet_core.page.results import TextBox
from veernet_core.page.scales.reading import INTO_COLOUR_GRID_IN
from veernet_core.strips.rectify import strip_window
from veernet_core.track_record import ScanRecord

_LONGEST_IN = 3.0
"""Longest stretch that may be nothing but a line of print."""
_AROUND_IN = 0.5
"""How far around a stretch is read: a line that is cut reads worse."""
_LINE_IN = 1.0
"""How much of a line is read on either side of the path that runs along it."""
_LETTER_IN = 0.12
"""Height of a letter of 8 to 9 points."""
_HIGHEST_IN = 0.36
"""Height of a line of print at most, that of a title: a restless curve is taller."""
_TURNS = (0, 90, 270)
_JOIN_ROWS = 3
"""Rows without ink between two parts of one letter."""
_BESIDE_PX = 2.0
Rows = tuple[int, int]
Place = tuple[int, int, int]
"""Index of section, track and curve."""


@dataclass(frozen=True, slots=True)
class _Path:
    """One curve as it was traced, and its rows that may be print."""

    curve: int
    trace: Trace
    asked: tuple[Rows, ...]


def find_lettering(
    record: ScanRecord, reader: TextReader, config: DigitiseConfig
) -> dict[Place, Bool]:
    """Rows of traces that lie on print.

    Parameters
    ----------
    record : ScanRecord
        With all its strips traced.
    reader : TextReader
    config : DigitiseConfig

    Returns
    -------
    dict
        From (section, track, curve) to bool [rows]; only curves that have such rows.

    Raises
    ------
    ReadingError
        The reader failed; the page itself can never be the reason.
    """
    try:
        return _find(record, reader, config)
    except VeernetError:
        raise
    except Exception as error:
        raise ReadingError(of_scan(error, "").message) from error


def _find(record: ScanRecord, reader: TextReader, config: DigitiseConfig) -> dict[Place, Bool]:
    found: dict[Place, Bool] = {}
    for section_index, section in enumerate(record.log.sections):
        for track_index, track in enumerate(record.tracks[section_index]):
            traces, _ = track.traces()
            for k, trace in enumerate(traces):
                if (dots := _lone_ends(trace, section, config)).any():
                    found[section_index, track_index, k] = dots
            paths = [
                _Path(k, trace, asked)
                for k, (trace, spec) in enumerate(zip(traces, track.track.curves, strict=True))
                if (asked := _asked(trace, spec.style, section, config))
            ]
            for window in _windows(paths, config.strip_dpi):
                at = section_index, track_index
                for strip in strip_window(record.log, *at, window, config):
                    for curve, rows in _on_print(strip, paths, reader, config.strip_dpi).items():
                        before = found.get((*at, curve))
                        found[(*at, curve)] = rows if before is None else before | rows
    return found


def _asked(
    trace: Trace, style: Style, section: Section, config: DigitiseConfig
) -> tuple[Rows, ...]:
    """Stretches of a trace that may be print: they stand alone, or at the top of the section."""
    seen = trace.observed & np.isfinite(trace.frac)
    alone = _alone(trace, section, config)
    runs = flag_runs(seen)
    longest, top = (
        round(inches * config.strip_dpi) for inches in (_LONGEST_IN, INTO_COLOUR_GRID_IN)
    )
    asked = [run for run in alone if run[1] - run[0] <= longest]
    head = [run for run in runs if run[1] <= top]
    if head and style == "solid":  # dashes stand apart from each other anyway
        asked.append((head[0][0], head[-1][1]))
    return tuple(asked)


def _alone(trace: Trace, section: Section, config: DigitiseConfig) -> list[Rows]:
    """Stretches of a trace between which it is not bridged."""
    seen = trace.observed & np.isfinite(trace.frac)
    if not seen.any() or section.depth is None:
        return []
    depth = section.depth.depth_at(trace.scan_rows)
    limit = physical.bridge_limit(section.depth.unit, config)
    return _joined(flag_runs(seen), lambda end, start: depth[start] - depth[end - 1] <= limit)


def _lone_ends(trace: Trace, section: Section, config: DigitiseConfig) -> Bool:
    """Rows of what stands alone before the first and after the last stretch that is taller than a letter."""
    alone = _alone(trace, section, config)
    tall = [n for n, (a, b) in enumerate(alone) if b - a > _LETTER_IN * config.strip_dpi]
    out = np.zeros(len(trace.frac), dtype=np.bool_)
    for first, last in [*alone[: tall[0]], *alone[tall[-1] + 1 :]] if tall else ():
        out[first:last] = True
    return out


def _windows(paths: Sequence[_Path], dpi: float) -> list[Rows]:
    """The rows to be read, those that are near each other at once."""
    if not paths:
        return []
    wanted = np.zeros(len(paths[0].trace.frac), dtype=np.bool_)
    around = round(_AROUND_IN * dpi)
    for first, last in (rows for path in paths for rows in path.asked):
        wanted[max(0, first - around) : last + around] = True
    return flag_runs(wanted)


def _on_print(
    strip: Strip, paths: Sequence[_Path], reader: TextReader, dpi: float
) -> Mapping[int, Bool]:
    """By curve of one ink, the rows in which its trace lies on print."""
    first = strip.first_row
    last = first + len(strip.scan_rows)
    own = [
        path
        for path in paths
        if path.curve in strip.curve_indices and any(a < last and b > first for a, b in path.asked)
    ]
    if not own:
        return {}
    highest = _HIGHEST_IN * dpi
    boxes = [
        box
        for box in _read(strip, own, reader, dpi)
        if box.is_print and (box.width_px if box.turned_deg % 180 else box.height_px) <= highest
    ]
    found = {path.curve: _rows_in(boxes, strip, path) for path in own} if boxes else {}
    return {curve: rows for curve, rows in found.items() if rows.any()}


def _read(strip: Strip, own: Sequence[_Path], reader: TextReader, dpi: float) -> list[TextBox]:
    """Text of a strip around the rows that are asked for, in its pixels: tile by tile, as a page is read."""
    boxes: list[TextBox] = []
    rows = len(strip.scan_rows)
    for top in range(0, max(1, rows - TILE_OVERLAP), TILE_ROWS - TILE_OVERLAP):
        tile = top, min(top + TILE_ROWS, rows)
        reach = _reach(strip, own, tile, dpi)
        if reach is not None:
            ink = np.ascontiguousarray(strip.ink[slice(*tile), slice(*reach)])
            found = reader.read(ink, _TURNS)
            moved = [replace(b, row=b.row + top, col=b.col + reach[0]) for b in found]
            boxes = join(boxes, moved)
    return boxes


def _reach(strip: Strip, own: Sequence[_Path], tile: Rows, dpi: float) -> tuple[int, int] | None:
    """The columns, half-open, in which print that a path runs along in some rows of a strip may stand; None
    where no rows are asked for there.
    """
    around = round(_AROUND_IN * dpi)
    first, last = (strip.first_row + row for row in (tile[0] - around, tile[1] + around))
    first, last = max(first, strip.first_row), min(last, strip.first_row + len(strip.scan_rows))
    cols = []
    for path in own:
        for a, b in path.asked:
            frac = path.trace.frac[max(a, first) : max(a, first, min(b, last))]
            frac = frac[np.isfinite(frac)]
            cols.append(strip.left_col + (frac - np.floor(frac)) * strip.track_width_px)
    at = np.concatenate([np.zeros(0), *cols])
    if not len(at):
        return None
    beside = _LINE_IN * dpi
    width = strip.ink.shape[1]
    return max(0, int(at.min() - beside)), min(width, int(at.max() + beside) + 1)


def _rows_in(boxes: Sequence[TextBox], strip: Strip, path: _Path) -> Bool:
    """Rows of the pieces of a trace, each without a break in its ink, that lie in print for the most part."""
    frac, first = path.trace.frac, strip.first_row
    seen = path.trace.observed & np.isfinite(frac)
    inside = np.zeros(len(frac), dtype=np.bool_)
    rows = np.flatnonzero(seen[first : first + len(strip.scan_rows)])
    at = frac[first + rows]
    cols = strip.left_col + (at - np.floor(at)) * strip.track_width_px
    for box in boxes:
        here = np.abs(rows - box.row) <= box.height_px / 2
        here &= np.abs(cols - box.col) <= box.width_px / 2 + _BESIDE_PX
        inside[first + rows[here]] = True
    out = np.zeros(len(frac), dtype=np.bool_)
    for start, stop in _pieces(seen):
        out[start:stop] = inside[start:stop].sum() > seen[start:stop].sum() / 2
    return out


def _pieces(seen: Bool) -> list[Rows]:
    """Runs of rows with ink; a few rows without part none."""
    return _joined(flag_runs(seen), lambda end, start: start - end <= _JOIN_ROWS)


def _joined(runs: Sequence[Rows], near: Callable[[int, int], bool]) -> list[Rows]:
    """Runs; two become one where the second begins near the end of the first."""
    out: list[Rows] = []
    for first, last in runs:
        if out and near(out[-1][1], first):
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out
