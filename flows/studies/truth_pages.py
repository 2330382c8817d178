"""Pages whose truth is known: which there are, and with which models each may be read.

In: folders of scans, a folder of hand-read truth, a folder of fitted models. Out: `TruthPage` values and
`PageModels`. Does not belong here: reading pages, and what the truth says.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from storage.scans import is_scan
from veernet_core.evaluation.folds import FOLDS, fold_folder, fold_of
from veernet_core.evaluation.page_truth import (
    GROUPS,
    PageTruth,
    truth_drawn,
    truth_from_json,
    truth_handed_over,
)
from veernet_core.page.models import SHIPPED, PageModels
from veernet_core.synth.page_cases import CASES, draw_case

HAND_READ, HANDED_OVER, DRAWN = ".page.json", ".truth.json", ".truth.sidecar.json"
CASES_GROUP = "cases"
ALL_GROUPS = (*GROUPS, CASES_GROUP)


@dataclass(frozen=True, slots=True)
class TruthPage:
    """A page to be measured; its bytes are read from ``scan``, or drawn from ``seed`` where it has none."""

    stem: str
    group: str
    truth: PageTruth
    scan: Path | None
    seed: int = 0

    def read_bytes(self) -> bytes:
        """The scan as a file.

        Raises
        ------
        OSError
            The scan cannot be read.
        """
        if self.scan is None:
            return draw_case(self.stem, self.seed).tiff
        return self.scan.read_bytes()


def find_pages(
    scans: Sequence[Path],
    truth: Path,
    groups: Collection[str] = ALL_GROUPS,
    only: Collection[str] = (),
) -> list[TruthPage]:
    """All scans of some folders whose truth is known, each once, in the order of folders and names.

    Truth handed over, or that of a drawn page, lies beside the scan; hand-read truth in a folder of its own.

    Parameters
    ----------
    scans : sequence of Path
    truth : Path
        Folder of ``<stem>.page.json``.
    groups, only : collection of str
        Groups to keep, and stems (all where empty).

    Raises
    ------
    FileNotFoundError
        No scan in the folders has a truth.
    """
    pages: dict[str, TruthPage] = {}
    for folder in scans:
        for path in sorted(p for p in folder.iterdir() if is_scan(p.name)):
            true = _truth_of(path, truth)
            if true is not None:
                pages.setdefault(path.stem, TruthPage(path.stem, true.group, true, path))
    if not pages:
        names = ", ".join(str(folder) for folder in scans)
        raise FileNotFoundError(f"{names}: no truth for any scan, neither there nor in {truth}")
    return [p for p in pages.values() if p.group in groups and (not only or p.stem in only)]


def _truth_of(path: Path, truth: Path) -> PageTruth | None:
    hand_read = truth / f"{path.stem}{HAND_READ}"
    handed_over = path.with_name(path.stem + HANDED_OVER)
    drawn = path.with_name(path.stem + DRAWN)
    if hand_read.exists():
        return truth_from_json(hand_read.read_bytes(), path.stem)
    if handed_over.exists():
        return truth_handed_over(handed_over.read_bytes(), path.stem)
    if drawn.exists():
        values = path.with_name(f"{path.stem[:-1]}.curves.csv")
        return truth_drawn(drawn.read_bytes(), values.read_bytes(), path.stem)
    return None


def drawn_cases(seed: int = 0, only: Collection[str] = ()) -> Iterator[TruthPage]:
    """The project's own drawn pages, ordinary and hopeless ones."""
    for name, _, _ in CASES:
        if not only or name in only:
            case = draw_case(name, seed)
            true = truth_from_json(json.dumps(case.truth).encode(), name)
            # its curves are drawn to be looked for, not followed: no true values are kept of them
            yield TruthPage(name, CASES_GROUP, replace(true, well=name), None, seed)


def models_for(page: TruthPage, folder: Path | None, folds: int = FOLDS) -> PageModels:
    """The models with which a page is measured: those fitted without its well, where there are any.

    Parameters
    ----------
    page : TruthPage
        Drawn pages are read with the shipped models: no model is fitted to them.
    folder : Path or None
        Holds a folder ``fold-<k>`` with the files of each fold, named as the shipped ones.
    folds : int

    """
    if folder is None or page.scan is None or page.group.startswith("drawn"):
        return SHIPPED
    own = folder / fold_folder(fold_of(page.truth.well, folds))
    files = {p.name: p.read_bytes() for p in sorted(own.glob("*")) if p.is_file()}
    return PageModels(files, own.name) if files else SHIPPED


def write_models(folder: Path, name: str, whole: bytes, by_fold: Mapping[int, bytes]) -> list[Path]:
    """Write a model fitted on all wells, and those of each fold into ``fold-<k>/``, under one name: the files,
    the one of all wells first.
    """
    files = {folder / name: whole}
    files |= {folder / fold_folder(k) / name: data for k, data in by_fold.items()}
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return list(files)


def check_models(folder: Path, folds: int = FOLDS) -> None:
    """Make sure that a folder holds models by fold, and no fold beyond the number told.

    Raises
    ------
    FileNotFoundError
        It holds none.
    ValueError
        It was made for more folds: a page would be read by models that saw its well.
    """
    have = {p.name for p in folder.glob("fold-*") if p.is_dir()}
    wanted = {fold_folder(k) for k in range(folds)}
    if not have & wanted:
        raise FileNotFoundError(f"{folder}: no {fold_folder(0)} to {fold_folder(folds - 1)}")
    if have - wanted:
        raise ValueError(f"{folder}: {', '.join(sorted(have - wanted))} beyond {folds} folds")
