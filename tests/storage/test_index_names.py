"""A row of an index goes to the scan that it names, and to no other; what cannot be told is said."""

from __future__ import annotations

import numpy as np
import pytest

from storage.index_names import nearness
from storage.index_table import GENERIC, KANSAS, IndexMatch, IndexTable, read_index


def index(*rows: str, head: str = "file,api,well,top,bottom") -> IndexTable:
    return read_index("\n".join([head, *rows, ""]).encode(), GENERIC, "i.csv")


def found(table: IndexTable, uri: str) -> IndexMatch | None:
    return table.find(uri.rsplit("/", 1)[-1], uri)


def name_of(table: IndexTable, uri: str) -> str:
    match = found(table, uri)
    return match.row.name if match is not None else ""


def said(table: IndexTable, uri: str) -> str:
    match = found(table, uri)
    return " ".join(doubt.message for doubt in match.doubts) if match is not None else ""


@pytest.mark.parametrize(
    ("stated", "scan", "names"),
    [
        ("sub/c3.tif", "/a/sub/c3.tif", True),
        ("sub/c3.tif", "/a/idx3/c3.tif", False),
        ("sub/c3.tif", "s3://bucket/idx3/c3.tif", False),
        ("sub/c3.tif", "/a/other/sub/c3.tif", True),
        ("x/sub/c3.tif", "/a/y/sub/c3.tif", False),
        ("x/sub/c3.tif", "/sub/c3.tif", True),  # of the scan's folders no more is known
        ("./sub/c3.tif", "/a/sub/c3.tif", True),
        ("../sub/c3.tif", "/a/sub/c3.tif", True),
        (r"sub\c3.tif", "/a/sub/c3.tif", True),
        (r"sub\c3.tif", "/a/idx3/c3.tif", False),
        (r"D:\scans\sub\c3.tif", "/a/sub/c3.tif", True),
        (r"D:\scans\sub\c3.tif", "/a/idx3/c3.tif", False),
        (r"\\server\share\sub\c3.tif", "/a/idx3/c3.tif", False),
        ("/mnt/old/sub/c3.tif", "/new/sub/c3.tif", True),
        ("/mnt/old/sub/c3.tif", "/new/idx3/c3.tif", False),
        ("http://x.org/sub/c3.tif", "/a/sub/c3.tif", True),
        ("http://x.org/sub/c3.tif?v=2", "/a/idx3/c3.tif", False),
        ("SUB/C3.TIF", "/a/sub/c3.tif", True),
        ("sub%20one/c3.tif", "/a/sub one/c3.tif", True),
        ("c3.tif", "/a/idx3/c3.tif", True),
        ("c3", "/a/idx3/c3.tif", True),
        ("c3.tif", "/a/idx3/c33.tif", False),
        ("c3.tif", "/a/c3.tif/x.tif", False),
        ("sub/", "/a/sub.tif", True),
    ],
)
def test_folders_count(stated: str, scan: str, names: bool) -> None:
    assert (nearness(stated, scan) is not None) is names


def test_where_names_are_unique_folders_do_not_count() -> None:
    assert nearness("http://x.org/a/1.tif", "/flat/1.tif", unique=True) is not None
    text = "SCAN_URL,LEASE\nhttp://x.org/a/1.tif,SMITH\n"
    table = read_index(text.encode(), KANSAS, "i.csv")
    assert name_of(table, "/flat/1.tif") == "SMITH"


def test_a_row_of_another_folder_is_not_used_and_named() -> None:
    table = index("sub/c3.tif,15-053-00069,SMITH 1,100,200")
    match = found(table, "/a/idx3/c3.tif")
    assert match is not None
    assert (match.row.uwi, match.row.name, match.row.top) == ("", "", None)
    assert "line 2 (sub/c3.tif)" in match.doubts[0].message
    assert match.doubts[0].code == "index_row_unused"


def test_every_scan_gets_the_row_of_its_folder() -> None:
    table = index("a/c.tif,,A,,", "b/c.tif,,B,,", "c/d.tif,,D,,")
    scans = ["/x/a/c.tif", "/x/b/c.tif", "/x/e/c.tif"]
    known = table.among(scans)
    assert [name_of(known, scan) for scan in scans] == ["A", "B", ""]
    assert found(known, "/x/e/c.tif") is None  # both rows name scans that are there


def test_a_lone_name_that_fits_two_scans_goes_to_neither() -> None:
    table = index("c.tif,,C,,").among(["/x/a/c.tif", "/x/b/c.tif"])
    assert name_of(table, "/x/a/c.tif") == name_of(table, "/x/b/c.tif") == ""
    assert "b/c.tif as well" in said(table, "/x/a/c.tif")
    assert name_of(index("c.tif,,C,,").among(["/x/a/c.tif"]), "/x/a/c.tif") == "C"


def test_a_scan_with_a_row_of_its_own_leaves_the_lone_name_to_the_other() -> None:
    table = index("a/c.tif,,A,,", "c.tif,,C,,").among(["/x/a/c.tif", "/x/b/c.tif"])
    assert [name_of(table, f"/x/{f}/c.tif") for f in "ab"] == ["A", "C"]


def test_the_suffix_tells_two_scans_of_one_stem_apart() -> None:
    scans = ["/x/c.tif", "/x/c.png"]
    table = index("c.tif,,T,,").among(scans)
    assert [name_of(table, scan) for scan in scans] == ["T", ""]
    table = index("c.tif,,T,,", "c.png,,P,,").among(scans)
    assert [name_of(table, scan) for scan in scans] == ["T", "P"]
    table = index("c,,X,,").among(scans)
    assert [name_of(table, scan) for scan in scans] == ["", ""]
    assert "c.png" in said(table, "/x/c.tif")
    assert name_of(index("c.tiff,,T,,").among(scans), "/x/c.tif") == "T"


def test_case_tells_apart_what_else_would_be_one() -> None:
    scans = ["/x/C3.tif", "/x/c3.tif"]
    table = index("C3.tif,,BIG,,", "c3.tif,,SMALL,,").among(scans)
    assert [name_of(table, scan) for scan in scans] == ["BIG", "SMALL"]


def test_rows_of_one_scan_with_different_wells_are_named_and_none_is_used() -> None:
    table = index("c.tif,15-053-00069,SMITH 1,100,200", "c.tif,15-053-00070,JONES 2,100,200")
    match = found(table, "/x/c.tif")
    assert match is not None
    assert (match.row.uwi, match.row.name, match.row.top) == ("", "", None)
    for words in ("line 2", "line 3", "15-053-00069", "15-053-00070"):
        assert words in match.doubts[0].message


def test_rows_of_one_scan_that_differ_in_depth_say_the_well() -> None:
    table = index("c.tif,15-053-00069,SMITH 1,100,200", "c.tif,15-053-00069,SMITH 1,300,400")
    match = found(table, "/x/c.tif")
    assert match is not None
    assert (match.row.uwi, match.row.top, match.row.bottom) == ("15-053-00069", None, None)
    assert "differ in top, bottom" in match.doubts[0].message


def test_equal_rows_are_one() -> None:
    table = index(*["c.tif,15-053-00069,SMITH 1,100,200"] * 2)
    match = found(table, "/x/c.tif")
    assert match is not None
    assert (match.row.name, match.row.top, match.doubts) == ("SMITH 1", 100.0, ())


def test_by_api_number_a_row_of_another_file_says_the_well_alone() -> None:
    table = index("other.tif,15-053-00069,SMITH 1,100,200")
    match = found(table, "/x/15-053-00069_gr.tif")
    assert match is not None
    assert (match.by, match.row.name, match.row.top, match.row.bottom) == (
        "api", "SMITH 1", None, None,
    )  # fmt: skip
    table = index(",15-053-00069,SMITH 1,100,200")
    match = found(table, "/x/15-053-00069_gr.tif")
    assert match is not None
    assert (match.row.top, match.row.bottom) == (100.0, 200.0)


@pytest.mark.parametrize(
    ("top", "bottom", "used", "words"),
    [
        ("nan", "200", (None, 200.0), "'nan'"),
        ("-50", "200", (None, 200.0), "'-50'"),
        ("200", "100", (None, None), "200 does not lie above bottom 100"),
        ("100", "100", (None, None), "100 does not lie above bottom 100"),
        ("inf", "1e300", (None, None), "'1e300'"),
        ("100", "200000", (100.0, None), "'200000'"),
        ("#REF!", "200", (None, 200.0), "'#REF!'"),
        ("100-200", "300", (None, 300.0), "'100-200'"),
        ("~100", "200", (None, 200.0), "'~100'"),
        ("100", "25000 m", (None, None), "25000 m is deeper than any well"),
        ("", "200", (None, 200.0), ""),
        ("-999.25", "-999.25", (None, None), ""),
        ("0", "0", (None, None), ""),
        ("unknown", "TD", (None, None), ""),
        ("9999", "99999", (9999.0, None), ""),
        ("0", "200", (0.0, 200.0), ""),
    ],
)
def test_depths_that_are_none_are_told_with_their_row(
    top: str, bottom: str, used: tuple[float | None, float | None], words: str
) -> None:
    match = found(index("b.tif,,B,1,2", f"c.tif,,C,{top},{bottom}"), "/x/c.tif")
    assert match is not None
    assert (match.row.top, match.row.bottom) == used
    messages = " ".join(doubt.message for doubt in match.doubts)
    assert (words in messages and "i.csv, line 3" in messages) if words else not messages


def test_folders_are_those_below_the_root_where_two_places_fit() -> None:
    scans = ["/x/sub/c.tif", "/x/z/sub/c.tif"]
    table = index("sub/c.tif,,ROOT,,").among(scans)
    assert [name_of(table, scan) for scan in scans] == ["ROOT", ""]
    table = index("sub/c.tif,,ROOT,,", "z/sub/c.tif,,DEEP,,").among(scans)
    assert [name_of(table, scan) for scan in scans] == ["ROOT", "DEEP"]


def stated(rng: np.random.Generator, key: str) -> str:
    """A scan's place below the archive's root as somebody may have written it."""
    kinds = ["{}", "./{}", "D:/logs/{}", "/mnt/archive/{}", "http://x.org/scans/{}"]
    text = str(rng.choice(kinds)).format(key)
    if rng.random() < 0.3 and "://" not in text:
        text = text.replace("/", chr(92))
    if rng.random() < 0.2:
        text = text.upper()
    if rng.random() < 0.2:
        text = text.rpartition(".")[0]
    return text


@pytest.mark.parametrize("seed", range(150))
def test_no_scan_of_an_archive_gets_the_row_of_another(seed: int) -> None:
    rng = np.random.default_rng(seed)
    folders = ["", "a/", "b/", "a/b/", "b/a/"]
    everything = [f"{f}{s}{e}" for f in folders for s in ("c", "d") for e in (".tif", ".png")]
    keys = sorted(rng.choice(everything, int(rng.integers(2, 14)), replace=False).tolist())
    rows = [f"{stated(rng, key)},,W{n},," for n, key in enumerate(keys) if rng.random() < 0.8]
    places = [f"/root/archive/{key}" for key in keys]
    table = index(*rows).among(places)
    for n, place in enumerate(places):
        assert name_of(table, place) in ("", f"W{n}")


@pytest.mark.parametrize(
    "place", ["i.csv", "s3://bucket/lists/i.csv", "/mnt/a/i.csv", "D:" + chr(92) + "i.csv"]
)
def test_messages_are_the_same_wherever_the_index_lies(place: str) -> None:
    table = read_index(b"file,well\nsub/c.tif,A\n", GENERIC, place)
    assert said(table, "/x/c.tif").startswith("i.csv, line 2 ")


def test_a_row_that_contradicts_the_number_in_the_name_of_its_file_is_not_used() -> None:
    table = index(
        "15-053-00069_gr.tif,15-053-00070,JONES 2,100,200", "1505300069.tif,15-053-00070,J,1,2"
    )
    match = found(table, "/x/15-053-00069_gr.tif")
    assert match is not None
    assert (match.row.uwi, match.row.name, match.row.top) == ("", "", None)
    assert "states API number 15-053-00070, the file's name 15-053-00069" in match.doubts[0].message
    assert name_of(table, "/x/1505300069.tif") == "J"  # digits alone may be anything


@pytest.mark.parametrize(
    "row", ["x.pdf#page=2", "x-p2.pdf", "http://k.org/a/x.pdf#page=2", "a/x-p2"]
)
def test_a_row_of_a_page_is_for_that_page(row: str) -> None:
    table = index(f"{row},,TWO,,").among(["/a/x.pdf", "/a/x-p2.pdf"])
    assert [name_of(table, scan) for scan in ("/a/x.pdf", "/a/x-p2.pdf")] == ["", "TWO"]
