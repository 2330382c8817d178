"""Synthetic pages: geometry in the sidecar matches the drawn pixels, curves match the truth."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rasterio.io import MemoryFile

from veernet_core.datatypes import CurveSpec, DepthAxis, TrackGeometry
from veernet_core.errors import GeometryError
from veernet_core.synth.heldout.courses import track_fraction
from veernet_core.synth.pages import demo
from veernet_core.synth.pages.demo import demo_archive
from veernet_core.synth.pages.draw import draw_page, tiff_bytes
from veernet_core.synth.pages.plans import DEPTH_COLUMN_IN, PLANS, SyntheticPage

SKEWS = [0.0, 1.3, -0.9]


def _knots(value: float | list[list[float]]) -> np.ndarray:
    return np.array([[0.0, value]] if isinstance(value, (int, float)) else value, dtype=float)


def _geometry(track: dict) -> TrackGeometry:
    return TrackGeometry(track["track_id"], _knots(track["left_px"]), _knots(track["right_px"]))


def _section(page: SyntheticPage) -> dict:
    return page.sidecar["sections"][0]


def _axis(page: SyntheticPage) -> DepthAxis:
    return DepthAxis("ft", np.array(_section(page)["depth"]["anchors"]))


def _line_centre(ink: np.ndarray, guess: float) -> float:
    """Centroid of the ink within 4 px of a guess in a 1-D profile; NaN if none or too thick."""
    lo = round(guess) - 4
    part = ink[max(lo, 0) : lo + 9].astype(float)
    dark = part > 127
    if not dark.any() or dark.sum() > 6:
        return float("nan")
    return float((np.arange(len(part))[dark]).mean() + max(lo, 0))


@pytest.mark.parametrize("skew", SKEWS)
def test_borders_in_the_sidecar_lie_on_the_drawn_lines(skew):
    page = draw_page(np.random.default_rng(1), kind="gamma_neutron", skew_deg=skew, rows=3000)
    section = _section(page)
    rows = np.arange(section["row_top"] + 30, section["row_bottom"] - 30, 7)
    for track in section["tracks"]:
        geometry = _geometry(track)
        for side in (geometry.left_px, geometry.right_px):
            want = side(rows)
            got = [_line_centre(page.image[int(r)], c) for r, c in zip(np.rint(rows), want)]
            error = np.array(got) - side(np.rint(rows))
            assert np.isfinite(error).mean() > 0.5
            assert abs(np.nanmedian(error)) < 0.25
            assert np.nanpercentile(np.abs(error), 80) < 1.0


def _row_of_line(page: SyntheticPage, column: float, guess: float) -> float:
    cols = np.arange(int(column) - 6, int(column) + 7)
    centres = np.array([_line_centre(page.image[:, c], guess) for c in cols])
    known = np.isfinite(centres)
    if known.sum() < 5:
        return float("nan")
    return float(np.polyval(np.polyfit(cols[known], centres[known], 1), column))


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("stretch", [False, True])
def test_anchors_lie_where_depth_lines_cross_the_depth_column(skew, stretch):
    rng = np.random.default_rng(7)
    page = draw_page(rng, kind="sonic", skew_deg=skew, stretch=stretch, rows=3200)
    first, second = (_geometry(t) for t in _section(page)["tracks"])
    errors = []
    for row, _ in _section(page)["depth"]["anchors"]:
        rise = np.tan(np.radians(skew)) * 0.4 * page.dpi
        left = first.right_px(np.array([row - rise]))[0]
        right = second.left_px(np.array([row + rise]))[0]
        inside = 14
        tilt = np.tan(np.radians(skew)) * inside
        a = _row_of_line(page, left - inside, row - rise - tilt)
        b = _row_of_line(page, right + inside, row + rise + tilt)
        errors.append((a + b) / 2 - row)
    assert np.isfinite(errors).sum() >= 2
    assert np.nanmax(np.abs(errors)) < 0.5


def test_stretch_changes_the_spacing_of_anchors():
    page = draw_page(np.random.default_rng(3), stretch=True, rows=4000, ft_per_in=50)
    spacing = np.diff(np.array(_section(page)["depth"]["anchors"])[:, 0])
    assert np.ptp(spacing) > 0.3


def _points(page: SyntheticPage, track: dict, spec: CurveSpec) -> tuple[np.ndarray, np.ndarray]:
    """Scan rows and columns of a curve's true samples, from sidecar geometry alone."""
    depth, value = page.truth[f"{track['track_id']}/{spec.mnemonic}"]
    geometry = _geometry(track)
    frac = track_fraction(spec, value)
    frac = np.mod(frac[np.isfinite(value)], 1)
    reference_row = _axis(page).row_at(depth[np.isfinite(value)])
    first = _geometry(_section(page)["tracks"][0])
    knots = first.left_knots
    slope = -np.polyfit(*knots.T, 1)[0] if len(knots) > 1 else 0.0
    row = reference_row.copy()
    for _ in range(4):
        left, right = geometry.left_px(row), geometry.right_px(row)
        col = left + frac * (right - left)
        edge = first.left_px(row)
        width = first.right_px(row) - edge
        centre = edge + width * (sum(DEPTH_COLUMN_IN) / 2) / 2.4
        row = reference_row + (col - centre) * slope
    return row, col


@pytest.mark.parametrize("kind", sorted(PLANS))
@pytest.mark.parametrize("skew", [0.0, 1.1])
def test_curves_are_drawn_where_sidecar_and_truth_say(kind, skew):
    page = draw_page(
        np.random.default_rng(11), kind=kind, skew_deg=skew, stretch=True, gr_right=100, rows=2800
    )
    for track in _section(page)["tracks"]:
        for entry in track["curves"]:
            spec = CurveSpec(**entry)
            row, col = _points(page, track, spec)
            r, c = np.rint(row).astype(int), np.rint(col).astype(int)
            hit = np.max([page.image[r, c + d] for d in (-1, 0, 1)], axis=0) > 127
            least = 0.97 if spec.style == "solid" else 0.3
            assert hit.mean() > least, spec


def test_a_narrow_gamma_scale_wraps():
    page = draw_page(np.random.default_rng(5), kind="gamma_neutron", gr_right=60, rows=3000)
    _, value = page.truth["T1/GR"]
    assert (value[np.isfinite(value)] > 60).mean() > 0.1
    assert np.nanmax(value) <= 120


def test_truth_is_on_half_feet():
    page = draw_page(np.random.default_rng(2), rows=2600)
    for depth, value in page.truth.values():
        assert len(depth) == len(value)
        np.testing.assert_array_equal(depth * 2, np.rint(depth * 2))
        np.testing.assert_allclose(np.diff(depth), 0.5)


def test_sidecar_is_plain_json_and_complete():
    page = draw_page(np.random.default_rng(2), rows=2600, skew_deg=0.5, colour=True)
    assert json.loads(json.dumps(page.sidecar)) == page.sidecar
    section = _section(page)
    assert section["row_top"] < section["depth"]["anchors"][0][0] < section["row_bottom"]
    assert all(c["colour"].startswith("#") for t in section["tracks"] for c in t["curves"])
    assert page.image.shape[2] == 3


def test_destroyed_bands_hide_the_curve_but_not_the_truth():
    whole = draw_page(np.random.default_rng(4), kind="sonic", rows=2600)
    ruined = draw_page(np.random.default_rng(4), kind="sonic", rows=2600, destroyed=[(0.4, 0.6)])
    np.testing.assert_array_equal(whole.truth["T2/DT"][1], ruined.truth["T2/DT"][1])
    changed = (whole.image != ruined.image).mean(axis=1) > 0.1
    top, bottom = _section(whole)["row_top"], _section(whole)["row_bottom"]
    share = changed[int(top) : int(bottom)].mean()
    assert 0.15 < share < 0.25


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("colour", [False, True])
def test_tiff_holds_the_same_pixels(colour):
    page = draw_page(np.random.default_rng(6), rows=2300, colour=colour)
    data = tiff_bytes(page)
    assert data == tiff_bytes(page)
    with MemoryFile(data) as memory, memory.open() as scan:
        assert scan.tags()["TIFFTAG_XRESOLUTION"].startswith("200")
        if colour:
            np.testing.assert_array_equal(np.moveaxis(scan.read(), 0, -1), page.image)
        else:
            assert scan.profile["compress"] in ("ccittfax4", "CCITTFAX4")
            assert scan.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES"
            np.testing.assert_array_equal(scan.read(1) > 0, page.image > 127)


def test_a_page_too_short_is_refused():
    with pytest.raises(GeometryError):
        draw_page(np.random.default_rng(0), rows=700)


def test_demo_archive_repeats_and_holds_the_promised_cases(monkeypatch: pytest.MonkeyPatch):
    first = demo_archive(3)
    monkeypatch.setattr(demo, "DEMO", demo.DEMO[-3:])  # each scan is what it is without the others
    second, other = demo_archive(3), demo_archive(4)
    assert [s.tiff for s in first[-3:]] == [s.tiff for s in second]
    assert [s.sidecar for s in first[-3:]] == [s.sidecar for s in second]
    assert all(s.tiff != o.tiff for s, o in zip(second, other))
    by_stem = {s.stem: s for s in first}
    assert [s.stem for s in first[:2]] == ["1-unaided-sonic", "2-without-depth"]
    assert [s.sidecar is None for s in first] == [True, True] + [False] * (len(first) - 2)
    assert len(by_stem["truncated"].tiff) == 1000
    assert all(s.truth for s in first)
