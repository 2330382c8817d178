"""Drawings and files of them, for tests of rasters."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from veernet_core.datatypes import Raster

HEIGHT, WIDTH = 700, 203


def drawing(height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> np.ndarray:
    """Ink, 1 on 0: a few curves, a grid, and one mark that breaks every symmetry."""
    rng = np.random.default_rng(seed)
    ink = np.zeros((height, width), np.uint8)
    rows = np.arange(height)
    for _ in range(3):
        phase, period = rng.uniform(0, 6), rng.uniform(20, 60)
        col = (width / 2 + 0.4 * width * np.sin(rows / period + phase)).astype(int)
        ink[rows, col] = 1
        ink[rows, np.minimum(col + 1, width - 1)] = 1
    ink[::50] = 1
    ink[3:9, 5:30] = 1
    return ink


def tiff(samples: np.ndarray, **options: object) -> bytes:
    """Write [rows, cols] or [bands, rows, cols] as a TIFF with GDAL creation options."""
    bands = samples if samples.ndim == 3 else samples[None]
    colormap = options.pop("colormap", None)
    with warnings.catch_warnings(), MemoryFile() as memory:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with memory.open(
            driver="GTiff",
            count=bands.shape[0],
            height=bands.shape[1],
            width=bands.shape[2],
            dtype=bands.dtype.name,
            **options,
        ) as dataset:
            if colormap:
                dataset.write_colormap(1, colormap)
            dataset.write(bands)
        return bytes(memory.read())


def g4(ink: np.ndarray, min_is_white: bool = True, **options: object) -> bytes:
    photometric = "MINISWHITE" if min_is_white else "MINISBLACK"
    codes = ink if min_is_white else 1 - ink
    return tiff(codes, nbits=1, compress="CCITTFAX4", photometric=photometric, **options)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def grey(ink: np.ndarray) -> np.ndarray:
    return (1 - ink) * np.uint8(255)


def whole(raster: Raster) -> np.ndarray:
    return raster.read_ink(0, raster.height_px)


def codes(raster: Raster) -> list[str]:
    return [finding.code for finding in raster.drain_findings()]


INK = drawing()


EXACT = {
    "g4 min-is-white": g4(INK),
    "g4 min-is-black": g4(INK, False),
    "g4 one strip": g4(INK, blockysize=HEIGHT),
    "g4 one row strips": g4(INK, blockysize=1),
    "g4 tiles": g4(INK, tiled=True, blockxsize=64, blockysize=64),
    "g3": tiff(INK, nbits=1, compress="CCITTFAX3", photometric="MINISWHITE"),
    "1-bit lzw": tiff(INK, nbits=1, compress="LZW", photometric="MINISWHITE"),
    "1-bit packbits min-is-black": tiff(1 - INK, nbits=1, compress="PACKBITS"),
    "grey": tiff(grey(INK)),
    "grey min-is-white": tiff(255 - grey(INK), photometric="MINISWHITE", compress="DEFLATE"),
    "grey tiles": tiff(grey(INK), tiled=True, blockxsize=128, blockysize=128, compress="LZW"),
    "4-bit grey": tiff((1 - INK) * np.uint8(15), nbits=4),
    "16-bit": tiff((1 - INK) * np.uint16(65535)),
    "palette": tiff(
        INK + np.uint8(7), colormap={7: (255, 255, 255, 255), 8: (0, 0, 0, 255)}, compress="LZW"
    ),
    "rgb": tiff(np.repeat(grey(INK)[None], 3, axis=0), photometric="RGB"),
    "big tiff": tiff(grey(INK), BIGTIFF="YES"),
    "big endian": tiff(grey(INK), ENDIANNESS="BIG"),
    "png 1-bit": saved(Image.fromarray(grey(INK)).convert("1"), "PNG"),
    "png grey": saved(Image.fromarray(grey(INK)), "PNG"),
    "png palette": saved(Image.fromarray(grey(INK)).convert("P"), "PNG"),
    "png 16-bit": saved(Image.fromarray((1 - INK) * np.uint16(65535)), "PNG"),
    "pdf 1-bit": saved(Image.fromarray(grey(INK)).convert("1"), "PDF", resolution=200),
}
