"""Shapes of log curves: track position per row, drawn from several independent processes.

In: a ``numpy.random.Generator``; out: float64 positions in track widths (0 left, 1 right, unfolded
beyond). How a shape is inked belongs to ``render``; what scanning does to it, to ``degrade``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d

from veernet_core.datatypes import F64, RESISTIVITIES, Rng


def as_plotted(mnemonic: str, values: F64) -> F64:
    """A real curve as it looks on paper: resistivities by their logarithm. NaN where that has none."""
    if mnemonic not in RESISTIVITIES:
        return values
    return np.log10(np.where(values > 0, values, np.nan))


def _beds(rng: Rng, n: int) -> F64:
    """Piecewise-constant beds with log-normal thickness."""
    thickness = rng.lognormal(np.log(rng.uniform(4, 60)), 0.8, size=n).clip(1)
    edges = np.cumsum(thickness)
    levels = rng.normal(size=n)
    if rng.random() < 0.4:  # two lithologies: values alternate between two levels
        levels = np.where(rng.random(n) < 0.5, -1.0, 1.0) + 0.25 * levels
    out: F64 = levels[np.searchsorted(edges, np.arange(n)).clip(0, n - 1)]
    return out


def _drift(rng: Rng, n: int) -> F64:
    """Random walk, smoothed."""
    walk = np.cumsum(rng.normal(size=n))
    return _unit(gaussian_filter1d(walk, rng.uniform(1, 20)))


def _cyclic(rng: Rng, n: int) -> F64:
    """Oscillation whose period wanders, as rhythmic sediment or a turning tool gives."""
    period = rng.lognormal(np.log(rng.uniform(8, 80)), 0.2)
    phase = np.cumsum(2 * np.pi / period * np.exp(0.2 * _drift(rng, n)))
    wave = np.sin(phase + rng.uniform(0, 6))
    out: F64 = np.sign(wave) * np.abs(wave) ** rng.uniform(0.5, 1.5)
    return out


def _noise(rng: Rng, n: int) -> F64:
    """Counting statistics: correlated over a few samples."""
    return _unit(gaussian_filter1d(rng.normal(size=n), rng.uniform(0.3, 3)))


def _spikes(rng: Rng, n: int) -> F64:
    """Isolated one-sided peaks of random height and width, as resistivity and washouts show."""
    out = np.zeros(n)
    for _ in range(rng.poisson(n / rng.uniform(20, 150))):
        centre, width = rng.uniform(0, n), rng.lognormal(np.log(2.5), 0.7)
        rows = np.arange(max(0, int(centre - 5 * width)), min(n, int(centre + 5 * width) + 1))
        distance = np.abs(rows - centre) / width
        shape = np.exp(-(distance**2)) if rng.random() < 0.6 else np.clip(1 - distance, 0, None)
        out[rows] += rng.exponential(1.5) * shape
    return out * (1 if rng.random() < 0.7 else -1)


def _telegraph(rng: Rng, n: int) -> F64:
    """Violent swings from sample to sample, as uncompensated density in rugose hole."""
    swings = rng.uniform(-1, 1, size=n)
    out: F64 = gaussian_filter1d(swings, rng.uniform(0.2, 1.2)) * 1.5
    return out


def _unit(x: F64) -> F64:
    out: F64 = (x - x.mean()) / (x.std() + 1e-9)
    return out


_PROCESSES: tuple[Callable[[Rng, int], F64], ...] = (
    _beds,
    _drift,
    _cyclic,
    _noise,
    _spikes,
    _telegraph,
)
_WEIGHTS = np.array([0.22, 0.2, 0.14, 0.2, 0.18, 0.06])


def _mixture(rng: Rng, n: int) -> F64:
    kinds = rng.choice(len(_PROCESSES), size=rng.integers(1, 4), replace=False, p=_WEIGHTS)
    shape = np.zeros(n)
    for rank, kind in enumerate(kinds):
        shape += _PROCESSES[kind](rng, n) * rng.uniform(0.2, 1.0) / (1 + rank)
    if rng.random() < 0.35:
        shape = gaussian_filter1d(shape, rng.uniform(0.5, 5))
    return shape


def _from_table(rng: Rng, shapes: Sequence[F64], n: int) -> F64:
    values = shapes[int(rng.integers(len(shapes)))]
    start = rng.integers(0, max(1, len(values) - n))
    part = values[start : start + n]
    if len(part) < n:
        part = np.resize(np.concatenate([part, part[::-1]]), n)
    return np.nan_to_num(_unit(np.asarray(part, dtype=np.float64)))


def draw_shape(
    rng: Rng,
    rows: int,
    shapes: Sequence[F64] | None = None,
    flat_share: float = 0.06,
    real_share: float = 0.5,
    stroke_share: float = 0.0,
) -> F64:
    """Draw one curve.

    Parameters
    ----------
    rng : numpy.random.Generator
    rows : int
        Number of strip rows.
    shapes : sequence of float64 [n], optional
        Real curve shapes on regular depths.
    flat_share : float
        Share of curves that hardly move.
    real_share : float
        Share of curves drawn from ``shapes``, where there are any.
    stroke_share : float
        Share of curves with strokes out and back within a few rows, beside those that shapes have anyway.

    Returns
    -------
    float64 [rows]
        Unfolded track position; most of it, not all, within [0, 1].
    """
    # no tool sees thinner beds than a foot or so: 4 to 10 px
    spacing = float(rng.choice([1, 2, 3, 4, 5, 5, 6, 8, 10]))
    n = int(np.ceil(rows / spacing)) + 4
    samples = (
        _from_table(rng, shapes, n) if shapes and rng.random() < real_share else _mixture(rng, n)
    )
    amplitude = 0.01 if rng.random() < flat_share else rng.lognormal(np.log(0.13), 0.7)
    centre = rng.uniform(0.05, 0.95) if rng.random() < 0.7 else rng.normal(0.5, 0.6)
    samples = centre + amplitude * samples
    if rng.random() < 0.1:  # a few spikes across the track, or across several wraps of it
        for at in rng.integers(0, n, size=int(rng.integers(1, 6))):
            reach = rng.exponential(0.7) * (1 if rng.random() < 0.8 else -1)
            samples[at : at + int(rng.integers(1, 4))] += reach
    at = (np.arange(rows) + rng.uniform(0, spacing)) / spacing
    kind = rng.random()
    shape = np.interp(at, np.arange(n), samples)
    if kind < 0.12:  # blocky plot of sampled values
        shape = samples[np.floor(at).astype(int)]
    elif kind < 0.35 and spacing > 1:  # analogue pen: rounded corners
        shape = gaussian_filter1d(shape, spacing * 0.5, mode="nearest")
    out: F64 = shape + _strokes(rng, rows) if rng.random() < stroke_share else shape
    return out


def _strokes(rng: Rng, rows: int) -> F64:
    """Strokes out and back within a few rows, as thin beds, cycle skips and casing collars leave: on paper
    they look like pieces of a depth line.
    """
    out = np.zeros(rows)
    side = 1 if rng.random() < 0.7 else -1
    for at in rng.uniform(0, rows, size=1 + rng.poisson(rows / rng.uniform(60, 300))):
        distance = np.abs(np.arange(rows) - at) / rng.uniform(0.7, 5)
        out += side * rng.lognormal(np.log(0.2), 0.6) * np.clip(1 - distance, 0, None)
    return out


def with_swing(rng: Rng, shape: F64, swing: tuple[float, float]) -> F64:
    """A shape stretched or flattened so that its standard deviation is between the given ones, track widths,
    each order of magnitude as likely; it is moved into the track.
    """
    size = float(np.exp(rng.uniform(*np.log(swing))))
    return np.asarray(rng.uniform(0.1, 0.9) + size * _unit(shape))


def draw_shapes(
    rng: Rng,
    rows: int,
    count: int,
    shapes: Sequence[F64] | None = None,
    real_share: float = 0.5,
    stroke_share: float = 0.0,
) -> list[F64]:
    """Draw the curves of one track; some follow another closely, as real families do.

    Returns
    -------
    list of float64 [rows]
    """
    shares = {"real_share": real_share, "stroke_share": stroke_share}
    drawn = [draw_shape(rng, rows, shapes, **shares)]
    while len(drawn) < count:
        own = draw_shape(rng, rows, shapes, **shares)
        kind = rng.random()
        leader = drawn[int(rng.integers(len(drawn)))]
        if kind < 0.3:
            own = _on_top(rng, leader, own)
        elif kind < 0.54:
            own = _beside(rng, leader, own)
        elif kind < 0.6:
            own = _backup(rng, leader)
        drawn.append(own)
    return drawn


def _beside(rng: Rng, leader: F64, other: F64) -> F64:
    """A curve that goes along with another, at a distance."""
    if rng.random() < 0.4:  # a family of one measurement: nearly the same curve, hardly apart
        own = leader + (rng.uniform(0.75, 1.15) - 1) * (leader - leader.mean())
        return np.asarray(own + rng.normal(0, 0.02) + rng.uniform(0, 0.15) * (other - other.mean()))
    mix = rng.uniform(0.3, 1.0) * (1 if rng.random() < 0.8 else -1)
    own = leader.mean() + mix * (leader - leader.mean()) + rng.normal(0, 0.08)
    return np.asarray(own + rng.uniform(0, 0.4) * (other - 0.5))


def _backup(rng: Rng, leader: F64) -> F64:
    """The same measurement on a scale some times as coarse, from the same border."""
    ratio = float(rng.choice([0.1, 0.2, 0.25, 0.5]))
    return np.asarray(leader * ratio if rng.random() < 0.8 else 1 + (leader - 1) * ratio)


def _on_top(rng: Rng, leader: F64, other: F64) -> F64:
    """A curve that lies on another and leaves it for some stretches, as resistivities of two depths do,
    or a porosity that was worked out from the density it is drawn over.
    """
    n = len(leader)
    if rng.random() < 0.5:  # they part where the leader is high, or low
        where = _unit(leader) * (1 if rng.random() < 0.7 else -1)
    else:
        where = _unit(gaussian_filter1d(rng.normal(size=n), rng.uniform(6, 80), mode="wrap"))
    apart = np.clip((where - rng.uniform(-0.5, 1.8)) / rng.uniform(0.1, 0.8), 0, 1)
    to = other if rng.random() < 0.4 else leader + rng.normal(0, 0.12)
    hair = rng.normal(0, 0.004) + rng.uniform(0, 0.004) * gaussian_filter1d(rng.normal(size=n), 3)
    return np.asarray(leader + hair + apart * (to - leader))
