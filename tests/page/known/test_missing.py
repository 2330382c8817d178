"""Findings about what is missing, doubtful or off the page say what, where and what to do."""

from __future__ import annotations

import numpy as np
import pytest
from sidecar_support import CONTRACT, changed, parse

from veernet_core.datatypes import CurveSpec, Finding, TrackGeometry
from veernet_core.findings import entry_of
from veernet_core.page.known import missing
from veernet_core.page.known.on_page import require_given_on_page
from veernet_core.page.results import CurveFound, Reading, SectionFound

SECTION = SectionFound("main", "main", 100.6, 2000.4, (), np.zeros((0, 2)), 0.9)
GIVEN = parse(CONTRACT).sections[0]
TRACK = GIVEN.tracks[0]
CURVE = (TRACK.curves or ())[0]


PEN = CurveSpec("UNREAD", "FRAC", 0.0, 1.0, colour="#ff0000")
_ENDS = [Reading(value, "header", 0.95) for value in (0.0, 150.0)]
FOUND = CurveFound(
    "main", 0, Reading("GR", "header", 0.95), None, *_ENDS, "linear", None, "#ff0000"
)


def cases() -> list[tuple[Finding, str, str]]:
    geometry = TrackGeometry("T1", np.array([[0.0, -30.0]]), np.array([[0.0, 700.4]]))
    return [
        (missing.depth_unknown("main", None), "depth_unknown", "Section main has no depth anchors."),
        (missing.depth_unknown("main", GIVEN.depth), "depth_unknown",
         "Section main has depth anchors without a unit."),
        (missing.track_unknown(TRACK, "main"), "track_unknown",
         "Track T1 has no borders; its 1 curves are left out."),
        (missing.scale_unknown(CURVE, "main", "T1"), "scale_unknown",
         "Curve GR has no scale and is left out."),
        (missing.borders_uncertain(SECTION, "T1", 0.456), missing.BORDERS_UNCERTAIN,
         "The borders of track T1 are uncertain (confidence 0.46)."),
        (missing.scale_unread(SECTION, "T1"), "scale_unread", "No scale was read for track T1:"),
        (missing.pen_unnamed(SECTION, "T1", [PEN]), "pen_unnamed",
         "Track T1 has a pen that no scale names (UNREAD in #ff0000):"),
        (missing.not_drawn(SECTION, "T1", FOUND), "not_drawn",
         "GR is printed above track T1 in #ff0000, and nothing of that colour is drawn there."),
        (missing.page_doubtful(SECTION), missing.PAGE_DOUBTFUL,
         "The page may be no curve log; section main is for review only."),
        (missing.reading_dropped("no width", "main", "T1"), "reading_dropped",
         "What was read of track T1 does not fit the page and is left out: no width."),
        (missing.reading_dropped("no width", "main", None), "reading_dropped",
         "What was read of section main does not fit the page"),
        (missing.border_off_page(geometry, (10.2, 90.8), 600, "main"), "border_off_page",
         "Track T1 spans columns -30 to 700, the page has columns 0 to 599;"),
    ]  # fmt: skip


@pytest.mark.parametrize(("finding", "code", "message"), cases())
def test_a_finding_says_what_and_where(finding: Finding, code: str, message: str) -> None:
    entry = entry_of(code)
    assert finding.code == code
    assert finding.message.startswith(message)
    assert finding.section_id == "main"
    assert finding.remedy == entry.remedy != ""
    assert (finding.stage, finding.severity) == (entry.stage, entry.severity)


def test_rows_are_those_of_the_section_or_of_the_track() -> None:
    found = {finding.code: finding for finding, _, _ in cases()}
    assert found["scale_unread"].rows == (100, 2000)
    assert found["border_off_page"].rows == (10, 90)
    assert found["depth_unknown"].rows is None
    assert found["track_unknown"].track_id == "T1"
    assert found[missing.PAGE_DOUBTFUL].track_id is None


def test_reasons_that_keep_curves_from_acceptance_are_registered_as_such() -> None:
    for code in (missing.BORDERS_UNCERTAIN, missing.PAGE_DOUBTFUL):
        assert entry_of(code).blocks


@pytest.mark.parametrize("height", [37_000, 36_999])
def test_a_contract_on_its_page_is_taken_to_the_last_row(height: int) -> None:
    require_given_on_page(GIVEN, "x", (height, 1217))


@pytest.mark.parametrize("knots", [[[18100, 1210], [37000, 1216]], [[-1, 800], [10, 820]]])
def test_knots_within_the_slack_of_the_edge_are_taken(knots: object) -> None:
    section = parse(changed("sections.0.tracks.0.right_px", knots)).sections[0]
    require_given_on_page(section, "x", (37_000, 1300))
