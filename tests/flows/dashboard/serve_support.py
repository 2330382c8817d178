"""A served form over two logs, and what a browser would send it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from factories import make_log
from starlette.testclient import TestClient

from flows.dashboard import build_in
from flows.dashboard.serve import make_app
from storage.datasets import write_datasets
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local

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
