"""Scans of a chunk are read and tried ahead of the digitiser, in order; trouble becomes a record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from batch_support import scan_bytes

from flows.archive import reading
from flows.archive.reading import ScanReader
from flows.archive.run_spec import RunSpec
from flows.engine.decoders import DecoderCrashError, DecoderSettings
from storage.errors import StorageError
from storage.ledger import Record
from storage.objects import ObjectStore
from storage.plan import Unit
from storage.required import Requirement
from veernet_core.config import DigitiseConfig
from veernet_core.errors import DecodeError, VeernetError

NEED = Requirement("m", "c", "0.2", "n", "s", "a")
WELL = {"well": {"name": "DESK"}}


class Trials:
    """Stands in for the children that try scans: what each try of a scan ends with."""

    def __init__(self) -> None:
        self.tried: list[tuple[str, int]] = []
        self.errors: dict[str, list[VeernetError | None]] = {}

    def try_scan(self, data: bytes, name: str, limits: object, page: int) -> VeernetError | None:
        self.tried.append((Path(name).name, page))
        left = self.errors.get(Path(name).name, [])
        return left.pop(0) if left else None


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> Trials:
    made = Trials()
    monkeypatch.setattr(reading, "_decoders", lambda settings: made)
    return made


@pytest.fixture
def spec(tmp_path: Path) -> RunSpec:
    source = tmp_path / "scans"
    source.mkdir()
    for number, name in enumerate("abc"):
        (source / f"{name}.tif").write_bytes(scan_bytes(number))
    return RunSpec(str(source), str(tmp_path / "out"), "run1", DigitiseConfig(), NEED)


def unit(name: str, **more: object) -> Unit:
    return replace(Unit(f"{name}.tif", "v2", 10, "", "", name, "new"), **more)  # type: ignore[arg-type]


class NoEngine:
    model_id, numerics, decoder_check = "m", "n", "module:check"


def reader_of(spec: RunSpec, *units: Unit, begin: Callable[[], None] = lambda: None) -> ScanReader:
    return ScanReader(spec, NoEngine(), list(units), begin)  # type: ignore[arg-type]


def test_scans_come_in_order_with_the_hash_of_their_bytes(spec: RunSpec, trials: Trials) -> None:
    begun: list[int] = []
    reader = reader_of(spec, *(unit(n) for n in "cab"), begin=lambda: begun.append(1))
    items = list(reader.items())
    assert [item.ref.stem for item in items] == ["c", "a", "b"]
    assert len(begun) == 3
    assert [item.ref.sha256 for item in items] == [
        hashlib.sha256(scan_bytes(number)).hexdigest() for number in (2, 0, 1)
    ]
    assert {item.sidecar for item in items} == {None}
    assert [reader.sent[item.ref.uri].log_id for item in items] == ["c", "a", "b"]
    assert not reader.records
    assert sorted(trials.tried) == [("a.tif", 0), ("b.tif", 0), ("c.tif", 0)]


def test_a_scan_that_does_not_decode_is_a_record_and_the_others_go_on(
    spec: RunSpec, trials: Trials
) -> None:
    trials.errors["a.tif"] = [DecodeError("ends early", "a.tif")]
    reader = reader_of(spec, unit("a"), unit("b"))
    assert [item.ref.stem for item in reader.items()] == ["b"]
    (record,) = reader.records
    assert (record.log_id, record.status, record.code) == ("a", "failed", "decode_failed")
    assert record.scan_sha256 == hashlib.sha256(scan_bytes(0)).hexdigest()
    assert record.source_version == "v2"


def test_a_decoder_that_dies_gets_another_chance_and_no_more_than_are_allowed(
    spec: RunSpec, trials: Trials
) -> None:
    trials.errors["a.tif"] = [DecoderCrashError("died"), None]
    trials.errors["b.tif"] = [DecoderCrashError("died")] * 9
    trials.errors["c.tif"] = [DecodeError("cut"), None]
    reader = reader_of(spec, *(unit(n) for n in "abc"))
    assert [item.ref.stem for item in reader.items()] == ["a"]
    counts = [sum(name == f"{n}.tif" for name, _ in trials.tried) for n in "abc"]
    assert counts == [2, spec.max_tries, 1]
    assert [(r.log_id, r.status) for r in reader.records] == [("b", "quarantined"), ("c", "failed")]


def test_a_scan_that_has_gone_is_final_and_an_unreachable_store_is_not(
    spec: RunSpec, trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = reader_of(spec, unit("gone"))
    assert list(reader.items()) == []
    assert reader.records[0].code == "not_found"
    assert not reader.unreachable

    def down(self: ObjectStore, key: str) -> bytes:
        raise StorageError("no answer", key)

    monkeypatch.setattr(ObjectStore, "get", down)
    reader = reader_of(spec, unit("a"))
    assert list(reader.items()) == []
    assert len(reader.unreachable) == 1
    assert reader.records[0].status == "retry"
    assert reader.records[0].scan_sha256 == ""


def test_any_other_trouble_is_of_its_scan_alone(
    spec: RunSpec, trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(reading, "known_sidecar", broken)
    reader = reader_of(spec, unit("a"))
    assert list(reader.items()) == []
    (record,) = reader.records
    assert "RuntimeError" in record.message
    assert record.code == "internal_error"
    assert record.status == "retry"
    assert record.scan_sha256 == hashlib.sha256(scan_bytes(0)).hexdigest()


def test_the_sidecar_of_the_desk_goes_before_the_one_beside_the_scan(
    spec: RunSpec, trials: Trials
) -> None:
    (Path(spec.source) / "a.sidecar.json").write_text('{"well": {"name": "BESIDE"}}')
    ObjectStore(spec.dest).put("sidecars/a.sidecar.json", json.dumps(WELL).encode())
    beside = unit("a", sidecar_key="a.sidecar.json")
    (item,) = reader_of(spec, beside).items()
    assert json.loads(item.sidecar or b"")["well"] == {"name": "BESIDE"}
    (item,) = reader_of(spec, replace(beside, desk_key="sidecars/a.sidecar.json")).items()
    assert json.loads(item.sidecar or b"") == WELL


def test_what_an_index_says_is_part_of_the_sidecar(spec: RunSpec, trials: Trials) -> None:
    (item,) = reader_of(spec, unit("a", indexed=json.dumps({"well": {"uwi": "15-053"}}))).items()
    assert json.loads(item.sidecar or b"") == {"well": {"uwi": "15-053"}}


def test_a_sidecar_that_several_scans_share_is_refused_by_their_names(
    spec: RunSpec, trials: Trials
) -> None:
    shared = unit("a", sidecar_key="a.sidecar.json", rivals=json.dumps(["a.png"]))
    reader = reader_of(spec, shared)
    assert list(reader.items()) == []
    (record,) = reader.records
    assert record.status == "failed"
    assert "a.png" in record.message
    assert "a.tif" in record.message


def done(sha: str, **more: object) -> Record:
    base = Record("a.tif", "v1", "", "m", "c", "0.2", "a", "/in/a.tif", "done", scan_sha256=sha,
                  accepted=3, numerics="n", settings_hash="s", algorithms="a")  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


def test_a_file_that_was_only_touched_keeps_its_result(spec: RunSpec, trials: Trials) -> None:
    from dataclasses import asdict

    known = done(hashlib.sha256(scan_bytes(0)).hexdigest())
    reader = reader_of(spec, unit("a", known=json.dumps(asdict(known))))
    assert list(reader.items()) == []
    (record,) = reader.records
    assert (record.accepted, record.source_version) == (3, "v2")
    assert trials.tried == [], "not even decoded"
    changed = done("00" * 32)
    (item,) = reader_of(spec, unit("a", known=json.dumps(asdict(changed)))).items()
    assert item.ref.stem == "a"


def test_pages_of_a_file_are_scans_with_names_of_their_own(
    spec: RunSpec, trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "page_alone", lambda data, page, uri: b"page %d" % page)
    fetched: list[str] = []
    get = ObjectStore.get
    monkeypatch.setattr(ObjectStore, "get", lambda s, key: fetched.append(key) or get(s, key))
    pages = [unit("a", source_key=f"a.tif#page={k}", page=k, log_id=f"a-p{k}") for k in (1, 2, 3)]
    items = list(reader_of(spec, *pages).items())
    assert [item.ref.stem for item in items] == ["a", "a-p2", "a-p3"]
    assert [item.data for item in items] == [b"page 1", b"page 2", b"page 3"]
    assert fetched == ["a.tif"], "its bytes are fetched once"
    assert sorted(trials.tried)[-1][1] == 3


def test_children_are_shared_by_all_chunks_of_a_process() -> None:
    settings = DecoderSettings(processes=1, check="module:check")
    one, two = reading._decoders(settings), reading._decoders(settings)
    assert one is two
    assert reading._decoders(replace(settings, limit_s=5.0)) is not one
