"""Numbers as people write them in tables: which mark is the decimal one, and what a cell then says.

In: the texts of a column. Out: its decimal mark, where its own values show one, and the number of a
cell under that mark. ``3,575`` alone may be 3575 or 3.575: nothing here guesses. Which columns hold
numbers and what is done where the mark stays unknown do not belong here.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Mark = Literal[".", ","]
_MARKS: tuple[Mark, Mark] = (".", ",")
_MINUS = str.maketrans({"−": "-", "–": "-", "٫": ".", "٬": "'"})
"""Other signs for minus, and the decimal and thousands marks of Arabic."""
_NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?")
_BLANK_MARK = re.compile(r"(?<=\d)[\s'’_](?=\d{3}(?!\d))")
"""Marks between thousands that no country uses for decimals (blanks of any width count)."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """What a text can mean as a number.

    Attributes
    ----------
    values : mapping of mark to float
        The number under each decimal mark; a mark under which the text is no number is left out.
    """

    values: dict[Mark, float]

    @property
    def mark(self) -> Mark | None:
        """The decimal mark that this text alone proves; None where it fits both, or neither."""
        return next(iter(self.values)) if len(self.values) == 1 else None

    @property
    def is_ambiguous(self) -> bool:
        """Whether the number depends on the mark."""
        return len(set(self.values.values())) > 1

    def under(self, mark: Mark | None) -> float | None:
        """The number: the only one there is, or that under ``mark``; None where neither tells it."""
        if mark is not None and self.is_ambiguous:
            return self.values[mark]
        distinct = set(self.values.values())
        return distinct.pop() if len(distinct) == 1 else None


def read_numeral(text: str) -> Numeral | None:
    """A text as a number under either decimal mark; None where it is no number at all.

    Examples
    --------
    >>> read_numeral("3575,5").values, read_numeral("1.234.567").values
    ({',': 3575.5}, {',': 1234567.0})
    >>> read_numeral("3,575").is_ambiguous, read_numeral("0,575").is_ambiguous
    (True, False)
    >>> read_numeral("1,23,45").values, read_numeral("TD")
    ({}, None)
    """
    bare = _western(text.strip()).translate(_MINUS)
    grouped = _BLANK_MARK.sub("", bare)
    if not grouped.isascii() or not _NUMBER.fullmatch(grouped):
        return None
    values = {}
    for mark in _MARKS:
        value = _value(grouped, mark, thousands_marked=grouped != bare)
        if value is not None:
            values[mark] = value
    return Numeral(values)


def _western(text: str) -> str:
    """The text with the digits of all scripts as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(char, char)) for char in text)


def decimal_marks(texts: Iterable[str]) -> set[Mark]:
    """The decimal marks that the texts of a column prove; texts that are no numbers are passed over."""
    found = set()
    for text in texts:
        numeral = read_numeral(text)
        if numeral is not None and numeral.mark is not None:
            found.add(numeral.mark)
    return found


def _value(text: str, mark: Mark, thousands_marked: bool) -> float | None:
    """The number where ``mark`` is the decimal one; the other mark may only stand between thousands."""
    other = "," if mark == "." else "."
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, decimals = mantissa.partition(mark)
    if mark in decimals or other in decimals:
        return None
    if other in whole:
        thousands = rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(other)}\d{{3}})+"
        if thousands_marked or exponent or not re.fullmatch(thousands, whole):
            return None
    plain = f"{whole.replace(other, '')}.{decimals or '0'}e{exponent or '0'}"
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
