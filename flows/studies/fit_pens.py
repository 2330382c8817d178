"""``veernet fit-pens``: fit which inks of a track are lines of pens, on hand-read pages in colour.

In: folders of scans whose truth is known. Out: ``drawn_pens.json``, and one for each fold that left wells
out, in ``fold-<k>/``, for `evaluate-pages --models`. Pages seen in development are left out: not all of their
pens are in their truth. Does not belong here: the fit (`training.drawn_pens`), and what is measured
(`page.scales.drawn_inks`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flows.studies.report import Report
from flows.studies.truth_pages import TruthPage, find_pages, write_models
from veernet_core import __version__
from veernet_core.config import RasterLimits
from veernet_core.datatypes import Dpi
from veernet_core.evaluation.folds import FOLDS, fold_of
from veernet_core.evaluation.page_truth import TrueSection, TrueTrack
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.results import PAGE_WIDTH_IN, SectionFound, TrackFound
from veernet_core.page.scales.drawn_inks import SHIPPED, inks_of
from veernet_core.training.drawn_pens import KnownInk, TruePen, fit_pens, known_inks

_GROUPS = ("own", "given")
_OVERLAP = 0.5
"""Share of a track that another one covers whose curves are drawn in it too."""


def run_fit(scans: Sequence[Path], truth: Path, out: Path) -> Report:
    """Measure the inks of all pages in colour, fit, write the files; returns the report.

    Raises
    ------
    FileNotFoundError
        No scan has a truth.
    ValueError
        None of them is in colour.
    """
    pages = find_pages(scans, truth, _GROUPS)
    by_page = {page.stem: _inks(page) for page in pages}
    used = {stem: inks for stem, inks in by_page.items() if inks}
    known = [ink for inks in used.values() for ink in inks]
    if not known:
        raise ValueError("none of the pages with truth is in colour")
    record = {"command": "veernet fit-pens", "version": __version__, "pages": sorted(used)}
    whole, by_fold = fit_pens(
        known, {k.well: fold_of(k.well) for k in known}, record | {"folds": FOLDS}
    )
    files = write_models(out, SHIPPED, whole, by_fold)
    fitted = json.loads(whole)["record"]
    found, wrong = fitted["left_out_found"], fitted["left_out_wrong"]
    line = (
        f"{files[0]}: {len(known)} inks of {len(used)} pages, {fitted['pens']} of them pens; with their well"
        f" left out {found} of these are found, and {wrong} others"
    )
    figures = {name: fitted[name] for name in ("inks", "pens")}
    return Report(line, file=str(files[0]), pages=len(used), found=found, wrong=wrong, **figures)


def _inks(page: TruthPage) -> list[KnownInk]:
    """The inks of a page whose nature is known; none of a page without colour, or that cannot be read."""
    if page.truth.turn_deg:
        return []
    try:
        raster = open_raster(page.read_bytes(), page.stem, RasterLimits())
        if not raster.is_colour:
            return []
        across = raster.width_px / PAGE_WIDTH_IN
        dpi = page.truth.dpi or Dpi(across, across)
        known = []
        for section in page.truth.sections:
            tracks = tuple(TrackFound(t.left, t.right, "curves") for t in section.tracks)
            found = SectionFound(
                section.section_id,
                "main",
                section.row_top,
                section.row_bottom,
                tracks,
                np.zeros((0, 2)),
            )
            for track, inks in zip(section.tracks, inks_of(raster, found, dpi), strict=True):
                known += known_inks(inks, _pens(section, track), page.truth.well)
        return known
    except Exception as error:
        logging.getLogger(__name__).warning("%s is left out: %s", page.stem, error)
        return []


def _pens(section: TrueSection, track: TrueTrack) -> list[TruePen]:
    """The pens of a track, and of tracks that lie over it."""
    return [
        TruePen(curve.colour, curve.traceable in ("easy", "hard"))
        for other in section.tracks
        if _covered(track, other) >= _OVERLAP
        for curve in other.curves
    ]


def _covered(track: TrueTrack, other: TrueTrack) -> float:
    """Share of a track that another one covers, at their tops."""
    left, right = float(track.left[0, 1]), float(track.right[0, 1])
    shared = min(right, float(other.right[0, 1])) - max(left, float(other.left[0, 1]))
    return max(0.0, shared) / max(1.0, right - left)
