"""A log digitised again: where its scan lies, under which options and sidecar, and what its result changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from factories import make_log

from flows.dashboard.again import (
    NoSourceError,
    digitise_again,
    digitise_alone,
    failed_id,
    failed_uris,
    item_of,
    place_of,
    settings_of,
    sidecar_in_use,
    version_of,
)
from storage.datasets import write_datasets
from storage.desk_sidecars import sidecar_key
from storage.ledger import Record, append, read_ledger, segment_name
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from storage.records import read_record
from storage.runs import RunRecord, write_run
from storage.tables import failure_row
from veernet_core.datatypes import DigitisedLog, FailedScan, ScanInput
from veernet_core.errors import DecodeError, VeernetError

SCAN = b"II*\0 a scan"
SHA = hashlib.sha256(SCAN).hexdigest()
SIDECAR = json.dumps({"well": {"name": "NEW"}}).encode()


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scans" / "a.tif"
    path.parent.mkdir()
    path.write_bytes(SCAN)
    return path


def log_of(scan: Path, name: str = "A 1") -> DigitisedLog:
    log = make_log("a", name=name)
    ref = replace(log.scan, uri=str(scan), stem="a", sha256=hashlib.sha256(SCAN).hexdigest())
    return replace(log, scan=ref)


@pytest.fixture
def store(tmp_path: Path, scan: Path) -> ObjectStore:
    """A local folder of one log, whose run says where its scan lies."""
    out = tmp_path / "out"
    publish_local(out, "a", log_files(log_of(scan), "a"))
    write_datasets(out)
    made = ObjectStore(str(out))
    settings = {"min_r2": 0.8, "numerics": "from the run"}
    write_run(made, RunRecord("run1", "t", settings=settings, scans={"a": str(scan)}))
    return made


def record_in(store: ObjectStore, log_id: str = "a") -> Any:
    return read_record(store.get(f"logs/{log_id}/log.json"))


def test_a_scan_is_found_where_its_run_saw_it(store: ObjectStore, scan: Path) -> None:
    place = place_of(store, "a")
    assert place is not None
    assert (place.uri, place.stem, place.name, place.key) == (str(scan), "a", "a.tif", "a.tif")
    item = place.scan(SIDECAR)
    assert (item.data, item.sidecar) == (SCAN, SIDECAR)
    assert (item.ref.stem, item.ref.sha256, item.ref.size_bytes) == ("a", SHA, len(SCAN))
    assert place.scan(None, "another").ref.stem == "another"


def test_a_scan_that_is_not_known_or_gone_has_no_place(store: ObjectStore, scan: Path) -> None:
    assert place_of(store, "nobody") is None
    scan.unlink()
    assert place_of(store, "a") is None


def test_a_page_of_a_file_has_the_name_of_a_file_of_its_own(
    store: ObjectStore, tmp_path: Path
) -> None:
    whole = tmp_path / "scans" / "wells.pdf"
    whole.write_bytes(b"%PDF")
    write_run(store, RunRecord("run2", "t", scans={"wells-p2": f"{whole}#page=2"}))
    place = place_of(store, "wells-p2")
    assert place is not None
    assert (place.stem, place.name) == ("wells-p2", "wells-p2.pdf")
    assert place.key == "wells.pdf#page=2"


def test_a_failed_scan_has_a_place_and_the_name_it_gets_when_it_succeeds(
    store: ObjectStore, tmp_path: Path
) -> None:
    bad = tmp_path / "scans" / "bad.tif"
    bad.write_bytes(b"nothing")
    root = store.local_root
    assert root is not None
    write_datasets(root, [failure_row(str(bad), DecodeError("cut"))])
    assert failed_uris(store) == [str(bad)]
    assert failed_id(store, str(bad)) == "bad"
    place = place_of(store, "bad")
    assert place is not None
    assert place.uri == str(bad)


def test_failures_of_an_archive_are_in_its_ledger(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path / "out"))
    base = Record("x.tif", "v", "", "m", "c", "0.2", "x-1f", "s3://b/x.tif", "failed")
    other = replace(base, source_key="y.tif", uri="s3://b/y.tif", status="done")
    append(store, segment_name("20250101T000000", 0, 0), [base, other])
    assert failed_id(store, "s3://b/x.tif") == "x-1f"
    assert failed_id(store, "s3://b/a b?.tif") != ""


def test_the_sidecar_in_use_is_the_desks_then_that_of_the_whole_name_then_of_the_stem(
    store: ObjectStore, scan: Path
) -> None:
    place = place_of(store, "a")
    assert sidecar_in_use(store, "a", place) is None
    scan.with_name("a.sidecar.json").write_bytes(b"stem")
    assert sidecar_in_use(store, "a", place) == b"stem"
    scan.with_name("a.tif.sidecar.json").write_bytes(b"name")
    assert sidecar_in_use(store, "a", place) == b"name"
    store.put(sidecar_key("a"), b"desk")
    assert sidecar_in_use(store, "a", place) == b"desk"
    assert sidecar_in_use(store, "a", None) == b"desk"
    assert sidecar_in_use(store, "b", None) is None


def test_states_of_a_sidecar_are_told_apart() -> None:
    assert version_of(None) == ""
    assert version_of(b"a") == version_of(b"a") != version_of(b"b") != ""
    assert len(version_of(b"a")) == 16


def test_a_scan_that_has_changed_since_is_refused(store: ObjectStore, scan: Path) -> None:
    place = place_of(store, "a")
    assert place is not None
    assert item_of(place, record_in(store), SIDECAR).ref.sha256 == SHA
    scan.write_bytes(b"II*\0 another scan")
    with pytest.raises(NoSourceError, match="has changed") as caught:
        item_of(place, record_in(store), SIDECAR)
    assert caught.value.code == "no_source"
    assert item_of(place, None, SIDECAR).ref.sha256 != SHA


def test_options_are_the_logs_own(store: ObjectStore) -> None:
    record = record_in(store)
    made = record["provenance"]
    assert settings_of(store, "a", None)["numerics"] == "from the run"
    made["algorithms"] = ""
    assert settings_of(store, "a", record)["min_r2"] == 0.8, "of version 0.1.0: the run's"
    made |= {"algorithms": "page-1", "options": {"min_r2": 0.9}, "numerics": "its own"}
    assert settings_of(store, "a", record) == {"min_r2": 0.9, "numerics": "its own"}


def test_without_runs_there_are_no_options(tmp_path: Path) -> None:
    assert settings_of(ObjectStore(str(tmp_path)), "a", None) == {}


class Redo:
    """Stands in for the digitiser: keeps what it was given."""

    def __init__(self, result: Any) -> None:
        self.result, self.given = result, []

    def __call__(self, item: ScanInput, settings: Mapping[str, Any]) -> Any:
        self.given.append((item, dict(settings)))
        return self.result


def test_a_new_result_takes_the_place_of_the_old_with_its_sidecar(
    store: ObjectStore, scan: Path
) -> None:
    redo = Redo(log_of(scan, "Renamed #2"))
    place = place_of(store, "a")
    assert place is not None
    digitise_again(store, "a", place, record_in(store), SIDECAR, redo)
    ((item, _),) = redo.given
    assert item.sidecar == SIDECAR
    assert store.get(sidecar_key("a")) == SIDECAR
    assert record_in(store)["well"]["name"] == "Renamed #2"
    assert store.local_root is not None
    verdicts = pq.read_table(store.local_root / "verdicts.parquet")
    assert set(verdicts["well"].to_pylist()) == {"Renamed #2"}
    assert len(verdicts) == 5


def test_a_scan_that_cannot_be_digitised_so_changes_nothing(store: ObjectStore, scan: Path) -> None:
    before = store.get("logs/a/log.json")
    redo = Redo(FailedScan(log_of(scan).scan, DecodeError("cut", "a.tif")))
    place = place_of(store, "a")
    assert place is not None
    with pytest.raises(VeernetError, match="cut"):
        digitise_again(store, "a", place, record_in(store), SIDECAR, redo)
    assert store.get("logs/a/log.json") == before
    assert store.get_or_none(sidecar_key("a")) is None


def test_a_trial_publishes_nothing(store: ObjectStore, scan: Path) -> None:
    before = store.get("logs/a/log.json")
    place = place_of(store, "a")
    assert place is not None
    log = digitise_alone(store, "a", place, record_in(store), SIDECAR, Redo(log_of(scan, "B")))
    assert log.well.name == "B"
    assert store.get("logs/a/log.json") == before
    assert store.get_or_none(sidecar_key("a")) is None


def test_a_scan_that_had_failed_is_no_failure_any_more(store: ObjectStore, tmp_path: Path) -> None:
    bad = tmp_path / "scans" / "bad.tif"
    bad.write_bytes(SCAN)
    root = store.local_root
    assert root is not None
    write_datasets(root, [failure_row(str(bad), DecodeError("cut"))])
    place = place_of(store, "bad")
    assert place is not None
    digitise_again(store, "bad", place, None, SIDECAR, Redo(log_of(bad, "Mended")))
    assert failed_uris(store) == []
    assert "Mended" in pq.read_table(root / "verdicts.parquet")["well"].to_pylist()


def test_of_an_archive_with_a_ledger_the_new_result_is_its_last_record(
    store: ObjectStore, scan: Path
) -> None:
    old = Record("a.tif", "v1", "s1+d1+i1", "m", "c", "0.2", "a", str(scan), "failed", code="x",
                 message="cut", scan_sha256=SHA, tries=2)  # fmt: skip
    append(store, segment_name("20250101T000000", 0, 0), [old])
    place = place_of(store, "a")
    assert place is not None
    result = log_of(scan)
    digitise_again(store, "a", place, record_in(store), SIDECAR, Redo(result))
    new = read_ledger(store).latest["a.tif"]
    assert (new.status, new.code, new.message) == ("done", "", "")
    assert (new.curves, new.accepted, new.review, new.rejected) == (5, 3, 1, 1)
    assert new.samples == sum(len(j.curve.depth) for j in result.curves)
    assert new.run_id.endswith("-review")
    assert new.made_with.model_id == result.provenance.model_id
    desk, _, others = new.sidecar_version.partition("+")
    assert others == "d1+i1", "registration and index are as they were"
    assert desk not in ("", "s1")
