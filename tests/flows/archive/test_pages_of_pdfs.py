"""PDFs of several pages in an archive run: every page is a scan, done exactly once."""

from __future__ import annotations

import io
import json
from pathlib import Path

import flow_support
import pytest
from batch_support import begin, latest, params, run_plain, scan_bytes
from PIL import Image

from flows.archive.chunk import trace_chunk
from flows.engine.decoders import Decoders
from storage.ledger import Record, append
from storage.listing import PAGE_COUNTS, list_scans
from storage.objects import ObjectStore


def pdf(*numbers: int) -> bytes:
    """A PDF with one small scan on each page."""
    images = [Image.open(io.BytesIO(scan_bytes(number))) for number in numbers]
    sink = io.BytesIO()
    images[0].save(sink, "PDF", save_all=True, append_images=images[1:], resolution=200)
    return sink.getvalue()


engine, out = flow_support.engine, flow_support.out


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "wells.pdf").write_bytes(pdf(1, 2, 3))
    (folder / "one.PDF").write_bytes(pdf(4))
    (folder / "a.tif").write_bytes(scan_bytes(5))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing that follows")
    (folder / "wells-p2.sidecar.json").write_text("{}")
    return folder


KEYS = {"wells.pdf", "wells.pdf#page=2", "wells.pdf#page=3", "one.PDF", "a.tif", "broken.pdf"}


def test_every_page_is_a_log_done_once(archive: Path, out: Path) -> None:
    prepared, _ = run_plain(params(archive, out))
    assert {unit.source_key for unit in prepared.plan.units} == KEYS
    records = latest(out)
    assert {key for key, record in records.items() if record.status == "done"} == (
        KEYS - {"broken.pdf"}
    )
    assert records["broken.pdf"].status == "failed"
    names = {key: record.log_id for key, record in records.items() if record.status == "done"}
    assert [names[key] for key in sorted(names)] == ["a", "one", "wells", "wells-p2", "wells-p3"]
    assert {path.name for path in (out / "logs").iterdir()} == set(names.values())
    about = json.loads((out / "logs" / "wells-p2" / "log.json").read_text())["scan"]
    assert about["stem"] == "wells-p2"
    assert records["wells.pdf#page=2"].uri == f"{archive}/wells.pdf#page=2"
    beside = {key for key, record in records.items() if record.sidecar_version}
    assert beside == {"wells.pdf#page=2"}
    samples = {key: (out / "logs" / names[key] / "curves.parquet").read_bytes() for key in names}
    assert len(set(samples.values())) == len(samples)


def test_pages_are_counted_once_and_nothing_is_left_to_do(
    archive: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_plain(params(archive, out))
    counted: list[str] = []
    real = Decoders.count_pages

    def count(self: Decoders, data: bytes, name: str) -> int:
        counted.append(Path(name).name)
        return real(self, data, name)

    monkeypatch.setattr(Decoders, "count_pages", count)
    assert run_plain(params(archive, out))[0].plan.units == ()
    assert counted == []
    (archive / "one.PDF").write_bytes(pdf(4, 6))
    prepared, _ = run_plain(params(archive, out))
    assert counted == ["one.PDF"]
    assert {unit.source_key for unit in prepared.plan.units} == {"one.PDF", "one.PDF#page=2"}
    ObjectStore(str(out)).delete([PAGE_COUNTS])
    assert run_plain(params(archive, out))[0].plan.units == ()
    assert sorted(counted[1:]) == ["broken.pdf", "one.PDF", "wells.pdf"]


def test_a_file_is_fetched_once_for_all_its_pages(
    archive: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    real = ObjectStore.get

    def get(self: ObjectStore, key: str) -> bytes:
        fetched.append(key)
        return real(self, key)

    prepared = begin(params(archive, out))
    monkeypatch.setattr(ObjectStore, "get", get)
    chunks = {(unit.shard, unit.chunk) for unit in prepared.plan.units if unit.page}
    for shard, chunk in chunks:
        trace_chunk(prepared.spec, shard, chunk)
    assert fetched.count("wells.pdf") == len(chunks) < 3
    assert fetched.count("a.tif") == 1


def test_a_dry_run_counts_and_writes_nothing(archive: Path, out: Path) -> None:
    prepared = begin(params(archive, out))
    assert ObjectStore(str(out)).exists(PAGE_COUNTS)
    assert len(prepared.plan.units) == len(KEYS)


def test_a_refusal_of_all_pages_at_once_by_an_earlier_version_is_done_anew(
    archive: Path, out: Path
) -> None:
    """Earlier versions recorded a PDF of several pages as a failure that stands."""
    prepared = begin(params(archive, out))
    need = prepared.spec.requirement
    (whole,) = [s.scan for s in list_scans(ObjectStore(str(archive))) if s.scan.key == "wells.pdf"]
    refused = Record(
        source_key="wells.pdf",
        source_version=whole.version,
        sidecar_version="",
        model_id=need.model_id,
        config_hash=need.config_hash,
        version=need.version,
        numerics=need.numerics,
        settings_hash=need.settings_hash,
        algorithms=need.algorithms,
        log_id="wells",
        uri=f"{archive}/wells.pdf",
        status="failed",
        code="unsupported_format",
    )
    append(ObjectStore(str(out)), "00000000T000000/00000-00000", [refused])
    run_plain(params(archive, out))
    assert latest(out)["wells.pdf"].status == "done"


def tiff(*numbers: int) -> bytes:
    """A TIFF with one small scan on each page, and a thumbnail."""
    images = [Image.open(io.BytesIO(scan_bytes(number))).convert("1") for number in numbers]
    images.append(images[0].resize((30, 40)))
    sink = io.BytesIO()
    images[0].save(sink, "TIFF", save_all=True, append_images=images[1:], compression="group4")
    return sink.getvalue()


def test_every_page_of_a_tiff_is_a_log_and_only_its_directories_are_read_to_count_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "two.tif").write_bytes(tiff(1, 2))
    (folder / "one.tif").write_bytes(scan_bytes(5))
    fetched: list[str] = []
    real = ObjectStore.get
    monkeypatch.setattr(ObjectStore, "get", lambda s, key: (fetched.append(key), real(s, key))[1])
    prepared = begin(params(folder, out))
    assert [key for key in fetched if key.endswith(".tif")] == []
    assert {u.source_key: u.page for u in prepared.plan.units} == {
        "one.tif": 0, "two.tif": 1, "two.tif#page=2": 2,
    }  # fmt: skip
    run_plain(params(folder, out))
    records = latest(out)
    assert {key: r.status for key, r in records.items()} == dict.fromkeys(records, "done")
    assert {path.name for path in (out / "logs").iterdir()} == {"one", "two", "two-p2"}
    assert run_plain(params(folder, out))[0].plan.units == ()


def test_scans_that_share_a_sidecar_fail_until_it_says_whose_it_is(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "x.tif").write_bytes(scan_bytes(1))
    run_plain(params(folder, out))
    assert latest(out)["x.tif"].status == "done"
    (folder / "x.tiff").write_bytes(scan_bytes(2))
    (folder / "x.sidecar.json").write_text("{}")
    run_plain(params(folder, out))
    for key, record in latest(out).items():
        assert (record.status, record.code) == ("failed", "bad_sidecar")
        assert (
            record.message == f"{folder}/x.sidecar.json: it may be the sidecar of x.tif and x.tiff"
        )
        assert f"Call it {key}.sidecar.json" in record.remedy
    (folder / "x.tif.sidecar.json").write_text("{}")
    run_plain(params(folder, out))
    assert {record.status for record in latest(out).values()} == {"done"}


def test_a_failure_names_the_field_of_the_sidecar(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "x.tif").write_bytes(scan_bytes(1))
    (folder / "x.sidecar.json").write_text('{"well": {"nam": "A"}}')
    (tmp_path / "i.csv").write_text("file,well\nx.tif,B\n")
    run_plain(params(folder, out, index=str(tmp_path / "i.csv")))
    record = latest(out)["x.tif"]
    assert (record.status, record.code) == ("failed", "bad_sidecar")
    assert record.message.startswith("x.sidecar.json: well.nam: unknown key")
