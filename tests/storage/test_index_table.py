"""Index tables: the row of a scan is found, and says no more than all rows of its key agree on."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.index_table import (
    GENERIC,
    KANSAS,
    TEXAS,
    IndexTable,
    IndexTableError,
    parse_column_map,
    read_index,
)

KANSAS_CSV = """\
KID,API_NUM_NODASH,API_NUMBER,LEASE_AND_WELL,OPERATOR,FIELD,LOGGER,TOOL,LOG_TOP,LOG_BOTTOM,LOG_DATE,SCAN_URL
1,15053000690000,15-053-00069,"SMITH, J. 1",Acme Oil,Wildcat,Welex,GR-N,2500,4200,1-JAN-60,http://x.org/a/1_log.tif
2,15053000700000,15-053-00070,JONES 2,Acme Oil,Wildcat,Welex,IEL,0,0,,http://x.org/a/2%20log.tif
3,15053000700000,15-053-00070,JONES 2,Acme Oil,Hall-Gurney,Welex,GR-N,100,3000,,http://x.org/a/3.tif
"""

TEXAS_TSV = (
    "Date of Scan\tImage File Name\tDocument Date\tLease Name\tOperator Name\tOperator Number\t"
    "Permit Number\tWell Log Type\tToplogintv\tBtmlogintv\tComments\tField Name\tAPI No\n"
    "1/1/2010\tA123.tif\t9/24/2015\tFIVEASH\tWINDOW\t1\t2\t15\t2600\t4750\t\tWILDCAT\t39935488\n"
)


def kansas() -> IndexTable:
    return read_index(KANSAS_CSV.encode(), KANSAS, "ks.txt")


def test_a_kansas_row_is_found_by_the_file_in_its_url() -> None:
    match = kansas().find("1_LOG.TIF")
    assert match is not None
    row = match.row
    assert (match.by, match.rows) == ("file", 1)
    assert (row.uwi, row.name, row.company) == ("15-053-00069", "SMITH, J. 1", "Acme Oil")
    assert (row.top, row.bottom, row.depth_unit) == (2500.0, 4200.0, "ft")
    assert (row.state, row.country, row.service_company) == ("Kansas", "USA", "Welex")
    assert (row.log_type, row.date) == ("GR-N", "1-JAN-60")


def test_a_scan_is_found_by_its_url() -> None:
    table = read_index(KANSAS_CSV.replace("3.tif", "get?id=3").encode(), KANSAS, "ks.txt")
    match = table.find("download.tif", "HTTP://x.org/a/get?id=3")
    assert match is not None
    assert (match.by, match.row.top) == ("url", 100.0)


def test_blanks_in_urls_are_decoded() -> None:
    match = kansas().find("2 log.tif")
    assert match is not None
    assert match.row.name == "JONES 2"


def test_a_range_nobody_filled_in_is_unknown() -> None:
    match = kansas().find("2 log.tif")
    assert match is not None
    assert (match.row.top, match.row.bottom) == (None, None)


def test_by_api_number_only_what_all_logs_of_the_well_say_is_kept() -> None:
    match = kansas().find("15-053-00070_gr.tif")
    assert match is not None
    assert (match.by, match.rows) == ("api", 2)
    assert (match.row.name, match.row.field, match.row.log_type) == ("JONES 2", "", "")
    assert (match.row.top, match.row.bottom) == (None, None)


def test_an_unknown_scan_has_no_row() -> None:
    assert kansas().find("other.tif") is None
    assert kansas().find("15-999-00001.tif") is None


def test_texas_codes_and_short_api_numbers() -> None:
    match = read_index(TEXAS_TSV.encode(), TEXAS, "rrc.txt").find("a123.tiff")
    assert match is not None
    row = match.row
    assert (row.uwi, row.name, row.field) == ("42-399-35488", "FIVEASH", "WILDCAT")
    assert row.log_type == "resistivity and neutron/density porosity"
    assert (row.top, row.bottom, row.state) == (2600.0, 4750.0, "Texas")


def test_parquet_says_what_csv_says() -> None:
    table = pa.table(
        {
            "file": ["a.tif", "b.tif"],
            "api": pa.array(
                [1505300069.0, None], pa.float64()
            ),  # numbers that went through a float
            "top": pa.array([100, None], pa.int64()),
            "bottom": [2000.5, None],
            "depth_unit": ["ft", None],
        }
    )
    data = io.BytesIO()
    pq.write_table(table, data)
    index = read_index(data.getvalue(), GENERIC, "index.parquet")
    match = index.find("a.png")
    assert match is not None
    assert (match.row.uwi, match.row.top, match.row.bottom) == ("15-053-00069", 100.0, 2000.5)
    empty = index.find("b.tif")
    assert empty is not None
    assert (empty.row.uwi, empty.row.top) == ("", None)


def test_a_map_of_ones_own() -> None:
    stated = {
        "columns": {"file": "Scan", "api": ["No", "API10"], "top": "From", "bottom": "To"},
        "depth_unit": "m",
        "country": "Canada",
    }
    mapping = parse_column_map(json.dumps(stated).encode(), "map.json")
    table = read_index(b"scan;API10;from;TO\nx.tif;15-053-00069;1,200;1300.5\n", mapping, "t.csv")
    match = table.find("x.tif")
    assert match is not None
    assert (match.row.top, match.row.bottom, match.row.depth_unit) == (1200.0, 1300.5, "m")
    assert (match.row.country, match.row.uwi) == ("Canada", "15-053-00069")


@pytest.mark.parametrize(
    ("stated", "complaint"),
    [
        (b"{", "JSON"),
        (b"[]", "columns"),
        (b'{"columns": {"fiel": "x"}}', "fiel"),
        (b'{"columns": {"file": 3}}', "column name"),
        (b'{"columns": {"file": "x"}, "unit": "m"}', "unit"),
        (b'{"columns": {"file": "x"}, "depth_unit": "yd"}', "depth_unit"),
    ],
)
def test_a_faulty_map_is_named(stated: bytes, complaint: str) -> None:
    with pytest.raises(IndexTableError, match=complaint):
        parse_column_map(stated, "map.json")


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "no column|every column"),
        (b"name,top\na,1\n", "no column names a file"),
        (b"file,file\na,b\n", "each once"),
        (b"file,top\na,1,2\n", "line 2"),
        (b"PAR1 not really", "Parquet"),
    ],
)
def test_a_faulty_table_is_named(data: bytes, complaint: str) -> None:
    with pytest.raises(IndexTableError, match=complaint):
        read_index(data, GENERIC, "index.csv")


def test_latin1_and_short_lines_are_read() -> None:
    table = read_index("file,well,county\na.tif,M\u00fcller\n".encode("latin-1"), GENERIC, "i.csv")
    match = table.find("a.tif")
    assert match is not None
    assert (match.row.name, match.row.county) == ("Müller", "")
