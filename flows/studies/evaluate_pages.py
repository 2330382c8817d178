"""Measure page reading and what comes of it, page by page, against what is true of each page.

In: `TruthPage` values, an OCR engine, a network, fitted models by fold. Out: a `PageResult` for each page, as
soon as it is done; a page that fails costs that page only. Figures over them: ``flows.studies.page_figures``.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from flows.engine.page_engines import PageEngines
from flows.studies.page_rows import CurveRow, curve_rows
from flows.studies.truth_pages import TruthPage, models_for
from veernet_core import pipeline
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import DigitisedLog, Dpi, Raster, ScanRef
from veernet_core.errors import VeernetError
from veernet_core.evaluation.cross_check_score import StatedScore, score_stated, stated_sections
from veernet_core.evaluation.folds import FOLDS
from veernet_core.evaluation.page_match import turned_truth
from veernet_core.evaluation.page_score import PageScore, score_page
from veernet_core.evaluation.page_truth import PageTruth
from veernet_core.evaluation.yield_score import Outcomes, score_log
from veernet_core.page.known.page_dpi import layout_dpi
from veernet_core.page.models import PageModels
from veernet_core.page.raster.turning import turned
from veernet_core.page.reading import PageReader, read_given
from veernet_core.page.results import HeaderFound, PageLayout, PageReading
from veernet_core.pipeline import FailedScan, Predictor, ReadScan, ScanInput

NOTHING_READ = PageReading(PageLayout("unknown", 0, Dpi(200.0, 200.0), ()), {}, HeaderFound(), ())
"""What counts as the reading of a page that failed."""


@dataclass(frozen=True, slots=True)
class Options:
    """How pages are measured.

    Attributes
    ----------
    digitise : bool
        Whether the curves are traced and judged too.
    statements : bool
        Whether true and falsified sidecars are cross-checked with the print.
    models : Path or None
        Folder of fitted models by fold; None takes the shipped ones.
    folds : int
    pictures : Path or None
        Folder for the overlays of accepted curves.
    device : str
        Of the network.
    """

    digitise: bool = True
    statements: bool = False
    models: Path | None = None
    folds: int = FOLDS
    pictures: Path | None = None
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class PageResult:
    """One page: its group, what was measured, and the time its reading took.

    Attributes
    ----------
    score : PageScore
        Of a page that failed: that nothing was read.
    rows : int
        Rows of the page; 0 where it could not be decoded.
    seconds, cpu_s : float
        On the clock and on all cores together, for decoding and reading.
    models : str
        Which models read it.
    curves : tuple of CurveRow
    accepted_wrong : tuple of str
        Accepted curves that are none of the printed ones.
    is_digitised : bool
    error : str
        Why it failed; it may have been read before.
    stated : StatedScore or None
    """

    name: str
    group: str
    score: PageScore
    rows: int
    seconds: float
    cpu_s: float
    models: str = "shipped"
    curves: tuple[CurveRow, ...] = ()
    accepted_wrong: tuple[str, ...] = ()
    is_digitised: bool = False
    error: str = ""
    stated: StatedScore | None = None


@dataclass(slots=True)
class _Kept:
    """A reading on its way through the digitiser, and what it cost."""

    scan: ReadScan | None = None
    size_px: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    cpu_s: float = 0.0


def measure_pages(
    pages: Iterable[TruthPage], options: Options, jobs: int = 1
) -> Iterator[PageResult]:
    """Measure pages, in processes of their own where there is more than one job.

    Results come as they are done. A page at which a process dies is measured as failed.
    """
    if jobs <= 1:
        yield from (measure_safely(page, options) for page in pages)
        return
    waiting = list(pages)
    done: set[str] = set()
    try:
        with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
            for future in as_completed([pool.submit(measure_safely, p, options) for p in waiting]):
                result = future.result()
                done.add(result.name)
                yield result
    except BrokenProcessPool:
        yield from _one_by_one([p for p in waiting if p.stem not in done], options)


def _one_by_one(pages: Iterable[TruthPage], options: Options) -> Iterator[PageResult]:
    """Each page in a process of its own, which it may take with it."""
    for page in pages:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            try:
                yield pool.submit(measure_safely, page, options).result()
            except BrokenProcessPool:
                yield failed(page, "the process died")


def measure_safely(page: TruthPage, options: Options) -> PageResult:
    """As ``measure_page`` with the engines of this process; whatever goes wrong is the page's own failure."""
    try:
        return measure_page(page, options, _reader(), _predictor(options))
    except Exception as error:
        return failed(page, f"{type(error).__name__}: {error}")


def failed(page: TruthPage, why: str) -> PageResult:
    """The result of a page of which nothing is known but why."""
    score = score_page(page.truth, NOTHING_READ, (1, 1))
    rows = curve_rows(page.stem, page.group, page.truth, score, {})
    return PageResult(page.stem, page.group, score, 0, 0.0, 0.0, curves=rows, error=why)


@lru_cache(maxsize=1)
def _reader() -> PageReader:
    return PageEngines()


@lru_cache(maxsize=1)
def _predictor(options: Options) -> Predictor | None:
    if not options.digitise:
        return None
    from veernet_core.net.bundle import load_predictor

    return load_predictor(None, options.device)


def measure_page(
    page: TruthPage, options: Options, reader: PageReader, predictor: Predictor | None
) -> PageResult:
    """Read a page, digitise it where there is a predictor, and compare both with the truth.

    Raises
    ------
    OSError
        The scan, or a model, cannot be read.
    """
    data = page.read_bytes()
    ref = ScanRef(page.stem, page.stem, hashlib.sha256(data).hexdigest(), len(data))
    models = models_for(page, options.models, options.folds)
    kept = _Kept()
    error, log = _run(ScanInput(ref, data), options, reader, predictor, models, kept)
    scan = kept.scan
    reading = scan.reading if scan is not None and scan.reading is not None else NOTHING_READ
    size = kept.size_px if scan is not None else (1, 1)
    score = score_page(page.truth, reading, size)
    outcomes: Outcomes = {}
    wrong: list[str] = []
    if log is not None:
        outcomes, wrong = score_log(page.truth, log, reading.layout.turn_deg, size)
        _write_pictures(log, page.stem, options.pictures)
    stated = None
    if options.statements and scan is not None and page.truth.is_log:
        stated = _hold_statements(scan.raster, page.truth, reading.layout.turn_deg, size, reader)
    return PageResult(
        name=page.stem,
        group=page.group,
        score=score,
        rows=size[0] if scan is not None else 0,
        seconds=kept.seconds,
        cpu_s=kept.cpu_s,
        models=models.origin,
        curves=curve_rows(page.stem, page.group, page.truth, score, outcomes),
        accepted_wrong=tuple(wrong),
        is_digitised=predictor is not None,
        error=error,
        stated=stated,
    )


def _run(
    item: ScanInput,
    options: Options,
    reader: PageReader,
    predictor: Predictor | None,
    models: PageModels,
    kept: _Kept,
) -> tuple[str, DigitisedLog | None]:
    """Read, and digitise where there is a predictor: an error or nothing, and the log if there is one."""

    def read(
        item: ScanInput, config: DigitiseConfig, reader: PageReader | None
    ) -> pipeline.ReadScan:
        started, worked = time.monotonic(), time.process_time()
        scan = pipeline.read_scan(item, config, reader, models)
        kept.seconds, kept.cpu_s = time.monotonic() - started, time.process_time() - worked
        kept.scan, kept.size_px = scan, _stored_size(scan)
        return scan

    config = DigitiseConfig(overlays=options.pictures is not None)
    if predictor is None:
        try:
            read(item, config, reader)
        except VeernetError as error:
            return str(error), None
        return "", None
    (result,) = pipeline.digitise_many([item], predictor, config, reader, read=read)
    if isinstance(result, FailedScan):
        return str(result.error), None
    return "", result


def _stored_size(scan: ReadScan) -> tuple[int, int]:
    """(height, width) of the page as stored, of a scan that is upright by now."""
    size = scan.raster.height_px, scan.raster.width_px
    turn = scan.reading.layout.turn_deg if scan.reading is not None else 0
    return size[::-1] if turn % 180 else size


def _write_pictures(log: DigitisedLog, stem: str, folder: Path | None) -> None:
    """The overlays of tracks with an accepted curve."""
    if folder is None:
        return
    accepted = {
        f"overlay-{j.curve.section_id}-{j.curve.track_id}"
        for j in log.curves
        if j.verdict.decision == "accept"
    }
    for picture in log.overlays:
        if picture.name in accepted:
            (folder / stem).mkdir(parents=True, exist_ok=True)
            (folder / stem / f"{picture.name}.png").write_bytes(picture.png)


def _hold_statements(
    raster: Raster, truth: PageTruth, turn_deg: int, size_px: tuple[int, int], reader: PageReader
) -> StatedScore:
    """What the print does to sidecars that state everything, true and falsified ones.

    ``raster`` is the page as it was turned for reading, by ``turn_deg``.
    """
    upright = turned(raster, (truth.turn_deg - turn_deg) % 360)
    truth = turned_truth(truth, truth.turn_deg, size_px)
    sections = stated_sections(truth)
    across = layout_dpi(sections, upright, truth.dpi)
    dpi = truth.dpi or Dpi(across, across)
    return score_stated(truth, read_given(upright, sections, dpi, reader))
