"""The canary: a few drawn logs with known truth that every run digitises first.

In: the results of digitising ``canary_logs()`` and the figures of earlier runs. Out: figures per line
style, limits they must keep, and whether the run has collapsed. A wrong driver, damaged weights or a
broken update shows here within seconds, before anything is delivered. The drawings are the same in every
run, so that any change of the figures is a change of the digitiser. Nothing is stored here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from veernet_core import metrics
from veernet_core.config import DigitiseConfig
from veernet_core.curve.physical import frac_at
from veernet_core.datatypes import F64, STYLES, DigitisedLog, RecoveredCurve, ScanRef, Style
from veernet_core.pipeline import FailedScan, ScanInput
from veernet_core.synth.pages.draw import draw_page, tiff_bytes
from veernet_core.synth.pages.plans import SyntheticPage, Truth

FAILED = "canary_failed"
"""Reason code of curves held back because the run's canary has collapsed."""
CONFIG = DigitiseConfig(overlays=False)
"""Settings the canary is digitised with, whatever the run's own are: figures stay comparable."""
BAND = 0.01
"""Half width of the drawn line in overlap figures, and the event of the confidence; track widths."""
_GRID = 1000
_HISTORY = 30
_PAGES: tuple[tuple[str, int, dict[str, object]], ...] = (
    ("canary-induction", 4, {"kind": "induction", "rows": 1500}),
    ("canary-combo", 7, {"kind": "triple_combo", "rows": 1500, "skew_deg": 0.4, "degraded": 0.4}),
)


@dataclass(frozen=True, slots=True)
class CanaryLog:
    """A drawn scan and what is true of it: ``track/mnemonic`` to (depth, value)."""

    item: ScanInput
    truth: Truth


@dataclass(frozen=True, slots=True)
class Reading:
    """Figures of one line style over all canary logs.

    Attributes
    ----------
    iou, f1, recall : float
        Overlap of delivered and true line, both drawn 2 % of the track wide. Never quote recall alone.
    mae_pct : float
        Mean |dx|, % of track width, over samples with value and truth.
    r2 : float
        Median over the curves, each at 300 depths; a curve not recovered counts as -1.
    ece : float
        Equal-width calibration error of the confidence.
    curves : int
    """

    iou: float
    f1: float
    recall: float
    mae_pct: float
    r2: float
    ece: float
    curves: int


Readings = Mapping[str, Reading]
"""By line style."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a healthy run keeps.

    ``floor`` holds whatever the history says; ``slack`` is how far a figure may fall (or, for errors,
    rise) from the median of earlier runs of the same model, ``other_slack`` of other models.
    """

    floor: Mapping[str, float]
    slack: Mapping[str, float]
    other_slack: float = 3.0


LIMITS = Limits(
    floor={"iou": 0.3, "f1": 0.45, "recall": 0.45, "mae_pct": 10.0, "r2": 0.4, "ece": 0.45},
    slack={"iou": 0.05, "f1": 0.05, "recall": 0.05, "mae_pct": 1.0, "r2": 0.05, "ece": 0.05},
)
_LESS_IS_BETTER = frozenset({"mae_pct", "ece"})


@dataclass(frozen=True, slots=True)
class CanaryReport:
    """The canary's word on one run.

    Attributes
    ----------
    model_id, version : str
    readings : mapping of line style to Reading
    limits : mapping of ``style/figure`` to the worst value allowed
    broken : tuple of str
        ``style/figure`` beyond their limits; empty for a healthy run.
    adopted : bool
        Somebody wanted these figures whatever the limits said: history starts anew with them.
    """

    model_id: str
    version: str
    readings: Readings
    limits: Mapping[str, float]
    broken: tuple[str, ...]
    adopted: bool = False

    @property
    def healthy(self) -> bool:
        """Whether the run may deliver what its gate accepts."""
        return not self.broken

    def to_json(self) -> str:
        """The report as strict JSON with sorted keys; figures rounded to five digits."""
        return json.dumps(_plain(asdict(self)), sort_keys=True, allow_nan=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> CanaryReport:
        """Inverse of ``to_json``.

        Raises
        ------
        ValueError
            If the text is no such report.
        """
        try:
            raw = json.loads(text)
            readings = {style: _parsed(figures) for style, figures in raw["readings"].items()}
            limits, broken = dict(raw["limits"]), tuple(raw["broken"])
            adopted = bool(raw.get("adopted", False))
            return cls(raw["model_id"], raw["version"], readings, limits, broken, adopted)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a canary report ({error})") from error


def _parsed(figures: Mapping[str, Any]) -> Reading:
    known: dict[str, Any] = {k: float("nan") if v is None else v for k, v in figures.items()}
    return Reading(**known)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return round(value, 5) if np.isfinite(value) else None
    return value


@lru_cache(maxsize=1)
def canary_logs() -> tuple[CanaryLog, ...]:
    """Draw the canary's logs: all line styles, one page clean, one skewed and worn."""
    out = []
    for stem, seed, settings in _PAGES:
        page = draw_page(np.random.default_rng([seed, 1_000_003]), **settings)  # type: ignore[arg-type]
        data = tiff_bytes(_without_print(page))
        ref = ScanRef(f"{stem}.tif", stem, hashlib.sha256(data).hexdigest(), len(data))
        sidecar = json.dumps(page.sidecar, sort_keys=True).encode()
        out.append(CanaryLog(ScanInput(ref, data, sidecar), page.truth))
    return tuple(out)


def _without_print(page: SyntheticPage) -> SyntheticPage:
    """The page with blank paper above its grid: there is no print to read, for the network is watched."""
    top = int(min(section["row_top"] for section in page.sidecar["sections"]))
    image = page.image.copy()
    image[:top] = 0 if image.ndim == 2 else 255
    return replace(page, image=image)


@dataclass(slots=True)
class _Tally:
    """What the curves of one style have shown so far."""

    overlap: metrics.Overlap
    dx: list[F64]
    r2: list[float]
    sure: list[F64]


def read_results(
    logs: Sequence[CanaryLog], results: Iterable[DigitisedLog | FailedScan]
) -> dict[str, Reading]:
    """Figures per line style; a log that failed counts as curves that were not recovered.

    Parameters
    ----------
    logs, results
        In the same order.
    """
    tallies = {style: _Tally(metrics.Overlap(0, 0, 0), [], [], []) for style in STYLES}
    for log, result in zip(logs, results, strict=True):
        found = {}
        if isinstance(result, DigitisedLog):
            found = {f"{c.curve.track_id}/{c.curve.spec.mnemonic}": c.curve for c in result.curves}
        for name, style, true in _true_curves(log):
            _add(tallies[style], found.get(name), *true)
    return {style: _reading(tally) for style, tally in tallies.items() if tally.r2}


def _true_curves(log: CanaryLog) -> list[tuple[str, Style, tuple[F64, F64]]]:
    """Name, line style and truth of every curve drawn."""
    assert log.item.sidecar is not None
    tracks = json.loads(log.item.sidecar)["sections"][0]["tracks"]
    styles = {f"{t['track_id']}/{c['mnemonic']}": c["style"] for t in tracks for c in t["curves"]}
    return [(name, styles[name], log.truth[name]) for name in sorted(log.truth)]


def _add(tally: _Tally, curve: RecoveredCurve | None, depth: F64, value: F64) -> None:
    """Count one curve; ``curve`` is None where nothing came back."""
    if curve is None:
        missed = int(np.isfinite(value).sum()) * _line_px()
        tally.overlap += metrics.Overlap(0, 0, missed)
        tally.r2.append(-1.0)
        return
    at = np.round(curve.depth * 2).astype(int)
    index = {int(d): i for i, d in enumerate(np.round(depth * 2).astype(int))}
    rows = np.array([index.get(int(d), -1) for d in at])
    true = np.where(rows >= 0, frac_at(value, curve.spec)[rows], np.nan)
    tally.overlap += band_overlap(curve.frac, true)
    score = metrics.score_curve(curve.frac, true, np.isfinite(true))
    tally.r2.append(score.r2 if np.isfinite(score.r2) and score.coverage >= 0.5 else -1.0)
    both = np.isfinite(curve.frac) & np.isfinite(true)
    tally.dx.append(np.abs(curve.frac - true)[both])
    tally.sure.append(curve.confidence[both])


def _line_px() -> int:
    return 2 * round(BAND * _GRID) + 1


def band_overlap(recovered: F64, truth: F64) -> metrics.Overlap:
    """Pixel counts of two lines, each 2 % of the track wide, on a grid of 0.1 %; [rows] each."""
    line = _line_px()
    given, drawn = np.isfinite(recovered), np.isfinite(truth)
    apart = np.abs(np.rint(recovered * _GRID) - np.rint(truth * _GRID))
    common = np.clip(line - np.nan_to_num(apart, nan=line), 0, line)
    hit = int(common[given & drawn].sum())
    return metrics.Overlap(hit, int(given.sum()) * line - hit, int(drawn.sum()) * line - hit)


def _reading(tally: _Tally) -> Reading:
    dx = np.concatenate(tally.dx) if tally.dx else np.zeros(0)
    sure = np.concatenate(tally.sure) if tally.sure else np.zeros(0)
    known = np.isfinite(sure)
    return Reading(
        tally.overlap.iou,
        tally.overlap.f1,
        tally.overlap.recall,
        100 * float(dx.mean()) if len(dx) else float("nan"),
        float(np.median(tally.r2)),
        metrics.calibration_error(sure[known], dx[known] <= BAND),
        len(tally.r2),
    )


def examine(
    readings: Readings,
    history: Sequence[CanaryReport],
    model_id: str,
    version: str,
    limits: Limits = LIMITS,
) -> CanaryReport:
    """Hold the figures of a run against floors and against earlier healthy runs.

    Parameters
    ----------
    history : sequence of CanaryReport
        Oldest first; only healthy ones since the last adopted one count, and the latest thirty of
        them. Runs of the same model and version go before all others.

    Returns
    -------
    CanaryReport
        A figure that is not known (NaN) breaks its limit, except the calibration error of a bundle
        without confidence maps, which accepts nothing anyway.
    """
    start = max((k for k, r in enumerate(history) if r.adopted), default=0)
    healthy = [r for r in history[start:] if r.healthy or r.adopted]
    same = [r for r in healthy if (r.model_id, r.version) == (model_id, version)]
    base = (same or healthy)[-_HISTORY:]
    widen = 1.0 if same else limits.other_slack
    bounds, broken = {}, []
    for style, reading in sorted(readings.items()):
        for figure in limits.floor:
            past = [getattr(r.readings[style], figure) for r in base if style in r.readings]
            bound = _bound(figure, [p for p in past if np.isfinite(p)], limits, widen)
            now = getattr(reading, figure)
            name = f"{style}/{figure}"
            bounds[name] = round(bound, 5)
            # figures are kept to five digits, so that is how far they can be compared
            fell = now > bound + 1e-5 if figure in _LESS_IS_BETTER else now < bound - 1e-5
            if fell or (not np.isfinite(now) and figure != "ece"):
                broken.append(name)
    return CanaryReport(model_id, version, readings, bounds, tuple(broken))


def _bound(figure: str, past: Sequence[float], limits: Limits, widen: float) -> float:
    """The worst value allowed: the stricter of the floor and the history's median with slack.

    Runs of one model differ by rounding of the hardware only, so three scaled median deviations or
    the slack, whichever is more, is generous to them and still far above a collapse.
    """
    worst = max if figure not in _LESS_IS_BETTER else min
    floor = limits.floor[figure]
    if not past:
        return floor
    centre = float(np.median(past))
    scatter = 3 * 1.4826 * float(np.median(np.abs(np.asarray(past) - centre)))
    room = widen * max(limits.slack[figure], scatter)
    return worst(floor, centre - room if worst is max else centre + room)
