"""Labels printed on the forms, and the text that belongs to each.

In: lines of one turn. Out: values by field. Does not belong here: which of several values is right (`choice`,
`numbers`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from veernet_core.page.header.lines import Line
from veernet_core.page.header.values import Value

_WORD_GAP, _VALUE_GAP, _BAND = 4.0, 14.0, 1.0
"""Gaps in units of the text height: between words of a value, from a label to its value; reach of a band."""
_INDENT = 3.0
"""Farthest that a further line of a value begins right of its first, in heights."""
_BLOCK_HEIGHTS = 8.0
"""Farthest that a heading speaks for the lines below it, in heights of a line."""
SERVED_BY = "served_by"
"""Key of companies that are named under the heading of somebody who served the operator."""
_UNIT = r"(?:\s*\((?:FT|FEET|M)\.?\))?"
_ELEVATION = rf"(?:\s*ELEVATION{_UNIT})?"
_LABELS: dict[str, str] = {
    "company": r"COMPAN[YV](?:\s*NAME)?(?!\s*(?:REP|M[AE]N\b))|OPERATOR(?!\s*\d)",
    "name": r"WELL(?:\s*NAME)?(?:\s*(?:&|AND)\s*NO\.?)?",
    "field_name": r"FIEL[DO](?:\s*OR)?",
    "county": r"(?:PROVINCE|STATE)\s*/\s*COUNTY|(?:COUNTY|PARISH)(?:\s*/\s*(?:STATE|PROVINCE|PARISH))?",
    "state": r"COUNTRY\s*[/|I]\s*STATE|(?:STATE|PROVINCE)(?:\s*/\s*COUNTRY)?",
    "country": r"COUNTRY|NATION",
    "date": r"(?:LOGGING\s*)?DATE(?:\s*LOGGED|\s*OF\s*LOG)?",
    "run": r"RUN\s*(?:NO\.?|NUMBER)",
    "region": r"REGION",
    "location": r"LOCATION\b(?!\s*OF)",
    "uwi": r"A\.?P\.?I\.?\s*(?:SERIAL\s*)?(?:NO\.?|NUMBER|#)?|U\.?W\.?I\.?",
    "top_depth": r"TOP\s*LOG(?:GED|G\.?)?\.?\s*INTER\w*\.?|LAST\s*READING",
    "bottom_depth": r"(?:BTM|BOTTOM|BOTTLOM)\.?\s*LOG(?:GED|G\.?)?\.?\s*INTER\w*\.?|FIRST\s*READING",
    "datum": r"LOG(?:GING)?\s*MEASURED\s*FROM",
    "interval": rf"LOGG(?:ED|ING)\s*INTERVAL{_UNIT}",
    "depth_driller": rf"DEPTH\W*DRILLER|BOTTOM\s*DRILLER|DRILLER\W*DEPTH|TOTAL\s*DEPTH{_UNIT}",
    "depth_logger": r"DEPTH\W*LOGGER|DEPTH\s*REACHED|LOGGER\W*DEPTH|SCHLUMBERGER\s*DEPTH",
    "elevation_kb": rf"(?:ELEV(?:ATION)?S?\.?\s*[.:]?\s*)?K\.?\s*B\.?{_ELEVATION}",
    "elevation_df": rf"(?:ELEV(?:ATION)?S?\.?\s*[.:]?\s*)?D\.?\s*F\.?{_ELEVATION}",
    "elevation_gl": rf"GROUND(?:\s*LEVEL)?\s*ELEVATION{_UNIT}"
    rf"|(?:ELEV(?:ATION)?S?\.?\s*[.:]?\s*)?(?:OR\s*)?G\.?\s*L\.?{_ELEVATION}",
}
"""Labels as printed on forms of the last eighty years; they begin a text."""
_STOPS = (
    r"OTHER\s*S\w+|LOCATION\s*OF.*|ELEV\w*\b.*|FILING\s*NO\.?|FILE\s*NO\.?|BEST\s*COPY|\w?VAILABLE|SEC\.?|TWP\.?|RGE\.?"
    r"|PERMANENT\s*DATUM.*|LOG\s*MEASURED.*|DRILLING\s*MEASURED.*|TYPE\s*LOG.*|DEPTH\b.*|SECTION:?|BLOCK:?|TRIP"
)
_BLOCK_BOUNDS = r"OTHER\s*S\w+:?|LOCATION\s*OF\s*WELL|ELEVATIONS?\b.*|FILING\s*NO\.?"
"""Headings of the column right of the well's data."""
_OF_OPERATOR = re.compile(r"^\W*OPERATOR\W*$", re.IGNORECASE)
_OF_OTHERS = re.compile(
    r"^\W*(?:(?:WELL\s*SITE\s*)?GEOLOGISTS?|(?:DRILLING\s*)?CONTRACTORS?|(?:MUD|SURFACE)\s*LOGG\w+|LOGGED\s*BY"
    r"|SERVICE\s*COMPANY|CONSULTANTS?|DIRECTIONAL\w*)\W*$",
    re.IGNORECASE,
)
"""Headings of mud logs: whose company, name and address follow."""
JOINED, BARE, STATED, HEADED = range(4)
"""How plainly a value is labelled: more follows the label without a colon, so that it may begin a sentence; it
stands alone; with a colon; under the heading of its own block.
"""
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


@dataclass(frozen=True, slots=True)
class _Label:
    """A label found in a line, what follows it in the same box, where it ends itself, and how plain it is."""

    key: str
    line: Line
    inline: str
    u1: float
    strength: int = BARE


def values_by_field(lines: Sequence[Line]) -> dict[str, list[Value]]:
    """Values of every field that has a label among the lines of one turn, in reading order."""
    labels = [_headed(label, lines) for line in lines for label in _labels_in(line)]
    labels = [
        label for label in labels if not _continues(label, labels) and not _ends_other(label, lines)
    ]
    taken = {id(label.line) for label in labels}
    free = [line for line in lines if id(line) not in taken and not _STOP_RE.match(line.text)]
    stops = [line for line in lines if _STOP_RE.match(line.text)]
    out: dict[str, list[Value]] = {}
    for label in labels:
        values = _values(label, labels, free, stops, lines)
        out.setdefault(label.key, []).extend(values)
    return out


def _labels_in(line: Line) -> list[_Label]:
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
            stated = ":" in match.group() or line.text.rstrip().endswith(":")
            strength = STATED if stated else JOINED if rest else BARE
            return [_Label(key, line, rest, end if rest else line.u1, strength)]
    return []


def _headed(label: _Label, lines: Sequence[Line]) -> _Label:
    """A company's label with the block that it stands in: the operator's, or that of somebody who served it."""
    if label.key != "company":
        return label
    above = [
        line
        for line in lines
        if 0 < label.line.v - line.v < _BLOCK_HEIGHTS * label.line.height
        and (_OF_OPERATOR.match(line.text) or _OF_OTHERS.match(line.text))
    ]
    if not above:
        return label
    nearest = max(above, key=lambda line: line.v)
    if _OF_OPERATOR.match(nearest.text):
        return replace(label, strength=HEADED)
    return replace(label, key=SERVED_BY, strength=HEADED)


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


def _ends_other(label: _Label, lines: Sequence[Line]) -> bool:
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
    free: Sequence[Line],
    stops: Sequence[Line],
    lines: Sequence[Line],
) -> list[Value]:
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
        return [
            Value(line.text, line.confidence, line.box, _gap(label, line), label.strength)
            for line in found
        ]
    one_line = label.key in _ONE_LINE or label.strength >= STATED
    text = _paragraph(own, label, near if one_line else inside)
    return [replace(text, strength=label.strength)] if text is not None else []


def _gap(label: _Label, line: Line) -> float:
    return max(0.0, line.u0 - label.u1) / label.line.height


_ONE_LINE = frozenset({"county", "state", "country", "datum"})
_PER_RUN = frozenset(
    {"date", "run", "top_depth", "bottom_depth", "depth_driller", "depth_logger", "interval"}
    | {"elevation_kb", "elevation_df", "elevation_gl", "uwi"}
)


def _is_below(line: Line, label: _Label) -> bool:
    """Whether a line stands under a label, as in the boxes of newer forms."""
    reach = 2.5 * label.line.height
    return 0 < line.v - label.line.v < reach and abs(line.u0 - label.line.u0) < reach


def _right_bound(
    label: _Label, labels: Sequence[_Label], stops: Sequence[Line], lines: Sequence[Line]
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


def _paragraph(own: Line | None, label: _Label, inside: Sequence[Line]) -> Value | None:
    """One or more lines of a value, word by word, up to the first wide gap of each line."""
    rows: list[list[Line]] = [[own]] if own else []
    for line in sorted(inside, key=lambda line: line.v):
        near = next(
            (r for r in rows if abs(r[0].v - line.v) < 0.45 * min(line.height, r[0].height)), None
        )
        if near is None:
            rows.append([line])
        else:
            near.append(line)
    words: list[Line] = []
    is_ragged = False
    for row in rows:
        ordered = sorted(row, key=lambda line: line.u0)
        if not words or ordered[0].u0 < max(word.u1 for word in words):
            if words:
                start = label.u1 if own else words[0].u0
                is_ragged |= ordered[0].u0 - start > _INDENT * label.line.height
            words += _run_of_words(ordered, label, own)
    if not words:
        return None
    text = " ".join(word.text for word in words)
    return Value(text, min(word.confidence for word in words), words[0].box, is_ragged=is_ragged)


def _run_of_words(row: Sequence[Line], label: _Label, own: Line | None) -> list[Line]:
    height = label.line.height
    if own is None and row[0].u0 - label.u1 > _VALUE_GAP * height:
        return []
    out = [row[0]]
    for word in row[1:]:
        if word.u0 - out[-1].u1 > _WORD_GAP * height:
            break
        out.append(word)
    return out
