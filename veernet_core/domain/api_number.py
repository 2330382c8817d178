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

STATE_CODES: dict[str, str] = {
    "01": "Alabama",
    "02": "Arizona",
    "03": "Arkansas",
    "04": "California",
    "05": "Colorado",
    "06": "Connecticut",
    "07": "Delaware",
    "08": "District of Columbia",
    "09": "Florida",
    "10": "Georgia",
    "11": "Idaho",
    "12": "Illinois",
    "13": "Indiana",
    "14": "Iowa",
    "15": "Kansas",
    "16": "Kentucky",
    "17": "Louisiana",
    "18": "Maine",
    "19": "Maryland",
    "20": "Massachusetts",
    "21": "Michigan",
    "22": "Minnesota",
    "23": "Mississippi",
    "24": "Missouri",
    "25": "Montana",
    "26": "Nebraska",
    "27": "Nevada",
    "28": "New Hampshire",
    "29": "New Jersey",
    "30": "New Mexico",
    "31": "New York",
    "32": "North Carolina",
    "33": "North Dakota",
    "34": "Ohio",
    "35": "Oklahoma",
    "36": "Oregon",
    "37": "Pennsylvania",
    "38": "Rhode Island",
    "39": "South Carolina",
    "40": "South Dakota",
    "41": "Tennessee",
    "42": "Texas",
    "43": "Utah",
    "44": "Vermont",
    "45": "Virginia",
    "46": "Washington",
    "47": "West Virginia",
    "48": "Wisconsin",
    "49": "Wyoming",
    "50": "Alaska",
    "51": "Hawaii",
    "55": "Alaska Offshore",
    "56": "Pacific Coast Offshore",
    "60": "Northern Gulf of Mexico",
    "61": "Atlantic Coast Offshore",
}
"""State or offshore area by the first two digits."""

POSTAL_CODES: dict[str, str] = {
    "AL": "Alabama",
    "AK": "Alaska",
    "AZ": "Arizona",
    "AR": "Arkansas",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware",
    "DC": "District of Columbia",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "IA": "Iowa",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MS": "Mississippi",
    "MO": "Missouri",
    "MT": "Montana",
    "NE": "Nebraska",
    "NV": "Nevada",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NY": "New York",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia",
    "WA": "Washington",
    "WV": "West Virginia",
    "WI": "Wisconsin",
    "WY": "Wyoming",
}
"""States by postal abbreviation, as headers print them."""

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


_OLD_ABBREVIATIONS = {
    "ALA": "Alabama",
    "ARIZ": "Arizona",
    "ARK": "Arkansas",
    "CALIF": "California",
    "COLO": "Colorado",
    "FLA": "Florida",
    "ILL": "Illinois",
    "IND": "Indiana",
    "KAN": "Kansas",
    "KANS": "Kansas",
    "MICH": "Michigan",
    "MISS": "Mississippi",
    "MONT": "Montana",
    "NEB": "Nebraska",
    "NEBR": "Nebraska",
    "NEV": "Nevada",
    "NMEXICO": "New Mexico",
    "NMEX": "New Mexico",
    "NDAKOTA": "North Dakota",
    "NDAK": "North Dakota",
    "OKLA": "Oklahoma",
    "PENN": "Pennsylvania",
    "PENNA": "Pennsylvania",
    "SDAKOTA": "South Dakota",
    "SDAK": "South Dakota",
    "TENN": "Tennessee",
    "TEX": "Texas",
    "WVA": "West Virginia",
    "WVIR": "West Virginia",
    "WESTVA": "West Virginia",
    "WYO": "Wyoming",
}


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
