"""What an archive knows of its scans reaches them from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.local import read_index_file, read_scan
from storage.dra import DraError
from storage.index_table import IndexTableError

DRA = 'FILE,1,FEET,Acme\nWELL,150530006900,"Smith #1",\nLOG,a.tif,MAIN,5,2500,2,40,2600,18,500\n'


def test_registration_and_index_are_read_beside_the_scan(tmp_path: Path) -> None:
    scan = tmp_path / "a.tif"
    scan.write_bytes(b"II*\0")
    assert read_scan(scan).sidecar is None
    (tmp_path / "a.dra").write_text(DRA)
    (tmp_path / "index.csv").write_text("file,county,top,bottom\na.tif,Clark,1000,3000\n")
    index = read_index_file(tmp_path / "index.csv", "generic")
    sidecar = json.loads(read_scan(scan, index).sidecar or b"")
    assert sidecar["well"]["county"] == "Clark"
    assert sidecar["well"]["name"] == "Smith #1"
    assert sidecar["sections"][0]["depth"]["anchors"] == [[40.0, 2500.0], [500.0, 2600.0]]


def test_a_registration_of_another_scan_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "b.tif").write_bytes(b"II*\0")
    (tmp_path / "b.dra").write_text(DRA)
    with pytest.raises(DraError, match=r"b\.tif"):
        read_scan(tmp_path / "b.tif")


def test_a_map_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text('{"columns": {"file": "Scan", "name": "W"}}')
    (tmp_path / "i.csv").write_text("Scan,W\na.tif,Smith\n")
    match = read_index_file(tmp_path / "i.csv", str(tmp_path / "map.json")).find("a.tif")
    assert match is not None
    assert match.row.name == "Smith"


def test_an_unknown_map_or_table_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text("file\na.tif\n")
    with pytest.raises(IndexTableError, match="kansas"):
        read_index_file(tmp_path / "i.csv", "kanzas")
    with pytest.raises(IndexTableError, match="cannot be read"):
        read_index_file(tmp_path / "none.csv", "kansas")
