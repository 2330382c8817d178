"""Header fields: well, company, field, county, state, date, depths and elevations from the form on top.

In: text boxes of the page and its layout. Out: ``HeaderFound``, every value with a confidence; 0.9 and
more is only given to values that something else confirms: a closed list, a second printing, another number
on the form, or print that was read without doubt.
Does not belong here: finding text, scales (`scales`), what other sources say of the well.

Forms lie on their side on most paper logs, so text is taken by its turn: each turn makes a plane with
``u`` along the lines and ``v`` across them, both in pixels, and is searched for labels of its own.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet_core.datatypes import Raster
from veernet_core.domain.api_number import find_api_number, parse_api_number, state_name
from veernet_core.domain.gazetteer import (
    county_name,
    county_of_api,
    letters_and_digits,
    service_company,
)
from veernet_core.page.ocr.text import TextReader, read_region
from veernet_core.page.results import HeaderFound, PageLayout, Stated, TextBox

CONFIRMED, CLEAR, LIKELY, DOUBTFUL = 0.96, 0.92, 0.8, 0.5
"""Confidence of a value that is confirmed; of clear print; of a single reading; of a contradicted one."""
_MAX_ROWS_IN = 45.0
_CLEAR_OCR, _FAIR_OCR = 0.975, 0.93
_SAME = 0.87
_SIDEWAYS_TILE_PX = (2400, 900)
"""At 200 dpi; a line of a form is shorter than the overlap."""
_ENOUGH_LETTERS = 150
_TURNS = (0, 90, 180, 270)
_WORD_GAP, _VALUE_GAP, _BAND = 4.0, 14.0, 1.0
"""Gaps in units of the text height: between words of a value, from a label to its value; reach of a band."""

_LABELS: dict[str, str] = {
    "company": r"COMPAN[YV](?:\s*NAME)?|OPERATOR",
    "name": r"WELL(?:\s*NAME)?(?:\s*(?:&|AND)\s*NO\.?)?",
    "field_name": r"FIEL[DO](?:\s*OR)?",
    "county": r"COUNTY|PARISH",
    "state": r"STATE|PROVINCE",
    "country": r"COUNTRY|NATION",
    "date": r"(?:LOGGING\s*)?DATE(?:\s*LOGGED|\s*OF\s*LOG)?",
    "run": r"RUN\s*(?:NO\.?|NUMBER)",
    "location": r"LOCATION\b(?!\s*OF)",
    "uwi": r"A\.?P\.?I\.?\s*(?:SERIAL\s*)?(?:NO\.?|NUMBER|#)?|U\.?W\.?I\.?",
    "top_depth": r"TOP\s*LOG(?:GED|G\.?)?\.?\s*INTER\w*\.?|LAST\s*READING",
    "bottom_depth": r"(?:BTM|BOTTOM|BOTTLOM)\.?\s*LOG(?:GED|G\.?)?\.?\s*INTER\w*\.?|FIRST\s*READING",
    "depth_driller": r"DEPTH\W*DRILLER|BOTTOM\s*DRILLER|DRILLER\W*DEPTH",
    "depth_logger": r"DEPTH\W*LOGGER|DEPTH\s*REACHED|LOGGER\W*DEPTH|SCHLUMBERGER\s*DEPTH",
    "elevation_kb": r"(?:ELEV(?:ATION)?S?\.?\s*[.:]?\s*)?K\.?\s*B\.?",
    "elevation_df": r"(?:ELEV(?:ATION)?S?\.?\s*[.:]?\s*)?D\.?\s*F\.?",
    "elevation_gl": r"(?:ELEV(?:ATION)?S?\.?\s*[.:]?\s*)?(?:OR\s*)?G\.?\s*L\.?",
}
"""Labels as printed on forms of the last eighty years; they begin a text."""
_STOPS = (
    r"OTHER\s*S\w+|LOCATION\s*OF.*|ELEV\w*\b.*|FILING\s*NO\.?|FILE\s*NO\.?|BEST\s*COPY|\w?VAILABLE|SEC\.?|TWP\.?|RGE\.?"
    r"|PERMANENT\s*DATUM.*|LOG\s*MEASURED.*|DRILLING\s*MEASURED.*|TYPE\s*LOG.*|DEPTH\b.*|SECTION:?|BLOCK:?|TRIP"
)
_BLOCK_BOUNDS = r"OTHER\s*S\w+:?|LOCATION\s*OF\s*WELL|ELEVATIONS?\b.*|FILING\s*NO\.?"
"""Headings of the column right of the well's data."""
_LABEL_RE = {
    key: re.compile(rf"^\W*(?:{pattern})\s*(?:[:._;,-]+|\b|(?=[A-Z0-9]))\s*", re.IGNORECASE)
    for key, pattern in _LABELS.items()
}
_GLUED = {"company", "county", "field_name"}
"""Labels whose value may follow without a blank ("COMPANYTIDEWATER OIL")."""
_STOP_RE = re.compile(rf"^\W*(?:{_STOPS})\W*$", re.IGNORECASE)
_BOUND_RE = re.compile(rf"^\W*(?:{_BLOCK_BOUNDS})\W*$", re.IGNORECASE)
_NOT_LABELS = re.compile(
    r"WELL\s*(?:SURV|SERV|LOC|HEAD|BORE|NAME,)|FIELD\s*(?:PRINT|ENG|COPY)|STATE\s*OF|DATE\s*(?:OF\s*)?(?:SCAN|PRINT)"
    r"|RUN\s*IN|THE\s*WELL|WELL\s*NAME,\s*LOC",
    re.IGNORECASE,
)
_INSIDE = re.compile(r"(?<=[\w.])\s*[-_.]*\s*\b(STATE|COUNTY|PROVINCE)\b[:._ ]+", re.IGNORECASE)
_COMPANY_WORDS = re.compile(
    r"\b(COMPANY|CO|CORP|CORPORATION|INC|INCORPORATED|LTD|LLC|LP|OIL|GAS|PETROLEUM|ENERGY|EXPLORATION|DRILLING"
    r"|RESOURCES|PRODUCTION|OPERATING|PARTNERS|U\.?S\.?A|NATURAL|TRANSMISSION|FUEL)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,3}(?:[,.:]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
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


@dataclass(frozen=True, slots=True)
class _Line:
    """A text in the plane of its turn; ``v`` grows downwards and is free of the form's tilt."""

    text: str
    confidence: float
    u0: float
    u1: float
    v: float
    height: float
    box: TextBox


@dataclass(frozen=True, slots=True)
class _Label:
    """A label found in a line, what follows it in the same box, and where the label itself ends."""

    key: str
    line: _Line
    inline: str
    u1: float


@dataclass(frozen=True, slots=True)
class _Value:
    """Text read for a field; ``gap``: its distance from the label in units of the label's height."""

    text: str
    confidence: float
    box: TextBox
    gap: float = 0.0


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
    readings: dict[str, list[_Value]] = {}
    for turn in _TURNS:
        for key, values in _read_plane(_plane(inside, turn)).items():
            readings.setdefault(key, []).extend(values)
    chosen = {key: choose(readings[key]) for key, choose in _CHOOSE.items() if readings.get(key)}
    fields = {key: stated for key, stated in chosen.items() if stated is not None}
    fields |= _numbers(readings)
    company = _service_company(inside)
    if company is not None:
        fields["service_company"] = company
    return HeaderFound(_cross_checked(fields))


def read_sideways(raster: Raster, last_row: int, reader: TextReader, dpi: float) -> list[TextBox]:
    """Text of the form above the log where it lies on its side, as most forms do.

    Parameters
    ----------
    raster : Raster
    last_row : int
        First row of the log.
    reader : TextReader
    dpi : float

    Returns
    -------
    list of TextBox
        Turned by 90 or 270 degrees, whichever is readable. Where upright text has been read as well,
        both are kept: of a form only one makes sense.
    """
    best: list[TextBox] = []
    for turn in (90, 270):
        boxes = read_region(
            raster, 0, last_row, 0, raster.width_px, reader, (turn,), dpi, _SIDEWAYS_TILE_PX
        )
        if _weight(boxes) > _weight(best):
            best = boxes
        if _weight(best) >= _ENOUGH_LETTERS:
            break
    return best


def _weight(boxes: Iterable[TextBox]) -> int:
    """Letters read without doubt, in texts long enough not to be chance."""
    return sum(len(b.text) for b in boxes if b.confidence >= _FAIR_OCR and len(b.text) >= 4)


def _is_header(box: TextBox, layout: PageLayout) -> bool:
    logged = [s for s in layout.sections if s.kind in ("main", "repeat")]
    first = min((s.row_top for s in logged), default=math.inf)
    return box.row < min(first, _MAX_ROWS_IN * layout.dpi[0])


# ---- planes of text ---------------------------------------------------------------------------


def _plane(boxes: Iterable[TextBox], turn: int) -> list[_Line]:
    """Lines of one turn, from top to bottom, with the tilt of the form undone and cut lines joined."""
    lines = [_line(box) for box in boxes if box.turned_deg == turn and box.text.strip()]
    if not lines:
        return []
    tilt = _tilt(lines)
    level = [replace(line, v=line.v - tilt * (line.u0 + line.u1) / 2) for line in lines]
    return sorted(_joined(level), key=lambda line: (line.v, line.u0))


def _line(box: TextBox) -> _Line:
    along, across = (
        (box.width_px, box.height_px)
        if box.turned_deg % 180 == 0
        else (box.height_px, box.width_px)
    )
    u, v = {
        0: (box.col, box.row),
        90: (box.row, -box.col),
        180: (-box.col, -box.row),
        270: (-box.row, box.col),
    }[box.turned_deg]
    return _Line(box.text.strip(), box.confidence, u - along / 2, u + along / 2, v, across, box)


def _tilt(lines: Sequence[_Line]) -> float:
    """Slope of the lines of print: that at which most texts stand on common lines."""
    if len(lines) < 8:
        return 0.0
    u = np.array([(line.u0 + line.u1) / 2 for line in lines])
    v = np.array([line.v for line in lines])
    bin_px = max(4.0, 0.3 * float(np.median([line.height for line in lines])))
    slopes = np.linspace(-0.12, 0.12, 97)
    scores = []
    for slope in slopes:
        level = v - slope * u
        counts = np.unique(np.floor(level / bin_px), return_counts=True)[1]
        shifted = np.unique(np.floor(level / bin_px + 0.5), return_counts=True)[1]
        scores.append(float((counts**2).sum() + (shifted**2).sum()) - 20.0 * abs(slope))
    return float(slopes[int(np.argmax(scores))])


def _joined(lines: Sequence[_Line]) -> list[_Line]:
    """Lines without those that were read twice or cut in two where tiles of the page meet."""
    kept: list[_Line] = []
    for line in sorted(lines, key=lambda line: line.u0):
        rival = next((k for k in kept if _overlap(k, line)), None)
        if rival is None:
            kept.append(line)
            continue
        kept.remove(rival)
        kept.append(_join(rival, line))
    return kept


def _overlap(a: _Line, b: _Line) -> bool:
    shared = min(a.u1, b.u1) - max(a.u0, b.u0)
    return abs(a.v - b.v) < 0.4 * min(a.height, b.height) and shared > 0.5 * min(a.height, b.height)


def _join(a: _Line, b: _Line) -> _Line:
    """Two readings that overlap, ``a`` beginning first, as one; unsure where their letters do not meet."""
    for n in range(min(len(a.text), len(b.text)), 2, -1):
        if a.text[-n:].upper() == b.text[:n].upper():
            confidence = min(a.confidence, b.confidence)
            return replace(a, text=a.text + b.text[n:], confidence=confidence, u1=max(a.u1, b.u1))
    longer = max((a, b), key=lambda line: line.u1 - line.u0)
    return replace(longer, confidence=min(longer.confidence, DOUBTFUL))


# ---- labels and their values ------------------------------------------------------------------


def _read_plane(lines: Sequence[_Line]) -> dict[str, list[_Value]]:
    labels = [label for line in lines for label in _labels_in(line)]
    labels = [
        label for label in labels if not _continues(label, labels) and not _ends_other(label, lines)
    ]
    taken = {id(label.line) for label in labels}
    free = [line for line in lines if id(line) not in taken and not _STOP_RE.match(line.text)]
    stops = [line for line in lines if _STOP_RE.match(line.text)]
    out: dict[str, list[_Value]] = {}
    for label in labels:
        values = _values(label, labels, free, stops, lines)
        out.setdefault(label.key, []).extend(values)
    return out


def _labels_in(line: _Line) -> list[_Label]:
    """The labels in a line: one that begins it, and STATE or COUNTY printed further on."""
    if _NOT_LABELS.search(line.text):
        return []
    inner = _INSIDE.search(line.text)
    if inner is not None:
        at = line.u0 + (line.u1 - line.u0) * inner.start() / len(line.text)
        first = replace(line, text=line.text[: inner.start()], u1=at)
        second = replace(line, text=line.text[inner.start() :].lstrip(" -_."), u0=at)
        return _labels_in(first) + _labels_in(second)
    for key, pattern in _LABEL_RE.items():
        match = pattern.match(line.text)
        if match is None:
            continue
        rest = line.text[match.end() :].strip(" :._-")
        glued = bool(rest) and line.text[match.end() - 1 : match.end()].isalpha()
        if not glued or key in _GLUED or rest[0].isdigit():
            end = line.u0 + (line.u1 - line.u0) * match.end() / len(line.text)
            return [_Label(key, line, rest, end if rest else line.u1)]
    return []


def _continues(label: _Label, labels: Sequence[_Label]) -> bool:
    """Whether a bare COMPANY is the second line of a company's name and no label."""
    if label.key != "company" or label.inline:
        return False
    return any(
        other.key == "company"
        and 0 < label.line.v - other.line.v < 2.2 * label.line.height
        and label.line.u0 > other.line.u0 + 3 * label.line.height
        for other in labels
    )


def _ends_other(label: _Label, lines: Sequence[_Line]) -> bool:
    """Whether DATE ends a longer label in a box of its own (END DATE), which means another date."""
    if label.key != "date":
        return False
    before = [
        line
        for line in lines
        if abs(line.v - label.line.v) < 0.5 * label.line.height
        and 0 <= label.line.u0 - line.u1 < _WORD_GAP * label.line.height
    ]
    return any(not re.search("LOG|RUN", line.text.upper()) for line in before)


def _values(
    label: _Label,
    labels: Sequence[_Label],
    free: Sequence[_Line],
    stops: Sequence[_Line],
    lines: Sequence[_Line],
) -> list[_Value]:
    """What stands right of a label, of each column for data that differ from run to run."""
    right = _right_bound(label, labels, stops, lines)
    top, bottom = _band(label, labels)
    inside = [
        line
        for line in free
        if top < line.v < bottom
        and line.u0 > label.u1 - 0.5 * label.line.height
        and line.u0 < right
    ]
    own = replace(label.line, text=label.inline) if label.inline else None
    near = [line for line in inside if abs(line.v - label.line.v) < 0.6 * label.line.height]
    if label.key in _PER_RUN:
        found = [own] if own else []
        found += sorted(near, key=lambda line: line.u0)
        if label.key == "uwi":
            found += [line for line in free if _is_below(line, label)]
        return [_Value(line.text, line.confidence, line.box, _gap(label, line)) for line in found]
    text = _paragraph(own, label, near if label.key in _ONE_LINE else inside)
    return [text] if text is not None else []


def _gap(label: _Label, line: _Line) -> float:
    return max(0.0, line.u0 - label.u1) / label.line.height


_ONE_LINE = frozenset({"county", "state", "country"})
_PER_RUN = frozenset(
    {"date", "run", "top_depth", "bottom_depth", "depth_driller", "depth_logger"}
    | {"elevation_kb", "elevation_df", "elevation_gl", "uwi"}
)


def _is_below(line: _Line, label: _Label) -> bool:
    """Whether a line stands under a label, as in the boxes of newer forms."""
    reach = 2.5 * label.line.height
    return 0 < line.v - label.line.v < reach and abs(line.u0 - label.line.u0) < reach


def _right_bound(
    label: _Label, labels: Sequence[_Label], stops: Sequence[_Line], lines: Sequence[_Line]
) -> float:
    """Column at which the label's value ends at the latest."""
    beside = [
        line.u0
        for line in [*(other.line for other in labels), *stops]
        if line is not label.line and abs(line.v - label.line.v) < 0.7 * label.line.height
    ]
    block = [line.u0 for line in lines if _BOUND_RE.match(line.text)]
    far = [u for u in block if u > label.u1 + 6 * label.line.height]
    bounds = [u for u in beside if u > label.u1 - 1.0]
    return min(
        [*bounds, *(far if label.key not in _PER_RUN and label.key != "state" else [])],
        default=math.inf,
    )


def _band(label: _Label, labels: Sequence[_Label]) -> tuple[float, float]:
    """Rows that belong to a label: half-way to its neighbours in the same column of labels."""
    height = label.line.height
    column = [
        other.line.v
        for other in labels
        if other is not label and abs(other.line.u0 - label.line.u0) < 3.0 * height
    ]
    above = max((v for v in column if v < label.line.v - 0.5 * height), default=-math.inf)
    below = min((v for v in column if v > label.line.v + 0.5 * height), default=math.inf)
    top = max(label.line.v - _BAND * height, (above + label.line.v) / 2)
    bottom = min(label.line.v + 1.9 * height, (below + label.line.v) / 2)
    return top, bottom


def _paragraph(own: _Line | None, label: _Label, inside: Sequence[_Line]) -> _Value | None:
    """One or more lines of a value, word by word, up to the first wide gap of each line."""
    rows: list[list[_Line]] = [[own]] if own else []
    for line in sorted(inside, key=lambda line: line.v):
        near = next(
            (r for r in rows if abs(r[0].v - line.v) < 0.45 * min(line.height, r[0].height)), None
        )
        if near is None:
            rows.append([line])
        else:
            near.append(line)
    words: list[_Line] = []
    for row in rows:
        ordered = sorted(row, key=lambda line: line.u0)
        if not words or ordered[0].u0 < max(word.u1 for word in words):
            words += _run_of_words(ordered, label, own)
    if not words:
        return None
    text = " ".join(word.text for word in words)
    return _Value(text, min(word.confidence for word in words), words[0].box)


def _run_of_words(row: Sequence[_Line], label: _Label, own: _Line | None) -> list[_Line]:
    height = label.line.height
    if own is None and row[0].u0 - label.u1 > _VALUE_GAP * height:
        return []
    out = [row[0]]
    for word in row[1:]:
        if word.u0 - out[-1].u1 > _WORD_GAP * height:
            break
        out.append(word)
    return out


# ---- from readings to fields ------------------------------------------------------------------


def _stated(value: _Value, text: str | float, confidence: float) -> Stated:
    return Stated(text, "header", confidence, value.box.row, value.box.col)


def _free_text(check: Callable[[str], bool]) -> Callable[[Sequence[_Value]], Stated | None]:
    """A chooser for text that no list knows: clear print, or two printings that agree."""

    def choose(values: Sequence[_Value]) -> Stated | None:
        usable = [v for v in (replace(v, text=_clean(v.text)) for v in values) if _is_text(v.text)]
        if not usable:
            return None
        best = max(usable, key=lambda v: (v.confidence > _FAIR_OCR, len(v.text), v.confidence))
        agreeing = sum(_alike(best.text, v.text) for v in usable)
        if agreeing >= 2 and best.confidence >= _FAIR_OCR:
            confidence = CONFIRMED
        elif any(not _alike(best.text, v.text) and v.confidence >= _FAIR_OCR for v in usable):
            confidence = DOUBTFUL
        elif best.confidence >= _CLEAR_OCR and check(best.text):
            confidence = CLEAR
        else:
            confidence = LIKELY if best.confidence >= _FAIR_OCR else DOUBTFUL
        return _stated(best, best.text, confidence)

    return choose


def _clean(text: str) -> str:
    plain = re.sub(r"\s+", " ", re.sub(r"_+", " ", text)).strip(" :;._-,'|")
    return re.sub(r"^or\s+", "", plain, flags=re.IGNORECASE)


def _is_text(text: str) -> bool:
    letters = sum(c.isalpha() for c in text)
    return letters >= 3 and letters >= 0.4 * len(text.replace(" ", ""))


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
    return bool(words) and all(re.search(r"[AEIOUYaeiouy]", word) for word in words)


def _is_well(text: str) -> bool:
    """A well has a number: a name without one was not read to its end."""
    return _looks_printed(text) and bool(re.search(r"\d", text))


def _is_field(text: str) -> bool:
    return _looks_printed(text) and len(text) >= 5


def _choose_county(values: Sequence[_Value]) -> Stated | None:
    known = [(v, name) for v in values if (name := county_name(_clean(v.text))) is not None]
    if known:
        value, name = max(known, key=lambda pair: pair[0].confidence)
        same = {n for _, n in known} == {name}
        sure = value.confidence >= _FAIR_OCR or len(known) > 1
        return _stated(value, name, CONFIRMED if same and sure else LIKELY if same else DOUBTFUL)
    stated = _free_text(lambda text: False)(values)
    return None if stated is None else replace(stated, confidence=min(stated.confidence, LIKELY))


def _choose_state(values: Sequence[_Value]) -> Stated | None:
    known = [(v, name) for v in values if (name := state_name(_clean(v.text))) is not None]
    if not known or len({name for _, name in known}) > 1:
        return None
    value, name = max(known, key=lambda pair: pair[0].confidence)
    sure = value.confidence >= 0.9 or len(known) > 1 or len(_clean(value.text)) >= 8
    return _stated(value, name, CONFIRMED if sure else LIKELY)


def _choose_country(values: Sequence[_Value]) -> Stated | None:
    known = {"USA": "USA", "US": "USA", "UNITEDSTATES": "USA", "CANADA": "Canada", "UK": "UK"}
    for value in values:
        name = known.get(re.sub(r"[^A-Z]", "", value.text.upper()))
        if name is not None:
            return _stated(value, name, CONFIRMED if value.confidence >= _FAIR_OCR else LIKELY)
    return None


def _choose_date(values: Sequence[_Value]) -> Stated | None:
    """The date of the first run, as printed; of a later one where the first cannot be read."""
    numeric = [value for value in values if re.search(r"\d{2}", value.text)]
    for place, value in enumerate(numeric):
        text = _clean(value.text)
        if parse_date(text) is not None:
            first = place == 0 and not _misses_column(numeric)
            sure = first and value.confidence >= _CLEAR_OCR
            return _stated(value, text, CLEAR if sure else LIKELY)
    return None


def _misses_column(values: Sequence[_Value]) -> bool:
    """Whether the label leaves room for the column of an earlier run, in which nothing was read."""
    return len(values) > 1 and values[0].gap > 1.5 * (values[1].gap - values[0].gap)


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


def _choose_run(values: Sequence[_Value]) -> Stated | None:
    known = {"ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX"}
    for value in values:
        text = letters_and_digits(value.text)
        if text in known or re.fullmatch(r"[1-9][A-D]?", text):
            first = text in ("ONE", "1", "1A")
            sure = first and value.confidence >= _CLEAR_OCR
            return _stated(value, text, CLEAR if sure else LIKELY)
    return None


def _choose_uwi(values: Sequence[_Value]) -> Stated | None:
    for value in values:
        api = parse_api_number(_clean(value.text)) or find_api_number(value.text)
        if api is not None:
            sure = value.confidence >= _CLEAR_OCR
            return _stated(value, api.dashed, CLEAR if sure else LIKELY)
    return None


_CHOOSE: Mapping[str, Callable[[Sequence[_Value]], Stated | None]] = {
    "company": _free_text(_is_company),
    "name": _free_text(_is_well),
    "field_name": _free_text(_is_field),
    "county": _choose_county,
    "state": _choose_state,
    "country": _choose_country,
    "date": _choose_date,
    "run": _choose_run,
    "uwi": _choose_uwi,
}


# ---- numbers ----------------------------------------------------------------------------------


def _numbers(readings: Mapping[str, Sequence[_Value]]) -> dict[str, Stated]:
    """Logged depths over all runs and elevations, confirmed by one another."""
    return _depths(readings) | _elevations(readings)


def _depths(readings: Mapping[str, Sequence[_Value]]) -> dict[str, Stated]:
    tops, bottoms = (_measures(readings.get(key, ())) for key in ("top_depth", "bottom_depth"))
    reached = [
        m for key in ("depth_driller", "depth_logger") for m, _ in _measures(readings.get(key, ()))
    ]
    if not bottoms:
        return {}
    bottom, bottom_value = max(bottoms, key=lambda pair: pair[0])
    agrees = bool(reached) and abs(max(reached) - bottom) <= max(100.0, 0.03 * bottom)
    runs = sum(parse_date(_clean(value.text)) is not None for value in readings.get("date", ()))
    complete = len(bottoms) >= max(runs, len(tops))  # else the deepest run may be missing
    sure = agrees and complete and bottom_value.confidence >= _FAIR_OCR
    out = {"bottom_depth": _stated(bottom_value, bottom, CONFIRMED if sure else LIKELY)}
    if tops:
        top, top_value = min(tops, key=lambda pair: pair[0])
        if top < bottom:
            likely = LIKELY if top_value.confidence >= _FAIR_OCR else DOUBTFUL
            out["top_depth"] = _stated(top_value, top, likely)
    return out


def _measures(values: Sequence[_Value]) -> list[tuple[float, _Value]]:
    """Depths of a row of the form, one for each run; a row with other text in it says nothing."""
    out = []
    for value in values:
        match = _NUMBER.fullmatch(
            re.sub(
                r"\s*(?:FT\.?|F|M|'|FEET)?[-.'\s]*$", "", value.text.strip(), flags=re.IGNORECASE
            )
        )
        if match is not None:
            number = float(re.sub(r"[,:](?=\d{3})|\.(?=\d{3}$)", "", match.group()))
            if 10 <= number <= 40_000:
                out.append((number, value))
    return out


def _elevations(readings: Mapping[str, Sequence[_Value]]) -> dict[str, Stated]:
    found: dict[str, tuple[float, _Value]] = {}
    for key in ("elevation_kb", "elevation_df", "elevation_gl"):
        for value in readings.get(key, ()):
            match = re.match(
                r"^\D{0,3}(\d{1,5}(?:[,.]\d{3})?(?:\.\d{1,2})?)(?:\s*(?:FT|F|'|M)\.?)?\W*$",
                value.text,
            )
            if match is not None:
                found.setdefault(key, (float(match[1].replace(",", "")), value))
    out = {}
    for key, (number, value) in found.items():
        others = [n for other, (n, _) in found.items() if other != key]
        agrees = any(0.0 <= abs(number - n) <= 60.0 for n in others)
        sure = agrees and value.confidence >= _FAIR_OCR
        out[key] = _stated(value, number, CONFIRMED if sure else LIKELY if agrees else DOUBTFUL)
    return out


# ---- across fields ----------------------------------------------------------------------------


def _service_company(boxes: Iterable[TextBox]) -> Stated | None:
    """The service company named on the form; the largest print wins, its fullest name is given."""
    found = [(box, *match) for box in boxes if (match := service_company(box.text)) is not None]
    if not found:
        return None
    size = [min(box.height_px, box.width_px) * alike for box, _, alike in found]
    largest = found[int(np.argmax(size))][1]
    kin = [
        (box, name, alike) for box, name, alike in found if name.split()[0] == largest.split()[0]
    ]
    box, name, alike = max(kin, key=lambda item: (item[2], len(item[1])))
    foreign = len(found) - len(kin)
    sure = alike == 1.0 and not foreign and box.confidence >= 0.9
    return Stated(name, "header", CONFIRMED if sure else LIKELY, box.row, box.col)


def _same_print(a: Stated, b: Stated) -> bool:
    return (a.row, a.col) == (b.row, b.col)


def _cross_checked(fields: dict[str, Stated]) -> dict[str, Stated]:
    """Fields that speak of one another: a county outside its state, an API number of another county,
    a blank field beside which the state was read."""
    out = dict(fields)
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
    api = parse_api_number(str(uwi.value)) if uwi is not None else None
    if api is None or uwi is None:
        return out
    expected = county_of_api(api)
    if state is not None and state.value != api.state_name:
        out["uwi"] = replace(uwi, confidence=DOUBTFUL)
    elif county is not None and expected == county.value:
        out["uwi"] = replace(uwi, confidence=CONFIRMED)
    elif county is not None and expected is not None:
        out["uwi"] = replace(uwi, confidence=DOUBTFUL)
    return out
