"""Logged depths of an index: numbers in the notation of their column, with the unit somebody wrote.

In: a table of texts and the names its depth columns may have. Out: top, bottom and unit of every row.
A number that can be read in two ways, or units that contradict each other, are refused with their row:
a wrong depth hides a good log. Which row belongs to which scan does not belong here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storage.index_files import TextTable
from storage.index_maps import ColumnMap, IndexTableError
from storage.numerals import Mark, decimal_marks, read_numeral
from veernet_core.datatypes import DEEPEST, FT_PER, DepthUnit

DepthRange = tuple[float | None, float | None, DepthUnit | None]
"""Top, bottom and unit."""

_UNIT_WORD = r"((?:us)?ft(?:us|kb|md|rkb)?|feet|foot|фут\w*|m(?:kb|md|rkb)?|mt?rs?|met(?:er|re)s?|м|['’′])\.?"
_FEET = re.compile(r"f|(?:us)?ft(?:us|kb|md|rkb)?|feet|foot|фут\w*|['’′]")
_METRES = re.compile(r"m(?:kb|md|rkb)?|mt?rs?|met(?:er|re)s?|м|метр\w*")
_NO_DEPTH = re.compile(r"[-−]999+([.,]25|[.,]0+)?|9999+([.,]\d+)?|0+([.,]0+)?")
"""Numbers that stand for "not filled in"."""
_NOT_A_NUMBER = re.compile(r"[+-]?(nan|inf|infinity|#.*[!?]|#N/A)", re.IGNORECASE)
_NO_UNIT = frozenset({"", "na", "unknown", "none", "null", "нет"})
_CELL_UNIT = re.compile(rf"(?<=[\d.,])\s*{_UNIT_WORD}$", re.IGNORECASE)
_NAME_UNIT = re.compile(
    rf"[\s_,.\-(\[]+{_UNIT_WORD}(?:\s+(?:md|kb|rkb|rt))?\s*[)\]]?\s*$", re.IGNORECASE
)
_CAMEL_UNIT = re.compile(r"(?<=[a-z])(Ft|Feet|M|Meters?|Metres?)$")


@dataclass(frozen=True, slots=True)
class LoggedDepths:
    """Logged depths of a row, and what of its cells was not used, in words."""

    range: DepthRange
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Column:
    """Depths of one column, NaN-free: None where a cell holds no depth."""

    name: str
    values: list[float | None]
    units: list[DepthUnit | None]
    unused: list[str]


def read_depths(
    table: TextTable, column_map: ColumnMap, plain: Callable[[str], str]
) -> list[LoggedDepths]:
    """Logged depths of every row of a table.

    Parameters
    ----------
    table : TextTable
    column_map : ColumnMap
        Its ``top``, ``bottom`` and ``depth_unit`` columns; a unit may be part of the column's name
        (``top_ft``, ``Base (m)``) or of the cell.
    plain : callable
        The form in which column names are compared.

    Raises
    ------
    IndexTableError
        Names the row: a number that fits a decimal comma and a decimal point while the column's other
        values do not tell which; a number with misplaced marks; units that contradict each other.
    """
    names = {end: _names(table, column_map, end, plain) for end in ("top", "bottom")}
    used = [name for pair in names.values() for name, _ in pair]
    shared = decimal_marks(
        _number(cell)[0] for name in used if name not in table.typed for cell in table.columns[name]
    )
    tops, bottoms = (
        [_column(table, name, unit, column_map.decimal, shared) for name, unit in names[end]]
        for end in ("top", "bottom")
    )
    given = [table.columns[c] for c in _exact(table, column_map, "depth_unit", plain)]
    found = []
    for row in range(len(table.places)):
        unit = _given_unit(table, given, row)
        depths = _range(table, row, _first(tops, row), _first(bottoms, row), unit, column_map)
        unused = tuple(c.unused[row] for c in (*tops, *bottoms) if c.unused[row])
        found.append(LoggedDepths(depths.range, (*unused, *depths.unused)))
    return found


def unit_of(text: str) -> DepthUnit | None:
    """Depth unit by the first word of a text; None where it is neither feet nor metres.

    Examples
    --------
    >>> unit_of("FEET (MD)"), unit_of("m"), unit_of("fathoms")
    ('ft', 'm', None)
    """
    word = _first_word(text)
    return "ft" if _FEET.fullmatch(word) else "m" if _METRES.fullmatch(word) else None


def _first_word(text: str) -> str:
    found = re.search(r"[^\W\d_]+|['’′]", text)
    return found[0].casefold() if found else ""


def _exact(
    table: TextTable, column_map: ColumnMap, key: str, plain: Callable[[str], str]
) -> list[str]:
    present = {plain(name): name for name in table.columns}
    wanted = [plain(name) for name in column_map.columns.get(key, ())]
    return [present[name] for name in wanted if name in present]


def _names(
    table: TextTable, column_map: ColumnMap, key: str, plain: Callable[[str], str]
) -> list[tuple[str, DepthUnit | None]]:
    """Columns of a field, best first: those named exactly so, then those with a unit in their name."""
    exact = _exact(table, column_map, key, plain)
    found: list[tuple[str, DepthUnit | None]] = [(name, None) for name in exact]
    wanted = [plain(name) for name in column_map.columns.get(key, ())]
    with_unit = []
    for name in table.columns:
        unit = _NAME_UNIT.search(name) or _CAMEL_UNIT.search(name)
        base = plain(name[: unit.start()]) if unit else ""
        if unit and name not in exact and base in wanted:
            with_unit.append((wanted.index(base), name, unit_of(unit[1])))
    return found + [(name, word) for _, name, word in sorted(with_unit, key=lambda item: item[0])]


def _number(cell: str) -> tuple[str, DepthUnit | None]:
    """A cell's number and the unit behind it."""
    text = cell.strip()
    unit = _CELL_UNIT.search(text)
    return (text[: unit.start()], unit_of(unit[1])) if unit else (text, None)


def _column(
    table: TextTable, name: str, unit: DepthUnit | None, decimal: Mark | None, shared: set[Mark]
) -> _Column:
    cells = [_number(cell) for cell in table.columns[name]]
    mark: Mark | None = "."
    if name not in table.typed:
        own = decimal_marks(text for text, _ in cells)
        mark = decimal or _only(own) or (_only(shared) if not own else None)
    values = []
    for place, (text, _) in zip(table.places, cells, strict=True):
        values.append(_depth(text, mark, f"{table.name}: {place}: {name}"))
    unused = [
        f"{name} {text!r} is no depth" if value is None and _is_wrong(text) else ""
        for value, (text, _) in zip(values, cells, strict=True)
    ]
    return _Column(name, values, [own_unit or unit for _, own_unit in cells], unused)


def _is_wrong(text: str) -> bool:
    """Whether a cell without a depth holds digits all the same, and no number that stands for nothing."""
    if _NOT_A_NUMBER.fullmatch(text):
        return True
    return any(char.isdigit() for char in text) and not _NO_DEPTH.fullmatch(text)


def _only(marks: set[Mark]) -> Mark | None:
    return next(iter(marks)) if len(marks) == 1 else None


def _depth(text: str, mark: Mark | None, where: str) -> float | None:
    """A depth; None where the cell holds none, or a number that stands for one: negative, or deeper than any
    well.
    """
    numeral = read_numeral(text)
    if numeral is None or text.startswith(("-", "−")):
        return None
    if not numeral.values:
        raise IndexTableError(
            f"{text!r} has marks where no number has them", where, "Correct the number."
        )
    value = numeral.under(mark)
    if value is None:
        point, comma = numeral.values["."], numeral.values[","]
        raise IndexTableError(
            f"{text!r} may be {point:g} or {comma:g}, and the column's other values do not tell",
            where,
            'Write it without a mark for thousands, or state "decimal": "." or "," in a column map '
            "(--index-map).",
        )
    return value if value <= DEEPEST["ft"] else None


def _given_unit(table: TextTable, columns: Sequence[list[str]], row: int) -> DepthUnit | None:
    for texts in columns:
        text = texts[row].strip()
        if _first_word(text.replace("/", "")) in _NO_UNIT:
            continue
        unit = unit_of(text)
        if unit is None:
            raise IndexTableError(
                f"{text!r} is no unit of depth",
                f"{table.name}: {table.places[row]}",
                "Write ft or m, or leave the unit out.",
            )
        return unit
    return None


def _first(columns: Sequence[_Column], row: int) -> tuple[float | None, DepthUnit | None, str]:
    """Depth, unit and column name of the first column that has a depth in this row."""
    for column in columns:
        if column.values[row] is not None:
            return column.values[row], column.units[row], column.name
    return None, None, ""


def _range(
    table: TextTable,
    row: int,
    top: tuple[float | None, DepthUnit | None, str],
    bottom: tuple[float | None, DepthUnit | None, str],
    given: DepthUnit | None,
    column_map: ColumnMap,
) -> LoggedDepths:
    for value, own, name in (top, bottom):
        if value is not None and own is not None and given not in (None, own):
            raise IndexTableError(
                f"the depth is in {own}, the column for the unit says {given}",
                f"{table.name}: {table.places[row]}: {name}",
                "Correct one of the two.",
            )
    unit = top[1] or bottom[1] or given or column_map.depth_unit
    first, last = (_in_unit(value, own or given, unit) for value, own, _ in (top, bottom))
    unused = tuple(
        f"{end} {value:g} {unit} is deeper than any well"
        for end, value in (("top", first), ("bottom", last))
        if value is not None and value > DEEPEST[unit or "ft"]
    )
    if unused:
        return LoggedDepths((None, None, unit), unused)
    if first is not None and last is not None and last <= first:
        filled = (first, last) != (0.0, 0.0)
        unused = (f"top {first:g} does not lie above bottom {last:g}",) if filled else ()
        return LoggedDepths((None, None, unit), unused)
    return LoggedDepths((first, last, unit))


def _in_unit(value: float | None, own: DepthUnit | None, unit: DepthUnit | None) -> float | None:
    if value is None or own is None or unit is None or own == unit:
        return value
    return round(value * FT_PER[own] / FT_PER[unit], 3)
