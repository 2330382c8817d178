"""Tracks of a section from what is given and what was read, checked against the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sidecar_support import CONTRACT, CURVE, changed, page, parse

from veernet_core.datatypes import CurveSpec, Dpi, Track
from veernet_core.errors import GeometryError
from veernet_core.page.known.place import PlacedTrack
from veernet_core.page.known.sidecar import Sidecar, SidecarTrack
from veernet_core.page.known.sidecar.write import finite, pair, sidecar_json
from veernet_core.page.known.tracks import (
    MIN_TRACK_CONFIDENCE,
    UNREAD,
    PageCheck,
    checked_tracks,
    given_parts,
    is_unsure,
    read_parts,
)
from veernet_core.page.results import CurveFound, Reading, SectionFound, TrackFound

ROWS = (18_100.0, 37_000.0)


def check() -> PageCheck:
    return PageCheck(page(), [])


def codes(of: PageCheck) -> list[str]:
    return [finding.code for finding in of.findings]


def given(path: str = "", value: object = None) -> tuple[SidecarTrack, ...]:
    sidecar: Sidecar = parse(changed(path, value) if path else CONTRACT)
    return sidecar.sections[0].tracks


def tracks_of(of: tuple[SidecarTrack, ...], where: PageCheck) -> tuple[Track, ...]:
    return checked_tracks(given_parts(of, "main", where), "main", ROWS, "w", where)


def test_given_tracks_have_the_borders_and_scales_that_are_given() -> None:
    where = check()
    (track,) = tracks_of(given(), where)
    assert track.track_id == "T1"
    assert track.geometry.left_px(np.array(ROWS)).tolist() == [715, 715]
    assert track.geometry.right_px(np.array(ROWS)).tolist() == [1210, 1216.5]
    assert [(c.mnemonic, c.left, c.right, c.wrap) for c in track.curves] == [("GR", 0, 150, "one")]
    assert where.findings == []


def test_a_given_track_without_a_border_is_left_out_with_a_finding() -> None:
    where = check()
    assert tracks_of(given("sections.0.tracks.0.left_px", ...), where) == ()
    assert codes(where) == ["track_unknown"]


def test_a_given_curve_without_a_scale_is_left_out_and_the_track_stays() -> None:
    where = check()
    (track,) = tracks_of(given(f"{CURVE}.left", ...), where)
    assert track.curves == ()
    assert codes(where) == ["scale_unknown"]


def test_a_track_that_runs_off_the_paper_is_kept_with_a_finding() -> None:
    where = check()
    (track,) = tracks_of(given("sections.0.tracks.0.right_px", 2030), where)
    assert track.geometry.right_px(np.array([20_000.0]))[0] == 2030
    assert codes(where) == ["border_off_page"]


def found(left: float = 100.0, right: float = 600.0, confidence: float = 0.9) -> SectionFound:
    borders = (np.array([[0.0, px]]) for px in (left, right))
    track = TrackFound(*borders, "curves", confidence=confidence)
    return SectionFound("main", "main", *ROWS, (track,), np.zeros((0, 2)))


WIDTH = 2000
READING = SimpleNamespace(curves=(), inks=(), legends=())


def parts_of(section: SectionFound, of: SidecarTrack | None, where: PageCheck):
    placed = PlacedTrack("T1", 0, of)
    return read_parts(placed, section, READING, 0.5, where)  # type: ignore[arg-type]


def test_a_track_of_which_no_scale_was_read_gives_its_curve_as_a_share_of_its_width() -> None:
    where = check()
    parts = parts_of(found(), None, where)
    (track,) = checked_tracks([parts], "main", ROWS, "w", where)
    (curve,) = track.curves
    assert (curve.mnemonic, curve.unit, curve.left, curve.right) == (UNREAD, "FRAC", 0.0, 1.0)
    assert curve.source == "guess"
    assert codes(where) == ["scale_unread"]


@pytest.mark.parametrize(("off", "unsure"), [(-0.01, True), (0.0, False)])
def test_borders_below_the_least_confidence_are_uncertain(off: float, unsure: bool) -> None:
    section, where = found(confidence=MIN_TRACK_CONFIDENCE + off), check()
    assert is_unsure(PlacedTrack("T1", 0, None), section, [], 0.9, WIDTH) is unsure
    parts_of(section, None, where)
    assert ("borders_uncertain" in codes(where)) is unsure


@pytest.mark.parametrize(
    ("left", "right", "unsure"),
    [
        (-15.0, 600.0, True),
        (-5.0, 600.0, False),
        (100.0, WIDTH + 9.0, False),
        (100.0, WIDTH + 60.0, True),
    ],
)
def test_a_border_off_the_paper_is_uncertain(left: float, right: float, unsure: bool) -> None:
    """A border set 15 px off the paper, where the paper ends at it, let a curve out that was 28 % off."""
    placed = PlacedTrack("T1", 0, None)
    assert is_unsure(placed, found(left, right), [], 0.9, WIDTH) is unsure


WHOLE = (None,)
HALVES = ((0.0, 0.5), (0.5, 1.0))


@pytest.mark.parametrize(
    ("parts", "sure", "unsure"),
    [(WHOLE, 0.95, False), (WHOLE, 0.85, True), (HALVES, 0.95, False), (HALVES[:1], 0.95, True)],
)
def test_scales_read_surely_at_the_borders_confirm_them(
    parts: Sequence[tuple[float, float] | None], sure: float, unsure: bool
) -> None:
    """Collar locators in narrow tracks without a grid: five of five such borders were within 0.3 %."""
    section = found(confidence=0.15)
    placed = PlacedTrack("T1", 0, None)
    ends = [Reading(v, "header", sure) for v in (-20.0, 20.0)]
    name = Reading("CCL", "header", 0.99)
    read = [CurveFound("main", 0, name, None, *ends, "linear", "solid", part=p) for p in parts]
    assert is_unsure(placed, section, read, 0.9, WIDTH) is unsure
    within = [replace(c, last_track=0) for c in read]
    assert is_unsure(placed, section, within, 0.9, WIDTH) is unsure
    across = [replace(c, last_track=1) for c in read]
    assert is_unsure(placed, section, across, 0.9, WIDTH)


@pytest.mark.parametrize(
    ("divisions", "unsure"),
    [(None, False), (10, False), (4, False), (21, False), (11, True), (9, True)],
)
def test_numbers_confirm_no_borders_a_division_off(divisions: int | None, unsure: bool) -> None:
    """A gamma ray whose right border was taken one line further, 11 % of the width, and its scale was sure."""
    section = found(confidence=0.41)
    section = replace(section, tracks=(replace(section.tracks[0], divisions=divisions),))
    ends = [Reading(v, "header", 0.95) for v in (0.0, 200.0)]
    read = [CurveFound("main", 0, Reading("GR", "header", 0.99), None, *ends, "linear", "solid")]
    assert is_unsure(PlacedTrack("T1", 0, None), section, read, 0.9, WIDTH) is unsure


def test_given_curves_are_used_on_borders_that_were_read_and_a_confirmation_is_kept() -> None:
    where = check()
    own = replace(given()[0], left_px=None, borders_confirmed=True)
    parts = parts_of(found(), own, where)
    assert not parts.is_given
    (track,) = checked_tracks([parts], "main", ROWS, "w", where)
    assert track.geometry.left_px(np.array([0.0]))[0] == 100.0
    assert [c.mnemonic for c in track.curves] == ["GR"]
    assert track.borders_confirmed
    assert parts_of(found(), given()[0], where).is_given


def test_borders_that_cross_are_an_error_of_a_person_and_dropped_where_they_were_read() -> None:
    with pytest.raises(GeometryError):
        tracks_of(given("sections.0.tracks.0.left_px", 1300), check())
    where = check()
    read = parts_of(found(left=650.0), None, where)
    sound = parts_of(found(), None, check())
    tracks = checked_tracks([read, sound], "main", ROWS, "w", where)
    assert len(tracks) == 1  # the other track of the section stays
    assert codes(where) == ["scale_unread", "reading_dropped"]


def test_two_curves_of_one_name_on_one_scale_are_numbered() -> None:
    where = check()
    curve = CurveSpec("RES", "OHMM", 0.0, 10.0)
    parts = replace(parts_of(found(), None, check()), curves=[curve, curve], more=())
    (track,) = checked_tracks([parts], "main", ROWS, "w", where)
    assert [c.mnemonic for c in track.curves] == ["RES", "RES_2"]
    assert codes(where) == ["names_numbered"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("turn_deg", 90),
        ("dpi", [98, 204]),
        ("edited", [{"who": "A", "when": "2026-01-02", "what": "borders"}]),
        ("sections.0.skip", True),
        ("sections.0.row_top", ...),
        ("sections.0.depth", {"top": 7000, "bottom": 9000, "unit": "m"}),
        ("sections.0.depth_column", {"left_px": 600, "right_px": [[0, 700], [900, 705.25]]}),
        ("sections.0.tracks.0.left_px", ...),
        ("sections.0.tracks.0.borders_confirmed", True),
        (f"{CURVE}.colour", "#cc0000"),
        (f"{CURVE}.points", [[19_000, 800.5], [19_100, 801]]),
        (f"{CURVE}.null_rows", [[19_000, 19_100]]),
        (f"{CURVE}.redrawn", [[19_000, 800.5], [19_100, 801]]),
        (f"{CURVE}.wrap_start", 1),
        (f"{CURVE}.left", ...),
        (f"{CURVE}.backup_of", "SP"),
        (f"{CURVE}.left_px", 800),
    ],
)
def test_a_sidecar_that_was_written_is_read_back_the_same(path: str, value: object) -> None:
    once = parse(changed(path, value))
    written = sidecar_json(once)
    assert repr(parse(written)) == repr(once)  # as text: what is not known is NaN
    assert sidecar_json(parse(written)) == written
    assert written != sidecar_json(parse(CONTRACT))


def test_written_resolutions_lie_where_a_sidecar_may_have_them() -> None:
    wild = replace(parse(CONTRACT), dpi=Dpi(20.0, 900.0))
    assert sidecar_json(wild)["dpi"] == [50.0, 800.0]
    assert parse(sidecar_json(wild)).dpi == Dpi(50.0, 800.0)


def test_written_numbers_are_rounded_and_those_that_are_none_left_out() -> None:
    assert pair((12.34567, 7000.12345)) == [12.35, 7000.123]
    assert finite(top=1.23456, residual=float("nan"), bottom=None) == {"top": 1.235}
