"""Scales: which curves a track shows, and the values at its borders, from the block above the grid.

In: text boxes, the raster, and the layout (sections with track borders). Out: ``CurveFound``s bound to
tracks, every value with its source and a confidence. Values below 0.9, and whatever the page does not
print (``template``), are for review.
Does not belong here: finding text or tracks, depth, the curves themselves.

A scale is a row of numbers between a track's borders, with the name of its curve above it or between its
numbers. Ends that nothing confirms (numbers in between, usual range, unit, grid) are never sure: one
lost digit is a wrong curve.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from veernet_core.datatypes import F64, Raster, Scale, Wrap
from veernet_core.page.found import (
    CurveFound,
    PageLayout,
    SectionFound,
    Stated,
    StatedSource,
    TextBox,
    TrackFound,
)
from veernet_core.page.scale_ink import ScaleInk, find_tilt
from veernet_core.page.text import TextReader
from veernet_core.page.vocabulary import (
    CurveKind,
    curve_kind,
    find_curve,
    find_similar_unit,
    find_unit,
    words,
)

SURE, SIMILAR, LIKELY, DOUBTFUL, ASSUMED = 0.96, 0.92, 0.85, 0.6, 0.3
"""Confidence of a value that is confirmed; of a word that is badly read but like no other; of a value
read but unconfirmed, read with contradictions, not read."""
_ABOVE_IN, _INTO_GRID_IN, _TILT_IN = 12.0, 0.5, 6.0
_BLOCK_IN, _BARE_BLOCK_IN, _BREAK_IN, _TITLES_IN = 4.5, 3.0, 2.0, 1.9
"""Height of a scale block, of one without any scale; the widest break between its scales; how far
titles stand above the first scaled one."""
_NAME_IN, _ECHO_IN = 1.8, 0.5
_EDGE = 0.12
"""Part of a track's width within which the first and last number of a scale lie from its borders."""
_LINEAR_TOLERANCE, _ROUND_TOLERANCE, _LOG_TOLERANCE_DECADES = 0.03, 0.055, 0.15
"""How far a number may stand from its place, in track widths; more where it names a round part of the scale."""
_MIN_CONFIDENCE, _SURE_CONFIDENCE = 0.5, 0.93
_MOST_WORDS = 4
_WORD = re.compile(r"\d+(?=[A-Z][a-z]{2})|[^\s_]+")
"""A word; a number glued to the name behind it is one of its own."""
_NUMBER = re.compile(r"[-–—+]?(?:\d{1,5}(?:\.\d*)?|\.\d+)")


@dataclass(frozen=True, slots=True)
class _Token:
    """A word or number on the page; ``y`` is its row with the tilt of the block undone."""

    text: str
    confidence: float
    x0: float
    x1: float
    y: float
    height: float

    @property
    def x(self) -> float:
        return (self.x0 + self.x1) / 2


@dataclass(frozen=True, slots=True)
class _Block:
    """The text and ink above one section, and who can read a piece of it again."""

    tokens: tuple[_Token, ...]
    ink: ScaleInk
    reader: TextReader | None

    @property
    def dpi(self) -> float:
        return self.ink.dpi


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of numbers inside a track: values at ``(position 0..1)``, and the words between them."""

    y: float
    height: float
    positions: tuple[float, ...]
    values: tuple[float, ...]
    confidence: float
    inline: str


@dataclass(frozen=True, slots=True)
class _Ends:
    """Values at the borders; ``support`` numbers in between agree, ``repaired``: a sign was added."""

    left: float
    right: float
    scale: Scale
    support: int
    repaired: bool = False
    extrapolated: bool = False


@dataclass(slots=True)
class _Named:
    """A curve's name above a track, and the scale rows below it."""

    kind: CurveKind
    y: float
    confidence: float
    text: str
    rows: list[tuple[_Row, _Ends]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Column:
    """What stands above one track."""

    index: int
    track: TrackFound
    left: float
    right: float
    lines: list[list[_Token]]
    names: list[_Named]


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
    above = 0.0
    for section in sorted(layout.sections, key=lambda s: s.row_top):
        if section.kind not in ("main", "repeat"):
            continue
        block = _block(boxes, raster, section, above, layout.dpi[0], reader)
        found += _read_section(block, section)
        above = section.row_bottom
    return tuple(found)


def _block(
    boxes: Sequence[TextBox],
    raster: Raster,
    section: SectionFound,
    above: float,
    dpi: float,
    reader: TextReader | None,
) -> _Block:
    """Text and ink above a section, down to just below its first rows."""
    top = max(0.0, above, section.row_top - _ABOVE_IN * dpi)
    bottom = min(float(raster.height_px), section.row_top + _INTO_GRID_IN * dpi)
    row0, row1 = int(top), max(int(top) + 1, int(bottom))
    rows = raster.read_ink(row0, row1)
    ink = ScaleInk(rows, row0, find_tilt(rows[-round(_TILT_IN * dpi) :]), dpi)
    inside = [b for b in boxes if b.turned_deg == 0 and row0 <= b.row < row1]
    tokens = [token for box in inside for token in _tokens(box, ink)]
    return _Block(tuple(sorted(tokens, key=lambda t: (t.y, t.x0))), ink, reader)


def _tokens(box: TextBox, ink: ScaleInk) -> list[_Token]:
    """Words of a box; a number that reading joined to its neighbours is cut off by character count."""
    left = box.col - box.width_px / 2
    per_char = box.width_px / max(1, len(box.text))
    height = max(4.0, box.height_px - abs(ink.tilt) * box.width_px)
    y = ink.level(box.row, box.col)
    return [
        _Token(
            match.group(),
            box.confidence,
            left + match.start() * per_char,
            left + match.end() * per_char,
            y,
            height,
        )
        for match in _WORD.finditer(box.text)
    ]


def _number(text: str) -> float | None:
    bare = text.strip("\"'|°.,:;*_") if not re.fullmatch(r"\.\d+", text) else text
    if not _NUMBER.fullmatch(bare):
        return None
    return float(re.sub("[–—]", "-", bare))


# ---- rows of numbers --------------------------------------------------------------------------


def _read_section(block: _Block, section: SectionFound) -> list[CurveFound]:
    columns = []
    for index, track in enumerate(section.tracks):
        if track.kind == "curves":
            left = float(np.interp(section.row_top, *track.left_knots.T))
            right = float(np.interp(section.row_top, *track.right_knots.T))
            columns.append(_column(block, index, track, left, right))
    top = _top_of_block(columns, section, block.dpi)
    return [curve for column in columns for curve in _curves(column, section, block, top)]


def _column(block: _Block, index: int, track: TrackFound, left: float, right: float) -> _Column:
    slack = 0.06 * (right - left)
    lines = _lines([t for t in block.tokens if left - slack <= t.x <= right + slack])
    names = _names(lines, block.dpi)
    scaled = []
    for line in lines:
        again = _with_ends(line, names, block, left, right)
        found = _scale(again, track, left, right)
        if found is None and again is not line:
            found = _scale(line, track, left, right)
        scaled += [found] if found is not None else []
    _bind(scaled, names, block.dpi)
    return _Column(index, track, left, right, lines, names)


def _scale(
    line: Sequence[_Token], track: TrackFound, left: float, right: float
) -> tuple[_Row, _Ends] | None:
    row = _row(line, left, right)
    ends = None if row is None else _ends(row, track)
    return None if row is None or ends is None else (row, ends)


def _top_of_block(columns: Sequence[_Column], section: SectionFound, dpi: float) -> float:
    """Where the scale block begins: names higher up belong to the form above it."""
    scaled = [n for column in columns for n in column.names if n.rows]
    if not scaled:
        return section.row_top - _BARE_BLOCK_IN * dpi
    lowest = max(row.y for name in scaled for row, _ in name.rows)
    top = lowest
    for name in sorted(scaled, key=lambda n: -n.rows[-1][0].y):
        if top - name.rows[-1][0].y > _BREAK_IN * dpi or lowest - name.y > _BLOCK_IN * dpi:
            break
        top = min(top, name.y)
    return top - _TITLES_IN * dpi


def _lines(tokens: Sequence[_Token]) -> list[list[_Token]]:
    """Tokens that stand on one line, from top to bottom, each from left to right."""
    lines: list[list[_Token]] = []
    for token in sorted(tokens, key=lambda t: t.y):
        near = [
            line
            for line in lines[-3:]
            if abs(token.y - float(np.median([t.y for t in line])))
            < 0.45 * min(token.height, float(np.median([t.height for t in line])))
        ]
        if near:
            near[-1].append(token)
        else:
            lines.append([token])
    return [sorted(line, key=lambda t: t.x0) for line in lines]


def _row(line: Sequence[_Token], left: float, right: float) -> _Row | None:
    """Numbers of a line as a scale row; None where the line holds fewer than two."""
    width = right - left
    edge = _EDGE * width
    numbers = [
        (t, v)
        for t in line
        if (v := _number(t.text)) is not None and t.confidence >= _MIN_CONFIDENCE
    ]
    # a number between words belongs to them: "Micro Inverse 2", "RUN 1", "10 Normal"
    others = [t for t in line if _number(t.text) is None and re.search(r"[A-Za-z]{2}", t.text)]
    at_edge = [n for n in numbers if n[0].x0 - left < edge or right - n[0].x1 < edge]
    free = [n for n in numbers if n in at_edge or not _beside(n[0], others)]
    if len(free) < 2:
        return None
    positions = [(t.x - left) / width for t, _ in free]
    if free[0][0].x0 - left < edge:
        positions[0] = 0.0
    if right - free[-1][0].x1 < edge:
        positions[-1] = 1.0
    used = {id(t) for t, _ in free}
    inline = " ".join(t.text for t in line if id(t) not in used and t.x0 > left and t.x1 < right)
    return _Row(
        y=float(np.median([t.y for t, _ in free])),
        height=float(np.median([t.height for t, _ in free])),
        positions=tuple(positions),
        values=tuple(v for _, v in free),
        confidence=min(t.confidence for t, _ in free),
        inline=inline,
    )


def _with_ends(
    line: list[_Token], names: Sequence[_Named], block: _Block, left: float, right: float
) -> list[_Token]:
    """A line with numbers, below a name, whose end numbers were not seen: they are looked for again."""
    numbers = [t for t in line if _number(t.text) is not None]
    if block.reader is None or not numbers or len(line) - len(numbers) > _MOST_WORDS:
        return line
    y, height = numbers[0].y, numbers[0].height
    if not any(-0.6 * height < y - name.y <= _NAME_IN * block.dpi for name in names):
        return line
    width = right - left
    spans = []
    if line[0].x0 - left > _EDGE * width:
        spans.append((left - 0.02 * width, min(left + 0.14 * width, line[0].x0)))
    if right - line[-1].x1 > _EDGE * width:
        spans.append((max(right - 0.14 * width, line[-1].x1), right + 0.02 * width))
    found = []
    pieces = [block.ink.cut(y, 1.3 * height, *span) for span in spans]
    for (x0, x1), read in zip(spans, block.reader.recognise(pieces), strict=True):
        if _number(read.text) is not None:
            found.append(_Token(read.text, read.confidence, x0, x1, y, height))
    return sorted([*line, *found], key=lambda t: t.x0)


def _beside(token: _Token, others: Sequence[_Token]) -> bool:
    gap = 1.5 * token.height
    return any(o.x0 - token.x1 < gap and token.x0 - o.x1 < gap for o in others)


def _ends(row: _Row, track: TrackFound) -> _Ends | None:
    """Values at the borders that the numbers of a row agree on."""
    p, v = np.array(row.positions), np.array(row.values)
    if (np.diff(p) <= 0).any() or v[0] == v[-1]:
        return None
    if p[0] > 0 or p[-1] < 1:
        return _extrapolated(p, v)
    for signs in _signs(v):
        signed = v * signs
        if signed[0] == signed[-1]:
            continue
        for scale in ("linear", "log"):
            if len(v) > 2 and _fits(p, signed, scale):
                support = len(v) - 2
                return _Ends(
                    float(signed[0]), float(signed[-1]), scale, support, bool((signs < 0).any())
                )
    if len(v) > 2:
        return None
    return _Ends(float(v[0]), float(v[1]), _bare_scale(v, track), 0)


def _signs(values: F64) -> Iterable[F64]:
    """As read; then with a lost minus at the right end, or at the left."""
    ones = np.ones(len(values))
    yield ones
    for end in (-1, 0):
        flipped = ones.copy()
        flipped[end] = -1.0
        if values[end] > 0 and len(values) > 2:
            yield flipped


def _fits(p: F64, v: F64, scale: str) -> bool:
    """Whether all values in between lie where the end values put them."""
    if scale == "linear":
        expected = (v - v[0]) / (v[-1] - v[0])
        round_part = np.abs(expected * 20 - np.rint(expected * 20)) < 0.02
        slack = np.where(round_part, _ROUND_TOLERANCE, _LINEAR_TOLERANCE)
        return bool((np.abs(p - expected) <= slack).all())
    if (v <= 0).any() or abs(math.log10(v[-1] / v[0])) < 0.9:
        return False
    logs = np.log10(v)
    return bool(
        (np.abs(logs - (logs[0] + p * (logs[-1] - logs[0]))) <= _LOG_TOLERANCE_DECADES).all()
    )


def _bare_scale(v: F64, track: TrackFound) -> Scale:
    """Spacing where only the ends are printed: the grid's, else by the ends."""
    can_be_log = bool((v > 0).all()) and abs(math.log10(v[-1] / v[0])) >= 0.9
    if not can_be_log:
        return "linear"
    return track.scale or "log"


def _extrapolated(p: F64, v: F64) -> _Ends | None:
    """Ends beyond the outermost numbers, to two digits of the span."""
    if (p[-1] - p[0]) < 0.15:
        return None
    slope, start = np.polyfit(p, v, 1)
    if len(v) > 2 and np.abs(v - (start + slope * p)).max() > _LINEAR_TOLERANCE * abs(slope):
        return None
    step = 10.0 ** math.floor(math.log10(abs(slope)) - 1) * 5
    left, right = (round(value / step) * step for value in (start, start + slope))
    if left == right:
        return None
    return _Ends(
        float(f"{left:.6g}"), float(f"{right:.6g}"), "linear", max(0, len(v) - 2), extrapolated=True
    )


# ---- names ------------------------------------------------------------------------------------


def _names(lines: Sequence[Sequence[_Token]], dpi: float) -> list[_Named]:
    """Names of curves from top to bottom; one repeated just below itself is given once."""
    names: list[_Named] = []
    for line in lines:
        for text, tokens in _phrases(line):
            found = find_curve(text)
            if found is None or not _is_title(text, line):
                continue
            y = float(np.median([t.y for t in tokens]))
            if names and names[-1].kind is found.kind and y - names[-1].y < _ECHO_IN * dpi:
                continue
            sure = SURE if found.share > 0.75 else LIKELY if found.share > 0.3 else DOUBTFUL
            if not found.is_exact:
                sure = SIMILAR
            readable = min(t.confidence for t in tokens) >= 0.8
            names.append(_Named(found.kind, y, sure if readable else DOUBTFUL, text))
    return names


def _is_title(text: str, line: Sequence[_Token]) -> bool:
    """Whether a name is set as scale blocks set it: in capitals, with its mnemonic, or between numbers."""
    letters = [c for c in text if c.isalpha()]
    capitals = sum(c.isupper() for c in letters) >= 0.8 * len(letters)
    return capitals or "(" in text or "[" in text or _number(line[-1].text) is not None


def _phrases(line: Sequence[_Token]) -> list[tuple[str, list[_Token]]]:
    """Words of a line joined where they stand close together."""
    phrases: list[list[_Token]] = []
    for token in line:
        if phrases and token.x0 - phrases[-1][-1].x1 < 1.6 * token.height:
            phrases[-1].append(token)
        else:
            phrases.append([token])
    return [(" ".join(t.text for t in phrase), phrase) for phrase in phrases]


def _bind(scaled: Sequence[tuple[_Row, _Ends]], names: Sequence[_Named], dpi: float) -> None:
    """Give every scale row to the name on its line, else to the nearest name above it."""
    for row, ends in scaled:
        own = [n for n in names if abs(n.y - row.y) < 0.6 * row.height]
        higher = [n for n in names if 0 <= row.y - n.y <= _NAME_IN * dpi]
        followed = [n for n in names if n.rows and 0 < row.y - n.rows[-1][0].y <= _NAME_IN * dpi]
        candidates = own or [*higher, *followed]
        if candidates:
            max(candidates, key=lambda n: n.y).rows.append((row, ends))


# ---- curves -----------------------------------------------------------------------------------


def _curves(column: _Column, section: SectionFound, block: _Block, top: float) -> list[CurveFound]:
    out: list[CurveFound] = []
    names = [n for n in column.names if n.y >= top]
    for position, name in enumerate(names):
        following = names[position + 1].y if position + 1 < len(names) else math.inf
        if name.kind.is_group and not name.rows:
            continue
        unit = _unit(name, names[:position], column.lines, following)
        kind = _particular(name.kind, [n.kind for n in names])
        if name.rows:
            out.append(_scaled_curve(name, kind, unit, section, column, block.ink))
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
    lines: Sequence[Sequence[_Token]],
    following: float,
) -> Stated | None:
    """The unit printed with a name or below it; else that of the heading above; else the usual one."""
    bottom = max([name.y, *(row.y + 1.8 * row.height for row, _ in name.rows)])
    here = [
        (" ".join(t.text for t in line), line)
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
            return Stated(name.kind.units[0], "header", LIKELY)
    return Stated(name.kind.units[0], "template", ASSUMED) if name.kind.units else None


def _scaled_curve(
    name: _Named,
    kind: CurveKind,
    unit: Stated | None,
    section: SectionFound,
    column: _Column,
    ink: ScaleInk,
) -> CurveFound:
    """A name's first row is its scale; further rows are laps of it or backups."""
    (row, ends), *further = name.rows
    wrap, backups, odd = _further(ends, [e for _, e in further])
    confidence = _value_confidence(row, ends, kind, unit, column.track)
    if odd or any("RUN" in words(r.inline).split() for r, _ in name.rows):
        confidence = min(confidence, DOUBTFUL)
    known = name.confidence
    if kind.is_group:
        known = min(known, DOUBTFUL)
    elif kind is not name.kind:  # a density log prints its correction beside porosity and density
        tool = {n.kind.mnemonic for n in column.names}
        known = min(known, SIMILAR if {"RHOB", "DRHO"} <= tool else LIKELY)
    return CurveFound(
        section_id=section.section_id,
        track_index=column.index,
        mnemonic=Stated(kind.mnemonic, "header", known, name.y, column.left),
        unit=unit,
        left=Stated(ends.left, "header", confidence, row.y, column.left),
        right=Stated(ends.right, "header", confidence, row.y, column.right),
        scale=ends.scale,
        style=ink.style(row.y, row.height, column.left, column.right),
        wrap=wrap,
        backups=backups,
    )


def _further(
    first: _Ends, rest: Sequence[_Ends]
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


def _value_confidence(
    row: _Row, ends: _Ends, kind: CurveKind, unit: Stated | None, track: TrackFound
) -> float:
    """How sure the end values are, by what confirms them; any contradiction makes them doubtful."""
    stated = str(unit.value) if unit is not None and unit.source == "header" else ""
    usual = kind.is_usual(ends.left, ends.right, stated)
    contradicted = (
        not kind.is_possible(ends.left, ends.right)
        or ends.scale not in kind.scales
        or (track.scale is not None and track.scale != ends.scale)
        or _decades_differ(ends, track)
        or ends.extrapolated
        or row.confidence < 0.6
    )
    if contradicted:
        return DOUBTFUL
    if ends.repaired:
        return (
            SURE if usual and ends.support >= 2 and row.confidence >= _SURE_CONFIDENCE else LIKELY
        )
    if row.confidence < _SURE_CONFIDENCE or not stated:
        return LIKELY
    if usual and (ends.support or not kind.is_ambiguous(ends.left, ends.right, stated)):
        return SURE
    if ends.support >= 2:
        return SURE
    return LIKELY if usual or ends.support else DOUBTFUL


def _decades_differ(ends: _Ends, track: TrackFound) -> bool:
    if ends.scale != "log" or track.decades is None:
        return False
    return abs(abs(math.log10(ends.right / ends.left)) - track.decades) > 0.3


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
