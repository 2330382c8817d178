"""Index tables as spreadsheets of other countries and programs write them."""

from __future__ import annotations

import pytest

from storage.index_table import GENERIC, IndexTableError, read_index

HEAD = "file,top,bottom\n"


def depths(
    table: bytes | str, file: str = "x.tif"
) -> tuple[float | None, float | None, str | None]:
    data = table if isinstance(table, bytes) else table.encode()
    match = read_index(data, GENERIC, "t.csv").find(file)
    assert match is not None
    return match.row.top, match.row.bottom, match.row.depth_unit


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        ("file;top;bottom\nx.tif;١٠٠٫٥;٢٬٠٠٠\n", (100.5, 2000.0, None)),
        ("file;top;bottom\nx.tif;１００;２００\n", (100.0, 200.0, None)),
        ("file;top;bottom\nx.tif;१००;२००\n", (100.0, 200.0, None)),
        ('file,top,bottom\nx.tif,="100","=""200"""\n', (100.0, 200.0, None)),
        ("\n\r\nfile,top,bottom\n\nx.tif,100,200\n", (100.0, 200.0, None)),
        ("file;Top (m MD);Bottom (m MD)\nx.tif;100;200\n", (100.0, 200.0, "m")),
        ("file;top_ft KB;bottom_ft KB\nx.tif;100;200\n", (100.0, 200.0, "ft")),
        ("file;top;bottom\nx.tif;100;99999\n", (100.0, None, None)),  # stands for "unknown"
        ((HEAD + "x.tif,100,200\n").encode("utf-16-le"), (100.0, 200.0, None)),
        ((HEAD + "x.tif,100,200\n").encode("utf-16-be"), (100.0, 200.0, None)),
    ],
)
def test_depths_are_read(
    table: bytes | str, wanted: tuple[float | None, float | None, str | None]
) -> None:
    assert depths(table) == wanted


def test_a_table_with_zero_bytes_is_refused_with_their_place() -> None:
    with pytest.raises(IndexTableError, match=r"zero byte \(byte 23\)"):
        depths(HEAD + "x.tif,1\x0000,200\n")
