"""Geometry of a page without a sidecar: sections, tracks, borders, grids, printed depth lines.

In: a raster. Out: `found.PageLayout`, with findings for what could not be made out. Does not belong
here: rules as such (`lines`), grids as such (`grid`), tracks across the paper (`tracks`), kinds
(`kinds`), any reading of text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d, label, uniform_filter1d

from veernet_core.datatypes import F32, F64, Finding, Raster
from veernet_core.page.layout import grid, kinds, lines, tracks
from veernet_core.page.layout.grid import GridFound
from veernet_core.page.layout.lines import PageProfiles
from veernet_core.page.results import (
    PageKind,
    PageLayout,
    SectionFound,
    SectionKind,
    TrackFound,
    TrackKind,
)

_KNOT_ROWS = 500
_KNOT_ERROR_PX = 0.25
_RULE_CAP = 60.0
_EDGE_BANDS = 12
_MOST_TRIMS = 6
_PRESENT = 0.5
_TRACK_IN, _PAGE_IN = 2.5, 8.25
_SURE = 0.78
_LYING, _MAX_LYING_PX = 1.3, 400_000_000
_LEAST_PX = 100
_LINES_IN = (0.1, 0.2, 0.5, 1.0, 2 / 12.7, 5 / 12.7, 10 / 12.7)
"""Usual spacings of depth lines: decimal inches for feet; 2, 5 and 10 m at 1:500."""
_TOUCHING_IN, _BORDER_SHARE = 0.3, 250


def read_layout(raster: Raster) -> PageLayout:
    """Find sections, tracks and depth lines of a page.

    Parameters
    ----------
    raster : Raster
        Read once, by windows.

    Returns
    -------
    PageLayout
        ``kind`` is `unknown` where no log was made out.
    """
    if min(raster.height_px, raster.width_px) < _LEAST_PX:
        across, down = raster.dpi_tag or (200.0, 200.0)
        return PageLayout("unknown", 0, (down, across), (), (_no_log_finding(False),))
    found = layout_of(lines.profile_page(raster), raster.dpi_tag)
    lies = (
        raster.width_px > _LYING * raster.height_px
        and raster.width_px * raster.height_px < _MAX_LYING_PX
    )
    turn = _turn(raster) if not _has_log(found) and lies else 0
    return replace(found, turn_deg=turn, findings=(*found.findings, _LIES)) if turn else found


def _has_log(found: PageLayout) -> bool:
    return any(section.kind == "main" for section in found.sections)


def _turn(raster: Raster) -> int:
    """Clockwise turn that sets a lying page upright; 0 where no log lies on it.

    Transposed, the page's left side is on top: with the header there, a quarter turn clockwise is due.
    """
    ink = raster.read_ink(0, raster.height_px).T
    standing = replace(
        raster,
        height_px=raster.width_px,
        width_px=raster.height_px,
        dpi_tag=raster.dpi_tag[::-1] if raster.dpi_tag else None,
        read_ink=lambda row0, row1: np.ascontiguousarray(ink[row0:row1]),
    )
    found = layout_of(lines.profile_page(standing), standing.dpi_tag)
    if found.kind != "curve_log":
        return 0
    logs = [section for section in found.sections if section.kind == "main"]
    return 90 if logs[0].row_top >= standing.height_px - logs[-1].row_bottom else 270


def layout_of(profiles: PageProfiles, dpi_tag: tuple[float, float] | None) -> PageLayout:
    """The layout of a page whose profiles are known."""
    page = _straight_page(profiles)
    bodies = kinds.find_bodies(page.straight)
    logs = [log for body in bodies if (log := _read_log(page, body))]
    logs = _apart([_fitted(page, log) for log in _merge(page, _extend(page, logs, bodies))])
    logs = _divided(page, _merge(page, logs))
    sections = _sections(page, logs)
    kind, findings = _page_kind(page, logs, sections)
    return PageLayout(kind, 0, _resolution(sections, dpi_tag), tuple(sections), findings)


_LIES = Finding.of(
    "page_lies",
)


@dataclass(frozen=True, slots=True)
class _Page:
    """Profiles, the drift of the paper [bands], and its upright rules as printed and straightened."""

    profiles: PageProfiles
    drift: F64
    sharp: F32
    straight: F32


@dataclass(frozen=True, slots=True)
class _Log:
    """One log, registered: column x of ``across`` is page column x + drift[band - first]."""

    first: int
    last: int
    drift: F64
    across: tracks.Across
    fields: tracks.Fields


def _straight_page(profiles: PageProfiles) -> _Page:
    drift = lines.measure_drift(profiles)
    sharp = lines.sharpen(profiles.upright, max(6, profiles.width_px // 160))
    return _Page(profiles, drift, sharp, lines.straighten(sharp, drift))


# ---- logs ------------------------------------------------------------------------------------


def _read_log(page: _Page, body: kinds.Body) -> _Log | None:
    """Tracks of a body; None where it is no log."""
    profiles, run = page.profiles, slice(body.first, body.last)
    straight = np.minimum(page.straight[run], _RULE_CAP)
    shift = lines.register(straight, straight.mean(axis=0), max(4, profiles.width_px // 300))
    drift = page.drift[run] + shift
    rules = np.minimum(lines.straighten(page.sharp[run], drift), _RULE_CAP).mean(axis=0)
    level = uniform_filter1d(lines.straighten(profiles.level[run], drift).mean(axis=0), 5)
    ink = lines.straighten(profiles.ink[run], drift).mean(axis=0)
    across = tracks.measure_across(rules, level, ink)
    rhythm = grid.rhythm(profiles, (body.first * profiles.band_px, body.last * profiles.band_px))
    likely = kinds.log_score(body, len(across.peaks), rhythm)
    fields = tracks.find_fields(across) if likely >= kinds.LOG_SCORE else None
    if fields is None or fields.score + likely < kinds.FIELDS_SCORE:
        return None
    return _Log(body.first, body.last, drift, across, fields)


def _presence(page: _Page, log: _Log, first: int, last: int) -> F64:
    """Share of the log's rules that bands ``first`` to ``last`` show, [bands] 0 to 1."""
    inner = np.arange(log.first, log.last)
    bands = np.arange(first, last)
    outer = page.drift[bands] - page.drift[np.clip(bands, log.first, log.last - 1)]
    drift = np.interp(bands, inner, log.drift) + outer
    ink = np.minimum(lines.straighten(page.sharp[first:last], drift), _RULE_CAP)
    spans = log.fields.spans
    strong = [p for p in log.across.strong if any(a - 5 <= p <= b + 5 for a, b in spans)]
    at = np.clip(np.rint(strong).astype(np.int64), 10, ink.shape[1] - 11)
    near = np.max([ink[:, at + step] for step in (-2, -1, 0, 1, 2)], axis=0)
    beside = np.max([ink[:, at + step] for step in (-8, -7, -6, 6, 7, 8)], axis=0)
    usual = np.maximum(log.across.rules[at], 4)
    return np.asarray(np.clip((near - beside) / usual[None], 0, 1).mean(axis=1), np.float64)


def _usual_presence(page: _Page, log: _Log) -> float:
    return float(np.median(_presence(page, log, log.first, log.last)))


def _fitted(page: _Page, log: _Log) -> _Log:
    """The log trimmed, again and again while that moves an end outwards: rules fade towards many ends."""
    for _ in range(_MOST_TRIMS):
        before, log = log, _trim(page, log)
        if max(before.first - log.first, log.last - before.last) < _EDGE_BANDS // 3:
            break
    return log


def _trim(page: _Page, log: _Log) -> _Log:
    """The log from the first to the last band that shows its rules: where their number leaps."""
    low = max(0, log.first - _EDGE_BANDS)
    high = min(page.profiles.bands, log.last + _EDGE_BANDS)
    seen = _presence(page, log, low, high)
    steady = uniform_filter1d(
        (seen > 0.3 * _usual_presence(page, log)).astype(np.float64), 2 * _EDGE_BANDS
    )
    inside = np.flatnonzero(steady >= 0.5)
    if len(inside) < 8:
        return log
    padded = np.pad(seen, 4)
    leap = np.array(
        [padded[i + 4 : i + 8].mean() - padded[i : i + 4].mean() for i in range(len(seen) + 1)]
    )
    start, stop = max(0, inside[0] - 2 * _EDGE_BANDS), inside[-1] - _EDGE_BANDS
    first = start + int(leap[start : inside[0] + _EDGE_BANDS].argmax())
    last = stop + int(leap[stop : inside[-1] + 2 * _EDGE_BANDS + 1].argmin())
    return _resized(page, log, low + first, low + last) if last - first >= 8 else log


def _resized(page: _Page, log: _Log, first: int, last: int) -> _Log:
    bands, inner = np.arange(first, last), np.arange(log.first, log.last)
    outer = page.drift[bands] - page.drift[np.clip(bands, log.first, log.last - 1)]
    return replace(log, first=first, last=last, drift=np.interp(bands, inner, log.drift) + outer)


def _extend(page: _Page, logs: list[_Log], bodies: list[kinds.Body]) -> list[_Log]:
    """Add bodies that are no logs by themselves but show the rules of the log beside them."""
    done = list(logs)
    for body in bodies:
        for place, log in enumerate(done):
            if body.first < log.last and body.last > log.first:
                break
            first, last = min(log.first, body.first), max(log.last, body.last)
            outside = (first, log.first) if first < log.first else (log.last, last)
            if any(first < other.last and last > other.first for other in done if other is not log):
                continue
            if _goes_on(page, log, *outside):
                done[place] = _read_log(page, kinds.Body(first, last, body.likeness)) or log
                break
    return done


def _merge(page: _Page, logs: list[_Log]) -> list[_Log]:
    """Join logs between which the grid goes on: a faint stretch or a blot, no new section."""
    merged: list[_Log] = []
    for log in logs:
        joined = _joined(page, merged[-1], log) if merged else None
        if joined is not None:
            merged[-1] = joined
        else:
            merged.append(log)
    return merged


def _joined(page: _Page, above: _Log, below: _Log) -> _Log | None:
    """One log of two, where the rules of the longer one go on between them; else None."""
    longer = max((above, below), key=lambda log: log.last - log.first)
    goes_on = _goes_on(page, longer, max(0, above.last - _EDGE_BANDS), below.first + _EDGE_BANDS)
    if not goes_on and not _borders_meet(page, above, below):
        return None
    return _read_log(page, kinds.Body(above.first, below.last, 1.0))


def _borders_meet(page: _Page, above: _Log, below: _Log) -> bool:
    """Whether two logs touch and all borders run on from one to the other: a copy whose fine rules fade
    for half of its length shows two grids, but it is one log."""
    if (below.first - above.last) * page.profiles.band_px > _TOUCHING_IN * _inch(above):
        return False
    if len(above.fields.spans) != len(below.fields.spans):
        return False
    upper = np.array(above.fields.spans) + float(np.median(above.drift[-_EDGE_BANDS:]))
    lower = np.array(below.fields.spans) + float(np.median(below.drift[:_EDGE_BANDS]))
    return bool(np.abs(upper - lower).max() < page.profiles.width_px / _BORDER_SHARE)


def _goes_on(page: _Page, log: _Log, first: int, last: int) -> bool:
    """Whether a log's rules are seen on most bands, and nowhere missing for long."""
    seen = _presence(page, log, first, min(last, page.profiles.bands))
    faint = _PRESENT * _usual_presence(page, log)
    missing = uniform_filter1d(seen, 3) < 0.7 * faint
    runs, count = label(missing)
    longest = max((int((runs == k + 1).sum()) for k in range(count)), default=0)
    return bool(np.median(seen) > faint and longest * page.profiles.band_px < 0.7 * _inch(log))


def _apart(logs: list[_Log]) -> list[_Log]:
    """Logs that do not overlap."""
    return [
        replace(
            log,
            first=max(log.first, before.last),
            drift=log.drift[max(0, before.last - log.first) :],
        )
        if before is not None
        else log
        for before, log in zip([None, *logs[:-1]], logs)
    ]


def _divided(page: _Page, logs: list[_Log]) -> list[_Log]:
    """Split double fields in two where a scale block divides them, on the whole page alike."""
    ends = [0, *[log.last for log in logs]]
    if not any(_block_divides(page, log, end) for log, end in zip(logs, ends)):
        return logs
    return [replace(log, fields=tracks.split_double(log.across, log.fields)) for log in logs]


def _block_divides(page: _Page, log: _Log, end: int) -> bool:
    """Whether the scale block above a log, below band ``end``, draws a border down a double field."""
    band, inch = page.profiles.band_px, _inch(log)
    far = max(end, round(_scales_top(page, log) / band))
    if (log.first - far) * band < 0.8 * inch:
        return False
    ink = _above(page, log, far)
    spans = tracks.double_spans(log.fields)
    ink = _aligned(ink, log.fields.spans)
    whole = [_middle_divides(ink, span) for span in spans]
    near = [_middle_divides(ink[-round(0.8 * inch / band) :], span) for span in spans]
    return any(w if w is not None else bool(n) for w, n in zip(whole, near))


def _aligned(ink: F32, spans: tuple[tracks.Span, ...]) -> F32:
    """Bands of a scale block shifted so that its rules stand on the borders below."""
    borders = np.unique(np.rint([edge for span in spans for edge in span]).astype(np.int64))
    reach = max(4, ink.shape[1] // 80)
    borders = borders[(borders > reach) & (borders < ink.shape[1] - reach - 1)]
    shifts = np.arange(-reach, reach + 1)
    seen = [(ink[:, borders + shift] > 12).mean() - 0.002 * abs(shift) for shift in shifts]
    return np.roll(ink, -int(shifts[int(np.argmax(seen))]), axis=1)


def _middle_divides(ink: F32, span: tracks.Span) -> bool | None:
    """Whether a rule as long as the borders stands in the middle of a span; None: borders not seen."""

    def share(col: float) -> float:
        at = min(max(round(col), 6), ink.shape[1] - 7)
        return float((ink[:, at - 5 : at + 6].max(axis=1) > 12).mean())

    edge, middle = max(share(span[0]), share(span[1])), share(0.5 * (span[0] + span[1]))
    return middle >= 0.62 and middle >= 0.65 * edge if edge > 0.6 else None


def _above(page: _Page, log: _Log, far: int) -> F32:
    """Upright rules of bands ``far`` to the log's first, in the log's columns."""
    drift = page.drift[far : log.first] - page.drift[log.first] + log.drift[0]
    return np.minimum(lines.straighten(page.sharp[far : log.first], drift), _RULE_CAP)


# ---- sections --------------------------------------------------------------------------------


def _sections(page: _Page, logs: list[_Log]) -> list[SectionFound]:
    """Logs and what lies between them, from top to bottom."""
    profiles = page.profiles
    sections: list[SectionFound] = []
    bottom = 0.0
    for number, log in enumerate(logs, 1):
        top = float(log.first * profiles.band_px)
        sections += _between(page, bottom, top, number, log)
        sections.append(_log_section(page, log, f"log{number}"))
        bottom = sections[-1].row_bottom
    rest = profiles.height_px - bottom
    if rest > 4 * profiles.band_px:
        name: SectionKind = "tail" if logs else "other"
        sections.append(_plain(name, name, bottom, float(profiles.height_px)))
    return sections


def _between(page: _Page, top: float, bottom: float, number: int, log: _Log) -> list[SectionFound]:
    """Header (above the first log) and scale block above a log."""
    inch = _inch(log)
    if bottom - top < 0.3 * inch:
        return []
    start = max(top, _scales_top(page, log))
    if number > 1 and start - top < 2.5 * inch:
        start = top
    parts = []
    if start - top >= 0.3 * inch:
        kind: SectionKind = "header" if number == 1 else "other"
        parts.append(_plain(f"{kind}{number}", kind, top, start))
    parts.append(_plain(f"scales{number}", "scales", start, bottom))
    return parts


def _scales_top(page: _Page, log: _Log) -> float:
    """Row at which the scale block above a log begins: so far up go its track borders."""
    band, inch = page.profiles.band_px, _inch(log)
    far = max(0, log.first - round(5 * inch / band))
    near = log.first
    if near - far < 2:
        return float(near * band)
    ink = uniform_filter1d(_above(page, log, far), 3, axis=0)
    borders = np.unique(
        np.rint([edge for span in log.fields.spans for edge in span]).astype(np.int64)
    )
    borders = borders[(borders > 8) & (borders < ink.shape[1] - 9)]
    seen = np.max([ink[:, borders + step] for step in range(-4, 5)], axis=0) > 12
    share = uniform_filter1d(seen.mean(axis=1), max(3, round(0.5 * inch / band)))
    missing = np.flatnonzero(share[::-1] < 0.25)
    least = round(0.6 * inch / band)
    up = next((int(m) for m in missing if m >= least), near - far)
    return float((near - up) * band)


def _plain(name: str, kind: SectionKind, top: float, bottom: float) -> SectionFound:
    return SectionFound(name, kind, top, bottom, (), np.zeros((0, 2)), 0.5)


def _log_section(page: _Page, log: _Log, name: str) -> SectionFound:
    profiles = page.profiles
    band = profiles.band_px
    top, bottom = log.first * band, min(profiles.height_px, log.last * band)
    course = _course(page, log)
    fields = zip(log.fields.spans, log.fields.grids)
    found = [_track(course, span, "curves", fit) for span, fit in fields]
    found += [_track(course, span, "depth", None) for span in log.fields.columns]
    found.sort(key=lambda track: float(track.left_knots[0, 1]))
    depth_lines = _depth_lines(profiles, log, course)
    confidence = float(np.clip(log.fields.score / 1.25, 0, 1))
    return SectionFound(
        name, "main", float(top), float(bottom), tuple(found), depth_lines, confidence
    )


def _inch(log: _Log) -> float:
    """Pixels per inch, roughly: the usual page is 8.25 in wide, or the track 2.5 in."""
    spans = log.fields.spans
    return (spans[-1][1] - spans[0][0]) / _PAGE_IN


def _track(
    course: _Course, span: tracks.Span, kind: TrackKind, seen: GridFound | None
) -> TrackFound:
    return TrackFound(
        course.knots(span[0]),
        course.knots(span[1]),
        kind,
        seen.scale if seen else None,
        seen.divisions if seen else None,
        seen.decades if seen else None,
        seen.decade_start if seen else None,
        seen.score if seen else 0.3,
    )


# ---- courses ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Course:
    """How columns of a log wander down the page.

    ``rows`` [n] are the middles of bands, ``drift`` [n] the common drift; ``peaks`` [m] the rules and
    ``offsets`` [windows, m] what each leaves of the drift in windows about ``window_rows``.
    """

    rows: F64
    drift: F64
    window_rows: F64
    peaks: F64
    offsets: F64

    def columns(self, col: float) -> F64:
        """Page column of registered column ``col`` at every row, [n]."""
        own = np.array([np.interp(col, self.peaks, line) for line in self.offsets])
        return col + self.drift + np.interp(self.rows, self.window_rows, own)

    def knots(self, col: float) -> F64:
        """The course of ``col`` as few [row, px] knots."""
        return _simplify(np.column_stack([self.rows, self.columns(col)]), _KNOT_ERROR_PX)


def _course(page: _Page, log: _Log) -> _Course:
    """Follow every rule of a log down the paper."""
    band = page.profiles.band_px
    drift = gaussian_filter1d(log.drift, 2)
    ink = np.minimum(lines.straighten(page.sharp[log.first : log.last], drift), _RULE_CAP)
    rows = np.asarray((np.arange(log.first, log.last) + 0.5) * band - 0.5, np.float64)
    size = max(4, round(_KNOT_ROWS / band))
    centres = np.unique(np.clip(np.arange(0, len(rows) + size // 2, size // 2), 0, len(rows) - 1))
    peaks = log.across.strong[log.across.strong > 0]
    if len(peaks) == 0:
        return _Course(rows, drift, rows[[0]], np.zeros(1), np.zeros((1, 1)))
    windows = np.stack(
        [ink[max(0, c - size // 2) : c + size // 2 + 1].mean(axis=0) for c in centres]
    )
    usual = log.across.rules[np.clip(np.rint(peaks).astype(np.int64), 0, ink.shape[1] - 1)]
    offsets = lines.rule_offsets(windows, peaks, usual)
    return _Course(rows, drift, rows[centres], peaks, offsets)


def _simplify(course: F64, error_px: float) -> F64:
    """Fewest of the knots that stay within ``error_px`` of all of them (Douglas-Peucker)."""
    keep = np.zeros(len(course), np.bool_)
    keep[[0, -1]] = True
    stack = [(0, len(course) - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        rows = course[first : last + 1, 0]
        straight = np.interp(rows, course[[first, last], 0], course[[first, last], 1])
        off = np.abs(course[first : last + 1, 1] - straight)
        worst = int(off.argmax())
        if off[worst] > error_px:
            keep[first + worst] = True
            stack += [(first, first + worst), (first + worst, last)]
    return course[keep]


def _depth_lines(profiles: PageProfiles, log: _Log, course: _Course) -> F64:
    """Level lines at the middle of the depth column, else at the left border of the first track."""
    rows = np.arange(
        log.first * profiles.band_px, min(profiles.height_px, log.last * profiles.band_px)
    )
    columns, spans = log.fields.columns, log.fields.spans
    col = 0.5 * sum(columns[0]) if columns else spans[0][0]
    smooth = gaussian_filter1d(course.columns(col), 4)
    pivot = np.interp(rows, course.rows, smooth)
    slope = -np.interp(rows, course.rows, np.gradient(smooth) / profiles.band_px)
    return grid.read_depth_lines(
        profiles, (int(rows[0]), int(rows[-1]) + 1), pivot, slope, _inch(log)
    )[0]


# ---- the page --------------------------------------------------------------------------------


def _page_kind(
    page: _Page, logs: list[_Log], sections: list[SectionFound]
) -> tuple[PageKind, tuple[Finding, ...]]:
    """Whether this is a log of curves, and what speaks against it."""
    sure = [s for s in sections if s.kind == "main" and s.confidence >= _SURE]
    spans = [(log.first, log.last, log.drift, log.fields) for log in logs]
    images = kinds.image_share(page.profiles, spans)
    if images is not None:
        return "not_curve_log", (_image_finding(images),)
    if not sure:
        return "unknown", (_no_log_finding(bool(logs)),)
    return "curve_log", ()


def _image_finding(rows: tuple[int, int]) -> Finding:
    return Finding.of(
        "image_track",
        rows=rows,
    )


def _no_log_finding(doubtful: bool) -> Finding:
    what = (
        "The grid that was found explains too few of the rules."
        if doubtful
        else "No grid was found."
    )
    return Finding.of(
        "layout_doubtful" if doubtful else "no_log_found",
        f"{what} The page may be no curve log, lie on its side, or be too faint.",
    )


def _resolution(
    sections: list[SectionFound], tag: tuple[float, float] | None
) -> tuple[float, float]:
    """Resolution (down, across): from tracks of 2.4 to 2.8 in, and lines at usual spacings.

    Where tracks are of no usual width the tag counts, if lines bear it out.
    """
    logs = [s for s in sections if s.kind == "main"]
    claimed = (tag[1], tag[0]) if tag else (200.0, 200.0)
    across = _median([_track_px(s) for s in logs]) / _TRACK_IN
    if not np.isfinite(across):
        return claimed
    usual = any(abs(np.log(across * r / claimed[1])) < 0.2 for r in (0.5, 1, 2))
    borne_out = any(abs(np.log(_down_dpi(s, claimed[0]) / claimed[0])) < 0.03 for s in logs)
    if tag and borne_out and (not usual or len(logs[0].tracks) > 4):
        return claimed
    down = _median([_down_dpi(s, across) for s in logs])
    if np.isfinite(down):
        return float(down), float(down if abs(np.log(down / across)) < 0.15 else across)
    return float(across), float(across)


def _median(values: list[float]) -> float:
    known = [v for v in values if np.isfinite(v)]
    return float(np.median(known)) if known else float("nan")


def _track_px(section: SectionFound) -> float:
    """Median width of ten divisions, px; of any track where no grid is linear."""
    widths = []
    for track in section.tracks:
        if track.kind == "curves" and track.scale is not None:
            width = float(np.median(track.right_knots[:, 1]) - np.median(track.left_knots[:, 1]))
            tens = (
                (track.divisions or 10) / 10
                if track.scale == "linear"
                else (track.decades or 2) / 2
            )
            if tens in (1, 2, 3):
                widths.append(width / tens)
    return _median(widths)


def _down_dpi(section: SectionFound, across: float) -> float:
    """Rows per inch that make the line spacing a usual one, nearest to the resolution across."""
    gaps = np.diff(section.depth_lines[:, 0])
    if len(gaps) < 5:
        return float("nan")
    pitch = float(np.median(gaps))
    choices = pitch / np.array(_LINES_IN)
    best = float(choices[np.abs(np.log(choices / across)).argmin()])
    return best if abs(np.log(best / across)) < 0.22 else float("nan")
