"""Index tables: the row of a scan is found, and says no more than all rows of its key agree on."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.index_maps import MAPS
from storage.index_table import (
    GENERIC,
    KANSAS,
    TEXAS,
    ColumnMap,
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
        (b'file,well\na.tif,"SMITH\nb.tif,X\nc.tif,Y\n', "line 2: a quotation mark"),
        (b'file,well\na.tif,X\nb.tif,"SMITH\nc.tif,"Y"\n', "line 3: a quotation mark"),
        (b'file,well,top\na.tif,X,1\nb.tif,"SMITH,1\n', "line 3: a quotation mark"),
        (b'file,well,top\na.tif,X,1\nb.tif,"SMITH,1', "line 3: a quotation mark"),
        (b'file,"well\na.tif,X\nb.tif,Y\n', "line 1: a quotation mark"),
    ],
)
def test_a_faulty_table_is_named(data: bytes, complaint: str) -> None:
    with pytest.raises(IndexTableError, match=complaint):
        read_index(data, GENERIC, "index.csv")


def test_a_cell_may_hold_line_ends_and_quotation_marks() -> None:
    data = b'file,well\na.tif,"SMITH\n""A"" 1"\nb.tif,"X "B" 2"\nc.tif,5" PIPE\n'
    table = read_index(data, GENERIC, "i.csv")
    found = [table.find(name) for name in ("a.tif", "b.tif", "c.tif")]
    assert [match and match.row.name for match in found] == ['SMITH "A" 1', 'X B" 2"', '5" PIPE']


def test_latin1_and_short_lines_are_read() -> None:
    table = read_index("file,well,county\na.tif,M\u00fcller\n".encode("latin-1"), GENERIC, "i.csv")
    match = table.find("a.tif")
    assert match is not None
    assert (match.row.name, match.row.county) == ("Müller", "")


def depths(text: str, column_map: ColumnMap = GENERIC, scan: str = "a.tif") -> tuple[object, ...]:
    match = read_index(text.encode(), column_map, "i.csv").find(scan)
    assert match is not None
    return match.row.top, match.row.bottom, match.row.depth_unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("file;top;bottom\na.tif;3575,5;4105,5\n", (3575.5, 4105.5, None)),
        ("file,top,bottom\na.tif,3575.5,4105.5\n", (3575.5, 4105.5, None)),
        ('file,top,bottom\na.tif,"3575,5","4105,5"\n', (3575.5, 4105.5, None)),
        ("file;top;bottom\na.tif;3.575;4.105\nb.tif;3.575,5;4.105,5\n", (3575.0, 4105.0, None)),
        ("file;top;bottom\na.tif;3,575;4,105\nb.tif;3575.5;99\n", (3575.0, 4105.0, None)),
        ("file;top;bottom\na.tif;3,575;4,105\nb.tif;3,5;9\n", (3.575, 4.105, None)),
        ("file;top;bottom\na.tif;3 575,5;4\u00a0105,5\n", (3575.5, 4105.5, None)),
        ("file;top;bottom\na.tif;3'575;4'105\n", (3575.0, 4105.0, None)),
        ("file;top;bottom\na.tif;3575,5 m;4105,5m\n", (3575.5, 4105.5, "m")),
        (
            "file;top;bottom\na.tif;1,000 ft;2,000 ft\nb.tif;1,000.5 ft;9 ft\n",
            (1000.0, 2000.0, "ft"),
        ),
        ("file,top_ft,bottom_ft\na.tif,3575,4105\n", (3575.0, 4105.0, "ft")),
        ("file,Top (m),Base [m]\na.tif,100,200\n", (100.0, 200.0, "m")),
        ('file,"Top, ft","Bottom, ft"\na.tif,100,200\n', (100.0, 200.0, "ft")),
        ("file;TopDepthFt;BottomDepthFt\na.tif;100;200\n", (100.0, 200.0, "ft")),
        ("file,top_ft,bottom_m\na.tif,1000,1000\n", (1000.0, 3280.84, "ft")),
        ("sep=;\r\nfile;top;bottom\r\na.tif;1,5;2,5\r\n", (1.5, 2.5, None)),
        ("file;top;bottom\na.tif;-999,25;-999,25\n", (None, None, None)),
        ("file;top;bottom\na.tif;TD;unknown\n", (None, None, None)),
    ],
)
def test_depths_in_the_notation_of_their_column(text: str, expected: tuple[object, ...]) -> None:
    assert depths(text) == expected


def test_each_column_has_its_own_notation() -> None:
    text = "file;top;bottom\na.tif;1,500;2.500\nb.tif;1,5;2.5\n"
    assert depths(text) == (1.5, 2.5, None)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("file;top;bottom\nb.tif;1;2\na.tif;3,575;4,105\n", "line 3: top"),
        ("file;top;bottom\na.tif;3575.5;4\nb.tif;3575,5;4\nc.tif;3,575;4\n", "line 4: top"),
        ("file;top;bottom\na.tif;1;1,23,45\n", "line 2: bottom"),
        ("file;top;bottom;unit\na.tif;1 ft;2 ft;ft\nb.tif;1 ft;2 ft;m\n", "line 3: top"),
        ('file;well;top\na.tif;"two\nlines";3,575\n', "line 3: top"),
    ],
)
def test_what_stays_ambiguous_is_refused_with_its_row(text: str, where: str) -> None:
    with pytest.raises(IndexTableError) as caught:
        read_index(text.encode(), GENERIC, "i.csv")
    assert caught.value.where == f"i.csv: {where}"
    assert caught.value.remedy


def test_a_map_can_state_the_decimal_mark() -> None:
    column_map = parse_column_map(
        b'{"columns": {"file": "file", "top": "top", "bottom": "bottom"}, "decimal": ","}', "m.json"
    )
    text = "file;top;bottom\na.tif;3,575;4,105\n"
    assert depths(text, column_map) == (3.575, 4.105, None)


def test_numbers_that_parquet_stores_have_a_point() -> None:
    table = pa.table({"file": ["a.tif"], "top_m": [3.575], "bottom_m": [4.125]})
    data = io.BytesIO()
    pq.write_table(table, data)
    match = read_index(data.getvalue(), GENERIC, "i.parquet").find("a.tif")
    assert match is not None
    assert (match.row.top, match.row.bottom, match.row.depth_unit) == (3.575, 4.125, "m")


@pytest.mark.parametrize(
    ("cell", "uwi"),
    [
        ("1505300069.0", "15-053-00069"),
        ("1505300069,00", "15-053-00069"),
        ("1.505300069E+13", "15-053-00069"),
        ("1,505300069E+13", "15-053-00069"),
        ("1.50530E+13", ""),
        ("5300069.0", ""),
        ("05300069", "15-053-00069"),
    ],
)
def test_api_numbers_that_a_spreadsheet_took_for_numbers(cell: str, uwi: str) -> None:
    text = f'SCAN_FILE;API_NUMBER\na.tif;"{cell}"\n'
    match = read_index(text.encode(), KANSAS, "i.csv").find("a.tif")
    assert match is not None
    assert (match.row.api.dashed if match.row.api else "") == uwi


def test_columns_in_any_script_and_utf16() -> None:
    stated = {"columns": {"file": "Файл", "name": "Скважина", "top": "Кровля", "bottom": "Подошва"}}
    column_map = parse_column_map(json.dumps(stated).encode(), "map.json")
    text = "Файл\tПодошва, м\tКровля, м\tСкважина\na.tif\t200,5\t100,5\t12-бис\n"
    match = read_index(text.encode("utf-16"), column_map, "i.txt").find("a.tif")
    assert match is not None
    assert (match.row.name, match.row.top, match.row.bottom) == ("12-бис", 100.5, 200.5)
    assert match.row.depth_unit == "m"


def test_scans_of_one_stem_have_rows_of_their_own() -> None:
    text = "file,well\na/log.tif,ONE\nb/log.tif,TWO\nb/log.pdf,THREE\n"
    table = read_index(text.encode(), GENERIC, "i.csv")
    found = {}
    for uri in ("/in/a/log.tif", "s3://x/b/log.tif", "/in/b/log.pdf", "/in/c/log.tif"):
        match = table.find(uri.rsplit("/", 1)[1], uri)
        found[uri] = match.row.name if match else None
    assert found == {
        "/in/a/log.tif": "ONE",
        "s3://x/b/log.tif": "TWO",
        "/in/b/log.pdf": "THREE",
        "/in/c/log.tif": "",
    }


def test_file_names_agree_however_their_accents_are_composed() -> None:
    table = read_index("file,well\nMu\u0308ller.tif,ONE\n".encode(), GENERIC, "i.csv")
    match = table.find("M\u00fcller.tif")
    assert match is not None
    assert match.row.name == "ONE"


def test_depths_of_rows_with_different_units_are_not_shared() -> None:
    text = "file,api,top,bottom,unit\nx.tif,15-053-00069,1,2,ft\ny.tif,15-053-00069,1,2,m\n"
    match = read_index(text.encode(), GENERIC, "i.csv").find("15-053-00069_gr.tif")
    assert match is not None
    assert (match.row.top, match.row.bottom) == (None, None)


@pytest.mark.parametrize(
    ("header", "cells", "depths"),
    [
        ("Top (ftKB);Bottom (ftKB)", "1000;1200", (1000.0, 1200.0, "ft")),
        ("Top [mMD];Bottom [mMD]", "1000,5;1200", (1000.5, 1200.0, "m")),
        ("top;bottom", "3575 USFT;4000 ftUS", (3575.0, 4000.0, "ft")),
        ("top;bottom", "3575';4000'", (3575.0, 4000.0, "ft")),
        ("top;bottom;depth_unit", "3575;4000;FEET (MD)", (3575.0, 4000.0, "ft")),
        ("top;bottom;depth_unit", "3575;4000;N/A", (3575.0, 4000.0, None)),
        ("top;bottom;depth_unit", "3575;4000;F", (3575.0, 4000.0, "ft")),
    ],
)
def test_units_as_people_write_them(header: str, cells: str, depths: tuple[object, ...]) -> None:
    table = read_index(f"file;{header}\na.tif;{cells}\n".encode(), MAPS["generic"], "i.csv")
    match = table.find("a.tif", "/x/a.tif")
    assert match is not None
    assert (match.row.top, match.row.bottom, match.row.depth_unit) == depths


@pytest.mark.parametrize("unit", ["fathoms", "furlong", "miles", "klafter"])
def test_a_unit_that_is_neither_feet_nor_metres_is_refused_with_its_row(unit: str) -> None:
    data = f"file;top;bottom;depth_unit\nb.tif;1;2;ft\na.tif;1;2;{unit}\n".encode()
    with pytest.raises(IndexTableError, match=f"line 3.*{unit}"):
        read_index(data, MAPS["generic"], "i.csv")
