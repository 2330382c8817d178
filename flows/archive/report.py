"""What a run tells people: counts, failures with remedies, throughput, links; and the dashboard.

In: the plan and the ledger after the run. Out: a ``RunReport``, Prefect artifacts, the dashboard's
files at the destination. What a verdict means does not belong here.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from flows.archive import canary
from flows.archive.params import ArchiveParams
from flows.archive.run_spec import RunSpec
from flows.dashboard import build_in
from storage.ledger import Record, dashboard_key, generations, read_ledger
from storage.objects import ObjectStore
from storage.plan import Plan
from storage.runs import RunRecord, write_run

MAX_FAILURE_ROWS = 500
MAX_REVIEW_ROWS = 200
URL_VARIABLE = "VEERNET_DASHBOARD_URL"
"""Environment variable with the address at which ``veernet dashboard --serve`` is seen."""
DASHBOARD = "dashboard/index.html"


@dataclass(frozen=True, slots=True)
class RunReport:
    """Counts of one run.

    Attributes
    ----------
    listed, up_to_date, outdated, planned : int
        Scans in the source (and span), with nothing to do, with a result that stands though the software has
        moved on, and with work.
    moved_on : list of str
        In what it has moved on.
    done, failed, retry, quarantined, lost : int
        Outcomes of the planned scans; ``lost`` have none, because infrastructure failed.
    accepted, review, rejected, samples : int
        Curves by verdict, and depth samples, of the logs done in this run.
    reasons : dict
        Why there was work.
    failures : list of dict
        uri, status, stage, code, message, remedy of scans without a result (capped).
    canary : dict
        ``healthy``, ``broken`` limits and figures per line style; empty where it was not run.
    """

    run_id: str
    listed: int
    up_to_date: int
    planned: int
    done: int = 0
    failed: int = 0
    retry: int = 0
    quarantined: int = 0
    lost: int = 0
    accepted: int = 0
    review: int = 0
    rejected: int = 0
    samples: int = 0
    seconds: float = 0.0
    dry_run: bool = False
    outdated: int = 0
    moved_on: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    collisions: list[str] = field(default_factory=list)
    failures: list[dict[str, str]] = field(default_factory=list)
    canary: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @property
    def without_result(self) -> int:
        """Scans that were to be done and have no result."""
        return self.failed + self.retry + self.quarantined + self.lost


def make_report(settings: ArchiveParams, spec: RunSpec, plan: Plan, seconds: float) -> RunReport:
    """Read from the ledger what became of the planned scans, also where a run that began later was faster."""
    planned = (*plan.units, *plan.quarantine)
    report: dict[str, Any] = {
        "run_id": spec.run_id,
        "listed": plan.listed,
        "up_to_date": plan.up_to_date,
        "planned": len(planned),
        "outdated": plan.outdated,
        "moved_on": list(plan.moved_on),
        "seconds": seconds,
        "dry_run": settings.dry_run,
        "reasons": dict(plan.reasons()),
        "collisions": list(plan.collisions),
    }
    if settings.dry_run or not planned:
        return RunReport(**report)
    latest = read_ledger(ObjectStore(settings.dest)).latest
    found = [latest.get(unit.source_key) for unit in planned]
    # names of segments begin with their run's, and those sort by time
    records = [r for r in found if r is not None and r.segment >= spec.run_id]
    counts = Counter(str(record.status) for record in records)
    return RunReport(
        **report,
        done=counts["done"],
        failed=counts["failed"],
        retry=counts["retry"],
        quarantined=counts["quarantined"],
        lost=len(planned) - len(records),
        accepted=sum(record.accepted for record in records),
        review=sum(record.review for record in records),
        rejected=sum(record.rejected for record in records),
        samples=sum(record.samples for record in records),
        canary=canary.summary(canary.reports_of(ObjectStore(settings.dest), spec.run_id)),
        failures=[_failure_row(r) for r in records if r.status != "done"][:MAX_FAILURE_ROWS],
    )


def keep_report(
    report: RunReport, settings: ArchiveParams, spec: RunSpec, device_seconds: float | None
) -> None:
    """Keep what the run did beside the results, for the dashboard; a run without work leaves none."""
    if not report.planned or settings.dry_run:
        return
    began = datetime.now(UTC) - timedelta(seconds=report.seconds)
    run = RunRecord(
        run_id=spec.run_id,
        started=f"{began:%Y-%m-%dT%H:%M:%SZ}",
        kind="batch",
        source=settings.source,
        seconds=round(report.seconds, 3),
        device_seconds=device_seconds,
        logs=report.done,
        failed=report.without_result,
        curves=report.accepted + report.review + report.rejected,
        accepted=report.accepted,
        review=report.review,
        rejected=report.rejected,
        settings={
            **settings.config.option_values(),
            "model_id": spec.requirement.model_id,
            "numerics": spec.requirement.numerics,
        },
    )
    write_run(ObjectStore(settings.dest), run)


def publish_report(report: RunReport, settings: ArchiveParams) -> None:
    """Write the run's artifacts: a summary, failures, a link to the dashboard, the logs in review."""
    from prefect.artifacts import (
        create_link_artifact,
        create_markdown_artifact,
        create_table_artifact,
    )

    create_markdown_artifact(markdown=_markdown(report, settings), key="veernet-run")
    if report.failures:
        create_table_artifact(
            table=report.failures, key="veernet-failures", description="Scans without a result"
        )
    if report.done:
        create_link_artifact(
            link=_link(settings.dest, DASHBOARD), key="veernet-dashboard", link_text="Dashboard"
        )
    waiting = _waiting(settings.dest, report.run_id) if report.review else []
    if waiting:
        create_markdown_artifact(markdown=_review_lines(waiting, settings.dest), key="veernet-review",
                                 description="Logs of this run with curves that wait for a person")  # fmt: skip


def _link(dest: str, key: str) -> str:
    """Where a page of the dashboard is seen: at the address in the environment, else where it lies."""
    served = os.environ.get(URL_VARIABLE, "").rstrip("/")
    if served:
        return f"{served}/{quote(key)}"
    place = ObjectStore(dest).uri_of(key)
    return f"file://{quote(place)}" if place.startswith("/") else place


def _waiting(dest: str, run_id: str) -> list[Record]:
    """Logs of a run that have curves in review, those with most first."""
    latest = read_ledger(ObjectStore(dest)).latest.values()
    own = [r for r in latest if r.segment.startswith(run_id) and r.status == "done" and r.review]
    return sorted(own, key=lambda record: (-record.review, record.log_id))


def _review_lines(waiting: Sequence[Record], dest: str) -> str:
    """A table of logs in review with links: to the review where its address is known, else to their pages."""
    served = os.environ.get(URL_VARIABLE, "").rstrip("/")
    curves = sum(record.review for record in waiting)
    lines = [f"{curves:,} curves of {len(waiting):,} logs wait for a person.", ""]
    if served:
        lines += [f"[Review the most doubtful first]({served}/review)", ""]
    else:
        lines += [f"`veernet dashboard {dest} --serve` opens the review; with its address in "
                  f"`{URL_VARIABLE}` the links below lead there.", ""]  # fmt: skip
    lines += ["| log | in review | accepted | rejected |", "|---|---:|---:|---:|"]
    for record in waiting[:MAX_REVIEW_ROWS]:
        key = f"dashboard/logs/{record.log_id}/index.html"
        link = (
            f"{served}/review?log={quote(record.log_id, safe='')}" if served else _link(dest, key)
        )
        name = re.sub(r"([\\\[\]|<>`*_])", r"\\\1", record.log_id)
        lines.append(
            f"| [{name}]({link}) | {record.review} | {record.accepted} | {record.rejected} |"
        )
    if len(waiting) > MAX_REVIEW_ROWS:
        lines += [
            "",
            f"The first {MAX_REVIEW_ROWS:,} of {len(waiting):,}; all are in verdicts.parquet.",
        ]
    return "\n".join(lines)


def dashboard_is_stale(dest: ObjectStore) -> bool:
    """Whether the dashboard shows less than the newest catalogue."""
    numbers, _ = generations(dest)
    return bool(numbers) and not dest.exists(dashboard_key(numbers[-1]))


def refresh_dashboard(dest: ObjectStore) -> str:
    """Rebuild ``dashboard/`` from the datasets; gives its URI."""
    numbers, _ = generations(dest)
    build_in(dest)
    dest.put(dashboard_key(numbers[-1] if numbers else 0), b"")
    return dest.uri_of(DASHBOARD)


def _failure_row(record: Record) -> dict[str, str]:
    return {
        "uri": record.uri,
        "status": record.status,
        "stage": record.stage,
        "code": record.code,
        "message": record.message,
        "remedy": record.remedy,
    }


def _markdown(report: RunReport, settings: ArchiveParams) -> str:
    rate = report.done / report.seconds * 3600 if report.seconds else 0.0
    reasons = ", ".join(f"{kind}: {count}" for kind, count in report.reasons.items()) or "none"
    lines = [
        f"# {'Plan' if report.dry_run else 'Archive run'} {report.run_id}",
        f"{settings.source} → {settings.dest}",
        "",
        "| | scans |",
        "|---|---:|",
        *(
            f"| {name} | {count:,} |"
            for name, count in (
                ("listed", report.listed),
                ("up to date", report.up_to_date),
                ("outdated", report.outdated),
                ("to do", report.planned),
                ("done", report.done),
                ("failed", report.failed),
                ("to be retried", report.retry),
                ("quarantined", report.quarantined),
                ("lost to infrastructure", report.lost),
            )
        ),
        "",
        f"Why: {reasons}.",
        *_outdated_lines(report),
        "",
        "| curves accepted | review | rejected | samples |",
        "|---:|---:|---:|---:|",
        f"| {report.accepted:,} | {report.review:,} | {report.rejected:,} | {report.samples:,} |",
        "",
        f"{report.seconds:.0f} s, {rate:,.0f} logs/h.",
    ]
    lines += _canary_lines(report)
    if report.collisions:
        shown = ", ".join(report.collisions[:20])
        lines.append(f"\nStems that several scans share (folders carry a hash): {shown}")
    return "\n".join(lines)


def _outdated_lines(report: RunReport) -> list[str]:
    """What was found outdated and left."""
    if not report.outdated:
        return []
    return [
        "",
        f"{report.outdated:,} results were made before {', '.join(report.moved_on)} changed; they stand "
        "until a run with `redo: outdated` makes them anew.",
    ]


def _canary_lines(report: RunReport) -> list[str]:
    """The canary's table and, after a collapse, what it means."""
    if not report.canary:
        return []
    lines = [
        "",
        "| canary | IoU | F1 | recall | MAE, % of width | R² | ECE |",
        "|---|" + "---:|" * 6,
    ]
    for style, f in report.canary["figures"].items():
        figures = (f[k] for k in ("iou", "f1", "recall", "mae_pct", "r2", "ece"))
        lines.append(f"| {style} | " + " | ".join(f"{value:.3f}" for value in figures) + " |")
    if not report.canary["healthy"]:
        broken = ", ".join(report.canary["broken"])
        lines.insert(
            1, f"**The canary has collapsed ({broken}): accepted curves are held for review.**"
        )
    return lines
