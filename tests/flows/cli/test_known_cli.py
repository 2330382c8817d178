"""What an archive knows of its scans reaches them from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.local.digitise import read_index_file
from flows.local.pages import read_scan
from storage.dra import DraError
from storage.index_table import IndexTableError
from storage.listing import list_scans
from storage.objects import ObjectStore
from storage.plan import Selection

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


def test_an_archive_lists_what_is_known_and_notices_changes(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    for key in ("x/a.tif", "x/b.tif", "x/a.sidecar.json"):
        store.put(key, b"{}")
    plain = {listed.scan.key: listed.given_version for listed in list_scans(store)}
    (sidecar,) = [listed.sidecar for listed in list_scans(store) if listed.sidecar]
    assert plain == {
        "x/a.tif": sidecar.version,
        "x/b.tif": "",
    }  # as before there were other sources
    store.put("x/a.dra", DRA.encode())
    (tmp_path / "i.csv").write_text("file,county\nb.tif,Clark\n")
    index = read_index_file(tmp_path / "i.csv", "generic")
    first, second = list_scans(store, index)
    assert first.dra is not None
    assert json.loads(second.indexed) == {"well": {"county": "Clark"}}
    assert first.given_version != plain["x/a.tif"]
    assert second.given_version != ""
    assert Selection().covers(first)
