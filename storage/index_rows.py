"""What several rows of an index say together, and what of them is not used.

In: rows that share a key. Out: one row with what all of them say, and doubts in words. Which rows belong to a
scan does not belong here (``storage.index_table``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from storage.index_maps import IndexRow

ROW_UNUSED = "index_row_unused"
"""Finding: a row of the index, or a part of it, was not used."""
_OF_THE_LOG = ("date", "service_company", "log_type", "top", "bottom", "depth_unit")
"""Fields that hold for one log of a well, not for the well."""
_EMPTY = IndexRow()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something about a scan's entry in the index that a person should see: a finding's code and message."""

    code: str
    message: str


def agreed(rows: Sequence[tuple[str, IndexRow]]) -> tuple[IndexRow, tuple[Doubt, ...]]:
    """What rows of one scan all say; nothing where they are of several wells.

    Parameters
    ----------
    rows : sequence of (place, row)
        ``place`` says where the row stands.
    """
    row = common([row for _, row in rows])
    if len(rows) == 1:
        return row, ()
    places = " and ".join(place for place, _ in rows[:5]) + (" and more" if len(rows) > 5 else "")
    wells = _wells([row for _, row in rows])
    if len(wells) > 1:
        message = f"{places} name one scan and different wells ({', '.join(wells)}): none was used."
        return _EMPTY, (Doubt(ROW_UNUSED, message),)
    differing = [
        f.name.replace("_", " ")
        for f in fields(IndexRow)
        if f.name not in ("api", "file", "url") and len({getattr(r, f.name) for _, r in rows}) > 1
    ]
    if not differing:
        return row, ()
    message = f"{places} name one scan and differ in {', '.join(differing)}: that was not used."
    return row, (Doubt(ROW_UNUSED, message),)


def _wells(rows: Sequence[IndexRow]) -> list[str]:
    """The wells that rows are of, by API number or UWI, else by name; in their order, each once."""
    numbers = list(dict.fromkeys(row.api.api10 if row.api else row.uwi for row in rows))
    numbers = [number for number in numbers if number]
    names = {row.name.casefold(): row.name for row in rows if row.name}
    if len(numbers) > 1:
        return list(dict.fromkeys(row.uwi for row in rows if row.uwi))
    known = len(numbers) == 1 and all(row.uwi for row in rows)
    return numbers if known or len(names) < 2 else list(names.values())


def common(rows: Sequence[IndexRow]) -> IndexRow:
    """What all rows say; of a depth range both ends or none."""
    differing = {
        f.name: getattr(_EMPTY, f.name)
        for f in fields(IndexRow)
        if len({getattr(row, f.name) for row in rows}) > 1
    }
    if {"top", "bottom", "depth_unit"} & differing.keys():
        differing |= {"top": None, "bottom": None}
    return replace(rows[0], **differing)


def of_the_well(rows: Sequence[IndexRow]) -> IndexRow:
    """What rows say of their well; of the log only where the only row names no file of its own."""
    row = common(rows)
    if len(rows) == 1 and not (row.file or row.url):
        return row
    return replace(row, **{name: getattr(_EMPTY, name) for name in _OF_THE_LOG})
