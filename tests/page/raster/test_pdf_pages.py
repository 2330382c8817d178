"""Every page of a PDF is a document of its own, seen as it was in the whole one."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pypdfium2
import pytest
from test_pdf import HEIGHT_PT, PAGE, WIDTH_PT, drawn, pdf

from veernet_core.errors import DecodeError, UnsupportedFormatError
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.raster.pdf_pages import count_pages, page_alone

HALF = f"[0 0 {WIDTH_PT / 2:.5f} {HEIGHT_PT / 2:.5f}]"
SINGLE = [
    pdf(drawn(), {"Im": PAGE}),
    pdf(drawn(), {"Im": PAGE[::-1].copy()}, extra="/Rotate 90"),
    pdf(
        drawn(width=WIDTH_PT / 2, height=HEIGHT_PT / 2),
        {"Im": PAGE},
        extra="/UserUnit 2",
        box=HALF,
    ),
    pdf("/F Do\n", {"Im": PAGE[:, ::-1].copy()}, {"F": "|" + drawn()}),
]


def together(parts: list[bytes]) -> bytes:
    """One document with the pages of several."""
    whole, out = pypdfium2.PdfDocument.new(), io.BytesIO()
    for part in parts:
        whole.import_pages(pypdfium2.PdfDocument(part))
    whole.save(out)
    return out.getvalue()


def test_every_page_is_what_it_was() -> None:
    whole = together(SINGLE)
    assert count_pages(whole) == len(SINGLE)
    for number, single in enumerate(SINGLE, 1):
        was = open_raster(single, "single.pdf")
        now = open_raster(page_alone(whole, number, "x.pdf"), "x.pdf")
        assert (now.height_px, now.width_px) == (was.height_px, was.width_px)
        assert now.dpi_tag == pytest.approx(was.dpi_tag)
        np.testing.assert_array_equal(
            now.read_ink(0, now.height_px), was.read_ink(0, was.height_px)
        )


def test_a_file_of_one_page_is_left_as_it_is() -> None:
    assert page_alone(SINGLE[0], 1, "x.pdf") is SINGLE[0]
    assert count_pages(b"II*\x00 no PDF") == 1
    assert page_alone(b"II*\x00 no PDF", 1, "x.tif") == b"II*\x00 no PDF"


def test_a_damaged_file_counts_as_one_and_fails_where_it_is_decoded() -> None:
    damaged = together(SINGLE)[:300]
    assert count_pages(damaged) == 1
    with pytest.raises(DecodeError, match="cannot be opened"):
        open_raster(page_alone(damaged, 1, "x.pdf"), "x.pdf")


@pytest.mark.parametrize("page", [0, 5, -1])
def test_a_page_that_is_not_there_is_told(page: int) -> None:
    with pytest.raises(DecodeError, match=f"no page {page}, the file has 4"):
        page_alone(together(SINGLE), page, "x.pdf")


def test_several_pages_at_once_are_refused_with_the_remedy() -> None:
    with pytest.raises(UnsupportedFormatError, match=r"4 pages.*Split the PDF into files of one"):
        open_raster(together(SINGLE), "x.pdf")


def test_documents_are_closed_with_their_pages_and_before_the_end() -> None:
    program = """
import io
from PIL import Image
from veernet_core.page.raster import pdf_pixels
from veernet_core.page.raster.decoding import open_raster
sink = io.BytesIO()
Image.new("L", (60, 80), 200).save(sink, "PDF", resolution=100)
raster = open_raster(sink.getvalue(), "x.pdf")
assert len(pdf_pixels._OPEN) == 1
del raster
import gc; gc.collect()
assert len(pdf_pixels._OPEN) == 0
kept = open_raster(sink.getvalue(), "x.pdf")
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
