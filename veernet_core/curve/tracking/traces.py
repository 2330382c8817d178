"""From posterior to traces: the k curves of a track, found jointly, with gaps and wraps.

In: a strip, its posterior and the specs of its curves; out: one ``Trace`` per curve and the state in
which the next block goes on. Works on unfolded columns: a wrapped curve that leaves at the right
border simply walks on into the next wrap, where the same ink is seen again.

There is no smoothing here: a smoothed trace loses peaks. Depth and values belong to ``physical``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from veernet_core.curve.evidence.observed import drop_isolated, observed_rows
from veernet_core.curve.tracking.config import DEFAULT_CONFIG, DecodeConfig, DecodeState
from veernet_core.curve.tracking.fields import Fields, Path, fold
from veernet_core.curve.tracking.strokes import ink_under, stroke_support
from veernet_core.curve.tracking.together import joint_paths
from veernet_core.curve.tracking.value_costs import values_tell
from veernet_core.curve.tracking.wrap_odds import WrapCosts, possible_positions, wrap_odds
from veernet_core.datatypes import F64, STYLES, WRAP_COUNTS, CurveSpec, Posterior, Strip, Trace


def trace_block(
    strip: Strip,
    posterior: Posterior,
    specs: Sequence[CurveSpec],
    state: DecodeState | None = None,
    config: DecodeConfig = DEFAULT_CONFIG,
) -> tuple[list[Trace], DecodeState]:
    """Trace all curves of one block.

    Parameters
    ----------
    strip : Strip
    posterior : Posterior
        Of the same rows and columns as ``strip.ink``.
    specs : sequence of CurveSpec
        The curves drawn in this strip.
    state : DecodeState, optional
        What the previous block of the same strip returned.

    Returns
    -------
    traces : list of Trace
        For the rows ``strip.keep_rows``, in the order of ``specs``.
    state : DecodeState
    """
    fields = Fields(strip, posterior, specs, config)
    paths = joint_paths(fields, strip, specs, state)
    if state is None:
        paths = assign_names(paths, strip, specs)
    start, stop = strip.keep_rows if strip.keep_rows[1] else (0, len(strip.ink))
    rivals = {style: _best_rival(style, paths, fields, strip) for style in fields.count}
    folded = [fold(p.column, strip, p.spec) for p in paths]
    support = [stroke_support(fields.ink, p.column, strip) for p in paths]
    traces, chances = [], []
    for k, path in enumerate(paths):
        trace = _trace(paths, k, folded, support, rivals, fields, strip)
        before = state.chances_at(k, strip.first_row - 1) if state is not None else None
        trace, above = with_wrap_odds(path, trace, fields, strip, before)
        traces.append(_cut(trace, slice(start, stop)))
        chances.append(above)
    return traces, DecodeState(strip.first_row, tuple(p.column for p in paths), tuple(chances))


def _cut(trace: Trace, rows: slice) -> Trace:
    """Some rows of a trace."""
    odds = [None if v is None else v[rows] for v in (trace.wrap_odds, trace.name_odds)]
    return Trace(
        trace.frac[rows], trace.evidence[rows], trace.observed[rows], trace.scan_rows[rows], *odds
    )


def with_wrap_odds(
    path: Path, trace: Trace, fields: Fields, strip: Strip, before: F64 | None
) -> tuple[Trace, F64]:
    """A trace with the chances of wrap index and name; in another wrap where the ink is sure of that.

    A curve that is said not to wrap stays in its track, but may turn out to be in doubt. Also returned are the
    chances by what lies above, [rows, wrap indices], with which the next block goes on.
    """
    spec, config, wraps = path.spec, fields.config, path.spec.wrap != "none"
    width, left = strip.track_width_px, strip.left_col
    costs = WrapCosts(
        left,
        width,
        max(1, WRAP_COUNTS[spec.wrap]),
        config.wrap_change if wraps else config.identity.border,
        config.joint.jump,
        possible_positions(spec),
    )
    index = np.floor((path.column - left) / width) if wraps else np.zeros(len(path.column))
    folded = left + (path.column - left) % width if wraps else path.column
    chances, above = wrap_odds(folded, trace.observed, fields.crossing, costs, before)
    state = (index.astype(np.int64) + costs.most).clip(0, 2 * costs.most)
    odds, frac = chances[np.arange(len(state)), state], trace.frac
    if wraps:
        mended = odds < config.wrap_mended
        frac = np.where(mended, frac + chances.argmax(axis=1) - state, frac)
        odds = np.where(mended, chances.max(axis=1), odds)
    return replace(trace, frac=frac, wrap_odds=odds, name_odds=path.name_odds), above


def assign_names(paths: list[Path], strip: Strip, specs: Sequence[CurveSpec]) -> list[Path]:
    """Give same-style paths to specs: by known points where given, by their values where these tell, which
    has been done, else from left to right.
    """
    named = list(paths)
    for pen in {(s.style, s.wrap) for s in specs}:
        members = [k for k, s in enumerate(specs) if (s.style, s.wrap) == pen]
        own = [specs[k] for k in members]
        pointed = any(spec.points_px for spec in own)
        if len({spec.mnemonic for spec in own}) < 2 or (not pointed and values_tell(own)):
            continue
        pool = sorted((paths[k] for k in members), key=lambda p: float(np.median(p.column)))
        order = sorted(members, key=lambda k: not specs[k].points_px)
        for k in order:
            best = min(pool, key=lambda p: _distance_to_points(p, strip, specs[k]))
            pool.remove(best)
            named[k] = best
    return named


def _distance_to_points(path: Path, strip: Strip, spec: CurveSpec) -> float:
    # the pipeline hands points in strip coordinates (strip row, strip column)
    rows = len(path.column)
    inside = [(r, c) for r, c in spec.points_px if 0 <= r < rows]
    if not inside:
        return 0.0
    return float(np.mean([abs(path.column[int(r)] - c) for r, c in inside]))


def _trace(
    paths: Sequence[Path],
    k: int,
    folded: Sequence[F64],
    support: Sequence[F64],
    rivals: dict[int, F64],
    fields: Fields,
    strip: Strip,
) -> Trace:
    path, style = paths[k], STYLES.index(paths[k].spec.style)
    same_style = [j for j, p in enumerate(paths) if j != k and p.spec.style == path.spec.style]
    masses = [p.mass for p in paths]
    seen = observed_rows(strip.ink, folded, k, same_style, masses, support, fields.config.observed)
    margin = path.mass / np.maximum(path.mass + rivals[style], 1e-6)
    ink = ink_under(strip.ink, folded[k])
    evidence = np.column_stack([path.mass, path.presence, ink, margin, support[k]])
    frac = (path.column - strip.left_col) / strip.track_width_px
    if path.spec.wrap == "none":  # beyond the strip: off its scale
        on_strip = (path.column > -1) & (path.column < strip.ink.shape[1])
        frac = np.where(on_strip, frac, np.nan)
    seen = drop_isolated(seen, frac, fields.config.observed)
    return Trace(frac, evidence, seen, strip.scan_rows)


def _best_rival(style: int, paths: list[Path], fields: Fields, strip: Strip) -> F64:
    """Largest mass of a style in a 7 px window away from all of its traced paths, [rows]."""
    others = [fold(p.column, strip, p.spec) for p in paths if STYLES.index(p.spec.style) == style]
    free = fields.unclaimed(others)
    left = fields.density[style] * (free > 0.99)
    window = 2 * fields.config.mass_reach + 1
    peak = uniform_filter1d(left, window, axis=1).max(axis=1) * window
    out: F64 = peak.astype(np.float64).clip(0, 1)
    return out
