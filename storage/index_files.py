"""Tables as files: CSV in the shapes that spreadsheets write, and Parquet, as columns of texts.

In: the bytes of a table. Out: ``TextTable``: texts by column name, with the line of every row. What the
columns mean does not belong here.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from storage.index_maps import IndexTableError

_PARQUET_MAGIC = b"PAR1"
_DELIMITERS = ",\t|;"
_SAMPLE_ROWS = 50
_END = "end"
"""A line after the last, so that a quotation mark opened there takes in a line as it does elsewhere."""


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of texts.

    Attributes
    ----------
    name : str
        For messages.
    columns : mapping of column name to texts, one a row
    places : list of str
        Where each row stands in the file: ``line 7``.
    typed : set of str
        Columns that the file itself stores as numbers; their texts have a decimal point.
    """

    name: str
    columns: dict[str, list[str]]
    places: list[str]
    typed: frozenset[str] = frozenset()


_HEAD_BYTES = 4096


def read_table(data: bytes, name: str) -> TextTable:
    """Read a CSV (comma, tab, bar or semicolon) or Parquet table.

    Raises
    ------
    IndexTableError
    """
    return _parquet(data, name) if data[:4] == _PARQUET_MAGIC else _csv(data, name)


def _parquet(data: bytes, name: str) -> TextTable:
    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise IndexTableError(f"not a readable Parquet table: {error}", where=name) from error
    columns = {
        column: [_as_text(value) for value in table.column(column).to_pylist()]
        for column in table.column_names
    }
    numeric = (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal)
    typed = {field.name for field in table.schema if any(kind(field.type) for kind in numeric)}
    places = [f"row {index + 1}" for index in range(table.num_rows)]
    return TextTable(name, columns, places, frozenset(typed))


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # API numbers that went through a float column
    return str(value)


def _csv(data: bytes, name: str) -> TextTable:
    text, delimiter = _delimited(_decoded(data, name).lstrip("\r\n"))
    places = []
    rows = _rows(text, delimiter, name)
    names = [column.strip() for column in next(rows, (0, []))[1]]
    columns: list[list[str]] = [[] for _ in names]
    for line, row in rows:
        if not any(row):
            continue
        if len(row) > len(names) and any(row[len(names) :]):
            message = f"line {line} has {len(row)} fields, the header {len(names)}"
            raise IndexTableError(message, where=name)
        places.append(f"line {line}")
        for index, column in enumerate(columns):
            column.append(_plain_cell(row[index]) if index < len(row) else "")
    if len(set(names)) < len(names) or not names:
        raise IndexTableError("the first line must name every column, each once", where=name)
    return TextTable(name, dict(zip(names, columns, strict=True)), places)


def _rows(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its last line."""
    lines = list(io.StringIO(f"{text}\n{_END}", newline=""))
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    began = 0
    try:
        for row in rows:
            if rows.line_num - began > 1:
                _refuse_open_quote(lines[began : rows.line_num], delimiter, began + 1, name)
            began = rows.line_num
            if began < len(lines):
                yield began, row
    except csv.Error as error:
        raise IndexTableError(f"line {rows.line_num}: {error}", where=name) from error


def _refuse_open_quote(lines: Sequence[str], delimiter: str, line: int, name: str) -> None:
    """Refuse a row of several lines whose quotation marks are not in order: others are lost in it."""
    try:
        list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise IndexTableError(
            f"line {line}: a quotation mark is opened and not closed in the line",
            where=name,
            remedy='Close or remove it; within a quoted cell a quotation mark is written twice ("").',
        ) from error


def _plain_cell(cell: str) -> str:
    """A cell without the formula in which spreadsheets wrap text that looks like a number."""
    wrapped = re.fullmatch(r'="(.*)"', cell)
    return wrapped[1] if wrapped else cell


def _decoded(data: bytes, name: str) -> str:
    """Text of a table: by its byte-order mark or its zero bytes, else UTF-8, else Western European."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise IndexTableError(f"not UTF-16 text (byte {error.start})", where=name) from error
    zeros = [data[k:_HEAD_BYTES:2].count(0) for k in (0, 1)]
    if sum(zeros) > len(data[:_HEAD_BYTES]) / 4:  # half of the bytes of Western text
        try:
            return data.decode("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le")
        except UnicodeDecodeError as error:
            raise IndexTableError(f"not UTF-16 text (byte {error.start})", where=name) from error
    if 0 in data:
        raise IndexTableError(
            f"a zero byte (byte {data.index(0)}): no text, or a damaged one",
            where=name,
            remedy="Export the table again as CSV in UTF-8.",
        )
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _delimited(text: str) -> tuple[str, str]:
    """The table without a spreadsheet's ``sep=`` line, and its delimiter.

    The delimiter is the one that gives the first rows as many fields as the header has, and the header
    the most: a decimal comma or a comma in a column's name makes rows that do not fit.
    """
    told = re.match(r"sep=(.)\r?\n", text)
    if told:
        return text[told.end() :], told[1]

    def fit(delimiter: str) -> tuple[float, int]:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
        try:
            counts = [len(row) for row in itertools.islice(rows, _SAMPLE_ROWS) if any(row)]
        except csv.Error:
            return 0.0, 0
        if not counts or counts[0] < 2:
            return 0.0, 0
        even = sum(count == counts[0] for count in counts) / len(counts)
        return even, counts[0]

    return text, max(_DELIMITERS, key=fit)
