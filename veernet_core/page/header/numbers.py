"""Logged depths and elevations, confirmed by one another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from veernet_core.page.header.dates import parse_date
from veernet_core.page.header.values import (
    CONFIRMED,
    DOUBTFUL,
    FAIR_OCR,
    LIKELY,
    Value,
    clean_text,
    reading_of,
)
from veernet_core.page.results import Reading

_NUMBER = re.compile(r"\d{1,3}(?:[,.:]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_AFTER = r"(?:\s*(?:FT\.?|F|M|MD|TVD|'|FEET))*[-.'\s]*"
_ELEVATION = re.compile(
    r"^\D{0,3}(\d{1,5}(?:[,.]\d{3})?(?:\.\d{1,2})?)(?:\s*(?:FT|F|T|'|M)\.?)?\W*$", re.IGNORECASE
)
_FROM_TO = re.compile(
    rf"^\W*(\d[\d,.]*){_AFTER}TO\W*(\d[\d,.]*){_AFTER}(?:TOTAL.*)?$", re.IGNORECASE
)


def depths_and_elevations(readings: Mapping[str, Sequence[Value]]) -> dict[str, Reading[float]]:
    """Logged depths over all runs and elevations, confirmed by one another."""
    return _depths(readings) | _elevations(readings)


def _depths(readings: Mapping[str, Sequence[Value]]) -> dict[str, Reading[float]]:
    tops, bottoms = (_measures(readings.get(key, ())) for key in ("top_depth", "bottom_depth"))
    for ends in _intervals(readings.get("interval", ())):
        tops, bottoms = [*tops, ends[0]], [*bottoms, ends[1]]
    reached = [
        m for key in ("depth_driller", "depth_logger") for m, _ in _measures(readings.get(key, ()))
    ]
    if not bottoms:
        return {}
    bottom, bottom_value = max(bottoms, key=lambda pair: pair[0])
    agrees = bool(reached) and abs(max(reached) - bottom) <= max(100.0, 0.03 * bottom)
    runs = sum(parse_date(clean_text(value.text)) is not None for value in readings.get("date", ()))
    complete = len(bottoms) >= max(runs, len(tops))  # else the deepest run may be missing
    sure = agrees and complete and bottom_value.confidence >= FAIR_OCR
    out = {"bottom_depth": reading_of(bottom_value, bottom, CONFIRMED if sure else LIKELY)}
    if tops:
        top, top_value = min(tops, key=lambda pair: pair[0])
        if top < bottom:
            likely = LIKELY if top_value.confidence >= FAIR_OCR else DOUBTFUL
            out["top_depth"] = reading_of(top_value, top, likely)
    return out


def _measures(values: Sequence[Value]) -> list[tuple[float, Value]]:
    """Depths of a row of the form, one for each run; a row with other text in it says nothing."""
    out = []
    for value in values:
        match = _NUMBER.fullmatch(
            re.sub(rf"{_AFTER}$", "", value.text.strip(), flags=re.IGNORECASE)
        )
        if match is not None:
            number = float(re.sub(r"[,:](?=\d{3})|\.(?=\d{3}$)", "", match.group()))
            if 10 <= number <= 40_000:
                out.append((number, value))
    return out


def _intervals(
    values: Sequence[Value],
) -> list[tuple[tuple[float, Value], tuple[float, Value]]]:
    """Top and bottom of an interval printed in one line (``8,160' To: 11,424'``), in one box or several."""
    if not values:
        return []
    match = _FROM_TO.match(" ".join(value.text for value in values))
    ends = [] if match is None else _measures([replace(values[0], text=t) for t in match.groups()])
    return [(ends[0], ends[1])] if len(ends) == 2 else []


def _elevations(readings: Mapping[str, Sequence[Value]]) -> dict[str, Reading[float]]:
    found: dict[str, tuple[float, Value]] = {}
    for key in ("elevation_kb", "elevation_df", "elevation_gl"):
        for value in readings.get(key, ()):
            match = _ELEVATION.match(value.text)
            if match is not None:
                found.setdefault(key, (float(match[1].replace(",", "")), value))
    out = {}
    for key, (number, value) in found.items():
        others = [n for other, (n, _) in found.items() if other != key]
        agrees = any(0.0 <= abs(number - n) <= 60.0 for n in others)
        sure = agrees and value.confidence >= FAIR_OCR
        out[key] = reading_of(value, number, CONFIRMED if sure else LIKELY if agrees else DOUBTFUL)
    return out
