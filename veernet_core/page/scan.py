"""One scan from its bytes to sections: decoded, read where its sidecar leaves something out, resolved.

In: a `ScanInput` and an OCR engine. Out: a `PreparedLog`, all that tracing needs.
Does not belong here: how anything is read (`reading`), and what is made of the sections.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import Dpi, Finding, PreparedLog, Raster, ScanInput, WellInfo
from veernet_core.errors import ReadingError
from veernet_core.page import reading
from veernet_core.page.known.page_dpi import layout_dpi, layout_dpi_down
from veernet_core.page.known.sections import KnownPage, given_sections, read_sections
from veernet_core.page.known.sidecar import Sidecar, parse_sidecar
from veernet_core.page.models import SHIPPED, PageModels
from veernet_core.page.raster import decoding
from veernet_core.page.raster.turning import turned
from veernet_core.page.reading import PageReader
from veernet_core.page.results import PageReading
from veernet_core.page.scales import cross_check


@dataclass(frozen=True, slots=True)
class ReadScan:
    """A decoded scan, upright, with what is given and what was read of it, and both as one.

    ``reading`` is None where everything is given or no page reader was.
    """

    raster: Raster
    given: Sidecar | None
    reading: PageReading | None
    known: KnownPage

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed so far."""
        noted = self.given.noted if self.given is not None else ()
        read = self.reading.findings if self.reading is not None else ()
        return (*noted, *read, *self.known.findings)


def read_scan(
    item: ScanInput,
    config: DigitiseConfig,
    reader: PageReader | None,
    models: PageModels = SHIPPED,
) -> ReadScan:
    """Decode a scan and read from its page what its sidecar leaves out.

    Parameters
    ----------
    item : ScanInput
    config : DigitiseConfig
    reader : PageReader or None
        Without it nothing is looked for on the page.
    models : PageModels
        Fitted models that take the place of the shipped ones.

    Raises
    ------
    VeernetError
        If the scan or its sidecar cannot be used.
    """
    image = decoding.open_raster(item.data, item.ref.uri, config.limits)
    name, unit = _sidecar_name(item), config.depth_unit
    given = parse_sidecar(item.sidecar, name) if item.sidecar is not None else None
    read = None
    if reader is not None:
        read = reading.read_page(image, given, reader, unit, models)
    if read is None:
        image = turned(image, given.turn_deg or 0 if given is not None else 0)
        sections, findings = given_sections(given, image, unit)
        well, dpi = (given.well, given.dpi) if given is not None else (WellInfo(), None)
        return ReadScan(image, given, None, KnownPage(well, sections, dpi, findings))
    image = turned(image, read.layout.turn_deg)
    least = config.min_read_confidence
    known = read_sections(given, read, image, name=name, depth_unit=unit, min_confidence=least)
    return ReadScan(image, given, read, known)


ReadStep = Callable[[ScanInput, DigitiseConfig, PageReader | None], ReadScan]


def prepare(
    item: ScanInput,
    config: DigitiseConfig,
    reader: PageReader | None = None,
    read: ReadStep = read_scan,
) -> PreparedLog:
    """Decode a scan and resolve its geometry.

    Parameters
    ----------
    item : ScanInput
    config : DigitiseConfig
    reader : PageReader, optional
        Reads what the sidecar leaves out; without it nothing is looked for on the page.
    read : callable
        Decodes and reads a scan; another than ``read_scan`` may use other models, or keep what was read.

    Raises
    ------
    VeernetError
        If the scan or its sidecar cannot be used.
    """
    scan = read(item, config, reader)
    known, findings = scan.known, scan.findings
    dpi = layout_dpi(known.sections, scan.raster, known.dpi)
    down = layout_dpi_down(known.sections, dpi, scan.raster, known.dpi)
    printed = known.printed
    if reader is not None and not any(printed.values()):
        try:
            printed = reading.read_given(scan.raster, known.sections, Dpi(down or dpi, dpi), reader)
        except ReadingError as error:
            findings = (*findings, _not_cross_checked(error))
    sections, checked = cross_check.check_given(known.sections, printed)
    findings = (*findings, *checked)
    return PreparedLog(item.ref, scan.raster, known.well, sections, dpi, findings, down)


def _sidecar_name(item: ScanInput) -> str:
    return f"{item.ref.stem}.sidecar.json"


def _not_cross_checked(error: ReadingError) -> Finding:
    """All is given, and only the reading of what is printed above it failed."""
    return Finding.of(
        "not_cross_checked",
        f"The scales printed above the tracks could not be read ({error.message}); those of the"
        " sidecar are used without being cross-checked.",
    )
