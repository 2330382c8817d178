"""One value for each field of text, chosen among what was read for it.

In: values by field. Out: ``Reading`` values. Does not belong here: depths and elevations (`numbers`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from veernet_core.domain.api_number import find_api_number, parse_api_number, state_name
from veernet_core.domain.gazetteer import (
    county_name,
    letters_and_digits,
)
from veernet_core.page.header.dates import parse_date
from veernet_core.page.header.labels import STATED
from veernet_core.page.header.values import (
    CLEAR,
    CLEAR_OCR,
    CONFIRMED,
    DOUBTFUL,
    FAIR_OCR,
    LIKELY,
    Value,
    clean_text,
    reading_of,
)
from veernet_core.page.results import Reading

_SAME = 0.87
_COMPANY_WORDS = re.compile(
    r"\b(COMPANY|CO|CORP|CORPORATION|INC|INCORPORATED|LTD|LLC|LP|OIL|GAS|PETROLEUM|ENERGY|EXPLORATION|DRILLING"
    r"|RESOURCES|PRODUCTION|OPERATING|PARTNERS|U\.?S\.?A|NATURAL|TRANSMISSION|FUEL)\b",
    re.IGNORECASE,
)


def _free_text(check: Callable[[str], bool]) -> Callable[[Sequence[Value]], Reading[str] | None]:
    """A chooser for text that no list knows: clear print, or two printings that agree."""

    def choose(values: Sequence[Value]) -> Reading[str] | None:
        read = [replace(v, text=clean_text(v.text)) for v in values]
        usable = [v for v in read if _is_text(v.text) or (_has_word(v.text) and check(v.text))]
        if not usable:
            return None
        usable = [v for v in usable if check(v.text)] or usable
        plainest = max(v.strength for v in usable)
        usable = [v for v in usable if v.strength >= plainest]
        best = max(usable, key=_rank)
        agreeing = sum(_same(best.text, v.text) for v in usable)
        if agreeing >= 2 and best.confidence >= FAIR_OCR:
            confidence = CONFIRMED
        elif any(not _alike(best.text, v.text) and v.confidence >= FAIR_OCR for v in usable):
            confidence = DOUBTFUL
        elif best.confidence >= CLEAR_OCR and check(best.text) and not best.is_ragged:
            confidence = CLEAR
        else:
            confidence = LIKELY if best.confidence >= FAIR_OCR else DOUBTFUL
        return reading_of(best, best.text, confidence)

    return choose


def _rank(value: Value) -> tuple[bool, int, float]:
    """Of values labelled as plainly: clear print first, then the longest, or the first after colons."""
    long = 0 if value.strength >= STATED else len(value.text)
    return value.confidence > FAIR_OCR, long, 0.0 if value.strength >= STATED else value.confidence


def _has_word(text: str) -> bool:
    return bool(re.match(r"[A-Za-z]{3,}", text))


def _is_text(text: str) -> bool:
    letters = sum(c.isalpha() for c in text)
    return letters >= 3 and letters >= 0.4 * len(text.replace(" ", ""))


def _same(a: str, b: str) -> bool:
    return letters_and_digits(a) == letters_and_digits(b)


def _alike(a: str, b: str) -> bool:
    plain = [letters_and_digits(text) for text in (a, b)]
    return difflib.SequenceMatcher(None, plain[0], plain[1], autojunk=False).ratio() >= _SAME


def _is_company(text: str) -> bool:
    return bool(_COMPANY_WORDS.search(text)) and _looks_printed(text)


def _looks_printed(text: str) -> bool:
    """Whether a text has the shape of print: no stray signs, one case, words with vowels."""
    if re.search(r"[^\w\s.,&#'/()-]", text) or re.search(r"[a-z][A-Z]{2}|[A-Z]{2,}[a-z]", text):
        return False
    words = re.findall(r"[A-Za-z]{4,}", text)
    return _has_word(text) and all(re.search(r"[AEIOUYaeiouy]", word) for word in words)


def _is_well(text: str) -> bool:
    """A well has a number: a name without one was not read to its end."""
    return _looks_printed(text) and bool(re.search(r"\d", text))


def _is_field(text: str) -> bool:
    return _looks_printed(text) and len(text) >= 5


def _choose_county(values: Sequence[Value]) -> Reading[str] | None:
    known = [(v, name) for v in values if (name := _named_in(v.text, county_name)) is not None]
    if known:
        value, name = max(known, key=lambda pair: pair[0].confidence)
        same = {n for _, n in known} == {name}
        sure = value.confidence >= FAIR_OCR or len(known) > 1
        return reading_of(value, name, CONFIRMED if same and sure else LIKELY if same else DOUBTFUL)
    chosen = _free_text(lambda text: False)(values)
    return None if chosen is None else replace(chosen, confidence=min(chosen.confidence, LIKELY))


def _named_in(text: str, find: Callable[[str], str | None]) -> str | None:
    """The place that a text names, alone or beside others (``U.S.A. / NORTH DAKOTA``)."""
    parts = [text, *re.split(r"[/,|]", text)]
    return next((name for part in parts if (name := find(clean_text(part)))), None)


def _choose_state(values: Sequence[Value]) -> Reading[str] | None:
    known = [(v, name) for v in values if (name := _named_in(v.text, state_name)) is not None]
    if not known or len({name for _, name in known}) > 1:
        return None
    value, name = max(known, key=lambda pair: pair[0].confidence)
    sure = value.confidence >= 0.9 or len(known) > 1 or len(clean_text(value.text)) >= 8
    return reading_of(value, name, CONFIRMED if sure else LIKELY)


def _choose_country(values: Sequence[Value]) -> Reading[str] | None:
    known = {"USA": "USA", "US": "USA", "UNITEDSTATES": "USA", "CANADA": "Canada", "UK": "UK"}
    for value in values:
        name = known.get(re.sub(r"[^A-Z]", "", value.text.upper()))
        if name is not None:
            return reading_of(value, name, CONFIRMED if value.confidence >= FAIR_OCR else LIKELY)
    return None


def _choose_date(values: Sequence[Value]) -> Reading[str] | None:
    """The date of the first run, as printed; of a later one where the first cannot be read."""
    numeric = [value for value in values if re.search(r"\d{2}", value.text)]
    for place, value in enumerate(numeric):
        text = clean_text(value.text)
        if parse_date(text) is not None:
            first = place == 0 and not _misses_column(numeric)
            sure = first and value.confidence >= CLEAR_OCR
            return reading_of(value, text, CLEAR if sure else LIKELY)
    return None


def _misses_column(values: Sequence[Value]) -> bool:
    """Whether the label leaves room for the column of an earlier run, in which nothing was read."""
    return len(values) > 1 and values[0].gap > 1.5 * (values[1].gap - values[0].gap)


def _choose_run(values: Sequence[Value]) -> Reading[str] | None:
    known = {"ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX"}
    for value in values:
        text = letters_and_digits(value.text)
        if text in known or re.fullmatch(r"[1-9][A-D]?", text):
            first = text in ("ONE", "1", "1A")
            sure = first and value.confidence >= CLEAR_OCR
            return reading_of(value, text, CLEAR if sure else LIKELY)
    return None


def _choose_uwi(values: Sequence[Value]) -> Reading[str] | None:
    found = [
        (value, api)
        for value in values
        if (api := parse_api_number(clean_text(value.text)) or find_api_number(value.text))
    ]
    if not found:
        return None
    value, api = max(found, key=lambda pair: pair[0].confidence >= CLEAR_OCR)
    sure = value.confidence >= CLEAR_OCR and len({a.api10 for _, a in found}) == 1
    return reading_of(value, api.dashed, CLEAR if sure else LIKELY)


_DATUMS = {
    "KB": "KB", "RKB": "KB", "KELLYBUSHING": "KB", "ROTARYKELLYBUSHING": "KB", "DF": "DF", "RF": "DF",
    "DERRICKFLOOR": "DF", "DRILLFLOOR": "DF", "RT": "RT", "ROTARYTABLE": "RT", "GL": "GL", "GROUNDLEVEL": "GL",
}  # fmt: skip
"""What depths are measured from, as forms print it (API RP 31A)."""
_PLACE = re.compile(r"\b(?:SEC|TWP|RGE|[TR]\s*\d|F[NSEW]L|LAT|LON)", re.IGNORECASE)


def _choose_datum(values: Sequence[Value]) -> Reading[str] | None:
    for value in values:
        name = _DATUMS.get(re.sub(r"[^A-Z]", "", re.split(r"[,@(\d]", value.text.upper())[0]))
        if name is not None:
            return reading_of(value, name, CONFIRMED if value.confidence >= FAIR_OCR else LIKELY)
    return None


def _is_place(text: str) -> bool:
    """Whether a text places a well: by section, township and range, lines of a section, or degrees."""
    misread = re.search(r"\b[^\WF_][NSEW]L\b", text.upper())  # 1416' RWL
    return misread is None and bool(_PLACE.search(text)) and bool(re.search(r"\d", text))


CHOOSERS: Mapping[str, Callable[[Sequence[Value]], Reading[str] | None]] = {
    "company": _free_text(_is_company),
    "name": _free_text(_is_well),
    "field_name": _free_text(_is_field),
    "county": _choose_county,
    "state": _choose_state,
    "country": _choose_country,
    "date": _choose_date,
    "run": _choose_run,
    "uwi": _choose_uwi,
    "location": _free_text(_is_place),
    "datum": _choose_datum,
}
