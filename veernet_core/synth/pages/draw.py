"""Drawing a whole page, and the bytes of its TIFF."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from veernet_core.datatypes import F32, U8, DepthUnit
from veernet_core.synth.heldout.copies import dirty_scan
from veernet_core.synth.heldout.forms import smooth_field
from veernet_core.synth.pages.plans import (
    TITLES,
    Kind,
    Numbers,
    Paper,
    SyntheticPage,
    lay_out,
    tracks_of,
)
from veernet_core.synth.pages.print import (
    Sheet,
    depth_labels,
    depth_numbers,
    print_curves,
    print_grid,
    print_header,
    print_text,
)
from veernet_core.synth.pages.sidecars import sidecar_of


def _ruin(
    rng: np.random.Generator, density: F32, paper: Paper, bands: Sequence[tuple[float, float]]
) -> None:
    """Smear toner over bands of the log, given as shares of its length."""
    for start, stop in bands:
        r0 = int(paper.origin_row + start * paper.length_px)
        r1 = int(paper.origin_row + stop * paper.length_px)
        block = density[r0:r1]
        smear = smooth_field(rng, block.shape, 40) + 0.7 * smooth_field(rng, block.shape, 3)
        block[:] = np.where(smear > 0.1, 1.0, 0.0) * (rng.random(block.shape) < 0.85)


# long by its options alone, each of which is described
def draw_page(
    rng: np.random.Generator,
    *,
    kind: Kind = "triple_combo",
    rows: int = 3600,
    dpi: int = 200,
    skew_deg: float = 0.0,
    colour: bool = False,
    degraded: float = 0.0,
    destroyed: Sequence[tuple[float, float]] = (),
    stretch: bool = False,
    ft_per_in: float = 20.0,
    gr_right: float = 150.0,
    plotter: str = "vector",
    well: dict[str, str] | None = None,
    unit: DepthUnit = "ft",
    turned_numbers: bool | None = None,
    numbers: Numbers = "printed",
) -> SyntheticPage:
    """Draw one page: header, scale headers, depth column and tracks.

    Parameters
    ----------
    rows : int
        Height of the scan, px, at most 60,000.
    skew_deg : float
        Rotation of the whole page, clockwise.
    colour : bool
        Colour raster as service companies deliver it; degradation does not apply.
    degraded : float
        Strength of the bad scanner (``heldout.dirty_scan``); 0 is a clean 1-bit scan.
    destroyed : sequence of (start, stop)
        Bands of the log that toner has buried, as shares of its length.
    stretch : bool
        Paper stretch of up to 0.6 % that changes at every depth anchor.
    ft_per_in : float
        Depth scale, in the log's unit per inch: 20 ft is 1:240, 50 ft 1:600; 5.08 m is 1:200.
    gr_right : float
        Right end of the gamma ray scale; 100 makes it wrap often.
    plotter : str
        ``vector`` or ``spot`` of ``heldout.PLOTTERS``.
    well : dict, optional
        Header facts under the sidecar's keys.
    unit : 'ft' or 'm'
        Of the depth; a log in metres has lines each 1, 5 and 25 m and numbers each 25 m.
    turned_numbers : bool, optional
        Whether depth numbers run up the page; drawn by lot where not given.
    numbers : str
        Depth numbers other than ``printed`` leave the depth unknowable.

    Returns
    -------
    SyntheticPage

    Raises
    ------
    GeometryError
        ``rows`` leave no room for a log.
    """
    well = (
        {"uwi": "00-000-00000", "name": "EXAMPLE 1", "company": "EXAMPLE OIL"}
        if well is None
        else well
    )
    paper = lay_out(rng, rows, dpi, skew_deg, ft_per_in, stretch, unit)
    plans = tracks_of(kind, colour, gr_right)
    sheet = Sheet(paper, colour)
    print_grid(rng, sheet, paper, plans)
    truth = print_curves(rng, sheet, paper, plans, plotter)
    print_header(sheet, paper, plans, TITLES[kind], well)
    turned = bool(rng.random() < 0.5) if turned_numbers is None else turned_numbers
    print_text(sheet, depth_labels(paper, turned, depth_numbers(rng, paper, numbers)))
    image = sheet.rgb
    if image is None:
        _ruin(rng, sheet.density, paper, destroyed)
        image = _scan(rng, sheet.density, degraded)
    return SyntheticPage(image, sidecar_of(paper, plans, well), truth, dpi)


def _scan(rng: np.random.Generator, density: F32, degraded: float) -> U8:
    """1-bit image of the page, 0 or 255."""
    ink = dirty_scan(rng, density, degraded).ink if degraded else density * 255
    return np.where(ink > 107, 255, 0).astype(np.uint8)


def tiff_bytes(page: SyntheticPage) -> bytes:
    """The page as a TIFF file: 1-bit CCITT G4, or RGB with deflate for colour.

    Returns
    -------
    bytes
        The same page gives the same bytes.
    """
    rgb = page.image.ndim == 3
    profile: dict[str, Any] = {"driver": "GTiff", "dtype": "uint8", "blockysize": 256}
    profile |= {"height": page.image.shape[0], "width": page.image.shape[1]}
    if rgb:
        profile |= {"count": 3, "compress": "deflate", "photometric": "RGB"}
    else:
        profile |= {"count": 1, "nbits": 1, "compress": "CCITTFAX4", "photometric": "MINISWHITE"}
    bands = np.moveaxis(page.image, -1, 0) if rgb else (page.image > 127)[None].astype(np.uint8)
    tags = dict.fromkeys(("TIFFTAG_XRESOLUTION", "TIFFTAG_YRESOLUTION"), str(page.dpi))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with MemoryFile() as memory:
            with memory.open(**profile) as out:
                out.update_tags(**tags, TIFFTAG_RESOLUTIONUNIT="2")
                out.write(bands)
            return bytes(memory.getbuffer())
