"""Words and numbers of a scale block, with the page's tilt undone.

In: text boxes of a region. Out: ``Token``s with their place, and every number a token can stand for: print
touches rules, loses minus signs and is read with letters that look like digits, and only the rest of the
scale tells which of the values is meant.
Does not belong here: which tokens make a scale (`candidates`, `binder`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from veernet_core.page.ocr.merging import RULE_LIKE
from veernet_core.page.results import CLEAR_PRINT, TextBox

Edit = Literal["none", "letters", "rule", "point", "sign"]
"""What was changed in a text to make a number of it."""
EDITS: tuple[Edit, ...] = ("none", "letters", "rule", "point", "sign")
_WORD = re.compile(r"[-–—+]?\.?\d[\d.,]*(?=[A-Za-z]{2,})|[^\s_]+")
_NUMBER = re.compile(r"[-+]?(?:\d{1,6}(?:\.\d*)?|\.\d+)")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+")
_TWO = re.compile(r"(\d{1,5})[,.|/:;!](\d{1,5})")
_STRIP = "\"'|°:;*_()[]{}<>=~→←"
_LETTERS = str.maketrans(
    {"O": "0", "o": "0", "Q": "0", "D": "0", "l": "1", "I": "1", "|": "1", "!": "1", "Z": "2",
     "z": "2", "S": "5", "s": "5", "B": "8", "G": "6", "b": "6"}
)  # fmt: skip
_STROKES = "lI|!/[](){}"
_ZEROS = ("O", "o", "Q", "D", "0.", "()")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or number on the page.

    ``x0``, ``x1`` columns of the page at its row; ``y`` its row once the tilt is undone; ``row`` and
    ``col`` its middle on the page; ``line`` numbers the text box it was read in. ``as_digits``, ``agreed``,
    ``also`` and ``tint``: see `TextBox`.
    """

    text: str
    confidence: float
    x0: float
    x1: float
    y: float
    height: float
    row: float
    line: int
    as_digits: str = ""
    agreed: float = math.nan
    also: str = ""
    tint: str = ""

    @property
    def x(self) -> float:
        """Its middle column."""
        return (self.x0 + self.x1) / 2

    @property
    def is_number(self) -> bool:
        """Whether it was read as a number; what it could be besides does not count."""
        return bool(numbers_of(self.text))

    @property
    def _is_word(self) -> bool:
        clear = self.confidence >= CLEAR_PRINT and self.agreed == 1.0
        return (
            clear and len(self.text) > 1 and any(c.isalpha() for c in self.text.translate(_LETTERS))
        )

    @property
    def _digits(self) -> str:
        """What it says as digits; a number with a point is none: a reader of digits alone loses the point."""
        return "" if re.search(r"\d[.,]\d", self.text) else self.as_digits

    @property
    def numbers(self) -> tuple[tuple[float, Edit], ...]:
        """Values it can stand for, the text as it was read first; words of three letters stand for none, nor
        clear ones with a letter that no figure looks like.
        """
        own = numbers_of(self.text)
        if sum(c.isalpha() for c in self.text) > 2 or self._is_word:
            return own
        known = {value for value, _ in own}
        again = dict.fromkeys(
            value
            for text in (self.also, self._digits)
            for value, edit in numbers_of(text)
            if edit == "none" and value not in known
        )
        return own + tuple((value, "letters") for value in again)


def read_tokens(boxes: Sequence[TextBox], tilt: float, centre_col: float) -> list[Token]:
    """Words of text boxes, from top to bottom; a number joined to a name is cut off.

    Parameters
    ----------
    boxes : sequence of TextBox
        Upright text of one block.
    tilt : float
        Slope of level lines, rows per column.
    centre_col : float
        Column at which ``y`` equals the row.
    """
    tokens = []
    for line, box in enumerate(boxes):
        y = box.row - tilt * (box.col - centre_col)
        height = max(4.0, box.height_px - abs(tilt) * box.width_px)
        left = box.col - box.width_px / 2
        per_char = box.width_px / max(1, len(box.text))
        for match in _WORD.finditer(box.text):
            x0, x1 = left + match.start() * per_char, left + match.end() * per_char
            row = box.row + tilt * ((x0 + x1) / 2 - box.col)
            tokens.append(
                Token(
                    match.group(),
                    box.confidence,
                    x0,
                    x1,
                    y,
                    height,
                    row,
                    line,
                    box.as_digits if match.group() == box.text else "",
                    box.agreed,
                    box.also if match.group() == box.text else "",
                    box.tint,
                )
            )
    return sorted(tokens, key=lambda token: (token.y, token.x0))


@lru_cache(maxsize=8192)
def is_struck_nought(text: str) -> bool:
    """Whether a word is a nought with a stroke beside it: no scale is printed with 01, nor with (1."""
    return re.fullmatch(r"[(0O][1Il]", text.strip()) is not None


def numbers_of(text: str) -> tuple[tuple[float, Edit], ...]:
    """Values a printed word can stand for; empty where it is no number.

    Examples
    --------
    >>> numbers_of("150")
    ((150.0, 'none'), (-150.0, 'sign'), (50.0, 'rule'))
    >>> numbers_of("6|")
    ((6.0, 'none'), (-6.0, 'sign'))

    A nought that a line of the grid runs beside is read as half a bracket with a one:

    >>> numbers_of("(1")
    ((0.0, 'none'), (1.0, 'letters'))

    What begins with a nought is no rest of a number:

    >>> numbers_of("1000")
    ((1000.0, 'none'), (-1000.0, 'sign'))
    """
    plain = re.sub("[–—−]", "-", text)
    if is_struck_nought(plain):
        return (0.0, "none"), (1.0, "letters")
    bare = plain.strip(_STRIP).rstrip(",;:").lstrip("±")
    found: dict[float, Edit] = {}
    value = _value(bare)
    if value is None and bare in _ZEROS:
        value, edit = 0.0, "letters"
    elif value is None and _half_digits(bare):
        value, edit = _value(bare.translate(_LETTERS)), "letters"
    else:
        edit = "none"
    if value is None:
        return ()
    found[value] = edit  # type: ignore[assignment]
    if value:
        found.setdefault(-value, "sign")
    for cut in (
        bare[1:] if bare[:1] in RULE_LIKE else "",
        bare[:-1] if bare[-1:] in RULE_LIKE else "",
    ):
        shorter = _value(cut.translate(_LETTERS)) if cut else None
        if shorter is not None and not re.match(r"0\d", cut.translate(_LETTERS)):
            found.setdefault(shorter, "rule")
    digits = bare.lstrip("-+").translate(_LETTERS)
    if re.fullmatch(r"0\d{1,3}", digits):
        found.setdefault(float(f"0.{digits[1:]}"), "point")
        found.setdefault(-float(f"0.{digits[1:]}"), "point")
    return tuple(found.items())


def _value(text: str) -> float | None:
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    point = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    if _NUMBER.fullmatch(point):
        return float(point)
    kilo = re.fullmatch(r"(\d{1,3})[kK]", text)
    return 1000.0 * float(kilo[1]) if kilo else None


def _half_digits(text: str) -> bool:
    digits = sum(c.isdigit() for c in text)
    return 0 < len(text) <= 7 and 2 * digits >= len(text) and digits < len(text)


def without_borders(tokens: Sequence[Token], borders: Sequence[float]) -> list[Token]:
    """Numbers without the stroke at their end that stands on a border, which is the border itself.

    Parameters
    ----------
    tokens : sequence of Token
    borders : sequence of float
        Columns at the height of the tokens. A figure 1 there may be a figure and is kept.
    """
    return [_without_border(token, borders) for token in tokens]


def _without_border(token: Token, borders: Sequence[float]) -> Token:
    text = token.text
    if len(text) < 2 or not re.search(r"\d", text):
        return token
    per_char = (token.x1 - token.x0) / len(text)
    ends = {"first": (token.x0, token.x0 + per_char), "last": (token.x1 - per_char, token.x1)}
    on_border = {
        end: next((b for b in borders if at[0] - 0.5 * per_char < b < at[1] + 0.5 * per_char), None)
        for end, at in ends.items()
    }
    first, last = on_border["first"], on_border["last"]
    if last is not None and text[-1] in _STROKES:
        return replace(token, text=text[:-1], x1=min(last, token.x1) - 1, as_digits="", also="")
    if first is not None and text[0] in _STROKES:
        return replace(token, text=text[1:], x0=max(first, token.x0) + 1, as_digits="", also="")
    return token


def split_at(tokens: Sequence[Token], borders: Sequence[float]) -> list[Token]:
    """Tokens cut where they run across a border: numbers of two tracks were read as one."""
    out: list[Token] = []
    for token in tokens:
        reach = 0.35 * token.height
        inside = [b for b in borders if token.x0 + reach < b < token.x1 - reach]
        if not inside or not re.search(r"\d", token.text) or len(token.text) < 2:
            out.append(token)
            continue
        per_char = (token.x1 - token.x0) / len(token.text)
        cut = min(len(token.text) - 1, max(1, round((inside[0] - token.x0) / per_char)))
        at = inside[0]
        first, second = (
            token.text[:cut].rstrip(_STRIP + ",."),
            token.text[cut:].lstrip(_STRIP + ","),
        )
        out += [replace(token, text=first, x1=at - 1, as_digits="", also="")] if first else []
        out += [replace(token, text=second, x0=at + 1, as_digits="", also="")] if second else []
    return out


def halves_at(token: Token, middles: Sequence[float]) -> list[Token]:
    """Two numbers that were read as one over the middle of a double track, where what is between them stands on
    it; any other token as it is.
    """
    found = _TWO.fullmatch(token.text)
    if found is None:
        return [token]
    per_char = (token.x1 - token.x0) / len(token.text)
    at = token.x0 + (len(found[1]) + 0.5) * per_char
    if not any(abs(at - m) < 0.75 * per_char for m in middles):
        return [token]
    return [
        replace(token, text=found[1], x1=at - 1, as_digits="", also=""),
        replace(token, text=found[2], x0=at + 1, as_digits="", also=""),
    ]


def lines_of(tokens: Sequence[Token]) -> list[list[Token]]:
    """Tokens that stand on one line, from top to bottom, each from left to right."""
    lines: list[list[Token]] = []
    for token in sorted(tokens, key=lambda t: t.y):
        near = [
            line
            for line in lines[-4:]
            if abs(token.y - float(np.median([t.y for t in line])))
            < 0.5 * min(token.height, float(np.median([t.height for t in line])))
        ]
        if near:
            near[-1].append(token)
        else:
            lines.append([token])
    return [sorted(line, key=lambda t: t.x0) for line in lines]


def phrases_of(line: Sequence[Token], gap: float = 1.3) -> list[list[Token]]:
    """Words of a line joined where they stand close together, in heights of the print."""
    phrases: list[list[Token]] = []
    for token in line:
        last = phrases[-1][-1] if phrases else None
        if last is not None and (
            token.line == last.line or token.x0 - last.x1 < gap * min(token.height, last.height)
        ):
            phrases[-1].append(token)
        else:
            phrases.append([token])
    return phrases


def apart_from_words(line: Sequence[Token]) -> list[Token]:
    """Tokens of a line that stand in no phrase with a word: strokes and lengths there (``AM = 16"``) are none
    of the numbers of a scale.
    """
    return [
        token
        for phrase in phrases_of(line)
        if not any(sum(c.isalpha() for c in t.text) > 1 for t in phrase)
        for token in phrase
    ]
