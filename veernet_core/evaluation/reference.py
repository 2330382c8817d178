"""Recovered curves against reference curves of the same well.

In: a recovered and a reference curve on their own depths, with the spec that says what the track's width
is worth. Out: R² and error on 300 points and on the reference's native depths, and an estimate of the
depth lag between the two, which is reported and never applied to the scores. Reference files are often
of another run, edited or shifted; the lag says so, it does not excuse. Reading LAS files, and choosing
which wells belong together in a folder, belong to ``flows``; the rules for both are here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veernet_core import metrics
from veernet_core.curve.physical import frac_at, value_at
from veernet_core.datatypes import F64, FT_PER, CurveSpec, DepthUnit

MAX_LAG_FT = 5.0
LAG_STEP_FT = 0.1
MIN_SAMPLES = 30
"""Common samples below which nothing is scored."""
_API_DIGITS = 10

ALIASES: tuple[tuple[str, ...], ...] = (
    ("GR", "SGR", "GRGC", "GRD", "GRN", "GRS", "GRI", "GRR", "GAM", "GAMMA", "HGR", "ECGR", "CGR"),
    ("SP", "SPC", "SPR", "SSP"),
    ("CALI", "CAL", "CALP", "CALD", "CALS", "CALN", "HCAL", "LCAL", "DCAL", "XCAL", "HD", "CLDC"),
    ("ILD", "RILD", "DIL", "RT", "DEEP", "IDPH", "ILID", "RID", "LLD", "RLLD", "RD", "DLL", "HLLD",
     "AT90", "AO90", "AHT90", "RDEP"),
    ("ILM", "RILM", "MIL", "IMPH", "RIM", "LLS", "RLLS", "RS", "HLLS", "AT30", "AHT30", "RMED"),
    ("SFL", "SFLU", "SFLA", "RFOC", "LL8", "RLL8", "LL3", "RLL3", "SGRD", "SN", "R16", "SHN", "AT10",
     "AHT10", "RSHAL"),
    ("MSFL", "RXO", "RXOZ", "MLL", "PL", "SRFL"),
    ("RHOB", "RHOZ", "DEN", "ZDEN", "DENS", "RHGE", "RHO", "ZDNC", "BULK"),
    ("DRHO", "HDRA", "ZCOR", "DENC", "CORR", "RHOC"),
    ("NPHI", "TNPH", "CNPOR", "NPOR", "CNC", "CN", "CNLS", "NEUT", "PHIN", "CNCF", "NPHL", "CNSS"),
    ("DPHI", "DPOR", "PHID", "DPHZ", "PORD", "DPHL", "PORZ"),
    ("SPHI", "SPOR", "PHIS"),
    ("PEF", "PE", "PEFZ", "PDPE"),
    ("DT", "AC", "DTC", "DTCO", "DT24", "ITT", "SONIC", "DTLF", "ACL"),
    ("NEU", "NEUTRON", "GNT", "NEUC", "NCPS", "CPS"),
    ("MINV", "MI", "MICROINVERSE", "MLIN", "RMLI", "BMIN"),
    ("MNOR", "MN", "MICRONORMAL", "MLNO", "RMLN", "BMNO"),
    ("TENS", "TEN", "TENSION", "LTEN", "HTEN"),
    ("CILD", "CIL", "COND", "CNDL", "CILM"),
)  # fmt: skip
"""Mnemonics that name the same kind of curve; within a kind the earlier is the likelier."""
_KIND = {name: (kind[0], rank) for kind in ALIASES for rank, name in enumerate(kind)}

_UNIT_NAMES: dict[str, str] = {
    "GAPI": "GAPI", "API": "GAPI", "APIU": "GAPI", "OHMM": "OHMM", "OHM-M": "OHMM", "OHM.M": "OHMM",
    "G/C3": "G/C3", "G/CC": "G/C3", "GM/CC": "G/C3", "G/CM3": "G/C3", "GM/C3": "G/C3",
    "K/M3": "K/M3", "KG/M3": "K/M3", "V/V": "V/V", "DEC": "V/V", "FRAC": "V/V", "CFCF": "V/V",
    "M3/M3": "V/V", "DECP": "V/V", "%": "%", "PU": "%", "PERCENT": "%", "IN": "IN", "INCH": "IN",
    "INCHES": "IN", "MM": "MM", "CM": "CM", "US/F": "US/F", "US/FT": "US/F", "USEC/FT": "US/F",
    "US/M": "US/M", "USEC/M": "US/M", "MV": "MV", "B/E": "B/E", "CPS": "CPS",
}  # fmt: skip
_FACTORS: dict[tuple[str, str], float] = {
    ("%", "V/V"): 0.01, ("V/V", "%"): 100.0, ("K/M3", "G/C3"): 1e-3, ("G/C3", "K/M3"): 1e3,
    ("MM", "IN"): 1 / 25.4, ("IN", "MM"): 25.4, ("CM", "IN"): 1 / 2.54, ("IN", "CM"): 2.54,
    ("US/M", "US/F"): 0.3048, ("US/F", "US/M"): 1 / 0.3048,
}  # fmt: skip


def unit_factor(have: str, want: str) -> float | None:
    """What values in ``have`` are multiplied by to be in ``want``; None where that is not known."""
    a, b = (
        _UNIT_NAMES.get(u.strip().upper().replace("µ", "U"), u.strip().upper())
        for u in (have, want)
    )
    if a == b:
        return 1.0
    return _FACTORS.get((a, b))


def same_well(one: str, other: str) -> bool:
    """Whether two well identifiers (UWI or API) name one well.

    Only the digits count; of API numbers the first ten (state, county, well), because the rest is of
    side tracks and runs. Identifiers of fewer than eight digits name nothing.

    Examples
    --------
    >>> same_well("15-053-00069", "15053000690000"), same_well("15-053-00069", "15-053-00070")
    (True, False)
    """
    a, b = (re.sub(r"\D", "", text) for text in (one, other))
    if min(len(a), len(b)) < 8:
        return False
    if min(len(a), len(b)) >= _API_DIGITS:
        return a[:_API_DIGITS] == b[:_API_DIGITS]
    return a == b


def same_stem(one: str, other: str) -> bool:
    """Whether two file stems are the same but for case and signs."""
    a, b = (re.sub(r"[^a-z0-9]", "", text.casefold()) for text in (one, other))
    return bool(a) and a == b


def best_mnemonic(wanted: str, offered: Iterable[str]) -> str | None:
    """The offered mnemonic that names the wanted curve: itself, else the likeliest alias, else None.

    A trailing number or underscore (``GR_1``, ``GR:2``) is looked past only where nothing else fits.
    """
    names = list(offered)
    key = wanted.strip().upper()
    for tidy in (str.upper, _bare):
        exact = [name for name in names if tidy(name.strip()) == key]
        if exact:
            return exact[0]
    kind = _KIND.get(key, (None, 0))[0]
    ranked = [
        (_KIND[_bare(n)][1], i)
        for i, n in enumerate(names)
        if _KIND.get(_bare(n), ("", 0))[0] == kind
    ]
    return names[min(ranked)[1]] if kind is not None and ranked else None


def _bare(name: str) -> str:
    return re.sub(r"[:_]\w?\d*$", "", name.strip().upper())


@dataclass(frozen=True, slots=True)
class ReferenceScore:
    """How a recovered curve agrees with its reference, without any shift of depth.

    Attributes
    ----------
    r2, mae, mae_pct : float
        At 300 depths of the reference, spread over the depths both have: R² (of log10 values on
        logarithmic scales), mean absolute error in the curve's unit and in % of the track's width.
    r2_native, mae_native, mae_native_pct : float
        The same at all of the reference's own depths.
    samples : int
        Depths of the reference with a recovered value.
    coverage : float
        Their share of the reference's depths within the recovered curve's range.
    lag : float
        Depth of the recovered curve minus depth of the reference, by best correlation within
        ± 5 ft, in the recovered curve's depth unit; > 0: recovered too deep. NaN where too few.
    lag_at_limit : bool
        The best correlation lies at the end of the range: the true lag may be larger.
    correlation, correlation_at_lag : float
    r2_if_shifted : float
        What ``r2_native`` would be after a shift by the lag. Not a score.
    depth_top, depth_base : float
        Range compared, recovered curve's unit.
    """

    r2: float
    mae: float
    mae_pct: float
    r2_native: float
    mae_native: float
    mae_native_pct: float
    samples: int
    coverage: float
    lag: float
    lag_at_limit: bool
    correlation: float
    correlation_at_lag: float
    r2_if_shifted: float
    depth_top: float
    depth_base: float


def compare_curves(
    depth: F64,
    value: F64,
    reference_depth: F64,
    reference_value: F64,
    spec: CurveSpec,
    unit: DepthUnit,
) -> ReferenceScore | None:
    """Score a recovered curve against a reference.

    Parameters
    ----------
    depth, value : float64 [n]
        Recovered, depths increasing in ``unit``; NaN not observed.
    reference_depth, reference_value : float64 [m]
        In the same units, depths in any order; NaN not measured.
    spec : CurveSpec
        Scale and ends: what is linear, and what the track's width is worth.

    Returns
    -------
    ReferenceScore or None
        None where fewer than ``MIN_SAMPLES`` depths are common.
    """
    ref_depth, ref = _sorted_finite(reference_depth, _linear(reference_value, spec))
    own = _linear(value, spec)
    inside = _within(ref_depth, depth[np.isfinite(own)])
    ref_depth, ref = ref_depth[inside], ref[inside]
    found = _sample(depth, own, ref_depth)
    both = np.isfinite(found)
    if both.sum() < MIN_SAMPLES:
        return None
    rows = np.flatnonzero(both)
    few = rows[np.linspace(0, len(rows) - 1, min(metrics.R2_POINTS, len(rows))).round().astype(int)]
    lag, at_limit, at_lag = _lag(depth, own, ref_depth, ref, unit)
    moved = _sample(depth, own, ref_depth + lag) if np.isfinite(lag) else np.full(len(ref), np.nan)
    mae, mae_pct = _errors(found[few], ref[few], spec)
    mae_native, mae_native_pct = _errors(found[rows], ref[rows], spec)
    return ReferenceScore(
        metrics.r2(found[few], ref[few]),
        mae,
        mae_pct,
        metrics.r2(found, ref),
        mae_native,
        mae_native_pct,
        int(both.sum()),
        float(both.mean()),
        lag,
        at_limit,
        _correlation(found, ref),
        at_lag,
        metrics.r2(moved, ref),
        float(ref_depth[rows[0]]),
        float(ref_depth[rows[-1]]),
    )


def _linear(value: F64, spec: CurveSpec) -> F64:
    """Track position: linear in the curve's display, log10 on logarithmic scales; NaN for log <= 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        out = frac_at(np.asarray(value, dtype=np.float64), spec)
    return np.where(np.isfinite(out), out, np.nan)


def _sorted_finite(depth: F64, value: F64) -> tuple[F64, F64]:
    known = np.isfinite(depth) & np.isfinite(value)
    order = np.argsort(depth[known], kind="stable")
    return depth[known][order], value[known][order]


def _within(at: F64, depth: F64) -> NDArray[np.bool_]:
    if not len(depth):
        return np.zeros(len(at), bool)
    out: NDArray[np.bool_] = (at >= depth[0] - 1e-9) & (at <= depth[-1] + 1e-9)
    return out


def _sample(depth: F64, value: F64, at: F64) -> F64:
    """Linear interpolation of a curve, NaN across its gaps and beyond its ends."""
    known = np.flatnonzero(np.isfinite(value))
    if len(known) < 2:
        return np.full(len(at), np.nan)
    x, y = depth[known], value[known]
    step = float(np.median(np.diff(depth)))
    right = np.clip(np.searchsorted(x, at), 1, len(x) - 1)
    apart = x[right] - x[right - 1]
    on_sample = np.minimum(np.abs(at - x[right]), np.abs(at - x[right - 1])) < 1e-6
    usable = _within(at, x) & ((apart <= 1.5 * step) | on_sample)
    return np.where(usable, np.interp(at, x, y), np.nan)


def _errors(found: F64, ref: F64, spec: CurveSpec) -> tuple[float, float]:
    """Mean absolute error in the curve's unit and in % of the track's width."""
    off = np.abs(value_at(found, spec) - value_at(ref, spec))
    return float(off.mean()), 100 * float(np.abs(found - ref).mean())


def _correlation(a: F64, b: F64) -> float:
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < MIN_SAMPLES or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return float("nan")
    return float(np.corrcoef(a[both], b[both])[0, 1])


def _lag(
    depth: F64, own: F64, ref_depth: F64, ref: F64, unit: DepthUnit
) -> tuple[float, bool, float]:
    """Lag of best correlation, whether it lies at the end of the range, and that correlation."""
    per_ft = 1 / FT_PER[unit]
    count = round(MAX_LAG_FT / LAG_STEP_FT)
    lags = np.arange(-count, count + 1) * LAG_STEP_FT * per_ft
    fits = np.array([_correlation(_sample(depth, own, ref_depth + lag), ref) for lag in lags])
    if not np.isfinite(fits).any():
        return float("nan"), False, float("nan")
    best = int(np.nanargmax(fits))
    at_limit = best in (0, len(lags) - 1)
    # + 0.0: no lag is 0, not -0
    return float(round(lags[best], 4)) + 0.0, at_limit, float(fits[best])
