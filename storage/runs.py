"""What every run did, kept beside the results: the memory behind "how did the nights go".

In: counts and seconds of a finished run. Out: one small JSON object a run under ``_veernet/reports/``,
named by the run, which sorts by time. Result files never hold a clock; these reports do. What a
single scan became (``storage.ledger``) does not belong here.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from storage.ledger import ROOT
from storage.objects import ObjectStore

REPORTS = ROOT + "reports/"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run over an archive.

    Attributes
    ----------
    run_id : str
        Sorts by time.
    started : str
        UTC time, ISO 8601.
    kind : str
        ``local`` or ``batch``.
    source : str
    seconds : float
        Wall time.
    device_seconds : float or None
        Seconds in which the network was at work; None where not measured.
    logs, failed, curves, accepted, review, rejected : int
        Scans with and without a result, and curves of this run by machine's verdict.
    settings : dict
        What the logs were made with: every option by name, ``model_id`` and ``numerics``.
    scans : dict of log id to URI
        Where each log's scan lies; empty for archives with a ledger, which knows it.
    """

    run_id: str
    started: str
    kind: str = "local"
    source: str = ""
    seconds: float = 0.0
    device_seconds: float | None = None
    logs: int = 0
    failed: int = 0
    curves: int = 0
    accepted: int = 0
    review: int = 0
    rejected: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    scans: dict[str, str] = field(default_factory=dict)


def write_run(store: ObjectStore, run: RunRecord) -> None:
    """Keep the report of a run.

    Raises
    ------
    StorageError
    """
    data = json.dumps(asdict(run), sort_keys=True, ensure_ascii=False)
    store.put(f"{REPORTS}{run.run_id}.json", data.encode("utf-8", "replace"))


def read_runs(store: ObjectStore) -> list[RunRecord]:
    """All runs, oldest first; a report that cannot be read is left out."""
    keys = sorted(info.key for info in store.listing(REPORTS) if info.key.endswith(".json"))
    found = [_parsed(data) for data in store.get_many(keys)]
    return [run for run in found if run is not None]


def _parsed(data: bytes) -> RunRecord | None:
    known = {f.name for f in fields(RunRecord)}
    try:
        document = json.loads(data)
        return RunRecord(**{name: document[name] for name in known & document.keys()})
    except (ValueError, TypeError, AttributeError):
        return None
