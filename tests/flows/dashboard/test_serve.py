"""The served form: only open files leave, only those who may come in, decisions reach the results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
import serve_support
from factories import GR, judge, make_curve, make_log, only
from serve_support import POST, TOKEN, client, looked_at, verdicts
from starlette.testclient import TestClient

from flows.dashboard.door import (
    ServeError,
    add_reviewer,
    check_address,
    is_loopback,
    read_reviewers,
)
from flows.dashboard.serve import make_app, safe_key
from storage.datasets import write_datasets
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from storage.reviews import read_reviews

out = serve_support.out


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
