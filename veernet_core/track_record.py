"""What accumulates of a scan while its strips are traced: one record for each track.

In: blocks of strips with their posteriors, from top to bottom. Out: the traces of every curve, and what the
blocks show of the track itself: its picture, where its borders are printed, how dark its rows are.
Does not belong here: what is made of traces (`recovery`) and pictures (`overlays`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from veernet_core.curve import physical
from veernet_core.curve.evidence import pens
from veernet_core.curve.evidence.observed import without_unjudged_lines
from veernet_core.curve.evidence.stroke_width import stroke_widths
from veernet_core.curve.tracking.config import DecodeState
from veernet_core.curve.tracking.fields import fold
from veernet_core.curve.tracking.traces import trace_block
from veernet_core.curve.tracking.value_costs import told_by_values
from veernet_core.datatypes import F64, U8, CurveSpec, Posterior, PreparedLog, Strip, Trace, Track
from veernet_core.strips import border_check, depth_check
from veernet_core.strips.rectify import scan_to_strip


class Tracing(Protocol):
    """How the curves of a block are found: ``trace_block``, or one that remembers what it found."""

    def __call__(
        self,
        strip: Strip,
        posterior: Posterior,
        specs: Sequence[CurveSpec],
        state: DecodeState | None = None,
    ) -> tuple[list[Trace], DecodeState]:
        """See `trace_block`."""
        ...


@dataclass(slots=True)
class TrackRecord:
    """One track on its way. Where inks are separate, a block of rows comes once for each ink.

    Attributes
    ----------
    track : Track
    measures_lines : bool
        Whether the rows' tones are kept: the depth axis is yet to be checked with the printed lines.
    keeps_picture : bool
    tracing : Tracing
    """

    track: Track
    measures_lines: bool
    keeps_picture: bool
    tracing: Tracing = trace_block
    _traces: dict[int, list[Trace]] = field(default_factory=dict)
    _states: dict[tuple[int, ...], DecodeState] = field(default_factory=dict)
    _lines: dict[int, tuple[F64, F64]] = field(default_factory=dict)
    _offsets: dict[int, tuple[F64, F64]] = field(default_factory=dict)
    _pictures: dict[int, U8] = field(default_factory=dict)
    _picture_rows: dict[int, F64] = field(default_factory=dict)
    _borders: tuple[float, float] = (0.0, 0.0)
    _strokes: dict[int, list[F64]] = field(default_factory=dict)
    _width_px: float = 1.0

    def add(self, strip: Strip, posterior: Posterior) -> None:
        """Trace a block, and keep what it shows."""
        inked = strip.curve_indices
        self._width_px = strip.right_col - strip.left_col
        specs = [_in_strip(self.track.curves[k], self.track, strip) for k in inked]
        traces, self._states[inked] = self.tracing(strip, posterior, specs, self._states.get(inked))
        for k, trace in zip(inked, traces):
            self._traces.setdefault(k, []).append(trace)
        self._keep_strokes(strip, traces)
        if self.measures_lines:
            self._keep_lines(strip)
        self.look(strip)

    def look(self, strip: Strip) -> None:
        """Keep what a block shows of the track itself, without tracing it."""
        self._keep_offsets(strip)
        if self.keeps_picture:
            self._keep_picture(strip)

    def traces(self) -> tuple[tuple[Trace, ...], frozenset[int]]:
        """All rows of every curve, as a person gave them where one did, none where it was never in a strip; and
        which curves `pens.tell_apart` or their values know from the others of their pen.
        """
        curves = self.track.curves
        blocks = [
            without_unjudged_lines(self._traces.get(k, []), self._width_px)
            for k in range(len(curves))
        ]
        traced = [physical.join_traces(own) for own in blocks]
        lengths = [
            pens.dash_length(trace, self._width_px) if spec.dash_px > 0 else 0.0
            for trace, spec in zip(traced, curves, strict=True)
        ]
        none = [np.zeros(0)]
        widths = [
            pens.usual_width(np.concatenate(self._strokes.get(k, none))) for k in range(len(curves))
        ]
        order, told = pens.tell_apart(curves, lengths, widths)
        own = tuple(
            physical.as_given(traced[k], spec) for k, spec in zip(order, curves, strict=True)
        )
        return own, told | _told_by_values(curves, own)

    @property
    def lines(self) -> tuple[F64, F64] | None:
        """Scan rows and how dark each is, 0 to 1, float64 [rows] each; None where that was not kept."""
        if not self._lines:
            return None
        rows, share = (np.concatenate(values) for values in zip(*self._lines.values()))
        return rows, share

    @property
    def border_offsets(self) -> F64:
        """Where the borders' lines are printed, as ``border_check`` measures it, float64 [stretches, 3].

        A line beside a border that a person confirmed is another line.
        """
        offsets = np.concatenate([np.zeros((0, 3)), *(off for off, _ in self._offsets.values())])
        if self.track.borders_confirmed:
            offsets[:, 1:][np.abs(offsets[:, 1:]) > border_check.HELD_FRAC] = np.nan
        return offsets

    @property
    def stretch_rows(self) -> F64:
        """First and last scan row of those stretches, float64 [stretches, 2]."""
        return np.concatenate([np.zeros((0, 2)), *(rows for _, rows in self._offsets.values())])

    @property
    def picture(self) -> tuple[U8, float, float] | None:
        """What is printed in the track, uint8 [rows, cols], and the columns of its borders; None: not kept."""
        if not self._pictures:
            return None
        ink = np.concatenate([self._pictures[row] for row in sorted(self._pictures)])
        return ink, *self._borders

    @property
    def picture_rows(self) -> F64:
        """Scan row of every row of the picture, float64 [rows]."""
        return np.concatenate([self._picture_rows[row] for row in sorted(self._picture_rows)])

    def _keep_lines(self, strip: Strip) -> None:
        """How dark the block's own rows are, in the ink that shows most."""
        rows, share = strip.scan_rows[slice(*strip.keep_rows)], depth_check.line_share(strip)
        _, before = self._lines.get(strip.first_row, (rows, share))
        self._lines[strip.first_row] = rows, np.maximum(before, share)

    def _keep_offsets(self, strip: Strip) -> None:
        """Where the block's own rows show the borders' lines; of several inks the one that shows most."""
        own = strip.printed[slice(*strip.keep_rows)]
        found = border_check.border_offsets(own, strip.left_col, strip.right_col)
        before = self._offsets.get(strip.first_row)
        if before is None or np.isfinite(found).sum() > np.isfinite(before[0]).sum():
            rows = strip.scan_rows[slice(*strip.keep_rows)]
            self._offsets[strip.first_row] = found, rows[border_check.stretch_ends(len(own))]

    def _keep_strokes(self, strip: Strip, traces: Sequence[Trace]) -> None:
        """How wide the strokes of the block's own rows are, of curves whose sample line was measured."""
        curves, width = self.track.curves, strip.track_width_px
        own = strip.ink[slice(*strip.keep_rows)]
        columns = [
            fold(strip.left_col + width * np.where(t.observed, t.frac, np.nan), strip, curves[k])
            for k, t in zip(strip.curve_indices, traces)
        ]
        for i, k in enumerate(strip.curve_indices):
            if curves[k].stroke_px > 0:
                others = [column for j, column in enumerate(columns) if j != i]
                widths = stroke_widths(own, columns[i], others)
                self._strokes.setdefault(k, []).append(widths)

    def _keep_picture(self, strip: Strip) -> None:
        """The block's own rows with all that is printed there: also pens that no curve is said to have."""
        own, before = strip.printed[slice(*strip.keep_rows)], self._pictures.get(strip.first_row)
        self._pictures[strip.first_row] = own if before is None else np.maximum(before, own)
        self._picture_rows[strip.first_row] = strip.scan_rows[slice(*strip.keep_rows)]
        self._borders = strip.left_col, strip.right_col


def _told_by_values(curves: Sequence[CurveSpec], traces: Sequence[Trace]) -> frozenset[int]:
    """Curves that share their pen with others, and that their values name."""
    told: set[int] = set()
    for pen in {(spec.style, spec.colour) for spec in curves}:
        own = [k for k, spec in enumerate(curves) if (spec.style, spec.colour) == pen]
        frac = [np.where(traces[k].observed, traces[k].frac, np.nan) for k in own]
        if len({len(f) for f in frac}) == 1 < len(own):
            told |= set(own) if told_by_values([curves[k] for k in own], np.array(frac)) else set()
    return frozenset(told)


class ScanRecord:
    """A prepared scan and the records of its tracks, ``tracks[section][track]``."""

    def __init__(
        self,
        log: PreparedLog,
        sidecar: bytes | None,
        keeps_pictures: bool,
        tracing: Tracing = trace_block,
    ) -> None:
        self.log, self.sidecar = log, sidecar
        self.tracks = [
            [
                TrackRecord(
                    _levelled(log, section_index, track_index),
                    section.depth is not None and bool(np.isnan(section.depth.residual)),
                    keeps_pictures,
                    tracing,
                )
                for track_index in range(len(section.tracks))
            ]
            for section_index, section in enumerate(log.sections)
        ]

    def delivers(self, strip: Strip) -> bool:
        """Whether curves of a strip can be delivered: its section has a depth axis."""
        return self.log.sections[strip.section_index].depth is not None

    def look(self, strip: Strip) -> None:
        """Keep what one strip of the scan shows, without tracing it."""
        self.tracks[strip.section_index][strip.track_index].look(strip)

    def add(self, strip: Strip, posterior: Posterior) -> None:
        """Trace one strip of the scan; one of a section without depth is only looked at."""
        if self.delivers(strip):
            self.tracks[strip.section_index][strip.track_index].add(strip, posterior)
        else:
            self.look(strip)


def _levelled(log: PreparedLog, section_index: int, track_index: int) -> Track:
    """A track whose known points and redrawn paths lie on the section's reference line.

    A person sets them on the page, where a depth line may fall across the track; traces do not.
    """
    track = log.sections[section_index].tracks[track_index]

    def moved(
        points: Sequence[tuple[float, float]], in_px: bool
    ) -> tuple[tuple[float, float], ...]:
        if not points:
            return ()
        row, at = np.array(points, dtype=np.float64).T
        left, right = track.geometry.left_px(row), track.geometry.right_px(row)
        col = at if in_px else left + at * (right - left)
        row, frac = scan_to_strip(log, section_index, track_index, row, col)
        left, right = track.geometry.left_px(row), track.geometry.right_px(row)
        at = left + frac * (right - left) if in_px else frac
        order = np.argsort(row, kind="stable")
        return tuple(zip(row[order].tolist(), at[order].tolist()))

    curves = tuple(
        replace(spec, points_px=moved(spec.points_px, True), redrawn=moved(spec.redrawn, False))
        for spec in track.curves
    )
    return replace(track, curves=curves)


def _in_strip(spec: CurveSpec, track: Track, strip: Strip) -> CurveSpec:
    """A curve's known points in the coordinates of a strip (row, column)."""
    if not spec.points_px:
        return spec
    points = []
    for row, col in spec.points_px:
        at = np.array([row])
        left = float(track.geometry.left_px(at)[0])
        right = float(track.geometry.right_px(at)[0])
        strip_row = float(
            np.interp(row, strip.scan_rows, np.arange(len(strip.scan_rows)), left=-1, right=-1)
        )
        strip_col = strip.left_col + (col - left) / (right - left) * strip.track_width_px
        points.append((strip_row, strip_col))
    return replace(spec, points_px=tuple(points))
