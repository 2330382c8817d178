"""Damaged and cut files: what is there is read, what is not is reported."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image
from raster_support import EXACT, HEIGHT, INK, codes, drawing, g4, grey, saved, tiff, whole

from veernet_core.errors import (
    DecodeError,
)
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.raster.tiff import read_pages


def damaged(data: bytes, at: int, n: int = 30, seed: int = 1) -> bytes:
    out = bytearray(data)
    out[at : at + n] = np.random.default_rng(seed).integers(0, 256, n, dtype=np.uint8).tobytes()
    return bytes(out)


def strip_spans(data: bytes) -> list[tuple[int, int]]:
    (page,) = read_pages(data)
    return [(int(a), int(b)) for a, b in zip(page.offsets, page.byte_counts, strict=True)]


def test_damaged_strip_is_blank_and_reported():
    data = g4(INK, blockysize=100)
    offset, count = strip_spans(data)[3]
    raster = open_raster(damaged(data, offset + count // 2), "x")
    ink = whole(raster)
    (finding,) = raster.drain_findings()
    assert finding.code == "damaged_rows"
    assert finding.rows is not None
    first, last = finding.rows
    assert 300 <= first < last == 399
    assert not ink[first : last + 1].any()
    other = np.r_[0:300, 400:HEIGHT]
    np.testing.assert_array_equal(ink[other], INK[other] * 255)
    assert raster.drain_findings() == ()


def test_damage_in_one_strip_loses_the_rest_but_not_the_start():
    data = g4(INK, blockysize=HEIGHT)
    (offset, count), *_ = strip_spans(data)
    raster = open_raster(damaged(data, offset + count // 2, 60), "x")
    (finding,) = raster.drain_findings()
    assert finding.rows is not None
    assert finding.rows[0] > HEIGHT // 4
    # A fax line may decode wrongly without an error just before the first reported one.
    good = finding.rows[0] - 20
    np.testing.assert_array_equal(raster.read_ink(0, good), INK[:good] * 255)
    assert not raster.read_ink(finding.rows[0], HEIGHT).any()


@pytest.mark.parametrize("compress", ["LZW", "DEFLATE"])
def test_damaged_grey_strip(compress):
    data = tiff(grey(INK), compress=compress, blockysize=64)
    offset, count = strip_spans(data)[5]
    raster = open_raster(damaged(data, offset, count - 1), "x")
    ink = whole(raster)
    findings = raster.drain_findings()
    assert {f.code for f in findings} == {"damaged_rows"}
    assert all(f.rows is not None and 320 <= f.rows[0] <= f.rows[1] < 384 for f in findings)
    np.testing.assert_array_equal(ink[:320], INK[:320] * 255)
    np.testing.assert_array_equal(ink[384:], INK[384:] * 255)


def with_directory_first(data: bytes) -> bytes:
    """Pillow writes the directory before the pixels, as scanners do: a cut spares it."""
    assert read_pages(data[:2000]), "directory must lie in the head"
    return data


@pytest.mark.parametrize("rows_per_strip", [50, HEIGHT])
def test_truncated_fax_keeps_its_leading_rows(rows_per_strip):
    data = with_directory_first(g4(INK, blockysize=rows_per_strip))
    offset, count = strip_spans(data)[HEIGHT // rows_per_strip // 2]
    raster = open_raster(data[: offset + count // 2], "x")
    ink = whole(raster)
    findings = raster.drain_findings()
    assert findings
    assert {f.code for f in findings} <= {"missing_rows", "damaged_rows"}
    first = min(f.rows[0] for f in findings if f.rows)
    assert first > HEIGHT // 4
    np.testing.assert_array_equal(ink[: first - 20], INK[: first - 20] * 255)
    assert not ink[first:].any()
    assert max(f.rows[1] for f in findings if f.rows) == HEIGHT - 1


@pytest.mark.parametrize("rows_per_strip", [40, HEIGHT])
@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_a_cut_group_3_file_names_every_row_that_is_lost(share, rows_per_strip):
    data = tiff(
        INK, nbits=1, compress="CCITTFAX3", photometric="MINISWHITE", blockysize=rows_per_strip
    )
    raster = open_raster(data[: int(share * len(data))], "x")
    wrong = (whole(raster) != INK * 255).any(axis=1)
    told = [f.rows for f in raster.drain_findings() if f.rows is not None]
    assert told
    for first, last in told:
        wrong[max(0, first - 20) : last + 1] = False
    assert not wrong.any()


def test_a_file_whose_list_of_strips_is_cut_off_is_no_blank_page():
    data = EXACT["g4 one row strips"]
    for size in (4864, 3000):
        with pytest.raises(DecodeError):
            open_raster(data[:size], "x")


CUT_CODECS = ["LZW", "DEFLATE", "PACKBITS", None]


@pytest.mark.parametrize("rows_per_strip", [50, HEIGHT])
@pytest.mark.parametrize("compress", CUT_CODECS)
def test_truncated_grey_keeps_all_rows_that_are_there(compress, rows_per_strip):
    options = {"compress": compress} if compress else {}
    noisy = grey(INK) - np.random.default_rng(0).integers(0, 8, INK.shape, dtype=np.uint8) * (
        1 - INK
    )
    data = with_directory_first(tiff(noisy, blockysize=rows_per_strip, **options))
    offset, count = strip_spans(data)[HEIGHT // rows_per_strip // 2]
    cut = data[: offset + count // 2]
    raster = open_raster(cut, "x")
    whole_page = whole(open_raster(data, "x"))
    ink = whole(raster)
    findings = raster.drain_findings()
    assert {f.code for f in findings} <= {"missing_rows", "damaged_rows"}
    first = min(f.rows[0] for f in findings if f.rows)
    assert first == pytest.approx(HEIGHT // 2 + (25 if rows_per_strip == 50 else 0), abs=15)
    np.testing.assert_array_equal(ink[:first], whole_page[:first])
    assert not ink[first:].any()
    assert max(f.rows[1] for f in findings if f.rows) == HEIGHT - 1
    for a, b in ((600, 700), (0, 10), (first - 5, first + 5)):  # in any order
        np.testing.assert_array_equal(raster.read_ink(a, b), ink[a:b])


@pytest.mark.parametrize("compress", ["LZW", "DEFLATE"])
def test_a_stream_that_is_damaged_is_no_stream_that_ends(compress):
    data = tiff(grey(INK), compress=compress, blockysize=HEIGHT)
    (offset, count), *_ = strip_spans(data)
    for seed in range(5):
        broken = damaged(data, offset + count // 2, 40, seed)
        try:
            raster = open_raster(broken, "x")
        except DecodeError:
            continue  # nothing of the one strip can be trusted
        wrong = whole(raster) != INK * 255
        told = [f.rows for f in raster.drain_findings() if f.rows]
        for a, b in told:
            wrong[a : b + 1] = False
        assert not wrong.any()


CODECS = [
    ("CCITTFAX4", {"nbits": 1, "photometric": "MINISWHITE"}),
    ("CCITTFAX3", {"nbits": 1, "photometric": "MINISWHITE"}),
    ("LZW", {}),
    ("DEFLATE", {}),
    ("PACKBITS", {}),
    ("NONE", {}),
]


def with_counts(data: bytes, *, value: int | None, number: int | None = None) -> bytes:
    """The byte counts set to a value, or taken out of the directory; of one strip or of all."""
    out = bytearray(data)
    order = "<" if data[:2] == b"II" else ">"
    at = struct.unpack_from(order + "I", data, 4)[0]
    entries = struct.unpack_from(order + "H", data, at)[0]
    for entry in range(entries):
        place = at + 2 + 12 * entry
        tag, kind, count = struct.unpack_from(order + "HHI", data, place)
        if tag != 279:
            continue
        if value is None:
            struct.pack_into(order + "H", out, place, 65_000)  # a tag of nobody's
            return bytes(out)
        size = {3: 2, 4: 4}[kind]
        start = (
            place + 8 if count * size <= 4 else struct.unpack_from(order + "I", data, place + 8)[0]
        )
        for i in range(count) if number is None else [number]:
            out[start + i * size : start + (i + 1) * size] = value.to_bytes(
                size, "little" if order == "<" else "big"
            )
    return bytes(out)


@pytest.mark.parametrize("rows_per_strip", [64, HEIGHT])
@pytest.mark.parametrize("value", [0, None])
@pytest.mark.parametrize(("codec", "options"), CODECS)
def test_strips_without_a_byte_count_are_read(codec, options, value, rows_per_strip):
    samples = INK if "nbits" in options else grey(INK)
    data = tiff(samples, compress=codec, blockysize=rows_per_strip, **options)
    raster = open_raster(with_counts(data, value=value), "x")
    np.testing.assert_array_equal(whole(raster), INK * 255)
    assert raster.drain_findings() == ()


def with_offsets_beyond(data: bytes) -> bytes:
    """Every strip placed behind the end of the file."""
    at = bytes(data).find(struct.pack("<HH", 273, 4))
    count, place = struct.unpack_from("<II", data, at + 4)
    out = bytearray(data)
    start = at + 8 if count == 1 else place
    struct.pack_into(f"<{count}I", out, start, *[len(data) + 1000] * count)
    return bytes(out)


@pytest.mark.parametrize("rows_per_strip", [64, HEIGHT])
@pytest.mark.parametrize(("codec", "options"), CODECS)
def test_strips_that_lie_nowhere_and_have_no_size_are_refused_or_named(
    codec, options, rows_per_strip
):
    samples = INK if "nbits" in options else grey(INK)
    data = tiff(samples, compress=codec, blockysize=rows_per_strip, **options)
    try:
        raster = open_raster(with_offsets_beyond(with_counts(data, value=None)), "x")
    except DecodeError:
        return
    assert not whole(raster).any()
    lost = np.zeros(HEIGHT, dtype=bool)
    for finding in raster.drain_findings():
        if finding.rows is not None:
            lost[finding.rows[0] : finding.rows[1] + 1] = True
    assert lost.all()


@pytest.mark.parametrize("rows", [1, 400])
@pytest.mark.parametrize(("codec", "options"), CODECS[:4])
def test_a_page_that_is_shorter_than_it_says_gives_the_rows_it_has(codec, options, rows):
    samples = INK if "nbits" in options else grey(INK)
    data = bytearray(tiff(samples, compress=codec, blockysize=HEIGHT, **options))
    for tag in (257, 278):
        entry = bytes(data).find(struct.pack("<HHI", tag, 3, 1))
        struct.pack_into("<H", data, entry + 8, HEIGHT + rows)
    raster = open_raster(bytes(data), "x")
    ink = whole(raster)
    assert len(ink) == HEIGHT + rows
    np.testing.assert_array_equal(ink[: HEIGHT - 1], INK[:-1] * 255)
    assert not ink[HEIGHT:].any()
    told = [f.rows for f in raster.drain_findings() if f.rows is not None]
    assert told[0][0] in (HEIGHT - 1, HEIGHT)
    assert told[-1][1] == HEIGHT + rows - 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_truncated_streams_keep_their_start(kind):
    page = np.kron(grey(drawing(1200, 300)), np.ones((2, 2), np.uint8))
    page -= np.random.default_rng(0).integers(0, 2, page.shape, dtype=np.uint8) * (page > 0)
    data = saved(Image.fromarray(page), kind, quality=95)
    raster = open_raster(data[: len(data) // 2], "x")
    ink = whole(raster)
    findings = raster.drain_findings()
    assert findings
    first = min(f.rows[0] for f in findings if f.rows)
    assert first > 400
    assert np.abs(ink[:first].astype(int) - (255 - page[:first])).mean() < 4
    assert max(f.rows[1] for f in findings if f.rows) == 2399


def test_a_strip_that_was_never_written_is_paper_not_black():
    data = bytearray(tiff(grey(INK), blockysize=100))
    (page,) = read_pages(bytes(data))
    where = bytes(data).find(struct.pack("<7H", *page.byte_counts.astype(int).tolist()))
    assert where > 0
    data[where + 4 : where + 6] = bytes(2)
    at = bytes(data).find(struct.pack("<7I", *page.offsets.astype(int).tolist()))
    data[at + 8 : at + 12] = bytes(4)
    raster = open_raster(bytes(data), "x")
    assert not raster.read_ink(200, 300).any()
    assert codes(raster) == ["missing_rows"]


def test_damage_is_seen_even_where_the_application_silences_logging(caplog):
    import logging

    data = g4(INK, blockysize=100)
    offset, count = strip_spans(data)[3]
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.CRITICAL)
    try:
        raster = open_raster(damaged(data, offset + count // 2), "x")
    finally:
        root.setLevel(level)
    assert codes(raster) == ["damaged_rows"]
    assert not caplog.records  # turned into a finding, not noise


def test_many_damaged_strips_give_a_bounded_number_of_findings():
    data = bytearray(g4(drawing(4000, 203), blockysize=20))
    rng = np.random.default_rng(0)
    for offset, count in strip_spans(bytes(data))[::2]:
        data[offset : offset + count] = rng.bytes(count)
    findings = open_raster(bytes(data), "x").drain_findings()
    assert 0 < len(findings) <= 21
