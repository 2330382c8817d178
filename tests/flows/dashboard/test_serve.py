"""The served form: only open files leave, only those who may come in, decisions reach the results."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet as pq
import pypdfium2
import pytest
from batch_support import params, run_plain, s3_server, stand_in, write_archive
from factories import GR, judge, make_curve, make_log, only
from starlette.testclient import TestClient

from flows.dashboard import build_in
from flows.dashboard.door import (
    ServeError,
    add_reviewer,
    check_address,
    is_loopback,
    read_reviewers,
)
from flows.dashboard.serve import make_app, safe_key
from storage.compact import compact
from storage.datasets import write_datasets
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

POST = {"X-Veernet": "1"}
TOKEN = "a-token-of-enough-letters"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    place = tmp_path / "out"
    for log_id in ("a", "b <i>'井 100%"):
        publish_local(place, log_id, log_files(make_log(log_id), log_id))
    write_datasets(place)
    (place / "secret.txt").write_text("secret")
    (tmp_path / "outside.txt").write_text("secret")
    build_in(ObjectStore(str(place)))
    return place


def client(out: object, **more: Any) -> TestClient:
    app = make_app(ObjectStore(str(out)), **more)
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


def looked_at(
    web: TestClient, log_id: str, index: int, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    asked = web.get("/api/log", params={"log_id": log_id}, headers=headers)
    curve = asked.json()["curves"][index]
    names = ("section_id", "track_id", "mnemonic", "curve_sha256")
    return {"log_id": log_id, "reviewer": "M. Okafor", **{name: curve[name] for name in names}}


def verdicts(store: ObjectStore) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(
        io.BytesIO(store.get("verdicts.parquet"))
    ).to_pylist()
    return rows


def test_pages_and_files_with_strict_headers(out: Path) -> None:
    web = client(out)
    assert web.get("/").headers["location"] == "/dashboard/index.html"
    for path in ("/dashboard/index.html", "/review", "/logs/a/a.main.las", "/verdicts.parquet",
                 "/dashboard/assets/queue.js", "/logs/" + quote("b <i>'井 100%") + "/log.json"):  # fmt: skip
        answer = web.get(path)
        assert answer.status_code == 200, path
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert '"review":true' in web.get("/dashboard/assets/served.js").text
    assert web.get("/dashboard/logs/a/index.html").text.count("review.js") == 1
    assert "null" in (out / "dashboard" / "assets" / "served.js").read_text()


def test_page_of_a_log_is_made_when_asked(out: Path) -> None:
    (out / "dashboard" / "logs" / "a" / "index.html").unlink()
    answer = client(out).get("/dashboard/logs/a/index.html")
    assert answer.status_code == 200
    assert "Great Plains" in answer.text
    assert client(out).get("/dashboard/logs/zzz/index.html").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/secret.txt", "/scans/a.tif", "/_veernet/reports/x.json", "/reviews/a/000001.json",
        "/logs/../secret.txt", "/logs/%2e%2e/secret.txt", "/logs/..%2fsecret.txt", "/logs/a/../../secret.txt",
        "/logs/%252e%252e/secret.txt", "/logs/a/..\\..\\secret.txt", "/logs//etc/passwd", "/logs/.hidden/x",
        "/dashboard/%2e%2e/secret.txt", "/logs/a/log.json%00.png", "/logs/linked/outside.txt",
        "/logs/a/link.txt", "/dashboard/inner.txt", "/logs/a", "/logs/", "//etc/passwd",
        "/dashboard/logs/..%2f..%2fsecret/index.html", "/dashboard/assets/..%2findex.html",
    ],
)  # fmt: skip
def test_nothing_else_can_be_read(out: Path, path: str) -> None:
    (out / "logs" / "linked").symlink_to(out.parent)
    (out / "logs" / "a" / "link.txt").symlink_to(out.parent / "outside.txt")
    (out / "dashboard" / "inner.txt").symlink_to(out / "secret.txt")
    answer = client(out).get(path)
    assert answer.status_code in (404, 307), path
    assert b"secret" not in answer.content
    assert b"root:" not in answer.content


def test_safe_key() -> None:
    assert safe_key("logs/a/log.json") == "logs/a/log.json"
    assert safe_key("verdicts.parquet") == "verdicts.parquet"
    for path in ("", "logs", "logs/", "verdicts.parquet/x", "curves/x", "logs/\x1f", "logs/a\\b"):
        assert safe_key(path) is None


def test_files_of_a_log_never_run_as_pages(out: Path) -> None:
    (out / "logs" / "a" / "evil.html").write_text("<script>1</script>")
    (out / "logs" / "a" / "evil.js").write_text("1")
    for name in ("evil.html", "evil.js"):
        answer = client(out).get(f"/logs/a/{name}")
        assert answer.headers["content-type"] == "application/octet-stream"


def test_token_is_demanded_and_kept(out: Path) -> None:
    web = client(out, token=TOKEN)
    assert web.get("/dashboard/index.html").status_code == 401
    assert web.get("/dashboard/index.html", params={"token": TOKEN[:-1]}).status_code == 401
    entered = web.get("/dashboard/index.html", params={"token": TOKEN})
    assert entered.status_code == 303
    assert "token" not in entered.headers["location"]
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert web.get("/dashboard/index.html").status_code == 200
    bearer = client(out, token=TOKEN).get("/api/work", headers={"Authorization": f"Bearer {TOKEN}"})
    assert bearer.status_code == 200


def test_each_reviewer_decides_under_the_name_of_their_token(out: Path, tmp_path: Path) -> None:
    names = tmp_path / "reviewers.txt"
    ada, ben = (add_reviewer(names, name) for name in ("Ada: the first", "Ben"))
    assert names.stat().st_mode & 0o077 == 0
    people = read_reviewers(names)
    assert people == {ada: "Ada: the first", ben: "Ben"}
    app = make_app(ObjectStore(str(out)), token=TOKEN, reviewers=people)
    web = TestClient(app, base_url="http://10.0.0.5")
    assert web.get("/api/work").status_code == 401
    own = {"Authorization": f"Bearer {ada}"}
    said = looked_at(web, "a", 1, own) | {"action": "accept", "reviewer": "Ben"}
    assert web.post("/api/review", json=said, headers=POST).status_code == 401
    reader = {"Authorization": f"Bearer {TOKEN}"}
    assert web.get("/api/queue", headers=reader).status_code == 200
    refused = web.post("/api/review", json=said, headers=POST | reader)
    assert (refused.status_code, refused.json()["code"]) == (403, "reader_only")
    assert web.post("/api/review", json=said, headers=POST | own).status_code == 200
    app.state.desk.finish(60)
    (review,) = read_reviews(ObjectStore(str(out)), "a")
    assert review.reviewer == "Ada: the first"
    served = web.get("/dashboard/assets/served.js", headers=own).text
    assert "Ada: the first" in served
    assert '"decide":false' in web.get("/dashboard/assets/served.js", headers=reader).text


@pytest.mark.parametrize(
    "text", ["Ada 0123456789abcdefgh", "Ada: short", f"Ada: {TOKEN}\nBen: {TOKEN}", f": {TOKEN}"]
)
def test_bad_lists_of_reviewers_name_their_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.txt").write_text(text)
    with pytest.raises(ServeError, match="line"):
        read_reviewers(tmp_path / "r.txt")
    (tmp_path / "r.txt").write_text(f"# who\n\nAda: {TOKEN}\n")
    with pytest.raises(ServeError, match="already"):
        add_reviewer(tmp_path / "r.txt", "Ada")
    with pytest.raises(ServeError, match="readers' token"):
        check_address("0.0.0.0", TOKEN, read_reviewers(tmp_path / "r.txt"))


def test_foreign_names_and_pages_are_refused(out: Path) -> None:
    web = client(out)
    assert web.get("/api/queue", headers={"Host": "evil.test"}).status_code == 401
    assert web.get("/api/queue", headers={"Host": "[::1]:8000"}).status_code == 200
    said = looked_at(web, "a", 1) | {"action": "accept"}
    assert web.post("/api/review", json=said).status_code == 403
    foreign = POST | {"Origin": "http://evil.test"}
    assert web.post("/api/review", json=said, headers=foreign).status_code == 403
    assert not (out / "reviews").exists()


def test_wide_address_needs_a_token() -> None:
    check_address("127.0.0.1", "")
    check_address("0.0.0.0", TOKEN)
    for host, token in (("0.0.0.0", ""), ("::", ""), ("10.0.0.5", ""), ("127.0.0.1", "short")):
        with pytest.raises(ServeError, match="token") as caught:
            check_address(host, token)
        assert "--token" in caught.value.remedy
    assert is_loopback("127.8.9.1")
    assert not is_loopback("127.0.0.1.evil.test")


def test_queue_begins_with_what_is_settled_soonest(tmp_path: Path) -> None:
    for log_id, r2 in {
        "sure": (0.97, 0.84, 1.0),
        "open": (0.85, 0.6, 0.9),
        "bad": (0.55, 0.5, 0.6),
    }.items():
        # two curves of one place would be in doubt
        other = replace(make_curve(GR), track_id="elsewhere")
        log = only(make_log(log_id), judge(make_curve(GR), "review", r2), judge(other))
        publish_local(tmp_path, log_id, log_files(log, log_id))
    nan = float("nan")
    log = only(make_log("nan"), judge(make_curve(GR), "review", (nan, nan, nan)))
    publish_local(tmp_path, "nan", log_files(log, "nan"))
    write_datasets(tmp_path)
    web = client(tmp_path)
    found = web.get("/api/queue").json()
    assert [row["log_id"] for row in found["rows"]] == ["sure", "nan", "open", "bad"]
    assert found["total"] == 4
    assert web.get("/api/queue", params={"which": "all"}).json()["total"] == 7
    assert web.get("/api/queue", params={"which": "all", "log": "sure"}).json()["total"] == 2
    assert web.get("/api/queue", params={"which": "decided"}).json()["rows"] == []


def test_decision_reaches_files_datasets_and_overview(out: Path) -> None:
    web = client(out)
    said = looked_at(web, "a", 1) | {"action": "accept", "note": "follows the ink"}
    answer = web.post("/api/review", json=said, headers=POST)
    assert answer.status_code == 200
    assert web.get("/api/queue", params={"log": "a"}).json()["rows"] == []
    web.app.state.desk.finish()  # type: ignore[attr-defined]
    store = ObjectStore(str(out))
    assert store.get("logs/a/a.main.csv").splitlines()[0] == b"DEPT,GR,CALI,ILD"
    row = next(r for r in verdicts(store) if r["log_id"] == "a" and r["mnemonic"] == "CALI")
    assert (row["decision"], row["reviewed_decision"], row["reviewer"]) == (
        "review",
        "accept",
        "M. Okafor",
    )
    page = web.get("/dashboard/logs/a/index.html").text
    assert "M. Okafor" in page
    assert "follows the ink" in page
    assert "1 decided by people" in (out / "dashboard" / "index.html").read_text()
    assert web.get("/api/work").json()["troubles"] == []
    shown = web.get("/api/log", params={"log_id": "a"}).json()
    assert shown["curves"][1]["review"]["note"] == "follows the ink"
    assert [said["action"] for said in shown["history"]] == ["accept"]
    decided = web.get("/api/queue", params={"which": "decided"}).json()["rows"]
    assert [row["mnemonic"] for row in decided] == ["CALI"]


def test_bad_decisions_are_refused_with_a_remedy(out: Path) -> None:
    web = client(out)
    good = looked_at(web, "a", 1) | {"action": "accept"}
    for wrong, status in (
        ({"action": "return"}, 422), ({"action": "correct"}, 422), ({"action": "x"}, 422),
        ({"reviewer": ""}, 422), ({"reviewer": 7}, 422), ({"curve_sha256": "0" * 64}, 409),
        ({"mnemonic": "NONE"}, 409), ({"log_id": "../a"}, 404), ({"log_id": "zzz"}, 404), ({"log_id": ""}, 404),
    ):  # fmt: skip
        answer = web.post("/api/review", json=good | wrong, headers=POST)
        assert answer.status_code == status, wrong
        assert answer.json()["remedy"]
    for body in (b"{", b"[]", b"\xff"):
        assert web.post("/api/review", content=body, headers=POST).status_code == 422
    assert not (out / "reviews").exists()
    publish_local(out, "a", log_files(only(make_log("a"), judge(make_curve(GR))), "a"))
    assert web.post("/api/review", json=good, headers=POST).status_code == 409


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
