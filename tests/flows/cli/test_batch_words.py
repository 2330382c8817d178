"""What ``veernet batch`` says of a plan, of a run's progress and of its outcome."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from flows.archive.chunk import ChunkSummary
from flows.archive.params import ArchiveParams
from flows.archive.report import RunReport
from flows.cli import batch_words
from flows.cli.batch_words import Words, say
from storage.ledger import Record, append, segment_name
from storage.objects import ObjectStore
from storage.plan import Plan, Unit

RUN = "20260101T000000"


def unit(number: int, reasons: str = "new") -> Unit:
    return Unit(f"{number}.tif", "v", 10, "", "", f"log_{number}", reasons)


PLAN = Plan((unit(1), unit(2, "scan: a became b"), unit(3)), (), 5, 2, ())
REPORT = RunReport(RUN, listed=5, up_to_date=2, planned=3, done=3, accepted=4, review=2, rejected=1,
                   seconds=12.4)  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> ArchiveParams:
    return ArchiveParams(source=str(tmp_path / "in"), dest=str(tmp_path / "out"))


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Lines on standard error; nothing else was printed."""
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_a_plan_counts_scans_by_the_reason_of_their_work(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert Words().start(PLAN) is not None
    assert lines(capsys) == [
        "5 scans listed, 2 up to date, 3 to do (new: 2, scan: 1)",
    ]


def test_outdated_results_stand_and_it_is_said_how_to_make_them_anew(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Words().start(replace(PLAN, outdated=1200, moved_on=("model", "numerics")))
    (_, said) = lines(capsys)
    assert said.startswith("1,200 results are outdated (model, numerics have changed since)")
    assert "--redo outdated" in said


def test_a_plan_without_work_has_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    assert Words().start(replace(PLAN, units=(), listed=2)) is None
    assert lines(capsys) == ["2 scans listed, 2 up to date, 0 to do"]


def test_a_quiet_run_says_no_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert Words(quiet=True).start(replace(PLAN, outdated=3, moved_on=("model",))) is None
    assert lines(capsys) == []


def test_progress_is_said_now_and_then_and_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(batch_words.time, "monotonic", lambda: now[0])
    progress = Words().start(PLAN)
    assert progress is not None
    capsys.readouterr()
    now[0] = 110.0
    progress(ChunkSummary(logs=1))
    assert lines(capsys) == [], "ten seconds after the last line"
    now[0] = 140.0
    progress(ChunkSummary(logs=1, failed=1))
    assert [line.rstrip() for line in lines(capsys)] == [
        "2/3 logs, 1 without a result, 0.1/s, 20 s left"
    ]
    now[0] = 141.0
    progress(ChunkSummary(logs=1))
    (last,) = lines(capsys)
    assert last.startswith("3/3 logs, 1 without a result")
    assert last.rstrip().endswith("0 s left")


def test_on_a_terminal_one_line_moves(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    progress = Words().start(PLAN)
    assert progress is not None
    capsys.readouterr()
    progress(ChunkSummary(logs=1))
    progress(ChunkSummary(logs=2))
    err = capsys.readouterr().err
    assert err.count("\r") == 1
    assert err.endswith("\n")


def failure(number: int) -> dict[str, str]:
    return {
        "uri": f"/in/{number}.tif", "message": "ends early", "code": "decode_failed",
        "status": "failed", "stage": "decode", "remedy": "Scan it again.",
    }  # fmt: skip


def test_failures_are_named_with_their_remedy_and_only_so_many(
    settings: ArchiveParams, capsys: pytest.CaptureFixture[str]
) -> None:
    report = replace(REPORT, done=0, failed=25, failures=[failure(k) for k in range(25)])
    Words(quiet=True).report(report, settings)
    said = lines(capsys)
    assert said[0] == "/in/0.tif: ends early [decode_failed, failed] Scan it again."
    assert len(said) == 21
    assert said[-1] == "… and 5 more, see failures.parquet"


def test_scans_that_were_lost_are_counted_among_those_not_named(
    settings: ArchiveParams, capsys: pytest.CaptureFixture[str]
) -> None:
    report = replace(REPORT, done=0, failed=1, lost=2, failures=[failure(1)])
    Words(quiet=True).report(report, settings)
    assert lines(capsys)[-1] == "… and 2 more, see failures.parquet"


def test_a_name_in_a_failure_cannot_steer_the_terminal(
    settings: ArchiveParams, capsys: pytest.CaptureFixture[str]
) -> None:
    row = failure(1) | {"uri": "/in/\x1b[2J\n.tif"}
    Words(quiet=True).report(replace(REPORT, failed=1, failures=[row]), settings)
    (said,) = lines(capsys)
    assert said.startswith(r"/in/\x1b[2J\n.tif: ends early")


def test_the_outcome_counts_logs_and_curves_and_says_where_they_are(
    settings: ArchiveParams, capsys: pytest.CaptureFixture[str]
) -> None:
    Words().report(replace(REPORT, collisions=["a", "b"]), settings)
    assert lines(capsys) == [
        "2 stems are shared by several scans; folders carry a hash",
        "3 logs done, 0 without a result; curves: 4 accepted, 2 for review, 1 rejected; 12 s",
        f"results: {settings.dest}",
        f"dashboard: {settings.dest}/dashboard/index.html",
    ]


def test_logs_of_this_run_are_listed_and_not_those_of_another(
    settings: ArchiveParams, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ObjectStore(settings.dest)
    for run, names in ((RUN, "abc"), ("20250101T000000", "z")):
        records = [
            Record(f"{n}.tif", "v", "", "m", "c", "0.2", n, f"/in/{n}.tif", "done", accepted=2)
            for n in names
        ]
        append(store, segment_name(run, 0, 0), records)
    monkeypatch.setattr(batch_words, "_SHOWN_LOGS", 2)
    Words().report(REPORT, settings)
    said = [line for line in lines(capsys) if "accepted, 0 for review" in line or "more" in line]
    assert said == [
        "a: 2 accepted, 0 for review, 0 rejected",
        "b: 2 accepted, 0 for review, 0 rejected",
        "… and 1 more, see verdicts.parquet",
    ]


@pytest.mark.parametrize(
    ("mode", "said"),
    [("hold", "accepted curves are held for review"), ("report", "see the report")],
)
def test_a_collapsed_canary_is_said_even_to_the_quiet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str, said: str
) -> None:
    settings = ArchiveParams(source=str(tmp_path), dest=str(tmp_path / "out"), canary=mode)  # type: ignore[arg-type]
    canary = {"healthy": False, "broken": ["solid r2"], "figures": {}}
    Words(quiet=True).report(replace(REPORT, canary=canary), settings)
    assert lines(capsys) == [f"the canary has collapsed (solid r2): {said}"]


def test_a_healthy_canary_is_said_with_its_figures(
    settings: ArchiveParams, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = {"healthy": True, "broken": [], "figures": {"solid": {"r2": 0.98765}}}
    Words().report(replace(REPORT, canary=canary), settings)
    assert "canary healthy: solid R² 0.988" in lines(capsys)
    Words(quiet=True).report(replace(REPORT, canary=canary), settings)
    assert lines(capsys) == []


def test_a_dry_run_says_what_would_be_done(
    settings: ArchiveParams, capsys: pytest.CaptureFixture[str]
) -> None:
    dry = replace(REPORT, dry_run=True, done=0, reasons={"new": 2, "scan": 1}, outdated=4,
                  moved_on=["version"])  # fmt: skip
    Words().report(dry, settings)
    said = lines(capsys)
    assert said[0] == "5 scans, 3 to do (new: 2, scan: 1)"
    assert said[1].startswith("4 results are outdated (version have changed since)")
    Words().report(replace(dry, planned=0, reasons={}, outdated=0), settings)
    assert lines(capsys) == ["5 scans, 0 to do (nothing)"]


def test_programs_read_one_json_object_on_standard_output(
    settings: ArchiveParams, capsys: pytest.CaptureFixture[str]
) -> None:
    Words(quiet=True, as_json=True).report(REPORT, settings)
    out, err = capsys.readouterr()
    assert err == ""
    told = json.loads(out)
    assert (told["run_id"], told["done"], told["accepted"]) == (RUN, 3, 4)
    assert len(out.splitlines()) == 1


def test_a_line_for_people_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    say("two\nlines")
    assert lines(capsys) == [r"two\nlines"]
