"""The spine of digitising: one scan's bytes in, a judged log out. Read this first.

    scan -> page reading -> sections -> strips -> posteriors -> traces -> curves -> verdicts

``digitise_many`` takes scans along this way, several at once (`streaming`); what becomes of a scan on the
way is kept in one record (`track_record`). All of it is pure: no file, clock or environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from veernet_core.config import DigitiseConfig, GatePolicy
from veernet_core.curve import gate
from veernet_core.curve.tracking.traces import trace_block
from veernet_core.datatypes import (
    DigitisedLog,
    FailedScan,
    MadeWith,
    Predictor,
    ScanInput,
    Strip,
)
from veernet_core.errors import VeernetError
from veernet_core.lettering import find_lettering
from veernet_core.overlays import draw_overlays
from veernet_core.page.reading import PageReader
from veernet_core.page.scan import ReadScan, ReadStep, prepare, read_scan
from veernet_core.provenance import made_with, provenance
from veernet_core.recovery import (
    Calibration,
    check_borders,
    check_depths,
    recover_curves,
    strip_findings,
)
from veernet_core.streaming import Steps, stream
from veernet_core.strips.rectify import strip_blocks
from veernet_core.track_record import ScanRecord, Tracing

__all__ = [
    "FailedScan",
    "Predictor",
    "ReadScan",
    "ScanInput",
    "digitise_many",
    "judge",
    "prepare",
    "read_scan",
]


def digitise_many(
    items: Iterable[ScanInput],
    predictor: Predictor,
    config: DigitiseConfig,
    reader: PageReader | None = None,
    page_workers: int = 1,
    read: ReadStep = read_scan,
    tracing: Tracing = trace_block,
    whole: bool = False,
) -> Iterator[DigitisedLog | FailedScan]:
    """Digitise scans, one result each, in order; one bad scan never stops the others.

    Decoding and rectification run ahead in a thread while the network works, and strips of
    neighbouring scans share batches.

    Parameters
    ----------
    items : iterable of ScanInput
        Consumed lazily.
    predictor : Predictor
    config : DigitiseConfig
    reader : PageReader, optional
        Reads what sidecars leave out; without it nothing is looked for on the pages.
    page_workers : int
        Scans whose pages are read at once, in threads; the results do not depend on it. Each takes
        about 0.3 GB.
    read : callable
        As for ``prepare``.
    tracing : Tracing
        Finds the curves of a block of a strip.
    whole : bool
        Whether sections without depth, whose curves nobody gets, go through the network too: for a predictor
        that remembers them until a person gives the depth. The results do not depend on it.
    """

    # scan -> page reading -> sections
    def open_record(item: ScanInput) -> ScanRecord:
        log = prepare(item, config, reader, read)
        return ScanRecord(log, item.sidecar, config.overlays, tracing)

    calibration = Calibration.from_json(predictor.calibration)
    made = made_with(config, predictor.model_id, predictor.numerics)
    steps = Steps(
        prepare=open_record,
        strips=lambda record: _strips(record, config, whole),
        posteriors=predictor.predict,
        trace=ScanRecord.add,
        finish=lambda record: _finish(record, made, calibration, config, reader),
    )
    for item, result in stream(items, steps, page_workers):
        if isinstance(result, VeernetError):
            result.where = result.where or item.ref.uri
            yield FailedScan(item.ref, result)
        else:
            yield result


def _strips(record: ScanRecord, config: DigitiseConfig, whole: bool) -> Iterator[Strip]:
    """Sections -> strips: those for the network; others are only kept for the pictures."""
    for strip in strip_blocks(record.log, config):
        if whole or record.delivers(strip):
            yield strip
        else:
            record.look(strip)


def _finish(
    record: ScanRecord,
    made: MadeWith,
    calibration: Calibration,
    config: DigitiseConfig,
    reader: PageReader | None,
) -> DigitisedLog:
    """Traces -> curves -> verdicts: the log of a scan whose strips are all traced."""
    log = record.log
    sections = check_borders(check_depths(record), record)
    lettering = {} if reader is None else find_lettering(record, reader, config)
    estimated = recover_curves(sections, record, calibration, config, lettering)
    findings = (
        *log.findings,
        *strip_findings(sections, record, config),
        *log.raster.drain_findings(),
    )
    curves = gate.judge_curves(estimated, sections, config.gate)
    overlays = draw_overlays(sections, curves, record, config)
    origin = provenance(log.scan.sha256, record.sidecar, made, config)
    return DigitisedLog(log.scan, log.well, sections, curves, findings, origin, log.dpi, overlays)


def judge(log: DigitisedLog, policy: GatePolicy) -> DigitisedLog:
    """The gate: verdicts of all curves anew under a policy."""
    estimated = [(c.curve, c.quality) for c in log.curves]
    curves = gate.judge_curves(estimated, log.sections, policy)
    return replace(log, curves=curves)
