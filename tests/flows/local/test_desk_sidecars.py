"""A sidecar made at the desk is used in the place of the one beside the scan."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from flows.local import digitise as local
from storage.desk_sidecars import desk_sidecars, sidecar_key
from storage.ledger import Ledger
from storage.listing import list_scans
from storage.objects import ObjectStore
from storage.plan import Selection, make_plan
from storage.required import Requirement
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import FailedScan
from veernet_core.errors import DecodeError

DESK = {"well": {"name": "DESK"}}


@pytest.fixture
def archive(tmp_path: Path) -> tuple[Path, ObjectStore]:
    scans = tmp_path / "scans"
    scans.mkdir()
    (scans / "a.tif").write_bytes(b"a scan")
    (scans / "a.sidecar.json").write_text('{"well": {"name": "BESIDE"}}')
    (scans / "b.tif").write_bytes(b"another")
    return scans, ObjectStore(str(tmp_path / "out"))


def test_digitise_reads_the_desk_sidecar(
    archive: tuple[Path, ObjectStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    scans, out = archive
    out.put(sidecar_key("a"), json.dumps(DESK).encode())
    seen: dict[str, bytes | None] = {}

    def many(items, *_):  # type: ignore[no-untyped-def]
        for item in items:
            seen[item.ref.stem] = item.sidecar
            yield FailedScan(item.ref, DecodeError("not a scan"))

    class Net:
        model_id, numerics, calibration = "m", "n", {}

        def predict(self, strips: object) -> list[object]:
            return []

    monkeypatch.setattr(local.pipeline, "digitise_many", many)
    root = out.local_root
    assert root is not None
    local.digitise_files(sorted(scans.glob("*.tif")), root, Net(), DigitiseConfig())  # type: ignore[arg-type]
    assert seen == {"a": json.dumps(DESK).encode(), "b": None}


def test_a_plan_redoes_a_log_whose_desk_sidecar_changed(
    archive: tuple[Path, ObjectStore],
) -> None:
    scans, out = archive
    listed = list_scans(ObjectStore(str(scans)))
    need = Requirement("m", "c", "v", "n", "s", "a")

    def plan() -> dict[str, tuple[str, str]]:
        units = make_plan(listed, Ledger(), need, Selection(), (Counter(), Counter()), 4, 10,
                          desk_sidecars(out)).units  # fmt: skip
        return {unit.log_id: (unit.desk_key, unit.sidecar_version) for unit in units}

    before = plan()
    assert [key for key, _ in before.values()] == ["", ""]
    out.put(sidecar_key("a"), json.dumps(DESK).encode())
    after = plan()
    assert after["a"][0] == "sidecars/a.sidecar.json"
    assert after["a"][1] != before["a"][1]
    assert after["b"] == before["b"]
