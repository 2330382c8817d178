"""Folders with links to nothing, pipes and devices."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.local.digitise import find_scans
from flows.local.pages import read_pages
from storage.errors import BrokenLinkError
from storage.listing import list_scans
from storage.objects import ObjectStore
from veernet_core.datatypes import FailedScan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    (tmp_path / "b.tif").symlink_to("/nowhere/b.tif")
    (tmp_path / "c.tif").symlink_to("c.tif")
    (tmp_path / "good link.tif").symlink_to("a.tif")
    os.mkfifo(tmp_path / "pipe.tif")
    os.mkfifo(tmp_path / "a.sidecar.json")
    (tmp_path / "endless.tif").symlink_to("/dev/zero")
    return tmp_path


def test_a_link_to_nothing_is_listed_and_pipes_and_devices_are_not(folder: Path) -> None:
    store = ObjectStore(str(folder))
    listed = list_scans(store)
    assert [scan.scan.key for scan in listed] == ["a.tif", "b.tif", "c.tif", "good link.tif"]
    assert [scan.sidecar for scan in listed] == [None] * 4
    for key in ("b.tif", "c.tif"):
        with pytest.raises(BrokenLinkError, match="link"):
            store.get(key)


def test_a_link_to_nothing_is_a_scan_that_fails(folder: Path) -> None:
    scans = find_scans([str(folder)])
    assert [path.name for path in scans] == ["a.tif", "b.tif", "c.tif", "good link.tif"]
    (failed,) = read_pages(folder / "b.tif")
    assert isinstance(failed, FailedScan)
    assert failed.error.code == "decode_failed"
    assert "No such file" in failed.error.message
