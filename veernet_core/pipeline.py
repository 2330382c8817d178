"""The spine of digitising: one scan's bytes in, a judged log out.

Read this first. ``prepare`` decodes the scan, reads from the page what no sidecar states, and resolves
its geometry; ``digitise_many`` streams scans through rectification, inference (strips of many logs in
one batch), tracing, depth sampling, confidence, the quality estimate and the gate. All of it is pure:
no file, clock or environment.

    bytes -> Raster -> PageReading -> Section/Track/DepthAxis -> Strip -> Posterior -> Trace -> RecoveredCurve
          -> QualityEstimate -> GateVerdict -> DigitisedLog
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

import numpy as np

import veernet_core
from veernet_core.config import DigitiseConfig, GatePolicy
from veernet_core.curve import overlay, physical, slabs
from veernet_core.curve.evidence import confidence, quality
from veernet_core.curve.tracking import traces as decode
from veernet_core.datatypes import (
    F64,
    U8,
    CurveSpec,
    DepthAxis,
    DigitisedLog,
    Finding,
    JudgedCurve,
    Overlay,
    Posterior,
    PreparedLog,
    Provenance,
    Raster,
    RecoveredCurve,
    ScanRef,
    Section,
    Strip,
    Trace,
    Track,
    WellInfo,
)
from veernet_core.errors import ReadingError, VeernetError, of_scan
from veernet_core.page import reading
from veernet_core.page.known import complete, sidecar
from veernet_core.page.known.complete import BORDERS_UNCERTAIN, PAGE_DOUBTFUL
from veernet_core.page.known.sidecar import Sidecar
from veernet_core.page.ocr.text import TextReader
from veernet_core.page.raster import decoding as raster
from veernet_core.page.results import PageReading, Printed
from veernet_core.page.scales import cross_check as stated_check
from veernet_core.strips import border_check, depth_check, rectify

T = TypeVar("T")
GROUP_STRIPS = 4
"""Strips handed to the predictor at once; bounds memory, not batch size."""


@dataclass(frozen=True, slots=True)
class ScanInput:
    """One scan to digitise: its identity, its bytes, and its sidecar's bytes if it has one."""

    ref: ScanRef
    data: bytes
    sidecar: bytes | None = None


@dataclass(frozen=True, slots=True)
class FailedScan:
    """A scan that could not be processed, and why."""

    ref: ScanRef
    error: VeernetError


class Predictor(Protocol):
    """What the spine needs of a network."""

    model_id: str
    calibration: Mapping[str, Any]

    def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
        """Posterior of each strip, in order."""
        ...


@dataclass(frozen=True, slots=True)
class ReadScan:
    """A decoded scan, upright, with all that is known of it.

    ``reading`` is None where the sidecar stated everything or no page reader was given; ``known`` is
    the sidecar with what was read in it; ``printed`` are the scales that were read for it, by section and
    track.
    """

    raster: Raster
    reading: PageReading | None
    known: Sidecar | None
    findings: tuple[Finding, ...]
    printed: Printed = field(default_factory=dict)


def read_scan(item: ScanInput, config: DigitiseConfig, reader: TextReader | None) -> ReadScan:
    """Decode a scan and read from its page what its sidecar leaves out.

    Raises
    ------
    VeernetError
        If the scan or its sidecar cannot be used.
    """
    image = raster.open_raster(item.data, item.ref.uri, config.limits)
    name = f"{item.ref.stem}.sidecar.json"
    stated = sidecar.parse_sidecar(item.sidecar, name) if item.sidecar is not None else None
    read = None
    if reader is not None:
        read = reading.read_page(image, stated, reader, config.depth_unit)
    if read is None:
        turn = stated.turn_deg or 0 if stated is not None else 0
        return ReadScan(reading.turned(image, turn), None, stated, ())
    image = reading.turned(image, read.layout.turn_deg)
    known, findings = complete.complete(
        stated,
        read,
        image.height_px,
        name=name,
        unit=config.depth_unit,
        min_confidence=config.min_read_confidence,
    )
    printed = complete.by_track(stated, read, image.height_px)
    return ReadScan(image, read, known, (*read.findings, *findings), printed)


def prepare(
    item: ScanInput, config: DigitiseConfig, reader: TextReader | None = None
) -> PreparedLog:
    """Decode a scan and resolve its geometry.

    Parameters
    ----------
    item : ScanInput
    config : DigitiseConfig
    reader : TextReader, optional
        Reads what the sidecar leaves out; without it nothing is looked for on the page.

    Raises
    ------
    VeernetError
        If the scan or its sidecar cannot be used.
    """
    scan = read_scan(item, config, reader)
    sections, findings = sidecar.resolve(scan.known, scan.raster, config.depth_unit)
    known = scan.known
    well = known.well if known is not None else WellInfo()
    dpi = sidecar.layout_dpi(sections, scan.raster, known.dpi if known is not None else None)
    printed = scan.printed
    if reader is not None and not any(printed.values()):
        try:
            printed = reading.read_stated(scan.raster, sections, dpi, reader)
        except ReadingError as error:
            findings = (*findings, _not_cross_checked(error))
    findings = (*scan.findings, *findings, *stated_check.held_against(sections, printed))
    return PreparedLog(item.ref, scan.raster, well, sections, dpi, findings)


def _not_cross_checked(error: ReadingError) -> Finding:
    """All is stated, and only the reading of what is printed above it failed."""
    return Finding.of(
        "not_cross_checked",
        f"The scales printed above the tracks could not be read ({error.message}); those of the"
        " sidecar are used without being cross-checked.",
    )


def digitise_many(
    items: Iterable[ScanInput],
    predictor: Predictor,
    config: DigitiseConfig,
    reader: TextReader | None = None,
    page_workers: int = 1,
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
    reader : TextReader, optional
        Reads what sidecars leave out; without it nothing is looked for on the pages.
    page_workers : int
        Scans whose pages are read at once, in threads; the results do not depend on it. Each takes
        about 0.3 GB.
    """
    works: list[_Work] = []
    pending: list[tuple[_Work, Strip]] = []
    finished: deque[Future[DigitisedLog | FailedScan]] = deque()
    earlier: list[Future[None]] = []
    # one thread: what is traced first is finished first, while the network goes on
    with ThreadPoolExecutor(1, "trace") as tracer:

        def finish() -> None:
            finished.append(tracer.submit(_finish, works.pop(0), predictor, config))

        prepared = _prepared(items, config, reader, page_workers)
        for work, strip in _read_ahead(_strips(prepared, config), depth=2 * GROUP_STRIPS):
            if work not in works[-1:]:
                works.append(work)
            if strip is not None:
                pending.append((work, strip))
            if len(pending) >= GROUP_STRIPS:
                _infer(pending, predictor, tracer, earlier)
                pending = []
            while len(works) > 1 and all(w is not works[0] for w, _ in pending):
                finish()
            while finished and (finished[0].done() or len(finished) > 2):
                yield finished.popleft().result()
        _infer(pending, predictor, tracer, earlier)
        while works:
            finish()
        while finished:
            yield finished.popleft().result()


def judge(log: DigitisedLog, policy: GatePolicy) -> DigitisedLog:
    """The gate: verdicts of all curves anew under a policy."""
    curves = tuple(
        replace(c, verdict=quality.judge(c.quality, _flags(log, c.curve, policy), policy))
        for c in log.curves
    )
    return replace(log, curves=curves)


@dataclass(slots=True, eq=False)
class _Work:
    """One scan on its way: what it is, what has been traced so far, or why it failed."""

    item: ScanInput
    config: DigitiseConfig
    log: PreparedLog | None = None
    error: VeernetError | None = None
    traces: dict[tuple[int, int, int], list[Trace]] = field(default_factory=dict)
    states: dict[tuple[int, int, tuple[int, ...]], decode.DecodeState] = field(default_factory=dict)
    pictures: dict[tuple[int, int], dict[int, U8]] = field(default_factory=dict)
    borders: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
    lines: dict[tuple[int, int], dict[int, tuple[F64, F64]]] = field(default_factory=dict)
    offsets: dict[tuple[int, int], dict[int, F64]] = field(default_factory=dict)
    tracing: list[Future[None]] = field(default_factory=list)

    def wait(self) -> None:
        """Until everything handed to the tracer is traced; its error, if it had one."""
        while self.tracing:
            self.tracing.pop(0).result()


def _prepared(
    items: Iterable[ScanInput],
    config: DigitiseConfig,
    reader: TextReader | None,
    page_workers: int,
) -> Iterator[_Work]:
    """Scans decoded and read, in order, a few at once."""
    waiting: deque[Future[_Work]] = deque()
    with ThreadPoolExecutor(page_workers, "page") as pool:
        for item in items:
            waiting.append(pool.submit(_prepare_work, item, config, reader))
            if len(waiting) >= page_workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _prepare_work(item: ScanInput, config: DigitiseConfig, reader: TextReader | None) -> _Work:
    work = _Work(item, config)
    try:
        work.log = prepare(item, config, reader)
    except Exception as error:
        work.error = of_scan(error, item.ref.uri)
    return work


def _strips(works: Iterable[_Work], config: DigitiseConfig) -> Iterator[tuple[_Work, Strip | None]]:
    for work in works:
        yield work, None
        if work.log is None:
            continue
        try:
            for strip in rectify.strip_blocks(work.log, config):
                yield work, strip
        except Exception as error:
            work.error = of_scan(error, work.item.ref.uri, "rectify")
            yield work, None


def _read_ahead(source: Iterator[T], depth: int) -> Iterator[T]:
    """Run an iterator in a thread, a bounded number of items ahead."""
    line: queue.Queue[tuple[str, Any]] = queue.Queue(depth)
    stop = threading.Event()

    def offer(message: tuple[str, Any]) -> bool:
        while not stop.is_set():
            try:
                line.put(message, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def pump() -> None:
        try:
            for item in source:
                if not offer(("item", item)):
                    return
            offer(("end", None))
        except BaseException as error:
            offer(("error", error))

    threading.Thread(target=pump, daemon=True, name="read-ahead").start()
    try:
        while True:
            kind, value = line.get()
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        stop.set()


def _infer(
    pending: list[tuple[_Work, Strip]],
    predictor: Predictor,
    tracer: ThreadPoolExecutor,
    earlier: list[Future[None]],
) -> None:
    """Posteriors of a group; its tracing is handed on and listed in ``earlier``."""
    live = [(work, strip) for work, strip in pending if work.error is None]
    if not live:
        return
    try:
        posteriors = predictor.predict([strip for _, strip in live])
    except Exception as error:
        works = list({id(work): work for work, _ in live}.values())
        if len(works) == 1:
            works[0].error = of_scan(error, works[0].item.ref.uri, "infer")
            return
        for one in works:  # the others of the group have nothing to do with it
            _infer([pair for pair in live if pair[0] is one], predictor, tracer, earlier)
        return
    while earlier:  # posteriors are large: never more than two groups of them
        earlier.pop().exception()
    for (work, strip), posterior in zip(live, posteriors):
        work.tracing.append(tracer.submit(_trace, work, strip, posterior))
        earlier.append(work.tracing[-1])


def _trace(work: _Work, strip: Strip, posterior: Posterior) -> None:
    assert work.log is not None
    track = work.log.sections[strip.section_index].tracks[strip.track_index]
    specs = [_in_strip(track.curves[k], work.log, strip) for k in strip.curve_indices]
    key = (strip.section_index, strip.track_index, strip.curve_indices)
    traces, work.states[key] = decode.trace_block(strip, posterior, specs, work.states.get(key))
    for k, trace in zip(strip.curve_indices, traces):
        work.traces.setdefault((strip.section_index, strip.track_index, k), []).append(trace)
    _collect_lines(work, strip)
    _collect_offsets(work, strip)
    if work.config.overlays:
        _collect_picture(work, strip)


def _in_strip(spec: CurveSpec, log: PreparedLog, strip: Strip) -> CurveSpec:
    """A curve's known points in the coordinates of a strip (row, column)."""
    if not spec.points_px:
        return spec
    track = log.sections[strip.section_index].tracks[strip.track_index].geometry
    points = []
    for row, col in spec.points_px:
        at = np.array([row])
        left, right = float(track.left_px(at)[0]), float(track.right_px(at)[0])
        strip_row = float(
            np.interp(row, strip.scan_rows, np.arange(len(strip.scan_rows)), left=-1, right=-1)
        )
        strip_col = strip.left_col + (col - left) / (right - left) * strip.track_width_px
        points.append((strip_row, strip_col))
    return replace(spec, points_px=tuple(points))


def _collect_lines(work: _Work, strip: Strip) -> None:
    """Keep how dark a block's own rows are, in the ink that shows most, for a depth axis whose residual
    nobody knows."""
    assert work.log is not None
    axis = work.log.sections[strip.section_index].depth
    if axis is None or not np.isnan(axis.residual):
        return
    blocks = work.lines.setdefault((strip.section_index, strip.track_index), {})
    rows, share = strip.scan_rows[slice(*strip.keep_rows)], depth_check.line_share(strip)
    _, before = blocks.get(strip.first_row, (rows, share))
    blocks[strip.first_row] = rows, np.maximum(before, share)


def _collect_offsets(work: _Work, strip: Strip) -> None:
    """Keep where a block's own rows show the borders' lines; of several inks the one that shows most."""
    own = strip.ink[slice(*strip.keep_rows)]
    found = border_check.border_offsets(own, strip.left_col, strip.right_col)
    blocks = work.offsets.setdefault((strip.section_index, strip.track_index), {})
    before = blocks.get(strip.first_row)
    if before is None or np.isfinite(found).sum() > np.isfinite(before).sum():
        blocks[strip.first_row] = found


def _border_offsets(
    work: _Work, sections: Sequence[Section]
) -> dict[tuple[str, str], tuple[Section, F64]]:
    """Every track by section and track id: its section, and where its borders' lines are printed,
    float64 [stretches, 3]."""
    return {
        (section.section_id, track.track_id): (
            section,
            np.concatenate([np.zeros((0, 3)), *work.offsets.get((index, t), {}).values()]),
        )
        for index, section in enumerate(sections)
        for t, track in enumerate(section.tracks)
    }


def _collect_picture(work: _Work, strip: Strip) -> None:
    """Keep a block's own rows for the overlay; inks of one block are laid over each other."""
    blocks = work.pictures.setdefault((strip.section_index, strip.track_index), {})
    own = strip.ink[slice(*strip.keep_rows)]
    before = blocks.get(strip.first_row)
    blocks[strip.first_row] = own if before is None else np.maximum(before, own)
    work.borders[strip.section_index, strip.track_index] = (strip.left_col, strip.right_col)


def _finish(work: _Work, predictor: Predictor, config: DigitiseConfig) -> DigitisedLog | FailedScan:
    try:
        work.wait()
        if work.error is not None or work.log is None:
            error = work.error or VeernetError("nothing was prepared", work.item.ref.uri)
            return FailedScan(work.item.ref, error)
        return _assemble(work, work.log, predictor, config)
    except Exception as error:
        return FailedScan(work.item.ref, of_scan(error, work.item.ref.uri, "trace"))


def _assemble(
    work: _Work, log: PreparedLog, predictor: Predictor, config: DigitiseConfig
) -> DigitisedLog:
    log = _checked_depth(work, log)
    calibration = predictor.calibration
    maps = confidence.maps_from_json(calibration.get("confidence", {}))
    model = None
    if "quality" in calibration:
        model = quality.QualityModel.from_json(calibration["quality"])
    recovered: list[RecoveredCurve] = []
    for index, section in enumerate(log.sections):
        if section.depth is not None:
            recovered += _recover_section(work, index, section, maps, config)
    offsets = _border_offsets(work, log.sections)
    curves = []
    for curve in physical.merge_backups(recovered):
        siblings, residual = _context(log.sections, curve)
        slack = border_check.border_slack(offsets[curve.section_id, curve.track_id][1])
        estimate = quality.estimate(curve, siblings, residual, model, slack)
        verdict = quality.judge(estimate, (), config.gate)
        curves.append(JudgedCurve(curve, estimate, verdict))
    provenance = Provenance(
        work.item.ref.sha256,
        hashlib.sha256(work.item.sidecar).hexdigest() if work.item.sidecar is not None else "",
        predictor.model_id,
        config.hash(),
        veernet_core.__version__,
    )
    findings = (
        *log.findings,
        *_unplaced(log.sections),
        *_coarsened(log, config),
        *_borders_off(offsets),
        *log.raster.drain_findings(),
    )
    result = DigitisedLog(
        log.scan, log.well, log.sections, tuple(curves), findings, provenance, log.dpi
    )
    result = judge(result, config.gate)
    return replace(result, overlays=_overlays(work, log, result))


def _checked_depth(work: _Work, log: PreparedLog) -> PreparedLog:
    """Depth axes whose residual nobody knows get that of the lines, as the clearest track shows them."""
    sections = list(log.sections)
    for index, section in enumerate(log.sections):
        axis = section.depth
        kept = [work.lines.get((index, t)) for t in range(len(section.tracks))]
        if axis is None or not any(kept):
            continue
        fits = []
        for blocks in filter(None, kept):
            rows, share = (np.concatenate(v) for v in zip(*blocks.values()))
            fits.append(depth_check.fit_lines(axis.depth_at(rows), share, axis.unit))
        residual = depth_check.axis_residual(fits)
        sections[index] = replace(section, depth=replace(axis, residual=residual))
    return replace(log, sections=tuple(sections))


def _recover_section(
    work: _Work,
    index: int,
    section: Section,
    maps: confidence.ConfidenceMaps,
    config: DigitiseConfig,
) -> list[RecoveredCurve]:
    assert work.log is not None
    assert section.depth is not None
    step = _step(section.depth, work.log, config)
    depth = physical.depth_grid(section, step)
    out = []
    for t, track in enumerate(section.tracks):
        for k, spec in enumerate(track.curves):
            trace = physical.join_traces(work.traces.get((index, t, k), []))
            if spec.style in maps:
                sure = maps[spec.style].probability(trace.evidence, trace.frac)
            else:
                sure = np.full(len(trace.frac), np.nan)
            out.append(physical.recover(trace, sure, spec, section, track.track_id, depth, config))
    return out


def _step(axis: DepthAxis, log: PreparedLog, config: DigitiseConfig) -> float:
    return physical.choose_step(axis, config.strip_dpi / log.dpi, config)


def _coarsened(log: PreparedLog, config: DigitiseConfig) -> list[Finding]:
    """Sections whose depth step is coarser than what was asked for, or than the default."""
    out = []
    for section in log.sections:
        if section.depth is None or not section.tracks:
            continue
        unit = section.depth.unit
        wanted, step = physical.wanted_step(unit, config), _step(section.depth, log, config)
        if step != wanted:
            out.append(
                Finding.of(
                    "step_coarsened",
                    f"The depth step of section {section.section_id} is {step:g} {unit} instead of"
                    f" {wanted:g} {unit}: finer than two rows of the scan is not to be had.",
                    rows=(int(section.row_top), int(section.row_bottom)),
                    section_id=section.section_id,
                )
            )
    return out


def _context(
    sections: Sequence[Section], curve: RecoveredCurve
) -> tuple[tuple[CurveSpec, ...], float]:
    """Specs of the curve's track, and its section's depth residual."""
    for section in sections:
        if section.section_id == curve.section_id and section.depth is not None:
            for track in section.tracks:
                if track.track_id == curve.track_id:
                    return track.curves, section.depth.residual
    return (curve.spec,), float("nan")


def _borders_off(offsets: Mapping[tuple[str, str], tuple[Section, F64]]) -> list[Finding]:
    """Borders beside which, and not on which, a line is printed."""
    out = []
    for (section_id, track_id), (section, stretches) in offsets.items():
        for side, distance in zip(("left", "right"), border_check.printed_offset(stretches)):
            if not abs(distance) > border_check.OFF_FRAC:
                continue
            way = "right" if distance > 0 else "left"
            out.append(
                Finding(
                    "borders_off",
                    "geometry",
                    "warning",
                    f"the {side} border of track {track_id} is printed {100 * abs(distance):.1f} % of "
                    f"the track's width to the {way} of where it was taken to be",
                    f"Correct {side}_px of the track in the sidecar.",
                    (int(section.row_top), int(section.row_bottom)),
                    section_id,
                    track_id,
                )
            )
    return out


def _flags(log: DigitisedLog, curve: RecoveredCurve, policy: GatePolicy) -> tuple[str, ...]:
    """Reasons, known before any estimate, why a curve cannot be accepted."""
    siblings, residual = _context(log.sections, curve)
    flags = [*quality.depth_flags(residual, curve.depth_unit, policy)]
    if curve.spec.source in ("template", "guess"):
        flags.append("scale_guess")
    flags += _uncertain(log, curve)
    flags += _held(log, curve, policy)
    confidence = curve.confidence[np.isfinite(curve.value)]
    if len(confidence) and not np.isfinite(confidence).any():
        flags.append("uncalibrated_model")
    others = [c.curve for c in log.curves if _same_track(c.curve, curve)]
    return (*flags, *quality.trace_flags(curve, siblings, others))


def _same_track(one: RecoveredCurve, two: RecoveredCurve) -> bool:
    return (one.section_id, one.track_id) == (two.section_id, two.track_id)


def _uncertain(log: DigitisedLog, curve: RecoveredCurve) -> list[str]:
    """Reasons that lie in the reading of the page: depth or borders that are only supposed."""
    section = next(s for s in log.sections if s.section_id == curve.section_id)
    flags = []
    if section.depth is not None and section.depth.source in ("template", "guess"):
        flags.append("depth_guess")
    for finding in log.findings:
        here = finding.section_id == curve.section_id and finding.track_id in (None, curve.track_id)
        if here and finding.code in (BORDERS_UNCERTAIN, PAGE_DOUBTFUL):
            flags.append(finding.code)
    return flags


def _held(log: DigitisedLog, curve: RecoveredCurve, policy: GatePolicy) -> list[str]:
    """What the print above the track says against a stated scale or name, or fails to say for it."""
    key = (curve.section_id, curve.track_id, curve.spec.mnemonic)
    codes = [f.code for f in log.findings if (f.section_id, f.track_id, f.mnemonic) == key]
    flags = [code for code in codes if code in stated_check.CONTRADICTED]
    unread = curve.spec.source == "sidecar" and stated_check.SCALE_CONFIRMED not in codes
    return [*flags, "scale_unconfirmed"] if policy.require_printed_scales and unread else flags


def _unplaced(sections: Sequence[Section]) -> tuple[Finding, ...]:
    """Curves that were seen but cannot be delivered because the section has no depth."""
    return tuple(
        Finding(
            "no_depth",
            "depth",
            "warning",
            f"section {s.section_id} has no depth axis: its curves cannot be delivered",
            "State two or more depth anchors in the sidecar.",
            (int(s.row_top), int(s.row_bottom)),
            s.section_id,
        )
        for s in sections
        if s.depth is None and s.tracks
    )


def _overlays(work: _Work, log: PreparedLog, result: DigitisedLog) -> tuple[Overlay, ...]:
    out = []
    for (section_index, track_index), blocks in sorted(work.pictures.items()):
        section = log.sections[section_index]
        track = section.tracks[track_index]
        traces = [
            physical.join_traces(work.traces.get((section_index, track_index, k), []))
            for k in range(len(track.curves))
        ]
        image = np.concatenate([blocks[row] for row in sorted(blocks)])
        rows = traces[0].scan_rows
        left, right = work.borders[section_index, track_index]
        png = overlay.draw_overlay(
            image,
            [
                _drawn(result, section, track, spec, trace, work.config)
                for spec, trace in zip(track.curves, traces)
            ],
            left,
            right,
            scan_rows=rows,
            depth=section.depth.depth_at(rows) if section.depth is not None else None,
            depth_unit=section.depth.unit if section.depth is not None else None,
            title=f"{log.scan.stem}  {section.section_id}  {track.track_id}",
        )
        out.append(Overlay(f"overlay-{section.section_id}-{track.track_id}", png))
        name = f"strip-{section.section_id}-{track.track_id}"
        out += [
            Overlay(f"{name}-{slab.name}", plain)
            for slab, plain in slabs.draw_slabs(
                image, left, right, rows, section_index, track_index
            )
        ]
    return tuple(out)


def _drawn(
    result: DigitisedLog,
    section: Section,
    track: Track,
    spec: CurveSpec,
    trace: Trace,
    config: DigitiseConfig,
) -> overlay.OverlayCurve:
    """One curve of the overlay, with its verdict where it has one."""
    row = np.arange(len(trace.frac), dtype=np.float64)
    frac = np.where(trace.observed, trace.frac, np.nan)
    if section.depth is not None:
        limit = physical.bridge_limit(section.depth.unit, config)
        depth = section.depth.depth_at(trace.scan_rows)
        frac = physical.bridge(trace, depth, limit)
    key = (section.section_id, track.track_id, spec.mnemonic)
    for judged in result.curves:
        curve = judged.curve
        if (curve.section_id, curve.track_id, curve.spec.mnemonic) == key:
            note = f"R2 {judged.quality.r2_estimate:.2f}"
            return overlay.OverlayCurve(
                spec, row, frac, trace.observed, judged.verdict.decision, note
            )
    return overlay.OverlayCurve(spec, row, frac, trace.observed)
