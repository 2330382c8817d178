"""Pillow: the second decoder, and the header facts that rasterio does not tell.

In: bytes. Out: a `PixelSource` for files that rasterio refuses; EXIF orientation and dpi of a PNG
or JPEG.
Does not belong here: the first decoder, paper and ink levels, findings.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

from veernet_core.config import RasterLimits
from veernet_core.datatypes import Dpi
from veernet_core.errors import DecodeError, TooLargeError, plain_text
from veernet_core.page.raster.pixels import (
    ArrayPixels,
    PackedPixels,
    PixelSource,
    check_limits,
    over_white,
    sixteen_bits,
)

_PILLOW: dict[str, Callable[[io.BytesIO], Image.Image]] = {
    "tiff": TiffImagePlugin.TiffImageFile,
    "png": PngImagePlugin.PngImageFile,
    "jpeg": JpegImagePlugin.JpegImageFile,
}


def pillow_pixels(
    data: bytes, kind: str, name: str, limits: RasterLimits, frame: int = 0
) -> PixelSource:
    """Decode with Pillow what rasterio refuses.

    Raises
    ------
    DecodeError
        Pillow refuses as well.
    TooLargeError
        Beyond the limits (Pillow's own bomb guard is smaller than a log and is bypassed).
    """
    try:
        with _PILLOW[kind](io.BytesIO(data)) as image:
            image.seek(frame)
            check_limits(image.height, image.width, name, limits)
            image.load()
            return _pillow_source(image)
    except TooLargeError:
        raise
    except Exception as error:  # Pillow's plugins raise nearly anything on broken files
        raise DecodeError(f"Pillow cannot decode it either ({plain_text(error)})", name) from error


def _pillow_source(image: Image.Image) -> PixelSource:
    width, height = image.size
    if image.mode == "1":
        packed = PackedPixels(height, width)
        for row in range(0, height, 1024):
            band = np.asarray(image.crop((0, row, width, min(row + 1024, height))))
            packed._bits[row : row + len(band)] = np.packbits(~band, axis=1)
        return packed
    if image.mode.startswith("I;16"):
        samples = np.asarray(image)
        full = 2 ** sixteen_bits(int(samples.max())) - 1
        return ArrayPixels(np.rint(np.minimum(samples, full) * (255.0 / full)).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"pixels of mode {image.mode}")
    if image.mode == "L":
        return ArrayPixels(np.array(image))
    rgba = np.array(image.convert("RGBA"))
    return ArrayPixels(over_white(np.moveaxis(rgba, -1, 0), 3, True))


def pillow_facts(data: bytes, kind: str) -> tuple[int, Dpi | None]:
    """EXIF orientation and dpi of a PNG or JPEG, from its header; (1, None) where not given."""
    try:
        with _PILLOW[kind](io.BytesIO(data)) as image:
            dpi = image.info.get("dpi")
            orientation = int(image.getexif().get(0x0112, 1))
    except Exception:  # a header that Pillow dislikes only costs its hints
        return 1, None
    return (orientation if 1 <= orientation <= 8 else 1), (
        Dpi(float(dpi[1]), float(dpi[0])) if dpi and dpi[0] > 0 and dpi[1] > 0 else None
    )
