"""Dates as printed on forms."""

from __future__ import annotations

import re

_MONTHS = (
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
)


def parse_date(text: str) -> tuple[int, int, int] | None:
    """Year, month and day of a printed date; American order where it is numeric; None where it is none."""
    plain = text.upper().strip()
    numeric = re.fullmatch(r"(\d{1,2})\s*[-/.:]\s*(\d{1,2})\s*[-/.:]\s*((?:19|20)?\d{2})", plain)
    named = re.fullmatch(r"(\d{1,2})[-\s/.]*([A-Z]{3,9})[-\s/.,]*((?:19|20)?\d{2})", plain)
    american = re.fullmatch(r"([A-Z]{3,9})[-\s/.]*(\d{1,2})[-\s/.,]+((?:19|20)?\d{2})", plain)
    if numeric:
        month, day, year = (int(group) for group in numeric.groups())
    elif named and _month(named[2]):
        day, month, year = int(named[1]), _month(named[2]), int(named[3])
    elif american and _month(american[1]):
        month, day, year = _month(american[1]), int(american[2]), int(american[3])
    else:
        return None
    year += 0 if year >= 100 else 1900 if year >= 27 else 2000
    is_date = 1 <= month <= 12 and 1 <= day <= 31 and 1927 <= year <= 2100
    return (year, month, day) if is_date else None


def _month(name: str) -> int:
    """Number of a month by its name or the beginning of it; 0 where it is none."""
    return next((i for i, month in enumerate(_MONTHS, 1) if month.startswith(name)), 0)
