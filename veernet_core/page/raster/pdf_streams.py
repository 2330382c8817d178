"""Which rows of a PDF page come from image data that are damaged: pdfium renders what it gets.

In: a pdfium page and the bytes of its file. Out: `Damage` by rows of the rendered page.
Does not belong here: rendering, findings. Callers hold pdfium's lock.
"""

from __future__ import annotations

import ctypes
import re
import struct
import zlib
from typing import Any

import pypdfium2.raw as pdfium_c

from veernet_core.config import RasterLimits
from veernet_core.datatypes import F64
from veernet_core.errors import DecodeError
from veernet_core.page.raster.gdal_pixels import GdalPixels
from veernet_core.page.raster.pdf_images import image_objects
from veernet_core.page.raster.pixels import Damage, merge_damage
from veernet_core.page.raster.stream_checks import jpeg_stream_damage
from veernet_core.page.raster.tiff import GROUP_4, read_pages

_CHUNK_ROWS = 1024


def page_damage(page: Any, data: bytes, size_px: tuple[int, int]) -> list[Damage]:
    """Rows of a page under image data that cannot be decoded as they were written.

    Parameters
    ----------
    page : pypdfium2.PdfPage
    data : bytes
        Of the file.
    size_px : (width, height)
        Of the rendered page.
    """
    is_group_4 = _all_group_4(data)
    found: list[Damage] = []
    for raw, matrix in image_objects(page):
        width, height = ctypes.c_uint(), ctypes.c_uint()
        if not pdfium_c.FPDFImageObj_GetImagePixelSize(raw, width, height):
            continue
        for harmed in _of_image(raw, (width.value, height.value), page, is_group_4):
            first, last = (row / max(1, height.value) for row in (harmed.first, harmed.last))
            rows = _on_page(page, matrix, (first, min(last, 1.0)), size_px)
            if rows[0] < rows[1]:
                found.append(Damage(*rows, harmed.kind))
    return merge_damage(found)


def _of_image(raw: Any, size_px: tuple[int, int], page: Any, is_group_4: bool) -> list[Damage]:
    """Damage by rows of the image."""
    if pdfium_c.FPDFImageObj_GetImageFilterCount(raw) != 1:
        return []
    codec, stream = _filter(raw), _stream(raw)
    if codec == "DCTDecode":
        return jpeg_stream_damage(stream)
    if codec == "CCITTFaxDecode" and is_group_4:
        return _of_group_4(stream, size_px)
    if codec == "FlateDecode":
        facts = pdfium_c.FPDF_IMAGEOBJ_METADATA()
        pdfium_c.FPDFImageObj_GetImageMetadata(raw, page.raw, facts)
        row_bytes = -(-size_px[0] * max(1, facts.bits_per_pixel) // 8)
        return _of_deflate(stream, row_bytes * size_px[1], size_px[1])
    return []


def _filter(raw: Any) -> str:
    name = ctypes.create_string_buffer(64)
    size = pdfium_c.FPDFImageObj_GetImageFilter(raw, 0, name, 64)
    return name.value.decode("ascii", "replace") if size <= 64 else ""


def _stream(raw: Any) -> bytes:
    size = pdfium_c.FPDFImageObj_GetImageDataRaw(raw, None, 0)
    stream = (ctypes.c_ubyte * size)()
    pdfium_c.FPDFImageObj_GetImageDataRaw(raw, stream, size)
    return bytes(stream)


def _of_deflate(stream: bytes, wanted: int, rows: int) -> list[Damage]:
    """What damage spoils cannot be told; where the size is right, the checksum may be the writer's fault."""
    unpacker, size, checksum = zlib.decompressobj(-zlib.MAX_WBITS), 0, 1
    rest = stream[2:]
    try:
        while rest and not unpacker.eof:
            part = unpacker.decompress(rest, 1 << 20)
            size, checksum = size + len(part), zlib.adler32(part, checksum)
            rest = unpacker.unconsumed_tail
    except zlib.error:
        return [Damage(0, rows, "damaged")]
    if not unpacker.eof:  # cut: rows in order
        return [Damage(size * rows // wanted, rows, "missing")] if size < wanted else []
    if unpacker.unused_data[:4] == struct.pack(">I", checksum):
        return []
    is_whole = size in (wanted, wanted + rows)  # with a byte a row where differences are packed
    return [Damage(0, rows, "doubtful" if is_whole else "damaged")]


def _all_group_4(data: bytes) -> bool:
    """Whether every fax image of a file states Group 4 and nothing that libtiff cannot do."""
    codes = re.findall(rb"/K\s*([-+]?\d+)", data)
    return bool(codes) and all(int(k) < 0 for k in codes) and b"/EncodedByteAlign" not in data


def _of_group_4(stream: bytes, size_px: tuple[int, int]) -> list[Damage]:
    """Lines that libtiff cannot decode, with the stream in a TIFF of one strip."""
    width, height = size_px
    tags: tuple[tuple[int, int], ...] = (
        (256, width),
        (257, height),
        (258, 1),
        (259, GROUP_4),
        (262, 0),
        (273, 8),
    )
    tags += ((277, 1), (278, height), (279, len(stream)))
    at = 8 + len(stream) + (len(stream) & 1)
    file = struct.pack("<2sHI", b"II", 42, at) + stream + bytes(len(stream) & 1)
    file += struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags
    )
    file += bytes(4)
    try:
        pixels = GdalPixels(file, "image", RasterLimits(), read_pages(file)[0])
        for row in range(0, height, _CHUNK_ROWS):
            pixels.read(row, min(row + _CHUNK_ROWS, height))
    except (DecodeError, IndexError):
        return []
    return merge_damage(pixels.take_damage())


def _on_page(
    page: Any, matrix: F64, share: tuple[float, float], size_px: tuple[int, int]
) -> tuple[int, int]:
    """Rows of the rendered page under a band of an image, given as shares of its height from the top."""
    rows: list[int] = []
    for across in (0.0, 1.0):
        for down in share:
            x, y, _ = (across, 1.0 - down, 1.0) @ matrix
            col, row = ctypes.c_int(), ctypes.c_int()
            pdfium_c.FPDF_PageToDevice(page.raw, 0, 0, *size_px, 0, x, y, col, row)
            rows.append(min(max(row.value, 0), size_px[1]))
    return min(rows), max(rows)
