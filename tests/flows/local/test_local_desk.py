"""The desk's sidecars, by scan: that of the name which a scan has or would get."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from factories import make_log

from flows.local.desk import Desk
from storage.datasets import write_datasets
from storage.desk_sidecars import SIDECARS, desk_sidecars, sidecar_key
from storage.local_names import LogNames
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from storage.runs import RunRecord, write_run
from veernet_core.datatypes import ScanRef


def ref(path: Path, sha256: str = "ab" * 32) -> ScanRef:
    return ScanRef(str(path), path.stem, sha256, 10)


def desk(out: Path) -> Desk:
    return Desk(out, LogNames(out))


def test_a_scan_gets_the_sidecar_of_its_name(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ObjectStore(str(out)).put(sidecar_key("a"), b"made at the desk")
    own = desk(out)
    assert own.sidecar(ref(tmp_path / "a.tif")) == b"made at the desk"
    assert own.sidecar(ref(tmp_path / "b.tif")) is None


def test_without_an_output_folder_there_is_no_sidecar(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert desk(out).sidecar(ref(tmp_path / "a.tif")) is None
    assert not out.exists()


def test_another_scan_of_the_same_name_has_none_of_its_sidecar(tmp_path: Path) -> None:
    out, here = tmp_path / "out", tmp_path / "one" / "a.tif"
    log = make_log("a")
    log = replace(log, scan=replace(log.scan, uri=str(here), sha256="ab" * 32))
    publish_local(out, "a", log_files(log, "a"))
    write_datasets(out)
    store = ObjectStore(str(out))
    write_run(store, RunRecord("run1", "t", scans={"a": str(here)}))
    store.put(sidecar_key("a"), b"made at the desk")
    own = desk(out)
    assert own.sidecar(ref(here)) == b"made at the desk"
    assert own.sidecar(ref(tmp_path / "two" / "a.tif", "cd" * 32)) is None


def test_only_sidecars_at_their_place_are_the_desks(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    for key in ("a.sidecar.json", "sub/b.sidecar.json", "c.json", "d.sidecar.json.part"):
        store.put(SIDECARS + key, b"{}")
    store.put("e.sidecar.json", b"{}")
    assert list(desk_sidecars(store)) == ["a"]
    assert sidecar_key("a") == "sidecars/a.sidecar.json"
