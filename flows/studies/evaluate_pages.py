"""Measure page reading: against what people read on real scans, and on drawn pages with exact truth.

In: a folder of scans with hand-read truth (``tests/data/pages``) and an OCR engine. Out: one row of figures
for each page and a table over them. Scans are split by sorted name: even places are for development, odd
ones for the report. Scoring itself is ``veernet_core.evaluation.page_score``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from flows.local.digitise import SCAN_SUFFIXES
from veernet_core.config import RasterLimits
from veernet_core.datatypes import F64, Raster
from veernet_core.errors import VeernetError
from veernet_core.evaluation.cross_check_score import StatedScore, score_stated, stated_sections
from veernet_core.evaluation.page_score import (
    BORDER_TOLERANCE_PX,
    PageScore,
    PageTruth,
    SectionScore,
    score_page,
    truth_from_json,
    turned_truth,
)
from veernet_core.page.known.sidecar import layout_dpi
from veernet_core.page.ocr.text import TextReader
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.reading import read_page, read_stated, turned
from veernet_core.synth.page_cases import CASES, draw_case

Half = Literal["dev", "report", "all"]
TRUTH_SUFFIX = ".page.json"
GROSS_FT = 2.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageResult:
    """One page: its set, what was measured, and the time it took; ``error`` where it failed.

    ``seconds`` pass on the clock, ``cpu_s`` on all cores together. ``stated``: what the print does to true and
    falsified sidecars.
    """

    name: str
    group: str
    score: PageScore | None
    rows: int
    seconds: float
    cpu_s: float
    error: str = ""
    stated: StatedScore | None = None


def evaluate_scans(
    scans: Path, truth: Path, half: Half, reader: TextReader, only: Sequence[str] = ()
) -> Iterator[PageResult]:
    """Read and score every scan that has a truth.

    Raises
    ------
    FileNotFoundError
        No scan of the folder has a truth.
    """
    paths = sorted(p for p in scans.iterdir() if p.suffix.lower() in SCAN_SUFFIXES)
    places = {p.stem: k for k, p in enumerate(paths)}
    have = [p for p in paths if (truth / f"{p.stem}{TRUTH_SUFFIX}").exists()]
    if not have:
        raise FileNotFoundError(f"{truth}: no {TRUTH_SUFFIX} for any scan in {scans}")
    for path in have:
        group = "report" if places[path.stem] % 2 else "dev"
        if half in (group, "all") and (not only or path.stem in only):
            true = truth_from_json((truth / f"{path.stem}{TRUTH_SUFFIX}").read_bytes())
            yield _measure(path.stem, group, path.read_bytes(), true, reader)


def evaluate_drawn(
    reader: TextReader, seed: int = 0, only: Sequence[str] = ()
) -> Iterator[PageResult]:
    """Draw, read and score every case."""
    for name, expected, _ in CASES:
        if not only or name in only:
            case = draw_case(name, seed)
            true = truth_from_json(json.dumps(case.truth).encode())
            yield _measure(name, f"drawn {expected}", case.tiff, true, reader)


def _measure(
    name: str, group: str, data: bytes, truth: PageTruth, reader: TextReader
) -> PageResult:
    started, worked = time.monotonic(), time.process_time()
    try:
        raster = open_raster(data, name, RasterLimits())
        reading = read_page(raster, None, reader)
    except VeernetError as error:
        spent = time.monotonic() - started, time.process_time() - worked
        return PageResult(name, group, None, 0, *spent, str(error))
    spent = time.monotonic() - started, time.process_time() - worked
    assert reading is not None
    score = score_page(truth, reading, (raster.height_px, raster.width_px))
    stated = _hold_statements(raster, truth, reader) if truth.is_log else None
    return PageResult(name, group, score, raster.height_px, *spent, stated=stated)


def _hold_statements(raster: Raster, truth: PageTruth, reader: TextReader) -> StatedScore:
    """What the print does to sidecars that state everything, true and falsified ones."""
    upright = turned(raster, truth.turn_deg)
    truth = turned_truth(truth, truth.turn_deg, (raster.height_px, raster.width_px))
    sections = stated_sections(truth)
    dpi = truth.dpi[1] if truth.dpi is not None else layout_dpi(sections, upright)
    return score_stated(truth, read_stated(upright, sections, dpi, reader))


# ---- figures --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over pages; shares are NaN where nothing was to be counted.

    ``errors_ft`` are those at anchors of registered sections; ``gross`` counts registered sections that are
    off by more than ``GROSS_FT`` anywhere. ``ordinary``: registered, in review and all of the sections
    with known depths on ordinary logs.
    """

    pages: int
    failed: int
    logs: int
    kind_right: int
    hopeless: int
    refused: int
    sections: int
    sections_found: int
    borders_near: float
    with_depth: int
    registered: int
    in_review: int
    ordinary: tuple[int, int, int]
    errors_ft: F64
    within_tolerance: float
    gross: int
    header: tuple[int, int, int]
    scales: tuple[int, int, int]
    statements: tuple[int, int, int]
    wrong_scales: tuple[int, int]
    wrong_names: tuple[int, int]
    seconds: float
    cpu_s: float
    rows: int


def add_up(results: Sequence[PageResult]) -> Figures:
    """Figures over pages."""
    scores = [r.score for r in results if r.score is not None]
    told = [r.stated for r in results if r.stated is not None]
    logs = [s for s in scores if s.is_log]
    hopeless = [s for s in scores if s.must_refuse]
    sections = [s for score in logs for s in score.sections]
    borders = np.concatenate([np.zeros(0), *(s.border_px for s in sections)])
    deep = [s for s in sections if s.has_depth]
    usual = [s for score in logs if score.ordinary for s in score.sections if s.has_depth]
    registered = [s for s in deep if s.outcome == "registered"]
    errors = np.concatenate([np.zeros(0), *(s.errors_ft for s in registered)])
    inside = [float((s.errors_ft <= s.tolerance_ft).mean()) for s in registered if len(s.errors_ft)]
    return Figures(
        pages=len(results),
        failed=sum(r.score is None for r in results),
        logs=len(logs),
        kind_right=sum(s.kind_right for s in logs),
        hopeless=len(hopeless),
        refused=sum(s.refused for s in hopeless),
        sections=len(sections),
        sections_found=sum(s.found for s in sections),
        borders_near=_share(borders <= BORDER_TOLERANCE_PX),
        with_depth=len(deep),
        registered=len(registered),
        in_review=sum(s.outcome == "review" for s in deep),
        ordinary=(
            sum(s.outcome == "registered" for s in usual),
            sum(s.outcome == "review" for s in usual),
            len(usual),
        ),
        errors_ft=errors,
        within_tolerance=float(np.mean(inside)) if inside else float("nan"),
        gross=sum(bool((s.errors_ft > GROSS_FT).any()) for s in registered),
        header=_sum(scores, lambda s: (s.header_right, s.header_stated, s.header_true)),
        scales=_sum(scores, lambda s: (s.scales_right, s.scales_stated, s.scales_true)),
        statements=_sum(told, lambda s: (s.confirmed, len(s.alarms), s.stated)),
        wrong_scales=_pairs(s.wrong_scales for s in told),
        wrong_names=_pairs(s.wrong_names for s in told),
        seconds=sum(r.seconds for r in results),
        cpu_s=sum(r.cpu_s for r in results),
        rows=sum(r.rows for r in results),
    )


def _sum(scores: Sequence[T], counts: Callable[[T], tuple[int, int, int]]) -> tuple[int, int, int]:
    table = np.array([counts(s) for s in scores], dtype=int).reshape(-1, 3)
    right, stated, true = table.sum(axis=0)
    return int(right), int(stated), int(true)


def _pairs(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    noticed, tried = (sum(column) for column in zip((0, 0), *counts))
    return noticed, tried


def _share(flags: Any) -> float:
    return float(np.mean(flags)) if len(flags) else float("nan")


def describe(figures: Figures) -> list[tuple[str, str]]:
    """Figures as lines of a table: what, and how much."""
    f = figures
    errors = "none"
    if len(f.errors_ft):
        quantiles = (np.median(f.errors_ft), np.percentile(f.errors_ft, 95), f.errors_ft.max())
        errors = "{:.2f} / {:.2f} / {:.2f} ft".format(*quantiles)
    return [
        ("pages (failed)", f"{f.pages} ({f.failed})"),
        ("curve logs known as such", f"{f.kind_right} of {f.logs}"),
        ("pages to refuse: refused or reviewed", f"{f.refused} of {f.hopeless}"),
        ("sections found", f"{f.sections_found} of {f.sections}"),
        ("borders within 3 px at 200 dpi", _percent(f.borders_near)),
        ("depth registered (in review)", f"{f.registered} ({f.in_review}) of {f.with_depth}"),
        ("    of ordinary logs", "{} ({}) of {}".format(*f.ordinary)),
        ("depth error median / p95 / max", errors),
        ("anchors within 0.5 ft or 2 px", _percent(f.within_tolerance)),
        (f"registered, off by more than {GROSS_FT:g} ft", str(f.gross)),
        ("header fields right / stated / printed", "{} / {} / {}".format(*f.header)),
        ("scales right / stated / printed", "{} / {} / {}".format(*f.scales)),
        (
            "stated scales printed / contradicted / in all",
            "{} / {} / {}".format(*f.statements),
        ),
        ("wrong scales noticed", "{} of {}".format(*f.wrong_scales)),
        ("exchanged names noticed", "{} of {}".format(*f.wrong_names)),
        ("time", f"{f.seconds:.0f} s, {f.rows / max(f.seconds, 1e-9):.0f} rows/s"),
        ("CPU time", f"{f.cpu_s:.0f} s, {f.rows / max(f.cpu_s, 1e-9):.0f} rows/s"),
    ]


def _percent(share: float) -> str:
    return "none" if np.isnan(share) else f"{100 * share:.0f} %"


def page_lines(result: PageResult) -> list[str]:
    """One page in words, with everything that was stated wrongly."""
    head = f"{result.name} [{result.group}] {result.seconds:.1f} s ({result.cpu_s:.1f} s CPU)"
    score = result.score
    if score is None:
        return [f"{head}: FAILED {result.error}"]
    if score.must_refuse:
        head += f": {'refused' if score.refused else 'NOT REFUSED'}"
    if not score.is_log:
        return [head]
    lines = [head + ("" if score.kind_right else " NOT KNOWN AS A CURVE LOG")]
    lines += [f"    {_section_line(section)}" for section in score.sections]
    if score.extra_sections:
        lines.append(f"    {score.extra_sections} sections that are none")
    header = f"{score.header_right}/{score.header_stated}/{score.header_true}"
    scales = f"{score.scales_right}/{score.scales_stated}/{score.scales_true}"
    lines.append(f"    right/stated/printed: header {header}, scales {scales}")
    alarms = result.stated.alarms if result.stated is not None else ()
    lines += [f"    contradicted though true: {text}" for text in alarms]
    return lines + [f"    wrong: {text}" for text in score.wrong]


def _section_line(section: SectionScore) -> str:
    near = _percent(_share(section.border_px <= BORDER_TOLERANCE_PX))
    text = f"{section.section_id}: {'found' if section.found else 'NOT FOUND'}, borders {near}"
    text += f", depth {section.outcome}"
    if len(section.errors_ft):
        worst = section.errors_ft.max()
        text += f", error {np.median(section.errors_ft):.2f} / {worst:.2f} ft"
        text += " GROSS" if worst > GROSS_FT else ""
    return text


def table(results: Sequence[PageResult]) -> str:
    """The figures of every group side by side."""
    groups = sorted({r.group for r in results})
    columns = [describe(add_up([r for r in results if r.group == g])) for g in groups]
    if sum(g in ("dev", "report") for g in groups) == 2:
        groups.append("dev + report")
        columns.append(describe(add_up([r for r in results if r.group in ("dev", "report")])))
    lines = [["", *groups]]
    lines += [[row[0][0], *(cell[1] for cell in row)] for row in zip(*columns)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(groups) + 1)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths)) for line in lines)


def to_json(results: Sequence[PageResult]) -> str:
    """All results as JSON text, one object a page."""

    def plain(value: Any) -> Any:
        return [None if np.isinf(v) else round(float(v), 3) for v in value]

    rows = []
    for result in results:
        row: dict[str, Any] = {
            "name": result.name, "group": result.group, "seconds": round(result.seconds, 2),
            "cpu_s": round(result.cpu_s, 2), "rows": result.rows, "error": result.error,
        }  # fmt: skip
        if result.score is not None:
            score = {k: getattr(result.score, k) for k in PageScore.__slots__ if k != "sections"}
            row |= {"stated": None if result.stated is None else asdict(result.stated)}
            row |= score | {"sections": [_section_json(s, plain) for s in result.score.sections]}
        rows.append(row)
    return json.dumps(rows, indent=1)


def _section_json(section: SectionScore, plain: Callable[[Any], Any]) -> dict[str, Any]:
    raw = {k: getattr(section, k) for k in SectionScore.__slots__}
    return raw | {"errors_ft": plain(section.errors_ft), "border_px": plain(section.border_px)}
