"""What becomes of a scan: failed for good, tried again, quarantined, or done by another run."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from flows.archive.outcomes import (
    done_elsewhere,
    failure_of,
    quarantine_records,
    record_of,
    same_again,
    sha256_of,
)
from flows.archive.run_spec import RunSpec, spec_key
from flows.engine.decoders import DecoderCrashError, DecoderSettings, DecoderTimeoutError
from storage.errors import OddNameError, StorageError
from storage.ledger import Record, append, segment_name
from storage.objects import ObjectStore
from storage.plan import Unit
from storage.required import Requirement
from veernet_core.config import DigitiseConfig, GatePolicy, RasterLimits
from veernet_core.errors import DecodeError, OutOfMemoryError, SidecarError, UnexpectedError

NEED = Requirement("m", "c", "0.2", "n", "s", "a")
UNIT = Unit("sub/a.tif", "v2", 10, "sub/a.sidecar.json", "s2", "a", "new", tries=1)


@pytest.fixture
def spec(tmp_path: Path) -> RunSpec:
    return RunSpec(str(tmp_path / "in"), str(tmp_path / "out"), "run1", DigitiseConfig(), NEED)


def test_a_record_says_what_was_listed_and_what_it_is_made_with(spec: RunSpec) -> None:
    record = record_of(spec, UNIT, "done")
    assert (record.source_key, record.source_version, record.sidecar_version) == (
        "sub/a.tif", "v2", "s2",
    )  # fmt: skip
    assert record.made_with.parts == NEED.parts
    assert record.uri == f"{spec.source}/sub/a.tif"
    assert (record.tries, record.run_id, record.status) == (2, "run1", "done")


@pytest.mark.parametrize(
    ("error", "tries", "status"),
    [
        (DecodeError("cut"), 0, "failed"),
        (SidecarError("no number"), 2, "failed"),
        (OutOfMemoryError("full"), 0, "retry"),
        (OutOfMemoryError("full"), 1, "retry"),
        (OutOfMemoryError("full"), 2, "quarantined"),
        (StorageError("no answer"), 1, "retry"),
        (UnexpectedError("odd"), 2, "quarantined"),
        (OddNameError("x"), 0, "failed"),
        (DecoderCrashError("died"), 0, "quarantined"),
        (DecoderTimeoutError("slow"), 0, "quarantined"),
    ],
)
def test_trouble_that_may_pass_is_tried_again_until_it_has_been_often_enough(
    spec: RunSpec, error: Exception, tries: int, status: str
) -> None:
    record = failure_of(spec, replace(UNIT, tries=tries), error)  # type: ignore[arg-type]
    assert record.status == status
    killed = isinstance(error, DecoderCrashError | DecoderTimeoutError)
    assert record.tries == (spec.max_tries if killed else tries + 1)


def test_a_failure_says_where_it_lies_unless_that_is_the_scan_itself(spec: RunSpec) -> None:
    own = failure_of(spec, UNIT, DecodeError("cut", f"{spec.source}/sub/a.tif"), "ab")
    assert (own.message, own.code, own.scan_sha256) == ("cut", "decode_failed", "ab")
    other = failure_of(spec, UNIT, SidecarError("no number", "a.sidecar.json: well.uwi"))
    assert other.message == "a.sidecar.json: well.uwi: no number"
    assert other.remedy


def test_scans_on_which_workers_died_are_quarantined_with_what_to_do(spec: RunSpec) -> None:
    (record,) = quarantine_records(spec, [replace(UNIT, tries=4)])
    assert (record.status, record.tries) == ("quarantined", 4)
    assert "4 times" in record.message
    assert "--force" in record.remedy


def stands(**more: object) -> Record:
    base = Record("sub/a.tif", "v2", "s2", "m", "c", "0.2", "a", "/in/sub/a.tif", "done",
                  numerics="n", settings_hash="s", algorithms="a")  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("recorded", "is_done"),
    [
        (stands(), True),
        (stands(source_version="v1"), False),
        (stands(sidecar_version=""), False),
        (stands(config_hash="other"), False),
        (stands(model_id="other"), False),
        (stands(algorithms="older"), False),
        (None, False),
    ],
)
def test_a_staged_log_that_is_gone_was_published_by_another_run_or_is_lost(
    spec: RunSpec, recorded: Record | None, is_done: bool
) -> None:
    dest = ObjectStore(spec.dest)
    if recorded is not None:
        append(dest, segment_name("run0", 0, 0), [recorded])
    if is_done:
        (found,) = done_elsewhere(spec, dest, [UNIT])
        assert found.log_id == "a"
    else:
        with pytest.raises(StorageError, match="gone"):
            done_elsewhere(spec, dest, [UNIT])


def test_a_result_from_the_same_bytes_stands_under_the_new_version_of_the_file() -> None:
    import json

    known = stands(source_version="v1", sidecar_version="", scan_sha256="ab", accepted=2)
    unit = replace(UNIT, known=json.dumps(asdict(known)))
    again = same_again(unit, {known.key})
    assert again is not None
    assert (again.source_version, again.sidecar_version, again.accepted) == ("v2", "s2", 2)
    assert same_again(unit, {"another key"}) is None
    assert same_again(UNIT, {known.key}) is None


def test_hashes_of_nothing_are_empty() -> None:
    assert sha256_of(None) == ""
    assert sha256_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_specification_comes_back_from_its_bytes(spec: RunSpec) -> None:
    full = replace(
        spec,
        config=DigitiseConfig(gate=GatePolicy(min_r2=0.9), limits=RasterLimits(), depth_unit="m"),
        model="s3://models/m", decoders=DecoderSettings(3, 5.0, 100, "m:f"), released=NEED,
        planned=9, shard_logs=4, canary="off",
    )  # fmt: skip
    assert RunSpec.from_bytes(full.to_bytes()) == full
    assert RunSpec.from_bytes(spec.to_bytes()) == spec
    assert spec_key("run1").endswith("runs/run1/run.json")
