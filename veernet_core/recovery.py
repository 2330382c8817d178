"""From what a scan was traced to, to curves on depth with an estimate of how good each is.

In: a `ScanRecord` and the calibration of the model bundle. Out: sections with their depth residual, curves
with a `QualityEstimate`, and findings about what the strips show. The gate decides later.
Does not belong here: tracing (`curve.tracking`), pictures (`overlays`), threads (`streaming`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from veernet_core.config import DigitiseConfig
from veernet_core.curve import physical
from veernet_core.curve.evidence import confidence, doubts, quality
from veernet_core.datatypes import (
    F64,
    Bool,
    CurveSpec,
    DepthAxis,
    Doubt,
    DoubtfulStretch,
    Finding,
    QualityEstimate,
    RecoveredCurve,
    Section,
    Trace,
)
from veernet_core.domain.vocabulary import find_curve
from veernet_core.lettering import Place
from veernet_core.strips import border_check, depth_check
from veernet_core.track_record import ScanRecord, TrackRecord


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the model bundle knows of its own errors; without it nothing can be accepted."""

    maps: confidence.ConfidenceMaps
    quality: quality.QualityModel | None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Calibration:
        """As a bundle stores it."""
        model = value.get("quality")
        return cls(
            confidence.maps_from_json(value.get("confidence", {})),
            None if model is None else quality.QualityModel.from_json(model),
        )


def check_depths(record: ScanRecord) -> tuple[Section, ...]:
    """The scan's sections; a depth axis whose residual nobody knows gets that of the printed lines."""
    sections = []
    for section, tracks in zip(record.log.sections, record.tracks):
        axis = section.depth
        kept = [lines for track in tracks if (lines := track.lines) is not None]
        if axis is not None and kept:
            fits = [depth_check.fit_lines(axis.depth_at(r), share, axis.unit) for r, share in kept]
            residual = depth_check.axis_residual(fits)
            section = replace(section, depth=replace(axis, residual=residual))
        sections.append(section)
    return tuple(sections)


def check_borders(sections: Sequence[Section], record: ScanRecord) -> tuple[Section, ...]:
    """The scan's sections; where a line is printed beside a border, no curve of the track is accepted."""
    checked = []
    for section, tracks in zip(sections, record.tracks):
        held = [t.track.track_id for t in tracks if len(_held_rows(t))]
        doubts_found = tuple(Doubt("borders_off", track_id) for track_id in held)
        checked.append(replace(section, doubts=(*section.doubts, *doubts_found)))
    return tuple(checked)


def _held_rows(record: TrackRecord) -> F64:
    """First and last scan rows, float64 [n, 2], of what lies beside its line; neighbours are joined."""
    held = border_check.held_stretches(record.border_offsets).any(axis=1)
    edges = np.diff(np.concatenate([[0], held.astype(int), [0]]))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return np.stack([record.stretch_rows[first, 0], record.stretch_rows[last, 1]], axis=1)


def recover_curves(
    sections: Sequence[Section],
    record: ScanRecord,
    calibration: Calibration,
    config: DigitiseConfig,
    lettering: Mapping[Place, Bool] = MappingProxyType({}),
) -> list[tuple[RecoveredCurve, QualityEstimate]]:
    """Curves of all sections that have a depth axis, each with its estimate.

    Parameters
    ----------
    sections : sequence of Section
        Of ``check_depths``.
    record : ScanRecord
    calibration : Calibration
    config : DigitiseConfig
    lettering : mapping
        Rows of traces that lie on print (`find_lettering`).

    Returns
    -------
    list of (RecoveredCurve, QualityEstimate)
        Backup scales are part of the curve they belong to.
    """
    out: list[tuple[RecoveredCurve, QualityEstimate]] = []
    for index, (section, tracks) in enumerate(zip(sections, record.tracks)):
        if section.depth is None:
            continue
        depth = physical.depth_grid(section, _step(section.depth, record, config))
        for number, track in enumerate(tracks):
            printed = {
                k: rows for (s, t, k), rows in lettering.items() if (s, t) == (index, number)
            }
            curves = _on_depths(track, section, depth, printed, calibration.maps, config)
            out += [(curve, _estimate(curve, section, track, calibration)) for curve in curves]
    return out


def _step(axis: DepthAxis, record: ScanRecord, config: DigitiseConfig) -> float:
    return physical.choose_step(axis, config.strip_dpi / record.log.rows_per_in, config)


def _on_depths(
    record: TrackRecord,
    section: Section,
    depth: F64,
    printed: Mapping[int, Bool],
    maps: confidence.ConfidenceMaps,
    config: DigitiseConfig,
) -> list[RecoveredCurve]:
    """The curves of a track at regular depths, backup scales merged, without what is in doubt."""
    assert section.depth is not None
    out = []
    traces, told = record.traces()
    for k, (spec, traced) in enumerate(zip(record.track.curves, traces, strict=True)):
        at = section.depth.depth_at(traced.scan_rows)
        trace, letters = doubts.withhold_print(traced, printed.get(k), at)
        trace, found = doubts.withhold(trace, at)
        trace, impossible = _possible(trace, spec, section.depth)
        found = tuple(sorted((*letters, *found, *impossible), key=lambda d: d.depth_from))
        if spec.style in maps:
            sure = maps[spec.style].probability(trace.evidence, trace.frac)
        else:
            sure = np.full(len(trace.frac), np.nan)
        track_id = record.track.track_id
        curve = physical.recover(trace, sure, spec, section, track_id, depth, config)
        out.append(replace(curve, doubtful=found, told_apart=k in told))
    longest = physical.bridge_limit(section.depth.unit, config)
    ends = section.depth.depth_at(_held_rows(record))
    beside = tuple(DoubtfulStretch(float(a), float(b), "border", False) for a, b in ends)
    whole = [doubts.with_all_doubts(curve, longest) for curve in physical.merge_backups(out)]
    return [_with(beside, curve) for curve in whole] if beside else whole


def _with(stretches: tuple[DoubtfulStretch, ...], curve: RecoveredCurve) -> RecoveredCurve:
    """A curve with further stretches in doubt, by depth."""
    found = (*curve.doubtful, *stretches)
    return replace(curve, doubtful=tuple(sorted(found, key=lambda d: (d.depth_from, d.reason))))


def _possible(
    trace: Trace, spec: CurveSpec, axis: DepthAxis
) -> tuple[Trace, tuple[DoubtfulStretch, ...]]:
    """A trace without values that such a curve cannot have."""
    named = find_curve(spec.mnemonic)
    possible = None if named is None else named.kind.possible(spec.left, spec.right, spec.unit)
    if possible is None:
        return trace, ()
    value = physical.value_at(trace.frac, spec)
    return doubts.withhold_impossible(trace, value, possible, axis.depth_at(trace.scan_rows))


def _estimate(
    curve: RecoveredCurve, section: Section, record: TrackRecord, calibration: Calibration
) -> QualityEstimate:
    residual = section.depth.residual if section.depth is not None else float("nan")
    slack = border_check.border_slack(record.border_offsets)
    return quality.estimate(curve, record.track.curves, residual, calibration.quality, slack)


def strip_findings(
    sections: Sequence[Section], record: ScanRecord, config: DigitiseConfig
) -> list[Finding]:
    """What stands in the way of delivery: sections without depth, with depth that nothing confirms or with a
    coarser step than wanted, and borders printed elsewhere.
    """
    out = [_no_depth(s) for s in sections if s.depth is None and s.tracks]
    for section in sections:
        if section.depth is not None and section.tracks:
            out += _coarsened(section, section.depth, record, config)
            out += _unchecked(section, section.depth)
    for section, tracks in zip(sections, record.tracks):
        for track in tracks:
            out += _borders_off(section, track)
    return out


def _no_depth(section: Section) -> Finding:
    return Finding.of(
        "no_depth",
        f"section {section.section_id} has no depth axis: its curves cannot be delivered and were"
        " not followed",
        rows=(int(section.row_top), int(section.row_bottom)),
        section_id=section.section_id,
    )


def _coarsened(
    section: Section, axis: DepthAxis, record: ScanRecord, config: DigitiseConfig
) -> list[Finding]:
    """Whether the depth step is coarser than what was asked for, or than the default."""
    wanted, step = physical.wanted_step(axis.unit, config), _step(axis, record, config)
    if step == wanted:
        return []
    finding = Finding.of(
        "step_coarsened",
        f"The depth step of section {section.section_id} is {step:g} {axis.unit} instead of"
        f" {wanted:g} {axis.unit}: finer than two rows of the scan is not to be had.",
        rows=(int(section.row_top), int(section.row_bottom)),
        section_id=section.section_id,
    )
    return [finding]


def _unchecked(section: Section, axis: DepthAxis) -> list[Finding]:
    """Whether no printed lines were seen that would confirm or contradict the depth axis."""
    if np.isfinite(axis.residual):
        return []
    finding = Finding.of(
        "depth_unchecked",
        f"No depth lines were seen in section {section.section_id}: its depth is used as given.",
        rows=(int(section.row_top), int(section.row_bottom)),
        section_id=section.section_id,
    )
    return [finding]


def _borders_off(section: Section, record: TrackRecord) -> list[Finding]:
    """Borders beside which, and not on which, a line is printed."""
    track_id = record.track.track_id
    out = []
    for side, distance in zip(
        ("left", "right"), border_check.printed_offset(record.border_offsets)
    ):
        if not abs(distance) > border_check.OFF_FRAC:
            continue
        way = "right" if distance > 0 else "left"
        out.append(
            Finding.of(
                "borders_off",
                f"the {side} border of track {track_id} is printed {100 * abs(distance):.1f} % of "
                f"the track's width to the {way} of where it was taken to be",
                rows=(int(section.row_top), int(section.row_bottom)),
                section_id=section.section_id,
                track_id=track_id,
            )
        )
    return out
