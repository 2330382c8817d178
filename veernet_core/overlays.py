"""The pictures of a digitised log: each track's curves over its ink, and the ink alone in slabs.

In: the record of a scan and its judged curves. Out: named PNG files for the reviewer. How a picture is drawn
belongs to `curve.overlay` and `curve.slabs`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from veernet_core.config import DigitiseConfig
from veernet_core.curve import gate, overlay, physical, slabs
from veernet_core.datatypes import (
    F64,
    Bool,
    CurveSpec,
    DepthAxis,
    JudgedCurve,
    Overlay,
    RecoveredCurve,
    Section,
    Trace,
)
from veernet_core.track_record import ScanRecord, TrackRecord


def draw_overlays(
    sections: Sequence[Section],
    curves: Sequence[JudgedCurve],
    record: ScanRecord,
    config: DigitiseConfig,
) -> tuple[Overlay, ...]:
    """Pictures of every track whose ink was kept.

    Parameters
    ----------
    sections : sequence of Section
    curves : sequence of JudgedCurve
        Of all sections.
    record : ScanRecord
    config : DigitiseConfig
    """
    out: list[Overlay] = []
    for index, (section, tracks) in enumerate(zip(sections, record.tracks)):
        for number, track in enumerate(tracks):
            place = (section.section_id, track.track.track_id)
            own = {
                c.curve.spec.mnemonic: c
                for c in reversed(curves)
                if (c.curve.section_id, c.curve.track_id) == place
            }
            title = "  ".join((record.log.scan.stem, *place))
            out += _draw_track(section, track, own, (index, number), title, config)
    return tuple(out)


def _draw_track(
    section: Section,
    record: TrackRecord,
    judged: dict[str, JudgedCurve],
    number: tuple[int, int],
    title: str,
    config: DigitiseConfig,
) -> list[Overlay]:
    """Pictures of one track; ``number`` counts section and track, ``judged`` is by mnemonic."""
    if record.picture is None:
        return []
    image, left, right = record.picture
    track = record.track
    rows, axis = record.picture_rows, section.depth
    traces, _ = record.traces()
    drawn = []
    if axis is not None:  # without one, nothing was traced
        drawn = [
            _drawn(judged.get(spec.mnemonic), axis, spec, trace, config)
            for spec, trace in zip(track.curves, traces)
        ]
    png = overlay.draw_overlay(
        image,
        drawn,
        left,
        right,
        scan_rows=rows,
        depth=axis.depth_at(rows) if axis is not None else None,
        depth_unit=axis.unit if axis is not None else None,
        title=title,
    )
    name = f"{section.section_id}-{track.track_id}"
    return [
        Overlay(f"overlay-{name}", png),
        *(
            Overlay(f"strip-{name}-{slab.name}", plain)
            for slab, plain in slabs.draw_slabs(image, left, right, rows, *number)
        ),
    ]


def _drawn(
    judged: JudgedCurve | None,
    axis: DepthAxis,
    spec: CurveSpec,
    trace: Trace,
    config: DigitiseConfig,
) -> overlay.OverlayCurve:
    """One curve of the overlay, with its verdict and the rows without values where it has been judged."""
    row = np.arange(len(trace.frac), dtype=np.float64)
    depth = axis.depth_at(trace.scan_rows)
    frac = physical.bridge(trace, depth, physical.bridge_limit(axis.unit, config))
    if judged is None:
        return overlay.OverlayCurve(spec, row, frac, trace.observed)
    return overlay.OverlayCurve(
        spec,
        row,
        frac,
        trace.observed,
        judged.verdict.decision,
        gate.quality_note(judged),
        _without_value(judged.curve, depth),
    )


def _without_value(curve: RecoveredCurve, depth: F64) -> Bool:
    """Rows at whose depth the curve has no value, bool [rows]: the sample that is nearest counts."""
    if not len(curve.depth):
        return np.ones(len(depth), dtype=np.bool_)
    between = (curve.depth[1:] + curve.depth[:-1]) / 2
    gone: Bool = ~np.isfinite(curve.value[np.searchsorted(between, depth)])
    return gone
