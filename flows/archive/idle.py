"""A run that has nothing to digitise, or only says what it would do: without Prefect, which is slow to start.

In: the run's parameters. Out: its report and, unless it is a dry run, a destination that is up to date. Runs
that have work are flows (``batch``), and so is every run where a server keeps the record of runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from flows.archive.params import ArchiveParams
from flows.archive.report import (
    RunReport,
    dashboard_is_stale,
    keep_report,
    make_report,
    refresh_dashboard,
)
from flows.archive.setup import check_places, prepare_run
from storage.compact import compact
from storage.delivery import add_review_files, apply_reviews, fresh_logs
from storage.objects import ObjectStore
from storage.plan import Plan

_URL = "PREFECT_API_URL"


def server_is_named() -> bool:
    """Whether runs are to be recorded by a server: by the environment, or by a profile of Prefect's."""
    if os.environ.get(_URL):
        return True
    home = Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect")
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
    try:
        lines = profiles.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.strip().startswith(_URL) for line in lines)


def run_idle(
    settings: ArchiveParams, start: Callable[[Plan], object] | None = None
) -> RunReport | None:
    """The report of a run without work; None where there is some, and nothing was done.

    Parameters
    ----------
    settings : ArchiveParams
    start : callable, optional
        Told the plan of a run that is no dry run.

    Raises
    ------
    VeernetError
        As ``flows.archive.batch.archive``.
    """
    started = time.monotonic()
    check_places(settings.source, settings.dest, settings.dry_run)
    prepared = prepare_run(settings)
    plan, dest = prepared.plan, ObjectStore(settings.dest)
    if not settings.dry_run:
        if plan.units or plan.quarantine:
            return None
        if start is not None:
            start(plan)
        if settings.include_review:
            add_review_files(dest)
        apply_reviews(dest, fresh_logs(dest))
        compact(dest)
    report = make_report(settings, prepared.spec, plan, time.monotonic() - started)
    keep_report(report, settings, prepared.spec, None)
    if not settings.dry_run and dashboard_is_stale(dest):
        refresh_dashboard(dest)
    return report
