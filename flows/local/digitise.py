"""Digitise files on this machine, at once: no server, no ledger.

In: paths of scans; out: ``OUT/logs``, the datasets and the dashboard. The command line's ``digitise``
and ``demo`` come here; archives go through ``flows.archive.batch``.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from typing import Any

from flows.engine.kept import KeptPredictor, KeptReader, KeptTracing
from flows.engine.loading import chosen_numerics, page_workers
from flows.engine.page_engines import PageEngines
from flows.local.books import Books
from flows.local.desk import Desk
from flows.local.pages import read_pages
from flows.local.report import (
    UNWATCHED,
    LocalReport,
    TimedPredictor,
    Watch,
    count_decisions,
)
from flows.local.stopping import Interrupted, unbroken
from storage import delivery, publish
from storage.carry import carry_reviews
from storage.index_table import MAPS, IndexTable, IndexTableError, parse_column_map, read_index
from storage.kept import Kept
from storage.local_names import LogNames
from storage.log_files import log_files, with_text_findings
from storage.objects import ObjectStore
from storage.review_files import wants_review_files
from storage.scans import is_own_picture, is_scan
from veernet_core import pipeline
from veernet_core.config import DigitiseConfig, configured
from veernet_core.curve.tracking.traces import trace_block
from veernet_core.datatypes import DigitisedLog
from veernet_core.errors import of_scan
from veernet_core.page.reading import PageReader
from veernet_core.pipeline import FailedScan, Predictor, ReadScan, ScanInput
from veernet_core.streaming import read_ahead
from veernet_core.track_record import Tracing


def find_scans(arguments: Sequence[str]) -> list[Path]:
    """Scans named by files, folders (searched recursively) and globs, in order, each once.

    Pictures that are part of results are passed over: an output folder may lie inside the source.

    Raises
    ------
    FileNotFoundError
        If an argument names nothing, or nothing but pictures of results.
    """
    found: dict[str, Path] = {}
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            matches = sorted(p for p in path.rglob("*") if is_scan(p.name) and _is_there(p))
        elif path.exists():
            matches = [path]
        else:
            pattern = path.relative_to(path.anchor) if path.is_absolute() else path
            root = Path(path.anchor) if path.is_absolute() else Path()
            matches = sorted(p for p in root.glob(str(pattern)) if _is_there(p))
        if not matches:
            raise FileNotFoundError(f"{argument}: no such file, or a folder without scans")
        scans = [p for p in matches if not _is_own(p)]
        if not scans:
            raise FileNotFoundError(f"{argument}: only pictures that veernet made of other scans")
        for path in scans:
            # not resolved: two links to one file are two scans
            found.setdefault(os.path.abspath(path), path)  # noqa: PTH100
    return list(found.values())


def _is_there(path: Path) -> bool:
    """Whether it is a file, or a link to nothing, which is told as a scan that fails."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def _is_own(path: Path) -> bool:
    return is_own_picture(path.absolute().as_posix(), lambda key: Path(key).is_file())


def read_index_file(path: Path, column_map: str) -> IndexTable:
    """An archive's index from disk.

    Parameters
    ----------
    path : Path
        CSV or Parquet.
    column_map : str
        One of the ready maps (``generic``, ``kansas``, ``texas``), or a JSON file with one.

    Raises
    ------
    IndexTableError
        The table or the map cannot be used.
    """
    ready = MAPS.get(column_map)
    chosen = ready or parse_column_map(_read_table(Path(column_map)), column_map)
    return read_index(_read_table(path), chosen, path.name)


def _read_table(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise IndexTableError(
            f"cannot be read: {error.strerror}",
            str(path),
            f"Check the path; ready maps: {', '.join(MAPS)}.",
        ) from error


def digitise_files(
    scans: Sequence[Path],
    out: Path,
    predictor: Predictor,
    config: DigitiseConfig,
    watch: Watch = UNWATCHED,
    reader: PageReader | None = None,
    index: IndexTable | None = None,
    include_review: bool = False,
    kept: Kept | None = None,
    jobs: int | None = None,
) -> LocalReport:
    """Digitise scans into ``out``; one bad scan never stops the others.

    Parameters
    ----------
    out : Path
        Created if absent. Earlier results of other scans stay.
    reader : PageReader, optional
        Reads what sidecars leave out; without it nothing is looked for on the pages.
    index : IndexTable, optional
        What the archive knows of its scans.
    include_review : bool
        Also write the curves in review, marked as such; from then on for every log in ``out``.
    kept : Kept, optional
        Remembers slow steps, so that a log that is corrected afterwards is digitised again in seconds.
    jobs : int, optional
        Scans read at once; ``page_workers`` where omitted.

    Returns
    -------
    LocalReport

    Raises
    ------
    Interrupted
        The run was stopped; what was done is written.
    """
    summary, store, names = LocalReport(), ObjectStore(str(out)), LogNames(out)
    if include_review:
        delivery.add_review_files(store)
    timed = TimedPredictor(predictor if kept is None else KeptPredictor(predictor, kept))
    books = Books(out, summary, timed, config)
    pages = partial(read_pages, index=index, desk=Desk(out, names).sidecar)
    shared = {stem for stem, n in Counter(path.stem for path in scans).items() if n > 1}
    publish_one = partial(_published, store, out, names, wants_review_files(store), summary, shared)
    # in a thread: an interruption does not wait for the pages that are being read
    ahead = read_ahead(_results(scans, pages, timed, config, reader, kept, jobs, watch), 1)
    try:
        with closing(ahead):
            for done, result in enumerate(ahead, 1):
                watch.scan(done, publish_one(result))
                books.scan_is_done()
    except KeyboardInterrupt as stop:
        raise Interrupted(summary) from stop
    finally:  # also where something broke off: what was done and what failed is written
        with unbroken():
            books.close()
    return summary


def _results(
    scans: Sequence[Path],
    pages: Callable[[Path], Iterable[ScanInput | FailedScan]],
    predictor: TimedPredictor,
    config: DigitiseConfig,
    reader: PageReader | None,
    kept: Kept | None,
    jobs: int | None,
    watch: Watch,
) -> Iterator[DigitisedLog | FailedScan]:
    """Results of all pages of the scans, those that could not be read among them."""
    unread: list[FailedScan] = []
    items = _read_all(scans, unread, pages, watch)
    return _with_unread(_digitised(items, predictor, config, reader, kept, jobs, watch), unread)


def _digitised(
    items: Iterable[ScanInput],
    predictor: TimedPredictor,
    config: DigitiseConfig,
    reader: PageReader | None,
    kept: Kept | None,
    jobs: int | None,
    watch: Watch,
) -> Iterator[DigitisedLog | FailedScan]:
    """Results in the order of the scans, whose slow steps are remembered where ``kept`` is given."""

    def read(item: ScanInput, config: DigitiseConfig, reader: PageReader | None) -> ReadScan:
        watch.started(item.ref.stem)
        page = pipeline.read_scan(item, config, reader)
        watch.was_read(item.ref.stem, _rows_to_trace(page))
        return page

    if kept is not None and reader is not None:
        reader = KeptReader(reader, predictor.numerics, kept)
    tracing: Tracing = trace_block if kept is None else KeptTracing(kept)
    workers = jobs or page_workers()
    return pipeline.digitise_many(items, predictor, config, reader, workers, read, tracing)


def _rows_to_trace(scan: ReadScan) -> float:
    """Scan rows of all tracks that have a depth."""
    sections = [s for s in scan.known.sections if s.depth is not None]
    return float(sum((s.row_bottom - s.row_top) * len(s.tracks) for s in sections))


def _published(
    store: ObjectStore,
    out: Path,
    names: LogNames,
    with_review: bool,
    summary: LocalReport,
    shared: Collection[str],
    result: DigitisedLog | FailedScan,
) -> DigitisedLog | FailedScan:
    """The log once its folder is written; whatever that raises is the scan's failure."""
    if isinstance(result, DigitisedLog):
        log = with_text_findings(result)
        try:
            name = names.name(Path(log.scan.uri), log.scan.sha256, log.scan.stem)
            place = log.scan.stem in shared
            files = log_files(log, name, include_review=with_review, with_place=place)
            carry_reviews(store, name, files)
            publish.publish_local(out, name, files)
        except Exception as error:
            result = FailedScan(log.scan, of_scan(error, log.scan.uri, "write"))
        else:
            summary.decisions[name] = count_decisions(log)
            summary.scans[name] = log.scan.uri
            return log
    summary.failures.append((result.ref.uri, result.error))
    return result


def _read_all(
    scans: Iterable[Path],
    unread: list[FailedScan],
    pages: Callable[[Path], Iterable[ScanInput | FailedScan]],
    watch: Watch,
) -> Iterator[ScanInput]:
    for path in scans:
        for number, scan in enumerate(pages(path)):
            if number:
                watch.found(1)
            if isinstance(scan, FailedScan):
                unread.append(scan)
            else:
                yield scan


def _with_unread(
    results: Iterator[DigitisedLog | FailedScan], unread: list[FailedScan]
) -> Iterator[DigitisedLog | FailedScan]:
    """All results; a scan that could not be read is told with the next one that could."""
    for result in results:
        while unread:
            yield unread.pop(0)
        yield result
    yield from unread


def digitise_again(
    item: ScanInput,
    settings: Mapping[str, Any],
    *,
    model: Path | None = None,
    device: str = "auto",
    kept: Kept | None = None,
) -> DigitisedLog | FailedScan:
    """Digitise one scan under the options of an earlier result.

    Parameters
    ----------
    settings : mapping
        Options by name, defaults where absent; and ``numerics``, how the network was computed.
    model : Path, optional
        The shipped bundle where omitted.
    kept : Kept, optional
        Remembers slow steps: what did not change since the last time is not computed anew.
    """
    from veernet_core.net.bundle import load_predictor

    config = configured(settings)
    bundle = model.read_bytes() if model is not None else None
    loaded = load_predictor(bundle, *chosen_numerics(device, settings.get("numerics", "")))
    engines = page_engines(loaded.numerics)
    if kept is None:
        return next(iter(pipeline.digitise_many([item], loaded, config, engines)))
    results = pipeline.digitise_many(
        [item],
        KeptPredictor(loaded, kept),
        config,
        KeptReader(engines, loaded.numerics, kept),
        tracing=KeptTracing(kept),
        whole=True,
    )
    return next(iter(results))


@cache
def page_engines(numerics: str) -> PageEngines:
    """The page engines of this process, which take seconds to load."""
    return PageEngines(numerics=numerics)
