"""Review: the queue of doubtful curves, decisions on them, and corrections of a log's geometry.

In: an output folder or bucket and what reviewers say. Out: decisions appended to ``reviews/``, and,
by one background thread, delivered files, datasets and pages that follow them. Everything works on
plain data; HTTP, tokens and files for the browser belong to ``serve``, how decisions are kept to
``storage.reviews``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pyarrow as pa

from flows.dashboard.again import (
    NoSourceError,
    Place,
    Redo,
    digitise_again,
    digitise_alone,
    place_of,
    sidecar_in_use,
    version_of,
)
from flows.dashboard.overview import build_in
from flows.dashboard.results import UnknownLogError, is_log_id, read_result
from flows.dashboard.review_queue import QUEUE, CurveKey, doubtful_curves, has_curves, stuck_logs
from flows.dashboard.stretches import remedy, worst_stretches
from flows.dashboard.warm import Warm
from storage.delivery import deliver
from storage.log_files import RECORD
from storage.objects import ObjectStore
from storage.records import Record, jsonable
from storage.reviews import (
    OutdatedReviewError,
    Review,
    ReviewError,
    curve_hash,
    in_force,
    read_reviews,
    record_review,
    reviewed_logs,
)
from storage.tables import Row
from veernet_core.errors import VeernetError
from veernet_core.findings import sentence
from veernet_core.page.known.sidecar import parse_sidecar

_SETTLE_S = 0.4
_MAX_SIDECAR = 1 << 20
_LOOK = "Look for it among all logs."
_REFRESH = "bringing the overview up to date"
_Job = tuple[str, Callable[[], object]]


class StaleCorrectionError(OutdatedReviewError):
    """Somebody else corrected the log in the meantime."""

    code = "stale_correction"


@dataclass(slots=True)
class Work:
    """What the background thread has done and is doing, for the page."""

    waiting: int = 0
    busy: str = ""
    done: int = 0
    troubles: list[str] = field(default_factory=list)


class Desk:
    """Where reviewers work; safe to use from several threads.

    Parameters
    ----------
    store : ObjectStore
        The output folder or bucket.
    min_r2 : float
        Threshold that the doubt is measured against.
    redo : callable, optional
        Digitises a corrected scan; corrections are refused without it.
    ahead : bool
        Whether it remembers its slow steps: logs that people open are then digitised ahead.
    """

    def __init__(
        self, store: ObjectStore, min_r2: float, redo: Redo | None = None, ahead: bool = False
    ) -> None:
        self.store = store
        self.min_r2 = min_r2
        self._redo, self._ahead = redo, ahead
        self._work = Work()
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._jobs: list[_Job] = []
        self._touched: set[str] = set()
        self._said: dict[CurveKey, str] = {}
        self.ahead = Warm()
        self._thread: threading.Thread | None = None

    # ---- looking -----------------------------------------------------------------------------

    def queue(self, which: str = "open", log_id: str = "") -> Row:
        """Curves to look at, as ``doubtful_curves`` orders them, and logs that lack what a review needs.

        Parameters
        ----------
        which : str
            ``open``: nobody has decided, and the machine says review, or a person had decided before the
            curve changed; ``decided``; ``all``; ``stuck``: logs without curves and scans that failed.
        log_id : str
            Only curves of this log.

        Returns
        -------
        dict
            ``rows`` (at most ``QUEUE``), ``total``, ``stuck``, the number of logs to be corrected first, and
            ``any``: whether there is a curve at all.
        """
        stuck = stuck_logs(self.store, log_id)
        told = {"stuck": len(stuck), "any": has_curves(self.store)}
        if which == "stuck":
            return {"rows": stuck[:QUEUE], "total": len(stuck), **told}
        with self._lock:
            said = dict(self._said)
        rows = doubtful_curves(self.store, self.min_r2, which, log_id, said)
        if log_id and not rows:
            self.record(log_id)
            rows = stuck
        return {"rows": rows[:QUEUE], "total": len(rows), **told}

    def log(self, log_id: str) -> Row:
        """One log: its curves with identity and decision in force, its history, its sidecar.

        Raises
        ------
        UnknownLogError
        """
        record, samples = self.result(log_id)
        reviews = read_reviews(self.store, log_id)
        decided = in_force(record, samples, reviews)
        curves = [
            {
                "section_id": curve["section_id"], "track_id": curve["track_id"],
                "mnemonic": curve["spec"]["mnemonic"], "decision": curve["decision"], "spec": curve["spec"],
                "reasons": [sentence(code) for code in curve["reasons"]],
                "doubtful": curve.get("doubtful", []), "codes": curve["reasons"],
                "stretches": [asdict(s) for s in worst_stretches(record, index, samples)],
                "settle": [remedy(code) for code in curve["reasons"] if remedy(code)],
                "curve_sha256": curve_hash(record, index, samples),
                "review": asdict(review) if review else None,
            }
            for index, (curve, review) in enumerate(zip(record["curves"], decided, strict=True))
        ]  # fmt: skip
        found = place_of(self.store, log_id)
        sidecar = sidecar_in_use(self.store, log_id, found)
        history = [{k: v for k, v in asdict(r).items() if k != "details"} for r in reviews]
        data = {
            "log_id": log_id, "well": record["well"], "curves": curves, "history": history,
            "sidecar": None if sidecar is None else sidecar.decode("utf-8", "replace"),
            "can_correct": found is not None and self._redo is not None,
            "source": "" if found is None else found.uri,
        }  # fmt: skip
        plain: Row = jsonable(data)
        return plain

    def work(self) -> Row:
        """State of the background thread."""
        with self._lock:
            return asdict(self._work)

    # ---- deciding ----------------------------------------------------------------------------

    def decide(self, said: Mapping[str, Any]) -> Row:
        """Record a decision on one curve; delivery follows in the background.

        Parameters
        ----------
        said : mapping
            ``log_id, section_id, track_id, mnemonic, curve_sha256, action, reviewer, note``, and ``null``:
            depths ``[[from, to], ...]`` that an accepted curve is delivered without.

        Raises
        ------
        ReviewError, UnknownLogError
        OutdatedReviewError
            Where the curve is no longer the one that was looked at.
        """
        log_id, action = _text(said, "log_id"), _text(said, "action")
        if action == "correct":
            raise ReviewError("a correction needs a sidecar")
        record, samples = self.result(log_id)
        name = (_text(said, "section_id"), _text(said, "track_id"), _text(said, "mnemonic"))
        seen = _text(said, "curve_sha256")
        for index, curve in enumerate(record["curves"]):
            same = (curve["section_id"], curve["track_id"], curve["spec"]["mnemonic"]) == name
            if same and curve_hash(record, index, samples) == seen:
                break
        else:
            raise OutdatedReviewError("this is not the curve that was looked at", log_id)
        review = Review(
            log_id, action, _text(said, "reviewer").strip(), _now(), _text(said, "note").strip(),
            *name, seen, curve["decision"],
            null_depths=json.dumps(said["null"]) if said.get("null") else "",
        )  # fmt: skip
        record_review(self.store, review)
        with self._wake:
            self._said[log_id, *name] = action
            self._touched.add(log_id)
            self._start()
        return asdict(review)

    def check_sidecar(self, said: Mapping[str, Any]) -> Row:
        """Read a corrected sidecar without using it; gives what it holds.

        Raises
        ------
        SidecarError
            Names the place in the text and the remedy.
        """
        text = _text(said, "sidecar")
        if len(text) > _MAX_SIDECAR:
            raise ReviewError("the sidecar is too long")
        parsed = parse_sidecar(text.encode(), "sidecar")
        tracks = [track for section in parsed.sections for track in section.tracks]
        curves = sum(len(track.curves or ()) for track in tracks)
        return {"sections": len(parsed.sections), "tracks": len(tracks), "curves": curves}

    def correct(self, said: Mapping[str, Any]) -> Row:
        """Digitise a log again under a corrected sidecar, in the background.

        The sidecar is kept with the results, where every later run finds it, once the scan could be
        digitised with it; the text before and after stays in the review.

        Parameters
        ----------
        said : mapping
            ``log_id, sidecar, reviewer, note``, and ``version`` where the state that was corrected counts.

        Raises
        ------
        SidecarError, NoSourceError, ReviewError, UnknownLogError, StaleCorrectionError
        """
        found = self.check_sidecar(said)
        log_id = _text(said, "log_id")
        record = self.record(log_id)
        place = place_of(self.store, log_id)
        if place is None or self._redo is None:
            raise NoSourceError("where this scan lies is not known here", log_id)
        version = _text(said, "version") if "version" in said else None
        self.require_version(log_id, sidecar_in_use(self.store, log_id, place), version)
        review = Review(
            log_id, "correct", _text(said, "reviewer").strip(), _now(), _text(said, "note").strip()
        )
        again = partial(self._again, place, record, _text(said, "sidecar"), review, version)
        with self._wake:
            self._jobs.append((f"digitising {log_id} again", again))
            self._start()
        return found

    def warm(self, log_id: str, sidecar: str) -> bool:
        """Digitise a log in the background without publishing it, so that its next correction takes seconds.

        Gives whether it was begun.

        Raises
        ------
        UnknownLogError
        """
        record, place, redo = self.record(log_id), place_of(self.store, log_id), self._redo
        if place is None or redo is None or not self._ahead:
            return False
        work = partial(digitise_alone, self.store, log_id, place, record, sidecar.encode(), redo)
        return self.ahead.begin(log_id, version_of(sidecar.encode()), work)

    def record(self, log_id: str) -> Record | None:
        """The log's document; None of a scan that failed.

        Raises
        ------
        UnknownLogError
        """
        if is_log_id(log_id) and self.store.get_or_none(f"logs/{log_id}/{RECORD}") is None:
            if place_of(self.store, log_id) is None:
                raise UnknownLogError("no log of this name is here", log_id, _LOOK)
            return None
        return self.result(log_id)[0]

    # ---- working in the background -------------------------------------------------------------

    def finish(self, timeout_s: float = 600.0) -> None:
        """Wait until everything decided so far is delivered."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def catch_up(self) -> None:
        """Deliver, in the background, decisions that an earlier process may have left undelivered."""
        with self._wake:
            self._touched.update(reviewed_logs(self.store))
            if self._touched:
                self._start()

    def _start(self) -> None:
        """Start the thread if it does not run; the lock is held."""
        self._work.waiting = len(self._jobs) + len(self._touched)
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="review-delivery", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        """Do jobs and deliver decisions until there are none; then bring the overview up to date."""
        shown = True
        while (job := self._next(shown)) is not None:
            shown = job[0] == _REFRESH
            if self._try(job[1]):
                with self._lock:
                    self._work.done += 1

    def _next(self, shown: bool) -> _Job | None:
        """What to do now; decisions are collected for a moment, so that many are delivered at once."""
        with self._wake:
            if not self._jobs:
                self._wake.wait(_SETTLE_S)
            job: _Job | None = None
            if self._jobs:
                job = self._jobs.pop(0)
            elif self._touched:
                logs, self._touched = self._touched, set()
                job = ("delivering", partial(deliver, self.store, logs))
            elif not shown:
                job = (_REFRESH, partial(build_in, self.store, min_r2=self.min_r2))
            else:
                self._thread = None
            self._work.busy = job[0] if job else ""
            self._work.waiting = len(self._jobs) + len(self._touched)
            return job

    def _try(self, call: Callable[[], object]) -> bool:
        """Whether a job worked; its trouble is kept for the page, the next one goes on."""
        try:
            call()
        except (VeernetError, OSError, ValueError, KeyError, TypeError) as error:
            with self._lock:
                self._work.troubles = [*self._work.troubles[-9:], str(error)]
            return False
        return True

    def _again(
        self, place: Place, record: Record | None, text: str, review: Review, version: str | None
    ) -> None:
        assert self._redo is not None
        log_id, sidecar = review.log_id, text.encode()
        before = sidecar_in_use(self.store, log_id, place)
        self.require_version(log_id, before, version)
        with self.ahead.lock(log_id):
            digitise_again(self.store, log_id, place, record, sidecar, self._redo)
        details = {"before": None if before is None else before.decode("utf-8", "replace"),
                   "after": text}  # fmt: skip
        record_review(self.store, replace(review, details=json.dumps(details)))
        deliver(self.store, [log_id])
        with self._lock:
            self._said = {key: said for key, said in self._said.items() if key[0] != log_id}

    def require_version(self, log_id: str, sidecar: bytes | None, version: str | None) -> None:
        """Refuse a correction of another state of the sidecar than the one it began from; None: any.

        Raises
        ------
        StaleCorrectionError
        """
        if version is None or version == version_of(sidecar):
            return
        last = [r for r in read_reviews(self.store, log_id) if r.action == "correct"][-1:]
        who = f"{last[0].reviewer} saved it on {last[0].when}" if last else "somebody saved it"
        raise StaleCorrectionError(f"{who} after you opened it", log_id)

    # ---- finding -------------------------------------------------------------------------------

    def result(self, log_id: str) -> tuple[Record, pa.Table]:
        """A log's document and samples; see ``read_result``."""
        return read_result(self.store, log_id)


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key, "")
    if not isinstance(value, str):
        raise ReviewError(f"{key} must be a text")
    return value.encode("utf-8", "replace").decode("utf-8")


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
