"""Every full page of a TIFF is a scan; overviews, masks and thumbnails are none."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from veernet_core.datatypes import U8
from veernet_core.errors import DecodeError
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.raster.file_pages import count_pages, page_alone
from veernet_core.page.raster.tiff_pages import directories, pages


def page(height: int, width: int = 200, seed: int = 0) -> U8:
    dark = np.random.default_rng(seed).random((height, width)) < 0.1
    return np.where(dark, 0, 255).astype(np.uint8)


def tiff(
    images: Sequence[U8], kinds: Sequence[int] = (), order: str = "<", big: bool = False
) -> bytes:
    """Grey images without compression, one directory each."""
    word, count = ("Q", "Q") if big else ("I", "H")
    mark = b"II" if order == "<" else b"MM"
    out = bytearray(mark + struct.pack(order + "H", 43 if big else 42))
    out += struct.pack(order + "HH", 8, 0) if big else b""
    link = len(out)
    out += bytes(struct.calcsize(order + word))
    for image, kind in zip(images, [*kinds, *[0] * len(images)]):
        at = len(out)
        out += image.tobytes()
        out += bytes(-len(out) % 8)
        struct.pack_into(order + word, out, link, len(out))
        height, width = image.shape
        tags = {254: kind, 256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: at, 277: 1}
        tags |= {278: height, 279: image.size}
        out += struct.pack(order + count, len(tags))
        for tag, value in tags.items():
            out += struct.pack(order + "HH" + word * 2, tag, 16 if big else 4, 1, value)
        link = len(out)
        out += bytes(struct.calcsize(order + word))
    return bytes(out)


def ink(data: bytes) -> U8:
    raster = open_raster(data, "x.tif")
    return raster.read_ink(0, raster.height_px)


@pytest.mark.parametrize(
    "options", [{}, {"big": True}, {"order": ">"}, {"order": ">", "big": True}]
)
def test_each_page_alone_is_what_was_written(options: dict[str, Any]) -> None:
    images = [page(300, seed=1), page(500, seed=2), page(300, 180, seed=3)]
    data = tiff(images, **options)
    assert count_pages(data) == 3
    for number, image in enumerate(images, 1):
        alone = page_alone(data, number, "x.tif")
        np.testing.assert_array_equal(ink(alone), 255 - image)
        assert open_raster(alone, "x.tif").drain_findings() == ()
    with pytest.raises(DecodeError, match="no page 4, the file has 3"):
        page_alone(data, 4, "x.tif")


def test_overviews_masks_and_thumbnails_are_no_pages() -> None:
    main = page(600, 400)
    small = main[::2, ::2].copy()
    assert count_pages(tiff([main, small, main], [0, 1, 4])) == 1
    data = tiff([main, page(80, 60)])
    assert count_pages(data) == 1
    assert page_alone(data, 1, "x.tif") is data
    (finding,) = open_raster(data, "x.tif").drain_findings()
    assert finding.code == "pages_ignored"
    assert "page 2 (60 x 80)" in finding.message


def test_a_thumbnail_before_two_pages_is_named_with_the_first() -> None:
    images = [page(80, 60), page(600, 400, 1), page(500, 400, 2)]
    data = tiff(images)
    assert count_pages(data) == 2
    first, second = (page_alone(data, n, "x.tif") for n in (1, 2))
    np.testing.assert_array_equal(ink(first), 255 - images[1])
    np.testing.assert_array_equal(ink(second), 255 - images[2])
    (finding,) = open_raster(first, "x.tif").drain_findings()
    assert "60 x 80" in finding.message
    assert open_raster(second, "x.tif").drain_findings() == ()


def test_a_small_image_that_is_marked_as_a_page_is_one() -> None:
    assert count_pages(tiff([page(600, 400), page(80, 60)], [2, 2])) == 2


def test_a_form_before_a_long_log_is_a_page() -> None:
    assert count_pages(tiff([page(300, 400), page(3000, 390)])) == 2


def test_pages_that_the_file_names_and_does_not_hold_are_told() -> None:
    images = [page(300, seed=1), page(300, seed=2), page(300, seed=3)]
    data = bytearray(tiff(images))
    offsets = [d.offset for d in directories(lambda at, n: bytes(data[at : at + n]))]
    cut = bytearray(data)
    link = directories(lambda at, n: bytes(data[at : at + n]))[0].link
    cut[link : link + 4] = (len(data) + 4000).to_bytes(4, "little")
    assert len(offsets) == 3
    assert count_pages(bytes(cut)) == 1
    codes = [f.code for f in open_raster(bytes(cut), "x.tif").drain_findings()]
    assert codes == ["pages_missing"]


@pytest.mark.parametrize("kind", ["self", "back", "far", "nothing"])
def test_a_chain_that_leads_nowhere_ends(kind: str) -> None:
    data = bytearray(tiff([page(300, seed=1), page(300, seed=2)]))
    first, second = directories(lambda at, n: bytes(data[at : at + n]))
    target = {"self": second.offset, "back": first.offset, "far": 2**31, "nothing": 0}[kind]
    data[second.link : second.link + 4] = target.to_bytes(4, "little")
    assert count_pages(bytes(data)) == 2
    for number, seed in ((1, 1), (2, 2)):
        alone = page_alone(bytes(data), number, "x.tif")
        np.testing.assert_array_equal(ink(alone), 255 - page(300, seed=seed))


def test_what_is_no_tiff_has_no_directories() -> None:
    assert directories(lambda at, n: b"II*\0"[at : at + n]) == ()
    assert directories(lambda at, n: b"%PDF-1.7"[at : at + n]) == ()
    assert pages(()) == ((), ())
    assert count_pages(b"II*\0\xff\xff\xff\x7f") == 1


def test_a_thousand_random_headers_end() -> None:
    rng = np.random.default_rng(5)
    data = tiff([page(60, seed=1), page(60, seed=2)])
    images = directories(lambda at, n: data[at : at + n])
    spots = [4, *(d.offset for d in images), *(d.link for d in images)]
    for _ in range(1000):
        mutant = bytearray(data)
        for spot in rng.choice(spots, 2):
            mutant[min(spot + int(rng.integers(0, 30)), len(data) - 1)] = int(rng.integers(256))
        count = count_pages(bytes(mutant))
        assert 1 <= count <= 4096
        for number in range(1, min(count, 4) + 1):
            assert len(page_alone(bytes(mutant), number, "x")) == len(mutant)
