"""Tables as files: whatever program wrote it, a table comes out as the same texts with the same lines."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.bucket_entries import Entry
from storage.index_depths import unit_of
from storage.index_files import TextTable, read_table
from storage.index_maps import IndexTableError

ROWS = [["file", "well", "top"], ["a.tif", "SMITH, J. 1", "3575,5"], ["b.tif", "Bär 2", ""]]
COLUMNS = {"file": ["a.tif", "b.tif"], "well": ["SMITH, J. 1", "Bär 2"], "top": ["3575,5", ""]}


def written(delimiter: str = ";", end: str = "\n", quoted: bool = False) -> str:
    mark = '"' if quoted else ""
    return "".join(delimiter.join(f"{mark}{c}{mark}" for c in row) + end for row in ROWS)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_a_table_is_the_same_in_every_delimiter_line_end_and_encoding(
    delimiter: str, end: str, encoding: str
) -> None:
    table = read_table(written(delimiter, end).encode(encoding), "t.csv")
    assert table == TextTable("t.csv", COLUMNS, ["line 2", "line 3"])


def test_quoted_cells_may_hold_the_delimiter() -> None:
    assert read_table(written(",", quoted=True).encode(), "t").columns == COLUMNS


def test_the_delimiter_that_a_spreadsheet_names_is_used() -> None:
    table = read_table(("sep=|\r\n" + written("|")).encode(), "t")
    assert table.columns == COLUMNS


def test_blank_lines_are_passed_over_and_rows_keep_the_line_they_stand_in() -> None:
    table = read_table(b"\n\na,b\n1,2\n\n,\n3,4\n", "t")
    assert table.columns == {"a": ["1", "3"], "b": ["2", "4"]}
    assert [int(place.split()[1]) for place in table.places] == [2, 5]  # from the header's line on


def test_a_row_over_several_lines_is_placed_at_its_last() -> None:
    table = read_table(b'a,b\n"x\ny",2\n3,4\n', "t")
    assert table.columns["a"] == ["x\ny", "3"]
    assert table.places == ["line 3", "line 4"]


def test_short_rows_are_filled_up_and_long_ones_refused() -> None:
    assert read_table(b"a,b,c\n1\n2,3\n", "t").columns == {
        "a": ["1", "2"], "b": ["", "3"], "c": ["", ""]
    }  # fmt: skip
    assert read_table(b"a,b\n1,2,,\n", "t").columns == {"a": ["1"], "b": ["2"]}
    with pytest.raises(IndexTableError, match="line 2 has 3 fields, the header 2"):
        read_table(b"a,b\n1,2,3\n4,5\n6,7\n", "t")


def test_a_number_that_a_spreadsheet_keeps_as_text_loses_its_wrapping() -> None:
    assert read_table(b'a,b\n"=""0012""",x\n', "t").columns["a"] == ["0012"]


@pytest.mark.parametrize(
    "data", [b"a,a\n1,2\n", b"", b"PAR1nonsense", b"\xff\xfea", b"a,b\n1\x00,2,3\n" + b"x" * 50]
)
def test_what_is_no_table_is_refused_with_its_name(data: bytes) -> None:
    with pytest.raises(IndexTableError) as raised:
        read_table(data, "t.csv")
    assert "t.csv" in (raised.value.where or "")


def test_a_quotation_mark_left_open_does_not_swallow_rows() -> None:
    with pytest.raises(IndexTableError, match="line 2: a quotation mark"):
        read_table(b'a,b\n1,"x\n3,4\n5,6\n', "t")


def test_a_parquet_table_says_which_columns_are_numbers() -> None:
    sink = io.BytesIO()
    table = {"api": [15053000690000.0, None], "top": [10.5, 7.0], "well": ["A", "B"]}
    pq.write_table(pa.table(table), sink)
    read = read_table(sink.getvalue(), "t")
    assert read.columns == {
        "api": ["15053000690000", ""], "top": ["10.5", "7"], "well": ["A", "B"]
    }  # fmt: skip
    assert read.typed == {"api", "top"}
    assert read.places == ["row 1", "row 2"]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("ft", "ft"), ("FEET (MD)", "ft"), ("usft", "ft"), ("ftKB", "ft"), ("12'", "ft"),
        ("футов", "ft"), ("m", "m"), ("Metres", "m"), ("mKB", "m"), ("MTR", "m"), ("м", "m"),
        ("метров", "m"), ("fathoms", None), ("", None), ("km", None), ("mm", None), ("12", None),
    ],
)  # fmt: skip
def test_a_unit_is_told_by_its_first_word(text: str, unit: str | None) -> None:
    assert unit_of(text) == unit


def test_an_entry_under_another_name_is_the_same_object() -> None:
    entry = Entry("p/a", 7, datetime(2026, 1, 2, tzinfo=UTC), "tag")
    assert entry.called("a").meta() == entry.meta() | {"path": "a"}
    assert set(entry.meta()) == {"path", "size", "last_modified", "e_tag"}
