"""Header fields: well, company, field, county, state, date, depths and elevations from the form on top.

In: text boxes of the page and its layout. Out: ``HeaderFound``, every value with a confidence; 0.9 and
more is only given to values that something else confirms: a closed list, a second printing, another number
on the form, or print that was read without doubt.
Does not belong here: finding text, scales (`scales`), what other sources say of the well.

Forms lie on their side on most paper logs, so text is taken by its turn: each turn makes a plane with
``u`` along the lines and ``v`` across them, both in pixels, and is searched for labels of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from veernet_core.datatypes import U8, Raster
from veernet_core.domain.api_number import parse_api_number
from veernet_core.domain.gazetteer import (
    county_name,
    county_of_api,
    service_company,
)
from veernet_core.page.header.choice import CHOOSERS
from veernet_core.page.header.labels import SERVED_BY, values_by_field
from veernet_core.page.header.lines import lines_of_turn
from veernet_core.page.header.numbers import depths_and_elevations
from veernet_core.page.header.phrases import named_in_text, regions
from veernet_core.page.header.values import (
    CONFIRMED,
    DOUBTFUL,
    FAIR_OCR,
    LIKELY,
    Value,
    clean_text,
    reading_of,
)
from veernet_core.page.ocr.text import TextReader, cut_out, find_region, read_region, upright
from veernet_core.page.results import HeaderFound, PageLayout, Reading, TextBox

_MAX_ROWS_IN = 45.0
_SIDEWAYS_TILE_PX = (2400, 900)
"""At 200 dpi; a line of a form is shorter than the overlap."""
_ENOUGH_LETTERS = 150
_SAMPLE_LINES = 6
"""Lines that are read both ways up before the form is."""
_SAMPLE_LENGTH = 8
"""Most of such a line that is read for it, in units of its height."""
_MARGIN_IN = 1.0
"""Paper around lines that stand on end in which more of the form may lie."""
_LINE_IN, _FEWEST_LINES = 0.8, 3
"""Length of print that is a line rather than a figure or a bracket of level print, and how many lines of a
form tell alone where it lies."""
_TURNS = (0, 90, 180, 270)
_PARENT = re.compile(r"^\W*AN? .*\b(?:COMPANY|CORPORATION|GROUP)\W*$", re.IGNORECASE)
"""Whose daughter a service company is: below its own name."""
_LARGER = 1.5
"""The name of the company that ran the log is printed that much larger than those of others on the form."""


def read_header(boxes: Sequence[TextBox], layout: PageLayout) -> HeaderFound:
    """Read the header's fields.

    Parameters
    ----------
    boxes : sequence of TextBox
        Text of the page, of any turn; what lies on the grid of a section is left out.
    layout : PageLayout

    Returns
    -------
    HeaderFound
        Fields by name; texts as printed but for states, which are given by their full name.
    """
    inside = [box for box in boxes if _is_header(box, layout) and box.confidence > 0.3]
    readings: dict[str, list[Value]] = {}
    for turn in _TURNS:
        lines = lines_of_turn(inside, turn)
        for found in (values_by_field(lines), named_in_text(lines)):
            for key, values in found.items():
                readings.setdefault(key, []).extend(values)
    chosen = {key: choose(readings[key]) for key, choose in CHOOSERS.items() if readings.get(key)}
    region = CHOOSERS["field_name"](regions(readings.get("region", ())))
    # a field on most mud logs, not on all
    if chosen.get("field_name") is None and region is not None:
        chosen["field_name"] = replace(region, confidence=min(region.confidence, LIKELY))
    fields: dict[str, Reading[Any]] = {k: v for k, v in chosen.items() if v is not None}
    fields |= depths_and_elevations(readings)
    company = _service_company(inside, readings.get(SERVED_BY, ()))
    if company is not None:
        fields["service_company"] = company
    return HeaderFound(_cross_checked(fields))


def read_sideways(
    raster: Raster, last_row: int, reader: TextReader, dpi: float, level_to: int | None = None
) -> list[TextBox]:
    """Text of the form above the log where it lies on its side, as most forms do.

    It is looked for around the lines that stand on end where the page is looked at level: those are
    found well enough to say where such text is, if not to read it.

    Parameters
    ----------
    raster : Raster
    last_row : int
        First row of the log.
    reader : TextReader
    dpi : float
    level_to : int, optional
        Row to which level text was read before, from the top of the page on; ``last_row`` if omitted.

    Returns
    -------
    list of TextBox
        Turned by 90 or 270 degrees, whichever is readable. Where upright text has been read as well,
        both are kept: of a form only one makes sense.
    """
    found = find_region(raster, 0, last_row if level_to is None else level_to, reader, dpi)
    standing = [box for box in found if box.turned_deg == 90 and box.row < last_row]
    if not standing:
        return []
    long = [box for box in standing if box.height_px >= _LINE_IN * dpi]
    area = _around(standing, _MARGIN_IN * dpi)
    if len(long) >= _FEWEST_LINES:
        area = (*_around(long, _MARGIN_IN * dpi)[:2], *area[2:])
    if 2 * (area[1] - area[0]) * (area[3] - area[2]) > last_row * raster.width_px:
        # most of it: nothing is gained by leaving out margins
        whole_height = 2 * (area[1] - area[0]) > last_row
        area = (*((0, last_row) if whole_height else area[:2]), 0, raster.width_px)
    best: list[TextBox] = []
    for turn in _likely_turns(raster, standing, reader):
        boxes = read_region(
            raster,
            area[0],
            min(last_row, area[1]),
            *area[2:],
            reader,
            (turn,),
            dpi,
            _SIDEWAYS_TILE_PX,
        )
        if _weight(boxes) > _weight(best):
            best = boxes
        if _weight(best) >= _ENOUGH_LETTERS:
            break
    return best


def _likely_turns(
    raster: Raster, standing: Sequence[TextBox], reader: TextReader
) -> tuple[int, int]:
    """90 and 270, first that in which the longest lines read best: the other is then seldom tried."""
    longest = sorted(standing, key=lambda box: -box.height_px)[:_SAMPLE_LINES]
    pieces = [_middle(cut_out(raster, box)) for box in longest]
    letters = {
        turn: sum(
            len(read.text) * read.confidence
            for read in reader.recognise([upright(piece, turn) for piece in pieces])
            if read.confidence >= FAIR_OCR
        )
        for turn in (90, 270)
    }
    return (90, 270) if letters[90] >= letters[270] else (270, 90)


def _middle(piece: U8) -> U8:
    """The middle of a line that stands on end: enough to tell which way up it is."""
    most = _SAMPLE_LENGTH * piece.shape[1]
    first = max(0, (piece.shape[0] - most) // 2)
    return piece[first : first + most]


def _around(boxes: Sequence[TextBox], margin_px: float) -> tuple[int, int, int, int]:
    """First and last row and column around boxes, with a margin."""
    rows = [(b.row - b.height_px / 2, b.row + b.height_px / 2) for b in boxes]
    cols = [(b.col - b.width_px / 2, b.col + b.width_px / 2) for b in boxes]
    (top, left), (bottom, right) = (
        (min(a for a, _ in spans) - margin_px for spans in (rows, cols)),
        (max(b for _, b in spans) + margin_px for spans in (rows, cols)),
    )
    return max(0, round(top)), round(bottom), max(0, round(left)), round(right)


def _weight(boxes: Iterable[TextBox]) -> int:
    """Letters read without doubt, in texts long enough not to be chance."""
    return sum(len(b.text) for b in boxes if b.confidence >= FAIR_OCR and len(b.text) >= 4)


def _is_header(box: TextBox, layout: PageLayout) -> bool:
    logged = [s for s in layout.sections if s.kind in ("main", "repeat")]
    first = min((s.row_top for s in logged), default=math.inf)
    return box.row < min(first, _MAX_ROWS_IN * layout.dpi.down)


def _service_company(boxes: Iterable[TextBox], served: Sequence[Value]) -> Reading[str] | None:
    """The service company named on the form; the largest print wins, its fullest name is given. A company that
    no list knows is taken from the block of who served the operator.
    """
    named = [match[0] for v in served if (match := service_company(v.text)) is not None]
    if named:
        return reading_of(served[0], named[0], CONFIRMED)
    if served:
        return reading_of(served[0], clean_text(served[0].text), LIKELY)
    found = [
        (box, *match)
        for box in boxes
        if not _PARENT.match(box.text) and (match := service_company(box.text)) is not None
    ]
    if not found:
        return None
    size = [min(box.height_px, box.width_px) * alike for box, _, alike in found]
    largest = found[int(np.argmax(size))][1]
    own = [name.split()[0] == largest.split()[0] for _, name, _ in found]
    box, name, alike = max(
        (item for item, kin in zip(found, own) if kin), key=lambda item: (item[2], len(item[1]))
    )
    foreign = max((px for px, kin in zip(size, own) if not kin), default=0.0)
    sure = alike == 1.0 and _LARGER * foreign < max(size) and box.confidence >= 0.9
    return Reading(name, "header", CONFIRMED if sure else LIKELY, box.row, box.col)


def _same_print(a: Reading[Any], b: Reading[Any]) -> bool:
    return (a.row, a.col) == (b.row, b.col)


def _goes_on_with(value: Reading[Any] | None, other: Reading[Any] | None) -> bool:
    """Whether a text of several words has those of another field in it, but not as its first."""
    if value is None or other is None:
        return False
    words, inner = (str(v.value).upper().split() for v in (value, other))
    places = range(1, len(words) - len(inner) + 1)
    return len(words) > 2 and any(words[k : k + len(inner)] == inner for k in places)


def _cross_checked(fields: dict[str, Reading[Any]]) -> dict[str, Reading[Any]]:
    """Fields that speak of one another: a county outside its state, an API number of another county,
    a blank field beside which the state was read, a field that goes on with the county below it.
    """
    out = dict(fields)
    if _goes_on_with(fields.get("field_name"), fields.get("county")):
        out["field_name"] = replace(fields["field_name"], confidence=DOUBTFUL)
    for key, other in (("field_name", "state"), ("field_name", "county"), ("name", "county")):
        if key in fields and other in fields and _same_print(fields[key], fields[other]):
            out[key] = replace(fields[key], confidence=DOUBTFUL)
    state, county, uwi = (fields.get(key) for key in ("state", "county", "uwi"))
    if (
        state is not None
        and county is not None
        and county_name(str(county.value), str(state.value)) is None
    ):
        out["county"] = replace(county, confidence=min(county.confidence, LIKELY))
    return out if uwi is None else _checked_by_number(out, uwi)


def _checked_by_number(
    fields: dict[str, Reading[Any]], uwi: Reading[Any]
) -> dict[str, Reading[Any]]:
    """Fields with the API number, the state and the county confirmed or doubted by one another; state and
    county that were not read are what the number says.
    """
    api = parse_api_number(str(uwi.value))
    if api is None:
        return fields
    state, county, expected = fields.get("state"), fields.get("county"), county_of_api(api)
    out = dict(fields)
    if state is None:
        out["state"] = replace(uwi, value=api.state_name)
    if county is None and expected is not None and (state is None or state.value == api.state_name):
        out["county"] = replace(uwi, value=expected)
    if state is not None and state.value != api.state_name:
        out["uwi"] = replace(uwi, confidence=DOUBTFUL)
    elif county is not None and expected == county.value:
        agree = {"uwi": uwi, "county": county} | ({"state": state} if state is not None else {})
        out |= {key: replace(value, confidence=CONFIRMED) for key, value in agree.items()}
    elif county is not None and expected is not None:
        out["uwi"] = replace(uwi, confidence=DOUBTFUL)
    return out
