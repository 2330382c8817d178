"""What accumulates of a track: its blocks joined, inks laid over each other, curves on depth, pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from veernet_core import metrics
from veernet_core.config import DigitiseConfig, GatePolicy
from veernet_core.curve.gate import judge_curves
from veernet_core.curve.overlay import OverlayCurve
from veernet_core.curve.tracking.config import DecodeState
from veernet_core.datatypes import (
    EVIDENCE,
    F64,
    STYLES,
    U8,
    CurveSpec,
    DepthAxis,
    Posterior,
    PreparedLog,
    Raster,
    ScanRef,
    Section,
    Strip,
    Trace,
    Track,
    TrackGeometry,
    WellInfo,
)
from veernet_core.overlays import draw_overlays
from veernet_core.recovery import (
    Calibration,
    check_borders,
    check_depths,
    recover_curves,
    strip_findings,
)
from veernet_core.track_record import ScanRecord, Tracing, TrackRecord

ROWS, COLS, LEFT, WIDTH = 1200, 232, 16.0, 200.0
SPECS = (CurveSpec("GR", "GAPI", 0, 150), CurveSpec("SP", "MV", -80, 20, style="dashed"))
FRACS = (0.5 + 0.3 * np.sin(np.arange(ROWS) / 40), 0.25 + 0.1 * np.cos(np.arange(ROWS) / 25))
NOTHING = Calibration.from_json({})


def unread(row0: int, row1: int) -> U8:
    raise AssertionError("pixels come from strips")


def log(depth: bool = True, residual: float = float("nan")) -> PreparedLog:
    """One track over 1,200 rows, 0.1 ft each, at the strips' own resolution."""
    knots = np.array([[0.0, 100.0]]), np.array([[0.0, 300.0]])
    axis = DepthAxis("ft", np.array([[0.0, 500.0], [1000.0, 600.0]]), residual) if depth else None
    section = Section("main", 0, ROWS, axis, (Track(TrackGeometry("T1", *knots), SPECS),))
    raster = Raster(ROWS, 400, False, None, unread, unread, tuple)
    return PreparedLog(ScanRef("w.tif", "w", "0", 1), raster, WellInfo(), (section,), 200.0)


def ink_of(fracs: Sequence[F64]) -> U8:
    ink = np.zeros((ROWS, COLS), np.uint8)
    for frac in fracs:
        for row, x in enumerate(np.rint(LEFT + frac * WIDTH).astype(int)):
            ink[row, x - 1 : x + 2] = 255
    return ink


def block(
    ink: U8, first: int, last: int, curves: tuple[int, ...] = (0, 1)
) -> tuple[Strip, Posterior]:
    """Rows of the strip with 100 more on either side, and what a perfect network says of them."""
    start, stop = max(0, first - 100), min(ROWS, last + 100)
    rows = np.arange(start, stop, dtype=np.float64)
    strip = Strip(
        ink[start:stop], LEFT, LEFT + WIDTH, rows, 0, 0, curves,
        tuple(SPECS[k].style for k in curves), start, (first - start, last - start),
    )  # fmt: skip
    position = np.full((3, stop - start, COLS), 1 / COLS)
    presence = np.zeros((3, stop - start), np.float32)
    for k in curves:
        z = (np.arange(COLS) - (LEFT + FRACS[k][start:stop] * WIDTH)[:, None]) / 1.5
        style = STYLES.index(SPECS[k].style)
        position[style] = np.exp(-0.5 * z * z)
        position[style] /= position[style].sum(axis=1, keepdims=True)
        presence[style] = 1
    return strip, Posterior(position.astype(np.float16), presence)


def traced(prepared: PreparedLog, *blocks: tuple[Strip, Posterior]) -> ScanRecord:
    record = ScanRecord(prepared, None, keeps_pictures=True)
    for strip, posterior in blocks:
        record.add(strip, posterior)
    return record


def test_blocks_join_to_all_rows_of_every_curve() -> None:
    ink = ink_of(FRACS)
    (track,) = traced(log(), block(ink, 0, 700), block(ink, 700, ROWS)).tracks[0]
    for k, frac in enumerate(FRACS):
        trace = track.traces()[0][k]
        assert trace.scan_rows.tolist() == list(range(ROWS))
        assert np.abs(trace.frac - frac).max() * WIDTH < 1
    assert track.picture is not None
    picture, left, right = track.picture
    assert (picture == ink).all()
    assert (left, right) == (LEFT, LEFT + WIDTH)


def test_inks_of_one_block_are_laid_over_each_other() -> None:
    inks = [ink_of([frac]) for frac in FRACS]
    blocks = [block(ink, 0, ROWS, (k,)) for k, ink in enumerate(inks)]
    (track,) = traced(log(), *blocks).tracks[0]
    assert track.picture is not None
    assert (track.picture[0] == np.maximum(*inks)).all()
    assert track.lines is not None
    assert len(track.lines[0]) == ROWS
    for k, frac in enumerate(FRACS):
        assert np.abs(track.traces()[0][k].frac - frac).max() * WIDTH < 1


def test_borders_are_looked_for_in_all_ink() -> None:
    """The borders' lines have another colour than the pen."""
    everything = ink_of(FRACS)
    for column in (LEFT, LEFT + WIDTH):
        everything[:, int(column) : int(column) + 1] = 255
    strip, posterior = block(ink_of(FRACS[:1]), 0, ROWS, (0,))
    coloured = replace(strip, all_ink=everything)
    (without,) = traced(log(), (strip, posterior)).tracks[0]
    (seen,) = traced(log(), (coloured, posterior)).tracks[0]
    assert np.isnan(without.border_offsets[:, 1:]).all()
    assert np.abs(seen.border_offsets[:, 1:]).max() < 0.001


def test_the_picture_shows_all_that_is_printed_not_the_traced_ink_alone() -> None:
    first, second = (ink_of([frac]) for frac in FRACS)
    strip, posterior = block(first, 0, ROWS, (0,))
    strip = replace(strip, all_ink=np.maximum(first, second))
    (track,) = traced(log(), (strip, posterior)).tracks[0]
    assert track.picture is not None
    assert (track.picture[0] == np.maximum(first, second)).all()


def test_a_track_that_was_in_no_strip_has_nothing() -> None:
    (track,) = traced(log()).tracks[0]
    assert track.picture is None
    assert track.lines is None
    assert track.border_offsets.shape == (0, 3)
    assert len(track.traces()[0][0].frac) == 0


@pytest.mark.parametrize(("residual", "kept"), [(float("nan"), True), (0.2, False)])
def test_depth_lines_are_looked_at_only_where_nobody_knows_the_residual(
    residual: float, kept: bool
) -> None:
    ink = ink_of(FRACS)
    ink[::20] = 160  # a line each 2 ft
    record = traced(log(residual=residual), block(ink, 0, ROWS))
    assert (record.tracks[0][0].lines is not None) == kept
    (section,) = check_depths(record)
    assert section.depth is not None
    assert section.depth.residual < 0.3


def test_curves_come_out_on_regular_depths_with_what_is_known_of_them() -> None:
    record = traced(log(residual=0.2), block(ink_of(FRACS), 0, ROWS))
    curves = recover_curves(record.log.sections, record, NOTHING, DigitiseConfig())
    assert [c.spec.mnemonic for c, _ in curves] == ["GR", "SP"]
    for (curve, quality), frac, spec in zip(curves, FRACS, SPECS):
        truth = np.interp((curve.depth - 500) * 10, np.arange(ROWS), frac)
        assert metrics.r2(curve.frac, truth) > 0.99
        assert np.allclose(
            curve.value, spec.left + curve.frac * (spec.right - spec.left), equal_nan=True
        )
        assert np.isnan(quality.r2_estimate)  # no calibration
        assert quality.depth_residual == 0.2


def test_a_section_without_depth_is_said_and_drawn_all_the_same() -> None:
    record = traced(log(depth=False), block(ink_of(FRACS), 0, ROWS))
    config = DigitiseConfig()
    assert recover_curves(record.log.sections, record, NOTHING, config) == []
    assert "no_depth" in {f.code for f in strip_findings(record.log.sections, record, config)}
    names = [o.name for o in draw_overlays(record.log.sections, [], record, config)]
    assert names[0] == "overlay-main-T1"
    assert any(name.startswith("strip-main-T1-") for name in names)


def test_what_is_drawn_without_values_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[OverlayCurve] = []

    def keep(image: U8, curves: Sequence[OverlayCurve], *rest: object, **more: object) -> bytes:
        drawn.extend(curves)
        return b""

    monkeypatch.setattr("veernet_core.curve.overlay.draw_overlay", keep)
    prepared = log(residual=0.2)
    (section,) = prepared.sections
    (track,) = section.tracks
    row = section.row_top
    first = replace(track.curves[0], null_rows=((row + 100.0, row + 200.0),))
    track = replace(track, curves=(first, *track.curves[1:]))
    prepared = replace(prepared, sections=(replace(section, tracks=(track,)),))
    record = traced(prepared, block(ink_of(FRACS), 0, ROWS))
    config = DigitiseConfig()
    curves = recover_curves(record.log.sections, record, NOTHING, config)
    judged = judge_curves(curves, record.log.sections, config.gate)
    draw_overlays(record.log.sections, judged, record, config)
    nulled, whole = drawn
    assert nulled.withheld is not None
    assert whole.withheld is not None
    assert nulled.withheld[103:197].all()
    assert not nulled.withheld[5:95].any()
    assert not nulled.withheld[205:-5].any()
    assert not whole.withheld[5:-5].any()


def test_a_border_printed_elsewhere_is_said() -> None:
    ink = ink_of(FRACS)
    ink[:, int(LEFT) + 5] = 255
    ink[:, int(LEFT + WIDTH)] = 255
    record = traced(log(residual=0.2), block(ink, 0, ROWS))
    (finding,) = strip_findings(record.log.sections, record, DigitiseConfig())
    assert (finding.code, finding.track_id) == ("borders_off", "T1")
    assert "left border" in finding.message
    assert "2.5 %" in finding.message


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_border_far_beside_its_line_waits_for_a_person(confirmed: bool) -> None:
    ink = ink_of(FRACS)
    ink[:, int(LEFT) + 5] = 255
    ink[:, int(LEFT + WIDTH)] = 255
    prepared = log(residual=0.2)
    (section,) = prepared.sections
    tracks = tuple(replace(track, borders_confirmed=confirmed) for track in section.tracks)
    prepared = replace(prepared, sections=(replace(section, tracks=tracks),))
    record = traced(prepared, block(ink, 0, ROWS))
    sections = check_borders(check_depths(record), record)
    curves = recover_curves(sections, record, NOTHING, DigitiseConfig())
    for judged in judge_curves(curves, sections, GatePolicy()):
        assert ("borders_off" in judged.verdict.reasons) is not confirmed
    found = [[(d.depth_from, d.depth_to) for d in c.doubtful if d.reason == "border"]
             for c, _ in curves]  # fmt: skip
    whole = (500.0, pytest.approx(500 + (ROWS - 1) / 10))
    assert found == [[] if confirmed else [whole]] * 2
    said = strip_findings(sections, record, DigitiseConfig())
    assert bool(said) is not confirmed


def test_known_points_reach_the_tracer_in_columns_of_the_strip() -> None:
    prepared = log(residual=0.2)
    section = prepared.sections[0]
    solid = replace(SPECS[1], style="solid")
    pair = (replace(SPECS[0], points_px=((600.0, 100 + 200 * float(FRACS[1][600])),)), solid)
    track = replace(section.tracks[0], curves=pair)
    prepared = replace(prepared, sections=(replace(section, tracks=(track,)),))
    strip, posterior = block(ink_of(FRACS), 0, ROWS)
    both = posterior.position[0].astype(np.float64) + posterior.position[1]
    position = np.stack([both / 2, np.full(both.shape, 1 / COLS), np.full(both.shape, 1 / COLS)])
    presence = np.zeros((3, ROWS), np.float32)
    presence[0] = 1
    (done,) = traced(prepared, (strip, Posterior(position.astype(np.float16), presence))).tracks[0]
    assert np.abs(done.traces()[0][0].frac[600] - FRACS[1][600]) * WIDTH < 2


def tracing_as(evidence_of: Callable[[int, int], F64]) -> Tracing:
    """A tracing that puts two curves at 0.3 and 0.7 of the track, with evidence by number of rows and curve."""

    def tracing(
        strip: Strip,
        posterior: Posterior,
        specs: Sequence[CurveSpec],
        state: DecodeState | None = None,
    ) -> tuple[list[Trace], DecodeState]:
        rows = len(strip.scan_rows)
        seen = np.ones(rows, dtype=np.bool_)
        traces = [
            Trace(np.full(rows, frac), evidence_of(rows, k), seen, strip.scan_rows)
            for k, frac in enumerate((0.3, 0.7))
        ]
        return traces, DecodeState(0, ())

    return tracing


def test_traces_change_places_where_their_dashes_are_those_of_the_other_sample() -> None:
    """SP has long dashes in the header and was traced along the short ones."""
    specs = tuple(
        CurveSpec(name, "", 0, 1, style="dashed", dash_px=dash)
        for name, dash in (("SP", 26.0), ("CALI", 17.0))
    )

    def dashes(rows: int, curve: int) -> F64:
        dash = (18, 27)[curve]
        evidence = np.ones((rows, len(EVIDENCE)))
        evidence[:, EVIDENCE.index("ink")] = np.arange(rows) % (dash + 9) < dash
        return evidence

    track = replace(log().sections[0].tracks[0], curves=specs)
    record = TrackRecord(track, False, False, tracing_as(dashes))
    record.add(*block(ink_of(FRACS), 0, ROWS))
    traces, told = record.traces()
    assert [float(np.median(trace.frac)) for trace in traces] == [0.7, 0.3]
    assert told == frozenset({0, 1})


@pytest.mark.parametrize("printed", [(2.0, 5.0), (5.0, 2.0)], ids=["as printed", "exchanged"])
def test_curves_of_one_pen_are_named_by_the_weight_of_their_lines(
    printed: tuple[float, float],
) -> None:
    """Two solid curves, the left one thin, the right one thick: each gets the key of its own weight."""
    specs = tuple(
        CurveSpec(name, "", 0, 1, colour="#ff0000", stroke_px=width)
        for name, width in zip(("C2", "TG"), printed)
    )
    away = [
        np.abs(np.arange(COLS)[None] - LEFT - WIDTH * frac[:, None])
        for frac in (np.full(ROWS, 0.3), np.full(ROWS, 0.7))
    ]
    ink = np.where((away[0] <= 1) | (away[1] <= 3), 255, 0).astype(np.uint8)

    track = replace(log().sections[0].tracks[0], curves=specs)
    solid = tracing_as(lambda rows, _: np.ones((rows, len(EVIDENCE))))
    record = TrackRecord(track, False, False, solid)
    record.add(*block(ink, 0, ROWS))
    traces, told = record.traces()
    thin_first = printed[0] < printed[1]
    assert [float(np.median(t.frac)) for t in traces] == ([0.3, 0.7] if thin_first else [0.7, 0.3])
    assert told == frozenset({0, 1})
