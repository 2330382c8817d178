"""Rows of print in a scale block: words with the page's tilt undone, lines, and the numbers of a scale.

In: text boxes, and the ink above a section. Out: ``Block``s of ``Token``s, lines of them, and ``Row``s: the
numbers of a line by their place in a track. Numbers next to a border are short and often missed where text is
looked for, so they are looked for again by their ink.
Does not belong here: what numbers and words mean (`scale_ends`, `scales`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from veernet_core.datatypes import Raster
from veernet_core.page.ocr.text import TextReader
from veernet_core.page.results import SectionFound, TextBox
from veernet_core.page.scales.ink import ScaleInk, find_tilt

CLEAR, LEGIBLE = 0.9, 0.6
"""Probability of characters from which a reading counts as clear, and below which as illegible."""
EDGE = 0.12
"""Part of a track's width within which the first and last number of a scale lie from its borders."""
NAME_IN, BLOCK_IN = 1.8, 4.5
"""How far below its name a scale may stand; height of a scale block."""
_ABOVE_IN, _INTO_GRID_IN, _TILT_IN = 12.0, 0.5, 6.0
_MIN_CONFIDENCE, _SURE_CONFIDENCE = 0.5, 0.93
_MOST_WORDS = 4
_PRINT_IN, _ABOVE_RULE = 0.17, 0.55
"""Height of a text box of ordinary numbers, and how many such their middle stands above the line below."""
_ACROSS, _WIDER = 0.4, 0.35
"""In heights of a text box: how far a number must stand out on both sides of a border to belong to two
tracks, and the paper added around a word that is read a second time."""
_ZEROS = frozenset({"O", "o", "Q", "D"})
_WORD = re.compile(r"\d+(?=[A-Z][a-z]{2})|[^\s_]+")
"""A word; a number glued to the name behind it is one of its own."""
_NUMBER = re.compile(r"[-–—+]?(?:\d{1,5}(?:\.\d*)?|\.\d+)")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or number on the page; the tilt of the block is undone in ``y`` (rows) and ``x`` (columns).

    ``by_ink``: it was not found as text but looked for next to a border.
    """

    text: str
    confidence: float
    x0: float
    x1: float
    y: float
    height: float
    by_ink: bool = False

    @property
    def x(self) -> float:
        """Its middle column."""
        return (self.x0 + self.x1) / 2


@dataclass(frozen=True, slots=True)
class Block:
    """The text and ink above one section, and who can read a piece of it again."""

    tokens: tuple[Token, ...]
    ink: ScaleInk
    reader: TextReader | None

    @property
    def dpi(self) -> float:
        """Resolution of its ink."""
        return self.ink.dpi


@dataclass(frozen=True, slots=True)
class Row:
    """A row of numbers inside a track: values at ``positions`` (0..1), and the words between them.

    ``printed`` are the places of the numbers themselves; one next to a border stands for the border.
    ``confidence`` is that of the outermost numbers; ``by_ink``: one of them was found by its ink, and
    is no zero.
    """

    y: float
    height: float
    positions: tuple[float, ...]
    printed: tuple[float, ...]
    values: tuple[float, ...]
    confidence: float
    inline: str
    by_ink: bool = False


def read_block(
    boxes: Sequence[TextBox],
    raster: Raster,
    section: SectionFound,
    above: float,
    dpi: float,
    reader: TextReader | None,
) -> Block:
    """Text and ink above a section, down to just below its first rows."""
    top = max(0.0, above, section.row_top - _ABOVE_IN * dpi)
    bottom = min(float(raster.height_px), section.row_top + _INTO_GRID_IN * dpi)
    row0, row1 = int(top), max(int(top) + 1, int(bottom))
    rows = raster.read_ink(row0, row1)
    tilt = find_tilt(rows[-round(_TILT_IN * dpi) :])
    ink = ScaleInk(rows, row0, tilt, dpi, section.row_top)
    inside = [b for b in boxes if b.turned_deg == 0 and row0 <= b.row < row1]
    tokens = _distinct([token for box in inside for token in _tokens(box, ink)])
    return Block(tuple(sorted(tokens, key=lambda t: (t.y, t.x0))), ink, reader)


def _distinct(tokens: Sequence[Token]) -> list[Token]:
    """Tokens without those that say once more what stands in their place."""
    kept: list[Token] = []
    for token in sorted(tokens, key=lambda t: -t.confidence):
        if not any(
            token.text == other.text
            and abs(token.y - other.y) < 0.5 * other.height
            and other.x0 < token.x < other.x1
            for other in kept
        ):
            kept.append(token)
    return kept


def _tokens(box: TextBox, ink: ScaleInk) -> list[Token]:
    """Words of a box; a number that reading joined to its neighbours is cut off by character count."""
    y = ink.level(box.row, box.col)
    left = box.col - box.width_px / 2 - ink.lean(y)
    per_char = box.width_px / max(1, len(box.text))
    height = max(4.0, box.height_px - abs(ink.tilt) * box.width_px)
    return [
        Token(
            match.group(),
            box.confidence,
            left + match.start() * per_char,
            left + match.end() * per_char,
            y,
            height,
        )
        for match in _WORD.finditer(box.text)
    ]


def number(text: str) -> float | None:
    """The value of a word that is a number; None for others."""
    signless = text.lstrip("±")
    bare = signless if re.fullmatch(r"\.\d+", signless) else text.strip("\"'|°±.,:;*_")
    if not _NUMBER.fullmatch(bare):
        return None
    return float(re.sub("[–—]", "-", bare))


def _sure_number(token: Token) -> bool:
    return token.confidence >= _MIN_CONFIDENCE and number(token.text) is not None


def is_beside(token: Token, others: Sequence[Token]) -> bool:
    """Whether a token stands close to one of the others on its line."""
    gap = 1.5 * token.height
    return any(o.x0 - token.x1 < gap and token.x0 - o.x1 < gap for o in others)


def crosses(token: Token, border: float) -> bool:
    """Whether a token with digits runs across a border: numbers of two tracks were read as one."""
    reach = _ACROSS * token.height
    return (
        token.x0 < border - reach
        and token.x1 > border + reach
        and bool(re.search(r"\d", token.text))
    )


def find_lines(tokens: Sequence[Token]) -> list[list[Token]]:
    """Tokens that stand on one line, from top to bottom, each from left to right."""
    lines: list[list[Token]] = []
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


def find_row(line: Sequence[Token], left: float, right: float) -> Row | None:
    """Numbers of a line as a scale row; None where the line holds fewer than two."""
    width = right - left
    edge = EDGE * width
    numbers = [
        (t, v)
        for t in line
        if (v := number(t.text)) is not None and t.confidence >= _MIN_CONFIDENCE
    ]
    # a number between words belongs to them: "Micro Inverse 2", "RUN 1", "10 Normal"
    others = [t for t in line if number(t.text) is None and re.search(r"[A-Za-z]{2}", t.text)]
    at_edge = [n for n in numbers if n[0].x0 - left < edge or right - n[0].x1 < edge]
    free = [n for n in numbers if n in at_edge or not is_beside(n[0], others)]
    if len(free) < 2:
        return None
    printed = [(t.x - left) / width for t, _ in free]
    positions = list(printed)
    if free[0][0].x0 - left < edge:
        positions[0] = 0.0
    if right - free[-1][0].x1 < edge:
        positions[-1] = 1.0
    used = {id(t) for t, _ in free}
    inline = " ".join(t.text for t in line if id(t) not in used and t.x0 > left and t.x1 < right)
    return Row(
        y=float(np.median([t.y for t, _ in free])),
        height=float(np.median([t.height for t, _ in free])),
        positions=tuple(positions),
        printed=tuple(printed),
        values=tuple(v for _, v in free),
        confidence=min(free[0][0].confidence, free[-1][0].confidence),
        inline=inline,
        by_ink=any(t.by_ink and v != 0 for t, v in (free[0], free[-1])),
    )


def with_ends(
    line: list[Token],
    titles: Sequence[float],
    block: Block,
    left: float,
    right: float,
    place: tuple[float, float] | None = None,
) -> list[Token]:
    """A line of a scale whose end numbers were not seen: they are looked for again by their ink.

    ``titles`` are the rows of names of curves; ``place`` is the row and height of a line without tokens.
    """
    numbers = [t for t in line if _sure_number(t)]
    if block.reader is None or len(line) - len(numbers) > _MOST_WORDS:
        return line
    y, height = place or (
        float(np.median([t.y for t in line])),
        float(np.median([t.height for t in line])),
    )
    if not any(-0.6 * height < y - title <= NAME_IN * block.dpi for title in titles):
        return line
    edge = EDGE * (right - left)
    known = [t for t in numbers if t.confidence >= _SURE_CONFIDENCE]
    found = []
    if not any(t.x0 - left < edge for t in known):
        found.append(end_number(block, y, height, left, 2 * edge))
    if not any(right - t.x1 < edge for t in known):
        found.append(end_number(block, y, height, right, -2 * edge))
    out = list(line)
    for new in (token for token in found if token is not None):
        rivals = [t for t in out if new.x0 < t.x < new.x1 or t.x0 < new.x < t.x1]
        if all(t.confidence < new.confidence for t in rivals):
            out = [*(t for t in out if t not in rivals), new]
    return sorted(out, key=lambda t: t.x0)


def rows_by_ink(title: float, below: float, block: Block, left: float, right: float) -> list[Row]:
    """Scale rows of which no number was seen, by their ink: on the lines ruled below a title.

    ``title`` is the row of the title, ``below`` that of the next print under it.
    """
    bottom = min(title + NAME_IN * block.dpi, block.ink.foot, below)
    if block.reader is None or title < block.ink.foot - BLOCK_IN * block.dpi:
        return []
    lean = block.ink.lean(title)
    height = _PRINT_IN * block.dpi
    found = []
    for rule in block.ink.rules(title + height, bottom, left + lean, right + lean):
        place = (rule - _ABOVE_RULE * height, height)
        row = find_row(with_ends([], [title], block, left, right, place), left, right)
        found += [] if row is None else [row]
    return found


def end_number(block: Block, y: float, height: float, border: float, reach: float) -> Token | None:
    """The number next to a border; None where it reads differently with more paper around it."""
    lean = block.ink.lean(y)
    word = block.ink.end_word(y, height, border + lean, reach)
    if word is None or block.reader is None:
        return None
    first, second = block.reader.recognise([word.ink, np.pad(word.ink, round(_WIDER * height))])
    text = _as_number(first.text)
    if text is None or text != _as_number(second.text):
        return None
    confidence = max(first.confidence, second.confidence)
    return Token(text, confidence, word.left - lean, word.right - lean, y, height, by_ink=True)


def _as_number(text: str) -> str | None:
    """A word that is a number, or a letter that looks like a lone zero; None for others."""
    bare = text.strip("\"'|°:;*_ ")
    return "0" if bare in _ZEROS else bare if number(bare) is not None else None


def is_wide(positions: Sequence[float]) -> bool:
    """Whether the numbers of a row reach from one border to the other."""
    return positions[0] < 0.2 and positions[-1] > 0.8


def half_row(line: Sequence[Token], left: float, right: float) -> float | None:
    """Row of a line that is a number next to a border and little else: part of a scale."""
    edge = 1.5 * EDGE * (right - left)
    clear = [t for t in line if _sure_number(t) and t.confidence >= CLEAR]
    ends = [t for t in clear if t.x0 - left < edge or right - t.x1 < edge]
    others = [t for t in line if re.search(r"[A-Za-z]{2}", t.text)]
    return ends[0].y if ends and len(others) <= 1 and not is_beside(ends[0], others) else None
