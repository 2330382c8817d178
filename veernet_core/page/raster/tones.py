"""From the samples of a decoded file to tone: bit depth, polarity and palettes undone, once.

In: an open rasterio dataset and, for a TIFF, the directory entry of its page. Out: a function from samples
[bands, rows, cols] to 8-bit luminance or RGB in which 255 is white.
Does not belong here: decoding, damage, paper and ink levels.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import U8
from veernet_core.errors import UnsupportedFormatError
from veernet_core.page.raster.pixels import PAPER, over_white, sixteen_bits
from veernet_core.page.raster.rasterio_alone import ColorInterp, RasterioError, Window
from veernet_core.page.raster.tiff import MIN_IS_BLACK, MIN_IS_WHITE, TiffPage

ToneConverter = Callable[[Any], U8]
Counts = NDArray[np.int64]
_DARK = 128
_MAX_BANDS = 8
_LOOKS, _LOOK_ROWS = 8, 64
_FEW_BITS = 4
"""Programs write 0 and 1, or 0 to 15, into bytes."""


def tone_converter(
    dataset: Any, name: str, page: TiffPage | None = None
) -> tuple[int, bool, ToneConverter]:
    """How raw samples [bands, rows, cols] of a dataset become luminance or RGB.

    Parameters
    ----------
    dataset : rasterio dataset
    name : str
        For messages.
    page : TiffPage or None
        Says what black and white are, where the decoder's own account of it is not to be relied on.

    Returns
    -------
    channels : int
    is_bilevel : bool
    convert : callable

    Raises
    ------
    UnsupportedFormatError
        Pixels without a fixed black and white, or more bands than colours.
    """
    dtype = dataset.dtypes[0]
    if dtype not in ("uint8", "uint16"):
        raise UnsupportedFormatError(
            f"pixels are {dtype}: no fixed black and white",
            where=name,
            remedy="Convert the scan to 8-bit grey or colour.",
        )
    if dataset.count > _MAX_BANDS:  # else a damaged header costs a decoding of thousands of them
        raise UnsupportedFormatError(f"{dataset.count} bands, not grey or colour", where=name)
    kinds = dataset.colorinterp
    plain = page is not None and page.photometric in (MIN_IS_WHITE, MIN_IS_BLACK)
    if kinds[0] == ColorInterp.palette and not plain:
        lut, n_colours = _palette(dataset.colormap(1), dtype)
        if _lacks_contrast(lut[:n_colours]):
            lut = _by_codes(_counts(dataset))
        return _palette_converter(lut, n_colours)
    told = dataset.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES"
    is_white_least = told or (page is not None and page.photometric == MIN_IS_WHITE)
    bits = _bits(
        dataset
    )  # looks at pixels: what GDAL says of bad ones comes out at the next question
    to_byte = _to_byte(dtype, bits, is_white_least)
    if dataset.count >= 4 and kinds[0] == ColorInterp.cyan:
        return 3, False, lambda raw: _cmyk_to_rgb(to_byte(raw))
    if dataset.count >= 3 and not plain:
        has_alpha = dataset.count >= 4 and kinds[3] == ColorInterp.alpha and _shows(dataset, 4)
        return 3, False, lambda raw: over_white(to_byte(raw), 3, has_alpha)
    has_alpha = dataset.count == 2 and kinds[1] == ColorInterp.alpha and _shows(dataset, 2)
    return 1, bits == 1 and dataset.count == 1, lambda raw: over_white(to_byte(raw), 1, has_alpha)


def is_read_by_codes(dataset: Any) -> bool:
    """Whether the colours of a palette are all alike, so that only its codes tell the picture."""
    if dataset.colorinterp[0] != ColorInterp.palette:
        return False
    lut, n_colours = _palette(dataset.colormap(1), dataset.dtypes[0])
    return _lacks_contrast(lut[:n_colours])


def _palette(colormap: dict[int, tuple[int, int, int, int]], dtype: str) -> tuple[U8, int]:
    """Colours [codes, 3] of codes of any depth, and how many the table has; a code without a colour is
    paper."""
    rgba = np.full((65_536 if dtype == "uint16" else 256, 4), PAPER, dtype=np.float64)
    for code, colour in colormap.items():
        if code < len(rgba):
            rgba[code] = colour
    alpha = rgba[:, 3:] / 255.0
    lut = np.rint(rgba[:, :3] * alpha + PAPER * (1.0 - alpha)).astype(np.uint8)
    return lut, len(colormap)


def _palette_converter(lut: U8, n_colours: int) -> tuple[int, bool, ToneConverter]:
    if (lut == lut[:, :1]).all():
        grey = lut[:, 0].copy()
        is_bilevel = n_colours == 2 and set(grey[:2].tolist()) == {0, PAPER}
        return 1, is_bilevel, lambda raw: grey[raw[0]]
    return 3, False, lambda raw: lut[raw[0]]


def _lacks_contrast(colours: U8) -> bool:
    """Whether a palette has several codes and one dark colour for all of them."""
    return (
        len(colours) > 1 and bool((colours == colours[0]).all()) and int(colours[0].max()) < _DARK
    )


def _by_codes(counts: Counts) -> U8:
    """What codes without colours tell: the commonest one is paper. Where that is the highest one codes are
    tones; else they are colours in an order that is lost, and all of them ink."""
    paper = int(np.argmax(counts))
    codes = np.arange(len(counts))
    tones = np.where(codes == paper, PAPER, 0).astype(np.uint8)
    if paper == np.flatnonzero(counts).max(initial=0):
        tones = np.rint(np.minimum(codes * (PAPER / max(1, paper)), PAPER)).astype(np.uint8)
    return np.repeat(tones[:, None], 3, axis=1)


def _counts(dataset: Any) -> Counts:
    """How often each code stands in a few bands of rows, int64 [codes]."""
    counts = np.zeros(65_536 if dataset.dtypes[0] == "uint16" else 256, dtype=np.int64)
    for band in _bands(dataset):
        counts += np.bincount(band.ravel(), minlength=len(counts))
    return counts


def _bits(dataset: Any) -> int:
    """Bits of a sample that are in use, whatever room the file gives it."""
    room = 16 if dataset.dtypes[0] == "uint16" else 8
    given = dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS")
    if given is not None:
        return int(given)
    top = _brightest(dataset)
    if room == 16:
        return sixteen_bits(top)
    used = max(1, top.bit_length())
    return used if dataset.count == 1 and top > 0 and used <= _FEW_BITS else room


def _brightest(dataset: Any) -> int:
    """Largest sample in a few bands of rows."""
    return max((int(band.max()) for band in _bands(dataset)), default=0)


def _shows(dataset: Any, band: int) -> bool:
    """Whether an alpha plane lets anything be seen: some programs write zeros and mean nothing by it."""
    return any(samples.any() for samples in _bands(dataset, band))


def _bands(dataset: Any, band: int = 1) -> Iterator[Any]:
    """Samples of a few bands of rows; what cannot be decoded tells nothing."""
    step = max(_LOOK_ROWS, dataset.height // _LOOKS)
    for row in range(0, dataset.height, step):
        rows = min(_LOOK_ROWS, dataset.height - row)
        with contextlib.suppress(RasterioError, MemoryError):
            yield dataset.read(band, window=Window(0, row, dataset.width, rows))


def _to_byte(dtype: str, bits: int, min_is_white: bool) -> ToneConverter:
    """Raw samples to 0..255 with 255 = white: bit depth and polarity undone."""
    full = 2**bits - 1
    codes = np.arange(65_536 if dtype == "uint16" else 256)
    lut = np.rint(np.minimum(codes, full) * (255.0 / full)).astype(np.uint8)
    if min_is_white:
        lut = np.uint8(255) - lut
    if np.array_equal(lut, codes):
        return lambda raw: np.asarray(raw, dtype=np.uint8)
    return lambda raw: lut[raw]


def _cmyk_to_rgb(samples: U8) -> U8:
    clear = 255.0 - samples[:4].astype(np.float32)
    return np.ascontiguousarray(np.rint(np.moveaxis(clear[:3] * clear[3] / 255.0, 0, -1)), np.uint8)
