"""Which files are scans, what their pages are called, and which pictures are veernet's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.objects import ObjectStore
from storage.odd_keys import is_odd
from storage.parts import part_of
from storage.review_files import ask_for_review_files, review_files_written, wants_review_files
from storage.scans import (
    is_own_picture,
    is_scan,
    may_hold_pages,
    page_of_stem,
    page_stem,
    page_uri,
    shared_sidecar,
    split_page,
)

NAMES = st.text(st.sampled_from("abA1.-_#=p/ é"), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("key", "scan", "pages"),
    [
        ("a/b.tif", True, True),
        ("B.TIFF", True, True),
        ("x.pdf", True, True),
        ("x.Jpg", True, False),
        ("x.png", True, False),
        ("x.tif.txt", False, False),
        ("tif", False, False),
        ("x.las", False, False),
        ("a.tif/readme", False, False),
    ],
)
def test_a_scan_is_told_by_the_end_of_its_name(key: str, scan: bool, pages: bool) -> None:
    assert (is_scan(key), may_hold_pages(key)) == (scan, pages)


@given(NAMES, st.integers(2, 9999))
def test_file_and_page_come_back_from_the_place_and_the_name_of_a_page(
    name: str, page: int
) -> None:
    assert split_page(page_uri(name, page)) == (name, page)
    assert page_of_stem(page_stem(name, page)) == (name, page)
    assert page_uri(name, 1) == page_stem(name, 1) == name


@pytest.mark.parametrize("uri", ["a#page=0", "a#page=01", "a#page=", "a#page=2x", "#page=2"])
def test_what_only_resembles_a_page_is_the_name_of_a_file(uri: str) -> None:
    assert split_page(uri) == (uri, 1)


def test_pictures_in_results_are_no_scans() -> None:
    files = {"out/verdicts.parquet", "one/log.json", "one/curves.parquet", "s/w.sidecar.json"}
    own = ["out/logs/a/overlay.png", "out/dashboard/t/1.png", "one/overlay.png"]
    own += ["s/w.inspect.png", "s/w.inspect-2.png"]
    scans = ["out/a.png", "logs/a/x.png", "two/x.png", "s/v.inspect.png", "s/w.png"]
    assert [key for key in own + scans if is_own_picture(key, files.__contains__)] == own
    alone = {"one/log.json"}
    assert not is_own_picture("one/overlay.png", alone.__contains__)


def test_an_error_of_a_shared_sidecar_names_every_scan_and_the_way_out() -> None:
    error = shared_sidecar("a/w.sidecar.json", ["w.tif", "w.pdf"])
    assert "w.pdf and w.tif" in error.message
    assert error.where == "a/w.sidecar.json"
    assert "w.tif.sidecar.json" in (error.remedy or "")


@pytest.mark.parametrize("key", ["a//b", "/a", "a/", "a/./b", "../a", "a\nb", "a\x7fb", ""])
def test_keys_that_a_client_reads_otherwise_are_odd(key: str) -> None:
    assert is_odd(key)


@pytest.mark.parametrize("key", ["a/b.tif", "a..b", ".hidden/x", "a b/é.tif", "..."])
def test_other_keys_are_not_odd(key: str) -> None:
    assert not is_odd(key)


def test_a_part_of_an_object_is_its_bytes_at_that_place(tmp_path) -> None:
    body = bytes(range(200))
    (tmp_path / "x.tif").write_bytes(body)
    store = ObjectStore(str(tmp_path))
    assert part_of(store, "x.tif", 0, 4) == body[:4]
    assert part_of(store, "x.tif", 150, 50) == body[150:]


def test_review_files_are_asked_for_once_and_hold_for_the_whole_destination(tmp_path) -> None:
    store = ObjectStore(str(tmp_path))
    assert not wants_review_files(store)
    assert ask_for_review_files(store)
    assert wants_review_files(store)
    assert ask_for_review_files(store)  # earlier logs still lack theirs
    review_files_written(store)
    assert wants_review_files(store)
    assert not ask_for_review_files(store)
