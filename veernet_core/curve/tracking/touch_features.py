"""What two paths look like on both sides of a touch: features of going on as given, and of an exchange.

In: paths, their ink and the touches. Out: numbers that do not change if the two paths change places, or the
strip is mirrored. Does not belong here: what follows from them (`touch_odds`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from veernet_core.curve.tracking.appearance import looks_of
from veernet_core.curve.tracking.touches import Touch, free_rows
from veernet_core.datatypes import F64, Bool

ARMS = (4, 8, 16, 32)
"""Rows over which the direction of an arm is taken."""
PAST = (8, 24)
"""The same where arms go on past other touches."""
STROKES = (24, 120)
"""Rows over which the stroke of an arm is looked at."""
_UNITS = ((0, 0.25), (1, 0.08), (2, 0.12), (5, 0.12), (3, 0.8), (4, 0.8))
"""Columns of ``looks_of`` in the order of the fitted features, and what each is divided by."""
PAIRINGS = np.array([[[0, 0], [1, 1]], [[0, 1], [1, 0]]])
"""Path above and path below, of both pairs, as given and exchanged."""


def touch_features(
    paths: F64, seen: Bool, strokes: F64, period: F64, touches: Sequence[Touch]
) -> F64:
    """Features of both ways through each touch.

    Parameters
    ----------
    paths : float64 [curves, rows]
        Unfolded columns.
    seen : bool [curves, rows]
        Where a path follows ink of its own.
    strokes : float64 [7, curves, rows]
        Of ``appearance.stroke_rows``.
    period : float64 [curves]
        Track width for curves that wrap, else 0.
    touches : sequence of Touch

    Returns
    -------
    float64 [touches, 2, features]
        Of the paths going on as given, and of their being exchanged.
    """
    one = np.array([t.one for t in touches])
    two = np.array([t.two for t in touches])
    pair = np.stack([one, two], axis=1)
    start = np.array([t.start for t in touches])
    stop = np.array([t.stop for t in touches])
    top, floor = free_rows(touches, len(paths), paths.shape[1])
    width = np.maximum(period[one], period[two])
    sides = _arm_rows(start, stop, top, floor)
    length = stop - start
    both = [_directions(paths, seen, pair, at, ok, length, ARMS) for at, ok in sides]
    inside = [(at >= 0) & (at < paths.shape[1]) for at, _ in sides]
    past = [
        _directions(paths, seen, pair, at, ok, length, PAST)
        for (at, _), ok in zip(sides, inside, strict=True)
    ]
    ways = [_side_change(both, width), _side_change(past, width)]
    for arm, above, below in zip(ARMS + PAST, both[0] + past[0], both[1] + past[1], strict=True):
        ways += _misfits(above, below, width, length + 1.0, arm)
    ways += _stroke_misfits(strokes * seen, pair, start, stop, top, floor)
    given = np.broadcast_to([0.5, -0.5], (len(touches), 2))
    place = _place(paths, period, touches, both, start, stop, top, floor)
    ways += [given, *(np.broadcast_to(p[:, None], given.shape) for p in place)]
    return np.stack(ways, axis=-1)


def _arm_rows(
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    top: NDArray[np.int64],
    floor: NDArray[np.int64],
) -> list[tuple[NDArray[np.int64], Bool]]:
    """Rows of the arms above and below, nearest first, and which of them are free: [touches, 2, rows]."""
    k = np.arange(max(ARMS))
    above = np.broadcast_to((start[:, None] - 1 - k)[:, None], (len(start), 2, len(k)))
    below = np.broadcast_to((stop[:, None] + k)[:, None], (len(start), 2, len(k)))
    return [(above, above >= top[..., None]), (below, below < floor[..., None])]


def _directions(
    paths: F64,
    seen: Bool,
    pair: NDArray[np.int64],
    at: NDArray[np.int64],
    ok: Bool,
    length: NDArray[np.int64],
    arms: Sequence[int],
) -> list[F64]:
    """Lines through arms of each length: column in the middle of the touch and at its edge, slope away from it,
    misfit and whether there is one, [touches, 2, 5].
    """
    row = at.clip(0, paths.shape[1] - 1)
    known = ok & seen[pair[..., None], row]
    col = paths[pair[..., None], row]
    base = col[..., :1]
    x = np.arange(at.shape[2]) + 0.5
    out = []
    for arm in arms:
        w = np.exp(-2 * x / arm)[: 2 * arm] * known[..., : 2 * arm]
        y, xs = (col - base)[..., : 2 * arm], x[: 2 * arm]
        n = w.sum(-1)
        mx, my = (w * xs).sum(-1) / np.maximum(n, 1e-9), (w * y).sum(-1) / np.maximum(n, 1e-9)
        dx, dy = xs - mx[..., None], y - my[..., None]
        spread = (w * dx**2).sum(-1)
        slope = (w * dx * dy).sum(-1) / (spread + 0.5)
        rest = np.sqrt((w * (dy - slope[..., None] * dx) ** 2).sum(-1) / np.maximum(n, 1e-9))
        edge = base[..., 0] + my - slope * mx
        middle = edge - slope * length[:, None] / 2
        there = known[..., :arm].sum(-1) >= 3
        out.append(np.stack([middle, edge, slope, rest, there], axis=-1))
    return out


def _around(d: F64, width: F64) -> F64:
    """Distances, the shorter way round where a path wraps."""
    w = width.reshape(-1, *[1] * (d.ndim - 1))
    return np.where(w > 0, d - w * np.round(d / np.where(w > 0, w, 1.0)), d)


def _by_way(pairs: F64) -> list[F64]:
    """Sum and largest of what the two pairs of each way cost, from [touches, above, below]."""
    each = np.stack([pairs[:, way[:, 0], way[:, 1]] for way in PAIRINGS], axis=1)
    return [each.sum(-1), each.max(-1)]


def _misfits(above: F64, below: F64, width: F64, length: F64, arm: int) -> list[F64]:
    """How far the arms of each pair miss each other, how much the way turns, both against how rough they
    are, and how much a pen bends between them.
    """
    there = (above[:, :, None, 4] * below[:, None, :, 4]) > 0
    d = _around(above[:, :, None, 0] - below[:, None, :, 0], width)
    down, after = -above[:, :, None, 2], below[:, None, :, 2]
    pace = _around(below[:, None, :, 1] - above[:, :, None, 1], width) / length[:, None, None]
    bend = (after - down) ** 2 + 12 * (pace - (after + down) / 2) ** 2
    bend = bend / length[:, None, None]
    rough = 0.5 + above[:, :, None, 3] + below[:, None, :, 3]
    steep = 0.3 * (np.abs(down) + np.abs(after))
    off, turn = np.abs(d) / (rough + steep), np.abs(after - down) * arm / rough
    out: list[F64] = []
    for value in (np.log1p(off), np.log1p(turn), np.log1p(4 * bend)):
        out += _by_way(np.where(there, value, 0.0))
    return out


def _side_change(both: list[list[F64]], width: F64) -> F64:
    """0.5 where the way changes sides, -0.5 where it does not, [touches, 2]."""
    sides = [_around(arms[1][:, 0, 1] - arms[1][:, 1, 1], width) for arms in both]
    change = -0.5 * np.sign(sides[0] * sides[1])
    return np.stack([change, -change], axis=1)


def _stroke_misfits(
    per_row: F64,
    pair: NDArray[np.int64],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    top: NDArray[np.int64],
    floor: NDArray[np.int64],
) -> list[F64]:
    rows = per_row.shape[2]
    total = np.cumsum(np.pad(per_row, [(0, 0), (0, 0), (1, 0)]), axis=2)
    out: list[F64] = []
    for reach in STROKES:
        ends = [
            (np.maximum(start[:, None] - reach, top), np.maximum(start[:, None] - 2, top)),
            (np.minimum(stop[:, None] + 2, floor), np.minimum(stop[:, None] + reach, floor)),
        ]
        looks = []
        for a, b in ends:
            a, b = a.clip(0, rows), b.clip(0, rows)
            looks.append(total[:, pair, np.maximum(b, a)] - total[:, pair, a])
        above, below = (_look(look) for look in looks)
        n = np.minimum(looks[0][0][:, :, None], looks[1][0][:, None, :])
        trust = np.sqrt(n / reach)
        for a, b in zip(above, below, strict=True):
            out.append(_by_way(np.abs(a[:, :, None] - b[:, None, :]) * trust)[0])
    return out


def _look(sums: F64) -> list[F64]:
    """Half width, blackness, inked share, dashes, activity and roughness, from sums over rows."""
    looks = looks_of(sums)
    return [looks[..., k] / unit for k, unit in _UNITS]


def _place(
    paths: F64,
    period: F64,
    touches: Sequence[Touch],
    both: list[list[F64]],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    top: NDArray[np.int64],
    floor: NDArray[np.int64],
) -> list[F64]:
    """What holds for both ways: the length of the touch, how steep and how rough the paths are there, how long
    the arms are, and whether the paths are apart, each [touches].
    """
    slopes = np.concatenate([np.abs(arms[1][..., 2]) for arms in both], axis=1)
    rests = np.concatenate([arms[1][..., 3] for arms in both], axis=1)
    there = np.concatenate([arms[1][..., 4] for arms in both], axis=1)
    above, below = (start[:, None] - top).min(axis=1), (floor - stop[:, None]).min(axis=1)
    return [
        np.log(stop - start),
        np.log1p(slopes.min(axis=1)),
        np.log1p(slopes.max(axis=1)),
        np.log1p(rests.mean(axis=1)),
        np.log1p(np.minimum(above, below).clip(0, 64)),
        np.log1p(np.maximum(above, below).clip(0, 64)),
        there.mean(axis=1),
        np.array([float(t.apart) for t in touches]),
    ]
