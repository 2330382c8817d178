"""Show what would be read from a scan, so that a person can correct it: draft sidecars and pictures.

In: paths of scans; out, for each: ``<stem>.sidecar.json`` (put beside the scan it is used as given) and
``<stem>.inspect.png`` (further ones for long pages). Nothing is digitised here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from flows.engine.kept import KeptReader
from flows.engine.loading import chosen_numerics
from flows.local.digitise import page_engines
from flows.local.pages import read_pages
from storage.kept import Kept
from storage.scans import SIDECAR_SUFFIX, split_page
from veernet_core import pipeline
from veernet_core.config import DigitiseConfig, configured
from veernet_core.datatypes import U8, Finding
from veernet_core.errors import VeernetError, WriteError, of_scan
from veernet_core.page.drafts.annotate import inspect_pictures
from veernet_core.page.drafts.draft import draft_json, draft_of
from veernet_core.page.known.sidecar import Sidecar
from veernet_core.page.reading import PageReader
from veernet_core.pipeline import FailedScan, ReadScan, ScanInput


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was written for one scan: a line to print, the files, and what was found wanting."""

    summary: str
    files: tuple[Path, ...]
    findings: tuple[Finding, ...]


def inspect_scan(
    item: ScanInput, out: Path, config: DigitiseConfig, reader: PageReader
) -> Inspected:
    """Read one scan and write its draft and pictures.

    Raises
    ------
    VeernetError
        The scan or its sidecar cannot be used, or a file cannot be written.
    """
    scan = pipeline.read_scan(item, config, reader)
    draft = draft_of(scan.known, scan.given, scan.reading)
    files = [out / f"{item.ref.stem}{SIDECAR_SUFFIX}"]
    try:
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(draft_json(draft, scan.reading), indent=1, ensure_ascii=False)
        files[0].write_text(text, encoding="utf-8")
        pictures = inspect_pictures(scan.raster, draft, scan.reading)
        for number, image in enumerate(pictures, 1):
            suffix = "" if number == 1 else f"-{number}"
            files.append(out / f"{item.ref.stem}.inspect{suffix}.png")
            files[-1].write_bytes(_png(image))
    except OSError as error:
        raise WriteError(f"{error.strerror}", str(error.filename or out)) from error
    return Inspected(_summary(item.ref.stem, draft, scan), tuple(files), scan.findings)


def draft_again(
    item: ScanInput, settings: Mapping[str, Any], *, device: str = "auto", kept: Kept | None = None
) -> dict[str, Any]:
    """What a page reading offers for one scan, under the options of an earlier result.

    Parameters
    ----------
    settings : mapping
        As for `flows.local.digitise.digitise_again`.
    kept : Kept, optional
        Remembers what was read: a page that was read there before takes seconds.

    Returns
    -------
    dict
        A draft sidecar; under ``read`` what was seen, as in the files of `inspect_scan`.

    Raises
    ------
    VeernetError
    """
    numerics = settings.get("numerics", "") or _numerics_here(device)
    reader: PageReader = page_engines(numerics)
    if kept is not None:
        reader = KeptReader(reader, numerics, kept)
    scan = pipeline.read_scan(item, configured(settings), reader)
    draft = draft_of(scan.known, scan.given, scan.reading)
    return draft_json(draft, scan.reading)


def _numerics_here(device: str) -> str:
    """How this machine computes where nothing says how it should."""
    from veernet_core.net.bundle import load_predictor

    return load_predictor(None, *chosen_numerics(device, "")).numerics


def inspect_scans(
    scans: Sequence[Path],
    out: Path,
    reader: PageReader,
    config: DigitiseConfig | None = None,
    report: Callable[[str], None] = print,
    each: Callable[[str, Inspected | VeernetError], None] | None = None,
) -> list[tuple[str, VeernetError]]:
    """Inspect scans one after the other; returns those that failed, with their errors.

    Parameters
    ----------
    report : callable
        Told every line for people.
    each : callable, optional
        Told every scan's URI and outcome.
    """
    failures: list[tuple[str, VeernetError]] = []
    for item in (item for path in scans for item in read_pages(path)):
        try:
            if isinstance(item, FailedScan):
                raise item.error
            _check_page(item, scans, out)
            done = inspect_scan(item, out, config or DigitiseConfig(), reader)
        except Exception as error:
            failure = of_scan(error, item.ref.uri)
            failures.append((item.ref.uri, failure))
            report(f"{item.ref.uri}: failed ({failure.code})")
            if each is not None:
                each(item.ref.uri, failure)
            continue
        if each is not None:
            each(item.ref.uri, done)
        report(done.summary)
        for finding in done.findings:
            report(f"    {finding.severity}: {finding.message} {finding.remedy}")
        report(f"    {', '.join(str(path) for path in done.files)}")
    return failures


def _check_page(item: ScanInput, scans: Sequence[Path], out: Path) -> None:
    """Refuse the draft of a further page of a PDF where ``check_targets`` would, had it known of the page."""
    file, page = split_page(item.ref.uri)
    beside = Path(file).with_name(item.ref.stem + SIDECAR_SUFFIX)
    same = beside.exists() and beside.parent.resolve() == out.resolve()
    if page > 1 and (same or item.ref.stem in {path.stem for path in scans}):
        raise WriteError(
            f"{beside.name} would be overwritten", item.ref.uri, "Give another folder with -o."
        )


def _png(image: U8) -> bytes:
    done, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert done
    return bytes(data.tobytes())


def _summary(stem: str, draft: Sidecar, scan: ReadScan) -> str:
    if not draft.sections:
        kind = scan.reading.layout.kind if scan.reading is not None else "unknown"
        return f"{stem}: {kind}, nothing to digitise"
    parts = []
    for section in draft.sections:
        curves = [curve for track in section.tracks for curve in track.curves or ()]
        sure = sum(curve.source in ("sidecar", "header") for curve in curves)
        depth = section.depth
        span = "no depth"
        if depth is not None and depth.anchors:
            span = f"{depth.anchors[0][1]:g}-{depth.anchors[-1][1]:g} {depth.unit} ({depth.source})"
        parts.append(
            f"{section.section_id} {span}, {len(section.tracks)} tracks, {sure} of {len(curves)}"
            " scales known"
        )
    return f"{stem}: {'; '.join(parts)}"


def check_targets(scans: Sequence[Path], out: Path) -> None:
    """Refuse to write a draft over another one, or over a sidecar that lies beside its scan.

    Raises
    ------
    ValueError
    """
    seen: dict[str, Path] = {}
    for scan in scans:
        if scan.stem in seen:
            raise ValueError(f"{scan} and {seen[scan.stem]} share a stem; inspect them one by one")
        seen[scan.stem] = scan
        beside = scan.with_name(scan.stem + SIDECAR_SUFFIX)
        if beside.exists() and beside.parent.resolve() == out.resolve():
            raise ValueError(f"{beside} would be overwritten; give another folder with -o")
