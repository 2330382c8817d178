"""``veernet train-pages`` and ``veernet calibrate-pages``: the layout network, fitted and put into its file.

In: folders of scans and of hand-read truth; none are needed for a network that learns from drawn pages
alone. Out: ``veernet-layout.safetensors``, for all pages and for each fold without its wells. What is drawn
belongs to ``veernet_core.synth.layouts``, fitting to ``veernet_core.training.pages``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from flows.studies.truth_pages import HAND_READ
from storage.scans import is_scan
from veernet_core.config import RasterLimits
from veernet_core.evaluation import layout_score
from veernet_core.evaluation.folds import fold_folder, fold_of
from veernet_core.evaluation.layout_score import LayoutScore, MarkedPage
from veernet_core.evaluation.page_truth import PageTruth, truth_from_json
from veernet_core.net.layout import SHIPPED, LayoutReader, pack_layout, unpack_layout
from veernet_core.page.layout import courses, lines, marked
from veernet_core.page.layout.decode import DecodeSettings
from veernet_core.page.raster.decoding import open_raster
from veernet_core.training.page_targets import Change, read_example
from veernet_core.training.pages import (
    PageTrainConfig,
    draw_examples,
    fit_pages,
    save_example,
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A scan and what a person read on it."""

    scan: Path
    raw: dict[str, Any]
    truth: PageTruth

    @property
    def stem(self) -> str:
        """Name without suffix."""
        return self.scan.stem


def read_pages(scans: Sequence[Path], truth: Path) -> Iterator[ReadPage]:
    """Scans of some folders that a person has read."""
    for folder in scans:
        for path in sorted(p for p in folder.iterdir() if is_scan(p.name)):
            told = truth / f"{path.stem}{HAND_READ}"
            if told.exists():
                data = told.read_bytes()
                yield ReadPage(path, json.loads(data), truth_from_json(data, path.stem))


def run_training(
    out: Path,
    drawn_pages: int,
    config: PageTrainConfig,
    scans: Sequence[Path] = (),
    truth: Path = Path("tests/data/pages"),
    folds: int = 0,
    start: bytes | None = None,
    say: Say = print,
) -> list[Path]:
    """Draw pages, fit the network on them, then on hand-read ones too; returns the files written.

    With ``folds`` one more network is fitted for each, without the wells of that fold, in ``fold-<k>``.
    """
    drawn = out / "drawn"
    draw_examples(drawn, range(drawn_pages))
    if start is None:
        start = fit_pages(out / "drawn-only", drawn, (), config, None, say).read_bytes()
    pages = list(read_pages(scans, truth))
    if not pages:
        target = out / SHIPPED
        target.write_bytes(start)
        return [target]
    examples = {page.stem: _examples(out / "read", page) for page in pages}
    done = []
    for fold in (None, *range(folds)):
        kept = [p for p in pages if fold is None or fold_of(p.truth.well, folds) != fold]
        files = [path for page in kept for path in examples[page.stem]]
        folder = out if fold is None else out / fold_folder(fold)
        say(f"{folder}: {len(kept)} hand-read pages")
        fitted = fit_pages(folder / "run", drawn, files, config, start, say)
        target = folder / SHIPPED
        target.write_bytes(fitted.read_bytes())
        done.append(target)
    return done


def _examples(folder: Path, page: ReadPage) -> list[Path]:
    """A hand-read page as it is, and once with other margins and another scale of rows."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{page.stem}.{k}.npy" for k in range(2)]
    if page.truth.turn_deg:
        return []
    if not all(path.exists() for path in paths):
        raster = open_raster(page.scan.read_bytes(), page.stem, RasterLimits())
        rng = np.random.default_rng(list(page.stem.encode()))
        shifts = [float(rng.uniform(-0.35, 0.08)) * raster.width_px for _ in range(2)]
        other = Change(round(shifts[0]), round(shifts[1]), float(rng.uniform(0.7, 1.4)))
        for path, change in zip(paths, (Change(), other)):
            save_example(read_example(raster, page.raw, change), path)
    return paths


def run_calibration(
    models: Path,
    folds: int,
    scans: Sequence[Path],
    truth: Path = Path("tests/data/pages"),
    rounds: int = 1,
    say: Say = print,
) -> LayoutScore:
    """Fit the weights of decoding on pages that their networks never saw, and write them to all files.

    Parameters
    ----------
    models : Path
        As ``run_training`` leaves it: the network, and one without the wells of each fold.
    folds : int
    scans : sequence of Path
    truth : Path
    rounds : int
        How often every weight is tried; 0: only the regressions are fitted.
    say : callable

    Returns
    -------
    LayoutScore
        Of the left-out pages with the fitted weights.
    """
    pages = list(_marked(models, folds, scans, truth))
    settings = layout_score.fit_lines(pages, DecodeSettings())
    settings = layout_score.fit_cuts(pages, settings)
    if rounds:
        settings = layout_score.fit_settings(pages, settings, rounds, say)
    settings = replace(
        settings,
        **layout_score.fit_confidence(*layout_score.track_evidence(pages, settings)),
    )
    total = LayoutScore()
    for page in pages:
        own = layout_score.score_layout(
            page.truth, layout_score.read_marked(page, settings), page.size_px
        )
        say(f"{page.name}: {own}")
        total += own
    for path in (models / SHIPPED, *(models / fold_folder(k) / SHIPPED for k in range(folds))):
        bundle = unpack_layout(path.read_bytes())
        calibration = {"settings": settings.to_json(), "left_out": total.to_json()}
        path.write_bytes(pack_layout(bundle.model(), bundle.record, calibration))
    return total


def _marked(models: Path, folds: int, scans: Sequence[Path], truth: Path) -> Iterator[MarkedPage]:
    """Every hand-read page, marked by the network that was fitted without its well."""
    nets = {
        k: LayoutReader(unpack_layout((models / fold_folder(k) / SHIPPED).read_bytes()).model())
        for k in range(folds)
    }
    for page in read_pages(scans, truth):
        if page.truth.turn_deg:
            continue
        raster = open_raster(page.scan.read_bytes(), page.stem, RasterLimits())
        marks = marked.read_marks(raster, nets[fold_of(page.truth.well, folds)])
        straight = courses.straight_page(lines.profile_page(raster))
        yield MarkedPage(
            page.stem, marks, straight, page.truth, (raster.height_px, raster.width_px)
        )
