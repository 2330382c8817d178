"""What a sidecar gives off the page is an error that names it, wherever in the sidecar it stands."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from veernet_core.datatypes import Raster
from veernet_core.errors import GeometryError
from veernet_core.page.known.sections import given_sections
from veernet_core.page.known.sidecar import parse_sidecar

PAGE = Raster(1000, 600, False, None, lambda *_: None, lambda *_: None, lambda: ())  # type: ignore
CURVE = {"mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150}
SECTION = {
    "section_id": "main",
    "row_top": 0,
    "row_bottom": 900,
    "depth": {"unit": "ft", "anchors": [[10, 100], [800, 200]]},
    "tracks": [{"track_id": "T1", "left_px": 100, "right_px": 500, "curves": [CURVE]}],
}


def taken(place: tuple[Any, ...], value: object) -> None:
    section: Any = copy.deepcopy(SECTION)
    at = section
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    data = json.dumps({"sections": [section]}).encode()
    given_sections(parse_sidecar(data, "x.sidecar.json"), PAGE)


TRACK: tuple[Any, ...] = ("tracks", 0)
GR = (*TRACK, "curves", 0)


@pytest.mark.parametrize(
    ("place", "value", "what", "where"),
    [
        ((*TRACK, "left_px"), [[-9000, 100], [90000, 120]], "row -9000", "tracks[0].left_px"),
        ((*TRACK, "right_px"), [[0, 500], [1100, 520]], "row 1100", "tracks[0].right_px"),
        ((*TRACK, "left_px"), [[5000, 100], [6000, 120]], "row 5000", "tracks[0].left_px"),
        (("depth_column",), {"left_px": 900, "right_px": 980}, "column 940", "depth_column"),
        (("depth_column",), {"left_px": -400, "right_px": -320}, "column -360", "depth_column"),
        (("depth_column",), {"left_px": 90, "right_px": 20}, "right of the left", "depth_column"),
        (
            ("depth_column",),
            {"left_px": [[0, 20], [3000, 20]], "right_px": 90},
            "row 3000",
            "depth_column",
        ),
        ((*GR, "null_rows"), [[5000, 6000]], "row 5000", "tracks[0].curves[0].null_rows"),
        ((*GR, "null_rows"), [[-500, 20]], "row -500", "tracks[0].curves[0].null_rows"),
        ((*GR, "redrawn"), [[500, 200], [5100, 220]], "row 5100", "tracks[0].curves[0].redrawn"),
        (
            (*GR, "redrawn"),
            [[100, 5000], [200, 5020]],
            "column 5000",
            "tracks[0].curves[0].redrawn",
        ),
        ((*GR, "redrawn"), [[100, -500], [200, 120]], "column -500", "tracks[0].curves[0].redrawn"),
        ((*GR, "points"), [[5000, 200]], "row 5000", "tracks[0].curves[0].points"),
        ((*GR, "points"), [[500, 2000]], "column 2000", "tracks[0].curves[0].points"),
    ],
)
def test_off_the_page(place: tuple[Any, ...], value: object, what: str, where: str) -> None:
    with pytest.raises(GeometryError) as caught:
        taken(place, value)
    assert what in caught.value.message
    assert caught.value.where == f"x.sidecar.json: sections[0].{where}"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((*TRACK, "left_px"), [[0, 100], [1000, 120]]),
        ((*TRACK, "left_px"), [[-1, 100], [1001, 120]]),
        (("depth_column",), {"left_px": 20, "right_px": 90}),
        (("depth_column",), {"left_px": -30, "right_px": 60}),
        ((*GR, "null_rows"), [[950, 990]]),
        ((*GR, "redrawn"), [[100, 90], [200, 560]]),
    ],
)
def test_on_the_page(place: tuple[Any, ...], value: object) -> None:
    taken(place, value)
