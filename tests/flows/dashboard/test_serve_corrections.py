"""The served form: a corrected sidecar digitises its log again, in a folder, with a ledger and in a bucket."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pypdfium2
import pytest
import serve_support
from batch_support import params, run_plain, s3_server, stand_in, write_archive
from factories import GR, judge, make_curve, make_log, only
from serve_support import POST, client, looked_at, verdicts
from starlette.testclient import TestClient

from flows.dashboard import build_in
from storage.compact import compact
from storage.delivery import deliver
from storage.ledger import generations, read_ledger
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from storage.reviews import Review, curve_hash, read_reviews, record_review
from storage.runs import RunRecord, write_run
from veernet_core.datatypes import DigitisedLog, ScanRef
from veernet_core.errors import GeometryError
from veernet_core.pipeline import FailedScan, ScanInput

out = serve_support.out


def corrected(
    out: Path, tmp_path: Path, redo: Any, data: bytes = b"scan", place: str = "a.tif"
) -> tuple[TestClient, Path]:
    """A desk over log ``a`` whose scan is known and can be digitised again."""
    scans = tmp_path / "scans"
    scans.mkdir()
    (scans / place.partition("#")[0]).write_bytes(data)
    log = make_log("a")
    sha256 = hashlib.sha256(data).hexdigest()
    publish_local(out, "a", log_files(replace(log, scan=replace(log.scan, sha256=sha256)), "a"))
    run = RunRecord("1", "2024-01-01T00:00:00Z", settings={"step": 0.25, "min_r2": 0.9},
                    scans={"a": str(scans / place)})  # fmt: skip
    write_run(ObjectStore(str(out)), run)
    return client(out, redo=redo), scans


SIDECAR = '{"well": {"name": "Corrected"}, "sections": [{"row_top": 5, "row_bottom": 500}]}'


def test_correction_digitises_again_and_keeps_both_sidecars(out: Path, tmp_path: Path) -> None:
    seen: list[tuple[ScanInput, Mapping[str, Any]]] = []

    def redo(item: ScanInput, settings: Mapping[str, Any]) -> DigitisedLog:
        seen.append((item, settings))
        return replace(only(make_log("a", name="Corrected"), judge(make_curve(GR))), scan=item.ref)

    web, scans = corrected(out, tmp_path, redo)
    (scans / "a.sidecar.json").write_text('{"sections": []}')
    shown = web.get("/api/log", params={"log_id": "a"}).json()
    assert shown["can_correct"]
    assert shown["sidecar"] == '{"sections": []}'
    said = {"log_id": "a", "sidecar": SIDECAR, "reviewer": "M. Okafor", "note": "wrong rows"}
    answer = web.post("/api/sidecar", json=said, headers=POST)
    assert answer.json() == {"sections": 1, "tracks": 0, "curves": 0}
    web.app.state.desk.finish()  # type: ignore[attr-defined]
    assert web.get("/api/work").json()["troubles"] == []
    assert seen[0][0].data == b"scan"
    assert seen[0][0].sidecar == SIDECAR.encode()
    assert seen[0][1] == {"step": 0.25, "min_r2": 0.9}
    assert (out / "sidecars" / "a.sidecar.json").read_text() == SIDECAR
    assert (scans / "a.sidecar.json").read_text() == '{"sections": []}', "a source is only read"
    assert web.get("/api/log", params={"log_id": "a"}).json()["sidecar"] == SIDECAR
    store = ObjectStore(str(out))
    assert [row["mnemonic"] for row in verdicts(store) if row["log_id"] == "a"] == ["GR"]
    kept = read_reviews(store, "a")[-1]
    assert (kept.action, kept.reviewer, kept.note) == ("correct", "M. Okafor", "wrong rows")
    assert json.loads(kept.details) == {"before": '{"sections": []}', "after": SIDECAR}
    assert "Corrected" in web.get("/dashboard/logs/a/index.html").text


def test_correction_of_a_page_of_a_pdf_is_of_that_page_alone(out: Path, tmp_path: Path) -> None:
    seen: list[ScanInput] = []

    def redo(item: ScanInput, settings: Mapping[str, Any]) -> DigitisedLog:
        seen.append(item)
        return replace(only(make_log("a"), judge(make_curve(GR))), scan=item.ref)

    whole, pages = io.BytesIO(), pypdfium2.PdfDocument.new()
    for width in (100, 200, 300):
        pages.new_page(width, 50)
    pages.save(whole)
    web, scans = corrected(out, tmp_path, redo, whole.getvalue(), "x.pdf#page=2")
    (scans / "x.sidecar.json").write_text("{}")
    shown = web.get("/api/log", params={"log_id": "a"}).json()
    assert (shown["can_correct"], shown["sidecar"]) == (True, None)
    said = {"log_id": "a", "sidecar": SIDECAR, "reviewer": "M. Okafor", "note": ""}
    assert web.post("/api/sidecar", json=said, headers=POST).status_code == 200
    web.app.state.desk.finish()  # type: ignore[attr-defined]
    assert web.get("/api/work").json()["troubles"] == []
    (page,) = pypdfium2.PdfDocument(seen[0].data)
    assert page.get_size() == (200, 50)
    assert seen[0].ref.sha256 == hashlib.sha256(whole.getvalue()).hexdigest()
    assert (out / "sidecars" / "a.sidecar.json").read_text() == SIDECAR
    assert not (scans / "x-p2.sidecar.json").exists()
    assert (scans / "x.sidecar.json").read_text() == "{}"


def test_correction_that_fails_changes_nothing(out: Path, tmp_path: Path) -> None:
    def redo(item: ScanInput, settings: Mapping[str, Any]) -> FailedScan:
        return FailedScan(ScanRef("x", "x", "", 0), GeometryError("no such row"))

    web, scans = corrected(out, tmp_path, redo)
    before = {p: p.read_bytes() for p in (out / "logs" / "a").iterdir()}
    said = {"log_id": "a", "sidecar": SIDECAR, "reviewer": "M"}
    assert web.post("/api/sidecar", json=said, headers=POST).status_code == 200
    web.app.state.desk.finish()  # type: ignore[attr-defined]
    assert "no such row" in web.get("/api/work").json()["troubles"][0]
    assert {p: p.read_bytes() for p in (out / "logs" / "a").iterdir()} == before
    assert not (scans / "a.sidecar.json").exists()
    assert not (out / "sidecars").exists()
    broken = web.post(
        "/api/sidecar/check", json={"sidecar": '{"sections": [{"row_top": "x"}]}'}, headers=POST
    )
    assert broken.status_code == 422
    assert "row_top" in broken.json()["message"]
    (scans / "a.tif").write_bytes(b"another scan")
    web.post("/api/sidecar", json=said, headers=POST)
    web.app.state.desk.finish()  # type: ignore[attr-defined]
    assert "scan has changed" in web.get("/api/work").json()["troubles"][-1]


def test_correction_without_a_known_scan_is_refused(out: Path) -> None:
    web = client(out, redo=lambda item, settings: None)
    assert not web.get("/api/log", params={"log_id": "a"}).json()["can_correct"]
    said = {"log_id": "a", "sidecar": SIDECAR, "reviewer": "M"}
    answer = web.post("/api/sidecar", json=said, headers=POST)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_source")


@pytest.fixture
def ledgered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """An archive with a ledger: three logs of two curves."""
    stand_in(monkeypatch)
    write_archive(tmp_path / "scans", 3)
    run_plain(params(tmp_path / "scans", tmp_path / "out"))
    return ObjectStore(str(tmp_path / "out"))


def test_decision_goes_through_the_catalogue(ledgered: ObjectStore) -> None:
    log_id = verdicts(ledgered)[0]["log_id"]
    record = json.loads(ledgered.get(f"logs/{log_id}/log.json"))
    samples = pq.read_table(io.BytesIO(ledgered.get(f"logs/{log_id}/curves.parquet")))
    curve = record["curves"][0]
    action = "reject" if curve["decision"] == "accept" else "accept"
    place = (curve["section_id"], curve["track_id"], curve["spec"]["mnemonic"])
    record_review(ledgered, Review(log_id, action, "M", "2024-01-01T00:00:00Z", "", *place,
                                   curve_hash(record, 0, samples), curve["decision"]))  # fmt: skip
    before = generations(ledgered)[0][-1]
    assert deliver(ledgered) == [log_id]
    assert generations(ledgered)[0][-1] == before + 1
    assert [row["reviewed_decision"] for row in verdicts(ledgered)[:2]] == [action, None]
    assert len(verdicts(ledgered)) == 6
    root = ledgered.local_root
    assert root is not None
    part = pq.read_table(next((root / "curves").glob("*.parquet"))).to_pylist()
    final = {(row["log_id"], row["mnemonic"]): row["decision"] for row in part}
    assert final[log_id, place[2]] == action
    assert deliver(ledgered) == []
    assert compact(ledgered).changed_logs == 0
    assert len(read_ledger(ledgered).latest) == 3


def test_correction_enters_the_ledger(ledgered: ObjectStore) -> None:
    log_id = verdicts(ledgered)[0]["log_id"]

    def redo(item: ScanInput, settings: Mapping[str, Any]) -> DigitisedLog:
        return replace(only(make_log(log_id), judge(make_curve(GR))), scan=item.ref)

    web = client(ledgered.uri, redo=redo)
    said = {"log_id": log_id, "sidecar": SIDECAR, "reviewer": "M"}
    assert web.post("/api/sidecar", json=said, headers=POST).status_code == 200
    web.app.state.desk.finish()  # type: ignore[attr-defined]
    assert web.get("/api/work").json()["troubles"] == []
    found = [r for r in read_ledger(ledgered).latest.values() if r.log_id == log_id]
    assert [(r.curves, r.accepted, r.status) for r in found] == [(1, 1, "done")]
    assert found[0].sidecar_version
    assert [row["mnemonic"] for row in verdicts(ledgered) if row["log_id"] == log_id] == ["GR"]


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as (_, boto):
        boto.create_bucket(Bucket="archive")
        yield "s3://archive/out"


def test_a_bucket_is_served_and_reviewed(bucket: str, out: Path) -> None:
    store = ObjectStore(bucket)
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        key = path.relative_to(out).as_posix()
        if not key.startswith("dashboard/"):
            store.put(key, path.read_bytes())
    assert build_in(store) == f"{bucket}/dashboard/index.html"
    web = client(bucket)
    assert "10 curves" in web.get("/dashboard/index.html").text.replace("<b>", "").replace(
        "</b><span>", " "
    )
    assert "Great Plains" in web.get("/dashboard/logs/a/index.html").text
    assert web.get("/secret.txt").status_code == 404
    said = looked_at(web, "a", 1) | {"action": "accept"}
    assert web.post("/api/review", json=said, headers=POST).status_code == 200
    web.app.state.desk.finish()  # type: ignore[attr-defined]
    assert web.get("/api/work").json()["troubles"] == []
    assert store.get("logs/a/a.main.csv").splitlines()[0] == b"DEPT,GR,CALI,ILD"
