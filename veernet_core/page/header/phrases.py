"""Places and numbers of wells that forms name without a label of their own.

In: lines of one turn. Out: values by field, as of `labels`. "Sec. 24 T149N R93W, Dunn County, ND" names a
county and a state; "License Number: API:33-025-01509" a well.
Does not belong here: what stands beside a label (`labels`), which of several values is right (`choice`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from veernet_core.domain.api_number import find_api_number, state_name
from veernet_core.domain.gazetteer import county_name
from veernet_core.page.header.labels import BARE, JOINED
from veernet_core.page.header.lines import Line
from veernet_core.page.header.values import Value, clean_text

_COUNTY = re.compile(r"\b(?:COUNTY|PARISH)\b", re.IGNORECASE)
_API = re.compile(r"\bA\.?P\.?I\b|\bU\.?W\.?I\b|\d{2}-\d{3}-\d{5}", re.IGNORECASE)
_FIELD = re.compile(r"([A-Za-z][A-Za-z ]{2,30}?)\s*\(FIELD\)", re.IGNORECASE)
_LONGEST_NAME = 3
"""Most words of a county or a state."""


def named_in_text(lines: Iterable[Line]) -> dict[str, list[Value]]:
    """Counties, states, fields and API numbers named in lines of print, in reading order."""
    out: dict[str, list[Value]] = {}
    for line in lines:
        for key, text in _named(line.text):
            out.setdefault(key, []).append(Value(text, line.confidence, line.box, strength=BARE))
    return out


def regions(values: Sequence[Value]) -> list[Value]:
    """What mud logs give as the region, where it is the name of a field: no county, no state, no country."""
    return [
        replace(v, strength=JOINED)
        for v in values
        if not (place := clean_text(v.text)).upper().startswith(("UNITED STATES", "USA"))
        and county_name(place) is None
        and state_name(place) is None
    ]


def _named(text: str) -> Iterator[tuple[str, str]]:
    """Fields that a line names."""
    for match in _COUNTY.finditer(text):
        state = _state_after(text[match.end() :])
        county = _county_before(text[: match.start()], state or "")
        if county is not None:
            yield "county", county
            if state is not None:
                yield "state", state
    field = _FIELD.search(text)
    if field is not None:
        yield "field_name", field[1].strip()
    api = find_api_number(text) if _API.search(text) else None
    if api is not None:
        yield "uwi", api.dashed


def _county_before(text: str, state: str) -> str | None:
    """The county whose name ends a text."""
    words = re.findall(r"[A-Za-z.']+", re.split(r"[,;:/&()\d]", text)[-1])[-_LONGEST_NAME:]
    tails = (" ".join(words[k:]) for k in range(len(words)))
    return next((name for tail in tails if (name := county_name(tail, state))), None)


def _state_after(text: str) -> str | None:
    """The state whose name begins a text."""
    words = re.findall(r"[A-Za-z.]+", re.split(r"[-;/()\d]", text.lstrip(" ,.:"))[0])
    heads = (" ".join(words[:k]) for k in range(min(_LONGEST_NAME, len(words)), 0, -1))
    return next((name for head in heads if (name := state_name(head))), None)
