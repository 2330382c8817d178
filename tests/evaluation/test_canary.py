"""The canary: fixed logs, figures that follow the error, limits, and runs that are held."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch_support import begin, deliverables, latest, params, run_plain, stand_in, write_archive
from cheap_engine import CheapEngine
from factories import make_log

from flows.archive import canary as flow_canary
from flows.archive.chunk import gate_chunk, publish_chunk, trace_chunk
from flows.archive.report import make_report
from storage.objects import ObjectStore
from veernet_core.config import DigitiseConfig, GatePolicy, RasterLimits
from veernet_core.datatypes import DigitisedLog, GateVerdict, JudgedCurve
from veernet_core.evaluation import canary
from veernet_core.evaluation.canary import CanaryLog, CanaryReport, Reading
from veernet_core.page.raster.decoding import open_raster
from veernet_core.pipeline import FailedScan, ScanInput, judge

GOOD = Reading(0.8, 0.9, 0.9, 1.0, 0.97, 0.1, 4)


def report(model: str = "m", version: str = "1", **figures: float) -> CanaryReport:
    return CanaryReport(model, version, {"solid": replace(GOOD, **figures)}, {}, ())


def examined(
    now: dict[str, float], history: list[CanaryReport], model: str = "m"
) -> tuple[str, ...]:
    return canary.examine({"solid": replace(GOOD, **now)}, history, model, "1").broken


# ---- figures ---------------------------------------------------------------------------------


def answer(log: CanaryLog, shift: float = 0.0, lose: bool = False) -> DigitisedLog:
    """What a perfect digitiser gives for a canary log, moved by a share of the track width."""
    from veernet_core.curve.physical import frac_at
    from veernet_core.datatypes import EVIDENCE, CurveSpec

    base = make_log()
    assert log.item.sidecar is not None
    curves = []
    for track in json.loads(log.item.sidecar)["sections"][0]["tracks"]:
        for stated in track["curves"]:
            depth, value = log.truth[f"{track['track_id']}/{stated['mnemonic']}"]
            spec = CurveSpec(**stated)
            frac = np.asarray(frac_at(value, spec)) + shift
            curve = replace(
                base.curves[0].curve, spec=spec, track_id=track["track_id"], depth=depth,
                value=value, frac=frac, observed=np.isfinite(frac),
                confidence=np.where(np.isfinite(frac), 0.9, np.nan),
                evidence=np.zeros((len(depth), len(EVIDENCE))),
            )  # fmt: skip
            curves.append(replace(base.curves[0], curve=curve))
    return replace(base, curves=tuple(curves[1:] if lose else curves))


def test_logs_are_fixed_and_show_every_style() -> None:
    logs = canary.canary_logs()
    canary.canary_logs.cache_clear()
    again = canary.canary_logs()
    assert [log.item.data for log in logs] == [log.item.data for log in again]
    for log in logs:  # nothing to read above the grid: the network is watched, not the print
        raster = open_raster(log.item.data, log.item.ref.stem, RasterLimits())
        assert log.item.sidecar is not None
        top = int(json.loads(log.item.sidecar)["sections"][0]["row_top"])
        assert raster.read_ink(0, top).max() == 0 < raster.read_ink(top, top + 100).max()
    perfect = canary.read_results(logs, [answer(log) for log in logs])
    assert set(perfect) == {"solid", "dashed", "dotted"}
    for reading in perfect.values():
        assert reading.iou == reading.f1 == reading.recall == reading.r2 == 1.0
        assert reading.mae_pct == pytest.approx(0, abs=1e-9)
        assert reading.ece == pytest.approx(0.1)


def test_figures_follow_the_error() -> None:
    logs = canary.canary_logs()
    near, far = (canary.read_results(logs, [answer(x, s) for x in logs]) for s in (0.004, 0.03))
    for style in near:
        assert near[style].mae_pct == pytest.approx(0.4, abs=0.01)
        assert 1 > near[style].iou > 0.6
        assert far[style].iou == 0.0
        assert far[style].ece == pytest.approx(0.9)
        assert far[style].r2 < near[style].r2


def test_lost_curves_and_failed_logs_count_against_the_run() -> None:
    logs = canary.canary_logs()
    lost = canary.read_results(logs, [answer(x, lose=True) for x in logs])
    assert lost["solid"].recall < 1
    assert lost["solid"].curves == canary.read_results(logs, map(answer, logs))["solid"].curves
    from veernet_core.errors import DecodeError

    failed = canary.read_results(logs, [FailedScan(x.item.ref, DecodeError("no")) for x in logs])
    for reading in failed.values():
        assert reading.r2 == -1
        assert reading.recall == 0
    assert canary.examine(failed, [], "m", "1").broken


def test_band_overlap_by_hand() -> None:
    one = np.array([0.5, 0.5, np.nan, 0.5])
    two = np.array([0.5, 0.51, 0.2, np.nan])
    found = canary.band_overlap(one, two)
    line = 21
    assert found.true_positive == line + (line - 10)
    assert found.false_positive == 10 + line
    assert found.false_negative == 10 + line


# ---- limits ----------------------------------------------------------------------------------


def test_floors_hold_without_history() -> None:
    assert examined({}, []) == ()
    assert examined({"r2": 0.1}, []) == ("solid/r2",)
    assert examined({"mae_pct": 40.0}, []) == ("solid/mae_pct",)
    assert examined({"iou": float("nan")}, []) == ("solid/iou",)
    assert (
        examined({"ece": float("nan")}, []) == ()
    )  # no confidence maps: nothing is accepted anyway


def test_a_sudden_fall_breaks_the_limits_of_history() -> None:
    history = [report() for _ in range(5)]
    assert examined({"f1": 0.86}, history) == ()
    assert examined({"f1": 0.80}, history) == ("solid/f1",)
    assert examined({"mae_pct": 2.5}, history) == ("solid/mae_pct",)
    assert examined({"f1": 0.99, "mae_pct": 0.1}, history) == ()  # better is never a break


def test_another_model_has_more_room_but_not_endless() -> None:
    history = [report("old") for _ in range(5)]
    assert examined({"f1": 0.80}, history, "new") == ()
    assert examined({"f1": 0.70}, history, "new") == ("solid/f1",)


def test_collapsed_runs_never_become_the_norm() -> None:
    fallen = [replace(report(f1=0.5), broken=("solid/f1",)) for _ in range(40)]
    assert examined({"f1": 0.5}, [report(), *fallen]) == ("solid/f1",)


def test_adopted_figures_start_history_anew() -> None:
    changed = replace(report(f1=0.7), broken=("solid/f1",), adopted=True)
    history = [*[report() for _ in range(10)], changed]
    assert examined({"f1": 0.7}, history) == ()
    assert examined({"f1": 0.6}, history) == ("solid/f1",)


def test_reports_survive_json() -> None:
    one = canary.examine({"solid": replace(GOOD, ece=float("nan"))}, [report()], "m", "1")
    again = CanaryReport.from_json(one.to_json())
    assert again.to_json() == one.to_json()
    for damaged in ("", "{}", "[]", '{"readings": 3}'):
        with pytest.raises(ValueError, match=r"canary|Expecting"):
            CanaryReport.from_json(damaged)


# ---- runs ------------------------------------------------------------------------------------


class Watched(CheapEngine):
    """The stand-in with a canary that can be made to collapse."""

    shift = 0.0

    def canary_logs(self) -> tuple[CanaryLog, ...]:
        return canary.canary_logs()

    def digitise(
        self, items: Iterable[ScanInput], config: DigitiseConfig
    ) -> Iterator[DigitisedLog | FailedScan]:
        own = {log.item.ref.stem: log for log in canary.canary_logs()}
        for item in items:
            if item.ref.stem in own:
                yield answer(own[item.ref.stem], type(self).shift)
            else:
                yield from super().digitise([item], config)

    def judge(self, log: DigitisedLog, policy: GatePolicy) -> DigitisedLog:
        return _with_hold(super().judge(log, policy), policy)


def _with_hold(log: DigitisedLog, policy: GatePolicy) -> DigitisedLog:
    if not policy.hold:
        return log
    verdict = GateVerdict("review", (policy.hold,), policy.ident)
    return replace(log, curves=tuple(_held(c, verdict) for c in log.curves))


def _held(curve: JudgedCurve, verdict: GateVerdict) -> JudgedCurve:
    return replace(curve, verdict=verdict) if curve.verdict.decision == "accept" else curve


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> type[Watched]:
    stand_in(monkeypatch)
    monkeypatch.setattr(Watched, "shift", 0.0)
    watched = Watched()
    for module in ("flows.archive.canary", "flows.archive.chunk", "flows.archive.setup"):
        monkeypatch.setattr(
            f"{module}.get_engine", lambda model, device="auto", numerics="": watched
        )
    return Watched


def run_watched(settings: Any) -> dict[str, Any]:
    """A run as ``digitise_shard`` does it, without Prefect; gives the report."""
    prepared = begin(settings)
    for shard in range(prepared.plan.shards):
        spec = flow_canary.watch_shard(prepared.spec, shard)
        for chunk in range(prepared.plan.chunks(shard)):
            traced = trace_chunk(spec, shard, chunk)
            publish_chunk(spec, gate_chunk(spec, traced), shard, chunk)
    return make_report(settings, prepared.spec, prepared.plan, 1.0).as_dict()


def test_healthy_runs_accept_and_leave_the_same_bytes(
    tmp_path: Path, engine: type[Watched]
) -> None:
    write_archive(tmp_path / "scans", 4)
    done = run_watched(params(tmp_path / "scans", tmp_path / "a"))
    assert done["canary"]["healthy"]
    assert done["accepted"] > 0
    assert set(done["canary"]["figures"]["solid"]) >= {
        "iou",
        "f1",
        "recall",
        "mae_pct",
        "r2",
        "ece",
    }
    run_plain(params(tmp_path / "scans", tmp_path / "b", canary="off"))
    logs = {k: v for k, v in deliverables(tmp_path / "b").items() if k.startswith("logs/")}
    assert logs == deliverables(tmp_path / "a")


def test_a_collapse_holds_the_run_and_the_next_healthy_one_releases_it(
    tmp_path: Path, engine: type[Watched]
) -> None:
    write_archive(tmp_path / "scans", 4)
    settings = params(tmp_path / "scans", tmp_path / "out")
    engine.shift = 0.2
    held = run_watched(settings)
    assert not held["canary"]["healthy"]
    assert held["accepted"] == 0
    assert held["review"] > 0
    record = json.loads(next((tmp_path / "out" / "logs").glob("*/log.json")).read_text())
    assert any(canary.FAILED in curve["reasons"] for curve in record["curves"])
    assert not list((tmp_path / "out" / "logs").glob("*/*.las"))
    engine.shift = 0.0
    released = run_watched(settings)
    assert released["planned"] == 4
    assert released["accepted"] > 0
    assert run_watched(settings)["planned"] == 0


def test_a_collapse_does_not_touch_what_earlier_runs_delivered(
    tmp_path: Path, engine: type[Watched]
) -> None:
    write_archive(tmp_path / "scans", 3)
    settings = params(tmp_path / "scans", tmp_path / "out")
    run_watched(settings)
    before = deliverables(tmp_path / "out")
    write_archive(tmp_path / "scans", 5)
    engine.shift = 0.2
    assert run_watched(settings)["planned"] == 5  # three of them touched, with the same bytes
    after = deliverables(tmp_path / "out")
    assert {k: after[k] for k in before} == before
    records = latest(tmp_path / "out")
    assert sum(record.accepted for record in records.values()) > 0
    engine.shift = 0.0
    assert run_watched(settings)["planned"] == 2


def test_report_only_and_off(tmp_path: Path, engine: type[Watched]) -> None:
    write_archive(tmp_path / "scans", 2)
    engine.shift = 0.2
    told = run_watched(params(tmp_path / "scans", tmp_path / "a", canary="report"))
    assert not told["canary"]["healthy"]
    assert told["accepted"] > 0
    assert flow_canary.history(ObjectStore(str(tmp_path / "a")))[-1].adopted
    assert run_watched(params(tmp_path / "scans", tmp_path / "b", canary="off"))["canary"] == {}


def test_history_is_pruned_and_damage_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow_canary, "KEPT", 3)
    store = ObjectStore(str(tmp_path))
    for k in range(5):
        store.put(f"{flow_canary.CANARIES}{k}/0.json", report(f1=k / 10).to_json().encode())
    store.put(f"{flow_canary.CANARIES}5/0.json", b"not a report")
    kept = flow_canary.history(store)
    assert [round(r.readings["solid"].f1, 1) for r in kept] == [0.3, 0.4]
    assert len(list(store.listing(flow_canary.CANARIES))) == 3


def test_the_gate_knows_the_hold() -> None:
    base = GatePolicy()
    log = judge(make_log(), base)
    held = judge(make_log(), replace(base, hold=canary.FAILED))
    assert any(c.verdict.decision == "accept" for c in log.curves)
    for free, kept in zip(log.curves, held.curves):
        assert kept.verdict.decision != "accept"
        assert canary.FAILED in kept.verdict.reasons
        assert (free.verdict.decision == "reject") == (kept.verdict.decision == "reject")
    config = DigitiseConfig()
    assert flow_canary.hold(config).hash() != config.hash()


def test_policy_ids_tell_changed_thresholds() -> None:
    assert GatePolicy().ident == "gate-1"
    assert GatePolicy(hold="canary_failed").ident == "gate-1"
    assert GatePolicy(min_r2=0.9).ident != GatePolicy(min_r2=0.95).ident != "gate-1"


def test_local_runs_can_watch_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from veernet_core import pipeline
    from veernet_core.net import bundle

    shift = [0.0]
    monkeypatch.setattr(bundle, "load_predictor", lambda *args: CheapEngine())
    monkeypatch.setattr(
        pipeline,
        "digitise_many",
        lambda items, predictor, config: [answer(x, shift[0]) for x in canary.canary_logs()],
    )
    config = DigitiseConfig()
    place = (tmp_path, config, None, "cpu", "float32", None)
    assert flow_canary.watch_local(*place) == config
    assert "canary solid" in capsys.readouterr().out
    shift[0] = 0.2
    assert flow_canary.watch_local(*place).gate.hold == canary.FAILED
    assert "nothing is accepted" in capsys.readouterr().out
    assert len(flow_canary.history(ObjectStore(str(tmp_path)))) == 2
