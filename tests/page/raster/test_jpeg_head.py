"""The head of a JPEG stream: what is read of it is what the stream was written with."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from raster_support import drawing

from veernet_core.page.raster.jpeg_head import JpegScan, read_scan

WIDTH, HEIGHT = 203, 301
GREY = Image.fromarray((1 - drawing(HEIGHT, WIDTH)) * np.uint8(255))
COLOUR = GREY.convert("RGB")


def written(image: Image.Image = GREY, **options: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, "JPEG", **options)
    return sink.getvalue()


def scan_of(data: bytes) -> JpegScan:
    scan = read_scan(data)
    assert scan is not None
    return scan


def test_a_grey_stream_has_one_block_for_every_eight_by_eight_pixels() -> None:
    scan = scan_of(written())
    assert (scan.width_px, scan.height_px, scan.unit_rows) == (WIDTH, HEIGHT, 8)
    assert (scan.units_across, scan.n_units) == (26, 26 * 38)
    assert scan.component.tolist() == [0]
    assert scan.interval == 0


@pytest.mark.parametrize(
    ("subsampling", "rows", "component"),
    [("4:4:4", 8, [0, 1, 2]), ("4:2:2", 8, [0, 0, 1, 2]), ("4:2:0", 16, [0, 0, 0, 0, 1, 2])],
)
def test_colours_at_half_resolution_share_a_unit_with_several_blocks_of_light(
    subsampling: str, rows: int, component: list[int]
) -> None:
    scan = scan_of(written(COLOUR, subsampling=subsampling))
    assert scan.unit_rows == rows
    assert scan.component.tolist() == component
    across = -(-WIDTH // (8 if subsampling == "4:4:4" else 16))
    assert (scan.units_across, scan.n_units) == (across, across * -(-HEIGHT // rows))


@pytest.mark.parametrize("quality", [20, 75, 95])
def test_steps_are_those_of_the_quality_it_was_written_with(quality: int) -> None:
    data = written(quality=quality)
    steps = Image.open(io.BytesIO(data)).quantization[0]  # type: ignore[attr-defined]
    assert sorted(scan_of(data).quanta[0].tolist()) == sorted(float(step) for step in steps)


def test_restart_markers_are_counted_in_units() -> None:
    assert scan_of(written(restart_marker_blocks=13)).interval == 13
    assert scan_of(written(restart_marker_rows=1)).interval == 26


def test_every_code_has_one_to_sixteen_bits_and_a_symbol_that_blocks_have() -> None:
    for data in (written(), written(optimize=True)):
        scan = scan_of(data)
        for table, symbols in ((scan.dc, 12), (scan.ac, 256)):
            used = table[table > 0]
            assert (used >> 8).max() <= 16
            assert (used & 255).max() < symbols
            # each code takes up its share of what sixteen bits can begin with
            lengths, counts = np.unique(table[0][table[0] > 0], return_counts=True)
            np.testing.assert_array_equal(counts, 1 << (16 - (lengths >> 8)))


def test_the_coded_blocks_begin_after_the_head() -> None:
    data = written()
    assert scan_of(data).first == data.index(b"\xff\xda") + 2 + 8


def test_tables_may_come_from_a_stream_of_their_own() -> None:
    data = written()
    cut = data.index(b"\xff\xc0")
    end = data.index(b"\xff\xda")
    size = int.from_bytes(data[cut + 2 : cut + 4], "big") + 2
    bare = data[:2] + data[cut : cut + size] + data[end:]
    tables = data[:cut] + data[cut + size : end]
    assert read_scan(bare) is None
    scan = read_scan(bare, tables)
    assert scan is not None
    np.testing.assert_array_equal(scan.ac, scan_of(data).ac)


def test_streams_coded_in_another_way_are_not_walked() -> None:
    assert read_scan(written(progressive=True)) is None
    for frame in (b"\xff\xc2", b"\xff\xc9"):  # progressive, arithmetic
        assert read_scan(written().replace(b"\xff\xc0", frame, 1)) is None
    assert read_scan(b"") is None
    assert read_scan(b"\x89PNG\r\n\x1a\n" + bytes(50)) is None


def test_a_head_that_is_cut_or_damaged_gives_none_and_no_error() -> None:
    data = written()
    first = scan_of(data).first
    for stop in range(0, first - 2, 7):
        assert read_scan(data[:stop]) is None
    rng = np.random.default_rng(0)
    for at in rng.integers(2, first, 200):
        harmed = bytearray(data)
        harmed[at] ^= int(rng.integers(1, 256))
        scan = read_scan(bytes(harmed))
        assert scan is None or min(scan.width_px, scan.height_px, scan.n_units) > 0
