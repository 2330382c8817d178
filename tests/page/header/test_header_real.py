"""Real forms and scale blocks: whatever is stated as sure is what a person reads there.

Needs the scans themselves (folder named by VEERNET_SCANS); the readings are in ``data/pages``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from veernet_core.config import RasterLimits
from veernet_core.datatypes import Dpi
from veernet_core.evaluation.header_score import same_text
from veernet_core.page.header.fields import read_header, read_sideways
from veernet_core.page.ocr.text import RapidReader, read_region
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.results import CurveFound, PageLayout, SectionFound, TrackFound
from veernet_core.page.scales.reading import read_scales

SCANS = os.environ.get("VEERNET_SCANS", "")
TRUTH = Path(__file__).resolve().parents[2] / "data" / "pages"
SURE = 0.9

pytestmark = [
    pytest.mark.scans,
    pytest.mark.slow,
    pytest.mark.skipif(not SCANS, reason="VEERNET_SCANS names no folder of real scans"),
]


def layout(truth: dict[str, Any]) -> PageLayout:
    """The first main section as a person sees it."""
    main = next(section for section in truth["sections"] if section["kind"] == "main")
    tracks = tuple(
        TrackFound(np.array(t["left_px"], float), np.array(t["right_px"], float), "curves")
        for t in main["tracks"]
    )
    section = SectionFound(
        "main", "main", main["row_top"], main["row_bottom"], tracks, np.zeros((0, 2))
    )
    down, across = truth["dpi"]
    return PageLayout("curve_log", 0, Dpi(down, across), (section,))


def is_true(curve: CurveFound, truth: dict[str, Any]) -> bool:
    ends = (float(curve.left.value), float(curve.right.value))
    return any(
        (c["left"], c["right"]) == pytest.approx(ends)
        for section in truth["sections"]
        for t in section.get("tracks", [])
        for c in t.get("curves", [])
        if c["left"] is not None and c["right"] is not None
    )


@pytest.mark.parametrize("stem", ["4705900879_gr_d_p", "4709901572_gr_n_d"])
def test_what_is_sure_is_what_a_person_reads(stem: str) -> None:
    path = Path(SCANS) / f"{stem}.tif"
    if not path.exists():
        pytest.skip(f"{path.name} is not in VEERNET_SCANS")
    truth = json.loads((TRUTH / f"{stem}.page.json").read_text(encoding="utf-8"))
    raster = open_raster(path.read_bytes(), path.name, RasterLimits())
    page, reader = layout(truth), RapidReader()
    first, dpi = round(page.sections[0].row_top), page.dpi.across
    level = read_region(raster, 0, first, 0, raster.width_px, reader, (0,), dpi)
    header = read_header([*level, *read_sideways(raster, first, reader, dpi)], page)
    stated = {k: str(v.value) for k, v in header.fields.items() if v.confidence >= SURE}
    known = {("field_name" if k == "field" else k): v for k, v in truth["header"].items()}
    compared = {k: v for k, v in stated.items() if isinstance(known.get(k), str)}
    assert len(compared) >= 4
    assert [k for k, v in compared.items() if not same_text(k, known[k], v)] == []
    curves = read_scales(raster, page, reader)
    sure = [c for c in curves if min(c.left.confidence, c.right.confidence) >= SURE]
    assert len(sure) >= 2
    assert all(is_true(curve, truth) for curve in sure)
