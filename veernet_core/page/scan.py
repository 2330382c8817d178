"""One scan from its bytes to sections: decoded, read where its sidecar leaves something out, resolved.

In: a `ScanInput` and an OCR engine. Out: a `PreparedLog`, all that tracing needs.
Does not belong here: how anything is read (`reading`), and what is made of the sections.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import Finding, PreparedLog, Raster, ScanInput, WellInfo
from veernet_core.errors import ReadingError
from veernet_core.page import reading
from veernet_core.page.known import complete, sidecar
from veernet_core.page.known.sidecar import Sidecar
from veernet_core.page.models import SHIPPED, PageModels
from veernet_core.page.ocr.text import TextReader
from veernet_core.page.raster import decoding
from veernet_core.page.results import PageReading, Printed
from veernet_core.page.scales import cross_check


@dataclass(frozen=True, slots=True)
class ReadScan:
    """A decoded scan, upright, with all that is known of it.

    ``reading`` is None where the sidecar stated everything or no page reader was given; ``known`` is
    the sidecar with what was read in it; ``printed`` are the scales that were read for it, by section and
    track.
    """

    raster: Raster
    reading: PageReading | None
    known: Sidecar | None
    findings: tuple[Finding, ...]
    printed: Printed = field(default_factory=dict)


def read_scan(
    item: ScanInput,
    config: DigitiseConfig,
    reader: TextReader | None,
    models: PageModels = SHIPPED,
) -> ReadScan:
    """Decode a scan and read from its page what its sidecar leaves out.

    Parameters
    ----------
    item : ScanInput
    config : DigitiseConfig
    reader : TextReader or None
        Without it nothing is looked for on the page.
    models : PageModels
        Fitted models that take the place of the shipped ones.

    Raises
    ------
    VeernetError
        If the scan or its sidecar cannot be used.
    """
    image = decoding.open_raster(item.data, item.ref.uri, config.limits)
    name = f"{item.ref.stem}.sidecar.json"
    stated = sidecar.parse_sidecar(item.sidecar, name) if item.sidecar is not None else None
    read = None
    if reader is not None:
        read = reading.read_page(image, stated, reader, config.depth_unit, models)
    if read is None:
        turn = stated.turn_deg or 0 if stated is not None else 0
        return ReadScan(reading.turned(image, turn), None, stated, ())
    image = reading.turned(image, read.layout.turn_deg)
    known, findings = complete.complete(
        stated,
        read,
        image.height_px,
        name=name,
        unit=config.depth_unit,
        min_confidence=config.min_read_confidence,
    )
    printed = complete.by_track(stated, read, image.height_px)
    return ReadScan(image, read, known, (*read.findings, *findings), printed)


ReadStep = Callable[[ScanInput, DigitiseConfig, TextReader | None], ReadScan]


def prepare(
    item: ScanInput,
    config: DigitiseConfig,
    reader: TextReader | None = None,
    read: ReadStep = read_scan,
) -> PreparedLog:
    """Decode a scan and resolve its geometry.

    Parameters
    ----------
    item : ScanInput
    config : DigitiseConfig
    reader : TextReader, optional
        Reads what the sidecar leaves out; without it nothing is looked for on the page.
    read : callable
        Decodes and reads a scan; another than ``read_scan`` may use other models, or keep what was read.

    Raises
    ------
    VeernetError
        If the scan or its sidecar cannot be used.
    """
    scan = read(item, config, reader)
    sections, findings = sidecar.resolve(scan.known, scan.raster, config.depth_unit)
    known = scan.known
    well = known.well if known is not None else WellInfo()
    dpi = sidecar.layout_dpi(sections, scan.raster, known.dpi if known is not None else None)
    printed = scan.printed
    if reader is not None and not any(printed.values()):
        try:
            printed = reading.read_stated(scan.raster, sections, dpi, reader)
        except ReadingError as error:
            findings = (*findings, _not_cross_checked(error))
    findings = (*scan.findings, *findings, *cross_check.held_against(sections, printed))
    return PreparedLog(item.ref, scan.raster, well, sections, dpi, findings)


def _not_cross_checked(error: ReadingError) -> Finding:
    """All is given, and only the reading of what is printed above it failed."""
    return Finding.of(
        "not_cross_checked",
        f"The scales printed above the tracks could not be read ({error.message}); those of the"
        " sidecar are used without being cross-checked.",
    )
