"""American well identifiers: API numbers brought to one form.

In: an API number as people write it (10, 12 or 14 digits, with or without dashes or a label). Out:
``ApiNumber``, or None where the text is none. Does not belong here: identifiers of other countries,
finding the number on a page.

An API number is state (2 digits), county (3) and unique well (5), then optionally sidetrack (2) and
event (2). State codes are alphabetical for the lower 48 and continue with Alaska, Hawaii and the
offshore areas (API Bulletin D12A).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from veernet_core.domain.tables import table

STATE_CODES: dict[str, str] = table("places")["state_codes"]
"""State or offshore area by the first two digits."""

POSTAL_CODES: dict[str, str] = table("places")["postal_codes"]
"""States by postal abbreviation, as headers print them."""

_OLD_ABBREVIATIONS: dict[str, str] = table("places")["old_abbreviations"]
_LENGTHS = (10, 12, 14)
_LABEL = re.compile(
    r"^\s*(?:A\.?P\.?I\.?|U\.?W\.?I\.?)\s*(?:NO\.?|NUMBER|#)?\s*[:#.]?\s*", re.IGNORECASE
)
_DASHED = re.compile(r"\d{2}[-\s.]\d{3}[-\s.]\d{5}(?:[-\s.]\d{2}(?:[-\s.]\d{2})?)?")
_PLAIN = re.compile(r"\d{14}|\d{12}|\d{10}")
_ALL_DIGITS = re.compile(r"[\d\s.-]+")


@dataclass(frozen=True, slots=True)
class ApiNumber:
    """An API number by its parts; ``sidetrack`` and ``event`` are '00' where not given."""

    state: str
    county: str
    well: str
    sidetrack: str = "00"
    event: str = "00"

    @property
    def api10(self) -> str:
        """Ten digits without dashes: the well, whatever its sidetrack. The key for look-ups."""
        return self.state + self.county + self.well

    @property
    def api12(self) -> str:
        """Twelve digits: the wellbore."""
        return self.api10 + self.sidetrack

    @property
    def api14(self) -> str:
        """Fourteen digits: the completion."""
        return self.api12 + self.event

    @property
    def dashed(self) -> str:
        """As headers print it; sidetrack and event only where one of them is not zero."""
        parts = [self.state, self.county, self.well]
        if self.event != "00":
            parts += [self.sidetrack, self.event]
        elif self.sidetrack != "00":
            parts.append(self.sidetrack)
        return "-".join(parts)

    @property
    def state_name(self) -> str:
        """State or offshore area."""
        return STATE_CODES[self.state]


def parse_api_number(text: str) -> ApiNumber | None:
    """Read an API number that fills the whole text.

    Parameters
    ----------
    text : str
        10, 12 or 14 digits; dashes, blanks, dots and a leading ``API`` are passed over.

    Returns
    -------
    ApiNumber or None
        None where the digits are of another count, the state is unknown, the county or well number is
        zero, or something else stands there.
    """
    bare = _LABEL.sub("", text).strip()
    if not _ALL_DIGITS.fullmatch(bare):
        return None
    digits = re.sub(r"\D", "", bare)
    if len(digits) not in _LENGTHS or not _groups_agree(bare):
        return None
    return _from_digits(digits)


def find_api_number(text: str) -> ApiNumber | None:
    """The API number somewhere in a text, such as the stem of a file name.

    One with dashes wins over a bare run of digits. Two different numbers are none: which one is meant
    cannot be told.
    """
    for pattern in (_DASHED, _PLAIN):
        spans = re.findall(rf"(?<!\d)(?:{pattern.pattern})(?!\d)", text)
        found = {
            api for api in (_from_digits(re.sub(r"\D", "", s)) for s in spans) if api is not None
        }
        if found:
            return found.pop() if len(found) == 1 else None
    return None


@lru_cache(maxsize=4096)
def state_name(text: str) -> str | None:
    """Full name of a state given by name, postal code or old abbreviation; None where it is none."""
    letters = re.sub(r"[^A-Z]", "", text.upper())
    known = {re.sub(r"[^A-Z]", "", name.upper()): name for name in POSTAL_CODES.values()}
    return known.get(letters) or POSTAL_CODES.get(letters) or _OLD_ABBREVIATIONS.get(letters)


def _groups_agree(bare: str) -> bool:
    """Whether separators, where there are any, lie where an API number has them."""
    groups = [len(group) for group in re.split(r"[-\s.]+", bare) if group]
    return len(groups) == 1 or groups in ([2, 3, 5], [2, 3, 5, 2], [2, 3, 5, 2, 2], [2, 3, 5, 4])


def _from_digits(digits: str) -> ApiNumber | None:
    padded = digits.ljust(14, "0")
    state, county, well = padded[:2], padded[2:5], padded[5:10]
    if state not in STATE_CODES or county == "000" or well == "00000":
        return None
    return ApiNumber(state, county, well, padded[10:12], padded[12:14])
