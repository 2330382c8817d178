"""Scales: which curves a track shows, and the values at its borders, from the block above the grid.

In: text boxes, the raster, and the layout (sections with track borders). Out: ``CurveFound``s bound to
tracks, every value with its source and a confidence. Values below 0.9, and whatever the page does not
print (``template``), are for review.
Does not belong here: finding text or tracks, depth, the curves themselves; how rows of numbers are found
(`scale_rows`) and what they make the borders' values (`scale_ends`).

A scale is a row of numbers between a track's borders, with the name of its curve above it or between its
numbers. A scale that seems to have been skipped, or a name between its numbers that is another curve's,
makes it doubtful.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from veernet_core.datatypes import Raster, Style, Wrap
from veernet_core.domain.vocabulary import (
    CurveKind,
    curve_kind,
    find_curve,
    find_similar_unit,
    find_unit,
    words,
)
from veernet_core.page.ocr.text import TextReader
from veernet_core.page.results import (
    CurveFound,
    PageLayout,
    SectionFound,
    Stated,
    StatedSource,
    TextBox,
    TrackFound,
)
from veernet_core.page.scales.ends import (
    ASSUMED,
    DOUBTFUL,
    LIKELY,
    SIMILAR,
    SURE,
    Ends,
    find_ends,
    is_contradicted,
    value_confidence,
)
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.rows import (
    BLOCK_IN,
    CLEAR,
    EDGE,
    LEGIBLE,
    NAME_IN,
    Block,
    Row,
    Token,
    crosses,
    end_number,
    find_lines,
    find_row,
    half_row,
    is_beside,
    is_wide,
    number,
    read_block,
    rows_by_ink,
    with_ends,
)

_BARE_BLOCK_IN, _BREAK_IN, _TITLES_IN = 3.0, 2.0, 1.9
"""Height of a scale block without any scale; the widest break between scales; how far titles stand above the
first scaled one."""
_ECHO_IN, _UNDER_IN = 0.5, 0.7
"""Within what distance a name printed twice is one, and how far above its name a partial scale may stand."""
_SLACK = 0.06
"""Part of a track's width by which print may stand out of it where it has no neighbour."""
_HEADING_IN = 0.5
"""How far below a heading its unit may stand."""
_TITLE_IN = 0.3
"""Least height of letters in the title of a log."""
_LONG_NAME = 8


@dataclass(slots=True)
class _Named:
    """A curve's name above a track, and the scale rows below it."""

    kind: CurveKind
    y: float
    confidence: float
    text: str
    rows: list[tuple[Row, Ends]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Column:
    """What stands above one track; ``unbound`` and ``halves`` are rows of numbers that look like scales, or
    like one end of one, and could not be read."""

    index: int
    track: TrackFound
    left: float
    right: float
    lines: list[list[Token]]
    names: list[_Named]
    unbound: list[float]
    halves: list[float]


def read_scales(
    boxes: Sequence[TextBox],
    raster: Raster,
    layout: PageLayout,
    reader: TextReader | None = None,
) -> tuple[CurveFound, ...]:
    """Read the scales of all sections that show curves.

    Parameters
    ----------
    boxes : sequence of TextBox
        Text of the page, in pixels of ``raster``; upright text is used.
    raster : Raster
        For the lines drawn in the scales.
    layout : PageLayout
    reader : TextReader, optional
        Reads the ends of a scale again where a number is missing.

    Returns
    -------
    tuple of CurveFound
        In the order of sections, tracks and rows. A curve whose name is printed without a scale is given
        with a usual one, source ``template``.
    """
    found: list[CurveFound] = []
    device = _device(boxes, layout.dpi[0])
    above = 0.0
    for section in sorted(layout.sections, key=lambda s: s.row_top):
        if section.kind not in ("main", "repeat"):
            continue
        block = read_block(boxes, raster, section, above, layout.dpi[0], reader)
        found += _read_section(block, section, device)
        above = section.row_bottom
    return tuple(found)


def _device(boxes: Sequence[TextBox], dpi: float) -> CurveKind | None:
    """The one device that the title of the log, in large letters of any turn, names for its resistivity."""
    kinds = set()
    for box in boxes:
        letters = min(box.height_px, box.width_px)
        if letters < _TITLE_IN * dpi or box.confidence < CLEAR:
            continue
        named = find_curve(box.text)
        if named is not None and named.is_exact and named.share > 0.75 and _is_device(named.kind):
            kinds.add(named.kind)
    return kinds.pop() if len(kinds) == 1 else None


def _is_device(kind: CurveKind) -> bool:
    return "OHMM" in kind.units and not kind.is_group


# ---- rows of numbers --------------------------------------------------------------------------


def _read_section(
    block: Block, section: SectionFound, device: CurveKind | None
) -> list[CurveFound]:
    at_top = [
        tuple(
            float(np.interp(section.row_top, *knots.T)) for knots in (t.left_knots, t.right_knots)
        )
        for t in section.tracks
    ]
    columns = []
    for index, (track, (left, right)) in enumerate(zip(section.tracks, at_top, strict=True)):
        if track.kind == "curves":
            slack = _SLACK * (right - left)
            inside = (
                left - min([slack, *(left - other for _, other in at_top[:index])]),
                right + min([slack, *(other - right for other, _ in at_top[index + 1 :])]),
            )
            tokens = [t for t in block.tokens if inside[0] <= t.x <= inside[1]]
            columns.append(_column(block, tokens, index, track, left, right))
    top = _top_of_block(columns, section, block.dpi)
    if not any(_is_device(n.kind) and n.y >= top for column in columns for n in column.names):
        _name_resistivity(columns, device)
    return [curve for column in columns for curve in _curves(column, section, block, top)]


def _name_resistivity(columns: Sequence[_Column], device: CurveKind | None) -> None:
    """Scales under a mere RESISTIVITY are those of the device that the log is named after."""
    for name in (n for column in columns for n in column.names):
        if device is not None and name.rows and name.kind.mnemonic == "RES":
            name.kind, name.confidence = device, min(name.confidence, SIMILAR)


def _column(
    block: Block,
    inside: Sequence[Token],
    index: int,
    track: TrackFound,
    left: float,
    right: float,
) -> _Column:
    lines = find_lines([t for t in inside if not crosses(t, left) and not crosses(t, right)])
    titles = [name.y for name in _names(lines, right, block.dpi, any_case=True)]
    lines = [with_ends(line, titles, block, left, right) for line in lines]
    names = _names(lines, right, block.dpi)
    rows = [row for line in lines if (row := find_row(line, left, right)) is not None]
    _bind(rows, names, track, block.dpi)
    for name in (n for n in names if not n.rows):
        below = [y for y in (*(n.y for n in names), *(r.y for r in rows)) if y > name.y]
        unseen = rows_by_ink(name.y, min(below, default=math.inf), block, left, right)
        _bind(unseen, [name], track, block.dpi)
    bound = [row for name in names for row, _ in name.rows]
    whole = [row.y for row in rows if row not in bound and is_wide(row.printed)]
    halves = [y for line in lines if (y := half_row(line, left, right)) is not None]
    halves = [y for y in halves if all(abs(y - row.y) > 0.5 * row.height for row in bound)]
    return _Column(index, track, left, right, lines, names, whole, halves)


def _top_of_block(columns: Sequence[_Column], section: SectionFound, dpi: float) -> float:
    """Where the scale block begins: names higher up belong to the form above it."""
    scaled = [n for column in columns for n in column.names if n.rows]
    if not scaled:
        return section.row_top - _BARE_BLOCK_IN * dpi
    lowest = max(row.y for name in scaled for row, _ in name.rows)
    top = lowest
    for name in sorted(scaled, key=lambda n: -n.rows[-1][0].y):
        if top - name.rows[-1][0].y > _BREAK_IN * dpi or lowest - name.y > BLOCK_IN * dpi:
            break
        top = min(top, name.y)
    return top - _TITLES_IN * dpi


# ---- names ------------------------------------------------------------------------------------


def _names(
    lines: Sequence[Sequence[Token]], right: float, dpi: float, any_case: bool = False
) -> list[_Named]:
    """Names of curves from top to bottom; one repeated just below itself is given once."""
    names: list[_Named] = []
    for line in lines:
        for text, tokens in _phrases(_without_end(line, right)):
            found = find_curve(text)
            if found is None or not (any_case or _is_title(text, line)):
                continue
            y = float(np.median([t.y for t in tokens]))
            if names and names[-1].kind is found.kind and y - names[-1].y < _ECHO_IN * dpi:
                continue
            sure = SURE if found.share > 0.75 else LIKELY if found.share > 0.3 else DOUBTFUL
            if not found.is_exact:
                sure = SIMILAR
            long = found.is_exact and len(found.name) >= _LONG_NAME
            readable = min(t.confidence for t in tokens) >= (LEGIBLE if long else 0.8)
            names.append(_Named(found.kind, y, sure if readable else DOUBTFUL, text))
    return names


def _is_title(text: str, line: Sequence[Token]) -> bool:
    """Whether a name is set as scale blocks set it: in capitals, with its mnemonic, or between numbers."""
    letters = [c for c in text if c.isalpha()]
    capitals = sum(c.isupper() for c in letters) >= 0.8 * len(letters)
    return capitals or "(" in text or "[" in text or number(line[-1].text) is not None


def _without_end(line: Sequence[Token], right: float) -> Sequence[Token]:
    """A line without the number next to the right border: however close it stands, no name ends there."""
    *rest, last = line
    at_border = abs(right - last.x1) < last.height
    return rest if rest and at_border and number(last.text) is not None else line


def _phrases(line: Sequence[Token]) -> list[tuple[str, list[Token]]]:
    """Words of a line joined where they stand close together."""
    phrases: list[list[Token]] = []
    for token in line:
        if phrases and token.x0 - phrases[-1][-1].x1 < 1.6 * token.height:
            phrases[-1].append(token)
        else:
            phrases.append([token])
    return [(" ".join(t.text for t in phrase), phrase) for phrase in phrases]


def _bind(rows: Sequence[Row], names: Sequence[_Named], track: TrackFound, dpi: float) -> None:
    """Give every scale row to the name on its line, else to the nearest name above it."""
    for row in rows:
        own = [n for n in names if abs(n.y - row.y) < 0.6 * row.height]
        higher = [n for n in names if 0 <= row.y - n.y <= NAME_IN * dpi]
        followed = [n for n in names if n.rows and 0 < row.y - n.rows[-1][0].y <= NAME_IN * dpi]
        candidates = own or [*higher, *followed]
        below = [n for n in names if n.kind.is_partial and 0 < n.y - row.y <= _UNDER_IN * dpi]
        if below and not own and len(row.values) == 2:
            candidates = below
        if candidates:
            name = max(candidates, key=lambda n: n.y)
            ends = find_ends(row, track, name.kind)
            name.rows += [] if ends is None else [(row, ends)]


# ---- curves -----------------------------------------------------------------------------------


def _curves(column: _Column, section: SectionFound, block: Block, top: float) -> list[CurveFound]:
    out: list[CurveFound] = []
    names = [n for n in column.names if n.y >= top]
    for position, name in enumerate(names):
        following = names[position + 1].y if position + 1 < len(names) else math.inf
        if name.kind.is_group and not name.rows:
            continue
        unit = _unit(name, names[:position], column.lines, following, block.dpi)
        kind = _particular(name.kind, [n.kind for n in names])
        if name.rows:
            out.append(_scaled_curve(name, kind, unit, section, column, block))
        elif name.confidence > DOUBTFUL and all(kind is not n.kind for n in names if n.rows):
            out.append(_assumed_curve(name, kind, unit, section, column.index))
    return [curve for curve in out if not _is_outdone(curve, out)]


def _is_outdone(curve: CurveFound, curves: Sequence[CurveFound]) -> bool:
    """Whether the same curve was read with more certainty: blocks below a log repeat those above."""
    rivals = [c for c in curves if c is not curve and c.mnemonic.value == curve.mnemonic.value]
    return any(c.left.confidence > curve.left.confidence for c in rivals)


def _particular(kind: CurveKind, siblings: Sequence[CurveKind]) -> CurveKind:
    """A porosity beside one density or sonic curve is computed from it."""
    if kind.mnemonic != "PHI":
        return kind
    sources = {"RHOB": "DPHI", "DT": "SPHI", "NEU": "NPHI"}
    found = {sources[s.mnemonic] for s in siblings if s.mnemonic in sources}
    return (curve_kind(found.pop()) if len(found) == 1 else None) or kind


def _unit(
    name: _Named,
    above: Sequence[_Named],
    lines: Sequence[Sequence[Token]],
    following: float,
    dpi: float,
) -> Stated | None:
    """The unit printed with a name or below it; else that of the heading above; else the usual one."""
    bottom = max([name.y, *(row.y + 1.8 * row.height for row, _ in name.rows)])
    here = [
        (_wording(line), line)
        for line in lines
        if name.y - 0.5 * line[0].height
        <= line[0].y
        <= min(max(bottom, name.y + 2.5 * line[0].height), following - 1)
    ]
    for text, line in here:
        unit = find_unit(text)
        if unit is not None and unit in name.kind.units:
            return Stated(unit, "header", SURE, row=line[0].y, col=line[0].x0)
    for text, line in here:
        unit = find_similar_unit(text, name.kind.units)
        if unit is not None:
            return Stated(unit, "header", SIMILAR, row=line[0].y, col=line[0].x0)
    headings = [a for a in above if a.kind.is_group]
    for heading in reversed(headings):
        if set(heading.kind.units) & set(name.kind.units):
            below = [line for line in lines if 0 <= line[0].y - heading.y < _HEADING_IN * dpi]
            read = {find_unit(_wording(line)) for line in below} & set(name.kind.units)
            return Stated(name.kind.units[0], "header", SIMILAR if read else LIKELY)
    return Stated(name.kind.units[0], "template", ASSUMED) if name.kind.units else None


def _wording(line: Sequence[Token]) -> str:
    """A line without the numbers of its scale."""
    others = [t for t in line if number(t.text) is None]
    return " ".join(t.text for t in line if t in others or is_beside(t, others))


def _scaled_curve(
    name: _Named,
    kind: CurveKind,
    unit: Stated | None,
    section: SectionFound,
    column: _Column,
    block: Block,
) -> CurveFound:
    """A name's first row is its scale; further rows are laps of it or backups."""
    (row, ends), *further = _usual_lap_first(name)
    wrap, backups, odd = _further(ends, [e for _, e in further])
    if unit is None or unit.source == "template":
        unit = _implied_unit(ends, kind) or unit
    confidence = _ends_confidence(row, ends, kind, unit, column, block)
    if odd or any("RUN" in words(r.inline).split() for r, _ in name.rows):
        confidence = min(confidence, DOUBTFUL)
    if _misses_rows(name, column) or _names_another(row, name):
        confidence = min(confidence, LIKELY)
    known = _name_confidence(name, kind, column)
    return CurveFound(
        section_id=section.section_id,
        track_index=column.index,
        mnemonic=Stated(kind.mnemonic, "header", known, name.y, column.left),
        unit=unit,
        left=Stated(ends.left, "header", confidence, row.y, column.left),
        right=Stated(ends.right, "header", confidence, row.y, column.right),
        scale=ends.scale,
        style=_style(row, kind, column, block.ink),
        wrap=wrap,
        backups=backups,
    )


def _name_confidence(name: _Named, kind: CurveKind, column: _Column) -> float:
    """How sure the curve is, of which ``kind`` is the particular one."""
    if kind.is_group:
        return min(name.confidence, DOUBTFUL)
    if kind is name.kind:
        return name.confidence
    # a density log prints its correction beside porosity and density
    tool = {n.kind.mnemonic for n in column.names}
    return min(name.confidence, SIMILAR if {"RHOB", "DRHO"} <= tool else LIKELY)


def _ends_confidence(
    row: Row, ends: Ends, kind: CurveKind, unit: Stated | None, column: _Column, block: Block
) -> float:
    """How sure the values are; numbers that nothing else confirms are read once more."""
    confidence = value_confidence(row, ends, kind, unit, column.track)
    if confidence >= SIMILAR or is_contradicted(ends, kind, column.track):
        return confidence
    again = _reads_again(row, ends, column, block)
    return value_confidence(row, ends, kind, unit, column.track, read_twice=again)


def _style(row: Row, kind: CurveKind, column: _Column, ink: ScaleInk) -> Style | None:
    """Pen of the line drawn with a scale, which may span a part of the track only."""
    lean = ink.lean(row.y)
    width = column.right - column.left
    end = column.left + width * row.printed[-1] if kind.is_partial else column.right
    return ink.style(row.y, row.height, column.left + lean, end + lean, above=_is_framed(row))


def _is_framed(row: Row) -> bool:
    """Whether a unit alone stands between the numbers: such forms draw the pen between name and numbers."""
    return find_unit(row.inline) is not None and find_curve(row.inline) is None


def _misses_rows(name: _Named, column: _Column) -> bool:
    """Whether a scale seems to stand before the first one read of a name, or another one after it."""
    row = min((row for row, _ in name.rows), key=lambda r: r.y)
    following = min([n.y for n in column.names if n.y > name.y], default=math.inf)
    before = (name.y + 0.7 * row.height, row.y - 0.5 * row.height)
    return any(before[0] < y < before[1] for y in (*column.halves, *column.unbound)) or any(
        row.y < y < following for y in column.unbound
    )


def _names_another(row: Row, name: _Named) -> bool:
    """Whether the words between the numbers of a scale are neither the curve's name nor its unit."""
    if sum(c.isalpha() for c in row.inline) < 3 or "RUN" in words(row.inline):
        return False
    named = find_curve(row.inline)
    return named.kind is not name.kind if named is not None else find_unit(row.inline) is None


def _usual_lap_first(name: _Named) -> list[tuple[Row, Ends]]:
    """Scales of a name; of two laps printed in turn the commoner range is the scale, wherever it stands."""
    ranges = [(left, right) for _, left, right in name.kind.ranges]
    known = [(e.left, e.right) in ranges for _, e in name.rows]
    if (
        len(name.rows) != 2
        or not all(known)
        or _further(name.rows[0][1], [name.rows[1][1]])[0] != "one"
    ):
        return name.rows
    return sorted(name.rows, key=lambda scaled: ranges.index((scaled[1].left, scaled[1].right)))


def _further(
    first: Ends, rest: Sequence[Ends]
) -> tuple[Wrap, tuple[tuple[float, float], ...], bool]:
    """Laps and backups among further rows of a name, and whether some row is neither."""
    span = first.right - first.left
    laps = 0
    backups: list[tuple[float, float]] = []
    odd = False
    for ends in rest:
        shift = (ends.left - first.left) / span
        same_span = abs((ends.right - ends.left) / span - 1) < 0.01
        if same_span and abs(shift - round(shift)) < 0.01 and round(shift) != 0:
            laps = max(laps, abs(round(shift)))
        elif ends.left == first.left and (ends.right - ends.left) / span > 1.5:
            backups.append((ends.left, ends.right))
        else:
            odd = True
    wrap: Wrap = "none" if laps == 0 else "one" if laps == 1 else "all"
    return wrap, tuple(backups), odd


def _implied_unit(ends: Ends, kind: CurveKind) -> Stated | None:
    """The only unit in which a scale is usual; as good as read where numbers in between confirm the scale."""
    units = {u for u in kind.units if kind.is_usual(ends.left, ends.right, u)}
    if len(units) != 1:
        return None
    return Stated(units.pop(), *(("header", SIMILAR) if ends.support else ("template", ASSUMED)))


def _reads_again(row: Row, ends: Ends, column: _Column, block: Block) -> bool:
    """Whether the numbers at both borders, cut out by their ink, say the same once more."""
    if block.reader is None or ends.extrapolated or ends.repaired or row.by_ink:
        return False
    reach = 2 * EDGE * (column.right - column.left)
    again = [
        end_number(block, row.y, row.height, border, inward)
        for border, inward in ((column.left, reach), (column.right, -reach))
    ]
    read = [None if t is None or t.confidence < CLEAR else number(t.text) for t in again]
    return read == [ends.left, ends.right]


def _assumed_curve(
    name: _Named, kind: CurveKind, unit: Stated | None, section: SectionFound, index: int
) -> CurveFound:
    """A curve that is named without a scale, with a usual one: for review, never more."""
    source: StatedSource = "template" if kind.ranges else "guess"
    stated = str(unit.value) if unit is not None else ""
    ranges = [r for r in kind.ranges if r[0] == stated] or list(kind.ranges) or [("", 0.0, 1.0)]
    _, left, right = ranges[0]
    return CurveFound(
        section_id=section.section_id,
        track_index=index,
        mnemonic=Stated(kind.mnemonic, "header", min(name.confidence, LIKELY), name.y),
        unit=unit,
        left=Stated(left, source, ASSUMED),
        right=Stated(right, source, ASSUMED),
        scale=kind.scales[0] if left > 0 and right > 0 else "linear",
        style=None,
    )
