"""The run that is under way, as the ledger knows it: how many logs are done, how fast, how long it may take.

In: a run's manifests and the segments of its finished chunks. Out: one row for the page, which asks now and
then. Nothing is written, and no run needs to be asked: it may be on other machines. Finished runs leave
reports (``storage.runs``).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq

from storage.errors import NotFoundError
from storage.ledger import SEGMENTS, read_segment
from storage.listings import ObjectInfo
from storage.objects import ObjectStore
from storage.plan import RUNS

FORGOTTEN = timedelta(hours=24)
"""A run without any sign for so long is not shown: its leftovers are removed by later runs."""


@dataclass(slots=True)
class Live:
    """Watches one output place; manifests and segments are read once."""

    store: ObjectStore
    _planned: dict[str, int] = field(default_factory=dict)
    _counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def state(self, now: datetime | None = None) -> dict[str, Any]:
        """The newest run that has begun and not ended.

        Returns
        -------
        dict
            ``run`` is None where there is none; else a dict of ``run_id``, ``started`` (UTC), ``planned`` logs,
            ``finished`` of them, ``done``, ``failed``, curves ``accepted``, ``review``, ``rejected``,
            ``seconds`` since its start, ``silent_s`` since its last sign, ``left_s`` (None: not known yet).

        Raises
        ------
        StorageError
        """
        now = now or datetime.now(UTC)
        runs: dict[str, list[ObjectInfo]] = {}
        for info in self.store.listing(RUNS):
            name = info.key.removeprefix(RUNS).split("/")[0]
            if info.key.endswith(".parquet"):
                runs.setdefault(name, []).append(info)
        for run_id in sorted(runs, reverse=True):
            row = self._row(run_id, runs[run_id], now)
            if row is not None:
                return {"run": row}
        return {"run": None}

    def _row(
        self, run_id: str, manifests: list[ObjectInfo], now: datetime
    ) -> dict[str, Any] | None:
        started = min(info.modified for info in manifests)
        segments = list(self.store.listing(f"{SEGMENTS}{run_id}/"))
        last = max([started, *(info.modified for info in segments)])
        if now - last > FORGOTTEN:
            return None
        try:
            planned = sum(self._rows_of(info.key) for info in manifests)
            chunks = [self._chunk(info.key) for info in segments]
        except NotFoundError:  # it has ended meanwhile
            return None
        totals = {name: sum(chunk[name] for chunk in chunks) for name in _COUNTS}
        seconds = (now - started).total_seconds()
        finished = min(totals["done"] + totals["failed"], planned)
        left = seconds / finished * (planned - finished) if finished else None
        return {
            "run_id": run_id,
            "started": f"{started.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "planned": planned,
            "finished": finished,
            **totals,
            "seconds": round(seconds, 1),
            "silent_s": round((now - last).total_seconds(), 1),
            "left_s": None if left is None else round(left, 1),
        }

    def _rows_of(self, key: str) -> int:
        if key not in self._planned:
            self._planned[key] = pq.ParquetFile(io.BytesIO(self.store.get(key))).metadata.num_rows
        return self._planned[key]

    def _chunk(self, key: str) -> dict[str, int]:
        if key not in self._counts:
            name = key.removeprefix(SEGMENTS).removesuffix(".ledger.parquet")
            records = read_segment(self.store, name) or []
            done = [record for record in records if record.status == "done"]
            self._counts[key] = {
                "done": len(done),
                "failed": len(records) - len(done),
                "accepted": sum(record.accepted for record in done),
                "review": sum(record.review for record in done),
                "rejected": sum(record.rejected for record in done),
            }
        return self._counts[key]


_COUNTS = ("done", "failed", "accepted", "review", "rejected")
