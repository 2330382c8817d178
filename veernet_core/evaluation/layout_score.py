"""How well layouts are read, and the weights of decoding that read them best.

In: marks of pages by networks that never saw their wells, profiles of the pages, what people read.
Out: `LayoutScore`, counts that add up; fitted `DecodeSettings`. Does not belong here: training, files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy.ndimage import maximum_filter1d

from veernet_core.datatypes import F64, px_at
from veernet_core.evaluation.page_score import BORDER_TOLERANCE_PX, score_page
from veernet_core.evaluation.page_truth import PageTruth
from veernet_core.page.layout import courses, decode, marked, page_layout, splits
from veernet_core.page.layout.courses import StraightPage
from veernet_core.page.layout.decode import DecodeSettings
from veernet_core.page.layout.marked import LogFound, Marks
from veernet_core.page.results import HeaderFound, PageLayout, PageReading

_STEPS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("row_switch", (4.0, 8.0, 14.0, 22.0)),
    ("row_edge", (2.0, 5.0, 8.0)),
    ("line_weight", (1.0, 2.0, 3.5)),
    ("line_bias", (-1.5, -0.7, 0.0, 0.7, 1.5)),
    ("line_least", (-5.0, -3.0, -1.5)),
    ("area_weight", (0.2, 0.35, 0.6)),
    ("page_edge", (1.0, 2.5, 5.0)),
    ("switch", (1.5, 3.0, 6.0)),
    ("place_grid", (0.0, 3.0, 6.0, 12.0)),
    ("place_ink", (0.2, 0.7, 1.5)),
    ("place_cols", (1.0, 1.5, 2.5)),
)


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A page as the decoding sees it, with its truth; ``size_px`` is (height, width)."""

    name: str
    marks: Marks
    page: StraightPage
    truth: PageTruth
    size_px: tuple[int, int]


@dataclass(frozen=True, slots=True)
class LayoutScore:
    """Counts over pages: kinds, sections with at least 0.8 of their rows in common, borders of tracks
    within 3 px at 200 dpi, and sections that are not there.
    """

    pages: int = 0
    kinds: int = 0
    sections: int = 0
    sections_true: int = 0
    extra: int = 0
    borders: int = 0
    borders_true: int = 0
    shares: float = 0.0

    def __add__(self, other: LayoutScore) -> LayoutScore:
        names = (
            "pages",
            "kinds",
            "sections",
            "sections_true",
            "extra",
            "borders",
            "borders_true",
            "shares",
        )
        return LayoutScore(*(getattr(self, n) + getattr(other, n) for n in names))

    def to_json(self) -> dict[str, float]:
        """Plain numbers."""
        return asdict(self)

    @property
    def worth(self) -> float:
        """What the fit makes large: sections found and the share of borders of each, less extra ones."""
        return (self.sections + self.shares - 0.4 * self.extra + 0.3 * self.kinds) / max(
            1, self.pages
        )


def score_layout(truth: PageTruth, found: PageLayout, size_px: tuple[int, int]) -> LayoutScore:
    """Geometry of one page against its truth; borders are measured at the resolution of the truth."""
    dpi = truth.dpi if truth.dpi is not None else found.dpi
    reading = PageReading(replace(found, dpi=dpi), {}, HeaderFound(), ())
    score = score_page(truth, reading, size_px)
    if not truth.is_log:
        return LayoutScore(1, int(score.kind_right))
    near = [s.border_px[~s.in_column] <= BORDER_TOLERANCE_PX for s in score.sections]
    return LayoutScore(
        1, int(score.kind_right), sum(s.found for s in score.sections), len(score.sections),
        score.extra_sections, int(sum(n.sum() for n in near)), sum(len(n) for n in near),
        float(sum(n.mean() for n in near if len(n))),
    )  # fmt: skip


def read_marked(page: MarkedPage, settings: DecodeSettings) -> PageLayout:
    """The layout of a marked page, without its depth lines: they do not depend on the settings."""
    runs, logs = marked.find_logs(page.marks, page.page, settings)
    return page_layout.assembled(
        page.page, page.marks, runs, logs, settings, None, depth_lines=False
    )


def fit_settings(
    pages: Sequence[MarkedPage],
    start: DecodeSettings,
    rounds: int = 1,
    say: Callable[[str], None] = print,
) -> DecodeSettings:
    """Settings that read pages best, one weight after another.

    Parameters
    ----------
    pages : sequence of MarkedPage
        Marked by networks that never saw them.
    start : DecodeSettings
    rounds : int
        How often every weight is tried.
    say : callable
        Told every change.
    """
    best, worth = start, _worth(pages, start)
    say(f"start {worth:.4f}")
    for _ in range(rounds):
        for name, values in _STEPS:
            for value in values:
                if value == getattr(best, name):
                    continue
                tried = replace(best, **{name: value})
                own = _worth(pages, tried)
                if own > worth + 1e-4:
                    best, worth = tried, own
                    say(f"{name} = {value}: {worth:.4f}")
    return best


def _worth(pages: Sequence[MarkedPage], settings: DecodeSettings) -> float:
    total = LayoutScore()
    for page in pages:
        total += score_layout(page.truth, read_marked(page, settings), page.size_px)
    return total.worth


# ---- borders -----------------------------------------------------------------------------------------


def fit_lines(pages: Sequence[MarkedPage], settings: DecodeSettings) -> DecodeSettings:
    """Settings with the logistic regressions of borders fitted, with and without a scale block."""
    seen: dict[bool, list[tuple[float, float, float]]] = {True: [], False: []}
    for page in pages:
        for own, block, right in _line_samples(page, settings):
            seen[False].append((own, 0.0, right))
            if np.isfinite(block):
                seen[True].append((own, block, right))
    plain = _logistic(np.array([s[:1] for s in seen[False]]), [s[2] for s in seen[False]])
    both = _logistic(np.array([s[:2] for s in seen[True]]), [s[2] for s in seen[True]])
    if plain is None or both is None:
        return settings
    return replace(
        settings,
        seen_bias=plain[0],
        seen_weight=plain[1],
        block_bias=both[0] - plain[0],
        block_weight=both[2],
    )


def _logistic(rows: F64, right: Sequence[float]) -> list[float] | None:
    """Bias and weights of a logistic regression; None where one answer is missing."""
    from sklearn.linear_model import LogisticRegression

    if len(set(right)) < 2:
        return None
    fit = LogisticRegression(C=10.0, max_iter=1000).fit(rows, right)
    return [float(fit.intercept_[0]), *map(float, fit.coef_[0])]


def _line_samples(
    page: MarkedPage, settings: DecodeSettings
) -> Iterator[tuple[float, float, float]]:
    """Log odds in the log and in its block (NaN: no block) of every peak, and whether it is a border."""
    marks, runs = page.marks, marked.find_logs(page.marks, page.page, settings)[0]
    for place, run in enumerate(runs):
        first, last = marked.bands_of(marks, page.page, run)
        row = 0.5 * (run.first + run.last) * marks.cell_px
        inside = [s for s in page.truth.sections if s.row_top < row < s.row_bottom]
        if run.kind != "log" or last - first < 8 or not inside:
            continue
        profiles = courses.log_profiles(page.page, first, last)
        drift = float(
            np.interp(
                row, (np.arange(first, last) + 0.5) * page.page.profiles.band_px, profiles.drift
            )
        )
        blocks = marked.blocks_of(runs, place)
        for side, name in enumerate(("left", "right")):
            true = [px_at(getattr(t, name), row) for t in inside[0].tracks]
            own, block = marked.line_shares(marks, page.page, profiles, run, blocks, side)
            both = own if block is None else own + block
            for col in np.flatnonzero((both == maximum_filter1d(both, 9)) & (both > 0.06)):
                off = np.abs(np.array(true) - (col + 0.5) * marks.col_px - drift).min()
                far = float(decode.odds(block[col : col + 1])[0]) if block is not None else np.nan
                near = float(decode.odds(own[col : col + 1])[0])
                yield near, far, float(off <= 2.5 * marks.col_px + 2)


def fit_cuts(pages: Sequence[MarkedPage], settings: DecodeSettings) -> DecodeSettings:
    """Settings with the logistic regression of shared borders fitted."""
    rows: list[splits.Evidence] = []
    right: list[float] = []
    for page in pages:
        for log in marked.find_logs(page.marks, page.page, settings)[1]:
            middle = 0.5 * (log.first + log.last) * page.marks.cell_px
            inside = [s for s in page.truth.sections if s.row_top < middle < s.row_bottom]
            if not inside:
                continue
            drift = float(np.median(log.profiles.drift))
            row = _row_of(page, log, drift)
            true = np.array([px_at(t.left, row) for t in inside[0].tracks])
            for span, border in log.whole:
                if span.kind != "curves":
                    continue
                for col, evidence in splits.candidates(log.profiles, border, log.odds):
                    rows.append(evidence)
                    right.append(float(np.abs(true - col - drift).min() <= page.size_px[1] / 300))
    weights = _logistic(np.array(rows), right)
    if weights is None:
        return settings
    names = ("cut_bias", "cut_left", "cut_right", "cut_parts", "cut_gain", "cut_clear")
    return replace(settings, **dict(zip(names, weights)))


def _row_of(page: MarkedPage, log: LogFound, drift: float) -> float:
    """A page row at which the log lies at its median drift."""
    band = log.profiles.first + int(np.abs(log.profiles.drift - drift).argmin())
    return (band + 0.5) * page.page.profiles.band_px


# ---- confidence --------------------------------------------------------------------------------------


def track_evidence(pages: Sequence[MarkedPage], settings: DecodeSettings) -> tuple[F64, F64]:
    """Evidence of every curve track found [n, 4], and whether both its borders are right [n]."""
    rows: list[Sequence[float]] = []
    right: list[float] = []
    for page in pages:
        _, logs = marked.find_logs(page.marks, page.page, settings)
        for log in logs:
            for found in _judged(page, log):
                rows.append(found[0])
                right.append(found[1])
    return np.array(rows, np.float64).reshape(-1, 4), np.array(right)


def _judged(page: MarkedPage, log: LogFound) -> list[tuple[Sequence[float], float]]:
    borders = np.array([edge for border in log.borders for edge in border])
    course = courses.log_course(page.page, log.profiles, borders)
    middle = float(np.median(course.rows))
    scale = 200.0 / (page.truth.dpi.across if page.truth.dpi else 200.0)
    judged: list[tuple[Sequence[float], float]] = []
    for span, border, grid in zip(log.spans, log.borders, log.grids):
        if span.kind != "curves":
            continue
        own = [float(np.interp(middle, course.rows, course.columns(b))) for b in border]
        off = _distance(page.truth, middle, own) * scale
        judged.append((marked.evidence(span, grid), float(off <= BORDER_TOLERANCE_PX)))
    return judged


def _distance(truth: PageTruth, row: float, borders: Sequence[float]) -> float:
    """How far the worse border of a track is from those of the nearest true one at a row."""
    best = np.inf
    for section in truth.sections:
        if not section.row_top <= row <= section.row_bottom:
            continue
        for track in section.tracks:
            left, right = px_at(track.left, row), px_at(track.right, row)
            best = min(best, max(abs(left - borders[0]), abs(right - borders[1])))
    return best


def fit_confidence(evidence: F64, right: F64) -> dict[str, float]:
    """Weights of `marked.track_confidence` by logistic regression, lightly held to zero."""
    weights = _logistic(evidence, right.tolist())
    if weights is None:
        return {}
    names = ("sure_odds", "sure_purity", "sure_grid", "sure_whole")
    return {"sure_bias": weights[0], **dict(zip(names, weights[1:]))}
