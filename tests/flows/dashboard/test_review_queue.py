"""What the review looks at first, and what each log lacks that nobody can review."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from factories import CALI, GR, judge, make_curve, make_log, only

from flows.dashboard.draft import draft_of, is_whole
from flows.dashboard.exchange import exchange_said, exchanged
from flows.dashboard.results import UnknownLogError
from flows.dashboard.review import Desk
from flows.dashboard.stretches import worst_stretches
from flows.dashboard.suggest import offered
from storage.datasets import write_datasets
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from storage.records import read_record
from veernet_core.datatypes import DoubtfulStretch, Dpi
from veernet_core.errors import SidecarError
from veernet_core.page.known.sidecar import parse_sidecar


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    log = make_log("whole")
    publish_local(tmp_path, "whole", log_files(log, "whole"))
    bare = replace(log, curves=(), scan=replace(log.scan, stem="bare"))
    no_depth = tuple(replace(s, depth=None) for s in bare.sections)
    bare = replace(bare, sections=no_depth)
    publish_local(tmp_path, "bare", log_files(bare, "bare"))
    lost = only(make_log("lost"), judge(make_log("lost").curves[0].curve, "reject"))
    publish_local(tmp_path, "lost", log_files(lost, "lost"))
    write_datasets(tmp_path)
    return ObjectStore(str(tmp_path))


def test_logs_that_cannot_be_reviewed_say_what_they_need(store: ObjectStore) -> None:
    desk = Desk(store, 0.85)
    found = desk.queue("stuck")
    assert [row["log_id"] for row in found["rows"]] == ["bare", "lost"]
    assert found["rows"][0]["tool"] == "depth"
    assert "depth lines" in found["rows"][0]["needs"]
    assert "rejected" in found["rows"][1]["needs"]
    opened = desk.queue("open")
    assert opened["stuck"] == 2
    assert {row["log_id"] for row in opened["rows"]} == {"whole"}
    (alone,) = desk.queue("all", "bare")["rows"]
    assert alone["kind"] == "log"


def test_a_correction_begins_with_header_and_resolution_as_read() -> None:
    """Of a page whose geometry is given they are not read any more: they would be lost."""
    record = read_record(log_files(make_log("whole"), "whole")["log.json"])
    draft = draft_of(record, {}, None)
    assert draft["well"]["name"] == record["well"]["name"] != ""
    assert draft["well"]["field"] == record["well"]["field_name"] != ""
    assert draft["dpi"] == record["scan"]["dpi"]
    parsed = parse_sidecar(json.dumps(draft).encode(), "draft")
    assert asdict(parsed.well) == record["well"]
    fax = draft_of(
        record, {"well": {"name": "Ada 1"}, "dpi": [98, 204]}, Dpi(down=98.0, across=204.0)
    )
    assert fax["well"]["name"] == "Ada 1"
    assert fax["dpi"] == [98, 204]
    assert "dpi" not in draft_of(record, {}, Dpi(down=98.0, across=204.0))


def test_a_section_without_depth_keeps_its_scales_and_a_refused_depth() -> None:
    log = make_log("bare")
    refused = replace(log.sections[0].depth, source="guess")
    sections = tuple(replace(s, depth=None, depth_refused=refused) for s in log.sections)
    record = read_record(log_files(replace(log, curves=(), sections=sections), "bare")["log.json"])
    assert is_whole(record)
    section = draft_of(record, {}, None)["sections"][0]
    names = [c["mnemonic"] for track in section["tracks"] for c in track["curves"]]
    assert names == [c.mnemonic for track in log.sections[0].tracks for c in track.curves]
    assert section["depth"]["source"] == "guess"
    assert section["depth"]["anchors"][0] == refused.anchors[0].tolist()
    given = {"unit": "ft", "anchors": [[1, 2], [3, 4]]}
    own = {"sections": [{"section_id": section["section_id"], "depth": given}]}
    assert draft_of(record, own, None)["sections"][0]["depth"] == given


def test_scales_of_an_older_result_without_depth_stay_to_be_read() -> None:
    log = make_log("bare")
    bare = replace(log, curves=(), sections=tuple(replace(s, depth=None) for s in log.sections))
    record = read_record(log_files(bare, "bare")["log.json"])
    for section in record["sections"]:
        del section["scales"], section["depth_refused"]
    assert not is_whole(record)
    assert not is_whole(None)
    draft = draft_of(record, {}, None)
    assert draft["sections"][0]["tracks"]
    assert all("curves" not in track for s in draft["sections"] for track in s["tracks"])
    whole = draft_of(read_record(log_files(log, "whole")["log.json"]), {}, None)
    assert [c["mnemonic"] for c in whole["sections"][0]["tracks"][0]["curves"]] == ["GR", "CALI"]


def log_of(values: list[float], sure: list[float], doubtful: list[dict[str, object]]) -> tuple:
    record = {"curves": [{"samples": len(values), "doubtful": doubtful}]}
    columns = {
        "depth": [100.0 + k for k in range(len(values))],
        "value": values,
        "confidence": sure,
    }
    return record, pa.table(columns)


def test_worst_stretches_come_first_and_are_named_once() -> None:
    values, sure = [1.0] * 60, [0.95] * 60
    for k in range(10, 14):
        sure[k] = 0.2
    for k in range(30, 40):
        sure[k] = 0.1
    values[50] = float("nan")
    record, samples = log_of(values, sure, [])
    found = worst_stretches(record, 0, samples)
    assert [(s.depth_from, s.depth_to, s.reason) for s in found] == [
        (130, 139, "uncertain"), (110, 113, "uncertain"), (150, 150, "gap"),
    ]  # fmt: skip
    crossing = {"depth_from": 129.0, "depth_to": 140.0, "reason": "crossing", "withheld": False}
    record, samples = log_of(values, sure, [crossing])
    found = worst_stretches(record, 0, samples)
    assert [s.reason for s in found] == ["crossing", "uncertain", "gap"]
    assert "changed places" in found[0].why
    record, samples = log_of([1.0] * 60, [0.9] * 30 + [0.7] + [0.9] * 29, [])
    (calm,) = worst_stretches(record, 0, samples)
    assert (calm.depth_from, calm.depth_to, calm.reason) == (110, 150, "none")
    record, samples = log_of([float("nan")] * 3, [0.5] * 3, [])
    (nothing,) = worst_stretches(record, 0, samples)
    assert (nothing.depth_from, nothing.depth_to, nothing.reason) == (100, 102, "nothing")
    assert nothing.withheld
    assert "No ink" in nothing.why
    record, samples = log_of([], [], [])
    assert worst_stretches(record, 0, samples) == []


def test_curves_come_by_how_much_of_them_is_in_doubt(tmp_path: Path) -> None:
    sure = (0.999, 0.998, 1.0)
    curve = make_curve(GR)
    top, base = float(curve.depth[0]), float(curve.depth[-1])
    half = (top + base) / 2
    faint = replace(curve, doubtful=(DoubtfulStretch(half, base, "faint_ink", False),))
    withheld = replace(curve, doubtful=(DoubtfulStretch(top, base, "gap", True),))
    nothing = make_curve(GR, holes=((0, 401),))
    nan = float("nan")
    for log_id, judged in {
        "calm": judge(curve, "review", sure),
        "faint": judge(faint, "review", sure),
        "withheld": judge(withheld, "review", sure),
        "another": judge(curve, "review", sure, ("identity_ambiguous",)),
        "shared": judge(curve, "review", sure),
        "nothing": judge(nothing, "reject", (nan, nan, nan), ("nothing_recovered",)),
    }.items():
        beside = judge(make_curve(CALI, frac=curve.frac)) if log_id == "shared" else None
        log = only(make_log(log_id), judged, *([beside] if beside else []))
        publish_local(tmp_path, log_id, log_files(log, log_id))
    write_datasets(tmp_path)
    found = Desk(ObjectStore(str(tmp_path)), 0.85).queue("all")["rows"]
    names = ["another", "shared", "shared", "faint", "calm", "withheld", "nothing"]
    assert [row["log_id"] for row in found] == names
    assert [(row["shared_ink"], row["shared_with"]) for row in found[1:3]] == [
        (1, "CALI"),
        (1, "GR"),
    ]
    doubt = {row["log_id"]: row["doubt"] for row in found}
    assert doubt["another"] == 1
    assert doubt["faint"] == pytest.approx(0.5, abs=0.01)
    assert doubt["withheld"] == doubt["calm"] < 0.01
    assert doubt["nothing"] == 0


def test_what_is_settled_soonest_comes_first_and_tracks_without_a_trace_come_last(
    tmp_path: Path,
) -> None:
    whole, little = make_curve(GR), make_curve(GR, holes=((4, 401),))
    half = make_curve(GR, holes=((200, 401),))
    good, open_, nan = (0.98, 0.95, 1.0), (0.86, 0.5, 0.97), float("nan")
    guess, low = "scale_guess", "r2_bound_below_threshold"
    for log_id, judged in {
        "words of a title": judge(little, "review", open_, (guess, low)),
        "one answer": judge(whole, "review", good, (guess,)),
        "two answers": judge(whole, "review", good, (guess, "borders_uncertain")),
        "half": judge(half, "review", good, (guess,)),
        "hardly good": judge(whole, "review", open_, (guess, low)),
        "not estimated": judge(whole, "review", (nan, nan, nan), (guess,)),
        "good words": judge(little, "review", good, (guess,)),
    }.items():
        publish_local(tmp_path, log_id, log_files(only(make_log(log_id), judged), log_id))
    write_datasets(tmp_path)
    desk = Desk(ObjectStore(str(tmp_path)), 0.85)
    first, *rest = [row["log_id"] for row in desk.queue("open")["rows"]]
    assert first == "one answer"
    assert set(rest[:3]) == {"two answers", "half", "not estimated"}
    assert rest[3:] == ["hardly good", "good words", "words of a title"]
    audited = [row["log_id"] for row in desk.queue("all")["rows"]]
    assert not {"good words", "words of a title"} & set(audited[:3])


def test_an_archive_without_a_curve_is_told_from_one_where_all_is_decided(tmp_path: Path) -> None:
    found = Desk(ObjectStore(str(tmp_path)), 0.85).queue()
    assert (found["rows"], found["any"]) == ([], False)
    log = only(make_log("a"), judge(make_curve(GR)))
    publish_local(tmp_path, "a", log_files(log, "a"))
    write_datasets(tmp_path)
    found = Desk(ObjectStore(str(tmp_path)), 0.85).queue()
    assert (found["rows"], found["any"]) == ([], True)


SECTION = {"section_id": "main", "row_bottom": 1000.0,
           "depth": {"unit": "ft", "anchors": [[0.0, 100.0], [1000.0, 200.0]]}}  # fmt: skip


def sidecar(style: str) -> dict[str, object]:
    curves = [{"mnemonic": "GR", "style": "solid", "points": [[900.0, 77.0], [100.0, 5.0]]},
              {"mnemonic": "CALI", "style": style}]  # fmt: skip
    return {"sections": [{"section_id": "main", "tracks": [{"track_id": "T1", "curves": curves}]}]}


PATHS = {"GR": [[float(r), 10.0] for r in range(0, 1000, 5)],
         "CALI": [[float(r), 50.0] for r in range(0, 700, 5)] + [None]
                 + [[float(r), 50.0] for r in range(800, 1000, 5)]}  # fmt: skip


def test_curves_of_one_style_are_named_by_each_others_points() -> None:
    before = sidecar("solid")
    changed = exchanged(before, SECTION, "T1", PATHS, (150.0, None))
    gr, cali = changed["sections"][0]["tracks"][0]["curves"]
    assert [100.0, 5.0] in gr["points"]  # given above: as before
    assert {col for row, col in gr["points"] if row < 500} == {5.0, 10.0}
    assert {col for row, col in gr["points"] if row >= 500} == {50.0}
    assert {col for row, col in cali["points"] if row < 500} == {50.0}
    assert {col for row, col in cali["points"] if row >= 500} == {10.0, 77.0}
    assert not any(700 < row < 800 for row, _ in gr["points"])
    assert before == sidecar("solid")


def test_curves_of_two_styles_are_redrawn_along_each_other() -> None:
    changed = exchanged(sidecar("dashed"), SECTION, "T1", PATHS, (150.0, 190.0))
    gr, cali = changed["sections"][0]["tracks"][0]["curves"]
    assert gr["redrawn"][0] == [500.0, 50.0]
    assert gr["redrawn"][-1] == [900.0, 50.0]
    assert gr["null_rows"] == [[696.0, 799.0]]
    assert {col for _, col in cali["redrawn"]} == {10.0}
    assert "null_rows" not in cali


def test_an_exchange_of_nothing_is_refused() -> None:
    with pytest.raises(SidecarError, match="no value"):
        exchanged(sidecar("solid"), SECTION, "T1", PATHS, (170.5, 179.0))
    with pytest.raises(SidecarError, match="two curves"):
        exchanged(sidecar("solid"), SECTION, "T2", PATHS, (150.0, None))
    with pytest.raises(SidecarError, match="no depth"):
        exchanged(sidecar("solid"), {**SECTION, "depth": None}, "T1", PATHS, (150.0, None))


def test_stretches_of_a_published_log_lie_within_it(store: ObjectStore) -> None:
    log = Desk(store, 0.85).log("whole")
    record = read_record(store.get("logs/whole/log.json"))
    for curve, known in zip(log["curves"], record["curves"], strict=True):
        depths = np.array([[s["depth_from"], s["depth_to"]] for s in curve["stretches"]])
        assert len(depths), known["spec"]["mnemonic"]
        assert (depths[:, 0] <= depths[:, 1]).all()


def test_what_a_person_says_of_an_exchange_is_checked() -> None:
    traces = [
        {"section_id": "main", "track_id": "T1", "mnemonic": k, "path": v} for k, v in PATHS.items()
    ]
    said = {"log_id": "a", "section_id": "main", "track_id": "T1", "mnemonic": "GR", "other": "CALI",
            "depth": "150", "depth_to": 190}  # fmt: skip
    record = {"sections": [SECTION]}
    changed, words = exchange_said(said, sidecar("dashed"), record, traces)
    assert changed == exchanged(sidecar("dashed"), SECTION, "T1", PATHS, (150.0, 190.0))
    assert words == "GR and CALI changed places from 150 to 190"
    with pytest.raises(UnknownLogError):
        exchange_said({**said, "section_id": "x"}, sidecar("solid"), record, traces)
    with pytest.raises(SidecarError, match="no number"):
        exchange_said({**said, "depth": "deep"}, sidecar("solid"), record, traces)
    with pytest.raises(SidecarError, match="lies above"):
        exchange_said({**said, "depth_to": 150}, sidecar("solid"), record, traces)


def test_a_refused_depth_is_offered_as_a_guess_and_a_known_one_stays() -> None:
    axis = {"unit": "ft", "anchors": [[float(r), 1000.0 + r / 10] for r in range(0, 900, 100)]}
    known = {"unit": "m", "anchors": [[0, 1], [9, 2]]}
    draft = {
        "sections": [{"section_id": "A", "tracks": []}, {"section_id": "B", "depth": known},
                     {"section_id": "C"}],
        "read": {"depth": {"A": {"suggested": axis}, "B": {"suggested": axis}, "C": {"used": []}}},
    }  # fmt: skip
    refused, other, none = offered(draft)["sections"]
    assert refused["depth"] == {
        "unit": "ft", "anchors": [[0.0, 1000.0], [800.0, 1080.0]], "source": "guess"
    }  # fmt: skip
    assert other["depth"] == known
    assert "depth" not in none
    assert offered({}) == {"sections": []}
