"""Borders that a person read far down a tilted page are those of its scales once the tilt is added."""

from __future__ import annotations

import numpy as np
import pytest

from flows.studies.fit_scales import lean_at_top
from veernet_core.evaluation.page_truth import TrueCurve, TrueSection, TrueTrack
from veernet_core.page.results import SectionFound, TrackFound


def found(*shifts: float) -> SectionFound:
    """Tracks from row 1000 to 9000 whose borders stand further to the right at the top."""
    tracks = tuple(
        TrackFound(
            np.array([[1000.0, a + s], [5000.0, a], [9000.0, a]]),
            np.array([[1000.0, a + 200 + s], [5000.0, a + 200], [9000.0, a + 200]]),
            "curves",
        )
        for a, s in zip((100.0, 300.0, 500.0), shifts, strict=False)
    )
    return SectionFound("main", "main", 1000.0, 9000.0, tracks, np.zeros((0, 2)), 1.0)


def truth(first_row: float) -> TrueSection:
    border = np.array([[first_row, 100.0]])
    track = TrueTrack("T1", border, np.array([[first_row, 300.0]]), (TrueCurve("GR"),))
    return TrueSection("main", 1000.0, 9000.0, "ft", np.zeros((0, 2)), (track,))


@pytest.mark.parametrize(
    ("row", "lean"), [(9000.0, 30.0), (3000.0, 15.0), (1000.0, 0.0), (0.0, 0.0)]
)
def test_the_tilt_above_the_first_known_row_is_added(row: float, lean: float) -> None:
    assert lean_at_top(found(30.0, 30.0, 30.0), truth(row)) == pytest.approx(lean)


def test_one_track_gone_astray_tells_nothing() -> None:
    assert lean_at_top(found(30.0, 30.0, 400.0), truth(9000.0)) == pytest.approx(30.0)


def test_a_section_without_tracks_has_no_tilt() -> None:
    assert lean_at_top(found(), truth(9000.0)) == 0.0
