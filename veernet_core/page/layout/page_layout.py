"""Geometry of a page without a sidecar: sections, tracks, borders, grids, printed depth lines.

In: a raster and the layout network. Out: `results.PageLayout`, with findings for what could not be made
out. Does not belong here: what the network marks (`maps`), how its marks become runs of rows and columns
(`decode`), where these lie to a fraction of a pixel (`marked`, `courses`), any reading of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from veernet_core.datatypes import Dpi, Finding, Raster
from veernet_core.page.layout import lines, marked, resolution
from veernet_core.page.layout.courses import StraightPage, straight_page
from veernet_core.page.layout.decode import DecodeSettings, RowRun
from veernet_core.page.layout.lines import PageProfiles
from veernet_core.page.layout.maps import INPUT_WIDTH, LayoutNet
from veernet_core.page.layout.marked import LogFound, Marks
from veernet_core.page.results import PageKind, PageLayout, SectionFound, SectionKind

_LYING, _MAX_LYING_PX = 1.3, 400_000_000
_LEAST_PX = 100
_IMAGE_WIDTH, _IMAGE_INK = 0.12, 60.0


def read_layout(
    raster: Raster, net: LayoutNet, settings: DecodeSettings | None = None
) -> PageLayout:
    """Find sections, tracks and depth lines of a page.

    Parameters
    ----------
    raster : Raster
        Read twice, by windows: for the network, and for the exact place of rules.
    net : LayoutNet
    settings : DecodeSettings, optional
        Those that come with the network by default.

    Returns
    -------
    PageLayout
        ``kind`` is `unknown` where no log was made out.
    """
    tag = raster.dpi_tag
    if min(raster.height_px, raster.width_px) < _LEAST_PX:
        return PageLayout("unknown", 0, tag or Dpi(200.0, 200.0), (), (_no_log_finding(False),))
    chosen = settings or DecodeSettings.from_json(net.settings)
    found = layout_of(marked.read_marks(raster, net), lines.profile_page(raster), chosen, tag)
    lies = (
        raster.width_px > _LYING * raster.height_px
        and raster.width_px * raster.height_px < _MAX_LYING_PX
    )
    turn = _turn(raster, net, chosen) if not _has_log(found) and lies else 0
    return replace(found, turn_deg=turn, findings=(*found.findings, _LIES)) if turn else found


def layout_of(
    marks: Marks,
    profiles: PageProfiles,
    settings: DecodeSettings,
    dpi_tag: Dpi | None,
) -> PageLayout:
    """The layout of a page whose marks and profiles are known."""
    page = straight_page(profiles)
    runs, logs = marked.find_logs(marks, page, settings)
    return assembled(page, marks, runs, logs, settings, dpi_tag)


def assembled(
    page: StraightPage,
    marks: Marks,
    runs: Sequence[RowRun],
    logs: Sequence[LogFound],
    settings: DecodeSettings,
    dpi_tag: Dpi | None,
    depth_lines: bool = True,
) -> PageLayout:
    """The layout made of what was decoded; without ``depth_lines`` it is made sooner."""
    sections = _sections(page, marks, runs, logs, settings, depth_lines)
    kind, findings = _page_kind(marks, logs, sections, settings)
    dpi = resolution.measured(sections, dpi_tag, page.profiles.width_px)
    return PageLayout(kind, 0, dpi, tuple(sections), findings)


def _has_log(found: PageLayout) -> bool:
    return any(section.kind == "main" for section in found.sections)


def _turn(raster: Raster, net: LayoutNet, settings: DecodeSettings) -> int:
    """Clockwise turn that sets a lying page upright; 0 where no log lies on it.

    Transposed, the page's left side is on top: with the header there, a quarter turn clockwise is due.
    """
    ink = raster.read_ink(0, raster.height_px).T
    standing = replace(
        raster,
        height_px=raster.width_px,
        width_px=raster.height_px,
        is_colour=False,
        dpi_tag=raster.dpi_tag.turned if raster.dpi_tag else None,
        read_ink=lambda row0, row1: np.ascontiguousarray(ink[row0:row1]),
    )
    marks = marked.read_marks(standing, net)
    found = layout_of(marks, lines.profile_page(standing), settings, standing.dpi_tag)
    if found.kind != "curve_log":
        return 0
    logs = [section for section in found.sections if section.kind == "main"]
    return 90 if logs[0].row_top >= standing.height_px - logs[-1].row_bottom else 270


_LIES = Finding.of("page_lies")


# ---- sections ----------------------------------------------------------------------------------------


def _sections(
    page: StraightPage,
    marks: Marks,
    runs: Sequence[RowRun],
    logs: Sequence[LogFound],
    settings: DecodeSettings,
    depth_lines: bool,
) -> list[SectionFound]:
    """Logs, scale blocks and forms from top to bottom."""
    sections = [
        marked.log_section(page, marks, log, f"log{number}", settings, depth_lines)
        for number, log in enumerate(logs, 1)
    ]
    numbers = {"scales": 0, "header": 0, "other": 0, "tail": 0}
    for run in runs:
        if run.kind not in ("scales", "form") or _inside(run, logs):
            continue
        kind = _kind_of(run, logs)
        numbers[kind] += 1
        top, bottom = run.first * marks.cell_px, min(marks.height_px, run.last * marks.cell_px)
        name = f"{kind}{numbers[kind]}"
        sections.append(SectionFound(name, kind, top, bottom, (), np.zeros((0, 2)), 0.5))
    return sorted(sections, key=lambda section: section.row_top)


def _inside(run: RowRun, logs: Sequence[LogFound]) -> bool:
    return any(log.first <= run.first and run.last <= log.last for log in logs)


def _kind_of(run: RowRun, logs: Sequence[LogFound]) -> SectionKind:
    if run.kind == "scales":
        return "scales"
    if not logs or run.first < logs[0].first:
        return "header" if logs else "other"
    return "tail" if run.first >= logs[-1].last else "other"


# ---- the page ----------------------------------------------------------------------------------------


def _page_kind(
    marks: Marks,
    logs: Sequence[LogFound],
    sections: Sequence[SectionFound],
    settings: DecodeSettings,
) -> tuple[PageKind, tuple[Finding, ...]]:
    """Whether this is a log of curves, and what speaks against it."""
    image = _image_of(marks, logs)
    notes = () if image is None else (image,)
    if any(s.kind == "main" and s.confidence >= settings.least_sure for s in sections):
        return "curve_log", notes
    if image is not None:
        return "not_curve_log", notes
    return "unknown", (_no_log_finding(bool(logs)),)


def _image_of(marks: Marks, logs: Sequence[LogFound]) -> Finding | None:
    """A stretch where a wide column is filled by a picture, with its rows and columns."""
    other = marks.areas[5]
    runs = [(log.first, log.last) for log in logs] or [(len(other) // 4, len(other))]
    for first, last in runs:
        filled = np.flatnonzero(other[first:last].mean(axis=0) > 0.5)
        if last - first > 8 and len(filled) > _IMAGE_WIDTH * other.shape[1]:
            px = np.rint(
                np.array([filled[0], filled[-1] + 1]) * marks.col_px * INPUT_WIDTH / other.shape[1]
            )
            rows = int(first * marks.cell_px), int(min(marks.height_px, last * marks.cell_px))
            text = f"Columns {px[0]:g} to {px[1]:g} px are filled with a picture or signs, not with curves."
            return Finding.of("image_track", text, rows=rows)
    return None


def _no_log_finding(doubtful: bool) -> Finding:
    what = "The tracks that were found are too uncertain." if doubtful else "No grid was found."
    return Finding.of(
        "layout_doubtful" if doubtful else "no_log_found",
        f"{what} The page may be no curve log, lie on its side, or be too faint.",
    )
