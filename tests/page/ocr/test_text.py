"""Reading text: the engine on drawn print, turns, tiles, and the geometry of what comes back."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from text_support import HEIGHT_PX, LENGTH_PX, BlockReader, as_raster, draw_number

from veernet_core.datatypes import F32, F64, U8
from veernet_core.page.ocr.engine import LineRead, OcrEngine, _Reads
from veernet_core.page.ocr.text import RapidReader, join, read_region, upright
from veernet_core.page.results import TextBox


def print_line(text: str, turned_deg: int = 0, scale: float = 1.0) -> U8:
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
    image = np.zeros((60, width + 60), dtype=np.uint8)
    cv2.putText(image, text, (30, 42), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 2, cv2.LINE_AA)
    return np.ascontiguousarray(np.rot90(image, -turned_deg // 90))


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    return RapidReader()


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_upright_undoes_a_turn(turned: int) -> None:
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert (upright(np.rot90(image, -turned // 90), turned) == image).all()


# ---- the engine --------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_print_is_read_in_every_turn_and_placed_where_it_is(
    reader: RapidReader, turned: int
) -> None:
    page = np.zeros((500, 600), dtype=np.uint8)
    line = print_line("GAMMA RAY 7350", turned)
    page[40 : 40 + line.shape[0], 100 : 100 + line.shape[1]] = line
    boxes = reader.read(page, (0, 90, 180, 270))
    assert [box.text for box in boxes] == ["GAMMA RAY 7350"]
    box = boxes[0]
    assert box.turned_deg == turned
    assert box.confidence > 0.9
    assert abs(box.row - (40 + line.shape[0] / 2)) < 8
    assert abs(box.col - (100 + line.shape[1] / 2)) < 12
    assert (box.height_px > box.width_px) == (turned in (90, 270))


def test_a_blank_or_tiny_page_holds_no_text(reader: RapidReader) -> None:
    assert reader.read(np.zeros((300, 300), dtype=np.uint8), (0, 90)) == []
    assert reader.read(np.full((3, 300), 255, dtype=np.uint8), (0,)) == []


def test_single_lines_are_read_in_their_order_whatever_their_length(reader: RapidReader) -> None:
    texts = [
        "7300",
        "SCHLUMBERGER LIMITED",
        "12",
        "10500",
        "FEET",
        "8350",
        "NEUTRON",
        "150",
        "GAPI",
        "900",
    ]
    reads = reader.recognise([print_line(text) for text in texts])
    assert [read.text for read in reads] == texts
    assert reader.recognise([print_line("7300")])[0].text == "7300"
    assert reader.recognise([]) == []


def test_digits_only_reads_letters_as_the_digits_they_look_like(reader: RapidReader) -> None:
    reads = reader.recognise([print_line("73OO"), print_line("8350")], digits_only=True)
    assert [read.text for read in reads] == ["7300", "8350"]


def test_an_empty_line_reads_as_nothing(reader: RapidReader) -> None:
    lines = [np.zeros((0, 0), dtype=np.uint8), np.zeros((40, 200), dtype=np.uint8)]
    assert [read.text for read in reader.recognise(lines)] == ["", ""]


def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many tiles are looked through and how many lines are read by the networks."""
    counts = {"tiles": 0, "lines": 0}
    detect, read = OcrEngine._detect, OcrEngine._read

    def counted_detect(self: OcrEngine, image: U8) -> list[F64]:
        counts["tiles"] += 1
        return detect(self, image)

    def counted_read(self: OcrEngine, lines: F32) -> list[_Reads]:
        counts["lines"] += len(lines)
        return read(self, lines)

    monkeypatch.setattr(OcrEngine, "_detect", counted_detect)
    monkeypatch.setattr(OcrEngine, "_read", counted_read)
    return counts


def test_a_tile_and_a_line_that_come_again_are_computed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts, reader = counted(monkeypatch), RapidReader()
    page = np.zeros((400, 600), dtype=np.uint8)
    line = print_line("GAMMA RAY 7350", 270)
    page[40 : 40 + line.shape[0], 100 : 100 + line.shape[1]] = line
    wrong = reader.read(page, (90,))
    assert counts == {"tiles": 1, "lines": 1}
    assert [box.text for box in reader.read(page, (270,))] == ["GAMMA RAY 7350"]
    assert counts == {
        "tiles": 1,
        "lines": 2,
    }  # looked through once, the line read the other way round
    assert reader.read(page, (90,)) == wrong
    number = print_line("7300")
    assert reader.recognise([number, number.copy()])[0].text == "7300"
    assert reader.recognise([number], digits_only=True)[0].text == "7300"
    assert counts == {"tiles": 1, "lines": 3}


def test_what_a_line_says_does_not_depend_on_its_neighbours() -> None:
    lines = [print_line(text) for text in ("7300", "SCHLUMBERGER LIMITED", "150", "NEUTRON", "9")]
    alone = [RapidReader().recognise([line])[0] for line in lines[:2]]
    crowd, reversed_crowd = RapidReader().recognise(lines), RapidReader().recognise(lines[::-1])
    assert crowd[:2] == alone
    assert reversed_crowd[::-1] == crowd


def test_lines_are_found_level_and_standing_on_end(reader: RapidReader) -> None:
    page = np.zeros((500, 600), dtype=np.uint8)
    for turned, row, col in ((0, 20, 40), (270, 100, 450)):
        line = print_line("GAMMA RAY", turned)
        page[row : row + line.shape[0], col : col + line.shape[1]] = line
    found = reader.find(page)
    assert [(box.turned_deg, box.text, box.confidence) for box in found] == [
        (0, "", 0),
        (90, "", 0),
    ]
    assert abs(found[1].col - 480) < 12
    assert reader.find(np.zeros((300, 300), dtype=np.uint8)) == []


def test_threads_share_one_engine() -> None:
    shared, out = RapidReader(), {}

    def work(n: int) -> None:
        out[n] = shared.recognise([print_line(f"{7000 + n}00"[:4])])[0].text

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert out == {n: f"{7000 + n}00"[:4] for n in range(4)}


# ---- regions -----------------------------------------------------------------------------------


class Sheet(BlockReader):
    """Remembers the shapes of the images it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        self.shapes.append(image.shape)
        return super().read(image, turns)


def page_of(numbers: Sequence[tuple[int, int, int]], rows: int = 6_000, turned: int = 0) -> U8:
    image = np.zeros((rows, 900), dtype=np.uint8)
    for value, row, col in numbers:
        block = draw_number(value, turned)
        image[row : row + block.shape[0], col : col + block.shape[1]] = block
    return image


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_region_gives_raster_coordinates(turned: int) -> None:
    image = page_of([(123, 2_000, 300)], turned=turned)
    box = read_region(
        as_raster(image), 1_700, 2_400, 200, 700, BlockReader(), (0, 90, 180, 270), 200.0
    )[0]
    height, width = (HEIGHT_PX, LENGTH_PX) if turned % 180 == 0 else (LENGTH_PX, HEIGHT_PX)
    assert box.text == "123"
    assert box.turned_deg == turned
    assert box.row == pytest.approx(2_000 + (height - 1) / 2)
    assert box.col == pytest.approx(300 + (width - 1) / 2)


def test_tiles_give_each_line_once_in_order() -> None:
    numbers = [(n + 1, 37 * n + 5, 300) for n in range(150)]
    boxes = read_region(as_raster(page_of(numbers)), 0, 6_000, 0, 900, BlockReader(), (0,), 200.0)
    assert [box.text for box in boxes] == [str(value) for value, _, _ in numbers]


def test_a_region_is_read_at_one_resolution_whatever_the_scan() -> None:
    sheet = Sheet()
    read_region(as_raster(page_of([])), 0, 800, 0, 800, sheet, (0,), 400.0)
    read_region(as_raster(page_of([])), 0, 800, 0, 800, sheet, (0,), 200.0)
    assert sheet.shapes == [(400, 400), (800, 800)]


def test_a_region_off_the_page_is_clipped() -> None:
    raster = as_raster(page_of([(77, 100, 300)], rows=300))
    assert [
        b.text for b in read_region(raster, -500, 9_000, -10, 5_000, BlockReader(), (0,), 200.0)
    ] == ["77"]
    assert read_region(raster, 400, 900, 0, 900, BlockReader()) == []


def test_a_fake_and_the_engine_answer_alike() -> None:
    for engine in (BlockReader(), RapidReader()):
        assert engine.read(np.zeros((40, 40), dtype=np.uint8), (0,)) == []
        assert engine.recognise([np.zeros((20, 40), dtype=np.uint8)]) == [LineRead("", 0.0)]


def test_lines_are_found_in_bfloat16_where_float32_finds_them(reader: RapidReader) -> None:
    pytest.importorskip("openvino")
    page = np.zeros((300, 600), dtype=np.uint8)
    for n, text in enumerate(("GAMMA RAY", "7350", "SCALE")):
        line = print_line(text)
        page[20 + 90 * n : 80 + 90 * n, 40 : 40 + line.shape[1]] = line
    found = RapidReader(bfloat16=True).read(page, (0,))
    usual = reader.read(page, (0,))
    assert [box.text for box in found] == [box.text for box in usual]
    assert all(abs(a.row - b.row) < 3 and abs(a.col - b.col) < 3 for a, b in zip(found, usual))


def test_a_figure_in_the_rectangle_of_a_stroke_beside_it_stays() -> None:
    """The worn border beside a nought is a box of its own, which tells nothing."""
    stroke = TextBox("", 0.0, 84.0, 10.0, 64.0, 30.0)
    nought = TextBox("0", 0.98, 60.0, 19.0, 20.0, 15.0)
    assert join([], [stroke, nought]) == join([stroke], [nought]) == [nought]
    assert join([nought], [stroke]) == [nought]
    cut = TextBox("15", 0.9, 60.0, 19.0, 10.0, 15.0)
    assert join([cut], [nought]) == [nought]
    assert join([nought], [cut]) == [nought]
