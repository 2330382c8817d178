"""The inks that a track is drawn in, on a page with colour, and how likely each is a pen's.

In: a raster in colour, sections with their tracks, and the fitted model. Out: for every track its inks, each
with the chance that it draws a line that can be followed, not rules, fills, print or the coloured edges of
black. The model is fitted by ``veernet fit-pens`` on hand-read pages; it ships with its record. Does not
belong here: fitting (`training.drawn_pens`), which pens have a name (`known.unnamed`), and the colour a scale
is printed in (`colours`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F64, U8, Bool, Dpi, Raster
from veernet_core.page.models import PageModels
from veernet_core.page.ocr.tints import BLACK, DARK, hex_of, hued_ink
from veernet_core.page.results import InkFound, SectionFound

INK_FEATURES = (
    "presence", "windows", "ruled", "level", "width_in", "wide_in", "runs", "connected", "wander", "reach",
    "share", "fringe", "is_black",
)  # fmt: skip
"""Share of the rows inked and of the windows in which that is the rule; of the ink, the share in columns and in
rows that are inked throughout; median and ninth decile of its width in a row, in; stretches of ink in a row;
share of rows whose ink touches that of the row above; how far it moves within a window, and from window to
window, in widths of the track; share of the track's ink; share of it at the edge of another ink; 1 for
black."""
_WINDOWS, _WINDOW_IN = 24, 0.5
"""How many stretches of a section are looked at, and how long each is."""
_INSET_IN = 0.04
"""Left out at either border: its rule."""
_BINS, _APART = 36, 3
"""Of the circle of hues, and how many of them two colours are apart at least."""
_LEAST_SHARE = 0.01
"""Share of the coloured ink of a track from which a hue is looked at."""
_FULL = 0.6
"""Inked share of a column, or of a row, of a window that is a rule."""
_HUES = 180.0
_GREY = 110
"""Brightest channel of black ink, of 255."""
SHIPPED = "drawn_pens.json"
_LEAST_IN, _LEAST_OF = 0.003, 1e-3
"""Added before logarithms: to widths, and to shares."""


@dataclass(frozen=True, slots=True)
class DrawnInk:
    """Ink of one colour in a track: ``colour`` as ``#rrggbb``, ``presence`` the share of the rows it is in,
    rules and all; ``features`` float64 [n] as `INK_FEATURES`.
    """

    colour: str
    presence: float
    features: F64


@dataclass(frozen=True, slots=True)
class PenModel:
    """Tells lines of pens from other ink. ``mean``, ``spread`` and ``weight`` float64 [n] are of `ink_terms`;
    ``level`` is the chance from which an ink counts as a pen's.
    """

    mean: F64
    spread: F64
    weight: F64
    bias: float
    level: float

    def chance(self, features: F64) -> F64:
        """Probability that inks are lines of pens, float64 [n], of features float64 [n, features]."""
        odds = ((ink_terms(features) - self.mean) / self.spread) @ self.weight + self.bias
        out: F64 = 1.0 / (1.0 + np.exp(-odds))
        return out


def ink_terms(features: F64) -> F64:
    """What the model weighs, float64 [n, terms]: features, some as logarithms, some for black ink apart."""
    named = dict(zip(INK_FEATURES, features.T, strict=True))
    terms = [
        named["presence"],
        np.log(named["presence"] + _LEAST_SHARE),
        named["windows"],
        named["ruled"],
        named["level"],
        np.log(named["width_in"] + _LEAST_IN),
        np.log(named["wide_in"] + _LEAST_IN),
        np.log1p(named["runs"]),
        named["connected"],
        named["wander"],
        named["reach"],
        np.log(named["share"] + _LEAST_OF),
        named["fringe"],
        named["fringe"] ** 4,
        named["is_black"],
        named["is_black"] * named["level"],
        named["is_black"] * named["presence"],
    ]
    return np.stack(terms, axis=1)


def unpack_pens(data: bytes) -> PenModel:
    """The model of a file."""
    raw: Mapping[str, Any] = json.loads(data)
    mean, spread, weight = (np.array(raw[k], np.float64) for k in ("mean", "spread", "weight"))
    return PenModel(mean, spread, weight, float(raw["bias"]), float(raw["level"]))


@lru_cache(maxsize=1)
def _shipped() -> PenModel:
    folder = resources.files("veernet_core.page.scales") / "weights"
    return unpack_pens((folder / SHIPPED).read_bytes())


def found_inks(
    raster: Raster, sections: Sequence[SectionFound], dpi: Dpi, models: PageModels
) -> list[InkFound]:
    """The inks of the tracks of sections; none on a page without colour.

    Parameters
    ----------
    raster : Raster
        Upright.
    sections : sequence of SectionFound
    dpi : Dpi
    models : PageModels
    """
    model = models.load(SHIPPED, unpack_pens, _shipped)
    out = []
    for section in sections:
        for index, inks in enumerate(inks_of(raster, section, dpi)):
            chances = model.chance(np.array([i.features for i in inks])) if inks else np.zeros(0)
            out += [
                InkFound(section.section_id, index, ink.colour, ink.presence, is_pen)
                for ink, is_pen in zip(inks, (chances >= model.level).tolist(), strict=True)
                if section.tracks[index].kind == "curves"
            ]
    return out


def inks_of(raster: Raster, section: SectionFound, dpi: Dpi) -> list[list[DrawnInk]]:
    """The inks of every track of a section, in the order of its tracks; none on a page without colour.

    Parameters
    ----------
    raster : Raster
        Upright.
    section : SectionFound
    dpi : Dpi
        Of the page.
    """
    if not raster.is_colour:
        return [[] for _ in section.tracks]
    top, bottom = max(0, int(section.row_top)), min(raster.height_px, int(section.row_bottom))
    tall = max(2, round(_WINDOW_IN * dpi.down))
    last = max(top, bottom - tall)
    starts = sorted({int(r) for r in np.linspace(top, last, _WINDOWS)})
    parts: list[list[U8]] = [[] for _ in section.tracks]
    inset = _INSET_IN * dpi.across
    for start in starts:
        rgb = raster.read_rgb(start, min(start + tall, bottom))
        for own, track in zip(parts, section.tracks):
            left, right = track.borders_at(start + tall / 2)
            own.append(rgb[:, max(0, round(left + inset)) : max(0, round(right - inset))])
    return [_inks(own, dpi.across) for own in parts]


def _inks(windows: Sequence[U8], dpi: float) -> list[DrawnInk]:
    """The inks of one track."""
    windows = [w for w in windows if w.shape[0] > 1 and w.shape[1] > 1]
    if not windows:
        return []
    hues = [_hue(w) for w in windows]
    black = [w.max(axis=2) < _GREY for w in windows]
    masks = [
        [(h >= 0) & (_from(h, peak) <= _APART / 2 + 0.5) for h in hues] for peak in _peaks(hues)
    ]
    colours = [hex_of(_pixels(windows, mask)) for mask in masks]
    black = [b & (h < 0) for b, h in zip(black, hues)]
    every = [*masks, black] if any(b.any() for b in black) else masks
    inked = sum(int(m.sum()) for mask in every for m in mask)
    return [
        DrawnInk(
            colour,
            float(np.mean([m.any(axis=1).mean() for m in mask])),
            _features(mask, [m for m in every if m is not mask], inked, dpi, colour == BLACK),
        )
        for mask, colour in zip(every, [*colours, BLACK])
    ]


def _hue(rgb: U8) -> NDArray[np.float64]:
    """Bin of the hue of every inked coloured pixel, else -1, float64 [rows, cols]."""
    hue = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)[..., 0].astype(np.float64) * (_BINS / _HUES)
    coloured = (hued_ink(rgb) > 0) & (rgb.min(axis=2) < DARK)
    return np.where(coloured, hue, -1.0)


def _peaks(hues: Sequence[F64]) -> list[float]:
    """Hues, in bins, that stand out, the most frequent first."""
    found = np.concatenate([h[h >= 0] for h in hues])
    counts = np.bincount(found.astype(np.int64) % _BINS, minlength=_BINS).astype(np.float64)
    total, peaks = counts.sum(), []
    soft = counts + 0.5 * (np.roll(counts, 1) + np.roll(counts, -1))
    while soft.max() > _LEAST_SHARE * max(total, 1.0):
        best = int(soft.argmax())
        peaks.append(best + 0.5)
        gap = np.abs((np.arange(_BINS) - best + _BINS // 2) % _BINS - _BINS // 2)
        soft[gap <= _APART] = 0.0
    return peaks


def _from(hue: F64, peak: float) -> F64:
    """Distance of hues from one, in bins around the circle."""
    out: F64 = np.abs((hue - peak + _BINS / 2) % _BINS - _BINS / 2)
    return out


def _pixels(windows: Sequence[U8], mask: Sequence[Bool]) -> U8:
    return np.concatenate([w[m] for w, m in zip(windows, mask)])


def _features(
    mask: Sequence[Bool], others: Sequence[Sequence[Bool]], inked: int, dpi: float, is_black: bool
) -> F64:
    """`INK_FEATURES` of one ink."""
    ink = max(1, sum(int(m.sum()) for m in mask))
    by_column, by_row = [_without_columns(m) for m in mask], [_without_rows(m) for m in mask]
    bare = [a & b for a, b in zip(by_column, by_row)]
    ruled, level = ((ink - sum(int(m.sum()) for m in kept)) / ink for kept in (by_column, by_row))
    rows = np.concatenate([m.any(axis=1) for m in bare])
    widths = np.concatenate([m.sum(axis=1) for m in bare])[rows]
    runs = np.concatenate([_runs(m) for m in bare])[rows]
    touching = [_touches(m) for m in bare]
    seen = sum(int((m[1:].any(axis=1) & m[:-1].any(axis=1)).sum()) for m in bare)
    centres = [_centres(m) for m in bare]
    middles = np.array([np.median(c) for c in centres if len(c)])
    spans = np.array([np.ptp(c) for c in centres if len(c) > 1])
    edge = sum(int((m & _near([o[k] for o in others])).sum()) for k, m in enumerate(mask))
    values: list[Any] = [
        rows.mean(),
        np.mean([m.any(axis=1).mean() > 0.5 for m in bare]),
        ruled,
        level,
        (np.median(widths) if len(widths) else 0.0) / dpi,
        (np.quantile(widths, 0.9) if len(widths) else 0.0) / dpi,
        runs.mean() if len(runs) else 0.0,
        sum(touching) / max(1, seen),
        np.median(spans) if len(spans) else 0.0,
        middles.std() if len(middles) else 0.0,
        ink / max(1, inked),
        edge / ink,
        float(is_black),
    ]
    return np.array(values, dtype=np.float64)


def _without_columns(mask: Bool) -> Bool:
    out: Bool = mask & (mask.mean(axis=0) < _FULL)[None, :]
    return out


def _without_rows(mask: Bool) -> Bool:
    out: Bool = mask & (mask.mean(axis=1) < _FULL)[:, None]
    return out


def _runs(mask: Bool) -> NDArray[np.int64]:
    """Stretches of ink in each row."""
    starts = mask[:, 1:] & ~mask[:, :-1]
    out: NDArray[np.int64] = starts.sum(axis=1) + mask[:, 0]
    return out


def _touches(mask: Bool) -> int:
    """Rows whose ink touches that of the row above."""
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((1, 3), np.uint8)) > 0
    return int((wide[:-1] & mask[1:]).any(axis=1).sum())


def _centres(mask: Bool) -> F64:
    """Middle column of the ink of each inked row, in widths of the track."""
    rows = mask.any(axis=1)
    cols = np.arange(mask.shape[1], dtype=np.float64)
    out: F64 = (mask[rows] @ cols) / mask[rows].sum(axis=1) / mask.shape[1]
    return out


def _near(masks: Sequence[Bool]) -> Bool | bool:
    """Pixels of other inks and those beside them."""
    if not masks:
        return False
    joined = np.logical_or.reduce(masks).astype(np.uint8)
    out: Bool = cv2.dilate(joined, np.ones((3, 3), np.uint8)) > 0
    return out
