"""``veernet fit-scales``: fit the models that read scales, on hand-read pages and drawn blocks.

In: folders of scans whose truth is known, and layout networks that left their wells out. Out: ``scales.json``,
and one for each fold that left wells out, in ``fold-<k>/``, for `evaluate-pages --models`. Print is read once
and kept in ``print/``: fitting again takes a minute. Drawn pages of others are for judging and never fitted on.
Does not belong here: the fit (`training.scale_models`), and what is measured (`page.scales`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from flows.engine.page_engines import PageEngines
from flows.studies.truth_pages import TruthPage, check_models, find_pages, models_for, write_models
from veernet_core import __version__
from veernet_core.config import RasterLimits
from veernet_core.datatypes import Dpi, Raster, px_at
from veernet_core.evaluation.folds import FOLDS, fold_of
from veernet_core.evaluation.page_match import find_section
from veernet_core.evaluation.page_truth import TrueSection, TrueTrack
from veernet_core.page.known.place import place
from veernet_core.page.layout.page_layout import read_layout
from veernet_core.page.ocr.tints import tinted
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.reading import LAYOUT_FILE
from veernet_core.page.results import PAGE_WIDTH_IN, SectionFound, TextBox, TrackFound
from veernet_core.page.scales.reading import block_of, block_rows, read_block_print
from veernet_core.page.scales.scorer import SHIPPED, ScaleScorer, unpack_scorer
from veernet_core.training.scale_models import COUNTS, count_readings, fit_scales
from veernet_core.training.true_scales import TrueBlock, TrueScale, drawn_blocks

_FITTED_ON = ("development", "own", "given")


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted: blocks and scales by source, and the files written."""

    pages: int
    blocks: int
    scales: int
    drawn: int
    files: tuple[Path, ...]
    counts: Mapping[str, tuple[int, ...]]

    def table(self) -> str:
        """``COUNTS`` by group, every page read by the models that left its well out."""
        width = max(len(group) for group in self.counts)
        rows = [
            f"{group:<{width}}  " + "  ".join(f"{n:>5}" for n in own)
            for group, own in self.counts.items()
        ]
        return "\n".join((f"{'':<{width}}  " + ", ".join(COUNTS), *rows))


def fit(
    scans: Sequence[Path],
    truth: Path,
    out: Path,
    drawn: int = 2000,
    seed: int = 5,
    layouts: Path | None = None,
) -> Fitted:
    """Fit the scorer of scales.

    Parameters
    ----------
    scans : sequence of Path
        Folders of scans.
    truth : Path
        Folder of hand-read truth.
    out : Path
        Folder for models and for the print that was read.
    drawn : int
        Number of drawn blocks.
    seed : int
        Of the drawn blocks.
    layouts : Path, optional
        Folder of layout networks by fold, as `train-pages` leaves it. Every page is then read a second time
        with the borders that the network without its well finds: whether a reading is right is learned there.

    Raises
    ------
    FileNotFoundError
        No scan has a truth.
    """
    pages = find_pages(scans, truth, _FITTED_ON)
    reader = PageEngines(1)
    grouped = [(p.group, b) for p in pages for b in _blocks(p, reader, out / "print")]
    if layouts is not None:
        check_models(layouts)
        found = ((p, b) for p in pages for b in _blocks(p, reader, out / "print", layouts))
        grouped += [(f"{p.group}, borders read", b) for p, b in found]
    blocks = [block for _, block in grouped]
    folds = {block.well: fold_of(block.well) for block in blocks}
    record = {
        "command": "veernet fit-scales",
        "version": __version__,
        "pages": sorted(p.stem for p in pages),
        "blocks": len(blocks),
        "scales": sum(len(b.scales) for b in blocks),
        "drawn_blocks": drawn,
        "borders_read": layouts is not None,
        "seed": seed,
        "folds": FOLDS,
    }
    whole, by_fold = fit_scales(blocks, drawn_blocks(drawn, seed), folds, record)
    files = write_models(out, SHIPPED, whole, by_fold)
    scales = sum(len(b.scales) for b in blocks)
    counts = _left_out(grouped, {k: unpack_scorer(data) for k, data in by_fold.items()})
    return Fitted(len(pages), len(blocks), scales, drawn, tuple(files), counts)


def _left_out(
    grouped: Sequence[tuple[str, TrueBlock]], scorers: Mapping[int, ScaleScorer]
) -> dict[str, tuple[int, ...]]:
    """Counts by group, each block read by the models that never saw its well."""
    counts: dict[str, list[int]] = {}
    for group, block in grouped:
        own = count_readings(block, scorers[fold_of(block.well)])
        known = counts.setdefault(group, [0] * len(COUNTS))
        counts[group] = [a + b for a, b in zip(known, own, strict=True)]
    return {group: tuple(own) for group, own in counts.items()}


def _blocks(
    page: TruthPage, reader: PageEngines, kept: Path, layouts: Path | None = None
) -> Iterator[TrueBlock]:
    """The blocks of one page with their true scales; a page that cannot be read is left out, and said."""
    if page.truth.turn_deg:
        return
    try:
        raster = open_raster(page.read_bytes(), page.stem, RasterLimits())
        if layouts is None:
            pairs, dpi = _true_sections(page, raster)
        else:
            pairs, dpi = _read_sections(page, raster, reader, layouts)
        yield from _read_blocks(page, raster, pairs, dpi, reader, kept, layouts is not None)
    except Exception as error:
        logging.getLogger(__name__).warning("%s is left out: %s", page.stem, error)


Pairs = list[tuple[SectionFound, TrueSection | None]]
"""Sections from top to bottom, with what is true of them where that is known."""


def _true_sections(page: TruthPage, raster: Raster) -> tuple[Pairs, Dpi]:
    """Sections as they truly are, and the resolution of the page."""
    across = raster.width_px / PAGE_WIDTH_IN
    pairs: Pairs = []
    for true in sorted(page.truth.sections, key=lambda s: s.row_top):
        section = SectionFound(
            true.section_id, "main", true.row_top, true.row_bottom,
            tuple(_as_found(t) for t in _tracks(true)), np.zeros((0, 2)), 1.0,
        )  # fmt: skip
        pairs.append((section, true))
    return pairs, page.truth.dpi or Dpi(across, across)


def _read_sections(
    page: TruthPage, raster: Raster, reader: PageEngines, layouts: Path
) -> tuple[Pairs, Dpi]:
    """Sections as the layout network finds them that was fitted without the well."""
    net = reader.layout_net(models_for(page, layouts).files.get(LAYOUT_FILE))
    found, placed, _ = place(None, read_layout(raster, net), raster.height_px)
    own = [(s, find_section(s, placed)) for s in page.truth.sections]
    true = {p.found.section_id: s for s, p in own if p is not None}
    return [(p.found, true.get(p.found.section_id)) for p in placed], found.dpi


def _read_blocks(
    page: TruthPage,
    raster: Raster,
    pairs: Pairs,
    dpi: Dpi,
    reader: PageEngines,
    kept: Path,
    is_read: bool,
) -> Iterator[TrueBlock]:
    above = 0.0
    for section, true in pairs:
        if true is not None:
            rows = block_rows(raster, section, above, dpi)
            key = f"{true.section_id}.{rows[0]}-{rows[1]}" if is_read else true.section_id
            path = kept / f"{page.stem}.{key}.json"
            boxes = _print(path, raster, section, rows, dpi, reader)
            block = block_of(raster, section, boxes, rows, dpi)
            lean = lean_at_top(section, true) if is_read else 0.0
            yield TrueBlock(block, tuple(_true_scales(true, lean)), page.truth.well, is_read)
        above = section.row_bottom


def lean_at_top(found: SectionFound, true: TrueSection) -> float:
    """How far the borders that were found move to the right from the first row that the truth knows up to the
    top of the section, columns: truth that was read far down says nothing of paper that tilts above.
    """
    rows = [float(t.left[0, 0]) for t in _tracks(true)]
    first = max(found.row_top, float(np.median(rows)) if rows else found.row_top)
    moves = [
        top - below
        for track in found.tracks
        for top, below in zip(track.borders_at(found.row_top), track.borders_at(first), strict=True)
    ]
    return float(np.median(moves)) if moves else 0.0


def _tracks(section: TrueSection) -> list[TrueTrack]:
    """Tracks with curves, from left to right."""
    return sorted(
        (t for t in section.tracks if t.curves), key=lambda t: px_at(t.left, section.row_top)
    )


def _print(
    path: Path,
    raster: Raster,
    section: SectionFound,
    rows: tuple[int, int],
    dpi: Dpi,
    reader: PageEngines,
) -> list[TextBox]:
    if path.exists():
        return tinted([TextBox(**box) for box in json.loads(path.read_bytes())], raster)
    boxes = read_block_print(raster, section, rows, reader, dpi, reader.print_net())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps([asdict(box) for box in boxes]).encode())
    return boxes


def _as_found(track: TrueTrack) -> TrackFound:
    scales = {c.scale for c in track.curves if c.scale in ("linear", "log")}
    grid = scales.pop() if len(scales) == 1 else None
    return TrackFound(track.left, track.right, "curves", grid, confidence=1.0)  # type: ignore[arg-type]


def _true_scales(section: TrueSection, lean: float = 0.0) -> Iterator[TrueScale]:
    for track in _tracks(section):
        left, right = (px_at(b, section.row_top) + lean for b in (track.left, track.right))
        for curve in track.curves:
            if curve.left is not None and curve.right is not None:
                yield TrueScale(
                    left if curve.left_px is None else curve.left_px,
                    right if curve.right_px is None else curve.right_px,
                    curve.left, curve.right, curve.mnemonic, curve.printed,
                )  # fmt: skip
