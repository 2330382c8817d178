"""Which stretches of a page are logs, which are forms, and whether the page is a curve log at all.

In: straightened profiles of the page's rules. Out: bodies (runs of bands that carry one grid) and
their evidence, the names of the sections between them, and the kind of the page.
Does not belong here: finding rules (`lines`), what a grid means (`grid`), tracks (`layout`).

The grid of a log repeats itself down the paper, a form does not: bands that resemble the 8 to 9 inches
below them (or above them) belong to a body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import label, uniform_filter1d

from veernet_core.datatypes import F32, F64
from veernet_core.page.layout.lines import PageProfiles, straighten
from veernet_core.page.layout.tracks import Fields

_NEAR_BANDS, _FAR_BANDS = 8, 64
_ALIKE = 0.5
_LEAST_BANDS = 16
_STRIPE_INK = 60.0
_IMAGE_INK, _IMAGE_WIDTH = 60.0, 0.12
LOG_SCORE, FIELDS_SCORE = 0.97, 2.02


@dataclass(frozen=True, slots=True)
class Body:
    """A run of bands ``first <= band < last`` with one grid; ``likeness`` is how well it repeats."""

    first: int
    last: int
    likeness: float


def find_bodies(straight: F32) -> list[Body]:
    """Runs of bands whose upright rules continue, from straightened rules [bands, width]."""
    ahead, behind = likeness(straight)
    runs, count = label(np.maximum(ahead, behind) > _ALIKE)
    bodies = []
    for number in range(1, count + 1):
        bands = np.flatnonzero(runs == number)
        top, bottom = bands[ahead[bands] > _ALIKE], bands[behind[bands] > _ALIKE]
        if len(top) == 0 or len(bottom) == 0 or bottom[-1] - top[0] < _LEAST_BANDS:
            continue
        first, last = int(top[0]), int(bottom[-1]) + 1
        bodies.append(Body(first, last, float(ahead[first:last].mean())))
    return bodies


def likeness(straight: F32) -> tuple[F64, F64]:
    """How alike every band's surroundings are to what lies below and above it, [bands] each, 0 to 1."""
    ink = np.minimum(straight, _STRIPE_INK)
    bands = len(ink)
    sums = np.concatenate([np.zeros((1, ink.shape[1])), np.cumsum(ink, axis=0, dtype=np.float64)])

    def stretch(first: int, last: int) -> F64:
        return np.asarray(sums[min(max(last, 0), bands)] - sums[min(max(first, 0), bands)])

    ahead, behind = np.zeros(bands), np.zeros(bands)
    for i in range(bands):
        near, far = i + _NEAR_BANDS, i + _NEAR_BANDS + _FAR_BANDS
        if bands - i > 2 * _NEAR_BANDS:
            ahead[i] = _cosine(stretch(i, near), stretch(near, far))
        near, far = i + 1 - _NEAR_BANDS, i + 1 - _NEAR_BANDS - _FAR_BANDS
        if i >= 2 * _NEAR_BANDS:
            behind[i] = _cosine(stretch(near, i + 1), stretch(far, near))
    return ahead, behind


def _cosine(a: F64, b: F64) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-6))


def log_score(body: Body, rules: int, rhythm: float) -> float:
    """Evidence that a body is a log rather than a form; `LOG_SCORE` divides the two.

    ``rules`` counts upright rules (lettering makes many); ``rhythm`` is how evenly spaced the level
    rules are, 0 to 1.
    """
    crowding = 0.003 * max(0, rules - 45)
    return body.likeness + 0.5 * rhythm - crowding + 0.001 * min(body.last - body.first, 200)


def image_share(
    profiles: PageProfiles, logs: list[tuple[int, int, F64, Fields]]
) -> tuple[int, int] | None:
    """Rows of a stretch where a wide track is filled like an image, if that is much of the page.

    Parameters
    ----------
    profiles : PageProfiles
    logs : list of (first band, last band, drift [bands], fields)
        The logs of the page; their fields do not count. Without any, the whole page is looked at.
    """
    wide = _IMAGE_WIDTH * profiles.width_px
    whole: tuple[int, int, F64 | None, Fields | None] = (
        profiles.bands // 4,
        profiles.bands,
        None,
        None,
    )
    stretches: list[tuple[int, int, F64 | None, Fields | None]] = [*logs] or [whole]
    for first, last, drift, fields in stretches:
        ink = profiles.ink[first:last].astype(np.float32)
        ink = ink if drift is None else straighten(ink, drift)
        dark = uniform_filter1d(ink.mean(axis=0), profiles.width_px // 40) > _IMAGE_INK
        for left, right in fields.spans if fields is not None else ():
            dark[max(0, int(left)) : max(0, int(right) + 1)] = False
        runs, count = label(dark)
        if count and max(int((runs == k + 1).sum()) for k in range(count)) > wide:
            return first * profiles.band_px, min(profiles.height_px, last * profiles.band_px)
    return None
