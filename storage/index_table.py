"""An archive's index: one row for each scan, with what the archive's clerks already know.

In: a CSV or Parquet table and a map from its columns to our fields. Out: ``IndexTable``, which finds the
row of a scan by file name, URL or API number.
Does not belong here: what columns mean (``storage.index_maps``), how tables are read
(``storage.index_files``) and how depths (``storage.index_depths``), what a row means for a scan
(``storage.known``).
"""

from __future__ import annotations

import copy
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Literal

from storage.index_depths import read_depths
from storage.index_files import TextTable, read_table
from storage.index_maps import (
    GENERIC,
    KANSAS,
    MAPS,
    TEXAS,
    ColumnMap,
    IndexRow,
    IndexTableError,
    parse_column_map,
)
from storage.index_names import Nearness, folder_of, members, nearness, path_of, stem
from storage.index_rows import ROW_UNUSED, Doubt, agreed, of_the_well
from storage.numerals import read_numeral
from veernet_core.domain.api_number import ApiNumber, find_api_number, parse_api_number, state_name

__all__ = [
    "GENERIC",
    "KANSAS",
    "MAPS",
    "TEXAS",
    "ColumnMap",
    "IndexMatch",
    "IndexRow",
    "IndexTable",
    "IndexTableError",
    "parse_column_map",
    "read_index",
]

MatchedBy = Literal["file", "url", "api"]
_LAS_NULLS = frozenset({"", "NULL", "NONE", "NAN", "NA", "N/A", "-999.25", "-999"})
_AS_NUMBER = re.compile(r"\d+[.,]0*|\d(?:[.,]\d*)?[eE]\+?\d+")
"""An API number that went through a column of numbers: ``1505300069.0``, ``1.505300069E+13``."""
_DASHED_API = re.compile(r"(?<!\d)\d\d-\d{3}-\d{5}")
_MOST_LOOKED_AT = 50
"""Rows or scans of one stem that are looked at for a message, and to settle whose a row is."""
_WELL_DIGITS = 10
"""Digits that tell a well; a spreadsheet that shows fewer has lost the number."""


@dataclass(frozen=True, slots=True)
class IndexMatch:
    """A row and how it was found; ``rows`` of the table share the key it was found by.

    ``doubts`` are rows, and parts of rows, that were not used; where nothing is to be used the row is empty.
    """

    row: IndexRow
    by: MatchedBy
    rows: int
    doubts: tuple[Doubt, ...] = ()


class IndexTable:
    """Rows of an index, found by file name, URL or API number.

    Parameters
    ----------
    table : TextTable
    column_map : ColumnMap

    Raises
    ------
    IndexTableError
        The table has no column by which a scan could be found, or a depth that cannot be read for certain.
    """

    def __init__(self, table: TextTable, column_map: ColumnMap) -> None:
        self._map, self._places = column_map, table.places
        self._name = re.split(r"[/\\]", table.name)[-1]  # messages are the same wherever it lies
        present = {_plain(column): values for column, values in table.columns.items()}
        self._columns = {
            key: [present[_plain(c)] for c in names if _plain(c) in present]
            for key, names in column_map.columns.items()
        }
        if not any(self._columns.get(key) for key in ("file", "url", "api", "uwi")):
            names = ", ".join(table.columns) or "none"
            raise IndexTableError(
                f"no column names a file, URL or API number; columns: {names}", where=table.name
            )
        self._depths = read_depths(table, column_map, _plain)
        self._scans: dict[tuple[str, str], set[str]] = {}
        self._owners: dict[tuple[str, ...], set[str]] = {}
        self._by_folder: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._by_key: dict[tuple[MatchedBy, str], list[int]] = defaultdict(list)
        for index in range(len(self._depths)):
            for key in self._keys(index):
                self._by_key[key].append(index)
            for text in {self._text("file", index), self._text("url", index)} - {""}:
                known = self._by_folder[_stem_of(text), folder_of(text)]
                if known[-1:] != [index]:
                    known.append(index)

    def __len__(self) -> int:
        return len(self._depths)

    def among(self, scans: Iterable[str]) -> IndexTable:
        """The same index where these scans are known (paths or URIs): a row that names another one of them
        as well, or better, is not given to a scan.
        """
        known = copy.copy(self)
        known._scans = {key: set(places) for key, places in self._scans.items()}
        for place in scans:
            for folder in {"", folder_of(place)}:
                known._scans.setdefault((stem(place), folder), set()).add(place)
        known._owners = {}
        return known

    def find(self, scan_name: str, uri: str = "") -> IndexMatch | None:
        """What the index says about a scan.

        Looked for by file name and folders, then by URL, then by the API number in the file name. Of an API
        number only what holds for the whole well is taken from rows that name files of their own. What
        rows of one key do not all say is left out, and all of it where they are of several wells.

        Parameters
        ----------
        scan_name : str
            File name of the scan.
        uri : str
            Where it came from.

        Returns
        -------
        IndexMatch or None
            With ``doubts`` about rows that could not be used; an empty row where none could.
        """
        last = members(uri)[-1:]
        place = uri if last == members(scan_name)[-1:] else scan_name
        found, doubts = self._named(place)
        if found:
            return self._not_of_another(self._match("file", found, doubts), found, scan_name)
        found = self._by_key.get(("url", uri.casefold()), [])
        if found:
            return self._match("url", found, doubts)
        api = find_api_number(PurePosixPath(scan_name).stem)
        found = [] if api is None else self._by_key.get(("api", api.api10), [])
        if found:
            rows = [self._row(index) for index in found]
            return IndexMatch(of_the_well(rows), "api", len(found), doubts)
        return IndexMatch(IndexRow(), "file", 0, doubts) if doubts else None

    def _match(
        self, by: MatchedBy, found: Sequence[int], doubts: Sequence[Doubt] = ()
    ) -> IndexMatch:
        row, differing = agreed([(self._at(i), self._row(i)) for i in found])
        unused = [
            Doubt(ROW_UNUSED, f"{self._at(i)}: {words}; it was not used.")
            for i in found
            for words in self._depths[i].unused
        ]
        return IndexMatch(row, by, len(found), (*doubts, *differing, *unused))

    def _not_of_another(
        self, match: IndexMatch, found: Sequence[int], scan_name: str
    ) -> IndexMatch:
        """The match; without its row where the file's own name has the API number of another well."""
        own = find_api_number(scan_name) if _DASHED_API.search(scan_name) else None
        given = match.row.api
        if own is None or given is None or own.api10 == given.api10:
            return match
        doubt = Doubt(
            ROW_UNUSED,
            f"{self._listed(found)} states API number {given.dashed}, the file's name {own.dashed}: the row"
            " was not used.",
        )
        return IndexMatch(IndexRow(), match.by, match.rows, (*match.doubts, doubt))

    def _named(self, place: str) -> tuple[list[int], tuple[Doubt, ...]]:
        """Rows that name the scan at a place and no other; and doubts about rows with its file name."""
        mine = self._candidates(place)
        sure = [index for index in mine if self._nearest(index, place) == {place}]
        own = _best(mine, sure) or [i for i in mine if self._left_to(i, place) == {place}]
        if own:
            return own, ()
        shared = [index for index in mine if place in self._left_to(index, place)]
        if shared:
            others = {other for i in shared for other in self._left_to(i, place)} - {place}
            named = ", ".join(sorted({"/".join(members(other)[-2:]) for other in others}))
            return [], (
                Doubt(ROW_UNUSED, f"{self._listed(shared)} may speak of {named} as well as of this scan,"
                      " and was not used."),
            )  # fmt: skip
        rows = self._by_key.get(("file", stem(place)), [])[:_MOST_LOOKED_AT]
        lost = [index for index in rows if not self._nearest(index, place)]
        if not lost:
            return [], ()
        return [], (
            Doubt(ROW_UNUSED, f"{self._listed(lost)} names a file of this name in another folder, and was"
                  " not used."),
        )  # fmt: skip

    def _candidates(self, place: str) -> dict[int, Nearness]:
        """Rows that may name the scan at a place, and how nearly."""
        rows = self._by_key.get(("file", stem(place)), [])
        if folder_of(place) and not self._map.unique_names:
            # of many rows that tell no folder none is the scan's alone: a few say so
            bare = self._by_folder.get((stem(place), ""), [])[:_MOST_LOOKED_AT]
            rows = [*bare, *self._by_folder.get((stem(place), folder_of(place)), ())]
        found = ((index, self._nearness(index, place)) for index in rows)
        return {index: near for index, near in found if near is not None}

    def _nearness(self, index: int, place: str) -> Nearness | None:
        values = [
            nearness(text, place, self._map.unique_names)
            for text in self._given_of(index, stem(place))
        ]
        if not values or values[0] is None:  # what the file column says goes before a URL
            return None
        return max(value for value in values if value is not None)

    def _given_of(self, index: int, name: str) -> list[str]:
        """What a row gives of a file of this stem."""
        texts = (self._text("file", index), self._text("url", index))
        return [text for text in texts if text and _stem_of(text) == name]

    def _nearest(self, index: int, place: str) -> set[str]:
        """The scans that a row names most nearly, of those known and the one at ``place``."""
        texts = tuple(self._given_of(index, stem(place)))
        is_known = place in self._scans.get((stem(place), ""), ())
        if is_known and texts in self._owners:
            return self._owners[texts]
        near = {
            scan: value
            for scan in {*self._rivals(texts, stem(place)), place}
            if (value := self._nearness(index, scan)) is not None
        }
        best = max(near.values(), default=None)
        owners = {scan for scan, value in near.items() if value == best}
        if is_known:
            self._owners[texts] = owners
        return owners

    def _rivals(self, texts: Sequence[str], name: str) -> set[str]:
        """Known scans that a row may name."""
        if self._map.unique_names:
            return self._scans.get((name, ""), set())
        folders = {folder_of(text) for text in texts}
        return set().union(*(self._scans.get((name, folder), ()) for folder in folders))

    def _left_to(self, index: int, place: str) -> set[str]:
        """The scans that a row names most nearly, without those that have a row of their own."""
        owners = self._nearest(index, place)
        if len(owners) < 2 or len(owners) > _MOST_LOOKED_AT:
            return owners
        return {
            scan
            for scan in owners
            if not any(self._nearest(i, scan) == {scan} for i in self._candidates(scan))
        }

    def _at(self, index: int) -> str:
        """Where a row stands, for people."""
        return f"{self._name}, {self._places[index]}"

    def _listed(self, rows: Sequence[int]) -> str:
        shown = [
            f"{self._at(i)} ({self._text('file', i) or self._text('url', i)})" for i in rows[:3]
        ]
        return "; ".join(shown) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")

    def _keys(self, index: int) -> set[tuple[MatchedBy, str]]:
        keys: set[tuple[MatchedBy, str]] = set()
        file, url = self._text("file", index), self._text("url", index)
        if file:
            keys.add(("file", _stem_of(file)))
        if url:
            keys |= {("url", url.casefold()), ("file", _stem_of(url))}
        api = self._api(index)
        if api is not None:
            keys.add(("api", api.api10))
        return keys

    def _text(self, key: str, index: int) -> str:
        for values in self._columns.get(key, ()):
            text = " ".join(values[index].split())
            if text.upper() not in _LAS_NULLS:
                return text
        return ""

    def _api(self, index: int) -> ApiNumber | None:
        for key in ("api", "uwi"):
            for values in self._columns.get(key, ()):
                api = _api_number(values[index], self._map.state_code)
                if api is not None:
                    return api
        return None

    def _row(self, index: int) -> IndexRow:
        texts = {f.name: self._text(f.name, index) for f in fields(IndexRow)}
        api = self._api(index)
        top, bottom, unit = self._depths[index].range
        state = state_name(texts["state"]) or texts["state"] or self._map.state
        return IndexRow(
            file=texts["file"],
            url=texts["url"],
            api=api,
            uwi=api.dashed if api else texts["uwi"],
            name=texts["name"],
            company=texts["company"],
            field=texts["field"],
            county=texts["county"],
            state=state or (api.state_name if api else ""),
            country=texts["country"] or self._map.country,
            service_company=texts["service_company"],
            date=texts["date"],
            top=top,
            bottom=bottom,
            depth_unit=unit,
            log_type=self._map.log_types.get(texts["log_type"], texts["log_type"]),
        )


def read_index(data: bytes, column_map: ColumnMap, name: str) -> IndexTable:
    """Read a CSV (comma, tab, bar or semicolon) or Parquet table.

    Raises
    ------
    IndexTableError
    """
    return IndexTable(read_table(data, name), column_map)


def _stem_of(given: str) -> str:
    return stem(path_of(given))


def _best(near: Mapping[int, Nearness], rows: Sequence[int]) -> list[int]:
    """Those of the rows that are nearest."""
    best = max((near[index] for index in rows), default=None)
    return [index for index in rows if near[index] == best]


def _plain(column: str) -> str:
    """A column's name without case, blanks and marks; letters of any script count."""
    folded = unicodedata.normalize("NFKC", column).casefold()
    return "".join(char for char in folded if char.isalnum())


def _api_number(text: str, state_code: str) -> ApiNumber | None:
    """An API number as a table holds it, also as a number that a spreadsheet has made of it."""
    bare = text.strip()
    numeral = read_numeral(bare)
    if _AS_NUMBER.fullmatch(bare) and numeral is not None:
        value = next(iter(numeral.values.values()), 0.0)
        mantissa = re.sub(r"[eE].*", "", bare)
        exact = "e" not in bare.lower() or len(re.sub(r"\D", "", mantissa)) >= _WELL_DIGITS
        bare = f"{value:.0f}" if exact else ""
    digits = re.sub(r"\D", "", bare)
    if len(digits) == 8 and state_code:
        return parse_api_number(state_code + digits)
    return parse_api_number(bare)
