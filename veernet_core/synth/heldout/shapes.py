"""Shapes of curves: one earth, measured by several tools, or real curves that are cut to length.

In: a random generator, optionally real shapes. Out: specs of curves and their values on regular depths.
Does not belong here: where a value is drawn (`courses`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from scipy.interpolate import PchipInterpolator

from veernet_core.datatypes import F64, RESISTIVITIES, CurveSpec, Scale, Wrap, flag_runs
from veernet_core.synth.heldout.courses import track_fraction
from veernet_core.synth.heldout.data import Family, Shape

SCALES: dict[str, tuple[str, float, float, Scale, Wrap]] = {
    "GR": ("GAPI", 0, 150, "linear", "one"),
    "SP": ("MV", -80, 20, "linear", "none"),
    "CALI": ("IN", 6, 16, "linear", "one"),
    "ILD": ("OHMM", 0.2, 2000, "log", "none"),
    "ILM": ("OHMM", 0.2, 2000, "log", "none"),
    "SFL": ("OHMM", 0.2, 2000, "log", "none"),
    "RES": ("OHMM", 0, 50, "linear", "none"),
    "RHOB": ("G/C3", 1.95, 2.95, "linear", "one"),
    "NPHI": ("V/V", 0.45, -0.15, "linear", "one"),
    "DPHI": ("V/V", 0.45, -0.15, "linear", "one"),
    "DT": ("US/F", 140, 40, "linear", "none"),
    "NEU": ("CPS", 0, 1000, "linear", "none"),
}
"""Unit, left, right, scale and off-scale mode that the synthetic tools are printed with."""
TRACK_MATES: tuple[frozenset[str], ...] = (
    frozenset({"GR", "SP", "CALI"}),
    RESISTIVITIES,
    frozenset({"RHOB", "NPHI", "DPHI", "DT", "NEU"}),
)
"""Which real curves share a track: correlation, resistivity, porosity. Others go with any."""
FAMILIES: dict[Family, tuple[str, ...]] = {
    "gamma": ("GR", "CALI", "SP", "GR"),
    "resistivity": ("SFL", "ILD", "ILM", "ILD"),
    "backup": ("RES",),
    "porosity": ("RHOB", "NPHI", "DT", "DPHI"),
}


@dataclass(frozen=True, slots=True)
class Earth:
    """Bed properties each 0.5 ft: clay share, porosity, log10 of true and flushed resistivity."""

    clay: F64
    phi: F64
    log_rt: F64
    log_rxo: F64


def draw_earth(rng: np.random.Generator, n: int) -> Earth:
    """Draw a sequence of beds of a few rock types, some with gradients. Arrays of ``n``."""
    rocks = np.array(
        [
            [0.90, 0.12, 0.5, 0.45],
            [0.15, 0.24, 0.9, 0.7],
            [0.05, 0.06, 1.9, 1.5],
            [0.30, 0.40, 2.4, 1.9],
            [0.55, 0.15, 0.8, 0.7],
            [0.02, 0.01, 2.9, 2.2],
        ]
    )
    table = np.empty((n, 4))
    likely = rng.dirichlet(np.array([3.0, 2, 2, 0.3, 2, 0.4]))
    mean_thickness = rng.uniform(6, 50)
    at = 0
    while at < n:
        thick = int(rng.exponential(mean_thickness)) + 1
        rock = rocks[rng.choice(len(rocks), p=likely)] * rng.uniform(0.8, 1.2, 4)
        ramp = np.linspace(-1, 1, thick)[:, None] * rng.normal(0, 0.12, 4)
        table[at : at + thick] = (rock + ramp * rng.integers(0, 2))[: n - at]
        at += thick
    table += rng.normal(0, 0.03, table.shape)
    return Earth(*np.ascontiguousarray(table.T))


def measure(rng: np.random.Generator, earth: Earth, mnemonic: str) -> F64:
    """What a logging tool would read in ``earth``: its response, resolution and noise.

    Returns
    -------
    float64 [n]
        Values in the unit of ``SCALES[mnemonic]``.
    """
    clay, phi = np.clip(earth.clay, 0, 1), np.clip(earth.phi, 0, 0.45)
    if mnemonic in ("GR", "NEU"):
        rate = 18 + 115 * clay**1.2 if mnemonic == "GR" else 150 + 750 * np.exp(-6 * phi)
        seconds = rng.uniform(1, 8) if mnemonic == "GR" else rng.uniform(0.5, 4)
        counts = rng.poisson(rate * seconds) / seconds
        hold = rng.uniform(0.3, 0.85)
        return _lagged(counts, hold)
    if mnemonic == "SP":
        drift = gaussian_blur(rng.normal(0, 1, len(clay)), 80) * 120
        return gaussian_blur(-65 * (1 - clay) + 5 + drift, rng.uniform(3, 9))
    if mnemonic == "CALI":
        washed = np.maximum(0, gaussian_blur(clay, 2) - 0.6) * gaussian_blur(
            rng.gamma(2, 1.5, len(clay)), 1.5
        )
        return 7.9 + gaussian_blur(washed * 6, 0.8) + rng.normal(0, 0.02, len(clay))
    if mnemonic in ("ILD", "ILM", "SFL", "RES"):
        mix = {"ILD": 0.0, "ILM": 0.35, "SFL": 0.9, "RES": 0.5}[mnemonic]
        res = {"ILD": 3.5, "ILM": 2.5, "SFL": 0.7, "RES": 1.5}[mnemonic]
        logr = gaussian_blur((1 - mix) * earth.log_rt + mix * earth.log_rxo, res)
        return np.asarray(10.0 ** (logr + rng.normal(0, 0.008, len(logr))))
    if mnemonic in ("RHOB", "DPHI"):
        noise = rng.normal(0, rng.uniform(0.002, 0.014), len(phi))
        rho = gaussian_blur(2.7 - 1.65 * phi - 0.1 * clay, rng.uniform(1, 2.5)) + noise
        return rho if mnemonic == "RHOB" else (2.71 - rho) / 1.71
    if mnemonic == "NPHI":
        noise = rng.normal(0, rng.uniform(0.001, 0.01), len(phi))
        return gaussian_blur(phi + 0.22 * clay, rng.uniform(1.5, 3)) + noise
    skips = (rng.random(len(phi)) < 0.003) * rng.uniform(-40, 60, len(phi))
    return gaussian_blur(52 + 150 * phi + 35 * clay, 1.5) + skips


def gaussian_blur(values: F64, sigma: float) -> F64:
    """Values along the first axis, blurred by a Gaussian."""
    out = cv2.GaussianBlur(values[:, None], (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(out[:, 0], dtype=np.float64)


def _lagged(values: F64, hold: float) -> F64:
    """Rate meter with a time constant: each reading keeps ``hold`` of the one before."""
    out = values.astype(np.float64).copy()
    for k in range(1, len(out)):
        out[k] = hold * out[k - 1] + (1 - hold) * out[k]
    return out


def smooth_curve(x: F64, y: F64, at: F64) -> F64:
    """Monotone cubic through points; between NaN neighbours NaN."""
    known = np.isfinite(y)
    if known.sum() < 2:
        return np.full(len(at), np.nan)
    monotone: Any = PchipInterpolator
    curve: Callable[[F64], F64] = monotone(x[known], y[known])
    out: F64 = np.where(np.isfinite(np.interp(at, x, y)), curve(at), np.nan)
    return out


def _synthetic_spec(rng: np.random.Generator, mnemonic: str, double: bool) -> CurveSpec:
    unit, left, right, scale, wrap = SCALES[mnemonic]
    if mnemonic == "GR":
        right = float(rng.choice([100, 150, 150, 200]))
    if scale == "log" and not double:
        right = float(rng.choice([20, 200, 2000]))
    if mnemonic == "RES":
        right = float(rng.choice([20, 50, 100]))
    return CurveSpec(mnemonic, unit, left, right, scale, wrap=wrap)


def _longest_run(values: F64) -> F64:
    runs = flag_runs(np.isfinite(values))
    if not runs:
        return np.zeros(8)
    start, stop = max(runs, key=lambda run: run[1] - run[0])
    return values[start:stop]


def _cut(rng: np.random.Generator, shape: Shape, n: int, log: bool) -> tuple[str, F64]:
    name, raw = shape if isinstance(shape, tuple) else ("", shape)
    values = np.asarray(raw, dtype=np.float64).copy()
    values[(np.abs(values) > 1e6) | (values <= -499)] = np.nan
    if log:
        values[values <= 0] = np.nan
    values = _longest_run(values)
    if len(values) < n:
        values = np.pad(values, (0, n - len(values)), mode="reflect" if len(values) > 1 else "edge")
    start = int(rng.integers(0, len(values) - n + 1))
    return name, values[start : start + n]


def _percentile_spec(rng: np.random.Generator, name: str, values: F64, scale: Scale) -> CurveSpec:
    """Scale that puts the robust range of ``values`` on a random stretch of the track."""
    work = np.log(values) if scale == "log" else values
    low, high = np.percentile(work, [2, 98])
    span = max(float(high - low), 1e-6 + 1e-3 * abs(float(low)))
    size = rng.uniform(0.12, 0.85)
    at = rng.uniform(0.03, 1.05 - size)
    unit = span / size
    left = float(low) - at * unit
    ends = (left, left + unit)
    if rng.random() < 0.2:
        ends = (ends[1], ends[0])
    if scale == "log":
        ends = (float(np.exp(ends[0])), float(np.exp(ends[1])))
    wrap: Wrap = "one" if scale == "linear" and rng.random() < 0.6 else "none"
    return CurveSpec(name or "CURVE", "", ends[0], ends[1], scale, wrap=wrap)


def _real_curve(rng: np.random.Generator, shape: Shape, n: int, log: bool) -> tuple[CurveSpec, F64]:
    name, values = _cut(rng, shape, n, log)
    scale: Scale = "log" if log and np.nanmin(values) > 0 else "linear"
    if name in SCALES and rng.random() < 0.6:
        unit, left, right, kind, wrap = SCALES[name]
        spec = CurveSpec(name, unit, left, right, kind, wrap=wrap)
        frac = track_fraction(spec, values)
        if kind == scale and np.mean((frac > 0) & (frac < 1)) > 0.8 and np.nanstd(frac) > 0.01:
            return spec, values
    return _percentile_spec(rng, name, values, scale), values


def choose_curves(
    rng: np.random.Generator,
    family: Family,
    shapes: Sequence[Shape] | None,
    n: int,
    n_curves: int,
    double: bool,
) -> list[tuple[CurveSpec, F64]]:
    """Specs and values (each 0.5 ft, ``n`` of them) of the curves of one track."""
    earth = draw_earth(rng, n)
    mates = _mates(shapes or (), family)
    out: list[tuple[CurveSpec, F64]] = []
    for k in range(n_curves):
        if mates and family != "backup":
            if out and rng.random() < 0.3:
                spec, values = out[-1]
                out.append((spec, _companion(rng, values, spec)))
                continue
            pick = mates[int(rng.integers(len(mates)))]
            log = pick[0] in RESISTIVITIES if isinstance(pick, tuple) else family == "resistivity"
            out.append(_real_curve(rng, pick, n, log))
            continue
        mnemonic = FAMILIES[family][k % len(FAMILIES[family])]
        spec = _synthetic_spec(rng, mnemonic, double)
        if k and family == "resistivity":
            spec = replace(spec, right=out[0][0].right)
        values = measure(rng, earth, mnemonic)
        out.append((_rescued(rng, spec, values), values))
    return [
        (replace(s, mnemonic=f"{s.mnemonic}{k}" if k else s.mnemonic), v)
        for k, (s, v) in enumerate(out)
    ]


def _mates(shapes: Sequence[Shape], family: Family) -> list[Shape]:
    """The shapes that a track of this family would hold; all where none would."""
    of_other_families = frozenset().union(*(m for m in TRACK_MATES if not m & {*FAMILIES[family]}))
    return [s for s in shapes if not isinstance(s, tuple) or s[0] not in of_other_families] or [
        *shapes
    ]


def _rescued(rng: np.random.Generator, spec: CurveSpec, values: F64) -> CurveSpec:
    """The spec, or one that fits the values where they would be off scale for too long."""
    if spec.mnemonic == "RES":
        return replace(spec, right=float(np.percentile(values, rng.uniform(60, 97))))
    frac = track_fraction(spec, values)
    if np.mean((frac > 0) & (frac < 1)) > 0.75:
        return spec
    fitted = _percentile_spec(rng, spec.mnemonic, values, spec.scale)
    return replace(fitted, unit=spec.unit, wrap=spec.wrap)


def _companion(rng: np.random.Generator, values: F64, spec: CurveSpec) -> F64:
    """A second tool's reading of the same rocks: long overlaps with the first."""
    work = np.log(values) if spec.scale == "log" else values
    spread = float(np.std(work)) + 1e-9
    soft = gaussian_blur(work, rng.uniform(0.6, 5)) + rng.normal(0, 0.05, len(work)) * spread
    soft = (
        soft
        + rng.uniform(-0.25, 0.25) * spread
        + gaussian_blur(rng.normal(0, 1, len(work)), 40) * spread
    )
    return np.exp(soft) if spec.scale == "log" else np.asarray(soft)
