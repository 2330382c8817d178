"""Publishing: names are safe, folders whole or absent, datasets complete and without doubles."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import lasio
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from factories import CALI, GR, judge, make_curve, make_log, only, tiny_png
from hypothesis import given
from hypothesis import strategies as st

from storage import datasets, publish
from storage.datasets import log_folders, taken_ids, write_datasets
from storage.log_files import log_files, with_text_findings
from storage.names import log_id, safe_name
from storage.publish import publish_local, remove_unfinished
from storage.tables import failure_row
from veernet_core.datatypes import Overlay
from veernet_core.errors import DecodeError, WriteError


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_log_files_follow_the_contract() -> None:
    files = log_files(make_log(), "smith_1-22")
    assert list(files) == [
        "curves.parquet", "log.json", "overlay-main-T1.png", "overlay-main-T2.png",
        "smith_1-22.main.csv", "smith_1-22.main.las", "smith_1-22.repeat.csv",
        "smith_1-22.repeat.las",
    ]  # fmt: skip
    assert files == log_files(make_log())
    single = log_files(only(make_log("log"), judge(make_curve(GR))))
    assert list(single) == ["curves.parquet", "log.csv", "log.json", "log.las"]
    las = lasio.read(single["log.las"].decode().replace("\r\n", "\n"))
    assert las.keys() == ["DEPT", "GR"]


def test_no_las_without_accepted_curves() -> None:
    files = log_files(only(make_log(), judge(make_curve(GR), "reject")))
    assert list(files) == ["curves.parquet", "log.json"]


def test_curves_in_review_are_written_on_request_under_a_name_of_their_own() -> None:
    plain, files = log_files(make_log(), "a"), log_files(make_log(), "a", include_review=True)
    assert files.keys() - plain.keys() == {"smith_1-22.main.review.las"}
    assert {name: files[name] for name in plain} == plain
    las = lasio.read(files["smith_1-22.main.review.las"].decode().replace("\r\n", "\n"))
    assert las.keys() == ["DEPT", "CALI"]
    single = only(make_log("log"), judge(make_curve(GR), "review"))
    names = {"curves.parquet", "log.json", "log.review.las"}
    assert log_files(single, include_review=True).keys() == names
    both = only(make_log("log"), judge(make_curve(GR)), judge(make_curve(CALI), "review"))
    assert "log.review.las" in log_files(both, include_review=True)
    assert "log.las" in log_files(both, include_review=True)


def test_no_accepted_curve_is_in_a_file_that_says_review() -> None:
    log = make_log("x.review")
    assert "x.review_.las" in log_files(only(log, judge(make_curve(GR))), include_review=True)
    section = replace(log.sections[0], section_id="Review")
    curves = (judge(replace(make_curve(GR), section_id="Review")),)
    several = replace(make_log("x"), sections=(section, log.sections[1]), curves=curves)
    assert [name for name in log_files(several) if name.endswith(".las")] == ["x.Review_.las"]


def test_text_that_las_spells_otherwise_is_a_finding_in_the_record() -> None:
    log = make_log(name="Скважина 12-бис")
    record = json.loads(log_files(log)["log.json"])
    assert record["well"]["name"] == "Скважина 12-бис"
    assert [f["code"] for f in record["findings"]] == ["fold", "text_transliterated"]
    assert log_files(with_text_findings(log)) == log_files(log)


def test_hostile_names_inside_a_log_do_not_collide_or_escape() -> None:
    log = make_log(stem="../../etc/passwd")
    sections = tuple(replace(s, section_id=i) for s, i in zip(log.sections, ("a/b", "A:b")))
    curves = tuple(
        judge(replace(make_curve(GR), section_id=section.section_id)) for section in sections
    )
    overlays = (Overlay("../x", tiny_png(1)), Overlay("_X", tiny_png(2)), Overlay("", tiny_png(3)))
    files = log_files(replace(log, sections=sections, curves=curves, overlays=overlays))
    assert len(files) == 2 + 4 + 3
    assert len({name.casefold() for name in files}) == len(files)
    assert all("/" not in name and name[0] != "." for name in files)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("30-025-09873_0857", "30-025-09873_0857"),
        ("a/b\\c", "a_b_c"),
        ("..", "scan"),
        ("", "scan"),
        (".hidden", "hidden"),
        ("trailing. ", "trailing"),
        ("NUL", "_NUL"),
        ("com1.tif", "_com1.tif"),
        ("-rf", "_-rf"),
        ("Ünï 井 1", "Ünï 井 1"),
        ("e\u0301", "é"),
        ("gnp\u202egol", "gnp_gol"),
        ("a\n b\x00c", "a b_c"),
        ("x?y=1&z#f%20", "x_y=1&z#f%20"),
    ],
)
def test_safe_name(text: str, name: str) -> None:
    assert safe_name(text) == name


@given(st.text(max_size=300))
def test_safe_name_property(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name.encode()) <= 100
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert name[0] not in ".-~"
    assert name[-1] not in ". "
    assert safe_name(name) == name


def test_long_names_stay_different() -> None:
    names = {safe_name("well" * 40 + str(i)) for i in range(3)}
    assert len(names) == 3


def test_log_id_appends_a_hash_only_to_a_second_scan() -> None:
    assert log_id("a", "1111", {}) == "a"
    assert log_id("a", "1111", {"a": "1111"}) == "a"
    assert log_id("a", "22223333444", {"a": "1111"}) == "a-22223333"
    assert log_id("A", "22223333444", {"a": "1111"}) == "A-22223333"
    taken = {"a": "1111", "a-22223333": "x"}
    assert log_id("a", "2222333344445555", taken) == "a-2222333344445555"
    assert log_id("a/b", "22", {"a_b": "11"}) == "a_b-22"


def test_publish_writes_and_replaces(tmp_path: Path) -> None:
    folder = publish_local(tmp_path, "a", {"x": b"1", "old": b"2"})
    assert folder == tmp_path / "logs" / "a"
    assert tree(folder) == {"x": b"1", "old": b"2"}
    publish_local(tmp_path, "a", {"x": b"3"})
    assert tree(folder) == {"x": b"3"}
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["a"]


def test_publish_replaces_without_exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "_exchange", lambda first, second: False)
    publish_local(tmp_path, "a", {"x": b"1", "old": b"2"})
    assert tree(publish_local(tmp_path, "a", {"x": b"3"})) == {"x": b"3"}
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["a"]


def test_failed_write_keeps_the_old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_local(tmp_path, "a", {"x": b"1"})
    real = publish._write_synced

    def full(path: Path, data: bytes) -> None:
        if path.name == "y":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data)

    monkeypatch.setattr(publish, "_write_synced", full)
    with pytest.raises(WriteError, match="No space left") as caught:
        publish_local(tmp_path, "a", {"x": b"2", "y": b"3"})
    assert str(tmp_path / "logs" / "a") in str(caught.value)
    assert tree(tmp_path / "logs" / "a") == {"x": b"1"}
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["a"]


CRASH = """
    import os, sys
    from pathlib import Path
    from storage import publish
    left, real = int(sys.argv[2]), {}
    def dying(name):
        real[name] = getattr(os, name)
        def call(*args, **kwargs):
            global left
            left -= 1
            if left < 0:
                os._exit(77)
            return real[name](*args, **kwargs)
        return call
    for name in ("fsync", "rename", "mkdir", "rmdir", "unlink", "open"):
        setattr(os, name, dying(name))
    if sys.argv[3] == "plain":
        publish._exchange = lambda first, second: False
    publish.publish_local(Path(sys.argv[1]), "a", {"x": b"new", "y": b"new"})
"""


@pytest.mark.parametrize("swap", ["exchange", "plain"])
@pytest.mark.parametrize("replacing", [False, True])
def test_a_crash_at_any_call_leaves_a_whole_folder_or_none(
    tmp_path: Path, swap: str, replacing: bool
) -> None:
    new, old = {"x": b"new", "y": b"new"}, {"x": b"old", "z": b"old"}
    codes, seen = [], set()
    for calls in range(40):
        out = tmp_path / str(calls)
        if replacing:
            publish_local(out, "a", old)
        code = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(CRASH), str(out), str(calls), swap], check=False
        ).returncode
        codes.append(code)
        folder = out / "logs" / "a"
        found = tree(folder) if folder.exists() else None
        assert found in ((old, new) if replacing and swap == "exchange" else (None, old, new))
        seen.add(str(found))
        assert [path.name for path in log_folders(out)] == []
        remove_unfinished(out)
        assert not folder.parent.exists() or {p.name for p in folder.parent.iterdir()} <= {"a"}
        if code == 0:
            break
    assert codes[-1] == 0
    assert codes[0] == 77
    assert len(codes) > 6
    assert len(seen) >= 2


def publish_log(out: Path, stem: str) -> None:
    publish_local(out, stem, log_files(make_log(stem)))


def test_datasets_hold_every_log_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "LOGS_PER_PART", 2)
    for stem in ("c", "a", "b"):
        publish_log(tmp_path, stem)
    for _ in range(2):
        write_datasets(tmp_path)
        samples = ds.dataset(tmp_path / "curves").to_table().to_pandas()
        assert samples.groupby("log_id", observed=True).size().to_dict() == dict.fromkeys(
            "abc", 1304
        )
    parts = sorted((tmp_path / "curves").iterdir())
    assert [path.name for path in parts] == ["part-00000.parquet", "part-00001.parquet"]
    assert pq.ParquetFile(parts[0]).metadata.num_row_groups == 2
    verdicts = pq.read_table(tmp_path / "verdicts.parquet").to_pylist()
    assert [row["log_id"] for row in verdicts] == [stem for stem in "abc" for _ in range(5)]
    before = {path.name: path.read_bytes() for path in parts}
    publish_log(tmp_path, "b")
    write_datasets(tmp_path)
    assert tree(tmp_path / "curves") == before


def test_datasets_forget_removed_logs_and_hidden_folders(tmp_path: Path) -> None:
    publish_log(tmp_path, "a")
    publish_log(tmp_path, "b")
    write_datasets(tmp_path)
    (tmp_path / "logs" / "b").rename(tmp_path / "logs" / ".b")
    (tmp_path / "logs" / "notes").mkdir()
    write_datasets(tmp_path)
    assert {row["log_id"] for row in pq.read_table(tmp_path / "verdicts.parquet").to_pylist()} == {
        "a"
    }
    assert taken_ids(tmp_path) == {"a": make_log("a").scan.sha256}


def test_datasets_of_nothing(tmp_path: Path) -> None:
    write_datasets(tmp_path)
    assert pq.read_table(tmp_path / "verdicts.parquet").num_rows == 0
    assert pq.read_table(tmp_path / "failures.parquet").num_rows == 0
    assert list((tmp_path / "curves").iterdir()) == []


def test_failures_are_kept_replaced_and_cleared(tmp_path: Path) -> None:
    def failures() -> dict[str, str]:
        rows = pq.read_table(tmp_path / "failures.parquet").to_pylist()
        assert len({row["uri"] for row in rows}) == len(rows)
        return {row["uri"]: row["message"] for row in rows}

    write_datasets(tmp_path, [failure_row(uri, DecodeError("bad")) for uri in ("y", "x", "z")])
    assert failures() == {"x": "bad", "y": "bad", "z": "bad"}
    write_datasets(tmp_path, [failure_row("y", DecodeError("worse"))], processed_uris=["x"])
    assert failures() == {"y": "worse", "z": "bad"}
    write_datasets(tmp_path)
    assert failures() == {"y": "worse", "z": "bad"}


@pytest.mark.parametrize("name", ["log.json", "curves.parquet"])
def test_damaged_log_folder_is_named_and_datasets_stay(tmp_path: Path, name: str) -> None:
    publish_log(tmp_path, "a")
    publish_log(tmp_path, "b")
    write_datasets(tmp_path)
    before = {
        path: path.read_bytes() for path in tmp_path.rglob("*.parquet") if "logs" not in path.parts
    }
    damaged = tmp_path / "logs" / "b" / name
    damaged.write_bytes(damaged.read_bytes()[:100])
    with pytest.raises(WriteError) as caught:
        write_datasets(tmp_path)
    assert str(damaged) in str(caught.value)
    assert {path: path.read_bytes() for path in before} == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
