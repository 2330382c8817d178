"""The resolution of a PDF page from the images on it, and the unit of the page."""

from __future__ import annotations

import pytest

from veernet_core.page.raster.pdf_images import PlacedImage, resolution, user_unit

PAGE = (600.0, 3000.0)


def image(
    width_pt: float, height_pt: float, across: float, down: float | None = None
) -> PlacedImage:
    return PlacedImage((across, across if down is None else down), width_pt, height_pt, 1, 1)


def test_one_image_gives_the_page_its_resolution_across_and_down() -> None:
    assert resolution([image(600, 3000, 200 / 72, 100 / 72)], PAGE) == pytest.approx(
        (200 / 72, 100 / 72)
    )


def test_strips_of_one_scan_count_together_against_a_single_larger_image() -> None:
    strips = [image(600, 250, 2.78 * k) for k in (1.0, 1.01, 0.99, 1.0, 1.02, 0.98)]
    assert resolution([image(600, 900, 8.0), *strips], PAGE) == pytest.approx(
        (2.78, 2.78), rel=1e-3
    )


def test_a_logo_of_another_resolution_changes_nothing_whatever_the_order() -> None:
    scan, logo = image(600, 2800, 2.78), image(90, 90, 16.7)
    for images in ([scan, logo], [logo, scan]):
        assert resolution(images, PAGE) == (2.78, 2.78)


def test_resolutions_more_than_a_twentieth_apart_are_not_of_one_scan() -> None:
    one, other = image(600, 1000, 2.78), image(600, 900, 2.78 * 1.07)
    assert resolution([one, other], PAGE) == (2.78, 2.78)


def test_strips_are_weighed_by_their_extent() -> None:
    pair = [image(600, 900, 2.0, 2.0), image(600, 300, 2.0, 2.08)]
    assert resolution(pair, PAGE)[1] == pytest.approx((2.0 * 900 + 2.08 * 300) / 1200)


def test_a_page_that_images_hardly_cover_is_rendered_as_print() -> None:
    assert resolution([image(100, 100, 9.0)], PAGE) == (300 / 72, 300 / 72)
    assert resolution([image(600, 310, 9.0)], PAGE) == (9.0, 9.0)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (b"/UserUnit 10", 10.0),
        (b"<< /Type /Page /UserUnit  2.5 /Rotate 0 >>", 2.5),
        (b"/MediaBox [0 0 1 1]", 1.0),
        (b"/UserUnit 0", 1.0),
        (b"/UserUnit 1.2.3", 1.0),
        (b"/UserUnit .", 1.0),
    ],
)
def test_the_unit_of_a_page_is_what_it_gives_and_one_where_that_is_no_number(
    text: bytes, unit: float
) -> None:
    assert user_unit(text) == unit
