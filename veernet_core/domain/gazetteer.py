"""Counties and service companies: closed lists against which header text is checked.

In: text as printed. Out: the listed name, or None. Counties are listed for the states with large public
archives of scans, in the order of their codes, so that an API number says which county it means.
Does not belong here: states (`api_number`), where text stands on a page.
"""

from __future__ import annotations

import difflib
import re

from veernet_core.domain.api_number import ApiNumber
from veernet_core.domain.tables import table

COUNTIES: dict[str, tuple[str, ...]] = {
    state: tuple(names) for state, names in table("places")["counties"].items()
}
"""Counties by state, in the order of their API codes (001, 003, 005, ...)."""

SERVICE_COMPANIES: tuple[str, ...] = tuple(table("places")["service_companies"])
_SIMILAR = 0.88


def county_name(text: str, state: str = "") -> str | None:
    """The listed county a text names, exactly but for case and blanks; of one state where it is"
    " given.
    """
    wanted = letters_and_digits(re.sub(r"\bCOUNTY\b|\bCO\b\.?$", "", text.upper()))
    lists = [COUNTIES.get(state, ())] if state else list(COUNTIES.values())
    return next(
        (name for names in lists for name in names if letters_and_digits(name) == wanted), None
    )


def county_of_api(api: ApiNumber) -> str | None:
    """County of an API number, where the state's counties are listed.

    Codes are odd numbers in alphabetical order; counties founded later have codes that break the order
    (New Mexico) and are not listed.
    """
    names = COUNTIES.get(api.state_name)
    code = int(api.county)
    if names is None or code % 2 == 0 or (code - 1) // 2 >= len(names):
        return None
    return names[(code - 1) // 2]


def service_company(text: str) -> tuple[str, float] | None:
    """The service company a text names, and how alike the spelling is (1: exactly)."""
    plain = letters_and_digits(text)
    alike = [
        (difflib.SequenceMatcher(None, plain, letters_and_digits(c)).ratio(), c)
        for c in SERVICE_COMPANIES
    ]
    best, company = max(alike)
    for short in SERVICE_COMPANIES:  # a longer name that is cut off still holds the shorter one
        if letters_and_digits(short) in plain and len(letters_and_digits(short)) >= 5:
            return company if best >= _SIMILAR and letters_and_digits(short) in letters_and_digits(
                company
            ) else short, 1.0
    return (company, best) if best >= _SIMILAR and len(plain) >= 7 else None


def letters_and_digits(text: str) -> str:
    """Capitals and digits only, for comparing what was printed or read in different ways."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())
