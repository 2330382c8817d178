"""Which rows of a file are damaged in a way of which its decoder says nothing.

In: the bytes of a file and the directory entry of its page. Out: `Damage`, before a pixel is decoded.
Does not belong here: strips that are looked at when they are read (`cut_strips`), findings.
"""

from __future__ import annotations

from veernet_core.page.raster.pixels import Damage, merge_damage
from veernet_core.page.raster.png_chunks import png_damage
from veernet_core.page.raster.tiff import DEFLATE, JPEG, LZW, PACKBITS, TiffPage

CHECKED = frozenset({LZW, PACKBITS, *DEFLATE})
"""Codecs of which every strip is followed to its end when it is read."""


def stream_damage(data: bytes, page: TiffPage | None, height_px: int) -> list[Damage]:
    """Damaged rows of a PNG, a JPEG, or a TIFF of JPEG strips or tiles.

    Parameters
    ----------
    data : bytes
    page : TiffPage or None
        None for files that are no TIFF.
    height_px : int
        Of the page.
    """
    if page is not None:
        return _of_strips(data, page) if page.compression == JPEG else []
    if data.startswith(b"\xff\xd8"):
        damage = jpeg_stream_damage(data)
    else:
        damage = png_damage(data) if data.startswith(b"\x89PNG") else []
    return [Damage(d.first, min(d.last, height_px), d.kind) for d in damage if d.first < height_px]


def jpeg_stream_damage(data: bytes, tables: bytes = b"") -> list[Damage]:
    """Damaged rows of one JPEG stream; none where it is coded in a way that is not followed."""
    from veernet_core.page.raster.jpeg_blocks import jpeg_damage  # its compiler takes time to load

    return jpeg_damage(data, tables) or []


def _of_strips(data: bytes, page: TiffPage) -> list[Damage]:
    found: list[Damage] = []
    n_bands = -(-page.height_px // page.block_rows)
    for block in range(len(page.offsets)):
        place = page.place_of(block)
        if place is None or not place[0] or not place[1] or sum(place) > len(data):
            continue  # not in the file: its rows are missing
        top = block // page.blocks_per_row % n_bands * page.block_rows
        bottom = min(top + page.block_rows, page.height_px)
        for d in jpeg_stream_damage(data[place[0] : sum(place)], page.jpeg_tables):
            found.append(Damage(min(top + d.first, bottom), min(top + d.last, bottom), d.kind))
    return merge_damage([d for d in found if d.first < d.last])
