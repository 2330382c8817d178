"""Figures over measured pages, group by group, and pages in words.

In: `PageResult` values. Out: `Figures`, a table, lines of text, JSON. Does not belong here: measuring.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from flows.studies.evaluate_pages import PageResult
from flows.studies.truth_pages import ALL_GROUPS
from veernet_core.datatypes import F64
from veernet_core.evaluation.page_score import BORDER_TOLERANCE_PX, PageScore, SectionScore
from veernet_core.evaluation.yield_score import R2_RIGHT

GROSS_FT = 2.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CurveFigures:
    """Sums over printed curves.

    ``stated``: scales a person can read; ``named``, ``ends``, ``sure`` and ``sure_right`` of these.
    ``sure_wrong``: stated as sure, and none of the printed ones. ``followed``: curves a person can read and
    follow, of pages that were digitised; ``delivered``, ``accepted`` and ``gained`` (accepted and right) of
    these. ``accepted_wrong``: accepted, and none of the printed ones. ``fits``: R² of delivered curves
    with known values.
    """

    stated: int
    named: int
    ends: int
    read: int
    sure: int
    sure_right: int
    sure_wrong: int
    followed: int
    delivered: int
    accepted: int
    gained: int
    accepted_wrong: int
    valued: int
    fits: F64


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over pages; shares are NaN where nothing was to be counted.

    ``errors_ft`` are those at anchors of registered sections; ``gross`` counts registered sections that are
    off by more than ``GROSS_FT`` anywhere, ``slipped`` those off by half a line or more. ``ordinary``:
    registered, in review and all of the sections with known depths on ordinary logs. A page that failed
    counts as one of which nothing was read.
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
    track_borders_near: float
    with_depth: int
    registered: int
    in_review: int
    ordinary: tuple[int, int, int]
    errors_ft: F64
    within_tolerance: float
    gross: int
    slipped: int
    header: tuple[int, int, int]
    curves: CurveFigures
    statements: tuple[int, int, int]
    wrong_scales: tuple[int, int]
    wrong_names: tuple[int, int]
    seconds: float
    cpu_s: float
    rows: int


def add_up(results: Sequence[PageResult]) -> Figures:
    """Figures over pages."""
    scores = [r.score for r in results]
    told = [r.stated for r in results if r.stated is not None]
    logs = [s for s in scores if s.is_log]
    hopeless = [s for s in scores if s.must_refuse]
    sections = [s for score in logs for s in score.sections]
    borders = np.concatenate([np.zeros(0), *(s.border_px for s in sections)])
    tracks = np.concatenate([np.zeros(0), *(s.border_px[~s.in_column] for s in sections)])
    deep = [s for s in sections if s.has_depth]
    usual = [s for score in logs if score.ordinary for s in score.sections if s.has_depth]
    registered = [s for s in deep if s.outcome == "registered"]
    errors = np.concatenate([np.zeros(0), *(s.errors_ft for s in registered)])
    inside = [float((s.errors_ft <= s.tolerance_ft).mean()) for s in registered if len(s.errors_ft)]
    return Figures(
        pages=len(results),
        failed=sum(bool(r.error) for r in results),
        logs=len(logs),
        kind_right=sum(s.kind_right for s in logs),
        hopeless=len(hopeless),
        refused=sum(s.refused for s in hopeless),
        sections=len(sections),
        sections_found=sum(s.found for s in sections),
        borders_near=_share(borders <= BORDER_TOLERANCE_PX),
        track_borders_near=_share(tracks <= BORDER_TOLERANCE_PX),
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
        slipped=sum(s.slipped for s in registered),
        header=_sum(scores, lambda s: (s.header_right, s.header_stated, s.header_true)),
        curves=_add_up_curves(results),
        statements=_sum(told, lambda s: (s.confirmed, len(s.alarms), s.stated)),
        wrong_scales=_pairs(s.wrong_scales for s in told),
        wrong_names=_pairs(s.wrong_names for s in told),
        seconds=sum(r.seconds for r in results),
        cpu_s=sum(r.cpu_s for r in results),
        rows=sum(r.rows for r in results),
    )


def _add_up_curves(results: Sequence[PageResult]) -> CurveFigures:
    stated = [row for r in results for row in r.curves if row.stated]
    digitised = [r for r in results if r.is_digitised or r.error]
    followed = [row for r in digitised for row in r.curves if row.can_be_followed]
    valued = [row for row in followed if row.group.startswith("drawn")]
    return CurveFigures(
        stated=len(stated),
        named=sum(row.name_read for row in stated),
        ends=sum(row.ends_read for row in stated),
        read=sum(row.read for row in stated),
        sure=sum(row.sure for row in stated),
        sure_right=sum(row.sure_right for row in stated),
        sure_wrong=sum(len(r.score.wrong_scales) for r in results),
        followed=len(followed),
        delivered=sum(row.delivered for row in followed),
        accepted=sum(row.accepted for row in followed),
        gained=sum(row.gained for row in followed),
        accepted_wrong=sum(len(r.accepted_wrong) for r in results),
        valued=len(valued),
        fits=np.array([row.r2 for row in valued if np.isfinite(row.r2)], dtype=np.float64),
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


# ---- words ----------------------------------------------------------------------------------------


def describe(figures: Figures) -> list[tuple[str, str]]:
    """Figures as lines of a table: what, and how much."""
    f = figures
    errors = "none"
    if len(f.errors_ft):
        quantiles = (np.median(f.errors_ft), np.percentile(f.errors_ft, 95), f.errors_ft.max())
        errors = "{:.2f} / {:.2f} / {:.2f} ft".format(*quantiles)
    return [
        ("pages (failed)", f"{f.pages} ({f.failed})"),
        ("curve logs known as such", _of(f.kind_right, f.logs)),
        ("pages to refuse: refused or reviewed", _of(f.refused, f.hopeless)),
        ("sections found", _of(f.sections_found, f.sections)),
        ("borders within 3 px at 200 dpi", _percent(f.borders_near)),
        ("    of tracks, columns of text left out", _percent(f.track_borders_near)),
        ("depth registered (in review)", f"{f.registered} ({f.in_review}) of {f.with_depth}"),
        ("    of ordinary logs", "{} ({}) of {}".format(*f.ordinary)),
        ("depth error median / p95 / max", errors),
        ("anchors within 0.5 ft or 2 px", _percent(f.within_tolerance)),
        (f"registered, off by more than {GROSS_FT:g} ft", str(f.gross)),
        ("registered, off by half a line or more", str(f.slipped)),
        ("header fields right / stated / printed", "{} / {} / {}".format(*f.header)),
        *_describe_curves(f.curves),
        *_describe_statements(f),
        ("time", f"{f.seconds:.0f} s, {f.rows / max(f.seconds, 1e-9):.0f} rows/s"),
        ("CPU time", f"{f.cpu_s:.0f} s, {f.rows / max(f.cpu_s, 1e-9):.0f} rows/s"),
    ]


def _describe_curves(c: CurveFigures) -> list[tuple[str, str]]:
    lines = [
        ("scales a person can read", str(c.stated)),
        ("    their name read", _of(c.named, c.stated)),
        ("    both ends read", _of(c.ends, c.stated)),
        ("    name and both ends read", _of(c.read, c.stated)),
        ("    stated as sure", str(c.sure)),
        ("    sure and right", _of(c.sure_right, c.stated)),
        ("sure and wrong", str(c.sure_wrong)),
    ]
    if c.valued:
        good = int((c.fits > R2_RIGHT).sum())
        lines.append((f"R² above {R2_RIGHT:g}, whatever the verdict", _of(good, c.valued)))
    if c.followed:
        lines += [
            ("curves a person can read and follow", str(c.followed)),
            ("    delivered", _of(c.delivered, c.followed)),
            ("    accepted", _of(c.accepted, c.followed)),
            ("YIELD: accepted and right", _of(c.gained, c.followed)),
            ("accepted, and none of the printed ones", str(c.accepted_wrong)),
        ]
    return lines


def _describe_statements(f: Figures) -> list[tuple[str, str]]:
    if not f.statements[2]:
        return []
    return [
        ("stated scales printed / contradicted / in all", "{} / {} / {}".format(*f.statements)),
        ("wrong scales noticed", "{} of {}".format(*f.wrong_scales)),
        ("exchanged names noticed", "{} of {}".format(*f.wrong_names)),
    ]


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({100 * part / whole:.0f} %)" if whole else "")


def _percent(share: float) -> str:
    return "none" if np.isnan(share) else f"{100 * share:.0f} %"


def page_lines(result: PageResult) -> list[str]:
    """One page in words, with everything that was stated or accepted wrongly."""
    time = f"{result.seconds:.1f} s ({result.cpu_s:.1f} s CPU)"
    head = f"{result.name} [{result.group}, models {result.models}] {time}"
    score = result.score
    head += f": FAILED {result.error}" if result.error else ""
    if score.must_refuse:
        head += f": {'refused' if score.refused else 'NOT REFUSED'}"
    if not score.is_log:
        return [head]
    lines = [head + ("" if score.kind_right else " NOT KNOWN AS A CURVE LOG")]
    lines += [f"    {_section_line(section)}" for section in score.sections]
    if score.extra_sections:
        lines.append(f"    {score.extra_sections} sections that are none")
    header = f"{score.header_right}/{score.header_stated}/{score.header_true}"
    lines.append(f"    header right/stated/printed {header}")
    c = _add_up_curves([result])
    text = f"name {c.named}, ends {c.ends}, sure {c.sure}, sure and right {c.sure_right}"
    lines.append(f"    of {c.stated} scales: {text}")
    if result.is_digitised:
        text = f"delivered {c.delivered}, accepted {c.accepted}, accepted and right {c.gained}"
        lines.append(f"    of {c.followed} curves: {text}")
    alarms = result.stated.alarms if result.stated is not None else ()
    lines += [f"    contradicted though true: {text}" for text in alarms]
    lines += [f"    wrong: {text}" for text in score.wrong]
    return lines + [f"    accepted though wrong: {text}" for text in result.accepted_wrong]


def _section_line(section: SectionScore) -> str:
    near = _percent(_share(section.border_px <= BORDER_TOLERANCE_PX))
    text = f"{section.section_id}: {'found' if section.found else 'NOT FOUND'}, borders {near}"
    text += f", depth {section.outcome}"
    if len(section.errors_ft):
        worst = section.errors_ft.max()
        text += f", error {np.median(section.errors_ft):.2f} / {worst:.2f} ft"
        text += " GROSS" if worst > GROSS_FT else " SLIPPED" if section.slipped else ""
    return text


def table(results: Sequence[PageResult]) -> str:
    """The figures of every group side by side."""
    have = {r.group for r in results}
    groups = [g for g in ALL_GROUPS if g in have]
    columns = [dict(describe(add_up([r for r in results if r.group == g]))) for g in groups]
    names = list(dict.fromkeys(name for column in columns for name in column))
    # what only some groups have goes before the time, where it stands in those groups
    order = max(columns, key=len, default={})
    names.sort(key=lambda name: list(order).index(name) if name in order else len(order))
    lines = [["", *groups]]
    lines += [[name, *(column.get(name, "") for column in columns)] for name in names]
    widths = [max(len(line[k]) for line in lines) for k in range(len(groups) + 1)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths)) for line in lines)


def to_json(results: Sequence[PageResult]) -> str:
    """All results as JSON text, one object a page; its curves are in a table of their own."""

    def plain(value: Any) -> Any:
        return [None if np.isinf(v) else round(float(v), 3) for v in value]

    rows = []
    for result in results:
        row: dict[str, Any] = {
            "name": result.name, "group": result.group, "seconds": round(result.seconds, 2),
            "cpu_s": round(result.cpu_s, 2), "rows": result.rows, "error": result.error,
            "models": result.models, "accepted_wrong": result.accepted_wrong,
            "stated": None if result.stated is None else asdict(result.stated),
        }  # fmt: skip
        own = [k for k in PageScore.__slots__ if k not in ("sections", "scales")]
        row |= {k: getattr(result.score, k) for k in own}
        row |= {"sections": [_section_json(s, plain) for s in result.score.sections]}
        rows.append(row)
    return json.dumps(rows, indent=1)


def _section_json(section: SectionScore, plain: Callable[[Any], Any]) -> dict[str, Any]:
    raw = {k: getattr(section, k) for k in SectionScore.__slots__}
    lists = {"errors_ft": plain(section.errors_ft), "border_px": plain(section.border_px)}
    return raw | lists | {"in_column": section.in_column.tolist()}
