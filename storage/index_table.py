"""An archive's index: one row for each scan, with what the archive's clerks already know.

In: a CSV or Parquet table and a map from its columns to our fields. Out: ``IndexTable``, which finds the
row of a scan by file name, URL or API number.
Does not belong here: what columns mean (``storage.index_maps``), how tables are read
(``storage.index_files``) and how depths (``storage.index_depths``), what a row means for a scan
(``storage.known``).
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, fields, replace
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import unquote, urlsplit

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
_WELL_DIGITS = 10
"""Digits that tell a well; a spreadsheet that shows fewer has lost the number."""


@dataclass(frozen=True, slots=True)
class IndexMatch:
    """A row and how it was found; ``rows`` of the table share the key it was found by."""

    row: IndexRow
    by: MatchedBy
    rows: int


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
        self._map = column_map
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
        self._by_key: dict[tuple[MatchedBy, str], list[int]] = defaultdict(list)
        for index in range(len(self._depths)):
            for key in self._keys(index):
                self._by_key[key].append(index)

    def __len__(self) -> int:
        return len(self._depths)

    def find(self, scan_name: str, uri: str = "") -> IndexMatch | None:
        """What the index says about a scan.

        Looked for by the file name (its stem, in any case), then by URL, then by the API number in the
        file name. Of several rows with the stem, those count whose extension and folders agree most with
        ``uri``. Where several rows share the key, only what all of them say is kept: of an API number
        with several logs that is the well, not the depths.

        Parameters
        ----------
        scan_name : str
            File name of the scan.
        uri : str
            Where it came from.
        """
        api = find_api_number(PurePosixPath(scan_name).stem)
        keys: list[tuple[MatchedBy, str]] = [("file", _stem(scan_name)), ("url", uri.casefold())]
        if api is not None:
            keys.append(("api", api.api10))
        for key in keys:
            found = self._by_key.get(key)
            if found and key[0] == "file":
                found = self._nearest(found, uri or scan_name)
            if found:
                rows = [self._row(index) for index in found]
                return IndexMatch(_common(rows), key[0], len(rows))
        return None

    def _nearest(self, found: list[int], uri: str) -> list[int]:
        """Those of the rows whose file or URL shares the most last members with ``uri``."""
        wanted = _members(uri)[::-1]

        def shared(index: int) -> int:
            counts = [0]
            for text in (self._text("file", index), urlsplit(self._text("url", index)).path):
                pairs = zip(_members(text)[::-1], wanted)
                counts.append(sum(1 for _ in itertools.takewhile(lambda p: p[0] == p[1], pairs)))
            return max(counts)

        best = max(map(shared, found))
        return [index for index in found if shared(index) == best]

    def _keys(self, index: int) -> set[tuple[MatchedBy, str]]:
        keys: set[tuple[MatchedBy, str]] = set()
        file, url = self._text("file", index), self._text("url", index)
        if file:
            keys.add(("file", _stem(file)))
        if url:
            keys |= {("url", url.casefold()), ("file", _stem(urlsplit(url).path))}
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
        top, bottom, unit = self._depths[index]
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


def _plain(column: str) -> str:
    """A column's name without case, blanks and marks; letters of any script count."""
    folded = unicodedata.normalize("NFKC", column).casefold()
    return "".join(char for char in folded if char.isalnum())


def _members(name: str) -> list[str]:
    """Folders and file of a path or URL, in the form in which names are compared."""
    text = unicodedata.normalize("NFC", unquote(name).replace("\\", "/")).casefold()
    return [member for member in text.split("/") if member not in ("", ".")]


def _stem(name: str) -> str:
    return PurePosixPath((_members(name) or [""])[-1]).stem


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


def _common(rows: list[IndexRow]) -> IndexRow:
    """What all rows say; of a depth range both ends or none."""
    first = rows[0]
    empty = IndexRow()
    differing = {
        f.name: getattr(empty, f.name)
        for f in fields(IndexRow)
        if len({getattr(row, f.name) for row in rows}) > 1
    }
    if {"top", "bottom", "depth_unit"} & differing.keys():
        differing |= {"top": None, "bottom": None}
    return replace(first, **differing)
