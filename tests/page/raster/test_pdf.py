"""PDF pages put together in other ways than one image a page: the one that covers it sets the resolution."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from raster_support import HEIGHT, INK, WIDTH, grey

from veernet_core.datatypes import Dpi
from veernet_core.errors import UnsupportedFormatError
from veernet_core.page.raster.decoding import open_raster

PER_PT = 200 / 72
WIDTH_PT, HEIGHT_PT = WIDTH / PER_PT, HEIGHT / PER_PT


def pdf(
    contents: str,
    images: dict[str, np.ndarray],
    forms: dict[str, str] | None = None,
    extra: str = "",
    box: str = f"[0 0 {WIDTH_PT:.5f} {HEIGHT_PT:.5f}]",
) -> bytes:
    """A page with grey images (uint8 [rows, cols]) and forms: ``name: dictionary entries | contents``."""
    named = "".join(f"/{name} {5 + i} 0 R" for i, name in enumerate([*images, *(forms or {})]))
    resources = f"/Resources<</XObject<<{named}>>>>"
    bodies: list[tuple[str, bytes | None]] = [
        ("/Type/Catalog/Pages 2 0 R", None),
        ("/Type/Pages/Kids[3 0 R]/Count 1", None),
        (f"/Type/Page/Parent 2 0 R/MediaBox{box}{resources}/Contents 4 0 R{extra}", None),
        ("", contents.encode()),
    ]
    for image in images.values():
        facts = (
            f"/Type/XObject/Subtype/Image/Width {image.shape[1]}/Height {image.shape[0]}"
            "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode"
        )
        bodies.append((facts, zlib.compress(image.tobytes())))
    for form in (forms or {}).values():
        entries, _, drawing = form.partition("|")
        facts = f"/Type/XObject/Subtype/Form/BBox[-9999 -9999 9999 9999]{entries}{resources}"
        bodies.append((facts, drawing.encode()))
    out = b"%PDF-1.6\n"
    for number, (entries, stream) in enumerate(bodies, 1):
        if stream is None:
            out += f"{number} 0 obj<<{entries}>>endobj\n".encode()
        else:
            head = f"{number} 0 obj<<{entries}/Length {len(stream)}>>stream\n"
            out += head.encode() + stream + b"\nendstream endobj\n"
    return out + b"trailer<</Root 1 0 R>>\n"


def drawn(
    name: str = "Im", width: float = WIDTH_PT, height: float = HEIGHT_PT, x=0.0, y=0.0
) -> str:
    return f"q {width:.5f} 0 0 {height:.5f} {x:.5f} {y:.5f} cm /{name} Do Q\n"


PAGE = grey(INK)
LOGO = np.full((600, 600), 40, np.uint8)
STRIPS = {f"S{i}": PAGE[i * 35 : (i + 1) * 35] for i in range(20)}


def strips(decimals: int) -> str:
    """Twenty strips, from the top down, with their coordinates rounded."""
    height = HEIGHT_PT / 20
    edges = [round(HEIGHT_PT - i * height, decimals) for i in range(21)]
    return "".join(
        drawn(f"S{i}", WIDTH_PT, edges[i] - edges[i + 1], y=edges[i + 1]) for i in range(20)
    )


SAME = {
    "one image": pdf(drawn(), {"Im": PAGE}),
    "in a form": pdf("/F Do\n", {"Im": PAGE}, {"F": "|" + drawn()}),
    "in a form with a matrix": pdf(
        "/F Do\n", {"Im": PAGE}, {"F": f"/Matrix[0.5 0 0 0.25 0 0]|{drawn('Im', 2 * WIDTH_PT, 4 * HEIGHT_PT)}"}
    ),
    "in a form in a form": pdf(
        "q 2 0 0 2 0 0 cm /F Do Q\n",
        {"Im": PAGE},
        {"F": "|q 0.25 0 0 0.25 0 0 cm /G Do Q", "G": "|" + drawn("Im", 2 * WIDTH_PT, 2 * HEIGHT_PT)},
    ),
    "user unit": pdf(
        drawn("Im", WIDTH_PT / 2, HEIGHT_PT / 2), {"Im": PAGE}, None, "/UserUnit 2",
        f"[0 0 {WIDTH_PT / 2:.5f} {HEIGHT_PT / 2:.5f}]",
    ),
    "cropped": pdf(
        drawn(x=100, y=50), {"Im": PAGE}, None,
        f"/CropBox[100 50 {100 + WIDTH_PT:.5f} {50 + HEIGHT_PT:.5f}]", "[0 0 900 900]",
    ),
    "a box that does not begin at zero": pdf(
        drawn(x=-30, y=70), {"Im": PAGE}, None, "",
        f"[-30 70 {WIDTH_PT - 30:.5f} {70 + HEIGHT_PT:.5f}]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_the_page_comes_back_pixel_for_pixel(name):
    raster = open_raster(SAME[name], name)
    assert (raster.height_px, raster.width_px) == (HEIGHT, WIDTH)
    assert raster.dpi_tag == pytest.approx((200, 200), abs=0.1)
    np.testing.assert_array_equal(raster.read_ink(0, HEIGHT), INK * 255)


@pytest.mark.parametrize("in_form", [False, True])
def test_a_logo_of_six_times_the_resolution_changes_nothing(in_form):
    logo = drawn("Logo", 36, 36, x=10, y=HEIGHT_PT - 46)
    forms = {"F": f"/Matrix[2 0 0 2 0 0]|{drawn('Logo', 18, 18, 5, (HEIGHT_PT - 46) / 2)}"}
    contents = drawn() + ("/F Do\n" if in_form else logo)
    raster = open_raster(pdf(contents, {"Im": PAGE, "Logo": LOGO}, forms if in_form else None), "x")
    assert (raster.height_px, raster.width_px) == (HEIGHT, WIDTH)
    below = round(46 * PER_PT) + 2
    np.testing.assert_array_equal(raster.read_ink(below, HEIGHT), INK[below:] * 255)


@pytest.mark.parametrize("decimals", [3, 2, 1])
def test_strips_on_rounded_coordinates_are_one_scan(decimals):
    raster = open_raster(pdf(strips(decimals), STRIPS), "x")
    assert abs(raster.height_px - HEIGHT) <= 1
    assert raster.width_px == WIDTH
    rows = np.arange(20, HEIGHT - 20)
    ink = raster.read_ink(0, raster.height_px)[rows] > 127
    assert (ink == (INK[rows] == 1)).mean() > (0.985 if decimals == 3 else 0.97)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_rotated_page_is_set_upright_at_its_resolution(turn):
    contents = drawn()
    raster = open_raster(pdf(contents, {"Im": PAGE}, None, f"/Rotate {turn}"), "x")
    expected = np.rot90(INK, -turn // 90)
    assert (raster.height_px, raster.width_px) == expected.shape
    np.testing.assert_array_equal(raster.read_ink(0, raster.height_px), expected * 255)


def test_an_image_that_lies_on_its_side_on_the_page():
    side = np.ascontiguousarray(np.rot90(PAGE, -1))  # turned clockwise in the file
    turned = f"q 0 {HEIGHT_PT:.5f} {-WIDTH_PT:.5f} 0 {WIDTH_PT:.5f} 0 cm /Im Do Q\n"
    raster = open_raster(pdf(turned, {"Im": side}), "x")
    assert (raster.height_px, raster.width_px) == (HEIGHT, WIDTH)
    assert (raster.read_ink(0, HEIGHT) == INK * 255).mean() > 0.99


def test_anisotropic_resolution_is_kept():
    fax = np.repeat(PAGE, 1, axis=0)
    raster = open_raster(
        pdf(drawn("Im", WIDTH_PT, 2 * HEIGHT_PT), {"Im": fax}, None, "",
            f"[0 0 {WIDTH_PT:.5f} {2 * HEIGHT_PT:.5f}]"), "x"
    )  # fmt: skip
    assert (raster.height_px, raster.width_px) == (HEIGHT, WIDTH)
    assert raster.dpi_tag == pytest.approx(Dpi(down=100, across=200), abs=0.1)


def test_a_drawn_page_with_a_logo_is_rendered_like_a_print():
    lines = "".join(f"{10 + i} 10 m {10 + i} 240 l S\n" for i in range(0, 50, 10))
    raster = open_raster(pdf(lines + drawn("Logo", 12, 12, 55, 235), {"Logo": LOGO}), "x")
    assert raster.dpi_tag == pytest.approx((300, 300), abs=0.1)


@pytest.mark.parametrize(
    "data",
    [
        pdf(drawn(), {"Im": PAGE}, extra="/CropBox[5000 5000 6000 6000]"),
        pdf(drawn(), {"Im": PAGE}, box="[0 0 0.001 0.001]"),
    ],
)
def test_a_page_without_extent_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedFormatError, match="no extent"):
        open_raster(data, "x.pdf")


@pytest.mark.parametrize(
    ("contents", "wanted"),
    [
        (f"q {-WIDTH_PT} 0 0 {HEIGHT_PT} {WIDTH_PT} 0 cm /Im Do Q", INK[:, ::-1]),
        (f"q {WIDTH_PT} 0 0 {-HEIGHT_PT} 0 {HEIGHT_PT} cm /Im Do Q", INK[::-1]),
        (f"q .5 0 0 .5 0 0 cm q 2 0 0 2 0 0 cm {drawn()} Q Q", INK),
        (drawn() + "q nan 0 0 inf 0 0 cm /Im Do Q q 0 0 0 0 0 0 cm /Im Do Q", INK),
    ],
)
def test_mirrored_and_nested_matrices(contents: str, wanted: np.ndarray) -> None:
    raster = open_raster(pdf(contents, {"Im": PAGE}), "x.pdf")
    ink = raster.read_ink(0, raster.height_px) > 128
    assert ink.shape == wanted.shape
    assert (ink != wanted).mean() < 0.001
    assert raster.drain_findings() == ()
